//! When `validate` and the API server say the same of an instance, and where they may differ.

use std::collections::BTreeSet;

use crate::verdict::{self, Verdict};

/// What the API server says beside the rule that says it too, or instead of it.
pub const TOLD_TWICE: [(&str, fn(&Verdict, &str) -> bool); 3] = [
    ("names of objects have a rule of their own", |rust, message| {
        rust.codes.contains("OC0101") && message.starts_with("metadata.name: Invalid value")
    }),
    ("skills are a set, and the rule says so too", |rust, message| {
        rust.codes.contains("OC0106") && is_duplicate(message, "spec.skills[")
    }),
    ("env is a map by name, so the CRD needs no rule", |rust, message| {
        rust.others.contains("OC0114") && is_duplicate(message, "spec.env[")
    }),
];

fn is_duplicate(message: &str, list: &str) -> bool {
    message.starts_with(list) && message.contains(": Duplicate value")
}

/// Where the two sides may differ, and why that stays.
pub const EXCEPTIONS: [(&str, fn(&Verdict, &[String]) -> bool); 3] = [
    (
        "an empty name is a missing one to the API server, which then asks no rule",
        |rust, answer| {
            rust.codes.contains("OC0101")
                && answer.iter().any(|text| text.starts_with("metadata.name: Required value"))
        },
    ),
    (
        "validate names a refused field whatever its value is, the API server its type",
        |rust, answer| {
            rust.codes.contains("OC0103")
                && answer.iter().any(|text| text.contains(" in body must be of type "))
        },
    ),
    (
        "a whole number written with a fraction: readers of YAML differ, so validate refuses",
        |rust, _| {
            !rust.shape.is_empty()
                && rust.shape.iter().all(|text| text.contains(".0`, allowed: a whole number"))
        },
    ),
];

/// What comes of holding both answers against each other.
pub struct Judged {
    /// Whether they say the same, or an exception allows the difference.
    pub agree: bool,
    /// The exceptions that were needed.
    pub excused: Vec<&'static str>,
    /// The codes of the rules that the API server names; nothing where the shape is wrong.
    pub codes: Option<BTreeSet<String>>,
}

/// Returns every exception.
pub fn exceptions() -> impl Iterator<Item = &'static str> {
    TOLD_TWICE.map(|(why, _)| why).into_iter().chain(EXCEPTIONS.map(|(why, _)| why))
}

/// Holds what `validate` says against the API server's messages.
pub fn judge(rust: &Verdict, answer: &[String]) -> Judged {
    let mut codes = BTreeSet::new();
    let mut shape = false;
    let mut excused = Vec::new();
    for message in answer {
        if let Some(code) = verdict::code_of(message) {
            codes.insert(code);
        } else if let Some((why, _)) = TOLD_TWICE.iter().find(|(_, holds)| holds(rust, message)) {
            excused.push(*why);
        } else {
            shape = true;
        }
    }
    // The rules are not asked, or in part, where the shape is wrong.
    let asked = rust.shape.is_empty() && !shape;
    let mut agree = if asked { rust.codes == codes } else { rust.shape.is_empty() != shape };
    if !agree && let Some((why, _)) = EXCEPTIONS.iter().find(|(_, holds)| holds(rust, answer)) {
        excused.push(*why);
        agree = true;
    }
    Judged { agree, excused, codes: asked.then_some(codes) }
}
