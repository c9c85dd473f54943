//! Finds the repository and reads what it renders.
#![expect(clippy::disallowed_methods, reason = "the shell reads files and the environment")]

use std::path::{Component, Path, PathBuf};

use anyhow::Context;

use super::files;
use super::voice::detail;
use crate::api::settings::{FILE, Settings};
use crate::api::{Input, Loaded, Sources};
use crate::diagnostic::{Finding, Report};
use crate::repository;
use crate::validate;

/// A repository, or the defaults where there is none.
pub(super) struct Project {
    /// Folder of openclaw.yaml.
    pub(super) root: Option<PathBuf>,
    /// Its settings.
    pub(super) settings: Settings,
    /// Folder of the tree where the command line names one.
    pub(super) output: Option<PathBuf>,
}

/// Looks for openclaw.yaml upwards from the working folder and reads it.
///
/// Returns `None` with its findings told in the report when it is not valid.
pub(super) fn find(config: Option<&str>, report: &mut Report) -> anyhow::Result<Option<Project>> {
    let file = match config {
        Some("none") => None,
        Some(path) => Some(PathBuf::from(path)),
        None => {
            let here = std::env::current_dir().context("failed to find the working folder")?;
            here.ancestors().map(|folder| folder.join(FILE)).find(|file| file.is_file())
        }
    };
    let Some(file) = file else {
        return Ok(Some(Project { root: None, settings: Settings::default(), output: None }));
    };
    let bytes =
        std::fs::read(&file).with_context(|| format!("failed to read {}", file.display()))?;
    let (settings, found) = validate::settings::read(&shown(&file), &bytes);
    report.extend(found);
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let root = parent.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    Ok(settings.map(|settings| Project { root: Some(root), settings, output: None }))
}

/// Returns a path as people typed or would type it: relative to the working folder if it can be.
pub(super) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_string_lossy().into_owned()
}

/// What is rendered: what was typed, else the sources of the repository.
pub(super) fn read(
    input: &super::Input,
    project: &Project,
    report: &mut Report,
) -> anyhow::Result<Sources> {
    let mut inputs = Vec::new();
    let typed: Vec<&String> = input.paths.iter().chain(&input.filenames).collect();
    if typed.is_empty() {
        let Some(root) = &project.root else {
            anyhow::bail!(
                "no file was named and no openclaw.yaml was found; name files or folders, or `-` for stdin"
            );
        };
        for source in &project.settings.sources {
            collect(&root.join(source), project, &mut inputs, report)?;
        }
    }
    for path in typed {
        if path == "-" {
            let bytes = files::stdin()?;
            inputs.push(Input { name: "<stdin>".to_owned(), origin: None, bytes });
        } else {
            let before = (inputs.len(), report.error_count());
            collect(Path::new(path), project, &mut inputs, report)?;
            // Rendering nothing would empty the tree.
            anyhow::ensure!(
                before != (inputs.len(), report.error_count()),
                "{path} holds no source; their names end in .yaml, .yml or .json"
            );
        }
    }
    let mut sources = repository::sources(&inputs, &project.settings, input.namespace.as_deref());
    report.extend(std::mem::take(&mut sources.report));
    Ok(sources)
}

/// Reads files that were named, `-` for stdin.
pub(super) fn typed(paths: &[String]) -> anyhow::Result<Vec<Input>> {
    let read = |path: &String| {
        let (name, bytes) = if path == "-" {
            ("<stdin>".to_owned(), files::stdin()?)
        } else {
            let bytes = std::fs::read(path).with_context(|| format!("failed to read {path}"))?;
            (shown(Path::new(path)), bytes)
        };
        Ok(Input { name, origin: None, bytes })
    };
    paths.iter().map(read).collect()
}

/// The instances of the repository as far as they can be read; what is wrong with them is told
/// elsewhere.
pub(super) fn known(project: &Project) -> Vec<Loaded> {
    let input =
        super::Input { paths: Vec::new(), filenames: Vec::new(), namespace: None, config: None };
    let is_repository = project.root.is_some();
    let read = is_repository.then(|| read(&input, project, &mut Report::default()).ok()).flatten();
    read.map(|sources| sources.instances).unwrap_or_default()
}

fn collect(
    path: &Path,
    project: &Project,
    inputs: &mut Vec<Input>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let own = project.root.as_ref().map(|root| root.join(&project.settings.output));
    let outputs: Vec<PathBuf> =
        own.iter().chain(&project.output).map(|output| absolute(output)).collect();
    for file in files::sources(path, report)? {
        if outputs.iter().any(|output| absolute(&file).starts_with(output)) {
            let message = format!("{} lies under the output tree", shown(&file));
            let hint = Some("keep sources outside what is rendered".to_owned());
            let severity = crate::diagnostic::severity("OC0305");
            report.push(Finding::new("OC0305", severity, "", message, hint));
            continue;
        }
        let bytes =
            std::fs::read(&file).with_context(|| format!("failed to read {}", file.display()))?;
        detail(|| format!("read {}\n", shown(&file)));
        inputs.push(Input { name: shown(&file), origin: Some(origin(&file, project)), bytes });
    }
    Ok(())
}

/// Returns a path without `.` and `..`, relative paths against the working folder; links are not
/// followed, as sources may hold none.
fn absolute(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in std::env::current_dir().unwrap_or_default().join(path).components() {
        match part {
            Component::ParentDir => drop(clean.pop()),
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

/// Returns the path that the rendered objects name: relative to the repository, so that it does
/// not depend on where the command was run.
fn origin(file: &Path, project: &Project) -> String {
    let file = absolute(file);
    let base = match &project.root {
        Some(root) => absolute(root),
        None => absolute(Path::new("")),
    };
    let path = file.strip_prefix(&base).unwrap_or(&file);
    path.to_string_lossy().replace('\\', "/")
}
