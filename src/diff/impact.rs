//! What a change of one object means where the old one runs: one table, read from the old and the
//! new manifest alone.
//!
//! A row says nothing where it is not sure, and says what it means by the words of the manifest:
//! whoever reads it has not read the rules.

mod addresses;
mod exposure;
mod fixed;
mod network;
mod pod;
mod rights;
mod secrets;
mod security;
mod selector;
mod storage;

use serde_json::Value;

/// How grave an impact is; the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something may be lost, or the change cannot be made.
    Danger,
    /// Something is interrupted, or more is allowed than before.
    Warning,
    /// Worth knowing.
    Note,
}

impl Level {
    /// Returns the word for people and machines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Danger => "danger",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// An object before and after; at least one side is there.
#[derive(Clone, Copy)]
pub struct Sides<'s> {
    /// Before.
    pub old: Option<&'s Value>,
    /// After.
    pub new: Option<&'s Value>,
}

impl<'s> Sides<'s> {
    /// Returns the kind of the object.
    fn kind(self) -> &'s str {
        self.new.or(self.old).and_then(|object| object["kind"].as_str()).unwrap_or_default()
    }

    /// Returns a field on both sides; null where it is not there.
    fn at(self, pointer: &str) -> [&'s Value; 2] {
        [self.old, self.new]
            .map(|side| side.and_then(|side| side.pointer(pointer)).unwrap_or(&Value::Null))
    }

    /// Returns both objects where both are there.
    fn both(self) -> Option<[&'s Value; 2]> {
        Some([self.old?, self.new?])
    }
}

/// One row: what a change may mean.
pub struct Row {
    /// How machines call it.
    pub name: &'static str,
    /// How people call it.
    pub title: &'static str,
    /// How grave it is.
    pub level: Level,
    /// What it looks at, for the table of README.md.
    pub about: &'static str,
    /// Kinds that it looks at; none means every one.
    kinds: &'static [&'static str],
    /// Says what in this change means it; nothing when nothing does.
    check: fn(Sides) -> Vec<String>,
}

/// What a change means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// Name of its row.
    pub name: &'static str,
    /// How people call it.
    pub title: &'static str,
    /// How grave it is.
    pub level: Level,
    /// What in the change means it.
    pub details: Vec<String>,
}

const WORKLOADS: &[&str] = &["StatefulSet", "Deployment"];
const RIGHTS: &[&str] = &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
const ROUTES: &[&str] = &["Service", "Ingress", "HTTPRoute"];

