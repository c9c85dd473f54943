//! `openclaw render`: a stream on stdout, or the tree of the repository.

mod check;
mod part;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use part::Part;

use super::findings::{Findings, Format};
use super::progress::Progress;
use super::project::{self, Project};
use super::staging::Staging;
use super::voice::{detail, note};
use super::{Outcome, files, print, tell};
use crate::api::Sources;
use crate::api::settings::{Kustomization, Layout, Settings};
use crate::diagnostic::Report;
use crate::model::{self, Instance, Neighbors};
use crate::render::engine::{Engine, Overrides};
use crate::render::{self, Manifest};
use crate::tree::{self, Present, State, Wanted};
use crate::validate::{self, Valid};

/// Flags of `openclaw render`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    #[command(flatten)]
    input: super::Input,
    /// Folder of the tree, `-` for stdout; without it, named files go to stdout and a repository to
    /// its output.
    #[arg(short, long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Write nothing; name every file that is not as it should be, and exit 1.
    #[arg(long)]
    check: bool,
    /// How what `--check` finds is printed: text goes to stderr, the others to stdout.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, requires = "check")]
    output: Format,
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
    let mut findings = Findings::new(flags.output, color, flags.strict);
    let mut report = Report::default();
    let Some(mut project) = project::find(flags.input.config.as_deref(), &mut report)? else {
        findings.take(report);
        return findings.end();
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
    project.output.clone_from(&flags.output_dir);
    let sources = project::read(&flags.input, &project, &mut report)?;
    let engine = engine(&project)?;
    let (valid, neighbors) = accept(sources, &project, &mut report);
    if findings.take(report) {
        return findings.end();
    }
    let run = Run { settings: &project.settings, neighbors: &neighbors, engine: &engine };
    let named = !flags.input.paths.is_empty() || !flags.input.filenames.is_empty();
    match (&flags.output_dir, &project.root) {
        (Some(folder), _) if folder.as_os_str() == "-" && !flags.check => run.stream(&valid),
        (Some(folder), _) if folder.as_os_str() != "-" => run.tree(&valid, folder, flags, findings),
        (None, Some(root)) if !named => {
            run.tree(&valid, &root.join(&project.settings.output), flags, findings)
        }
        _ if flags.check => anyhow::bail!("`--check` needs a tree: name it with `--output-dir`"),
        _ => run.stream(&valid),
    }
}

/// Returns the engine with the templates of the repository.
pub(super) fn engine(project: &Project) -> anyhow::Result<Engine> {
    let mut overrides = Overrides::default();
    if let (Some(root), Some(folder)) = (&project.root, &project.settings.templates) {
        for (name, text) in files::templates(&root.join(folder))? {
            overrides.insert(&name, text)?;
        }
    }
    Ok(Engine::with(overrides))
}

/// Checks the instances; those that are not valid are left out.
pub(super) fn accept(
    sources: Sources,
    project: &Project,
    report: &mut Report,
) -> (Vec<Valid>, Neighbors) {
    let neighbors = Neighbors { config_maps: sources.config_maps };
    let accepted: Vec<(Option<Valid>, Report)> = sources
        .instances
        .into_par_iter()
        .map(|loaded| validate::accept(loaded, &project.settings))
        .collect();
    let mut valid = Vec::with_capacity(accepted.len());
    for (one, found) in accepted {
        valid.extend(one);
        report.extend(found);
    }
    (valid, neighbors)
}

/// Instances that are rendered before their texts are printed: enough for every core, few enough
/// for a small memory.
const BATCH: usize = 64;

/// What one rendering needs.
struct Run<'a> {
    settings: &'a Settings,
    neighbors: &'a Neighbors,
    engine: &'a Engine,
}

impl Run<'_> {
    fn render(&self, valid: &Valid) -> anyhow::Result<(Instance, Vec<Manifest>)> {
        let instance = model::assemble(valid, self.settings, self.neighbors);
        let manifests = render::render(self.engine, &instance)?;
        Ok((instance, manifests))
    }

    fn stream(&self, valid: &[Valid]) -> anyhow::Result<Outcome> {
        let progress = Progress::start("rendering", valid.len());
        for batch in valid.chunks(BATCH) {
            let one = |one: &Valid| {
                let text = tree::stream(&self.render(one)?.1);
                progress.step();
                Ok(text)
            };
            let texts: Vec<anyhow::Result<String>> = batch.par_iter().map(one).collect();
            for text in texts {
                print(&text?)?;
            }
        }
        Ok(Outcome::Done)
    }

    fn tree(
        &self,
        valid: &[Valid],
        folder: &Path,
        flags: &Flags,
        mut findings: Findings,
    ) -> anyhow::Result<Outcome> {
        let mut report = Report::default();
        let present = files::present(folder, !flags.check, &mut report)?;
        if findings.take(report) {
            return findings.end();
        }
        let word = folder.to_string_lossy();
        // `openclaw validate` has the short flag for the format.
        anyhow::ensure!(
            !flags.check || !present.files.is_empty() || Format::from_str(&word, false).is_err(),
            "no tree in {word}: `-o` is its folder, and `--output {word}` the format"
        );
        let staging = Staging::new(folder);
        let progress = Progress::start("rendering", valid.len());
        let parts: Vec<anyhow::Result<Part>> = valid
            .par_iter()
            .map(|one| {
                let (instance, manifests) = self.render(one)?;
                let mut part = Part::default();
                for (path, text) in tree::files(&instance, &manifests, self.settings) {
                    let hash = tree::hash(text.as_bytes());
                    if !flags.check && present.files.get(&path) != Some(&hash) {
                        staging.stage(&path, &text)?;
                    }
                    part.wanted.insert(path, hash);
                }
                part.compare(folder, &instance, &manifests, &present);
                progress.step();
                Ok(part)
            })
            .collect();
        drop(progress);
        let mut whole = Part::default();
        for part in parts {
            whole.add(part?);
        }
        if findings.take(whole.effects(folder, &present)) {
            return findings.end();
        }
        if flags.check {
            check::check(folder, &whole.wanted, &present, &mut findings);
            return findings.end();
        }
        write(folder, &whole.wanted, &present, staging, flags.force)
    }
}

fn write(
    folder: &Path,
    wanted: &Wanted,
    present: &Present,
    staging: Staging<'_>,
    force: bool,
) -> anyhow::Result<Outcome> {
    match tree::changes(wanted, present, force) {
        Ok(changes) => {
            for (path, state) in tree::compare(wanted, present) {
                if state == State::Foreign && !wanted.contains_key(&path) {
                    let file = project::shown(&folder.join(path));
                    note(&format!("warning: foreign file left alone: {file}\n"));
                }
            }
            let intents = tree::intents(&changes, wanted, present);
            staging.commit(&changes, &intents)?;
            for (word, paths) in [("wrote", &changes.writes), ("removed", &changes.removals)] {
                for path in paths {
                    detail(|| format!("{word} {}\n", project::shown(&folder.join(path))));
                }
            }
            Ok(Outcome::Done)
        }
        Err(forbidden) => {
            for (path, state) in &forbidden {
                let file = project::shown(&folder.join(path));
                tell(&format!("error: {} file: {file}\n", state.word()));
            }
            tell(&check::advice(&forbidden, wanted));
            Ok(Outcome::Finding)
        }
    }
}
