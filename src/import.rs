//! Turns an instance that the Go operator runs into a source that renders to the same agent; the
//! values of a Helm chart become one in [`helm`].
//!
//! ```text
//! export -documents-> Document -source-> Source {text, notes} + findings of what stays behind
//! ```
//!
//! What a field means never changes here: a field is carried over as it is, or it is left out and
//! told. What is added is what runs and the export does not say, because the renderer would
//! choose otherwise where nothing is written: version, volume, token.

pub mod helm;
pub mod live;
pub mod steps;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::api::auth::Auth;
use crate::api::source::{self, Document, Kind};
use crate::api::{Input, OpenClawInstanceSpec, load};
use crate::diagnostic::{Finding, Report, Severity, key_path};
use crate::names;
use crate::render::yaml;
use crate::validate::refused::REFUSED;
use live::Live;

/// Prefixes of labels and annotations that tools put on the live object and none of which is the
/// user's: kubectl, Helm, Argo CD and Flux.
const OF_TOOLS: [&str; 6] = [
    "kubectl.kubernetes.io/",
    "meta.helm.sh/",
    "helm.sh/",
    "argocd.argoproj.io/tracking-id",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
];

/// Labels that Helm and Argo CD put beside those; the renderer writes its own.
const LABELS_OF_TOOLS: [&str; 4] = [
    names::LABEL_INSTANCE,
    names::LABEL_MANAGED_BY,
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/created-by",
];

/// An instance as a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its namespace, where the export names one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The file.
    pub text: String,
    /// What was added or left out because of what runs, in the order of the spec.
    pub notes: Vec<String>,
    /// Whether the export is of a live object.
    pub is_live: bool,
}

/// Splits an export into its instances and the values of charts; a `List` is taken apart.
pub fn documents(input: &Input, report: &mut Report) -> Vec<Document> {
    let (documents, findings) = source::read(&input.name, &input.bytes);
    findings.into_iter().for_each(|finding| report.push(finding));
    let mut found = Vec::new();
    for document in documents {
        let kind = document.value()["kind"].as_str().map(str::to_owned);
        match kind.as_deref() {
            Some(names::KIND) => found.push(document),
            Some("List" | "OpenClawInstanceList") => {
                let text = Arc::clone(&document.source);
                let of_instances = kind.as_deref() == Some("OpenClawInstanceList");
                for item in items(document) {
                    let one = Document { source: Arc::clone(&text), root: item };
                    let is_instance =
                        one.value()["kind"] == names::KIND || (of_instances && !one.has("kind"));
                    if is_instance { found.push(one) } else { report.push(foreign(&one)) }
                }
            }
            _ if helm::is_values(&document) => found.push(document),
            _ => report.push(foreign(&document)),
        }
    }
    found
}

fn items(document: Document) -> Vec<source::Node> {
    let Kind::Map(entries) = document.root.kind else { return Vec::new() };
    let items = entries.into_iter().find(|entry| entry.key == "items");
    match items.map(|entry| entry.value.kind) {
        Some(Kind::List(items)) => items,
        _ => Vec::new(),
    }
}

/// An object of another kind is passed over, so that a whole namespace may be exported.
fn foreign(document: &Document) -> Finding {
    let value = document.value();
    let kind = value["kind"].as_str().unwrap_or_default();
    let message = format!("`{kind}` is not carried over, allowed: `{}`", names::KIND);
    left("OC0008", "kind", message, None, document)
}

/// A finding about what stays behind: a warning, as the source is good without it.
fn left(
    code: &'static str,
    path: &str,
    message: String,
    hint: Option<&str>,
    document: &Document,
) -> Finding {
    let hint = hint.map(str::to_owned);
    let mut finding = Finding::new(code, Severity::Warning, path, message, hint);
    finding.place = Some(document.place_of_key(path));
    finding
}

/// Returns an instance as a source; `live` is what the cluster says, if it was asked.
pub fn source(document: &Document, live: Option<&Live>, report: &mut Report) -> Source {
    let object = document.value();
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default().to_owned();
    let is_live = document.has("metadata.uid");
    if is_live {
        let message = "is of a live instance: deleting that deletes its volume";
        let hint = "let go of the objects as the steps below say, before anything is deleted";
        report.push(left("OC0229", "metadata.uid", message.to_owned(), Some(hint), document));
    }
    let mut carried = object.clone();
    leave_refused(document, &mut carried, report);
    leave_unknown(document, &mut carried, report);
    let mut spec = carried.get_mut("spec").map_or_else(|| json!({}), Value::take);
    if !spec.is_object() {
        spec = json!({});
    }
    let mut notes = Vec::new();
    leave_restore(&mut spec, is_live, &mut notes);
    if is_live {
        live::set_version(&object, &mut spec, live, &mut notes);
        set_token(&name, &mut spec, live, &mut notes);
        live::set_claim(&object, &mut spec, live, &mut notes);
    }
    let namespace = metadata["namespace"].as_str().map(str::to_owned);
    let text = yaml::write(&json!({
        "apiVersion": names::API_VERSION,
        "kind": names::KIND,
        "metadata": kept_metadata(metadata),
        "spec": spec,
    }));
    Source { namespace, name, text, notes, is_live }
}

