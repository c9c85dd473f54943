//! Reads sources and trees.
#![expect(clippy::disallowed_methods, reason = "the shell reads files")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;

use super::project::shown;
use crate::api::settings::{FILE, Settings};
use crate::diagnostic::{Finding, Report, severity};
use crate::repository::{self, Edits, Files};
use crate::tree::{self, Present, TEMPORARY};

/// Returns the files of a source, sorted; hidden files are passed over, links are findings.
pub(super) fn sources(path: &Path, report: &mut Report) -> anyhow::Result<Vec<PathBuf>> {
    let metadata =
        fs::symlink_metadata(path).with_context(|| format!("failed to read {}", shown(path)))?;
    if metadata.is_symlink() {
        report.push(link(path));
        return Ok(Vec::new());
    }
    if !metadata.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for entry in sorted(path)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let metadata = fs::symlink_metadata(&entry)
            .with_context(|| format!("failed to read {}", shown(&entry)))?;
        if metadata.is_symlink() {
            report.push(link(&entry));
        } else if metadata.is_dir() {
            files.extend(sources(&entry, report)?);
        } else if repository::is_source_name(&name) {
            files.push(entry);
        }
    }
    Ok(files)
}

fn sorted(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut entries = list().with_context(|| format!("failed to list {}", shown(folder)))?;
    entries.sort();
    Ok(entries)
}

fn link(path: &Path) -> Finding {
    let shown = shown(path);
    let message = format!("{shown} is a symbolic link, allowed: files and folders");
    let hint = Some("replace it by what it points to".to_owned());
    Finding::new("OC0306", severity("OC0306"), "", message, hint)
}

/// Returns the templates of a folder by their name below it.
pub(super) fn templates(folder: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in sorted(&next)? {
            let metadata = fs::symlink_metadata(&entry)?;
            anyhow::ensure!(!metadata.is_symlink(), "{} is a symbolic link", shown(&entry));
            if metadata.is_dir() {
                folders.push(entry);
            } else if entry.to_string_lossy().ends_with(".j2") {
                let text = fs::read_to_string(&entry)
                    .with_context(|| format!("failed to read {}", shown(&entry)))?;
                let name = entry.strip_prefix(folder).unwrap_or(&entry);
                found.push((name.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    Ok(found)
}

/// Reads everything of a repository that its settings name, by path below its root.
pub(super) fn repository(
    root: &Path,
    settings: &Settings,
    report: &mut Report,
) -> anyhow::Result<Files> {
    let mut found = Files::new();
    let folders = [&settings.output, &settings.updates];
    let named = settings.sources.iter().chain(folders).chain(&settings.templates);
    let mut paths: Vec<String> =
        named.map(|path| path.trim_start_matches("./").trim_end_matches('/').to_owned()).collect();
    paths.push(FILE.to_owned());
    while let Some(path) = paths.pop() {
        let place = root.join(&path);
        let metadata = match fs::symlink_metadata(&place) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other.with_context(|| format!("failed to read {}", shown(&place)))?,
        };
        if metadata.is_symlink() {
            report.push(link(&place));
        } else if metadata.is_dir() {
            for entry in sorted(&place)? {
                let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if tree::counts(&name) && !name.ends_with(TEMPORARY) {
                    paths.push(format!("{path}/{name}"));
                }
            }
        } else {
            let bytes =
                fs::read(&place).with_context(|| format!("failed to read {}", shown(&place)))?;
            found.insert(path, bytes);
        }
    }
    Ok(found)
}

/// Puts each edit in its place; a reader sees the old or the new file, never half of one.
pub(super) fn write(root: &Path, edits: &Edits) -> anyhow::Result<()> {
    for (path, bytes) in edits {
        let place = root.join(path);
        let failed = || format!("failed to write {}", shown(&place));
        let Some(bytes) = bytes else {
            fs::remove_file(&place).with_context(failed)?;
            continue;
        };
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let temporary = place.with_file_name(format!(".{name}{TEMPORARY}"));
        place.parent().map_or(Ok(()), fs::create_dir_all).with_context(failed)?;
        let permissions = fs::metadata(&place).map(|old| old.permissions());
        fs::write(&temporary, bytes).with_context(failed)?;
        if let Ok(permissions) = permissions {
            fs::set_permissions(&temporary, permissions).with_context(failed)?;
        }
        fs::rename(&temporary, &place).with_context(failed)?;
    }
    Ok(())
}

/// Whether something is there, if only a link that leads nowhere.
pub(super) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Returns what lies where these files, or the folders that they need, belong; a folder that is to
/// be theirs `alone` is named for all that it holds.
pub(super) fn in_the_way<'a>(
    root: &Path,
    paths: impl IntoIterator<Item = &'a String>,
    alone: &[&str],
) -> BTreeSet<PathBuf> {
    let is_taken =
        |folder: &PathBuf| fs::read_dir(folder).is_ok_and(|mut all| all.next().is_some());
    let alone: Vec<PathBuf> = alone.iter().map(|name| root.join(name)).filter(is_taken).collect();
    let mut found: BTreeSet<PathBuf> = alone.iter().cloned().collect();
    for path in paths {
        let mut place = root.to_path_buf();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            place.push(part);
            // A link is in the way whatever it points to: what is written must stay in the folder.
            let Ok(metadata) = fs::symlink_metadata(&place) else { break };
            if parts.peek().is_none() || !metadata.is_dir() {
                if !alone.iter().any(|folder| place.starts_with(folder)) {
                    found.insert(place);
                }
                break;
            }
        }
    }
    found
}

/// Whether a folder lies in a Git repository without being its root.
pub(super) fn is_inside_git(folder: &Path) -> bool {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(full) = here.canonicalize() else { return false };
    !full.join(".git").exists() && full.ancestors().skip(1).any(|up| up.join(".git").exists())
}

/// Reads stdin to its end.
pub(super) fn stdin() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).context("failed to read stdin")?;
    Ok(bytes)
}

