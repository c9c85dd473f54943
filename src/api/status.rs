//! The status as users read it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the controller reports.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct OpenClawInstanceStatus {
    /// Where the instance is in its life, derived from the conditions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Facts, one a type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Address of the gateway inside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_endpoint: Option<String>,
    /// Address of the canvas inside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canvas_endpoint: Option<String>,
    /// Generation that this status describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// When the generation last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reconcile_time: Option<Time>,
    /// Objects that belong to the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_resources: Option<ManagedResources>,
    /// Where the last backup lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_backup_path: Option<String>,
    /// When it was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_backup_time: Option<Time>,
    /// The backup Job that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup_job_name: Option<String>,
    /// Progress of backups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupStatus>,
    /// The restore that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_job_name: Option<String>,
    /// The value of `spec.restoreFrom` that has been restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_from: Option<String>,
    /// Progress of updates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_update: Option<AutoUpdateStatus>,
}

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Phase {
    /// Not looked at yet.
    Pending,
    /// Data is being restored.
    Restoring,
    /// The Pod is not ready yet.
    Provisioning,
    /// The Pod is ready.
    Running,
    /// A new version is being judged.
    Updating,
    /// A backup runs.
    BackingUp,
    /// The Pod runs, something else is wrong.
    Degraded,
    /// The Pod cannot run.
    Failed,
    /// Stopped on request.
    Suspended,
    /// Being deleted.
    Terminating,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Restoring,
        Self::Provisioning,
        Self::Running,
        Self::Updating,
        Self::BackingUp,
        Self::Degraded,
        Self::Failed,
        Self::Suspended,
        Self::Terminating,
    ];
}

/// Names of the objects that belong to the instance.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ManagedResources {
    /// Name of the StatefulSet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stateful_set: Option<String>,
    /// Name of the Deployment of operators before the StatefulSet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// Name of the Service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Name of the ConfigMap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map: Option<String>,
    /// Name of the PersistentVolumeClaim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pvc: Option<String>,
    /// Name of the NetworkPolicy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_policy: Option<String>,
    /// Name of the PodDisruptionBudget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_disruption_budget: Option<String>,
    /// Name of the ServiceAccount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// Name of the Role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Name of the RoleBinding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_binding: Option<String>,
    /// Name of the Secret that holds the gateway's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_token_secret: Option<String>,
}

/// Progress of updates.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AutoUpdateStatus {
    /// The version that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_version: Option<String>,
    /// The newest version in the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_version: Option<String>,
    /// The version that is being judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_version: Option<String>,
    /// The version before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_version: Option<String>,
    /// The version that failed last; cleared when a newer one is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_version: Option<String>,
    /// Step of the update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_phase: Option<String>,
    /// Names the update in commits and records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_id: Option<String>,
    /// When the step began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase_time: Option<Time>,
    /// When the cluster had the new version's commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rolled_time: Option<Time>,
    /// When the new version's main container started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_time: Option<Time>,
    /// How often it had been started again when it became ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts: Option<i32>,
    /// Why the new version is taken back, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// Why, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<String>,
    /// What `init-state` did last with the data on the volume: a snapshot before a newer version,
    /// or the way back to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_message: Option<String>,
    /// When the registry was asked last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_check_time: Option<Time>,
    /// When a version was taken last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<Time>,
    /// Why the last update failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update_error: Option<String>,
    /// Rollbacks so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_count: Option<i32>,
    /// The backup taken before the last update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_update_backup_path: Option<String>,
}

/// Progress of backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BackupStatus {
    /// Step of the backup that is being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The last part of its path in the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What it is made for: scheduled, demanded, update, deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_time: Option<Time>,
    /// When the step began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase_time: Option<Time>,
    /// Whether the agent ran before, and is to run after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was_running: Option<bool>,
    /// Failures in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<i32>,
    /// Until when the schedule is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_time: Option<Time>,
    /// The last value of the annotation `openclaw.rocks/backup` that a backup was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demand: Option<String>,
    /// The last update whose snapshot was uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_id: Option<String>,
    /// Whose credentials are used: Namespace or Controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// Address of the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Bytes of the last archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<i64>,
    /// Seconds that the last backup took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<i64>,
    /// What the backup that failed last was made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_for: Option<String>,
    /// When a backup last failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_time: Option<Time>,
    /// Why, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// Why, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<String>,
}
