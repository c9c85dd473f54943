//! `openclaw update`: a newer version in the files of a repository, without a controller.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{Outcome, files, print, project, tell, tell_report};
use crate::api::Loaded;
use crate::diagnostic::Report;
use crate::repository::{Edits, Refusal, Repository};
use crate::update::{Reason, Wait};

/// Flags of `openclaw update`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// Instances, as NAME or NAMESPACE/NAME.
    #[arg(required = true)]
    instances: Vec<String>,
    /// The tag to set, whatever is newer.
    #[arg(long, value_name = "TAG")]
    to: String,
    /// Write nothing, and tell what would change.
    #[arg(long)]
    dry_run: bool,
    /// Tell what changes as JSON, on stdout.
    #[arg(short, long, value_enum)]
    output: Option<Format>,
    /// The settings; looked for upwards from the working folder.
    #[arg(long, value_name = "FILE", env = "OPENCLAW_CONFIG")]
    config: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
}

/// What is done about one instance.
struct Step {
    namespace: String,
    name: String,
    from: String,
    result: Result<Change, Wait>,
}

/// A tag that changes, and the files that follow.
struct Change {
    to: String,
    files: Vec<String>,
}

/// Sets the tags, renders what follows, and writes both.
pub(super) fn run(flags: &Flags, color: bool) -> anyhow::Result<Outcome> {
    let mut report = Report::default();
    let project = project::find(flags.config.as_deref(), &mut report)?;
    let Some(project) = project.filter(|_| !report.has_errors()) else {
        tell_report(&mut report, color, false);
        return Ok(Outcome::Finding);
    };
    let Some(root) = &project.root else {
        anyhow::bail!("no openclaw.yaml was found; an update needs a repository");
    };
    let files = files::repository(root, &project.settings, &mut report)?;
    let (repository, found) = Repository::read(files);
    report.extend(found);
    let Some(mut repository) = repository.filter(|_| !report.has_errors()) else {
        tell_report(&mut report, color, false);
        return Ok(Outcome::Finding);
    };
    let asked = asked(&repository, &flags.instances)?;
    let (mut steps, mut is_refused) = (Vec::new(), false);
    let mut all = Edits::new();
    for (namespace, name) in asked {
        let image = repository.instance(&namespace, &name).map(|one| one.spec.image.clone());
        let image = image.unwrap_or_default();
        let from = image.tag.unwrap_or_default();
        if let Some(digest) = image.digest {
            let message = format!("`spec.image.digest` pins `{digest}`, so that no tag counts");
            let result = Err(Wait::new(Reason::DigestPinned, message));
            steps.push(Step { namespace, name, from, result });
            is_refused = true;
            continue;
        }
        let result = match repository.bump(&namespace, &name, &flags.to) {
            Ok(edits) => {
                repository.apply(&edits);
                let paths = edits.keys().cloned().collect();
                all.extend(edits);
                Ok(Change { to: flags.to.clone(), files: paths })
            }
            Err(refusal) => {
                is_refused = true;
                Err(refused(refusal, &mut report)?)
            }
        };
        steps.push(Step { namespace, name, from, result });
    }
    tell_report(&mut report, color, false);
    if !is_refused && !flags.dry_run {
        files::write(root, &all)?;
    }
    show(&steps, flags.output)?;
    Ok(if is_refused { Outcome::Finding } else { Outcome::Done })
}

/// Returns namespace and name of what was typed, each once.
fn asked(repository: &Repository, typed: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for text in typed {
        let is_it = |one: &&Loaded| match text.split_once('/') {
            Some((namespace, name)) => one.namespace == namespace && one.name == name,
            None => one.name == *text,
        };
        let matching: Vec<&Loaded> = repository.instances().iter().filter(is_it).collect();
        match matching.as_slice() {
            [one] => found.push((one.namespace.clone(), one.name.clone())),
            [] => anyhow::bail!("no source holds the instance `{text}`"),
            _ => anyhow::bail!("`{text}` is in more than one namespace; write NAMESPACE/{text}"),
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Why a tag is not set; findings go to the report.
fn refused(refusal: Refusal, report: &mut Report) -> anyhow::Result<Wait> {
    match refusal {
        Refusal::NotReproduced(states) => {
            let files: Vec<String> =
                states.iter().map(|(path, state)| format!("{} {path}", state.word())).collect();
            let message = format!(
                "the tree is not what its sources render, so that more than the tag would change: {}; run `openclaw render` and commit that first",
                files.join(", ")
            );
            Ok(Wait::new(Reason::TreeNotOurs, message))
        }
        Refusal::Findings(found) => {
            report.extend(found);
            Ok(Wait::new(Reason::Invalid, "with this tag it would not be valid"))
        }
        other => Err(other.into()),
    }
}

fn show(steps: &[Step], format: Option<Format>) -> anyhow::Result<()> {
    if format.is_some() {
        let list: Vec<Value> = steps.iter().map(value).collect();
        print(&format!("{:#}\n", json!({"instances": list})))?;
        return Ok(());
    }
    for Step { namespace, name, from, result } in steps {
        match result {
            Ok(change) if change.files.is_empty() => {
                tell(&format!("{namespace}/{name}: has {} already\n", change.to));
            }
            Ok(change) => {
                let (to, count) = (&change.to, change.files.len());
                let from = if from.is_empty() { "no tag" } else { from };
                tell(&format!("{namespace}/{name}: {from} to {to}, {count} files\n"));
            }
            Err(wait) => {
                tell(&format!("{namespace}/{name}: {}: {}\n", wait.reason.word(), wait.message));
            }
        }
    }
    Ok(())
}

fn value(step: &Step) -> Value {
    let Step { namespace, name, from, result } = step;
    let mut value = json!({"namespace": namespace, "name": name, "from": from});
    match result {
        Ok(Change { to, files }) => {
            value["to"] = json!(to);
            value["files"] = json!(files);
        }
        Err(Wait { reason, message }) => {
            value["reason"] = json!(reason.word());
            value["message"] = json!(message);
        }
    }
    value
}