/// Reads a file that was named.
pub(super) fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("failed to read {}", shown(file)))
}

/// Returns the text of a file of the tree; none when it cannot be read as one.
pub(super) fn text(folder: &Path, path: &str) -> Option<String> {
    fs::read_to_string(folder.join(path)).ok()
}

/// Reads the tree that exists; with `clean`, leftovers of a run that was killed are removed on the
/// way.
pub(super) fn present(folder: &Path, clean: bool, report: &mut Report) -> anyhow::Result<Present> {
    let mut files: Vec<(String, PathBuf)> = Vec::new();
    match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_symlink() => report.push(link(folder)),
        Ok(metadata) => {
            anyhow::ensure!(metadata.is_dir(), "{} is not a folder", shown(folder));
            Walk { clean, files: &mut files, report }.folder(folder, "")?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("failed to read {}", shown(folder)));
        }
    }
    let parts: Vec<anyhow::Result<Present>> = files
        .into_par_iter()
        .map(|(name, path)| {
            let bytes =
                fs::read(&path).with_context(|| format!("failed to read {}", shown(&path)))?;
            let mut one = Present::default();
            one.add(&name, &bytes);
            Ok(one)
        })
        .collect();
    let mut present = Present::default();
    for part in parts {
        let part = part?;
        present.files.extend(part.files);
        present.locks.extend(part.locks);
    }
    Ok(present)
}

/// One walk through the tree that exists.
struct Walk<'a> {
    clean: bool,
    files: &'a mut Vec<(String, PathBuf)>,
    report: &'a mut Report,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, base: &str) -> anyhow::Result<()> {
        let list =
            fs::read_dir(folder).with_context(|| format!("failed to list {}", shown(folder)))?;
        let mut cleaned = false;
        for entry in list {
            let entry = entry.with_context(|| format!("failed to list {}", shown(folder)))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            let below = if base.is_empty() { name.clone() } else { format!("{base}/{name}") };
            if kind.is_symlink() {
                self.report.push(link(&entry.path()));
            } else if kind.is_dir() {
                self.folder(&entry.path(), &below)?;
            } else if name.ends_with(TEMPORARY) {
                cleaned |= self.clean && fs::remove_file(entry.path()).is_ok();
            } else if tree::counts(&name) {
                self.files.push((below, entry.path()));
            }
        }
        if cleaned && !base.is_empty() {
            // It was made for what is gone now, if nothing else lies in it.
            fs::remove_dir(folder).ok();
        }
        Ok(())
    }
}
