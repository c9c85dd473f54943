//! `openclaw fn`: a function of Kubernetes' resource model, for kustomize and kpt.

use super::{Outcome, files, print, tell_report};
use crate::function;

/// Answers the ResourceList of stdin on stdout; the findings are its results, and words on stderr.
pub(super) fn run(color: bool) -> anyhow::Result<Outcome> {
    let mut answer = function::answer("<stdin>", &files::stdin()?)?;
    print(&answer.text)?;
    let failed = tell_report(&mut answer.report, color, false);
    Ok(if failed { Outcome::Finding } else { Outcome::Done })
}