/// Name, namespace, and the labels and annotations that somebody wrote.
fn kept_metadata(metadata: &Value) -> Value {
    let mut kept = Map::new();
    for field in ["name", "namespace"] {
        if let Some(value) = metadata.get(field).filter(|value| !value.is_null()) {
            kept.insert(field.to_owned(), value.clone());
        }
    }
    for field in ["labels", "annotations"] {
        let entries = metadata[field].as_object().into_iter().flatten();
        let is_of_tool = |key: &str| {
            OF_TOOLS.iter().any(|prefix| key.starts_with(prefix))
                || field == "labels" && LABELS_OF_TOOLS.contains(&key)
        };
        let entries: Map<String, Value> = entries
            .filter(|(key, _)| !is_of_tool(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !entries.is_empty() {
            kept.insert(field.to_owned(), Value::Object(entries));
        }
    }
    Value::Object(kept)
}

/// Leaves out what is refused by name; what is switched off is no loss and not told.
fn leave_refused(document: &Document, carried: &mut Value, report: &mut Report) {
    for field in REFUSED {
        for parent in document.expand(field.parent) {
            let path = key_path(&parent, field.field);
            let pointer = format!("/{}", path.replace('[', ".").replace(']', "").replace('.', "/"));
            let Some(value) = carried.pointer(&pointer) else { continue };
            if !is_off(value) {
                let message = "is not carried over: it is not supported".to_owned();
                report.push(left("OC0103", &path, message, Some(field.hint), document));
            }
            remove(carried, &path);
        }
    }
}

/// Whether nothing is lost with a value: the API server fills in `enabled: false`.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty() || map.get("enabled") == Some(&Value::Bool(false)),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

/// Leaves out what nothing here knows, with the hint of `validate`.
fn leave_unknown(document: &Document, carried: &mut Value, report: &mut Report) {
    let mut shape = Report::default();
    load::schema().check(document, &mut shape);
    for finding in shape.findings() {
        let is_of_spec = finding.path.starts_with("spec.");
        if finding.code != "OC0010" || !is_of_spec || is_refused(document, &finding.path) {
            continue;
        }
        let message = format!("is not carried over: {}", finding.message);
        report.push(left("OC0010", &finding.path, message, finding.hint.as_deref(), document));
        remove(carried, &finding.path);
    }
}

fn is_refused(document: &Document, path: &str) -> bool {
    let fields = REFUSED.iter();
    let mut paths = fields.flat_map(|field| {
        let parents = document.expand(field.parent).into_iter();
        parents.map(|parent| key_path(&parent, field.field))
    });
    paths.any(|refused| path.starts_with(&refused))
}

/// Returns a field of plain words, with the mappings above it.
fn field<'v>(spec: &'v mut Value, path: &str) -> &'v mut Value {
    path.split('.').fold(spec, |node, key| {
        if !node.is_object() {
            *node = Value::Object(Map::new());
        }
        &mut node[key]
    })
}

/// Removes a field, and the mappings that are empty without it.
fn remove(value: &mut Value, path: &str) {
    source::remove(value, path);
    let mut path = path;
    while let Some((parent, _)) = path.rsplit_once('.') {
        let is_plain = !parent.contains('[') && parent != "spec";
        let pointer = format!("/{}", parent.replace('.', "/"));
        let is_empty = value.pointer(&pointer).is_some_and(|found| *found == json!({}));
        if !(is_plain && is_empty) {
            break;
        }
        source::remove(value, parent);
        path = parent;
    }
}

/// The data is on the volume: restored once more, it would be what it was at the backup.
fn leave_restore(spec: &mut Value, is_live: bool, notes: &mut Vec<String>) {
    let path = spec["restoreFrom"].as_str().map(str::to_owned);
    let Some(path) = path.filter(|path| is_live || path.is_empty()) else { return };
    source::remove(spec, "restoreFrom");
    if !path.is_empty() {
        notes.push(format!(
            "left out spec.restoreFrom: the volume holds the data, `{path}` is older"
        ));
    }
}

/// Names the Secret that the Go operator made: the controller uses none that it has not made, and
/// clients would have to learn another token.
fn set_token(name: &str, spec: &mut Value, live: Option<&Live>, notes: &mut Vec<String>) {
    let typed = serde_json::from_value::<OpenClawInstanceSpec>(spec.clone());
    let is_generated = match &typed {
        Ok(typed) => matches!(Auth::decide(name, typed), Auth::Secret { generated: true, .. }),
        Err(_) => spec["gateway"]["existingSecret"].is_null(),
    };
    let secret = names::token_secret(name);
    if !is_generated {
        return;
    }
    if live.is_some_and(|live| !live.has_token) {
        notes.push(format!("found no Secret `{secret}`: name the one with the gateway's token in spec.gateway.existingSecret"));
        return;
    }
    live::set(spec, "gateway.existingSecret", secret.into(), "keeps the token", notes);
}
