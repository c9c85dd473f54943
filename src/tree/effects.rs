//! What a change of the tree means where the old one runs: fields that a cluster refuses to
//! change, and volumes that are left behind.
//!
//! The tree in Git is all that is known of the cluster, so these are warnings.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Present, Wanted};
use crate::api::source;
use crate::diagnostic::{Finding, severity};
use crate::names::{ANNOTATION_SOURCE, VOLUME_DATA};
use crate::validate::grammar::quantity;

/// A kind with fields that are fixed when an object of it is made.
struct Fixed {
    kind: &'static str,
    fields: &'static [&'static str],
}

const FIXED: [Fixed; 6] = [
    Fixed {
        kind: "PersistentVolumeClaim",
        fields: &[
            "/spec/accessModes",
            "/spec/dataSource",
            "/spec/dataSourceRef",
            "/spec/selector",
            "/spec/storageClassName",
            "/spec/volumeMode",
            "/spec/volumeName",
        ],
    },
    Fixed {
        kind: "StatefulSet",
        fields: &[
            "/spec/podManagementPolicy",
            "/spec/selector",
            "/spec/serviceName",
            "/spec/volumeClaimTemplates",
        ],
    },
    Fixed { kind: "RoleBinding", fields: &["/roleRef"] },
    Fixed { kind: "ClusterRoleBinding", fields: &["/roleRef"] },
    Fixed { kind: "Secret", fields: &["/type"] },
    Fixed { kind: "Service", fields: &["/spec/clusterIP"] },
];

/// Returns the fields of a kind that no cluster lets be changed, as pointers.
pub fn fixed(kind: &str) -> &'static [&'static str] {
    FIXED.iter().find(|fixed| fixed.kind == kind).map_or(&[], |fixed| fixed.fields)
}

/// Returns the files of an instance that change or leave and may hold one of these kinds.
pub fn telling(folder: &str, wanted: &Wanted, present: &Present) -> Vec<String> {
    let Some(lock) = present.locks.get(folder) else { return Vec::new() };
    let names: BTreeSet<&String> = lock.files.keys().chain(lock.pending.keys()).collect();
    let holds_one = |name: &str| {
        name == "manifest.yaml"
            || FIXED.iter().any(|fixed| {
                let rest = name.strip_prefix(&fixed.kind.to_lowercase());
                rest.is_some_and(|rest| rest.starts_with('-'))
            })
    };
    names
        .into_iter()
        .filter(|name| holds_one(name))
        .map(|name| format!("{folder}/{name}"))
        .filter(|path| present.files.get(path).is_some_and(|found| wanted.get(path) != Some(found)))
        .collect()
}

/// Returns the objects of a rendered file; none where somebody broke it.
pub fn objects(text: &str) -> Vec<Value> {
    let (documents, _) = source::read("", text.as_bytes());
    documents.iter().map(source::Document::value).collect()
}

/// Returns what a cluster refuses when the objects of `folder` change from `old` to `new`.
pub fn refused(folder: &str, old: &[&Value], new: &[&Value]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for fixed in &FIXED {
        for before in old.iter().filter(|object| object["kind"] == fixed.kind) {
            let name = &before["metadata"]["name"];
            let is_it = |o: &&&Value| o["kind"] == fixed.kind && o["metadata"]["name"] == *name;
            let Some(after) = new.iter().find(is_it) else { continue };
            for field in fixed.fields {
                let [old, new] = [before, after].map(|object| object.pointer(field));
                if old != new {
                    findings.push(change(folder, after, field, [old, new]));
                }
            }
            findings.extend(shrink(folder, before, after));
        }
    }
    findings
}

fn shrink(folder: &str, before: &Value, after: &Value) -> Option<Finding> {
    const FIELD: &str = "/spec/resources/requests/storage";
    let [old, new] = [before, after].map(|object| object.pointer(FIELD));
    let [from, to] = [old, new].map(|size| size.and_then(Value::as_str).and_then(quantity));
    (from? > to?).then(|| change(folder, after, FIELD, [old, new]))
}

