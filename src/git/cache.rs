//! The bare repository that holds what was fetched and what will be pushed.
#![expect(clippy::disallowed_methods, reason = "the cache is a folder, and its child this program")]

use std::path::{Path, PathBuf};

use git2::{Commit, ErrorCode, Oid, Repository};
use tokio::sync::Mutex;

use super::address::{self, reference, way};
use super::call::{self, Place};
use super::fault::{clean, of_objects};
use super::worker::{Answer, Task};
use super::{Fault, Limits, Pushed, Remote};

/// Loose objects from which on a cache is large: every commit of ours adds some.
const MANY_LOOSE: usize = 5_000;
/// Packs from which on it is: every fetch that finds something adds one, and all are looked through.
const MANY_PACKS: usize = 200;
/// Where the repository remembers what it is a cache of.
const ORIGIN: &str = "remote.origin.url";

/// A cache of one branch of a remote. One at a time uses a folder.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    remote: Remote,
    program: PathBuf,
    limits: Limits,
    /// Two children would hold each other's locks.
    alone: Mutex<()>,
}

impl Cache {
    /// Opens the cache in a folder, which is made; one that is damaged, or is of another url, is
    /// removed and made anew. Nothing is fetched. `program` is one that knows `git-worker`.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a remote that is not spoken to, `Local` when the folder cannot be used.
    pub fn open_with(
        folder: &Path,
        remote: Remote,
        program: PathBuf,
        limits: Limits,
    ) -> Result<Self, Fault> {
        way(&remote)?;
        let (folder, alone) = (folder.to_owned(), Mutex::new(()));
        let cache = Self { folder, remote, program, limits, alone };
        if !cache.is_sound() {
            cache.make()?;
        }
        Ok(cache)
    }

    /// Returns the remote.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Fetches the branch with its whole history, and returns the id of its commit. A branch that
    /// was pushed by force is followed. A cache that turns out to be damaged is made anew.
    ///
    /// # Errors
    ///
    /// `Missing` when the repository or the branch is not there, and what [`Fault`] says of
    /// servers.
    pub async fn fetch(&self) -> Result<String, Fault> {
        let _alone = self.alone.lock().await;
        let mut answer = self.call(Task::Fetch).await;
        if matches!(answer, Err(Fault::Damaged(_))) {
            self.make()?;
            answer = self.call(Task::Fetch).await;
        }
        match answer? {
            Answer::Fetched(id) => Ok(id),
            Answer::Pushed(_) => Err(Fault::Local("the child answered something else".to_owned())),
        }
    }

    /// Pushes a commit to the branch if that is still at `expected`, which the commit must follow.
    /// With `branch`, pushes it to that other branch, if that does not exist or is at `expected`,
    /// which the commit must follow as well. Nothing is forced. A branch that is at the commit
    /// already is `Done`, so that a push may be repeated.
    ///
    /// # Errors
    ///
    /// `Refused` with the words of the server. After `TimedOut` and `Unknown` the push may have
    /// arrived: fetch and look.
    pub async fn push(
        &self,
        expected: &str,
        commit: &str,
        branch: Option<&str>,
    ) -> Result<Pushed, Fault> {
        let target = branch.unwrap_or(&self.remote.branch).to_owned();
        way(&Remote { branch: target.clone(), ..self.remote.clone() })?;
        let task = Task::Push {
            reference: reference(&target),
            expected: id_of(expected)?.to_string(),
            commit: id_of(commit)?.to_string(),
            may_be_new: target != self.remote.branch,
        };
        let _alone = self.alone.lock().await;
        match self.call(task).await? {
            Answer::Pushed(pushed) => Ok(pushed),
            Answer::Fetched(_) => Err(Fault::Unknown("the child answered other things".to_owned())),
        }
    }

    /// Whether the cache has grown so much that a new one is smaller and faster.
    pub fn is_large(&self) -> bool {
        let entries = |folder: PathBuf| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).collect::<Vec<_>>()
        };
        let objects = self.bare().join("objects");
        let is_pack = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "pack");
        let packs = entries(objects.join("pack")).iter().filter(|path| is_pack(path)).count();
        let is_fan = |path: &PathBuf| path.file_name().is_some_and(|name| name.len() == 2);
        let fans = entries(objects).into_iter().filter(is_fan);
        let loose: usize = fans.map(|fan| entries(fan).len()).sum();
        packs >= MANY_PACKS || loose >= MANY_LOOSE
    }

    /// Makes the cache anew and empty: the next fetch brings everything.
    ///
    /// # Errors
    ///
    /// `Local` when the folder cannot be used.
    pub async fn renew(&self) -> Result<(), Fault> {
        let _alone = self.alone.lock().await;
        self.make()
    }

    async fn call(&self, task: Task) -> Result<Answer, Fault> {
        let place = Place { program: &self.program, folder: &self.folder, bare: &self.bare() };
        call::call(place, &self.remote, self.limits, task).await
    }

    fn bare(&self) -> PathBuf {
        self.folder.join("repository.git")
    }

    pub(super) fn repository(&self) -> Result<Repository, Fault> {
        Repository::open_bare(self.bare()).map_err(|error| of_objects(&error))
    }

    fn is_sound(&self) -> bool {
        let Ok(repository) = self.repository() else { return false };
        let Ok(config) = repository.config() else { return false };
        if config.get_string(ORIGIN).ok().as_ref() != Some(&self.remote.url) {
            return false;
        }
        // A crash of the machine leaves files that are empty or cut off.
        match repository.find_reference(&address::tracking(&self.remote.branch)) {
            Ok(branch) => branch.peel_to_tree().is_ok(),
            Err(error) => error.code() == ErrorCode::NotFound,
        }
    }

    fn make(&self) -> Result<(), Fault> {
        let bare = self.bare();
        match std::fs::remove_dir_all(&bare) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(local("the cache", &error));
            }
            _ => {}
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| local("the cache", &error))?;
        let make = || -> Result<(), git2::Error> {
            let mut config = Repository::init_bare(&bare)?.config()?;
            config.set_str(ORIGIN, &self.remote.url)?;
            // The same as each call says; a redirect would carry credentials elsewhere.
            config.set_bool("http.followRedirects", false)
        };
        make().map_err(|error| Fault::Local(clean(error.message())))
    }
}

pub(super) fn local(what: &str, error: &std::io::Error) -> Fault {
    Fault::Local(format!("{what}: {error}"))
}

/// Reads the id of a commit.
pub(super) fn id_of(text: &str) -> Result<Oid, Fault> {
    let whole = (text.len() == 40).then(|| Oid::from_str(text).ok()).flatten();
    whole.ok_or_else(|| Fault::Missing(format!("`{}` is no id of a commit", clean(text))))
}

/// Returns a commit of the cache.
pub(super) fn find<'r>(repository: &'r Repository, id: &str) -> Result<Commit<'r>, Fault> {
    repository.find_commit(id_of(id)?).map_err(|error| match error.code() {
        ErrorCode::NotFound => Fault::Missing(format!("the commit `{id}`")),
        _ => of_objects(&error),
    })
}
