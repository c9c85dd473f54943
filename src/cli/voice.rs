//! How much is said on stderr: as the terminal is, so this is one for the whole process.

use std::sync::OnceLock;

use clap::Args;

use super::progress::Show;
use crate::diagnostic::{Report, Severity};

/// Flags of every verb about what is said.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Voice {
    /// Say nothing but errors.
    #[arg(short, long, global = true, env = "OPENCLAW_QUIET", conflicts_with = "verbose")]
    quiet: bool,
    /// Say what is read and written.
    #[arg(short, long, global = true, env = "OPENCLAW_VERBOSE")]
    verbose: bool,
    /// How long work shows how far it is.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "HOW",
        default_value_t,
        env = "OPENCLAW_PROGRESS"
    )]
    progress: Show,
}

static VOICE: OnceLock<Voice> = OnceLock::new();

impl Voice {
    /// Takes what was typed for the rest of the process.
    pub(super) fn raise(self) {
        // There is one command line.
        VOICE.set(self).ok();
    }
}

/// Tells what is good to know, and no error.
pub(super) fn note(words: &str) {
    if !VOICE.get().is_some_and(|voice| voice.quiet) {
        super::tell(words);
    }
}

/// Tells a detail that only some want to see.
pub(super) fn detail(words: impl FnOnce() -> String) {
    if VOICE.get().is_some_and(|voice| voice.verbose) {
        super::tell(&words());
    }
}

/// Returns what of a report is told: where nothing but errors is, no warning that is not fatal.
pub(super) fn heard(report: &Report, strict: bool) -> Report {
    let is_quiet = VOICE.get().is_some_and(|voice| voice.quiet);
    let mut heard = Report::default();
    let findings = report.findings().iter();
    let is_heard = |severity| severity == Severity::Error || strict || !is_quiet;
    findings.filter(|one| is_heard(one.severity)).for_each(|one| heard.push(one.clone()));
    heard
}

/// Returns how progress is shown.
pub(super) fn progress() -> Show {
    match VOICE.get() {
        Some(voice) if voice.quiet => Show::Never,
        Some(voice) => voice.progress,
        None => Show::default(),
    }
}
