//! openclaw.json of a chart: without what only its Pod has, and without secrets.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::secrecy;
use crate::diagnostic::key_path;
use crate::names;

/// Where openclaw.json is in the spec.
const RAW: &str = "config.raw";

/// Takes a mapping over; `to` is the part of openclaw.json that it is.
pub(super) fn carry(draft: &mut Draft<'_>, path: &str, to: &str, value: Value) {
    let mut value = draft.moved(value);
    if to == RAW {
        leave_dropped(draft, path, &mut value);
        leave_gateway(draft, path, &mut value);
    }
    let mut steps = Vec::new();
    leave_secrets(draft, path, &mut steps, &mut value);
    draft.merge(to, value);
}

/// Takes a text over that is JSON, or JSON with comments.
pub(super) fn carry_text(draft: &mut Draft<'_>, path: &str, text: &str) {
    match serde_json::from_str::<Value>(&without_comments(text)) {
        Ok(value) if value.is_object() => carry(draft, path, RAW, value),
        _ => draft.left(
            path,
            "it is neither JSON nor JSON with comments",
            Some("keep it in a ConfigMap: `spec.config.configMapRef` with `format: json5`"),
        ),
    }
}

/// Leaves out what belongs to the image or the Pod of the chart.
fn leave_dropped(draft: &mut Draft<'_>, path: &str, value: &mut Value) {
    for drop in draft.chart.drops {
        let is_held = draft.holds(drop.image);
        let map = value.as_object_mut().filter(|_| is_held);
        let removed = map.and_then(|map| map.remove(drop.key));
        if removed.is_some() {
            draft.left(&key_path(path, drop.key), drop.why, Some(drop.hint));
        }
    }
}

/// Leaves out port and token of the gateway. The port is one for Service and probes, and the token
/// beats the one of the environment, so it would have to be in Git.
fn leave_gateway(draft: &mut Draft<'_>, path: &str, value: &mut Value) {
    let Some(gateway) = value.get_mut("gateway").and_then(Value::as_object_mut) else { return };
    let path = key_path(path, "gateway");
    let port = gateway.remove("port");
    if port.is_some_and(|port| port != json!(names::PORT_GATEWAY)) {
        draft.left(&key_path(&path, "port"), "the gateway listens on 18789", None);
    }
    let is_written = |token: &Value| token.as_str().is_some_and(|token| !token.contains("${"));
    if let Some(auth) = gateway.get_mut("auth").and_then(Value::as_object_mut)
        && auth.get("token").is_some_and(is_written)
    {
        let token = auth.remove("token");
        if token.as_ref().and_then(Value::as_str) != Some("") {
            draft.set_token(&key_path(&key_path(&path, "auth"), "token"));
        }
    }
    if value["gateway"] == Value::Object(Map::new()) {
        value.as_object_mut().and_then(|map| map.remove("gateway"));
    }
}

/// Leaves secrets to the environment, from which the application fills in `${NAME}`.
fn leave_secrets(draft: &mut Draft<'_>, path: &str, steps: &mut Vec<String>, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                steps.push(key.clone());
                leave_secrets(draft, &key_path(path, key), steps, value);
                steps.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                steps.push(index.to_string());
                leave_secrets(draft, &format!("{path}[{index}]"), steps, item);
                steps.pop();
            }
        }
        Value::String(text) => {
            let named = steps.iter().rev().find(|step| step.parse::<usize>().is_err());
            let name = named.map(String::as_str).unwrap_or_default();
            if secrecy::is_secret(name, text) {
                let env = secrecy::env_of(steps);
                draft.set_secret(path, &env);
                *text = format!("${{{env}}}");
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Blanks `// ...` and `/* ... */` outside of texts; lines stay what they are.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = if c == '"' {
            end_of_text(rest)
        } else if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            rest = &rest[end..];
            continue;
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
            out.push(' ');
            rest = &rest[end..];
            continue;
        } else {
            c.len_utf8()
        };
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

/// Returns where the text ends that begins here.
fn end_of_text(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_blanked_and_texts_kept() {
        let check = |text: &str, expected: &str| assert_eq!(without_comments(text), expected);
        check("{\"a\": \"//b\"} // c\n", "{\"a\": \"//b\"} \n");
        check(r#"{"a\"//": 1}//"#, r#"{"a\"//": 1}"#);
        check("{/* a\n\"b */}", "{ }");
        check("\"open", "\"open");
        check("/* open", " ");
    }
}
