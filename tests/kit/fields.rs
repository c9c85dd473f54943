//! Which fields of the schema a document writes out.

use std::collections::BTreeSet;

use openclaw::api::crd::EMBEDDED;
use serde_json::Value;

/// The paths of all supported fields.
pub fn all() -> BTreeSet<String> {
    let schema = super::Test::new().args(["schema"]).success();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut found = BTreeSet::new();
    fields("spec", &schema["properties"]["spec"], &mut found);
    assert!(found.len() > 120, "{} fields", found.len());
    found
}

/// Adds the path of every supported field below `node`; Kubernetes' own types are one field.
fn fields(path: &str, node: &Value, found: &mut BTreeSet<String>) {
    let inner = if node["items"]["properties"].is_object() { &node["items"] } else { node };
    let Some(properties) = inner["properties"].as_object().filter(|_| !EMBEDDED.contains(&path))
    else {
        found.insert(path.to_owned());
        return;
    };
    for (name, field) in properties {
        let description = field["description"].as_str().unwrap_or_default();
        if !description.starts_with("Not supported") {
            fields(&format!("{path}.{name}"), field, found);
        }
    }
}

/// Removes every path that `value` writes out.
pub fn cross_off(path: &str, value: &Value, left: &mut BTreeSet<String>) {
    left.remove(path);
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, child)| cross_off(&format!("{path}.{key}"), child, left));
        }
        Value::Array(items) => items.iter().for_each(|item| cross_off(path, item, left)),
        _ => {}
    }
}
