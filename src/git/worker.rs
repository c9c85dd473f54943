//! What the child does: one task, asked on stdin and answered on stdout.
#![expect(clippy::disallowed_methods, reason = "it clears what a killed child has left")]

mod push;
mod session;

use std::path::{Path, PathBuf};

use git2::{Oid, Repository};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::address::{Way, reference, tracking};
use super::fault::{clean, of_network, of_objects};
use super::{Fault, Limits, Pushed};
use session::Session;

/// What is left to the parent to kill the child, in seconds, before it ends by itself.
const GRACE: u64 = 5;

/// A task and what it needs.
#[derive(Deserialize, Serialize)]
pub(super) struct Request {
    pub(super) folder: PathBuf,
    pub(super) url: String,
    pub(super) branch: String,
    pub(super) way: Way,
    /// Folder of the credentials; they themselves go through nobody's hands.
    pub(super) secrets: Option<PathBuf>,
    pub(super) known_hosts: String,
    pub(super) limits: Limits,
    pub(super) task: Task,
}

#[derive(Deserialize, Serialize)]
pub(super) enum Task {
    Fetch,
    Push { reference: String, expected: String, commit: String, may_be_new: bool },
}

#[derive(Deserialize, Serialize)]
pub(super) enum Answer {
    Fetched(String),
    Pushed(Pushed),
}

/// Does what a request says, and returns the answer; both are JSON, and of no concern to anybody
/// else. It limits the process that it runs in, for good.
pub fn serve(request: &[u8]) -> Vec<u8> {
    let answer = match serde_json::from_slice::<Request>(request) {
        Ok(request) => limit(&request.limits).and_then(|()| request.answer()),
        Err(error) => Err(Fault::Local(format!("the request: {}", clean(&error.to_string())))),
    };
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn limit(limits: &Limits) -> Result<(), Fault> {
    // The address space would be the wrong measure: the library maps whole packs.
    for (resource, most) in [(Resource::Data, limits.memory), (Resource::Core, 0)] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .map_err(|error| Fault::Local(format!("failed to limit the child: {error}")))?;
    }
    let longest = limits.wall + std::time::Duration::from_secs(GRACE);
    // When the parent was killed, nobody else ends a child that waits for a server.
    std::thread::spawn(move || {
        std::thread::sleep(longest);
        std::process::exit(1);
    });
    Ok(())
}

impl Request {
    fn answer(&self) -> Result<Answer, Fault> {
        sweep(&self.folder, &tracking(&self.branch));
        let repository = Repository::open_bare(&self.folder).map_err(|e| of_objects(&e))?;
        match &self.task {
            Task::Fetch => {
                let found = self.fetch(&repository, &reference(&self.branch))?;
                let id =
                    found.ok_or_else(|| Fault::Missing(format!("branch `{}`", self.branch)))?;
                // What a crash of the machine has cut off is found now, and not by every reader.
                repository.find_commit(id).and_then(|c| c.tree()).map_err(|e| of_objects(&e))?;
                Ok(Answer::Fetched(id.to_string()))
            }
            Task::Push { .. } => self.push(&repository).map(Answer::Pushed),
        }
    }

    /// Fetches the branch, and returns where a reference of the server is.
    fn fetch(&self, repository: &Repository, wanted: &str) -> Result<Option<Oid>, Fault> {
        let session = Session::new(self)?;
        let mut remote = repository.remote_anonymous(&self.url).map_err(|e| of_network(&e))?;
        let mut options = session.fetch_options();
        let own = format!("+{}:{}", reference(&self.branch), tracking(&self.branch));
        let fetched = remote.fetch(&[own], Some(&mut options), None);
        fetched.map_err(|error| session.fault(&error))?;
        let heads = remote.list().map_err(|error| session.fault(&error))?;
        Ok(heads.iter().find(|head| head.name() == wanted).map(git2::RemoteHead::oid))
    }
}

/// Removes locks and half packs of a child that was killed; there is only one at a time.
fn sweep(folder: &Path, tracking: &str) {
    for lock in [&format!("{tracking}.lock"), "packed-refs.lock", "config.lock"] {
        std::fs::remove_file(folder.join(lock)).ok();
    }
    let packs = std::fs::read_dir(folder.join("objects/pack")).into_iter().flatten().flatten();
    for file in packs.filter(|file| !file.file_name().as_encoded_bytes().starts_with(b"pack-")) {
        std::fs::remove_file(file.path()).ok();
    }
}
