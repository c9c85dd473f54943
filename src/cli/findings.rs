//! Findings on their way to whoever asked: people are told at once, machines get one document when
//! all are known.

use clap::ValueEnum;

use super::{Outcome, print, tell_report};
use crate::diagnostic::{Report, machine};

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Text,
    /// A JSON array.
    Json,
    /// Annotations of GitHub.
    Github,
    /// A Code Quality report of GitLab.
    Gitlab,
    /// SARIF 2.1.0.
    Sarif,
}

impl Format {
    /// Returns what writes a whole report; none where people are told as it goes.
    fn writer(self) -> Option<fn(&Report) -> String> {
        match self {
            Self::Text => None,
            Self::Json => Some(machine::json),
            Self::Github => Some(machine::github),
            Self::Gitlab => Some(machine::gitlab),
            Self::Sarif => Some(machine::sarif),
        }
    }
}

/// The findings of one run.
pub(super) struct Findings {
    format: Format,
    color: bool,
    strict: bool,
    kept: Report,
    is_failure: bool,
}

impl Findings {
    /// Starts without any.
    pub(super) fn new(format: Format, color: bool, strict: bool) -> Self {
        Self { format, color, strict, kept: Report::default(), is_failure: false }
    }

    /// Takes a report; returns whether it forbids going on.
    pub(super) fn take(&mut self, report: Report) -> bool {
        let (color, strict) = (self.color, self.strict);
        self.take_as(report, |report| {
            tell_report(report, color, strict);
        })
    }

    /// Takes a report of which people are told in other words.
    pub(super) fn take_as(&mut self, mut report: Report, words: impl FnOnce(&mut Report)) -> bool {
        let fails = report.is_failure(self.strict);
        self.is_failure |= fails;
        match self.format {
            Format::Text => words(&mut report),
            _ => self.kept.extend(report),
        }
        fails
    }

    /// Prints what machines get, which is a document without findings too.
    pub(super) fn end(mut self) -> anyhow::Result<Outcome> {
        if let Some(write) = self.format.writer() {
            self.kept.sort();
            print(&write(&self.kept))?;
        }
        Ok(if self.is_failure { Outcome::Finding } else { Outcome::Done })
    }
}
