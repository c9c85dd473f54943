//! Which Secrets an object refers to, wherever in it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Sides, code};
use crate::names;

/// Returns the references that come and go.
pub(super) fn references(sides: Sides) -> Vec<String> {
    // The instance repeats what its objects say; and what is created or deleted is told by that.
    let Some(both) = sides.both().filter(|_| sides.kind() != names::KIND) else {
        return Vec::new();
    };
    let [old, new] = both.map(|object| {
        let mut found = BTreeSet::new();
        collect(object, &mut found);
        found
    });
    let mut found: Vec<String> = new.difference(&old).map(|one| format!("reads {one}")).collect();
    found.extend(old.difference(&new).map(|one| format!("does not read {one} any more")));
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    let Value::Object(map) = value else {
        value.as_array().into_iter().flatten().for_each(|item| collect(item, found));
        return;
    };
    for (key, child) in map {
        match key.as_str() {
            "secretKeyRef" | "secretRef" | "bearerTokenSecret" | "credentials" => one(child, found),
            // A volume, and a source of a projected one.
            "secret" => {
                one(child, found);
                collect(child, found);
            }
            "secretName" => {
                if let Some(name) = child.as_str() {
                    found.insert(format!("Secret {}", code(name)));
                }
            }
            "imagePullSecrets" => {
                child.as_array().into_iter().flatten().for_each(|item| one(item, found));
            }
            _ => collect(child, found),
        }
    }
}

fn one(reference: &Value, found: &mut BTreeSet<String>) {
    let Some(name) = reference["name"].as_str() else { return };
    let key = reference["key"].as_str().map(|key| format!(" key {}", code(key)));
    found.insert(format!("Secret {}{}", code(name), key.unwrap_or_default()));
}
