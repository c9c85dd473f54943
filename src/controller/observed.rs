//! What is known of one instance at one moment.

mod backup;
mod update;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::Timestamp;

use crate::api::auth::Auth;
use crate::api::status::OpenClawInstanceStatus;
use crate::model::references::{Kind, Need};
pub use backup::{BackupFacts, BackupWants, ClaimFacts, JobFacts, JobPod, StoreFacts, Trust};
pub use update::{Branch, Tip, UpdateFacts, UpdateWants};

/// Everything that a decision about one instance needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The instance.
    pub instance: InstanceFacts,
    /// Its StatefulSet.
    pub set: Option<SetFacts>,
    /// Its Pod.
    pub pod: Option<PodFacts>,
    /// Its PersistentVolumeClaim.
    pub claim: Option<ClaimFacts>,
    /// Whether its NetworkPolicy exists.
    pub has_policy: bool,
    /// What was read outside of Git, by kind and name.
    pub readings: BTreeMap<(Kind, String), Reading>,
    /// Why the API server did not make the token, when it was just asked to.
    pub refusal: Option<String>,
    /// What Git and the registry say of its version.
    pub update: UpdateFacts,
    /// What the Jobs and the store say of its backups.
    pub backup: BackupFacts,
}

/// An instance, without its spec.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceFacts {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.generation`.
    pub generation: i64,
    /// `metadata.resourceVersion`.
    pub resource_version: String,
    /// Whether it is being deleted.
    pub is_deleted: bool,
    /// Since when, in seconds since 1970 in UTC.
    pub deleted: Option<i64>,
    /// Whether our finalizer keeps it.
    pub has_finalizer: bool,
    /// Its finalizers, all of them.
    pub finalizers: Vec<String>,
    /// The cluster that it was rendered for.
    pub cluster: Option<String>,
    /// Hash of the StatefulSet that was rendered with it.
    pub render_hash: Option<String>,
    /// What the spec asks for; `None` when it cannot be read at all.
    pub wants: Option<Wants>,
    /// Findings that forbid rendering it, worded as `validate` words them.
    pub errors: Vec<String>,
    /// The status that it bears; what cannot be read counts as none.
    pub status: OpenClawInstanceStatus,
}

impl InstanceFacts {
    /// Whether another version of it says the same.
    pub fn says_the_same(&self, new: &Self) -> bool {
        let Self {
            namespace: _,
            name: _,
            uid,
            generation,
            resource_version: _,
            is_deleted,
            deleted: _,
            has_finalizer: _,
            finalizers,
            cluster,
            render_hash,
            wants,
            errors,
            status,
        } = new;
        // A status that differs from ours is not what we wrote: somebody else did.
        (uid, generation, is_deleted, cluster, render_hash)
            == (&self.uid, &self.generation, &self.is_deleted, &self.cluster, &self.render_hash)
            && *finalizers == self.finalizers
            && (wants, errors, status) == (&self.wants, &self.errors, &self.status)
    }
}

/// What a spec asks of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wants {
    /// Where the gateway's token comes from.
    pub auth: Auth,
    /// Whether it is stopped on request.
    pub is_suspended: bool,
    /// Whether newer versions are to be committed.
    pub has_updates: bool,
    /// How they are judged.
    pub updates: UpdateWants,
    /// How it is backed up.
    pub backup: BackupWants,
    /// The backup in the bucket that it is restored from.
    pub restore_from: Option<String>,
    /// Whether a NetworkPolicy belongs to it.
    pub has_policy: bool,
    /// Whether a PodDisruptionBudget belongs to it.
    pub has_disruption_budget: bool,
    /// Its claim, where one is rendered.
    pub claim: Option<String>,
    /// What other objects than the Pod read: certificates.
    pub needs: Vec<Need>,
    /// Where the spec names an object, by kind and name.
    pub places: BTreeMap<(Kind, String), String>,
}

/// A StatefulSet, without its template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetFacts {
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`.
    pub observed_generation: i64,
    /// `spec.replicas`.
    pub replicas: i32,
    /// Revision that Pods should have.
    pub update_revision: String,
    /// Annotation with the hash of what was rendered.
    pub render_hash: Option<String>,
    /// The main container's image.
    pub image: String,
    /// Its tag or digest.
    pub version: Option<String>,
    /// What its Pod reads.
    pub needs: Vec<Need>,
    /// Whether deleting the instance would delete it.
    pub is_owned: bool,
    /// Whether this controller was the last to set its replicas.
    pub is_scaled_here: bool,
    /// Who else than the writer of the hash holds fields of its spec.
    pub changed_by: BTreeSet<String>,
}

/// A Pod of the StatefulSet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodFacts {
    /// `metadata.uid`.
    pub uid: String,
    /// Its address.
    pub ip: Option<String>,
    /// When the condition `Ready` last changed.
    pub ready_changed: Option<Timestamp>,
    /// Label of the revision.
    pub revision: String,
    /// Condition `Ready`.
    pub is_ready: bool,
    /// Whether it is being deleted.
    pub is_deleted: bool,
    /// Why it ended, such as `Evicted`.
    pub failed: Option<String>,
    /// Why no node takes it.
    pub unschedulable: Option<String>,
    /// Init containers in their order, then the others.
    pub containers: Vec<ContainerFacts>,
}

/// A container of a Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerFacts {
    /// Its name.
    pub name: String,
    /// Whether it runs before the others.
    pub is_init: bool,
    /// Its image as the Pod names it.
    pub image: String,
    /// The image that runs, with its digest where the node knows one.
    pub image_id: String,
    /// How often it was started again.
    pub restarts: i32,
    /// What it does.
    pub state: State,
    /// How it ended before.
    pub last: Option<Ended>,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It does not run yet.
    Waiting {
        /// Such as `ImagePullBackOff`.
        reason: String,
        /// In the kubelet's words.
        message: String,
    },
    /// It runs.
    Running {
        /// Since when.
        since: Option<Timestamp>,
    },
    /// It ended.
    Ended(Ended),
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// Such as `OOMKilled`.
    pub reason: String,
    /// What it wrote as its last word.
    pub message: String,
}

/// What came of reading a Secret or ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nobody has asked yet.
    Unread,
    /// The right to read it is not there, as the Role that gives it is not synced.
    Denied,
    /// The API server did not answer.
    Failed,
    /// It does not exist.
    Absent,
    /// It exists.
    Held(Held),
}

/// A Secret or ConfigMap, without its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Its version.
    pub version: String,
    /// Its keys.
    pub keys: BTreeSet<String>,
    /// UIDs of its owners.
    pub owners: Vec<String>,
    /// Whether its labels say that we made it for this instance.
    pub is_labeled: bool,
    /// When its data was written last, as far as the API server knows.
    pub written: Option<Timestamp>,
    /// How good the value of the key `token` is.
    pub token: Quality,
    /// What of a bucket's credentials it holds.
    pub store: Option<StoreFacts>,
}

/// How good a token is; the token itself is forgotten at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// There is no such key.
    #[default]
    Missing,
    /// It is blank, or a word that stands for nothing, which the application refuses.
    Blank,
    /// It has fewer than 24 characters, of which the application warns.
    Short,
    /// It is long enough.
    Good,
}

impl Quality {
    /// Judges a value as the application does.
    pub fn of(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        match text.trim() {
            "" | "undefined" | "null" => Self::Blank,
            text if text.chars().count() < 24 => Self::Short,
            _ => Self::Good,
        }
    }
}
