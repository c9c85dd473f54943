//! What is done to a whole value.

use serde_json::Value;

use crate::names;

/// Merges into a value: mappings recurse, everything else is replaced.
pub(super) fn merge(into: &mut Value, value: Value) {
    match (into, value) {
        (Value::Object(into), Value::Object(map)) => {
            for (key, value) in map {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, value) => *into = value,
    }
}

/// Moves paths, and returns whether there was one.
pub(super) fn move_paths(value: &mut Value, from: &str) -> bool {
    match value {
        Value::String(text) => {
            let Some(rest) = text.strip_prefix(from) else { return false };
            if !rest.is_empty() && !rest.starts_with('/') {
                return false;
            }
            *text = format!("{}{rest}", names::STATE_DIR);
            true
        }
        // Every item is visited: `any` would stop at the first.
        Value::Array(items) => {
            items.iter_mut().fold(false, |any, item| move_paths(item, from) | any)
        }
        Value::Object(map) => {
            map.values_mut().fold(false, |any, item| move_paths(item, from) | any)
        }
        _ => false,
    }
}
