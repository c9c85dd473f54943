//! What `validate` says, in the words of the policy that warns.

use std::collections::BTreeSet;

use openclaw::diagnostic::{Finding, Severity};
use openclaw::validate::policies::questions;
use serde_json::Value;

use crate::verdict;

/// Writes `a[0].b` as `a[].b`.
fn without_indices(path: &str) -> String {
    let mut parts = path.split('[');
    let first = parts.next().unwrap().to_owned();
    let rest = parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.fold(first, |path, part| format!("{path}[{part}"))
}

/// Returns the question of the policy that says what a finding says.
fn question_of(finding: &Finding) -> Option<String> {
    let path = without_indices(&finding.path);
    questions(Severity::Warning)
        .find(|(code, question)| {
            *code == finding.code
                && question.path == path
                && finding.message.ends_with(question.message)
        })
        .map(|(code, question)| format!("{code}: {path}: {}", question.message))
}

/// Whether the table has a question for the code.
fn is_asked(code: &str) -> bool {
    questions(Severity::Warning).any(|(asked, _)| asked == code)
}

/// Returns the warnings of `validate` that a policy can tell, in its words.
pub fn warnings(instance: &Value) -> BTreeSet<String> {
    let (_, findings) = verdict::findings(instance);
    let asked = findings.iter().filter(|finding| is_asked(finding.code));
    asked.map(|finding| question_of(finding).unwrap_or_else(|| panic!("{finding:?}"))).collect()
}
