//! Pushes what was committed, by the program that the checkout was made with.
#![expect(clippy::disallowed_methods, reason = "the user's own git has the user's credentials")]

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

/// Runs `git push` in a folder, without a terminal: helpers and agents are asked, people are not.
/// The library would know neither the helpers nor what a CI has put into the checkout's settings.
pub(super) fn push(root: &Path) -> anyhow::Result<()> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["push", "--quiet"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .context("failed to run `git push`")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::bail!(
        "the commits are made and not pushed; when somebody was faster, take them back by `git reset --hard @{{upstream}}` and run this again: {}",
        said.trim()
    )
}
