//! `openclaw validate`.

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::progress::Progress;
use super::{Outcome, print, project, tell_report};
use crate::diagnostic::{Report, machine};
use crate::validate;

/// Flags of `openclaw validate`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    #[command(flatten)]
    input: super::Input,
    /// Warnings fail too.
    #[arg(long, env = "OPENCLAW_STRICT")]
    strict: bool,
    /// How findings are printed: text goes to stderr, the others to stdout.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
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

/// Checks the instances.
pub(super) fn run(flags: &Flags, color: bool) -> anyhow::Result<Outcome> {
    let mut report = Report::default();
    if let Some(project) = project::find(flags.input.config.as_deref(), &mut report)? {
        let sources = project::read(&flags.input, &project, &mut report)?;
        let progress = Progress::start("validating", sources.instances.len());
        let one = |loaded| {
            let report = validate::validate(loaded, &project.settings);
            progress.step();
            report
        };
        let reports: Vec<Report> = sources.instances.par_iter().map(one).collect();
        reports.into_iter().for_each(|part| report.extend(part));
    }
    let text = match flags.output {
        Format::Text => {
            let failed = tell_report(&mut report, color, flags.strict);
            return Ok(if failed { Outcome::Finding } else { Outcome::Done });
        }
        Format::Json => machine::json,
        Format::Github => machine::github,
        Format::Gitlab => machine::gitlab,
        Format::Sarif => machine::sarif,
    };
    report.sort();
    print(&text(&report))?;
    Ok(if report.is_failure(flags.strict) { Outcome::Finding } else { Outcome::Done })
}
