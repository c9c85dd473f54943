//! Applies one row to one value.

use serde_json::{Value, json};

use super::draft::Draft;
use super::rows::Take;
use super::{config, environment};
use crate::api::source::Node;
use crate::import::is_off;
use crate::names;

/// Fields whose containers have paths of their own.
const CONTAINERS: [&str; 2] = ["initContainers", "sidecars"];

/// Why a template stays behind.
pub(super) const TEMPLATE: &str = "it is a template of Helm that is not filled in here";

/// Takes a value over, or tells why not.
pub(super) fn apply(draft: &mut Draft<'_>, take: Take, path: &str, to: &str, node: &Node) {
    let mut value = node.value();
    // Of many variables one may be a template.
    let is_whole = !matches!(take, Take::Own | Take::Env);
    if is_whole && !fill(draft, &mut value) {
        draft.left(path, TEMPLATE, Some("write its value"));
        return;
    }
    match take {
        Take::Left { unless, why, hint } => {
            // Where being on is what loses nothing, being off does.
            let is_off = is_off(&value) && !unless.contains(&"true");
            if !is_off && !is_one_of(&value, unless) {
                draft.left(path, why, hint);
            }
        }
        Take::Tag => tag(draft, path, to, &value),
        Take::Gate | Take::Read | Take::Secrets | Take::Own => {}
        _ if is_empty(&value) => {}
        Take::Same => {
            let is_moved = !CONTAINERS.contains(&to);
            let value = if is_moved { draft.moved(value) } else { value };
            draft.put(to, value);
        }
        Take::Text => draft.put(to, text(&value).into()),
        Take::One => draft.put(to, json!([value])),
        Take::Env => environment::carry(draft, path, &value),
        Take::EnvOf(name) => environment::set(draft, path, name, &value),
        Take::EnvFrom => environment::carry_sources(draft, path, &value),
        Take::Config => config::carry(draft, path, to, value),
        Take::ConfigText => config::carry_text(draft, path, &text(&value)),
        Take::Secret(env) => draft.set_secret(path, env),
        Take::Token => draft.set_token(path),
        Take::Port => port(draft, path, &value),
        Take::Hosts => hosts(draft, path, to, &value),
    }
}

/// What the charts take for nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns a scalar as a text, as Helm's `quote` does.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_one_of(value: &Value, texts: &[&str]) -> bool {
    texts.iter().any(|text| serde_json::from_str::<Value>(text).is_ok_and(|one| one == *value))
}

fn tag(draft: &mut Draft<'_>, path: &str, to: &str, value: &Value) {
    if is_empty(value) {
        let why = "it is empty, and the version is that of the chart";
        let hint = format!("set `spec.{to}` to the version that runs");
        draft.left(path, why, Some(&hint));
        return;
    }
    draft.put(to, text(value).into());
}

/// The gateway listens on one port here; the Service may have another.
fn port(draft: &mut Draft<'_>, path: &str, value: &Value) {
    if *value == json!(names::PORT_GATEWAY) {
        return;
    }
    let Some(port) = value.as_i64() else {
        draft.left(path, "it is no number", None);
        return;
    };
    let target = names::PORT_GATEWAY;
    let name = names::PORT_NAME_GATEWAY;
    draft.push(
        "networking.service.ports",
        json!({"name": name, "port": port, "targetPort": target}),
    );
}

/// Paths may name a port of the Service. Every one of them leads to the gateway here, which serves
/// the canvas too.
fn hosts(draft: &mut Draft<'_>, path: &str, to: &str, value: &Value) {
    let keep = |value: &Value, keys: &[&str]| {
        let map = value.as_object().into_iter().flatten();
        map.filter(|(key, _)| keys.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
    };
    let mut kept = Vec::new();
    for (index, host) in value.as_array().into_iter().flatten().enumerate() {
        let mut one = keep(host, &["host"]);
        let paths = host["paths"].as_array().into_iter().flatten();
        let paths: Vec<Value> =
            paths.map(|path| keep(path, &["path", "pathType"]).into()).collect();
        if !paths.is_empty() {
            one.insert("paths".to_owned(), paths.into());
        }
        kept.push(Value::Object(one));
        for key in host.as_object().into_iter().flat_map(serde_json::Map::keys) {
            if !["host", "paths"].contains(&key.as_str()) {
                draft.unknown(&format!("{path}[{index}].{key}"));
            }
        }
    }
    draft.put(to, kept.into());
}

/// Fills in the templates that only name another value; returns whether none is left. Only some
/// charts have templates in their values.
pub(super) fn fill(draft: &Draft<'_>, value: &mut Value) -> bool {
    match value {
        _ if !draft.chart.is_templated => true,
        Value::String(text) if text.contains("{{") => {
            let inside = text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
            let name = inside.and_then(|inside| inside.trim().strip_prefix(".Values."));
            let name = name.filter(|name| {
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
            });
            let found = name.and_then(|name| draft.text(&format!("app-template.{name}")));
            let is_found = found.is_some();
            if let Some(found) = found {
                *text = found;
            }
            is_found
        }
        Value::Array(items) => items.iter_mut().all(|item| fill(draft, item)),
        Value::Object(map) => map.values_mut().all(|item| fill(draft, item)),
        _ => true,
    }
}
