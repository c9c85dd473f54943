//! What is known of an instance's backups.

use std::collections::BTreeMap;

use serde_json::Value;

use super::PodFacts;

/// How a spec wants its backups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupWants {
    /// When they are made, as cron has it.
    pub schedule: Option<String>,
    /// How many days scheduled ones are kept.
    pub retention_days: i32,
    /// How many of them are kept whatever their age.
    pub history_limit: i32,
    /// How long one may take, in seconds.
    pub timeout: i64,
    /// Value of the annotation that asks for one at once.
    pub demand: Option<String>,
    /// Whether the instance goes without one.
    pub is_skipped: bool,
    /// Whether the snapshot of an update is uploaded.
    pub has_updates: bool,
    /// Whether the claim goes with the instance.
    pub deletes_claim: bool,
    /// Whether no second Pod may mount the volume.
    pub is_exclusive: bool,
    /// What a Job mounts and runs; none where nothing outlives the Pod.
    pub pod: Option<Box<JobPod>>,
}

/// What the Pod of a backup Job takes from the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobPod {
    /// The claim with the data.
    pub claim: String,
    /// The application's image.
    pub image: String,
    /// The image that speaks to the store.
    pub uploader: String,
    /// Secrets that those images are pulled with.
    pub pull_secrets: Vec<Value>,
    /// User and groups.
    pub security: Value,
    /// Rights of the containers.
    pub strict_security: Value,
    /// Where it may run, by the names of a Pod's spec.
    pub scheduling: BTreeMap<String, Value>,
    /// ServiceAccount that opens the store without keys.
    pub service_account: Option<String>,
    /// The CA bundle.
    pub trust: Option<Trust>,
}

/// A CA bundle as a container sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Its volume.
    pub volume: Value,
    /// Its mount.
    pub mount: Value,
    /// Variables that name its file.
    pub env: Vec<Value>,
}

/// What is known of the Jobs and of the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupFacts {
    /// Its Jobs by their name.
    pub jobs: BTreeMap<String, JobFacts>,
    /// Their Pods by their name.
    pub pods: BTreeMap<String, PodFacts>,
    /// What the Secret beside the controller opens, where there is one that is shared.
    pub shared: Option<StoreFacts>,
    /// UID of the namespace, which is part of every path.
    pub namespace: Option<String>,
    /// Whether the API server has just said that the namespace is being deleted.
    pub is_namespace_ending: bool,
    /// Whether the right to delete the claim has just been denied.
    pub is_claim_denied: bool,
    /// Prefixes in the shared bucket that the namespace may restore besides its own.
    pub grants: Vec<String>,
    /// Why the API server has just refused a Job.
    pub refusal: Option<String>,
}

/// What a Secret with credentials of a bucket holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFacts {
    /// Address of the store, or what is missing.
    pub address: Result<String, String>,
    /// Whether there are keys; without them a ServiceAccount may open the store.
    pub has_keys: bool,
}

/// A Job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFacts {
    /// `metadata.uid`.
    pub uid: String,
    /// Whether it ended well.
    pub is_complete: bool,
    /// Why it failed, as the condition says.
    pub failed: Option<String>,
}

/// A claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimFacts {
    /// `status.phase`.
    pub phase: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Whether it is being deleted.
    pub is_deleted: bool,
}
