//! Trees that are stored: on disk, or in a commit.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Only, Rendered};
use crate::api::settings::{FILE, Settings};
use crate::cli::project::{Project, shown};
use crate::cli::{files, tell};
use crate::diagnostic::Report;
use crate::diff::Pair;
use crate::diff::objects::{self, Object};
use crate::git::{Checkout, Fault};
use crate::tree::{self, Present, Wanted};
use crate::validate;

/// Compares with the tree on disk.
pub(super) fn of_folder(
    folder: Option<&Path>,
    project: &Project,
    rendered: Vec<Rendered>,
    only: Option<&Only>,
    report: &mut Report,
) -> anyhow::Result<Vec<Pair>> {
    let Some((folder, base)) = place(folder, project) else {
        anyhow::bail!(
            "no openclaw.yaml was found; name the folder of the tree with `--tree`, or compare with the cluster by `--live`"
        );
    };
    let present = files::present(&folder, false, report)?;
    let wanted = wanted(&rendered);
    let text = |path: &str| files::text(&folder, path);
    let pairs = compare(rendered, &present, &text, only, &base);
    let is_same = pairs.iter().all(|pair| pair.old == pair.new);
    if is_same && only.is_none() && !tree::compare(&wanted, &present).is_empty() {
        tell(
            "note: no object differs, but locks, comments or layout of the tree do; `openclaw render --check` names the files\n",
        );
    }
    Ok(pairs)
}

/// Returns the folder of the tree, and how its files are called.
pub(super) fn place(folder: Option<&Path>, project: &Project) -> Option<(PathBuf, String)> {
    if let Some(folder) = folder {
        return Some((folder.to_path_buf(), shown(folder).trim_end_matches('/').to_owned()));
    }
    let output = &project.settings.output;
    Some((project.root.as_ref()?.join(output), base(&project.settings)))
}

fn base(settings: &Settings) -> String {
    settings.output.trim_start_matches("./").trim_matches('/').to_owned()
}

/// Compares with the tree of a commit.
pub(super) fn of_commit(
    reference: &str,
    project: &Project,
    rendered: Vec<Rendered>,
    only: Option<&Only>,
) -> anyhow::Result<Vec<Pair>> {
    let Some(root) = &project.root else {
        anyhow::bail!("no openclaw.yaml was found; `--git` compares a repository of instances");
    };
    let checkout = Checkout::find(root)?;
    let hint = || format!("failed to read the tree of {reference}");
    let settings =
        checkout.files_at(reference, &|path| path == FILE).map_err(known).with_context(hint)?;
    let settings = settings.get(FILE).and_then(|bytes| validate::settings::unchecked(FILE, bytes));
    // The tree may have lain elsewhere.
    let then = settings.map_or_else(|| base(&project.settings), |settings| base(&settings));
    let below = |path: &str| path.strip_prefix(&then)?.strip_prefix('/').map(str::to_owned);
    let counts = |path: &str| {
        below(path).is_some_and(|path| tree::counts(path.rsplit('/').next().unwrap_or_default()))
    };
    let found = checkout.files_at(reference, &counts).map_err(known).with_context(hint)?;
    let mut present = Present::default();
    for (path, bytes) in &found {
        present.add(&below(path).unwrap_or_default(), bytes);
    }
    let text = |path: &str| {
        let bytes = found.get(&format!("{then}/{path}"))?;
        String::from_utf8(bytes.clone()).ok()
    };
    Ok(compare(rendered, &present, &text, only, &base(&project.settings)))
}

/// A shallow clone is the usual cause, and has a remedy.
fn known(fault: Fault) -> anyhow::Error {
    let is_missing = matches!(fault, Fault::Missing(_));
    let error = anyhow::Error::from(fault);
    if is_missing {
        return error.context("it is not in this clone; fetch it, with `fetch-depth: 0` for a checkout of GitHub Actions");
    }
    error
}

fn wanted(rendered: &[Rendered]) -> Wanted {
    rendered.iter().flat_map(|one| one.wanted.clone()).collect()
}

/// Compares with a tree, of which only the files are read that are not what is rendered.
fn compare(
    rendered: Vec<Rendered>,
    present: &Present,
    text: &dyn Fn(&str) -> Option<String>,
    only: Option<&Only>,
    base: &str,
) -> Vec<Pair> {
    let sorted = objects::files(&wanted(&rendered), present, only);
    let mut old: Vec<Object> = Vec::new();
    for path in &sorted.read {
        let found = text(path).map(|text| (objects::stored(path, &text), text));
        match found {
            Some((objects, text)) if !objects.is_empty() || objects::is_for_kustomize(&text) => {
                old.extend(objects);
            }
            _ => tell(&format!(
                "warning: {base}/{path} cannot be read; what it holds counts as missing\n"
            )),
        }
    }
    let new = rendered.into_iter().flat_map(|one| one.objects);
    let new = new.filter(|object| !sorted.same.contains(&object.file)).collect();
    objects::pairs(old, new, base)
}

/// Returns the objects of the tree on disk that are rendered no more.
pub(super) fn left(
    folder: &Path,
    rendered: &[Rendered],
    only: Option<&Only>,
    report: &mut Report,
) -> anyhow::Result<(Vec<Object>, Vec<String>)> {
    let present = files::present(folder, false, report)?;
    let sorted = objects::files(&wanted(rendered), &present, only);
    let texts = sorted.read.iter().filter_map(|path| Some((path, files::text(folder, path)?)));
    let old = texts.flat_map(|(path, text)| objects::stored(path, &text)).collect();
    Ok((old, present.locks.into_keys().collect()))
}
