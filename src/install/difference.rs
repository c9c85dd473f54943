//! Says in which objects a committed file is not what would be printed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::render::Manifest;
use crate::tree;
use crate::tree::effects;

/// What is told of a file that differs: one line each, objects in their order.
///
/// Empty when the file is what is printed, byte for byte.
pub fn differences(text: &str, manifests: &[Manifest]) -> Vec<String> {
    if text == tree::stream(manifests) {
        return Vec::new();
    }
    let mut left: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for object in effects::objects(text) {
        left.entry(title(&object)).or_default().push(object);
    }
    let mut found = Vec::new();
    for manifest in manifests {
        let title = title(&manifest.value);
        match left.remove(&title).as_deref() {
            Some([object]) if *object == manifest.value => {}
            Some(_) => found.push(format!("differs: {title}")),
            None => found.push(format!("missing: {title}")),
        }
    }
    found.extend(left.into_keys().map(|title| format!("left: {title}")));
    if found.is_empty() {
        found.push("differs: the order, comments or layout of the file".to_owned());
    }
    found
}

/// How an object is named: kind, namespace if any, name.
fn title(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    match text("/metadata/namespace") {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    }
}
