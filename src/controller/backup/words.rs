//! What people read of a backup: the condition and the events.

use super::cause::Cause;
use super::store::Store;
use super::{End, Job, Reason, Seen, State, Step, stored};
use crate::api::status::BackupStatus;
use crate::controller::conditions::{Judgement, Verdict};
use crate::controller::decide::Event;
use crate::controller::observed::Observed;
use crate::names;

/// What the condition says.
pub(super) fn judgement(
    observed: &Observed,
    step: &Step,
    store: &Result<Store, Cause>,
    seen: &Seen,
    stored_at: Option<&(String, Reason)>,
    status: &BackupStatus,
) -> Judgement {
    let kind = names::CONDITION_BACKUP;
    if let (Some(word), Some(backup)) = (stored::word(&step.state), stored::backup(&step.state)) {
        let waits = match &seen.job {
            Job::Waiting(Some(why)) => format!(": {why}"),
            _ => String::new(),
        };
        return Judgement::yes(kind, word, format!("{}{waits}", backup.id));
    }
    if let Err(cause) = store {
        let verdict = if cause.is_passing { Verdict::Unknown } else { Verdict::No };
        return Judgement::new(kind, verdict, cause.reason, cause.message.clone());
    }
    if let Some(message) = &status.failure_message {
        let reason = status.failure_reason.as_deref().unwrap_or("BackupFailed");
        return Judgement::no(kind, reason, message.clone());
    }
    let last = observed.instance.status.last_backup_path.clone();
    match stored_at.map(|(path, _)| path.clone()).or(last) {
        Some(path) => Judgement::yes(kind, "BackupStored", path),
        None => Judgement::yes(kind, "NoBackupYet", "a backup can be made; there is none yet"),
    }
}

/// What people hear of a step.
pub(super) fn events(observed: &Observed, before: &State, step: &Step) -> Vec<Event> {
    let event = |is_warning, reason: &str, message: String| Event {
        is_warning,
        reason: reason.to_owned(),
        message,
    };
    let mut events = Vec::new();
    let begun = stored::backup(&step.state).filter(|_| stored::backup(before).is_none());
    if let Some(backup) = begun {
        events.push(event(false, "BackupStarted", backup.id.clone()));
    }
    let claim = || {
        let claim = observed.instance.wants.as_ref().and_then(|wants| wants.claim.clone());
        claim.map_or_else(String::new, |claim| format!("; the data stays on the claim `{claim}`"))
    };
    match &step.end {
        Some(End::Stored(backup, _)) => {
            events.push(event(false, "BackupComplete", backup.id.clone()));
        }
        Some(End::Failed(backup, failure)) => {
            let message = format!("{}: {}: {}", backup.id, failure.reason, failure.message);
            events.push(event(true, "BackupFailed", message));
        }
        Some(End::Left(failure)) => {
            let reason = match failure.reason.as_str() {
                "DeadlineExceeded" => "BackupTimedOut",
                _ => "BackupSkipped",
            };
            events.push(event(true, reason, format!("{}{}", failure.message, claim())));
        }
        Some(End::Skipped) => {
            let message = format!("the annotation `{}` says so", names::ANNOTATION_SKIP_BACKUP);
            events.push(event(false, "BackupSkipped", message));
        }
        None => {}
    }
    events
}
