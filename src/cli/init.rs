//! `openclaw init`: a repository that is complete, rendered and green.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::staging::Staging;
use super::voice::{detail, note};
use super::{Outcome, files, project, tell_report};
use crate::diagnostic::Report;
use crate::repository::{Files, Refusal};
use crate::starter::{self, Gitops, Host, Options, Starter};
use crate::tree::{Changes, FileTree};
use crate::validate::config_schema::NEWEST_KNOWN;

/// Flags of `openclaw init`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// Folder of the repository; without it, the working folder.
    dir: Option<PathBuf>,
    /// Where pull requests are checked; it may be given again.
    #[arg(long, value_enum, value_name = "HOST", value_delimiter = ',', default_value = "github")]
    ci: Vec<Ci>,
    /// What syncs the rendered tree.
    #[arg(long, value_enum, value_name = "TOOL", default_value = "argocd")]
    gitops: Tool,
    /// Name of the first instance.
    #[arg(long, default_value = "my-agent")]
    name: String,
    /// Namespace of the instances.
    #[arg(short, long, default_value = "agents")]
    namespace: String,
    /// Version of the first instance.
    #[arg(long, default_value = NEWEST_KNOWN)]
    tag: String,
    /// Address of the repository, for what syncs it.
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
    /// Branch that is synced.
    #[arg(long, default_value = "main")]
    branch: String,
    /// Team that owns the files, such as `@acme/platform`.
    #[arg(long, value_name = "TEAM")]
    owner: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ci {
    /// A workflow of GitHub.
    Github,
    /// A pipeline of GitLab.
    Gitlab,
    /// A workflow of Forgejo.
    Forgejo,
    /// None.
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Tool {
    /// Applications of Argo CD.
    Argocd,
    /// Kustomizations of Flux.
    Flux,
    /// None.
    None,
}

/// Writes the repository, or tells what is in its way.
pub(super) fn run(flags: &Flags, color: bool) -> anyhow::Result<Outcome> {
    let mut report = Report::default();
    let starter = match Starter::accept(options(flags)) {
        Ok(starter) => starter,
        Err(findings) => {
            report.extend(findings);
            tell_report(&mut report, color, false);
            return Ok(Outcome::Finding);
        }
    };
    let files = match starter.files() {
        Ok(files) => files,
        Err(Refusal::Findings(findings)) => {
            report.extend(findings);
            tell_report(&mut report, color, false);
            return Ok(Outcome::Finding);
        }
        Err(other) => return Err(other.into()),
    };
    let root = flags.dir.clone().unwrap_or_default();
    for path in files::in_the_way(&root, files.keys(), &starter::OWN_FOLDERS) {
        report.push(starter::in_the_way(&project::shown(&path)));
    }
    if tell_report(&mut report, color, false) {
        return Ok(Outcome::Finding);
    }
    let staging = Staging::new(&root);
    for (path, bytes) in &files {
        staging.stage(path, &String::from_utf8_lossy(bytes))?;
    }
    let changes = Changes { writes: files.keys().cloned().collect(), removals: Vec::new() };
    staging.commit(&changes, &FileTree::new())?;
    files
        .keys()
        .for_each(|path| detail(|| format!("wrote {}\n", project::shown(&root.join(path)))));
    note(&words(&starter, &files));
    if flags.ci.iter().any(|ci| *ci != Ci::None) && files::is_inside_git(&root) {
        note(
            "hint: a host reads its pipeline and owners at the root of a Git repository alone; move them there\n",
        );
    }
    Ok(Outcome::Done)
}

fn options(flags: &Flags) -> Options {
    let hosts = flags.ci.iter().filter_map(|ci| match ci {
        Ci::Github => Some(Host::Github),
        Ci::Gitlab => Some(Host::Gitlab),
        Ci::Forgejo => Some(Host::Forgejo),
        Ci::None => None,
    });
    Options {
        name: flags.name.clone(),
        namespace: flags.namespace.clone(),
        tag: flags.tag.clone(),
        repository: flags.repository.clone(),
        branch: flags.branch.clone(),
        owner: flags.owner.clone(),
        hosts: hosts.collect(),
        gitops: match flags.gitops {
            Tool::Argocd => Gitops::Argocd,
            Tool::Flux => Gitops::Flux,
            Tool::None => Gitops::None,
        },
    }
}

/// What was written, and what is left to do by hand.
fn words(starter: &Starter, files: &Files) -> String {
    let mut text = format!("{} files written; `openclaw render --check` passes\n", files.len());
    for (placeholder, files) in starter.placeholders(files) {
        text.push_str(&format!("hint: replace `{placeholder}` in {}\n", files.join(", ")));
    }
    text
}
