//! A branch of a Git repository: read as files, changed by commits, pushed as compare-and-swap.
//!
//! ```text
//! Remote -fetch-> commit -files-> Files -(somebody decides)-> Edits -commit-> commit -push-> Pushed
//! ```
//!
//! Objects are read and written here, in a bare repository that is a cache: no working tree, and
//! nothing in it that the server does not have or that could not be made again. Whatever speaks to
//! a server runs in a child, `openclaw git-worker`: the library waits without a limit for a server
//! that says nothing, and a child can be killed.
//!
//! - Nothing is ever forced: a push sends a commit whose parent is what the server has.
//! - Credentials are read by the child from their folder. They are in no argument, no URL, no
//!   variable and no message.
//! - What a repository holds is foreign: names, sizes and counts are bounded before they are read.

mod address;
mod cache;
mod call;
mod changes;
mod commit;
mod fault;
mod files;
mod history;
mod host;
mod local;
mod secrets;
mod tree;
mod worker;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use cache::Cache;
pub use fault::Fault;
pub use local::Checkout;
pub use worker::serve;

/// Where a branch is, and what proves who is who.
#[derive(Clone, Debug, Default)]
pub struct Remote {
    /// `https://host/path.git`, `ssh://git@host/path.git` or `git@host:path.git`, without a
    /// password. Of `file:///path` nothing is proven: it is for tests.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// Folder in the repository that every path is relative to; empty for its root.
    pub path: String,
    /// Folder of a mounted Secret with `username` and `password`, `token`, or `ssh-privatekey`
    /// (or `identity`), and with `signing-key`; each may be absent, the folder too.
    pub secrets: Option<PathBuf>,
    /// Lines of a known_hosts file; without the key of an ssh server nothing is said to it.
    pub known_hosts: Option<String>,
    /// Certificates in PEM that an https server is trusted by, besides the system's.
    pub ca_bundle: Option<String>,
}

/// Who a commit is by.
#[derive(Clone, Debug)]
pub struct Author {
    /// Name, without `<`, `>` and line breaks.
    pub name: String,
    /// Address, likewise.
    pub email: String,
}

/// How a push ended that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Pushed {
    /// The branch is at the commit.
    Done,
    /// Somebody else was faster; nothing has changed, and the commit is to be made anew.
    Lost,
}

/// Returns a key of a mounted Secret without the line break at its end; `None` when it is absent or
/// empty. It is for whoever else speaks to the host of a repository.
///
/// # Errors
///
/// `Local` when it cannot be read.
pub fn secret(folder: &Path, key: &str) -> Result<Option<String>, Fault> {
    secrets::line(Some(folder), key)
}

/// What a child may use.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Limits {
    /// How long it may take before it is killed.
    pub wall: Duration,
    /// Memory of its own in bytes; packs that it maps do not count.
    pub memory: u64,
    /// Bytes that a fetch may receive.
    pub received: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { wall: Duration::from_secs(120), memory: 1 << 30, received: 2 << 30 }
    }
}
