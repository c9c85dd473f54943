//! A Git repository on the bed's server, cloned as a user has it.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{run, variable};

/// A working tree with a remote on the Git server.
pub struct Repository {
    folder: TempDir,
    pub name: String,
}

impl Repository {
    /// Makes a bare repository and an empty clone of it, pushed to over HTTP.
    #[track_caller]
    pub fn new(name: &str) -> Self {
        let bare = PathBuf::from(variable("GIT_FOLDER")).join(format!("{name}.git"));
        if bare.exists() {
            std::fs::remove_dir_all(&bare).unwrap();
        }
        let bare = bare.to_str().unwrap();
        run(Command::new("git").args(["init", "-q", "--bare", "-b", "main", bare])).unwrap();
        run(Command::new("git").args(["-C", bare, "config", "http.receivepack", "true"])).unwrap();
        let repository = Self { folder: tempfile::tempdir().unwrap(), name: name.to_owned() };
        repository.git(["init", "-q", "-b", "main"]);
        repository.git(["config", "user.name", "tests"]);
        repository.git(["config", "user.email", "tests@example.com"]);
        let remote = format!("{}/{name}.git", variable("GIT_HTTP"));
        repository.git(["remote", "add", "origin", &remote]);
        repository
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The address for Argo CD, which has the password from a Secret.
    pub fn url(&self) -> String {
        format!("{}/{}.git", variable("GIT_HTTP_PLAIN"), self.name)
    }

    #[track_caller]
    pub fn git<const N: usize>(&self, args: [&str; N]) -> String {
        run(Command::new("git").arg("-C").arg(self.path()).args(args)).unwrap()
    }

    #[track_caller]
    pub fn write(&self, path: &str, text: &str) {
        let file = self.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// Commits everything and pushes it; returns the commit.
    #[track_caller]
    pub fn push(&self, subject: &str) -> String {
        self.git(["add", "-A"]);
        self.git(["commit", "-q", "--allow-empty", "-m", subject]);
        self.git(["push", "-q", "origin", "main"]);
        self.git(["rev-parse", "HEAD"]).trim().to_owned()
    }
}
