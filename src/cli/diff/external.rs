//! Lets the program of `KUBECTL_EXTERNAL_DIFF` show the difference, as kubectl does.
#![expect(clippy::disallowed_methods, reason = "it leaves files for the program, and starts it")]

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::diff::{Change, Diff};

/// The variable of kubectl.
const VARIABLE: &str = "KUBECTL_EXTERNAL_DIFF";

/// Returns what the variable holds; none when it is empty.
pub(super) fn program() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|program| !program.trim().is_empty())
}

/// Runs the program with a folder of the objects before and one of them after; tells whether it
/// found a difference.
pub(super) fn run(program: &str, diff: &Diff) -> anyhow::Result<bool> {
    let folder = Scratch::new()?;
    let sides = [folder.side("LIVE")?, folder.side("MERGED")?];
    for change in diff.changes() {
        for (side, text) in sides.iter().zip(&change.texts) {
            if !text.is_empty() {
                let file = side.join(name(change));
                fs::write(&file, text)
                    .with_context(|| format!("failed to write {}", file.display()))?;
            }
        }
    }
    let words: Vec<&str> = program.split_whitespace().collect();
    let (program, arguments) = words.split_first().context("found no program")?;
    // kubectl takes no others, so that a variable cannot do more here than there.
    let is_taken =
        |word: &&&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-=".contains(c));
    let status = Command::new(program)
        .args(arguments.iter().filter(is_taken))
        .args(&sides)
        .status()
        .with_context(|| format!("failed to start `{program}` of {VARIABLE}"))?;
    match status.code() {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        _ => anyhow::bail!("`{program}` of {VARIABLE} failed: {status}"),
    }
}

/// Names the file of an object as kubectl does: group, version, kind, namespace and name.
fn name(change: &Change) -> String {
    let [kind, name] = &change.object;
    let version = change.api_version.replace('/', ".");
    format!("{version}.{kind}.{}.{name}", change.namespace).replace('/', "_")
}

/// A folder that nobody else may read, and that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let base = std::env::temp_dir();
        for attempt in 0..100 {
            let folder = base.join(format!("openclaw-diff-{}-{attempt}", std::process::id()));
            // What somebody else has put there is not ours to use.
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("failed to make {}", folder.display()));
                }
            }
        }
        anyhow::bail!("found no free name for a folder in {}", base.display())
    }

    fn side(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder: &Path = &self.0.join(name);
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to make {}", folder.display()))?;
        Ok(folder.to_path_buf())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
