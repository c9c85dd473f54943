//! What the tests share: the binary in a scratch folder, whole outputs, one-command bless.
#![allow(
    dead_code,
    missing_docs,
    unused_imports,
    clippy::too_many_lines,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::format_collect,
    clippy::disallowed_methods,
    clippy::new_without_default,
    clippy::mod_module_files,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests are shell, fail by panicking, and each binary uses its own part"
)]

pub mod bed;
mod change;
pub mod fields;
pub mod http;
pub mod joins;
mod nasty;
pub mod reach;
pub mod render;
pub mod restricted;

pub use change::change;
pub use nasty::nasty;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The folder of the project.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether outputs are accepted instead of compared: `UPDATE=1`.
pub fn blessing() -> bool {
    std::env::var_os("UPDATE").is_some_and(|value| value == "1")
}

/// Whether the settings are the long ones: `tests/run nightly`.
pub fn nightly() -> bool {
    std::env::var_os("OPENCLAW_NIGHTLY").is_some()
}

/// Compares `found` with the file at `path` below the project; with `UPDATE=1` writes it.
#[track_caller]
pub fn golden(path: &str, found: &str) {
    let file = root().join(path);
    if blessing() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        if std::fs::read_to_string(&file).ok().as_deref() != Some(found) {
            std::fs::write(&file, found).unwrap();
        }
        return;
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    if expected != found {
        let diff = similar::TextDiff::from_lines(expected.as_str(), found);
        let text = diff.unified_diff().header("expected", "found").to_string();
        let text: String = text.split_inclusive('\n').take(60).collect();
        panic!("{path} differs; accept it with `tests/run bless`\n{text}");
    }
}

/// Compares a whole tree with a folder of the project; with `UPDATE=1` replaces the folder.
#[track_caller]
pub fn golden_tree(path: &str, found: &BTreeMap<String, String>) {
    let folder = root().join(path);
    let expected = tree(&folder);
    if blessing() {
        for name in expected.keys().filter(|name| !found.contains_key(*name)) {
            std::fs::remove_file(folder.join(name)).unwrap();
        }
    } else {
        for name in expected.keys() {
            assert!(found.contains_key(name), "{path}/{name} is not rendered any more");
        }
    }
    for (name, text) in found {
        golden(&format!("{path}/{name}"), text);
    }
}

/// Returns the files below a folder by their path.
pub fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let Ok(list) = std::fs::read_dir(&next) else { continue };
        for entry in list.map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else {
                let name =
                    entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                let bytes = if kind.is_symlink() {
                    let target = std::fs::read_link(entry.path()).unwrap();
                    format!("-> {}", target.display()).into_bytes()
                } else {
                    std::fs::read(entry.path()).unwrap()
                };
                files.insert(name, String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    files
}

/// A run of the binary.
pub struct Test {
    folder: TempDir,
    args: Vec<String>,
    stdin: Vec<u8>,
    env: Vec<(String, String)>,
    cwd: Option<PathBuf>,
}

/// What a run gave.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Test {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, args: Vec::new(), stdin: Vec::new(), env: Vec::new(), cwd: None }
    }

    pub fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(path, text);
        self
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let file = self.folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    pub fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self
    }

    pub fn set_args<const N: usize>(&mut self, args: [&str; N]) -> &mut Self {
        self.args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self
    }

    pub fn set_words(&mut self, words: &[String]) -> &mut Self {
        self.args = words.to_vec();
        self
    }

    /// Sets the arguments from one line, split at spaces.
    pub fn args_of(&mut self, line: &str) -> &mut Self {
        self.args = line.split_whitespace().map(str::to_owned).collect();
        self
    }

    pub fn stdin(mut self, text: impl AsRef<[u8]>) -> Self {
        self.stdin = text.as_ref().to_vec();
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The variables that were set.
    pub fn variables(&self) -> &[(String, String)] {
        &self.env
    }

    pub fn cwd(mut self, path: &str) -> Self {
        self.cwd = Some(self.folder.path().join(path));
        self
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn tree(&self, path: &str) -> BTreeMap<String, String> {
        tree(&self.folder.path().join(path))
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(binary());
        command
            .args(&self.args)
            .current_dir(self.cwd.as_deref().unwrap_or(self.folder.path()))
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self) -> Output {
        use std::io::Write;
        let mut child = self.command().spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let bytes = self.stdin.clone();
        let writer = std::thread::spawn(move || stdin.write_all(&bytes).ok());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Output {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs and demands success; returns stdout.
    #[track_caller]
    pub fn success(&self) -> String {
        let output = self.run();
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output.stdout
    }

    /// Runs and demands a finding; returns stderr. Nothing may be on stdout.
    #[track_caller]
    pub fn finding(&self) -> String {
        let output = self.run();
        assert_eq!(output.code, Some(1), "{}", output.stderr);
        assert_eq!(output.stdout, "");
        output.stderr
    }
}

/// The binary under test.
pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_openclaw"))
}

/// A command of the tools that `tests/tools/install` made, by the name of its variable.
#[track_caller]
pub fn tool(name: &str) -> String {
    let variable = format!("OPENCLAW_TOOLS_{name}");
    std::env::var(&variable).unwrap_or_else(|_| {
        panic!(
            "{variable} is not set: this test runs under `tests/run all`, which installs its tools"
        )
    })
}

/// Returns the documents of a stream.
pub fn documents(stream: &str) -> Vec<serde_json::Value> {
    format!("\n{stream}")
        .split("\n---\n")
        .filter(|text| !text.trim().is_empty())
        .map(|text| serde_yaml::from_str(&format!("{text}\n")).unwrap())
        .collect()
}

/// Returns every example that is one file, by its name.
pub fn examples() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".yaml"))
        .collect();
    names.sort();
    names
}
