//! The rules of an instance: one table, every finding collected.
//!
//! Each row has a stable code, the field that it looks at, the check, and the same rule as CEL
//! for the CRD or for a policy, or the reason why CEL cannot say it. A rule that exists once cannot disagree with
//! itself.

pub mod across;
pub mod admission;
mod checks;
pub mod config_schema;
pub mod controller_config;
pub mod grammar;
pub mod policies;
pub mod record;
pub mod refused;
mod rules;
pub mod settings;
mod single;
mod table;

use crate::api::settings::Settings;
use crate::api::source::Document;
use crate::api::{Loaded, OpenClawInstanceSpec};
pub(crate) use crate::diagnostic::key_path;
use crate::diagnostic::{Finding, Report, Severity};

pub use table::CHECKS;

/// Whether a variable of the main container is fixed, as the Pod is built around it.
pub fn is_fixed_env(name: &str) -> bool {
    checks::environment::is_fixed(name)
}

/// One rule.
pub struct Check {
    /// Stable code, such as `OC0104`.
    pub code: &'static str,
    /// Field that it looks at.
    pub path: &'static str,
    /// Adds a finding for each violation.
    pub run: fn(&Subject<'_>, &mut Findings<'_>),
    /// The same rule for the API server.
    pub cel: Cel,
}

/// A rule as the API server evaluates it.
pub enum Cel {
    /// An `x-kubernetes-validations` rule.
    Rule {
        /// Field that carries the rule, from the root of the object.
        at: &'static str,
        /// The expression; true is good.
        rule: &'static str,
        /// What is told when it is false.
        message: &'static str,
    },
    /// Questions of a ValidatingAdmissionPolicy, which refuses or warns as the code says.
    Policy(&'static [Question]),
    /// Such questions that are only a part of the rule, and why.
    Part(&'static [Question], &'static str),
    /// The rule cannot be said in CEL, and why.
    NotExpressible(&'static str),
}

/// What a ValidatingAdmissionPolicy asks about one field.
pub struct Question {
    /// The field, list items as `[]`.
    pub path: &'static str,
    /// The expression; true is good.
    pub rule: &'static str,
    /// What is told when it is false: the end of what the check says.
    pub message: &'static str,
}

/// What a check looks at.
pub struct Subject<'a> {
    /// The instance as it was read.
    pub loaded: &'a Loaded,
    /// Its spec.
    pub spec: &'a OpenClawInstanceSpec,
    /// The settings of the repository.
    pub settings: &'a Settings,
}

/// Collects the findings of one check.
pub struct Findings<'a> {
    code: &'static str,
    severity: Severity,
    report: &'a mut Vec<Told>,
}

/// A finding whose place is not known yet.
struct Told {
    finding: Finding,
    /// Whether the key is at fault, not its value.
    marks_key: bool,
}

/// Most findings of one rule in one instance: what is wrong more often is wrong in one way.
const MOST: usize = 200;

impl Findings<'_> {
    /// Adds a finding at `path`.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.push(path.into(), message.into(), None, false);
    }

    /// Adds a finding about the key at the end of `path`.
    pub fn add_key(
        &mut self,
        path: impl Into<String>,
        message: impl Into<String>,
        hint: Option<&str>,
    ) {
        self.push(path.into(), message.into(), hint.map(str::to_owned), true);
    }

    /// Adds a finding with the one thing to do about it.
    pub fn advise(
        &mut self,
        path: impl Into<String>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(path.into(), message.into(), Some(hint.into()), false);
    }

    fn push(&mut self, path: String, message: String, hint: Option<String>, marks_key: bool) {
        let finding = Finding::new(self.code, self.severity, path, message, hint);
        self.report.push(Told { finding, marks_key });
    }
}

/// An instance that no rule forbids. It has forgotten its text, so that thousands fit.
#[derive(Debug)]
pub struct Valid(Loaded);

impl Valid {
    /// Returns what was loaded.
    pub fn loaded(&self) -> &Loaded {
        &self.0
    }
}

/// Checks one instance; the report carries warnings, or the errors that forbid it.
pub fn accept(mut loaded: Loaded, settings: &Settings) -> (Option<Valid>, Report) {
    let report = validate(&loaded, settings);
    if report.has_errors() || !loaded.ignored.is_empty() {
        return (None, report);
    }
    loaded.document = Document::default();
    (Some(Valid(loaded)), report)
}

/// Checks one instance against every rule.
pub fn validate(loaded: &Loaded, settings: &Settings) -> Report {
    let subject = Subject { loaded, spec: &loaded.spec, settings };
    let mut findings = Vec::new();
    for check in CHECKS {
        let severity = crate::diagnostic::severity(check.code);
        let mut sink = Findings { code: check.code, severity, report: &mut findings };
        let before = sink.report.len();
        (check.run)(&subject, &mut sink);
        findings.truncate(before + MOST);
    }
    let mut report = Report::default();
    // What was left out may be the cause of what a rule misses above or below it.
    let told = |path: &str| {
        let ignored = loaded.ignored.iter();
        ignored.into_iter().any(|other| other.starts_with(path) || path.starts_with(other.as_str()))
    };
    for Told { mut finding, marks_key } in findings {
        if told(&finding.path) {
            continue;
        }
        let document = &loaded.document;
        let place = if marks_key { Document::place_of_key } else { Document::place };
        finding.place = Some(place(document, &finding.path));
        report.push(finding);
    }
    report
}
