//! Findings: what is wrong in people's files, where, and what to do about it.
//!
//! A finding is a value; checks collect them all, and one report prints them in the format that
//! was asked for. Failures of the world are errors and never come through here.

mod across;
pub mod closest;
mod errors;
mod joins;
pub mod machine;
mod structure;
pub mod text;
mod warnings;

use std::fmt;
use std::sync::{Arc, OnceLock};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is rendered.
    Error,
    /// Worth a word; fatal under `--strict`.
    Warning,
}

impl Severity {
    /// Returns the word for people and machines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A row of the table of codes, which `openclaw explain` prints.
#[derive(Debug)]
pub struct Code {
    /// Stable code, such as `OC0012`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub title: &'static str,
    /// Why it matters.
    pub explain: &'static str,
    /// An example that has the fault.
    pub wrong: &'static str,
    /// The same without it.
    pub right: &'static str,
}

/// Returns the table of codes, in their order.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    [structure::STRUCTURE, errors::ERRORS, joins::JOINS, warnings::WARNINGS, across::ACROSS]
        .into_iter()
        .flatten()
}

/// Returns the row of a code, whatever its letter case.
pub fn code(code: &str) -> Option<&'static Code> {
    codes().find(|row| row.code.eq_ignore_ascii_case(code))
}

/// Returns how bad the findings of a code are; codes that are not in the table are errors.
pub fn severity(code: &str) -> Severity {
    self::code(code).map_or(Severity::Error, |row| row.severity)
}

/// Returns the path of `key` below `base`; keys that are not plain words are quoted.
pub fn key_path(base: &str, key: &str) -> String {
    let plain = !key.is_empty()
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$'));
    if plain { format!("{base}.{key}") } else { format!("{base}[{}]", serde_json::json!(key)) }
}

/// A text with its name.
#[derive(Debug)]
pub struct Source {
    /// Name of the file, or `<stdin>`.
    pub name: String,
    /// Its text; a byte order mark at its start is part of it.
    pub text: String,
    /// Where each line starts, found when the first place is told.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    /// Names a text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), lines: OnceLock::new() }
    }

    /// Returns line and column of a byte, counted from 1, columns in characters.
    fn position(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let lines = self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            [0].into_iter().chain(breaks.map(|(at, _)| at + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= at);
        let start = lines.get(line - 1).copied().unwrap_or_default();
        let column = self.text[start..at].chars().filter(|c| *c != '\u{feff}').count() + 1;
        (line, column)
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.text) == (&other.name, &other.text)
    }
}

impl Eq for Source {}

/// A range of bytes in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// Where a finding is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: Arc<Source>,
    /// The part of it that is marked.
    pub span: Span,
}

impl Place {
    /// Returns line and column of the start and of the end, counted from 1, columns in characters.
    pub fn lines(&self) -> [(usize, usize); 2] {
        [self.span.start, self.span.end].map(|at| self.source.position(at))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [(line, column), _] = self.lines();
        write!(f, "{}:{line}:{column}", self.source.name)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Field, such as `spec.sidecars[0].name`; empty for a whole file.
    pub path: String,
    /// What was found and what is allowed.
    pub message: String,
    /// The one thing to do.
    pub hint: Option<String>,
    /// Where it is.
    pub place: Option<Place>,
}

impl Finding {
    /// Makes a finding without a place.
    pub fn new(
        code: &'static str,
        severity: Severity,
        path: impl Into<String>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Self {
        let (path, message) = (path.into(), message.into());
        Self { code, severity, path, message, hint, place: None }
    }

    /// Makes a finding of `code` at a place, as bad as the table says.
    pub fn at(
        code: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
        hint: Option<&str>,
        place: Place,
    ) -> Self {
        let hint = hint.map(str::to_owned);
        Self { place: Some(place), ..Self::new(code, severity(code), path, message, hint) }
    }
}

/// All findings of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds all findings of another report.
    pub fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
    }

    /// Returns the findings.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Sorts by file, place and code, and drops what is told twice.
    pub fn sort(&mut self) {
        let key = |finding: &Finding| {
            let place = finding.place.as_ref();
            (
                place.map(|p| p.source.name.clone()),
                place.map(|p| p.span),
                finding.code,
                finding.path.clone(),
                finding.message.clone(),
            )
        };
        self.findings.sort_by_cached_key(key);
        self.findings.dedup();
    }

    /// Returns how many errors there are.
    pub fn error_count(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    /// Returns how many warnings there are.
    pub fn warning_count(&self) -> usize {
        self.findings.len() - self.error_count()
    }

    /// Whether anything forbids rendering.
    pub fn has_errors(&self) -> bool {
        self.error_count() > 0
    }

    /// Whether the run has failed: by an error, or by a warning where warnings are fatal.
    pub fn is_failure(&self, strict: bool) -> bool {
        self.has_errors() || (strict && !self.findings.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_unique_and_explained() {
        let all: Vec<&Code> = codes().collect();
        assert!(all.windows(2).all(|pair| pair[0].code < pair[1].code));
        for row in all {
            assert!(row.code.starts_with("OC") && row.code.len() == 6, "{}", row.code);
            for text in [row.title, row.explain, row.wrong, row.right] {
                assert!(!text.is_empty(), "{}", row.code);
            }
        }
    }

    #[test]
    fn columns_count_characters() {
        let check = |text: &str, at: usize, expected: (usize, usize)| {
            assert_eq!(Source::new("", text).position(at), expected, "{text:?} at {at}");
        };
        check("aé\nüx", 0, (1, 1));
        check("aé\nüx", 3, (1, 3));
        check("aé\nüx", 4, (2, 1));
        check("aé\nüx", 6, (2, 2));
        check("\u{feff}a", 3, (1, 1));
        check("a", 99, (1, 2));
        check("", 0, (1, 1));
    }
}
