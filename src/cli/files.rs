//! Reads sources and trees, and writes trees so that a failure leaves the old one.
#![expect(clippy::disallowed_methods, reason = "the shell reads and writes files")]

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;

use crate::diagnostic::{Finding, Report, severity};
use crate::tree::{Change, FileTree, LOCK, Present, TEMPORARY};

/// Suffixes of sources.
const SUFFIXES: [&str; 3] = ["yaml", "yml", "json"];

/// Returns the files of a source, sorted; hidden files are passed over, links are findings.
pub(super) fn sources(path: &Path, report: &mut Report) -> anyhow::Result<Vec<PathBuf>> {
    let metadata =
        fs::symlink_metadata(path).with_context(|| format!("failed to read {}", path.display()))?;
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
            .with_context(|| format!("failed to read {}", entry.display()))?;
        let suffix = entry.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if metadata.is_symlink() {
            report.push(link(&entry));
        } else if metadata.is_dir() {
            files.extend(sources(&entry, report)?);
        } else if SUFFIXES.contains(&suffix.as_str()) {
            files.push(entry);
        }
    }
    Ok(files)
}

fn sorted(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
    };
    let mut entries = list().with_context(|| format!("failed to list {}", folder.display()))?;
    entries.sort();
    Ok(entries)
}

fn link(path: &Path) -> Finding {
    let message = format!("{} is a symbolic link, allowed: files and folders", path.display());
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
            anyhow::ensure!(!metadata.is_symlink(), "{} is a symbolic link", entry.display());
            if metadata.is_dir() {
                folders.push(entry);
            } else if entry.to_string_lossy().ends_with(".j2") {
                let text = fs::read_to_string(&entry)
                    .with_context(|| format!("failed to read {}", entry.display()))?;
                let name = entry.strip_prefix(folder).unwrap_or(&entry);
                found.push((name.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    Ok(found)
}

/// Reads the tree that exists; leftovers of a run that was killed are removed on the way.
pub(super) fn present(folder: &Path, report: &mut Report) -> anyhow::Result<Present> {
    let mut files: Vec<(String, PathBuf)> = Vec::new();
    match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_symlink() => report.push(link(folder)),
        Ok(metadata) => {
            anyhow::ensure!(metadata.is_dir(), "{} is not a folder", folder.display());
            walk(folder, "", &mut files, report)?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            return Err(error).with_context(|| format!("failed to read {}", folder.display()));
        }
    }
    let read: Vec<anyhow::Result<(String, Vec<u8>)>> = files
        .into_par_iter()
        .map(|(name, path)| {
            let bytes =
                fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
            Ok((name, bytes))
        })
        .collect();
    let mut present = Present::default();
    for entry in read {
        let (name, bytes) = entry?;
        present.add(&name, &bytes);
    }
    Ok(present)
}

fn walk(
    folder: &Path,
    base: &str,
    files: &mut Vec<(String, PathBuf)>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let list =
        fs::read_dir(folder).with_context(|| format!("failed to list {}", folder.display()))?;
    for entry in list {
        let entry = entry.with_context(|| format!("failed to list {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        let below = if base.is_empty() { name.clone() } else { format!("{base}/{name}") };
        if kind.is_symlink() {
            report.push(link(&entry.path()));
        } else if kind.is_dir() {
            walk(&entry.path(), &below, files, report)?;
        } else if name.ends_with(TEMPORARY) {
            fs::remove_file(entry.path()).ok();
        } else if name == LOCK || !name.starts_with('.') {
            files.push((below, entry.path()));
        }
    }
    Ok(())
}

/// What was made so far, to be taken back when something fails.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Made {
    fn undo(self) {
        for file in self.files {
            fs::remove_file(file).ok();
        }
        for folder in self.folders.into_iter().rev() {
            fs::remove_dir(folder).ok();
        }
    }
}

/// Makes the changes: everything is written beside its place first, so that a full disk or a
/// folder that cannot be written leaves the old tree; then the intents, the files, the removals,
/// and the locks last.
///
/// # Errors
/// When the world fails; before the first rename the tree is as it was.
pub(super) fn apply(folder: &Path, changes: &[Change], intents: &FileTree) -> anyhow::Result<()> {
    let mut made = Made::default();
    let (locks, files): (Vec<_>, Vec<_>) = changes
        .iter()
        .filter_map(|change| match change {
            Change::Write { path, text } => Some((path.as_str(), text.as_str())),
            Change::Remove { .. } => None,
        })
        .partition(|(path, _)| path.ends_with(LOCK));
    let intents: Vec<(&str, &str)> =
        intents.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
    let staged = stage(folder, &files, "", &mut made)
        .and_then(|()| stage(folder, &locks, "", &mut made))
        .and_then(|()| stage(folder, &intents, ".intent", &mut made));
    if let Err(error) = staged {
        made.undo();
        return Err(error);
    }
    commit(folder, &intents, ".intent")?;
    commit(folder, &files, "")?;
    let mut emptied = BTreeSet::new();
    for locks_only in [false, true] {
        for change in changes {
            if let Change::Remove { path } = change
                && path.ends_with(LOCK) == locks_only
            {
                let file = folder.join(path);
                fs::remove_file(&file)
                    .with_context(|| format!("failed to remove {}", file.display()))?;
                emptied.extend(file.parent().map(Path::to_path_buf));
            }
        }
    }
    commit(folder, &locks, "")?;
    for mut dir in emptied {
        // Folders that hold something else stay.
        while dir != folder && fs::remove_dir(&dir).is_ok() {
            if !dir.pop() {
                break;
            }
        }
    }
    Ok(())
}

fn temporary(target: &Path, tag: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}{tag}{TEMPORARY}"))
}

fn stage(folder: &Path, files: &[(&str, &str)], tag: &str, made: &mut Made) -> anyhow::Result<()> {
    let parents: BTreeSet<PathBuf> = files
        .iter()
        .filter_map(|(path, _)| folder.join(path).parent().map(Path::to_path_buf))
        .collect();
    for parent in parents {
        make_folder(&parent, made)?;
    }
    let results: Vec<(PathBuf, std::io::Result<()>)> = files
        .par_iter()
        .map(|(path, text)| {
            let file = temporary(&folder.join(path), tag);
            let result = write_new(&file, text.as_bytes());
            (file, result)
        })
        .collect();
    let mut failed = None;
    for (file, result) in results {
        if let (Err(error), None) = (result, &failed) {
            let message = format!("failed to write {}", file.display());
            failed = Some(anyhow::Error::new(error).context(message));
        }
        made.files.push(file);
    }
    failed.map_or(Ok(()), Err)
}

fn make_folder(folder: &Path, made: &mut Made) -> anyhow::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folder(parent, made)?;
    }
    fs::create_dir(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    made.folders.push(folder.to_path_buf());
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link that somebody put here must not be followed.
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)
}

fn commit(folder: &Path, files: &[(&str, &str)], tag: &str) -> anyhow::Result<()> {
    files.par_iter().try_for_each(|(path, _)| {
        let target = folder.join(path);
        fs::rename(temporary(&target, tag), &target)
            .with_context(|| format!("failed to write {}", target.display()))
    })
}
