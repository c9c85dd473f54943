//! What is wrong with the files of a tree: in words for people, as findings for machines.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use crate::cli::findings::Findings;
use crate::cli::{project, tell};
use crate::diagnostic::{Finding, Place, Report, Source, Span};
use crate::tree::{self, Present, State, Wanted};

/// Takes a finding for every file that is not as it should be.
pub(super) fn check(folder: &Path, wanted: &Wanted, present: &Present, findings: &mut Findings) {
    let states = tree::compare(wanted, present);
    let (mut report, mut words) = (Report::default(), String::new());
    for (path, state) in &states {
        let file = project::shown(&folder.join(path));
        // A String takes every text, so writing to it cannot fail.
        _ = writeln!(words, "{}: {file}", state.word());
        report.push(finding(&file, *state, wanted.contains_key(path)));
    }
    words.push_str(&advice(&states, wanted));
    findings.take_as(report, |_| tell(&words));
}

fn finding(file: &str, state: State, is_wanted: bool) -> Finding {
    let (code, message) = match (state, is_wanted) {
        (State::Stale, _) => ("OC0341", "is stale: its sources give other content"),
        (State::Missing, _) => ("OC0342", "is missing: its sources give it"),
        (State::Left, _) => ("OC0343", "is left over: its sources do not give it any more"),
        (State::HandEdited, _) => ("OC0344", "is hand-edited: it is not what was rendered"),
        (State::Foreign, true) => {
            ("OC0345", "is foreign: no lock lists it, and one of ours belongs there")
        }
        (State::Foreign, false) => ("OC0345", "is foreign: no lock lists it"),
    };
    // The whole file is meant, which may not even be there; hosts want a line all the same.
    let place = Place { source: Arc::new(Source::new(file, "")), span: Span::default() };
    Finding::at(code, "", format!("{file} {message}"), Some(hint(state, is_wanted)), place)
}

/// Returns what to do, once for all files with which the same is wrong.
pub(super) fn advice(states: &BTreeMap<String, State>, wanted: &Wanted) -> String {
    let kinds: BTreeSet<(State, bool)> =
        states.iter().map(|(path, state)| (*state, wanted.contains_key(path))).collect();
    let mut hints: Vec<&str> = kinds.into_iter().map(|(s, is_wanted)| hint(s, is_wanted)).collect();
    hints.dedup();
    let mut words = String::new();
    for hint in hints {
        // A String takes every text, so writing to it cannot fail.
        _ = writeln!(words, "hint: {hint}");
    }
    words
}

fn hint(state: State, is_wanted: bool) -> &'static str {
    match (state, is_wanted) {
        (State::Stale | State::Missing | State::Left, _) => {
            "run `openclaw render` and commit what it writes"
        }
        (State::HandEdited, true) => {
            "hand-edited: move the change into the instance, then run `openclaw render --force`"
        }
        (State::HandEdited, false) => {
            "hand-edited, and not rendered any more: save the change, then run `openclaw render --force`"
        }
        (State::Foreign, true) => {
            "foreign where a file of ours belongs: move it away, or replace it with `openclaw render --force`"
        }
        (State::Foreign, false) => {
            "foreign: move it out of the tree or delete it; `openclaw render` never does"
        }
    }
}
