//! The alerts, as rows of a table. Reads nothing, writes nothing.
//!
//! Labels: the controller's series name the instance in `namespace` and `instance`, and the
//! monitors keep them by `honorLabels`. Series of Pods and volumes come from kube-state-metrics and
//! the kubelet; they are joined to instances by their exact names, because a pattern such as
//! `my-agent-.*` would also match the Pods of `my-agent-two`.

use serde_json::{Value, json};

use crate::names;

/// One alert.
struct Alert {
    name: &'static str,
    expr: String,
    duration: &'static str,
    severity: &'static str,
    summary: &'static str,
    description: &'static str,
}

/// An instance that is looked after, whatever its series says; `label` names its Pod or claim.
fn of_instance(label: &str, suffix: &str) -> String {
    format!(
        "on (namespace, {label}) \
         label_replace({}, \"{label}\", \"$1-{suffix}\", \"instance\", \"(.+)\")",
        names::METRIC_READY
    )
}

/// Restarts of an agent, exactly: `increase` extrapolates, and made a crash loop of two restarts
/// that come soon after the first sample. The count of one Pod never falls.
fn restarts(window: &str) -> String {
    let count = format!(
        "kube_pod_container_status_restarts_total{{container=\"{}\"}}[{window}]",
        names::CONTAINER_MAIN
    );
    format!("sum by (namespace, pod) (max_over_time({count}) - min_over_time({count}))")
}

/// Returns the rules of the group.
pub fn rules() -> Vec<Value> {
    let alerts = [of_the_controller(), of_the_pods(), of_the_updates(), of_the_backups()];
    let alerts = alerts.into_iter().flatten();
    alerts
        .map(|alert| {
            json!({
                "alert": alert.name,
                "expr": alert.expr,
                "for": alert.duration,
                "labels": {"severity": alert.severity},
                "annotations": {"summary": alert.summary, "description": alert.description},
            })
        })
        .collect()
}

fn of_the_controller() -> Vec<Alert> {
    vec![
        Alert {
            name: "OpenClawReconcileErrors",
            expr: format!(
                "sum by (namespace, instance) (rate({}{{result=\"error\"}}[5m])) > 0",
                names::METRIC_RECONCILE
            ),
            duration: "5m",
            severity: "warning",
            summary: "The controller fails to look after an instance.",
            description: "Looking after {{ $labels.namespace }}/{{ $labels.instance }} has failed for 5 minutes; the log of the controller says why.",
        },
        Alert {
            name: "OpenClawInstanceDegraded",
            expr: format!(
                "max by (namespace, instance, phase) ({}{{phase=~\"Degraded|Failed\"}}) == 1",
                names::METRIC_PHASE
            ),
            duration: "5m",
            severity: "critical",
            summary: "An instance is degraded or has failed.",
            description: "{{ $labels.namespace }}/{{ $labels.instance }} has been {{ $labels.phase }} for 5 minutes; its conditions say why.",
        },
        Alert {
            name: "OpenClawSlowReconciliation",
            expr: format!(
                "histogram_quantile(0.99, sum by (namespace, instance, le) (rate({}_bucket[5m]))) > 5",
                names::METRIC_DURATION
            ),
            duration: "5m",
            severity: "warning",
            summary: "Looking after an instance takes long.",
            description: "One look in a hundred at {{ $labels.namespace }}/{{ $labels.instance }} takes more than 5 seconds.",
        },
    ]
}

fn of_the_pods() -> Vec<Alert> {
    let main = names::CONTAINER_MAIN;
    let oom = format!(
        "max by (namespace, pod) (kube_pod_container_status_last_terminated_reason\
         {{container=\"{main}\", reason=\"OOMKilled\"}}) == 1"
    );
    let full = "max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_used_bytes) \
                / max by (namespace, persistentvolumeclaim) (kubelet_volume_stats_capacity_bytes) > 0.8";
    vec![
        Alert {
            name: "OpenClawPodCrashLooping",
            expr: format!("{} > 2 and {}", restarts("10m"), of_instance("pod", "0")),
            duration: "0m",
            severity: "critical",
            summary: "An agent restarts again and again.",
            description: "Pod {{ $labels.namespace }}/{{ $labels.pod }} has restarted more than twice in 10 minutes.",
        },
        Alert {
            name: "OpenClawPodOOMKilled",
            // The reason stays until the next restart, so a restart must be recent.
            expr: format!(
                "{oom} and on (namespace, pod) {} > 0 and {}",
                restarts("1h"),
                of_instance("pod", "0")
            ),
            duration: "0m",
            severity: "warning",
            summary: "An agent ran out of memory.",
            description: "Pod {{ $labels.namespace }}/{{ $labels.pod }} was killed for its memory; raise spec.resources.limits.memory.",
        },
        Alert {
            name: "OpenClawPVCNearlyFull",
            expr: format!("{full} and {}", of_instance("persistentvolumeclaim", "data")),
            duration: "5m",
            severity: "warning",
            summary: "The volume of an agent is nearly full.",
            description: "Claim {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} is more than four fifths full; raise spec.storage.persistence.size.",
        },
    ]
}

fn of_the_updates() -> Vec<Alert> {
    let rollbacks = names::METRIC_ROLLBACKS;
    vec![Alert {
        name: "OpenClawAutoUpdateRollback",
        // A counter that starts at one increases by nothing, so a new series counts too.
        expr: format!(
            "increase({rollbacks}[1h]) > 0 or ({rollbacks} > 0 unless {rollbacks} offset 1h)"
        ),
        duration: "0m",
        severity: "warning",
        summary: "An update was rolled back.",
        description: "{{ $labels.namespace }}/{{ $labels.instance }} was unhealthy with a new version and went back; its status names the version.",
    }]
}

fn of_the_backups() -> Vec<Alert> {
    let (due, failures) = (names::METRIC_BACKUP_DUE, names::METRIC_BACKUP_FAILURES);
    vec![
        Alert {
            name: "OpenClawBackupTooOld",
            // Three tries take little more than an hour.
            expr: format!("time() - max by (namespace, instance) ({due}) > 2 * 3600"),
            duration: "5m",
            severity: "critical",
            summary: "The last backup of an instance is too old.",
            description: "By its schedule {{ $labels.namespace }}/{{ $labels.instance }} should have another backup since two hours; its condition BackupReady says why there is none.",
        },
        Alert {
            name: "OpenClawBackupFailed",
            // A counter that starts at one increases by nothing, so a new series counts too.
            expr: format!(
                "max by (namespace, instance) (increase({failures}[1h]) > 0 or ({failures} > 0 unless {failures} offset 1h))"
            ),
            duration: "0m",
            severity: "warning",
            summary: "A backup failed.",
            description: "A backup of {{ $labels.namespace }}/{{ $labels.instance }} failed; its condition BackupReady and its events say why.",
        },
    ]
}
