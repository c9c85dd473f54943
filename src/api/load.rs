//! Turns the text of sources into instances.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::settings::{self, Settings};
use super::source::{self, Document};
use super::spec::OpenClawInstanceSpec;
use super::structure::Schema;
use crate::diagnostic::{Finding, Report, severity};
use crate::names;

/// A source as it was read from disk or stdin.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name in messages.
    pub name: String,
    /// Its path relative to the repository; a stream has none.
    pub origin: Option<String>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// An instance whose text has the right shape; its rules are not checked yet.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// `metadata.name`.
    pub name: String,
    /// The namespace that it will be rendered for.
    pub namespace: String,
    /// The namespace of the command line, which must not contradict the file.
    pub asked_namespace: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Path of the source relative to the repository.
    pub origin: Option<String>,
    /// The spec with its defaults.
    pub spec: OpenClawInstanceSpec,
    /// The spec as it was written.
    pub spec_value: Value,
    /// The document, which knows the place of every field.
    pub document: Document,
    /// Fields of a wrong shape: told already, and left out so that the rest can be checked.
    pub ignored: Vec<String>,
}

/// What sources hold.
#[derive(Debug, Default)]
pub struct Sources {
    /// Instances, in the order of their sources.
    pub instances: Vec<Loaded>,
    /// Data of ConfigMaps by namespace and name.
    pub config_maps: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// Findings of the text itself.
    pub report: Report,
}

/// How sources are read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The settings of the repository.
    pub settings: &'a Settings,
    /// The namespace of the command line.
    pub namespace: Option<&'a str>,
    /// The schema of an instance.
    pub schema: &'a Schema,
}

/// Reads one source.
pub fn load(input: &Input, reading: Reading<'_>) -> Sources {
    let mut sources = Sources::default();
    let (documents, findings) = source::read(&input.name, &input.bytes);
    findings.into_iter().for_each(|finding| sources.report.push(finding));
    for document in documents {
        load_document(document, input.origin.as_deref(), reading, &mut sources);
    }
    sources
}

/// Reads one document of a source that is known by its path in the repository.
pub fn load_document(
    document: Document,
    origin: Option<&str>,
    reading: Reading<'_>,
    sources: &mut Sources,
) {
    let value = document.value();
    match value.get("kind").and_then(Value::as_str) {
        Some(names::KIND) => instance(document, value, origin, reading, sources),
        Some("ConfigMap") => config_map(&value, reading, sources),
        other => sources.report.push(foreign(&document, other)),
    }
}

fn foreign(document: &Document, kind: Option<&str>) -> Finding {
    let (message, hint) = match kind {
        Some("Secret") => (
            "found a `Secret`, allowed: `OpenClawInstance`".to_owned(),
            "make it in the cluster, or by SOPS or External Secrets beside the sources",
        ),
        Some(settings::KIND) => (
            "found the settings of a repository, allowed: `OpenClawInstance`".to_owned(),
            "keep openclaw.yaml outside the sources",
        ),
        Some(kind) => (
            format!("found kind `{kind}`, allowed: `OpenClawInstance`"),
            "keep other objects outside the sources",
        ),
        None => (
            "`kind` is missing, allowed: `OpenClawInstance`".to_owned(),
            "start the document with `apiVersion: openclaw.rocks/v1alpha1` and `kind: OpenClawInstance`",
        ),
    };
    let mut finding =
        Finding::new("OC0008", severity("OC0008"), "kind", message, Some(hint.into()));
    finding.place = Some(document.place("kind"));
    finding
}

