//! `openclaw validate`.

use clap::Args;
use rayon::prelude::*;

use super::findings::{Findings, Format};
use super::progress::Progress;
use super::{Outcome, project};
use crate::diagnostic::Report;
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
    let mut findings = Findings::new(flags.output, color, flags.strict);
    findings.take(report);
    findings.end()
}
