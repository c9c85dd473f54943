//! Completion: the script of a shell, and the values that only a run can know.
//!
//! The script asks the tool itself at each completion, so that instances are those of the
//! repository that somebody stands in, and codes and fields those of the version that is installed.

use std::ffi::OsStr;

use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use serde_json::Value;

use super::explain::field::fields;
use super::{Outcome, print, project};
use crate::api::Loaded;
use crate::diagnostic::{Report, codes};
use crate::validate::{admission, settings};

/// Tells the tool that it is asked for candidates.
const VARIABLE: &str = "OPENCLAW_COMPLETE";

/// Prints the script of a shell.
pub(super) fn run(shell: Shell) -> anyhow::Result<Outcome> {
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(&shell.to_string()) else {
        anyhow::bail!("there is no completion for {shell}");
    };
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "openclaw", "openclaw", "openclaw", &mut script)?;
    print(&String::from_utf8_lossy(&script))
}

/// Answers a script and ends the process, where one asks.
pub(super) fn answer() {
    CompleteEnv::with_factory(super::visible).var(VARIABLE).complete();
}

/// Instances of the repository, as NAME where that says which, else as NAMESPACE/NAME.
pub(super) fn instances() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let instances = known().unwrap_or_default();
        let candidate = |one: &Loaded| {
            let is_unique = instances.iter().filter(|other| other.name == one.name).count() == 1;
            let name = format!("{}/{}", one.namespace, one.name);
            let tag = one.spec.image.tag.clone().unwrap_or_else(|| "latest".to_owned());
            let help = format!("{} at {tag}", one.namespace);
            CompletionCandidate::new(if is_unique { one.name.clone() } else { name })
                .help(Some(help.into()))
        };
        instances.iter().map(candidate).collect()
    })
}

/// Reads the repository of the working folder; whatever is wrong there is no candidate.
fn known() -> Option<Vec<Loaded>> {
    let mut report = Report::default();
    let project = project::find(None, &mut report).ok()??;
    let nothing = super::Input { paths: vec![], filenames: vec![], namespace: None, config: None };
    Some(project::read(&nothing, &project, &mut report).ok()?.instances)
}

/// Codes of findings, and fields one level at a time.
pub(super) fn subjects() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy();
        let codes = codes().map(|code| (code.code.to_owned(), code.title.to_owned()));
        let schemas = [admission::instance_schema(), settings::schema()];
        let fields = schemas.iter().flat_map(|schema| below(schema, &current));
        let found = codes.chain(fields).filter(|(word, _)| {
            let head = word.get(..current.len()).unwrap_or_default();
            head.eq_ignore_ascii_case(&current)
        });
        found.map(|(word, help)| CompletionCandidate::new(word).help(Some(help.into()))).collect()
    })
}

/// Returns path and description of the fields at the level that `current` has reached.
fn below(schema: &Value, current: &str) -> Vec<(String, String)> {
    let base = current.rsplit_once('.').map(|(base, _)| base);
    let mut node = schema;
    for segment in base.into_iter().flat_map(|base| base.split('.')) {
        let name = segment.trim_end_matches("[]");
        let Some((_, next)) = fields(node).find(|(field, _)| *field == name) else {
            return Vec::new();
        };
        node = next;
    }
    let path = |name: &str| base.map_or_else(|| name.to_owned(), |base| format!("{base}.{name}"));
    let help = |field: &Value| {
        let text = field["description"].as_str().unwrap_or_default();
        text.lines().next().unwrap_or_default().to_owned()
    };
    fields(node).map(|(name, field)| (path(name), help(field))).collect()
}
