//! What a Job of a backup consists of: the Job, the policy that lets it reach the store alone, and
//! the Secret with its scripts and, where the controller shares its bucket, the credentials.
//!
//! The Job is made first and owns the two others; its Pod does not start without the Secret, which
//! is made last. So nothing stays that nobody owns, and nothing runs without its policy.

mod pod;
mod policy;

use serde_json::{Map, Value, json};

use super::store::{Owner, Store};
use super::{Backup, Reason, Task};
use crate::controller::observed::{InstanceFacts, JobPod, Wants};
use crate::model::scripts;
use crate::names;
use crate::tree;

/// How long a Job that has failed is kept for its log, in seconds; one that is done goes at once.
const KEPT: i64 = 15 * 60;
/// Annotation of the Job with the path in the bucket.
const ANNOTATION_PATH: &str = "openclaw.rocks/backup-path";

/// What a Job is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    /// The instance.
    pub instance: &'a InstanceFacts,
    /// What its spec says.
    pub wants: &'a Wants,
    /// What its Pod takes from the spec.
    pub pod: &'a JobPod,
    /// Where it goes.
    pub store: &'a Store,
    /// UID of the namespace.
    pub namespace: &'a str,
    /// What the Job does.
    pub task: Task,
    /// For which backup.
    pub backup: &'a Backup,
    /// Whether it reads the state itself, as nobody writes to it.
    pub is_direct: bool,
    /// Since when a snapshot is that of the update, in seconds since 1970 in UTC.
    pub since: i64,
    /// How long it may take, in seconds.
    pub timeout: i64,
    /// UID of the Job, where it is there already.
    pub owner: Option<String>,
}

/// Objects, in the order in which they are made.
#[derive(Clone, Debug, PartialEq)]
pub struct Objects {
    /// Their name.
    pub name: String,
    /// UID of the Job, where it is there already and lacks what belongs to it.
    pub owner: Option<String>,
    /// The Job.
    pub job: Value,
    /// The policy; its owner is not written yet.
    pub policy: Value,
    /// The Secret, without credentials; its owner is not written yet.
    pub secret: Value,
    /// Whether the controller's credentials are put into the Secret.
    pub shares_credentials: bool,
}

/// Name of a Job: the same for the same attempt, and another for each other one.
pub fn name(instance: &InstanceFacts, task: Task, backup: &Backup) -> String {
    let text = format!("{}/{}", instance.uid, backup.id);
    let hash: String = tree::hash(text.as_bytes()).chars().take(8).collect();
    let end = if task == Task::Copy { "-copy" } else { "" };
    format!("{}{hash}{end}", names::backup_job(&instance.name))
}

/// Path of a backup in its bucket.
pub fn path(namespace: &str, instance: &str, id: &str) -> String {
    format!("{}/{namespace}/{instance}/{id}", names::BACKUP_ROOT)
}

/// Returns what is made.
pub fn objects(request: &Request<'_>) -> Objects {
    let name = name(request.instance, request.task, request.backup);
    let metadata = json!({
        "name": name,
        "namespace": request.instance.namespace,
        "labels": labels(&request.instance.name),
    });
    let mut job = metadata.clone();
    job["annotations"] = json!({ANNOTATION_PATH: place(request)});
    Objects {
        job: json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": job,
            "spec": {
                // Another attempt has another name in the bucket, so it is another Job.
                "backoffLimit": 0,
                "activeDeadlineSeconds": request.timeout,
                "ttlSecondsAfterFinished": KEPT,
                "template": {
                    "metadata": {"labels": labels(&request.instance.name)},
                    "spec": pod::pod(request, &name),
                },
            },
        }),
        policy: policy::policy(request, &metadata, &name),
        secret: json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": metadata,
            "type": "Opaque",
            "immutable": true,
            "stringData": files(request),
        }),
        shares_credentials: is_shared(request),
        owner: request.owner.clone(),
        name,
    }
}

/// Never the labels by which the agent's Pod is found, or by which Argo CD tracks what it prunes.
fn labels(instance: &str) -> Value {
    json!({
        names::LABEL_MANAGED_BY: names::MANAGED_BY,
        names::LABEL_OWN_INSTANCE: instance,
        names::LABEL_JOB: names::JOB_BACKUP,
    })
}

fn place(request: &Request<'_>) -> String {
    path(request.namespace, &request.instance.name, &request.backup.id)
}

fn is_shared(request: &Request<'_>) -> bool {
    request.task == Task::Upload && request.store.owner == Owner::Controller
}

fn files(request: &Request<'_>) -> Value {
    let backup = request.backup;
    let source = match (backup.reason, request.is_direct) {
        (Reason::Update, _) => "update",
        (_, true) => "state",
        (_, false) => "copy",
    };
    let settings = json!({
        "stateDir": names::STATE_DIR,
        "appDir": "/app",
        "backup": {
            "id": backup.id,
            "instance": request.instance.name,
            "namespace": request.instance.namespace,
            "cluster": request.instance.cluster,
            "reason": backup.reason.word(),
            "source": source,
            "since": request.since.saturating_mul(1000),
        },
    });
    let mut files: Map<String, Value> = scripts::backup_scripts()
        .map(|(key, text)| (key.to_owned(), Value::String(text.to_owned())))
        .collect();
    files.insert(names::KEY_INIT_JSON.to_owned(), Value::String(settings.to_string()));
    Value::Object(files)
}