/// Every impact, the gravest first.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    Row { name: "data-at-risk", title: "puts data at risk", level: Level::Danger, kinds: &["PersistentVolumeClaim", "StatefulSet", "OpenClawInstance"], check: storage::data,
        about: "a claim is deleted, shrinks, loses its protection against pruning or is owned by an instance; claims are deleted with the set; the Pod gets another volume; a backup, or an old snapshot, is restored; `orphan: false`" },
    Row { name: "immutable-field", title: "changes an immutable field", level: Level::Danger, kinds: &[], check: fixed::fields,
        about: "the API server refuses the change; says the field and what to do" },
    Row { name: "stops-pod", title: "stops the Pod", level: Level::Warning, kinds: WORKLOADS, check: pod::stops,
        about: "`replicas: 0`, or the workload is deleted" },
    Row { name: "restarts-pod", title: "restarts the Pod", level: Level::Warning, kinds: WORKLOADS, check: pod::restarts,
        about: "the template of the Pod changes, the hash of the mounted configuration included" },
    Row { name: "starts-pod", title: "starts the Pod", level: Level::Note, kinds: WORKLOADS, check: pod::starts,
        about: "no `replicas: 0` any more" },
    Row { name: "new-image", title: "new image", level: Level::Note, kinds: WORKLOADS, check: pod::images,
        about: "a container runs another image; says so when the version is older" },
    Row { name: "weakens-security", title: "weakens the Pod's security", level: Level::Warning, kinds: WORKLOADS, check: security::weaker,
        about: "privileges, capabilities, host namespaces and paths, writable root, root user, seccomp, service account token" },
    Row { name: "opens-network", title: "opens the network", level: Level::Warning, kinds: &["NetworkPolicy"], check: network::opens,
        about: "a peer or port is allowed that was not, by the meaning of the policy and not its text" },
    Row { name: "narrows-network", title: "narrows the network", level: Level::Warning, kinds: &["NetworkPolicy"], check: network::narrows,
        about: "a peer or port is not allowed any more" },
    Row { name: "widens-exposure", title: "widens the exposure", level: Level::Warning, kinds: ROUTES, check: exposure::widens,
        about: "type, ports and addresses of a Service; hosts, paths and missing TLS of an Ingress or HTTPRoute" },
    Row { name: "narrows-exposure", title: "narrows the exposure", level: Level::Warning, kinds: ROUTES, check: exposure::narrows,
        about: "the other way round: who used it will not reach it" },
    Row { name: "changes-route", title: "changes the route", level: Level::Warning, kinds: ROUTES, check: exposure::routes,
        about: "selector and target ports of a Service; class, backends and annotations of an Ingress; parents and backends of an HTTPRoute" },
    Row { name: "widens-rbac", title: "widens RBAC", level: Level::Warning, kinds: RIGHTS, check: rights::widens,
        about: "a group, resource, verb or name is granted that was not; another subject" },
    Row { name: "narrows-rbac", title: "narrows RBAC", level: Level::Note, kinds: RIGHTS, check: rights::narrows,
        about: "the other way round" },
    Row { name: "cloud-identity", title: "changes the cloud identity", level: Level::Warning, kinds: &["ServiceAccount"], check: rights::identity,
        about: "annotations of EKS, GKE and AKS on the ServiceAccount" },
    Row { name: "secret-reference", title: "changes a Secret reference", level: Level::Warning, kinds: &[], check: secrets::references,
        about: "a Secret or a key of it is read that was not, or is not read any more" },
    Row { name: "resources", title: "changes requests or limits", level: Level::Note, kinds: WORKLOADS, check: pod::resources,
        about: "CPU, memory and other resources of containers" },
    Row { name: "disruption", title: "changes what a drain may evict", level: Level::Note, kinds: &["PodDisruptionBudget"], check: pod::disruption,
        about: "the budget changes or is deleted" },
    Row { name: "creates", title: "creates the object", level: Level::Note, kinds: &[], check: |sides| here(sides.old.is_none()),
        about: "it is new" },
    Row { name: "deletes", title: "deletes the object", level: Level::Warning, kinds: &[], check: |sides| here(sides.new.is_none()),
        about: "it goes" },
];

/// Says that a row holds where there is nothing more to say.
fn here(holds: bool) -> Vec<String> {
    if holds { vec![String::new()] } else { Vec::new() }
}

/// Returns what a change means, the gravest first.
pub fn impacts(sides: Sides) -> Vec<Impact> {
    let mut found: Vec<Impact> = Vec::new();
    for row in ROWS {
        if !row.kinds.is_empty() && !row.kinds.contains(&sides.kind()) {
            continue;
        }
        let details = (row.check)(sides);
        if !details.is_empty() {
            let details = details.iter().filter(|detail| !detail.is_empty());
            let details = details.cloned().collect();
            let Row { name, title, level, .. } = *row;
            found.push(Impact { name, title, level, details });
        }
    }
    found.sort_by_key(|impact| impact.level);
    found
}

/// Returns the impact of a change that the cluster does not take, with its words.
pub fn refused(words: &str) -> Impact {
    Impact {
        name: "refused",
        title: "is refused by the cluster",
        level: Level::Danger,
        details: vec![super::clean(words)],
    }
}

/// Returns the table of README.md.
pub fn table() -> String {
    let mut out = "| impact | level | name | when |\n| --- | --- | --- | --- |\n".to_owned();
    for Row { name, title, level, about, .. } in ROWS {
        out.push_str(&format!("| {title} | {} | `{name}` | {about} |\n", level.word()));
    }
    out
}

/// Returns the items of a list; none where there is no list.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns a value as people write it in a sentence.
fn quoted(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => code(text),
        other => code(&other.to_string()),
    }
}

/// Returns a text as a code span.
fn code(text: &str) -> String {
    format!("`{}`", super::clean(text))
}
