//! Findings as the results of a function.

use serde_json::{Map, Value, json};

use super::list::Item;
use crate::diagnostic::{Finding, Report};

/// Version of the ResourceList.
pub(super) const API_VERSION: &str = "config.kubernetes.io/v1";

/// Returns a result for each finding.
pub(super) fn all(report: &Report, items: &[Item]) -> Vec<Value> {
    report.findings().iter().map(|finding| result(finding, items)).collect()
}

fn result(finding: &Finding, items: &[Item]) -> Value {
    let mut result = json!({
        "message": finding.message,
        "severity": finding.severity.word(),
        "tags": {"code": finding.code},
    });
    if let Some(hint) = &finding.hint {
        result["tags"]["hint"] = json!(hint);
    }
    let at = finding.place.as_ref().map(|place| place.span.start);
    let item = at.and_then(|at| items.iter().find(|item| item.holds(at)));
    if !finding.path.is_empty() {
        result["field"] = json!({"path": finding.path});
        let current = item.and_then(|item| item.value.pointer(&pointer(&finding.path)));
        if let Some(current) = current.filter(|value| !value.is_object() && !value.is_array()) {
            result["field"]["currentValue"] = current.clone();
        }
    }
    let Some(item) = item else { return result };
    result["resourceRef"] = reference(&item.value);
    if let Some(path) = item.path() {
        result["file"] = json!({"path": path});
    }
    result
}

fn reference(object: &Value) -> Value {
    let mut reference = Map::new();
    let metadata = &object["metadata"];
    for (key, value) in [
        ("apiVersion", &object["apiVersion"]),
        ("kind", &object["kind"]),
        ("namespace", &metadata["namespace"]),
        ("name", &metadata["name"]),
    ] {
        if value.is_string() {
            reference.insert(key.to_owned(), value.clone());
        }
    }
    Value::Object(reference)
}

/// Returns a path such as `spec.a[0].b` as a JSON pointer.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}
