//! `openclaw render`: a stream on stdout, or the tree of the repository.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::project::{self, Project};
use super::{Outcome, files, print, tell, tell_report};
use crate::api::settings::{Kustomization, Layout};
use crate::api::{Loaded, Sources};
use crate::diagnostic::Report;
use crate::model::{self, Instance, Neighbors};
use crate::render::engine::{Engine, Overrides};
use crate::render::{self, Manifest};
use crate::tree::{self, FileTree, State};

/// Flags of `openclaw render`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    #[command(flatten)]
    input: super::Input,
    /// Folder of the tree; without it, named files go to stdout and a repository to its output.
    #[arg(short, long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Write nothing; name every file that is not as it should be, and exit 1.
    #[arg(long)]
    check: bool,
    /// Replace files that are hand-edited or foreign.
    #[arg(long)]
    force: bool,
    /// Warnings fail too.
    #[arg(long, env = "OPENCLAW_STRICT")]
    strict: bool,
    /// Shape of the tree, instead of the one of openclaw.yaml.
    #[arg(long, value_enum)]
    layout: Option<LayoutFlag>,
    /// Write a kustomization.yaml into each instance's folder.
    #[arg(long)]
    kustomization: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayoutFlag {
    /// One file an object.
    Resource,
    /// One file an instance.
    Instance,
}

/// Renders the instances.
pub(super) fn run(flags: &Flags, color: bool) -> anyhow::Result<Outcome> {
    let mut report = Report::default();
    let Some(mut project) = project::find(flags.input.config.as_deref(), &mut report)? else {
        tell_report(&mut report, color, flags.strict);
        return Ok(Outcome::Finding);
    };
    if let Some(layout) = flags.layout {
        project.settings.layout = match layout {
            LayoutFlag::Resource => Layout::Resource,
            LayoutFlag::Instance => Layout::Instance,
        };
    }
    if flags.kustomization {
        project.settings.gitops.kustomization = Kustomization::Instance;
    }
    let sources = project::read(&flags.input, &project, &mut report)?;
    let engine = engine(&project)?;
    let rendered = render_all(sources, &project, &engine, &mut report)?;
    if tell_report(&mut report, color, flags.strict) {
        return Ok(Outcome::Finding);
    }
    let named = !flags.input.paths.is_empty() || !flags.input.filenames.is_empty();
    let folder = match (&flags.output_dir, &project.root) {
        (Some(folder), _) => folder.clone(),
        (None, Some(root)) if !named => root.join(&project.settings.output),
        _ if flags.check => anyhow::bail!("`--check` needs a tree: name it with `--output-dir`"),
        _ => return stream(&rendered),
    };
    let mut wanted = FileTree::new();
    for (instance, manifests) in &rendered {
        tree::add(&mut wanted, instance, manifests, &project.settings);
    }
    write(flags, &folder, &wanted, color)
}

fn engine(project: &Project) -> anyhow::Result<Engine> {
    let mut overrides = Overrides::default();
    if let (Some(root), Some(folder)) = (&project.root, &project.settings.templates) {
        for (name, text) in files::templates(&root.join(folder))? {
            overrides.insert(&name, text)?;
        }
    }
    Ok(Engine::with(overrides))
}

type Rendered = Vec<(Instance, Vec<Manifest>)>;

fn render_all(
    sources: Sources,
    project: &Project,
    engine: &Engine,
    report: &mut Report,
) -> anyhow::Result<Rendered> {
    let neighbors = Neighbors { config_maps: sources.config_maps };
    let one = |loaded: &Loaded| match model::resolve(loaded, &project.settings, &neighbors) {
        Ok((instance, report)) => {
            let manifests = render::render(engine, &instance)?;
            Ok((Some((instance, manifests)), report))
        }
        Err(report) => Ok((None, report)),
    };
    let results: Vec<Result<_, render::Error>> = sources.instances.par_iter().map(one).collect();
    let mut rendered = Rendered::new();
    for result in results {
        let (part, found) = result?;
        rendered.extend(part);
        report.extend(found);
    }
    Ok(rendered)
}

fn stream(rendered: &Rendered) -> anyhow::Result<Outcome> {
    let texts: Vec<String> = rendered.par_iter().map(|(_, m)| tree::stream(m)).collect();
    print(&texts.concat())
}

fn write(flags: &Flags, folder: &Path, wanted: &FileTree, color: bool) -> anyhow::Result<Outcome> {
    let mut report = Report::default();
    let present = files::present(folder, &mut report)?;
    if tell_report(&mut report, color, flags.strict) {
        return Ok(Outcome::Finding);
    }
    if flags.check {
        let states = tree::compare(wanted, &present);
        for (path, state) in &states {
            tell(&format!("{}: {}\n", state.word(), folder.join(path).display()));
        }
        if states.is_empty() {
            return Ok(Outcome::Done);
        }
        tell("hint: run `openclaw render` and commit what it writes\n");
        return Ok(Outcome::Finding);
    }
    match tree::changes(wanted, &present, flags.force) {
        Ok(changes) => {
            for (path, state) in tree::compare(wanted, &present) {
                if state == State::Foreign && !wanted.contains_key(&path) {
                    tell(&format!(
                        "warning: foreign file left alone: {}\n",
                        folder.join(path).display()
                    ));
                }
            }
            let intents = tree::intents(&changes, &present);
            files::apply(folder, &changes, &intents)?;
            Ok(Outcome::Done)
        }
        Err(forbidden) => {
            for (path, state) in &forbidden {
                tell(&format!("error: {} file: {}\n", state.word(), folder.join(path).display()));
            }
            tell(
                "hint: move the change into the instance, or use `--force` to replace the files\n",
            );
            Ok(Outcome::Finding)
        }
    }
}
