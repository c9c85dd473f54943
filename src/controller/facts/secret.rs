//! The facts of a Secret or ConfigMap. Values are looked at here and nowhere else, and none leaves.

use k8s_openapi::ByteString;
use serde_json::Value;

use super::pod::time;
use crate::controller::backup::store;
use crate::controller::observed::{Held, Quality};
use crate::names;

/// Returns the facts of a Secret.
pub fn secret(metadata: &Value, data: &[(String, ByteString)]) -> Held {
    let token = data.iter().find(|(key, _)| key == names::KEY_TOKEN);
    let value = |name: &str| {
        let found = data.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| String::from_utf8_lossy(&value.0).into_owned())
    };
    let is_store = metadata["name"] == names::BACKUP_SECRET;
    Held {
        store: is_store.then(|| store::facts(value)),
        keys: data.iter().map(|(key, _)| key.clone()).collect(),
        token: token.map_or(Quality::Missing, |(_, value)| Quality::of(&value.0)),
        ..held(metadata)
    }
}

/// Returns the facts of a ConfigMap.
pub fn config_map(metadata: &Value, keys: impl Iterator<Item = String>) -> Held {
    Held { keys: keys.collect(), ..held(metadata) }
}

fn held(metadata: &Value) -> Held {
    let list = |key: &str| metadata[key].as_array().into_iter().flatten();
    let writes_data = |entry: &&Value| entry["fieldsV1"].get("f:data").is_some();
    let written = list("managedFields").filter(writes_data).filter_map(|e| time(&e["time"])).max();
    Held {
        version: metadata["resourceVersion"].as_str().unwrap_or_default().to_owned(),
        owners: list("ownerReferences")
            .filter_map(|owner| owner["uid"].as_str())
            .map(str::to_owned)
            .collect(),
        is_labeled: metadata["labels"][names::LABEL_MANAGED_BY] == names::MANAGED_BY,
        written,
        ..Held::default()
    }
}
