//! Writes a tree so that a failure leaves the old one: every file is written beside its place
//! first, and only when all of them are there do they take their places.
#![expect(clippy::disallowed_methods, reason = "the shell writes files")]

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context;
use rayon::prelude::*;

use super::project::shown;
use crate::tree::{Changes, FileTree, LOCK, TEMPORARY};

/// Marks a lock that is written before the files that it announces.
const INTENT: &str = ".intent";

/// Files that lie beside their places. Dropped without [`Staging::commit`], they are removed and
/// the tree is as it was.
pub(super) struct Staging<'a> {
    folder: &'a Path,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    /// Folders that were made, parents first.
    folders: Vec<PathBuf>,
    known: BTreeSet<PathBuf>,
}

impl<'a> Staging<'a> {
    /// Stages files for the tree at `folder`.
    pub(super) fn new(folder: &'a Path) -> Self {
        Self { folder, made: Mutex::default() }
    }

    /// Writes a file beside its place.
    pub(super) fn stage(&self, path: &str, text: &str) -> anyhow::Result<()> {
        self.write(path, text, "")
    }

    fn write(&self, path: &str, text: &str, tag: &str) -> anyhow::Result<()> {
        let file = temporary(&self.folder.join(path), tag);
        {
            let mut made = self.made.lock().map_err(|_| anyhow::anyhow!("a writer failed"))?;
            if let Some(parent) = file.parent() {
                made.folder(parent)?;
            }
            made.files.push(file.clone());
        }
        // A link that somebody put here must not be followed.
        let result = OpenOptions::new().write(true).create_new(true).open(&file);
        result
            .and_then(|mut opened| opened.write_all(text.as_bytes()))
            .with_context(|| format!("failed to write {}", shown(&file)))
    }

    /// Lets the files take their places: the intents, the files, the removals, the locks last.
    ///
    /// # Errors
    /// When the world fails. Until all intents are written the tree is as it was; later, the next
    /// run goes on where this one stopped.
    pub(super) fn commit(self, changes: &Changes, intents: &FileTree) -> anyhow::Result<()> {
        for (path, text) in intents {
            self.write(path, text, INTENT)?;
        }
        let (locks, files): (Vec<&String>, Vec<&String>) =
            changes.writes.iter().partition(|path| is_lock(path));
        self.place(&intents.keys().collect::<Vec<_>>(), INTENT)?;
        self.place(&files, "")?;
        let (gone_locks, gone): (Vec<&String>, Vec<&String>) =
            changes.removals.iter().partition(|path| is_lock(path));
        for path in gone.into_iter().chain(gone_locks) {
            let file = self.folder.join(path);
            fs::remove_file(&file).with_context(|| format!("failed to remove {}", shown(&file)))?;
        }
        self.place(&locks, "")?;
        self.drop_empty_folders(&changes.removals);
        Ok(())
    }

    fn place(&self, paths: &[&String], tag: &str) -> anyhow::Result<()> {
        paths.par_iter().try_for_each(|path| {
            let target = self.folder.join(path);
            fs::rename(temporary(&target, tag), &target)
                .with_context(|| format!("failed to write {}", shown(&target)))
        })
    }

    /// Folders that hold something else stay.
    fn drop_empty_folders(&self, removed: &[String]) {
        for path in removed {
            let mut folder = self.folder.join(path);
            while folder.pop() && folder != self.folder && fs::remove_dir(&folder).is_ok() {}
        }
    }
}

impl Made {
    fn folder(&mut self, folder: &Path) -> anyhow::Result<()> {
        if folder.as_os_str().is_empty() || self.known.contains(folder) {
            return Ok(());
        }
        if !folder.is_dir() {
            if let Some(parent) = folder.parent() {
                self.folder(parent)?;
            }
            fs::create_dir(folder).with_context(|| format!("failed to make {}", shown(folder)))?;
            self.folders.push(folder.to_path_buf());
        }
        self.known.insert(folder.to_path_buf());
        Ok(())
    }
}

impl Drop for Staging<'_> {
    /// After a commit nothing is left to remove, and folders that are used are not empty.
    fn drop(&mut self) {
        let Ok(made) = self.made.get_mut() else { return };
        for file in &made.files {
            fs::remove_file(file).ok();
        }
        for folder in made.folders.iter().rev() {
            fs::remove_dir(folder).ok();
        }
    }
}

fn is_lock(path: &str) -> bool {
    path.ends_with(LOCK)
}

fn temporary(target: &Path, tag: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}{tag}{TEMPORARY}"))
}
