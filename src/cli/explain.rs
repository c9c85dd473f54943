//! `openclaw explain`: a finding's code, or a field of an instance or of openclaw.yaml.

pub(super) mod field;

use std::fmt::Write as _;

use clap::Args;
use serde_json::Value;

use super::{Outcome, print};
use crate::api::settings::{FILE, Settings};
use crate::diagnostic::{self, Code};
use crate::validate::{CHECKS, Cel, Question, admission, settings};

/// Flags of `openclaw explain`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// A code such as `OC0012`, or a field such as `spec.autoUpdate`; `openclaw.yaml` and its fields
    /// such as `update.window`.
    #[arg(add = super::completion::subjects())]
    subject: String,
    /// Print every field below it, one a line.
    #[arg(long)]
    recursive: bool,
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
    let instance = field::Schema { root: admission::instance_schema(), default: default_of };
    let config = field::Schema { root: settings::schema(), default: setting_default };
    if subject == FILE {
        return print(&field::text(&config, FILE, "", flags.recursive).unwrap_or_default());
    }
    let found = [&instance, &config]
        .into_iter()
        .find_map(|schema| field::text(schema, subject, subject, flags.recursive));
    match found {
        Some(text) => print(&text),
        None => {
            let near = field::nearest(&instance.root, subject)
                .or_else(|| field::nearest(&config.root, subject))
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            anyhow::bail!("there is no field `{subject}`{near}")
        }
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
