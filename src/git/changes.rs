//! What a commit changed.

use super::cache::find;
use super::fault::of_objects;
use super::{Cache, Fault};
use crate::repository::Edits;

impl Cache {
    /// Returns every file that a commit changed below the path of the remote, as its first parent
    /// had it and as it has it; none where there was, or is, no such file.
    ///
    /// # Errors
    ///
    /// `Missing` when the commit or its parent is not there.
    pub fn changes(&self, commit: &str) -> Result<(Edits, Edits), Fault> {
        let of = |error: git2::Error| of_objects(&error);
        let (mut before, mut after) = (Edits::new(), Edits::new());
        let Some(parent) = self.parent(commit)? else { return Ok((before, after)) };
        let paths: Vec<String> = {
            let repository = self.repository()?;
            let tree = |id: &str| find(&repository, id)?.tree().map_err(of);
            let (old, new) = (tree(&parent)?, tree(commit)?);
            let difference =
                repository.diff_tree_to_tree(Some(&old), Some(&new), None).map_err(of)?;
            let sides = difference.deltas().flat_map(|delta| {
                [delta.old_file(), delta.new_file()].map(|file| file.path().map(ToOwned::to_owned))
            });
            let paths = sides.flatten().filter_map(|path| path.to_str().map(str::to_owned));
            let folder = self.remote().path.trim_matches('/');
            let below = |path: String| match folder {
                "" => Some(path),
                _ => path.strip_prefix(folder)?.strip_prefix('/').map(str::to_owned),
            };
            let mut paths: Vec<String> = paths.filter_map(below).collect();
            paths.sort();
            paths.dedup();
            paths
        };
        let named: Vec<&str> = paths.iter().map(String::as_str).collect();
        let (old, new) = (self.blobs(&parent, &named)?, self.blobs(commit, &named)?);
        for path in paths {
            before.insert(path.clone(), old.get(&path).cloned());
            after.insert(path.clone(), new.get(&path).cloned());
        }
        Ok((before, after))
    }
}
