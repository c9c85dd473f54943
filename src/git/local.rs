//! Somebody's own checkout: a commit in it, and the files of one.

use std::path::Path;

use git2::{ErrorCode, Repository, Signature, Status};

use super::fault::{clean, of_objects};
use super::{Author, Fault, files, tree};
use crate::repository::{Edits, Files};

/// A checkout that a commit is made in or read from.
pub struct Checkout {
    repository: Repository,
    /// The folder of openclaw.yaml in it; empty for its root.
    folder: String,
}

impl Checkout {
    /// Finds the checkout that a folder lies in.
    ///
    /// # Errors
    ///
    /// `Missing` when there is none, or one without a commit.
    pub fn find(folder: &Path) -> Result<Self, Fault> {
        let missing = |error: git2::Error| Fault::Missing(clean(error.message()));
        let repository = Repository::discover(folder).map_err(missing)?;
        let root = repository.workdir().and_then(|root| root.canonicalize().ok());
        let root = root.ok_or_else(|| Fault::Missing("a checkout with files".to_owned()))?;
        let folder = folder.canonicalize().ok().and_then(|folder| {
            folder.strip_prefix(&root).ok().map(|below| below.to_string_lossy().into_owned())
        });
        let folder =
            folder.ok_or_else(|| Fault::Missing("the folder in the checkout".to_owned()))?;
        Ok(Self { repository, folder })
    }

    /// Returns the first of these files that somebody has changed and not committed.
    ///
    /// # Errors
    ///
    /// `Damaged` when the checkout cannot be read.
    pub fn changed(&self, edits: &Edits) -> Result<Option<String>, Fault> {
        for path in edits.keys() {
            match self.repository.status_file(Path::new(&self.below(path))) {
                Ok(status) if status == Status::CURRENT => {}
                Err(error) if error.code() == ErrorCode::NotFound => {}
                Ok(_) => return Ok(Some(path.clone())),
                Err(error) => return Err(of_objects(&error)),
            }
        }
        Ok(None)
    }

    /// Returns the files that a commit, branch or tag has below the folder of openclaw.yaml and that
    /// the caller selects. `REF...` is where HEAD left REF, as `git diff REF...` has it.
    ///
    /// # Errors
    ///
    /// `Missing` when there is no such commit, `Unsupported` as [`super::Cache::files_where`].
    pub fn files_at(&self, reference: &str, select: &dyn Fn(&str) -> bool) -> Result<Files, Fault> {
        let of = |error: git2::Error| of_objects(&error);
        let (name, is_fork) = match reference.strip_suffix("...") {
            Some(name) => (name, true),
            None => (reference, false),
        };
        let missing = |_| Fault::Missing(format!("the commit `{}`", clean(reference)));
        let find = |name: &str| {
            self.repository.revparse_single(name).and_then(|found| found.peel_to_commit())
        };
        let mut commit = find(name).map_err(missing)?;
        if is_fork {
            let head = find("HEAD").map_err(missing)?;
            let fork = self.repository.merge_base(commit.id(), head.id()).map_err(missing)?;
            commit = self.repository.find_commit(fork).map_err(of)?;
        }
        let root = commit.tree().map_err(of)?;
        match files::folder(&self.repository, root, &self.folder) {
            // It may be younger than the commit.
            Err(Fault::Missing(_)) => Ok(Files::new()),
            found => files::below(&self.repository, &found?, select),
        }
    }

    /// Commits edits on what is checked out, and nothing else that is changed or staged; returns
    /// the id. The files themselves are the caller's to write.
    ///
    /// # Errors
    ///
    /// `Local` when there is no branch to commit to, `Damaged` when something cannot be written.
    pub fn commit(&self, edits: &Edits, message: &str, author: &Author) -> Result<String, Fault> {
        let of = |error: git2::Error| of_objects(&error);
        let local = |error: git2::Error| Fault::Local(clean(error.message()));
        let parent =
            self.repository.head().and_then(|head| head.peel_to_commit()).map_err(local)?;
        let before = parent.tree().map_err(of)?;
        let tree = tree::edited(&self.repository, &before, &self.folder, edits)?;
        let tree = self.repository.find_tree(tree).map_err(of)?;
        let own = || Signature::now(&author.name, &author.email);
        let by = self.repository.signature().or_else(|_| own()).map_err(local)?;
        let id = self
            .repository
            .commit(Some("HEAD"), &by, &by, message, &tree, &[&parent])
            .map_err(local)?;
        let mut index = self.repository.index().map_err(of)?;
        for (path, bytes) in edits {
            let path = self.below(path);
            let path = Path::new(&path);
            let staged = match bytes {
                Some(_) => index.add_path(path),
                None => index.remove_path(path),
            };
            staged.map_err(of)?;
        }
        index.write().map_err(of)?;
        Ok(id.to_string())
    }

    fn below(&self, path: &str) -> String {
        if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) }
    }
}
