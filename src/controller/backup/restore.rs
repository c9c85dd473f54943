//! What an instance restores, and whether the bucket that the controller shares is opened for it.
//!
//! Whoever restores from a bucket reads all of a backup, so the shared one is opened for the
//! namespace's own backups, and for others only by a grant in the controller's configuration. A
//! namespace with a bucket of its own may restore whatever its keys open.

use super::cause::Cause;
use super::store::{self, Owner};
use crate::controller::conditions::Judgement;
use crate::controller::observed::{Observed, PodFacts, State};
use crate::names;

/// What came of a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restoring {
    /// The path that is restored, once the agent has started with it.
    pub restored: Option<String>,
    /// The condition, while `spec.restoreFrom` says something.
    pub judgement: Option<Judgement>,
    /// UID of the Pod that is lent the credentials of the bucket.
    pub lend: Option<String>,
}

/// Looks.
pub fn look(observed: &Observed) -> Restoring {
    let instance = &observed.instance;
    let before = instance.status.restored_from.clone();
    let Some(path) = instance.wants.as_ref().and_then(|wants| wants.restore_from.clone()) else {
        return Restoring { restored: before, ..Restoring::default() };
    };
    let kind = names::CONDITION_RESTORE;
    let progress = observed.pod.as_ref().map(progress).unwrap_or_default();
    if progress == Progress::Started || before.as_ref() == Some(&path) {
        let judgement = Some(Judgement::yes(kind, "Restored", path.clone()));
        return Restoring { restored: Some(path), judgement, lend: None };
    }
    let (judgement, is_lent) = match permission(observed, &path) {
        Ok(owner) => (
            Judgement::not_yet(kind, "Restoring", path),
            owner == Owner::Controller && progress == Progress::Fetching,
        ),
        Err(cause) if cause.is_passing => {
            (Judgement::unknown(kind, cause.reason, cause.message), false)
        }
        Err(cause) => (Judgement::no(kind, cause.reason, cause.message), false),
    };
    let pod = observed.pod.as_ref().filter(|pod| is_lent && !pod.is_deleted);
    let lend = pod.map(|pod| pod.uid.clone());
    Restoring { restored: before, judgement: Some(judgement), lend }
}

/// How far the start of a Pod is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    /// It fetches nothing (yet).
    #[default]
    Other,
    /// The backup is to be fetched.
    Fetching,
    /// The backup has been swapped in.
    Started,
}

fn progress(pod: &PodFacts) -> Progress {
    let is_done = |name: &str| {
        let one = pod.containers.iter().find(|one| one.name == name);
        one.map(|one| matches!(&one.state, State::Ended(ended) if ended.code == 0))
    };
    match (is_done(names::INIT_RESTORE), is_done(names::INIT_CONFIG)) {
        (Some(false), _) => Progress::Fetching,
        (Some(true), Some(true)) => Progress::Started,
        _ => Progress::Other,
    }
}

/// Whose credentials open the path.
fn permission(observed: &Observed, path: &str) -> Result<Owner, Cause> {
    let owner = store::bucket(observed)?.owner;
    if owner == Owner::Namespace {
        return Ok(owner);
    }
    let Some(namespace) = &observed.backup.namespace else {
        return Err(Cause::passing("NotSynced", "the UID of the namespace is not known yet"));
    };
    let own = format!("{}/{namespace}", names::BACKUP_ROOT);
    let mut allowed = observed.backup.grants.iter().chain([&own]);
    if allowed.any(|prefix| is_below(path, prefix)) {
        return Ok(owner);
    }
    let message = format!(
        "`{path}` is not of this namespace, whose backups begin with `{own}/`: grant it by `restoreGrants` of the controller"
    );
    Err(Cause::lasting("RestoreNotGranted", message))
}

/// Whether a path is a prefix or lies below it. No part of either is empty, `.` or `..`: the rules
/// of both fields say so.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_a_part_ends() {
        assert!(is_below("openclaw/a/b", "openclaw/a"));
        assert!(is_below("openclaw/a", "openclaw/a"));
        assert!(!is_below("openclaw/ab/c", "openclaw/a"));
        assert!(!is_below("openclaw", "openclaw/a"));
        assert!(!is_below("x/openclaw/a/b", "openclaw/a"));
    }
}
