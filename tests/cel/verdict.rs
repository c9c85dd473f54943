//! What `validate` says about an instance, in the words that the API server's answer has too.

use std::collections::BTreeSet;

use openclaw::api::load::{Input, Reading, load, schema};
use openclaw::api::settings::Settings;
use openclaw::diagnostic::{Finding, Severity};
use openclaw::validate::{CHECKS, Cel, validate};
use serde_json::Value;

/// Why an instance is refused.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Its shape is wrong: the rules are not asked, or in part.
    pub shape: Vec<String>,
    /// The rules that it breaks, of those that the CRD carries.
    pub codes: BTreeSet<String>,
    /// The errors that the CRD does not carry.
    pub others: BTreeSet<String>,
}

/// Returns what `validate` says.
pub fn of_rust(instance: &Value) -> Verdict {
    let (shape, findings) = findings(instance);
    let mut verdict = Verdict { shape, ..Verdict::default() };
    for finding in findings {
        if is_known(finding.code) {
            verdict.codes.insert(finding.code.to_owned());
        } else if finding.severity == Severity::Error {
            verdict.others.insert(finding.code.to_owned());
        }
    }
    verdict
}

/// Returns what is wrong with the shape, and the findings of every rule.
pub fn findings(instance: &Value) -> (Vec<String>, Vec<Finding>) {
    let settings = Settings::default();
    let input =
        Input { name: "a.yaml".to_owned(), origin: None, bytes: instance.to_string().into_bytes() };
    let reading = Reading { settings: &settings, namespace: None, schema: schema() };
    let sources = load(&input, reading);
    let said =
        |finding: &Finding| format!("{} {}: {}", finding.code, finding.path, finding.message);
    let shape = sources.report.findings().iter().map(said).collect();
    let reports = sources.instances.iter().map(|loaded| validate(loaded, &settings));
    (shape, reports.flat_map(|report| report.findings().to_vec()).collect())
}

/// Whether the CRD carries the rule.
pub fn is_known(code: &str) -> bool {
    code == "OC0103"
        || CHECKS.iter().any(|row| row.code == code && matches!(row.cel, Cel::Rule { .. }))
}

/// Returns the code that a message of a rule begins with.
pub fn code_of(message: &str) -> Option<String> {
    let at = message.find("OC0")?;
    message.get(at..at + 6).map(str::to_owned)
}

/// Returns the code of a rule, which an error while it ran does not carry in its message.
pub fn code_of_rule(text: &str, message: &str) -> String {
    let row = CHECKS.iter().find(|row| matches!(row.cel, Cel::Rule { rule, .. } if rule == text));
    row.map(|row| row.code.to_owned()).or_else(|| code_of(message)).expect(message)
}
