//! `openclaw git-worker`: what the controller runs to speak to a Git server.

use std::io::{Read, Write};

use super::Outcome;

/// Answers the request on stdin.
pub(super) fn run() -> anyhow::Result<Outcome> {
    let mut request = Vec::new();
    std::io::stdin().lock().read_to_end(&mut request)?;
    let mut out = std::io::stdout().lock();
    out.write_all(&crate::git::serve(&request))?;
    out.flush()?;
    Ok(Outcome::Done)
}