fn change(folder: &str, object: &Value, field: &str, values: [Option<&Value>; 2]) -> Finding {
    let [kind, name] = [&object["kind"], &object["metadata"]["name"]]
        .map(|text| text.as_str().unwrap_or_default());
    let word = |value: Option<&Value>| match value {
        Some(value) => format!("`{}`", value.to_string().trim_matches('"')),
        None => "nothing".to_owned(),
    };
    let field = field.trim_start_matches('/').replace('/', ".");
    let [old, new] = values.map(word);
    let message = format!(
        "{folder}: {kind} `{name}` would change `{field}` from {old} to {new}, and a cluster that \
         has the old one refuses that"
    );
    let hint = way_out(object);
    Finding::new("OC0309", severity("OC0309"), "", message, Some(hint))
}

/// Returns what to do about a change of such a field.
pub fn way_out(object: &Value) -> String {
    let [kind, name, namespace] = ["/kind", "/metadata/name", "/metadata/namespace"]
        .map(|pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
    match kind {
        "PersistentVolumeClaim" => "put the old value back; to move, copy the data into a claim of your own and name it in `existingClaim`".to_owned(),
        "StatefulSet" => format!("put the old value back, or run `kubectl -n {namespace} delete statefulset {name} --cascade=orphan` and sync again: the Pod runs on meanwhile"),
        _ => format!("put the old value back, or run `kubectl -n {namespace} delete {} {name}` and sync again", kind.to_lowercase()),
    }
}

/// An instance by its folder, and the data that its Pod sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// `namespace/name`.
    folder: String,
    source: Option<String>,
    /// The claim behind the volume of the data.
    claim: Option<String>,
}

impl Tenant {
    /// Reads it from the objects of its folder; `None` without a StatefulSet among them.
    pub fn new(folder: &str, objects: &[&Value]) -> Option<Self> {
        let set = objects.iter().find(|object| object["kind"] == "StatefulSet")?;
        let volumes = set.pointer("/spec/template/spec/volumes").and_then(Value::as_array);
        let data = volumes.into_iter().flatten().find(|volume| volume["name"] == VOLUME_DATA);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            folder: folder.to_owned(),
            source: text(set["metadata"]["annotations"].get(ANNOTATION_SOURCE)),
            claim: text(data.and_then(|data| data.pointer("/persistentVolumeClaim/claimName"))),
        })
    }

    fn namespace(&self) -> &str {
        self.folder.split('/').next().unwrap_or_default()
    }

    /// Says that `next` does not see the data of this one; `None` when it does, or none is there.
    pub fn leaves_behind(&self, next: &Self) -> Option<Finding> {
        let claim = self.claim.as_ref()?;
        let is_near = self.namespace() == next.namespace();
        if is_near && next.claim.as_ref() == Some(claim) {
            return None;
        }
        let (old, new) = (&self.folder, &next.folder);
        let (message, hint) = if old == new {
            let to =
                next.claim.as_ref().map_or("an empty volume".to_owned(), |to| format!("`{to}`"));
            (
                format!("{old} leaves its data in the claim `{claim}` and starts with {to}"),
                "copy the data before, or keep the claim by `existingClaim`".to_owned(),
            )
        } else {
            let hint = if is_near {
                format!(
                    "if it is the same agent, take the old one down first and write `existingClaim: {claim}` into the new one"
                )
            } else {
                "if it is the same agent, keep its namespace: a claim cannot leave it".to_owned()
            };
            (
                format!(
                    "{old} leaves, and {new} starts without its data: that stays in the claim `{claim}`"
                ),
                hint,
            )
        };
        Some(Finding::new("OC0308", severity("OC0308"), "", message, Some(hint)))
    }
}

/// Returns the data that is left behind when instances leave and others arrive in one run: a
/// rename, where both come from one source, or where there is one of each.
pub fn renamed(gone: &[Tenant], arrived: &[Tenant]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for old in gone {
        let twin = arrived.iter().find(|new| old.source.is_some() && new.source == old.source);
        let only = arrived.first().filter(|_| gone.len() == 1 && arrived.len() == 1);
        findings.extend(twin.or(only).and_then(|new| old.leaves_behind(new)));
    }
    findings
}
