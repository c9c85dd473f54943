//! Environment variables of a chart, in whichever shape.

use serde_json::{Value, json};

use super::draft::Draft;
use super::secrecy;
use super::take::{TEMPLATE, fill, text};
use crate::api::auth::TOKEN_ENV;
use crate::diagnostic::key_path;
use crate::validate::is_fixed_env;

/// Takes a mapping of names, or a list as Kubernetes has it.
pub(super) fn carry(draft: &mut Draft<'_>, path: &str, value: &Value) {
    for (name, value) in value.as_object().into_iter().flatten() {
        set(draft, &key_path(path, name), name, value);
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(name) = item["name"].as_str() else {
            draft.unknown(&path);
            continue;
        };
        let value = item.get("value").unwrap_or(item);
        set(draft, &path, name, value);
    }
}

/// Takes one variable: a scalar, or a mapping with `valueFrom`.
pub(super) fn set(draft: &mut Draft<'_>, path: &str, name: &str, value: &Value) {
    let mut value = value.clone();
    if !fill(draft, &mut value) {
        draft.left(path, TEMPLATE, Some("write its value"));
        return;
    }
    let value = &value;
    if is_fixed_env(name) {
        let is_same = text(value).starts_with(home(draft.chart.state_dir));
        if !is_same {
            let why = format!("`{name}` is fixed: the Pod's paths, ports and probes depend on it");
            draft.left(path, &why, None);
        }
        return;
    }
    match value {
        Value::Null => {}
        Value::Object(map) => match (map.get("valueFrom"), map.get("value")) {
            (Some(from), _) => draft.push_env(json!({"name": name, "valueFrom": from})),
            (None, Some(value)) if !value.is_object() => set(draft, path, name, value),
            _ => draft.unknown(path),
        },
        Value::Array(_) => draft.unknown(path),
        scalar => {
            let value = text(scalar);
            if !secrecy::is_secret(name, &value) {
                let value = draft.moved(value.into());
                draft.push_env(json!({"name": name, "value": value}));
            } else if name == TOKEN_ENV {
                draft.set_token(path);
            } else {
                draft.set_secret(path, name);
            }
        }
    }
}

/// Returns the home above the folder of the state.
fn home(state_dir: &str) -> &str {
    state_dir.rsplit_once('/').map_or(state_dir, |(home, _)| home)
}

/// Takes Secrets and ConfigMaps, each of whose keys is a variable.
pub(super) fn carry_sources(draft: &mut Draft<'_>, path: &str, value: &Value) {
    let items: Vec<Value> = value.as_array().cloned().unwrap_or_default();
    for (index, item) in items.into_iter().enumerate() {
        let is_plain =
            ["secretRef", "configMapRef"].iter().any(|kind| item[kind]["name"].is_string());
        if is_plain {
            draft.push("envFrom", item);
        } else {
            let hint = "write it into `spec.envFrom` as Kubernetes has it";
            draft.left(
                &format!("{path}[{index}]"),
                "it is not in Kubernetes' own words",
                Some(hint),
            );
        }
    }
}
