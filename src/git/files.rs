//! The files of a commit, bounded before they are read.

use git2::{ObjectType, Oid, Repository, Tree};

use super::address::is_part;
use super::fault::{clean, of_objects};
use super::{Cache, Fault};
use crate::repository::{Files, is_source_name};

/// Most files that are taken.
const MOST_FILES: usize = 100_000;
/// Most entries that are looked at: a tree may hold another one many times over, so that a small
/// pack has more paths than there are atoms.
const MOST_ENTRIES: usize = 1_000_000;
/// Deepest folder.
const DEEPEST: usize = 64;
/// Largest file, in bytes.
const LARGEST: usize = 4 << 20;
/// Most bytes of all files.
const MOST_BYTES: usize = 64 << 20;

/// File type of a symlink, and of a submodule, in the mode of an entry.
const TYPE: i32 = 0o170_000;
const SYMLINK: i32 = 0o120_000;
const SUBMODULE: i32 = 0o160_000;

impl Cache {
    /// Returns every file below the path of the remote, by its path from there.
    ///
    /// # Errors
    ///
    /// As [`Cache::files_where`].
    pub fn files(&self, commit: &str) -> Result<Files, Fault> {
        self.files_where(commit, &|_| true)
    }

    /// Returns the files below the path of the remote that the caller selects, by their path from
    /// there. It is asked for symlinks and submodules by their own path as well.
    ///
    /// # Errors
    ///
    /// `Unsupported` with the path of a selected file that is no file (a symlink, a submodule),
    /// that stands for other bytes (a pointer of Git LFS, what SOPS has encrypted), whose name is
    /// not UTF-8, or that is over a limit: 100,000 files, 4 MiB each, 64 MiB together, 64 folders
    /// deep, 1,000,000 entries looked at. `Missing` when the commit or the path is not there.
    pub fn files_where(&self, commit: &str, select: &dyn Fn(&str) -> bool) -> Result<Files, Fault> {
        let repository = self.repository()?;
        let root = self.folder(&repository, commit)?;
        below(&repository, &root, select)
    }

    /// Returns what some files hold at a commit, by their path from the path of the remote; those
    /// that are not there, or are no files, are left out.
    ///
    /// # Errors
    ///
    /// `Missing` when the commit is not there, `Unsupported` when a file is too large.
    pub fn blobs(&self, commit: &str, paths: &[&str]) -> Result<Files, Fault> {
        let repository = self.repository()?;
        let root = match self.folder(&repository, commit) {
            // The path of the remote may be younger than the commit.
            Err(Fault::Missing(_)) if super::cache::find(&repository, commit).is_ok() => {
                return Ok(Files::new());
            }
            other => other?,
        };
        let mut files = Files::new();
        for path in paths {
            let Ok(entry) = root.get_path(std::path::Path::new(path)) else { continue };
            if entry.kind() == Some(ObjectType::Blob) && entry.filemode() & TYPE != SYMLINK {
                let total: usize = files.values().map(Vec::len).sum();
                let bytes = read(&repository, entry.id(), path, MOST_BYTES - total)?;
                files.insert((*path).to_owned(), bytes);
            }
        }
        Ok(files)
    }

    /// Returns the folder that paths are relative to.
    fn folder<'r>(&self, repository: &'r Repository, commit: &str) -> Result<Tree<'r>, Fault> {
        let root = super::cache::find(repository, commit)?.tree().map_err(|e| of_objects(&e))?;
        folder(repository, root, &self.remote().path)
    }
}

/// Returns a folder below the root.
pub(super) fn folder<'r>(
    repository: &'r Repository,
    root: Tree<'r>,
    path: &str,
) -> Result<Tree<'r>, Fault> {
    if path.is_empty() {
        return Ok(root);
    }
    let entry = root.get_path(std::path::Path::new(path));
    let object = entry.ok().and_then(|entry| entry.to_object(repository).ok());
    let tree = object.and_then(|object| object.into_tree().ok());
    tree.ok_or_else(|| Fault::Missing(format!("the folder `{path}` in the repository")))
}

