//! `openclaw explain`: a finding's code, or a field of an instance.

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use super::{Outcome, print};
use crate::api::settings::Settings;
use crate::diagnostic::closest::closest;
use crate::diagnostic::{self, Code};
use crate::validate::{CHECKS, Cel, Question, admission};

/// Flags of `openclaw explain`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// A code such as `OC0012`, or a field such as `spec.autoUpdate`.
    subject: String,
}

/// Explains the subject.
pub(super) fn run(flags: &Flags) -> anyhow::Result<Outcome> {
    let subject = flags.subject.trim();
    if let Some(code) = diagnostic::code(subject) {
        return print(&code_text(code));
    }
    if subject.to_ascii_uppercase().starts_with("OC") && !subject.contains('.') {
        anyhow::bail!("there is no code `{subject}`; README.md lists them all");
    }
    let mut schema = admission::instance_schema();
    match admission::node(&mut schema, &with_items(subject, &admission::instance_schema())) {
        Some(node) => print(&field_text(subject, node)),
        None => anyhow::bail!("there is no field `{subject}`{}", suggestion(subject)),
    }
}

fn code_text(code: &Code) -> String {
    let mut text = format!("{} ({}): {}\n", code.code, code.severity.word(), code.title);
    let checked = CHECKS.iter().find(|check| check.code == code.code);
    // A String takes every text, so writing to it cannot fail.
    let out = &mut text;
    if let Some(check) = checked {
        _ = writeln!(out, "\nfield: {}", check.path);
    }
    _ = write!(
        out,
        "\n{}\n\nwrong:\n{}\nright:\n{}",
        code.explain,
        block(code.wrong),
        block(code.right)
    );
    match checked.map(|check| &check.cel) {
        Some(Cel::Rule { at, rule, .. }) => {
            _ = write!(out, "\nin the cluster, at {at}:\n{}", block(rule));
        }
        Some(Cel::Policy(questions)) => out.push_str(&asked(questions)),
        Some(Cel::Part(questions, why)) => {
            out.push_str(&asked(questions));
            _ = writeln!(out, "\nthe rest is not checked by the cluster: {why}");
        }
        Some(Cel::NotExpressible(why)) => _ = writeln!(out, "\nnot checked by the cluster: {why}"),
        None => {}
    }
    text
}

fn asked(questions: &[Question]) -> String {
    let one = |question: &Question| {
        format!("\nin the cluster, by policy, at {}:\n{}", question.path, block(question.rule))
    };
    questions.iter().map(one).collect()
}

fn block(text: &str) -> String {
    text.lines().fold(String::new(), |block, line| format!("{block}  {line}\n"))
}

/// Lets people leave out the `[]` of lists.
fn with_items(path: &str, schema: &Value) -> String {
    let mut node = schema.clone();
    let mut full = String::new();
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let name = segment.trim_end_matches("[]");
        if node.get("properties").is_none() && node.get("items").is_some() {
            full.push_str("[]");
            node = node["items"].clone();
        }
        node = node["properties"][name].clone();
        if !full.is_empty() {
            full.push('.');
        }
        full.push_str(name);
    }
    full
}

fn field_text(path: &str, node: &Value) -> String {
    let mut text = format!("{path} <{}>\n", type_name(node));
    let out = &mut text;
    if let Some(description) = node["description"].as_str() {
        _ = writeln!(out, "\n{description}");
    }
    if let Some(default) = default_of(path) {
        _ = writeln!(out, "\ndefault: {default}");
    }
    if let Some(allowed) = node["enum"].as_array() {
        let words: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        _ = writeln!(out, "\nallowed: {}", words.join(", "));
    }
    let fields = node.get("properties").or_else(|| node["items"].get("properties"));
    if let Some(fields) = fields.and_then(Value::as_object) {
        out.push_str("\nfields:\n");
        for (name, field) in fields {
            let description = field["description"].as_str().unwrap_or_default();
            let line = description.lines().next().unwrap_or_default();
            _ = writeln!(out, "  {name} <{}>  {line}", type_name(field));
        }
    }
    let base = path.replace("[]", "");
    let related: Vec<&str> = CHECKS
        .iter()
        .filter(|check| check.path.replace("[]", "").starts_with(&base))
        .map(|check| check.code)
        .collect();
    if !related.is_empty() && related.len() <= 20 {
        _ = writeln!(out, "\nfindings: {}", related.join(", "));
    }
    text
}

fn type_name(node: &Value) -> String {
    if node.get("x-kubernetes-int-or-string").is_some() {
        return "integer or string".to_owned();
    }
    match node["type"].as_str() {
        Some("array") => format!("[]{}", type_name(&node["items"])),
        Some("object") if node.get("additionalProperties").is_some() => {
            format!("map[string]{}", type_name(&node["additionalProperties"]))
        }
        Some(word) => word.to_owned(),
        None => "any".to_owned(),
    }
}

/// Returns the default of a field, as the renderer applies it.
pub(super) fn default_of(path: &str) -> Option<String> {
    let spec = crate::api::OpenClawInstanceSpec::default();
    let defaults = serde_json::json!({"spec": spec});
    let pointer = format!("/{}", path.replace('.', "/"));
    match defaults.pointer(&pointer)? {
        Value::Object(_) | Value::Null => None,
        Value::Array(list) if list.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

/// Returns the default of a field of openclaw.yaml.
pub(super) fn setting_default(path: &str) -> Option<String> {
    let defaults = serde_json::to_value(Settings::default()).ok()?;
    match defaults.pointer(&format!("/{}", path.replace('.', "/")))? {
        Value::Object(_) | Value::Null => None,
        Value::Array(list) if list.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

fn suggestion(path: &str) -> String {
    let schema = admission::instance_schema();
    let mut node = &schema;
    let mut known = Vec::new();
    for segment in path.split('.') {
        let fields = node.get("properties").or_else(|| node["items"].get("properties"));
        let Some(fields) = fields.and_then(Value::as_object) else { break };
        match fields.get(segment.trim_end_matches("[]")) {
            Some(next) => {
                known.push(segment);
                node = next;
            }
            None => {
                let near = closest(segment, fields.keys().map(String::as_str));
                return near.map_or_else(String::new, |word| {
                    known.push(word);
                    format!("; did you mean `{}`?", known.join("."))
                });
            }
        }
    }
    String::new()
}
