//! One look at the backups of an instance: their state, what is seen, and what people read of it.

use super::job::{self, Objects, Request};
use super::store::{self, Store};
use super::{
    Backup, Deletion, Effect, End, Reason, Seen, State, Task, cause::Cause, due, jobs, step,
    stored, words,
};
use crate::api::status::BackupStatus;
use crate::controller::conditions::Judgement;
use crate::controller::decide::Event;
use crate::controller::observed::Observed;
use crate::controller::update::stored::time;

/// What came of a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// The progress, as the status has it.
    pub status: BackupStatus,
    /// The Job that runs.
    pub job: Option<String>,
    /// A backup that has just been verified: its path, and what it was made for.
    pub stored: Option<(String, Reason)>,
    /// The condition.
    pub judgement: Judgement,
    /// What to do; never with a state that is not stored.
    pub effect: Option<Effect>,
    /// What the Job consists of that is to be made.
    pub objects: Option<Box<Objects>>,
    /// What people should hear of.
    pub events: Vec<Event>,
    /// How a backup ended, once.
    pub end: Option<End>,
    /// When to look again, in seconds since 1970 in UTC.
    pub wake: Option<i64>,
    /// Whether the agent is stopped for it.
    pub is_stopping: bool,
}

/// Looks; the time is in seconds since 1970 in UTC.
pub fn look(observed: &Observed, now: i64) -> Looked {
    let instance = &observed.instance;
    let before = instance.status.backup.clone().unwrap_or_default();
    let state = stored::read(&before);
    let store = store::store(observed);
    let due = due::due(observed, &before, now);
    let seen = seen(observed, &state, &store, &due, now);
    let step = step(&state, &seen);
    let mut status = before.clone();
    stored::write(&step.state, &mut status);
    if let Ok(store) = &store {
        status.credentials = Some(store.owner.word().to_owned());
        status.endpoint = Some(store.endpoint.clone());
    }
    due::note(&due, &state, &step.state, now, &mut status);
    let mut stored_at = None;
    if let Some(end) = &step.end {
        stored_at = ended(observed, end, now, &mut status);
    }
    let is_changed = step.state != state;
    let run = match &step.effect {
        Some(Effect::Run(task, backup)) => Some((*task, backup.clone())),
        _ => None,
    };
    let objects = run
        .and_then(|(task, backup)| objects(observed, &store, &seen, task, &backup))
        .map(Box::new);
    // A Job cannot be made before it is known where its backup goes.
    let is_unmade = matches!(step.effect, Some(Effect::Run(..))) && objects.is_none();
    let wake = [step.wake, due.wake].into_iter().flatten().min();
    Looked {
        job: known(observed, &step.state),
        judgement: words::judgement(observed, &step, &store, &seen, stored_at.as_ref(), &status),
        effect: step.effect.clone().filter(|_| !is_unmade),
        objects,
        events: words::events(observed, &state, &step),
        is_stopping: is_stopping(&step.state, &seen),
        end: step.end,
        stored: stored_at,
        status,
        wake: if is_changed { Some(now) } else { wake },
    }
}

fn is_stopping(state: &State, seen: &Seen) -> bool {
    match state {
        State::Stopping(..) | State::Copying(..) => true,
        State::Uploading(backup, _) => backup.was_running && step::is_direct(backup, seen),
        State::Idle | State::Releasing(_) | State::Leaving(_) => false,
    }
}

fn seen(
    observed: &Observed,
    state: &State,
    store: &Result<Store, Cause>,
    due: &due::Due,
    now: i64,
) -> Seen {
    let instance = &observed.instance;
    let wants = instance.wants.as_ref();
    let backup = wants.map(|wants| &wants.backup);
    let set = observed.set.as_ref();
    let claim = observed.claim.as_ref().filter(|claim| !claim.is_deleted);
    let deletes =
        backup.is_some_and(|backup| backup.deletes_claim) && !observed.backup.is_claim_denied;
    Seen {
        now,
        replicas: set.map(|set| set.replicas),
        is_scaled_here: set.is_some_and(|set| set.is_scaled_here),
        has_pod: observed.pod.is_some(),
        is_suspended: wants.is_some_and(|wants| wants.is_suspended),
        is_exclusive: backup.is_some_and(|backup| backup.is_exclusive),
        store: store.as_ref().map(|_| ()).map_err(Clone::clone),
        due: due.reason,
        has_finalizer: instance.has_finalizer,
        deletion: instance.is_deleted.then(|| Deletion {
            since: instance.deleted.unwrap_or(now),
            is_namespace_ending: observed.backup.is_namespace_ending,
            claim: claim.filter(|_| deletes).map(|claim| claim.uid.clone()),
        }),
        job: jobs::seen(observed, state),
        timeout: backup.map_or(super::LATER, |backup| backup.timeout),
        retry: due.retry,
    }
}

/// The Job as the status names it: once it was seen, its absence means something.
fn known(observed: &Observed, state: &State) -> Option<String> {
    let (task, backup) = jobs::task(state)?;
    let name = job::name(&observed.instance, task, backup);
    let was_known = observed.instance.status.backup_job_name.as_ref() == Some(&name);
    (was_known || observed.backup.jobs.contains_key(&name)).then_some(name)
}

fn objects(
    observed: &Observed,
    store: &Result<Store, Cause>,
    seen: &Seen,
    task: Task,
    backup: &Backup,
) -> Option<Objects> {
    let wants = observed.instance.wants.as_ref()?;
    let update = observed.instance.status.auto_update.as_ref();
    let rolled = update.and_then(|update| stored::seconds(update.rolled_time.as_ref()));
    // The Pod may have been quicker than the first look at its commit.
    let since = rolled.unwrap_or(backup.started) - super::LATER;
    let name = job::name(&observed.instance, task, backup);
    let timeout = if task == Task::Copy { super::COPY } else { seen.timeout };
    Some(job::objects(&Request {
        instance: &observed.instance,
        wants,
        pod: wants.backup.pod.as_ref()?,
        store: store.as_ref().ok()?,
        namespace: observed.backup.namespace.as_deref()?,
        task,
        backup,
        is_direct: step::is_direct(backup, seen),
        since,
        timeout,
        owner: observed.backup.jobs.get(&name).map(|job| job.uid.clone()),
    }))
}

fn ended(
    observed: &Observed,
    end: &End,
    now: i64,
    status: &mut BackupStatus,
) -> Option<(String, Reason)> {
    match end {
        End::Stored(backup, bytes) => {
            status.size_bytes = *bytes;
            status.duration_seconds = Some(now - backup.started);
            status.failures = None;
            status.failed_for = None;
            status.failed_time = None;
            status.failure_reason = None;
            status.failure_message = None;
            let namespace = observed.backup.namespace.as_deref().unwrap_or_default();
            let path = job::path(namespace, &observed.instance.name, &backup.id);
            Some((path, backup.reason))
        }
        End::Failed(backup, failure) => {
            status.failures = Some(status.failures.unwrap_or_default().saturating_add(1));
            status.failed_for = Some(backup.reason.word().to_owned());
            status.failed_time = time(now);
            status.failure_reason = Some(failure.reason.clone());
            status.failure_message = Some(failure.message.clone());
            None
        }
        End::Left(_) | End::Skipped => None,
    }
}
