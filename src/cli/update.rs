//! `openclaw update`: a newer version in the files of a repository, without a controller.

mod push;
mod search;

use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::voice::note;
use super::{Outcome, files, print, project, tell, tell_report};
use crate::api::Loaded;
use crate::api::controller_config::Author;
use crate::diagnostic::Report;
use crate::git::{self, Checkout};
use crate::repository::{Edits, Refusal, Repository};
use crate::update::message::{self, Action, Message};
use crate::update::{Reason, Wait};
use search::Search;

/// Flags of `openclaw update`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// Instances, as NAME or NAMESPACE/NAME; without any, all whose updates are enabled.
    #[arg(add = super::completion::instances())]
    instances: Vec<String>,
    /// The tag to set, whatever is newer; without it the registry is asked.
    #[arg(long, value_name = "TAG", requires = "instances")]
    to: Option<String>,
    /// Write nothing, and tell what would change.
    #[arg(long)]
    dry_run: bool,
    /// Commit what changes to the branch that is checked out, one commit for each instance.
    #[arg(long, conflicts_with = "dry_run")]
    commit: bool,
    /// Push the commits as `git push` does, with its settings and credentials; never by force.
    #[arg(long, requires = "commit")]
    push: bool,
    /// Ask this address instead of a registry, as HOST=URL; it may be given again.
    #[arg(long, value_name = "HOST=URL")]
    mirror: Vec<String>,
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
    edits: Edits,
    /// The commit that holds it.
    commit: Option<String>,
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
    let mut search = Search::new(&flags.mirror)?;
    let mut steps = Vec::new();
    for (namespace, name) in asked {
        let Some(loaded) = repository.instance(&namespace, &name) else { continue };
        let from = loaded.spec.image.tag.clone().unwrap_or_default();
        let to = match (&loaded.spec.image.digest, &flags.to) {
            (Some(digest), _) => {
                let message = format!("`spec.image.digest` pins `{digest}`, so that no tag counts");
                Err(Wait::new(Reason::DigestPinned, message))
            }
            (None, Some(to)) => Ok(to.clone()),
            (None, None) => search.next(&repository, loaded, !flags.instances.is_empty()),
        };
        let result = match to {
            Ok(to) => match repository.bump(&namespace, &name, &to) {
                Ok(edits) => {
                    repository.apply(&edits);
                    Ok(Change { to, edits, commit: None })
                }
                Err(refusal) => Err(refused(refusal, &mut report)?),
            },
            Err(wait) => Err(wait),
        };
        steps.push(Step { namespace, name, from, result });
    }
    tell_report(&mut report, color, false);
    let is_refused = steps.iter().any(|step| is_refused(step, flags));
    if !is_refused && !flags.dry_run {
        write(root, &mut steps, flags.commit)?;
    }
    show(&steps, flags.output)?;
    let is_committed =
        |step: &Step| step.result.as_ref().is_ok_and(|change| change.commit.is_some());
    if flags.push && steps.iter().any(is_committed) {
        push::push(root)?;
    }
    Ok(if is_refused { Outcome::Finding } else { Outcome::Done })
}

/// Whether nothing is to be written because of a step: what was asked for by name, and what cannot
/// be done, is told as a finding; that there is nothing newer is none.
fn is_refused(step: &Step, flags: &Flags) -> bool {
    let Err(wait) = &step.result else { return false };
    let broken = [Reason::TreeNotOurs, Reason::Invalid, Reason::RegistryError, Reason::UnknownTag];
    flags.to.is_some() || broken.contains(&wait.reason)
}

/// Writes the files, and commits them where that is asked for.
fn write(root: &Path, steps: &mut [Step], commits: bool) -> anyhow::Result<()> {
    let changes = || steps.iter().filter_map(|step| step.result.as_ref().ok());
    let all: Edits = changes().flat_map(|change| change.edits.clone()).collect();
    if !commits {
        return files::write(root, &all);
    }
    let checkout = Checkout::find(root)?;
    if let Some(path) = checkout.changed(&all)? {
        anyhow::bail!("`{path}` has changes that are not committed; commit them first");
    }
    files::write(root, &all)?;
    for step in steps {
        let Step { namespace, name, from, result } = step;
        let Ok(change) = result else { continue };
        if change.edits.is_empty() {
            continue;
        }
        let message = Message {
            namespace: namespace.clone(),
            name: name.clone(),
            from: from.clone(),
            to: change.to.clone(),
            action: Action::Bump,
            id: message::id(namespace, name, from, &change.to, ""),
            why: None,
        };
        let by = Author::default();
        let author = git::Author { name: by.name, email: by.email };
        change.commit = Some(checkout.commit(&change.edits, &message.text(), &author)?);
    }
    Ok(())
}

/// Returns namespace and name of what was typed, each once; of all that take versions by
/// themselves where nothing was.
fn asked(repository: &Repository, typed: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    if typed.is_empty() {
        let enabled = repository.instances().iter().filter(|one| one.spec.auto_update.enabled);
        found.extend(enabled.map(|one| (one.namespace.clone(), one.name.clone())));
    }
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
            Ok(change) if change.edits.is_empty() => {
                note(&format!("{namespace}/{name}: has {} already\n", change.to));
            }
            Ok(change) => {
                let (to, count) = (&change.to, change.edits.len());
                let from = if from.is_empty() { "no tag" } else { from };
                note(&format!("{namespace}/{name}: {from} to {to}, {count} files\n"));
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
        Ok(Change { to, edits, commit }) => {
            value["to"] = json!(to);
            value["files"] = json!(edits.keys().collect::<Vec<_>>());
            if let Some(commit) = commit {
                value["commit"] = json!(commit);
            }
        }
        Err(Wait { reason, message }) => {
            value["reason"] = json!(reason.word());
            value["message"] = json!(message);
        }
    }
    value
}
