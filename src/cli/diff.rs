//! `openclaw diff`: what is between the rendered objects and the tree, another commit or the
//! cluster.

mod external;
mod live;
mod stored;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::project::{self, Project};
use super::{Outcome, print, render, tell, tell_report};
use crate::diagnostic::Report;
use crate::diff::objects::{self, Object};
use crate::diff::text::{self, Detail};
use crate::diff::{Diff, machine, markdown};
use crate::tree::{self, Wanted};

/// Flags of `openclaw diff`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    #[command(flatten)]
    input: super::Input,
    /// Compare with the tree of this commit, branch or tag; `REF...` is where HEAD left it.
    #[arg(long, value_name = "REF", conflicts_with_all = ["live", "tree"])]
    git: Option<String>,
    /// Compare with the cluster, by applying everything as a dry run.
    #[arg(long)]
    live: bool,
    /// Folder of the tree, instead of the output of openclaw.yaml.
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// How differences are printed.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// Say what changes mean, without their lines.
    #[arg(long)]
    summary: bool,
    /// One line for each object, with the count of its lines.
    #[arg(long, conflicts_with = "summary")]
    stat: bool,
    /// Exit 0 when there are differences too.
    #[arg(long)]
    exit_zero: bool,
    /// Context of the kubeconfig, instead of the current one.
    #[arg(long, value_name = "NAME", requires = "live")]
    context: Option<String>,
    /// Who applies; by default whoever applied the object before.
    #[arg(long, value_name = "NAME", requires = "live")]
    field_manager: Option<String>,
}

/// How differences are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// The comment of a pull request, never longer than GitHub takes.
    Markdown,
    /// Annotations of GitHub.
    Github,
}

/// What is rendered of one instance.
struct Rendered {
    /// Its namespace and name.
    own: String,
    wanted: Wanted,
    objects: Vec<Object>,
}

/// Compares, and prints the differences.
pub(super) fn run(flags: &Flags, color: bool, paint: bool) -> anyhow::Result<Outcome> {
    let plain = [Format::Text, Format::Markdown];
    anyhow::ensure!(!flags.stat || flags.output == Format::Text, "`--stat` is text");
    anyhow::ensure!(
        !flags.summary || plain.contains(&flags.output),
        "`--summary` is for text and markdown"
    );
    let mut report = Report::default();
    let Some(project) = project::find(flags.input.config.as_deref(), &mut report)? else {
        tell_report(&mut report, color, false);
        return Ok(Outcome::Finding);
    };
    let Some(rendered) = rendered(flags, &project, &mut report)? else {
        tell_report(&mut report, color, false);
        return Ok(Outcome::Finding);
    };
    let is_named = !flags.input.paths.is_empty() || !flags.input.filenames.is_empty();
    let only = is_named.then(|| rendered.iter().map(|one| one.own.clone()).collect());
    let pairs = match (&flags.git, flags.live) {
        (Some(reference), _) => stored::of_commit(reference, &project, rendered, only.as_ref())?,
        (None, true) => live::pairs(flags, &project, rendered, only.as_ref(), &mut report)?,
        (None, false) => stored::of_folder(
            flags.tree.as_deref(),
            &project,
            rendered,
            only.as_ref(),
            &mut report,
        )?,
    };
    if tell_report(&mut report, color, false) {
        return Ok(Outcome::Finding);
    }
    let diff = Diff::of(pairs);
    let is_external = flags.live && is_plain(flags) && !diff.is_empty();
    if let Some(program) = external::program().filter(|_| is_external) {
        tell(&text::render(&diff, Detail::Summary, color));
        let differs = external::run(&program, &diff)?;
        return Ok(outcome(differs, flags));
    }
    show(&diff, flags, paint)?;
    Ok(outcome(!diff.is_empty(), flags))
}

fn is_plain(flags: &Flags) -> bool {
    flags.output == Format::Text && !flags.stat && !flags.summary
}

fn outcome(differs: bool, flags: &Flags) -> Outcome {
    if differs && !flags.exit_zero { Outcome::Finding } else { Outcome::Done }
}

/// Renders everything; `None` when the report forbids it.
fn rendered(
    flags: &Flags,
    project: &Project,
    report: &mut Report,
) -> anyhow::Result<Option<Vec<Rendered>>> {
    let sources = project::read(&flags.input, project, report)?;
    let engine = render::engine(project)?;
    let (valid, neighbors) = render::accept(sources, project, report);
    if report.has_errors() {
        return Ok(None);
    }
    let settings = &project.settings;
    let rendered: Vec<anyhow::Result<Rendered>> = valid
        .par_iter()
        .map(|one| {
            let instance = crate::model::assemble(one, settings, &neighbors);
            let manifests = crate::render::render(&engine, &instance)?;
            let own = format!("{}/{}", instance.namespace, instance.name);
            let files = tree::files(&instance, &manifests, settings).into_iter();
            let wanted = files.map(|(path, text)| (path, tree::hash(text.as_bytes()))).collect();
            let objects = objects::rendered(&own, manifests, settings);
            Ok(Rendered { own, wanted, objects })
        })
        .collect();
    rendered.into_iter().collect::<anyhow::Result<_>>().map(Some)
}

fn show(diff: &Diff, flags: &Flags, paint: bool) -> anyhow::Result<Outcome> {
    let detail = match (flags.stat, flags.summary) {
        (true, _) => Detail::Stat,
        (_, true) => Detail::Summary,
        _ => Detail::Lines,
    };
    print(&match flags.output {
        Format::Text => text::render(diff, detail, paint),
        Format::Json => machine::json(diff),
        Format::Github => machine::github(diff),
        Format::Markdown => markdown::render(diff, !flags.summary),
    })
}

/// Namespaces and names of instances.
type Only = BTreeSet<String>;
