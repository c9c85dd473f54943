//! Names of the controller's metrics.

/// 1 for the phase that an instance is in.
pub const METRIC_PHASE: &str = "openclaw_instance_phase";
/// What an instance runs.
pub const METRIC_INFO: &str = "openclaw_instance_info";
/// 1 while the Pod is ready.
pub const METRIC_READY: &str = "openclaw_instance_ready";
/// Looks at an instance.
pub const METRIC_RECONCILE: &str = "openclaw_reconcile_total";
/// Seconds that they took.
pub const METRIC_DURATION: &str = "openclaw_reconcile_duration_seconds";
/// Instances that are looked after.
pub const METRIC_MANAGED: &str = "openclaw_managed_instances";
/// Looks for a newer version.
pub const METRIC_CHECKS: &str = "openclaw_autoupdate_checks_total";
/// Versions that were confirmed.
pub const METRIC_APPLIED: &str = "openclaw_autoupdate_applied_total";
/// Versions that were rolled back.
pub const METRIC_ROLLBACKS: &str = "openclaw_autoupdate_rollbacks_total";
/// Seconds that the steps of updates took.
pub const METRIC_STEPS: &str = "openclaw_autoupdate_step_duration_seconds";
/// When a backup was last verified.
pub const METRIC_BACKUP_TIME: &str = "openclaw_backup_last_success_timestamp_seconds";
/// Bytes of its archive.
pub const METRIC_BACKUP_SIZE: &str = "openclaw_backup_last_size_bytes";
/// Seconds that it took.
pub const METRIC_BACKUP_DURATION: &str = "openclaw_backup_last_duration_seconds";
/// When a backup by the schedule should be there at the latest, in seconds since 1970.
pub const METRIC_BACKUP_DUE: &str = "openclaw_backup_due_timestamp_seconds";
/// Backups that failed.
pub const METRIC_BACKUP_FAILURES: &str = "openclaw_backup_failures_total";
/// Every metric of the controller; alerts and dashboard ask for no other one of ours.
pub const METRICS: [&str; 15] = [
    METRIC_PHASE,
    METRIC_INFO,
    METRIC_READY,
    METRIC_RECONCILE,
    METRIC_DURATION,
    METRIC_MANAGED,
    METRIC_CHECKS,
    METRIC_APPLIED,
    METRIC_ROLLBACKS,
    METRIC_STEPS,
    METRIC_BACKUP_TIME,
    METRIC_BACKUP_SIZE,
    METRIC_BACKUP_DURATION,
    METRIC_BACKUP_DUE,
    METRIC_BACKUP_FAILURES,
];