fn instance(
    document: Document,
    value: Value,
    origin: Option<&str>,
    reading: Reading<'_>,
    sources: &mut Sources,
) {
    let mut shape = Report::default();
    reading.schema.check(&document, &mut shape);
    let mut value = value;
    let mut ignored = Vec::new();
    for finding in shape.findings() {
        source::remove(&mut value, &finding.path);
        ignored.push(finding.path.clone());
    }
    let incomplete = shape.findings().iter().any(|finding| finding.code == "OC0013");
    sources.report.extend(shape);
    if incomplete {
        return;
    }
    let mut value = without_nulls(value);
    let spec_value = value.get_mut("spec").map_or_else(|| serde_json::json!({}), Value::take);
    let mut typed = spec_value.clone();
    texts_of_quantities(&mut typed);
    let spec = match serde_json::from_value(typed) {
        Ok(spec) => spec,
        Err(_) if !ignored.is_empty() => return,
        Err(error) => {
            // The schema is made from the types, so this is a disagreement of ours.
            let mut finding =
                Finding::new("OC0011", severity("OC0011"), "spec", error.to_string(), None);
            finding.place = Some(document.place("spec"));
            sources.report.push(finding);
            return;
        }
    };
    let metadata = &value["metadata"];
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    let map = |key: &str| -> BTreeMap<String, String> {
        let entries = metadata.get(key).and_then(Value::as_object).into_iter().flatten();
        entries.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
    };
    let mut annotations = map("annotations");
    // kubectl's copy of the object would be stale at once.
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    sources.instances.push(Loaded {
        name: text("name").unwrap_or_default(),
        namespace: namespace_of(text("namespace"), reading),
        asked_namespace: reading.namespace.map(str::to_owned),
        labels: map("labels"),
        annotations,
        origin: origin.map(str::to_owned),
        spec,
        spec_value,
        document,
        ignored,
    });
}

/// The file wins over openclaw.yaml, and openclaw.yaml over `default`.
fn namespace_of(written: Option<String>, reading: Reading<'_>) -> String {
    written
        .or_else(|| reading.namespace.map(str::to_owned))
        .or_else(|| reading.settings.namespace.clone())
        .unwrap_or_else(|| "default".to_owned())
}

fn config_map(value: &Value, reading: Reading<'_>, sources: &mut Sources) {
    let text = |key: &str| value["metadata"].get(key).and_then(Value::as_str).map(str::to_owned);
    let entries = value.get("data").and_then(Value::as_object).into_iter().flatten();
    let data = entries.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect();
    let key = (namespace_of(text("namespace"), reading), text("name").unwrap_or_default());
    sources.config_maps.insert(key, data);
}

/// Kubernetes takes `cpu: 2` as well as `cpu: "2"` inside its own types, which keep texts.
fn texts_of_quantities(value: &mut Value) {
    let as_text = |value: &mut Value| {
        if value.is_number() {
            *value = Value::String(value.to_string());
        }
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(texts_of_quantities),
        Value::Object(map) => {
            for (key, child) in map {
                match (key.as_str(), &mut *child) {
                    ("raw", _) => {}
                    ("limits" | "requests", Value::Object(list)) => {
                        list.values_mut().for_each(as_text);
                    }
                    ("sizeLimit" | "divisor", child) => as_text(child),
                    (_, child) => texts_of_quantities(child),
                }
            }
        }
        _ => {}
    }
}

/// A field without a value is absent, as people write `probes:` and fill it later; inside
/// `config.raw` a null is a value of the application.
fn without_nulls(value: Value) -> Value {
    fn prune(value: &mut Value, path: &str) {
        match value {
            Value::Object(map) => {
                map.retain(|_, child| !child.is_null());
                for (key, child) in map.iter_mut() {
                    if path == ".spec.config" && key == "raw" {
                        continue;
                    }
                    prune(child, &format!("{path}.{key}"));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| prune(item, path)),
            _ => {}
        }
    }
    let mut value = value;
    prune(&mut value, "");
    value
}

/// Returns the schema of an instance, which a test compares with the types.
pub fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        // Making it from the types takes longer than rendering; the text is ours and parses.
        let json = serde_json::from_str(include_str!("instance-schema.json")).unwrap_or_default();
        Schema::compile(json)
    })
}
