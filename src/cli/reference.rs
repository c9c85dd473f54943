//! The tables of README.md that are made from the types, so that they cannot lie.

use std::fmt::Write as _;

use clap::ValueEnum;
use serde_json::Value;

use super::explain::{default_of, setting_default};
use crate::api::crd::EMBEDDED;
use crate::controller::rights;
use crate::diagnostic::codes;
use crate::diff::impact;
use crate::import::helm;
use crate::validate::{CHECKS, Cel, admission, settings};

/// A table of README.md.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Table {
    /// Fields of an instance.
    Fields,
    /// Fields of openclaw.yaml.
    Settings,
    /// Findings by code.
    Findings,
    /// Rights of the controller.
    Rights,
    /// What a change can mean.
    Impacts,
    /// Helm charts whose values are imported.
    Charts,
}

/// Returns a table as Markdown.
pub(super) fn table(table: Table) -> String {
    match table {
        Table::Fields => {
            let schema = admission::instance_schema();
            let mut out = head();
            rows(&mut out, "spec", &schema["properties"]["spec"], default_of);
            out
        }
        Table::Settings => {
            let mut out = head();
            rows(&mut out, "", &settings::schema(), setting_default);
            out
        }
        Table::Findings => findings(),
        Table::Rights => rights::table(),
        Table::Impacts => impact::table(),
        Table::Charts => helm::table(),
    }
}

fn head() -> String {
    "| field | meaning | default |\n| --- | --- | --- |\n".to_owned()
}

fn rows(out: &mut String, path: &str, node: &Value, default: fn(&str) -> Option<String>) {
    let Some(fields) = node.get("properties").and_then(Value::as_object) else { return };
    for (name, field) in fields {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let description = field["description"].as_str().unwrap_or_default();
        if description.starts_with("Not supported") {
            continue;
        }
        let is_list = field.get("items").is_some_and(|items| items.get("properties").is_some());
        let inner = if is_list { &field["items"] } else { field };
        let embedded = EMBEDDED.contains(&below.as_str());
        if inner.get("properties").is_some() && !embedded {
            let below = if is_list { format!("{below}[]") } else { below };
            rows(out, &below, inner, default);
            continue;
        }
        let text = description.replace('\n', " ").replace('|', "\\|");
        let default = default(&below).map_or_else(String::new, |d| format!("`{d}`"));
        // A String takes every text, so writing to it cannot fail.
        _ = writeln!(out, "| `{below}` | {text} | {default} |");
    }
}

fn findings() -> String {
    let mut out =
        "| code | severity | about | in the cluster |\n| --- | --- | --- | --- |\n".to_owned();
    for code in codes() {
        let (word, place) = (code.severity.word(), place(code.code));
        _ = writeln!(out, "| {} | {word} | {} | {place} |", code.code, code.title);
    }
    out
}

/// Returns what of the cluster asks the rule of a code.
fn place(code: &str) -> &'static str {
    match CHECKS.iter().find(|check| check.code == code).map(|check| &check.cel) {
        Some(Cel::Rule { .. }) => "CRD",
        Some(Cel::Policy(_)) => "policy",
        Some(Cel::Part(..)) => "policy, in part",
        // One rule a field.
        Some(Cel::NotExpressible(_)) if code == "OC0103" => "CRD",
        Some(Cel::NotExpressible(_)) | None => "",
    }
}
