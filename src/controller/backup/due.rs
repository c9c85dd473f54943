//! What is to be backed up now, and when the next time is.

use super::{AGAIN, LATER, Reason, State, TRIES, stored};
use crate::api::cron;
use crate::api::status::BackupStatus;
use crate::controller::observed::Observed;
use crate::controller::update::stored::time;

/// What is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Why a backup is to be made now.
    pub reason: Option<Reason>,
    /// Not before this, in seconds since 1970 in UTC.
    pub retry: i64,
    /// When the schedule is due next.
    pub wake: Option<i64>,
    /// Whether it has been tried before.
    is_again: bool,
    /// The demand that is met by it.
    demand: Option<String>,
    /// The update whose snapshot it is.
    update: Option<String>,
}

/// Returns what is due.
pub fn due(observed: &Observed, status: &BackupStatus, now: i64) -> Due {
    let instance = &observed.instance;
    let failed = stored::seconds(status.failed_time.as_ref()).unwrap_or_default();
    let is_failed = |reason: Reason| status.failed_for.as_deref() == Some(reason.word());
    if instance.is_deleted {
        let retry = if is_failed(Reason::Deletion) { failed + AGAIN } else { 0 };
        return Due { retry, ..Due::default() };
    }
    let Some(wants) = instance.wants.as_ref() else { return Due::default() };
    let update = instance.status.auto_update.as_ref();
    // Its Pod has started, so what `init-state` copied is on the volume.
    let begun = update.filter(|update| update.started_time.is_some());
    let id = begun.and_then(|update| update.update_id.clone());
    let id = id.filter(|id| wants.backup.has_updates && status.update_id.as_ref() != Some(id));
    if id.is_some() {
        return Due { reason: Some(Reason::Update), update: id, ..Due::default() };
    }
    // An agent that is being judged is not stopped.
    let phase = update.and_then(|update| update.update_phase.as_deref());
    if phase.is_some_and(|phase| phase != "Proposed") {
        return Due::default();
    }
    let demand = wants.backup.demand.clone().filter(|one| status.demand.as_ref() != Some(one));
    if demand.is_some() {
        return Due { reason: Some(Reason::Demanded), demand, ..Due::default() };
    }
    let schedule = wants.backup.schedule.as_deref().and_then(cron::schedule);
    // A schedule counts from when it was first seen.
    let done = stored::seconds(status.scheduled_time.as_ref()).unwrap_or(now);
    let wake = schedule.as_ref().and_then(|schedule| cron::next(schedule, done));
    if wake.is_some_and(|at| at <= now) {
        return Due { reason: Some(Reason::Scheduled), ..Due::default() };
    }
    let is_open = (1..TRIES).contains(&status.failures.unwrap_or_default());
    let again = [Reason::Scheduled, Reason::Update].into_iter().find(|one| is_failed(*one));
    let retry = failed + LATER;
    match again.filter(|_| is_open) {
        Some(reason) => Due { reason: Some(reason), retry, wake, is_again: true, ..Due::default() },
        None => Due { wake, ..Due::default() },
    }
}

/// When the schedule wants the backup after the last one that was verified, in seconds since 1970
/// in UTC: once that is past, the data is older than it should be.
pub fn wanted(observed: &Observed) -> Option<i64> {
    let instance = &observed.instance;
    let schedule = instance.wants.as_ref()?.backup.schedule.as_deref().and_then(cron::schedule)?;
    let status = &instance.status;
    let seen = status.backup.as_ref().and_then(|backup| backup.scheduled_time.as_ref());
    // Without any, since the schedule was first seen, or since it was last tried.
    let since = stored::seconds(status.last_backup_time.as_ref().or(seen))?;
    cron::next(&schedule, since)
}

/// Notes what a backup that has just begun is for, so that it is made once.
pub fn note(due: &Due, before: &State, after: &State, now: i64, status: &mut BackupStatus) {
    let is_begun = stored::backup(before).is_none() && stored::backup(after).is_some();
    if is_begun {
        if !due.is_again {
            status.failures = None;
        }
        if let Some(demand) = &due.demand {
            status.demand = Some(demand.clone());
        }
        if let Some(update) = &due.update {
            status.update_id = Some(update.clone());
        }
        if due.reason == Some(Reason::Scheduled) {
            status.scheduled_time = time(now);
        }
    }
    if due.wake.is_some() && status.scheduled_time.is_none() {
        status.scheduled_time = time(now);
    }
}
