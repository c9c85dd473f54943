//! What a commit follows.

use git2::{Oid, Sort};

use super::cache::{find, id_of};
use super::fault::of_objects;
use super::{Cache, Fault};

impl Cache {
    /// Returns the ids and messages of a commit and of what it follows, merged branches included,
    /// newest first, `limit` at most. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    ///
    /// `Missing` when the commit is not there.
    pub fn messages(&self, from: &str, limit: usize) -> Result<Vec<(String, String)>, Fault> {
        let repository = self.repository()?;
        let first = find(&repository, from)?.id();
        let read = || -> Result<Vec<(String, String)>, git2::Error> {
            let mut walk = repository.revwalk()?;
            // The other orders read the whole past before they tell the first.
            walk.set_sorting(Sort::NONE)?;
            walk.push(first)?;
            walk.take(limit)
                .map(|id| {
                    let commit = repository.find_commit(id?)?;
                    let message = String::from_utf8_lossy(commit.message_bytes()).into_owned();
                    Ok((commit.id().to_string(), message))
                })
                .collect()
        };
        read().map_err(|error| of_objects(&error))
    }

    /// Returns the first parent of a commit; `None` for the first commit of all.
    ///
    /// # Errors
    ///
    /// `Missing` when the commit is not there.
    pub fn parent(&self, commit: &str) -> Result<Option<String>, Fault> {
        let repository = self.repository()?;
        let parent = find(&repository, commit)?.parent_ids().next();
        Ok(parent.map(|id: Oid| id.to_string()))
    }

    /// Whether `new` is `old` or follows it. An `old` that is not there, as after a forced push,
    /// is followed by nothing.
    ///
    /// # Errors
    ///
    /// `Missing` when `new` is not there.
    pub fn is_ancestor(&self, old: &str, new: &str) -> Result<bool, Fault> {
        let repository = self.repository()?;
        let (old, new) = (id_of(old)?, find(&repository, new)?.id());
        if old == new || repository.find_commit(old).is_err() {
            return Ok(old == new);
        }
        repository.graph_descendant_of(new, old).map_err(|error| of_objects(&error))
    }
}
