//! The facts of what a backup needs: its Jobs, the claim, and the wishes of the spec.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::OpenClawInstanceSpec;
use crate::api::duration::seconds;
use crate::controller::observed::{BackupWants, ClaimFacts, JobFacts, JobPod, Trust};
use crate::model::{images, pod};
use crate::names;

/// What is allowed a backup that says nothing else, in seconds.
const TIMEOUT: i64 = 30 * 60;
/// How many days scheduled backups are kept that say nothing else.
const DAYS: i32 = 7;
/// How many of them are kept whatever their age.
const COUNT: i32 = 3;

/// Returns the facts of a Job.
pub fn job(object: &Value) -> JobFacts {
    let conditions: Vec<&Value> =
        object["status"]["conditions"].as_array().into_iter().flatten().collect();
    let find =
        |kind: &str| conditions.iter().find(|one| one["type"] == kind && one["status"] == "True");
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    JobFacts {
        uid: word(&object["metadata"]["uid"]),
        is_complete: find("Complete").is_some(),
        failed: find("Failed")
            .map(|one| format!("{}: {}", word(&one["reason"]), word(&one["message"]))),
    }
}

/// Returns the facts of a claim.
pub fn claim(object: &Value) -> ClaimFacts {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ClaimFacts {
        phase: word(&object["status"]["phase"]),
        uid: word(&object["metadata"]["uid"]),
        is_deleted: object["metadata"]["deletionTimestamp"].is_string(),
    }
}

/// Returns how a spec wants its backups; what annotations say comes later.
pub(super) fn wants(name: &str, spec: &OpenClawInstanceSpec) -> BackupWants {
    let backup = &spec.backup;
    let persistence = &spec.storage.persistence;
    let timeout = backup.timeout.as_deref().and_then(seconds);
    BackupWants {
        schedule: backup.schedule.clone(),
        retention_days: backup.retention_days.unwrap_or(DAYS),
        history_limit: backup.history_limit.unwrap_or(COUNT),
        timeout: timeout.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(TIMEOUT),
        demand: None,
        is_skipped: false,
        has_updates: spec.auto_update.enabled && spec.auto_update.backup_before_update,
        deletes_claim: !persistence.orphan && persistence.existing_claim.is_none(),
        is_exclusive: persistence.access_modes.iter().any(|mode| mode == "ReadWriteOncePod"),
        pod: persistence.enabled.then(|| Box::new(job_pod(name, spec))),
    }
}

fn job_pod(name: &str, spec: &OpenClawInstanceSpec) -> JobPod {
    let persistence = &spec.storage.persistence;
    JobPod {
        claim: persistence.existing_claim.clone().unwrap_or_else(|| names::claim(name)),
        image: images::application(spec),
        uploader: images::RCLONE.reference(spec),
        pull_secrets: spec.image.pull_secrets.iter().map(|secret| json!(secret)).collect(),
        security: pod::pod_security(spec),
        strict_security: pod::strict_security(),
        scheduling: scheduling(spec),
        service_account: spec.backup.service_account_name.clone(),
        trust: trust(spec),
    }
}

/// The CA bundle, without which a Job starts all the same: with an instance that is deleted it may
/// be gone.
fn trust(spec: &OpenClawInstanceSpec) -> Option<Trust> {
    let mut volume = pod::trust_volume(spec)?;
    for kind in ["secret", "configMap"] {
        if volume[kind].is_object() {
            volume[kind]["optional"] = json!(true);
        }
    }
    let pod::Trust { mount, env } = pod::Trust::of(spec);
    Some(Trust { volume, mount: mount?, env })
}

/// Where the agent may run, its Job may; spreading is of no use to a single Pod.
fn scheduling(spec: &OpenClawInstanceSpec) -> BTreeMap<String, Value> {
    const FIELDS: [(&str, &str); 4] = [
        ("node_selector", "nodeSelector"),
        ("tolerations", "tolerations"),
        ("affinity", "affinity"),
        ("runtime_class", "runtimeClassName"),
    ];
    let wanted = pod::scheduling(spec);
    let fields = FIELDS.iter().filter_map(|(ours, theirs)| {
        wanted.get(ours).map(|value| ((*theirs).to_owned(), value.clone()))
    });
    fields.collect()
}