/// Returns the files below a folder that the caller selects; see [`Cache::files_where`].
pub(super) fn below(
    repository: &Repository,
    root: &Tree,
    select: &dyn Fn(&str) -> bool,
) -> Result<Files, Fault> {
    let mut walk = Walk { repository, select, entries: 0, found: Vec::new() };
    walk.tree(root, "", true, 0)?;
    let mut files = Files::new();
    let mut total = 0;
    for (path, id) in walk.found {
        let bytes = read(repository, id, &path, MOST_BYTES - total)?;
        total += bytes.len();
        if let Some(what) = stands_for_others(&path, &bytes) {
            return unsupported(&path, what);
        }
        if files.insert(path.clone(), bytes).is_some() {
            return unsupported(&path, "is there twice");
        }
    }
    Ok(files)
}

struct Walk<'w> {
    repository: &'w Repository,
    select: &'w dyn Fn(&str) -> bool,
    entries: usize,
    found: Vec<(String, Oid)>,
}

impl Walk<'_> {
    fn tree(&mut self, tree: &Tree, above: &str, named: bool, depth: usize) -> Result<(), Fault> {
        if depth > DEEPEST {
            return unsupported(above, "is too deep");
        }
        for entry in tree {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return unsupported(above, "the repository has too many entries");
            }
            let bytes = entry.name_bytes();
            let name = String::from_utf8_lossy(bytes);
            let named = named && std::str::from_utf8(bytes).is_ok() && is_part(&name);
            let path = if above.is_empty() { name.into_owned() } else { format!("{above}/{name}") };
            if entry.kind() == Some(ObjectType::Tree) {
                let below =
                    entry.to_object(self.repository).and_then(|object| object.peel_to_tree());
                self.tree(&below.map_err(|error| of_objects(&error))?, &path, named, depth + 1)?;
            } else if (self.select)(&path) {
                match entry.filemode() & TYPE {
                    _ if !named => return unsupported(&path, "has a name that is not supported"),
                    SYMLINK => return unsupported(&path, "is a symlink"),
                    SUBMODULE => return unsupported(&path, "is a submodule"),
                    _ => self.found.push((path, entry.id())),
                }
                if self.found.len() > MOST_FILES {
                    return unsupported(above, "the repository has too many files");
                }
            }
        }
        Ok(())
    }
}

fn unsupported<T>(path: &str, what: &str) -> Result<T, Fault> {
    Err(Fault::Unsupported(format!("`{}`: {what}", clean(path))))
}

/// Reads a blob after its size is known to be within what is left.
fn read(repository: &Repository, id: Oid, path: &str, left: usize) -> Result<Vec<u8>, Fault> {
    let database = repository.odb().map_err(|error| of_objects(&error))?;
    let (size, _) = database.read_header(id).map_err(|error| of_objects(&error))?;
    if size > LARGEST {
        return unsupported(path, "is larger than 4 MiB");
    }
    if size > left {
        return unsupported(path, "the files are larger than 64 MiB together");
    }
    let blob = repository.find_blob(id).map_err(|error| of_objects(&error))?;
    Ok(blob.content().to_vec())
}

/// Says so when the bytes of a file are not what it means.
fn stands_for_others(path: &str, bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Some("is a pointer of Git LFS");
    }
    (is_source_name(path) && is_sops(path, bytes)).then_some("is encrypted by SOPS")
}

/// SOPS leaves its block as a key of the document, in the style that it writes: at the start of a
/// line of YAML, or in the object of JSON.
fn is_sops(path: &str, bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    if path.to_lowercase().ends_with("json") || text.trim_start().starts_with('{') {
        let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
        return value.is_some_and(|value| value.get("sops").is_some());
    }
    let is_key = |line: &str, key: &str| {
        let rest = line.strip_prefix(key).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    text.lines().any(|line| ["sops", "\"sops\"", "'sops'"].iter().any(|key| is_key(line, key)))
}
