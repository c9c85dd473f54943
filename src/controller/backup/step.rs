//! The steps of the machine.

use super::{
    Backup, COPY, Deletion, Effect, End, Failure, GRACE, Job, Reason, STOP, Seen, State, Step, Task,
};
use k8s_openapi::jiff::Timestamp;

/// Returns where an instance is next, and what is to be done.
pub fn step(state: &State, seen: &Seen) -> Step {
    match (&seen.deletion, state) {
        (Some(_), _) if !seen.has_finalizer => stay(&State::Idle, None, None),
        (Some(deletion), _) => deleted(state, deletion, seen),
        (None, State::Idle | State::Releasing(_) | State::Leaving(_)) => idle(seen),
        (None, State::Stopping(backup, since)) => stopping(state, backup, *since, seen),
        (None, State::Copying(backup, since)) => copying(state, backup, *since, seen),
        (None, State::Uploading(backup, since)) => uploading(state, backup, *since, seen),
    }
}

/// Nothing changes; `wake` is when to look again.
fn stay(state: &State, effect: Option<Effect>, wake: Option<i64>) -> Step {
    Step { state: state.clone(), effect, end: None, wake }
}

/// It goes on, and nothing is done before that is stored.
fn go(state: State) -> Step {
    Step { state, effect: None, end: None, wake: None }
}

fn end(end: End, effect: Option<Effect>) -> Step {
    Step { state: State::Idle, effect, end: Some(end), wake: None }
}

fn fail(backup: &Backup, reason: &str, message: &str, effect: Option<Effect>) -> Step {
    end(End::Failed(backup.clone(), Failure::new(reason, message)), effect)
}

/// Whether the agent is to be started again.
fn is_to_start(seen: &Seen) -> bool {
    seen.replicas == Some(0) && seen.is_scaled_here && !seen.is_suspended
}

fn is_stopped(seen: &Seen) -> bool {
    !seen.has_pod && seen.replicas.is_none_or(|replicas| replicas == 0)
}

fn idle(seen: &Seen) -> Step {
    if is_to_start(seen) {
        return stay(&State::Idle, Some(Effect::Scale(1)), Some(seen.now + GRACE));
    }
    let is_possible = seen.store.is_ok();
    let is_out = seen.store.as_ref().is_err_and(|cause| !cause.is_passing);
    match (is_possible, seen.has_finalizer) {
        (true, false) => return stay(&State::Idle, Some(Effect::Hold), None),
        (false, true) if is_out => return stay(&State::Idle, Some(Effect::Release), None),
        _ => {}
    }
    let Some(reason) = seen.due.filter(|_| is_possible && seen.replicas.is_some()) else {
        return stay(&State::Idle, None, None);
    };
    if seen.now < seen.retry {
        return stay(&State::Idle, None, Some(seen.retry));
    }
    go(begin(reason, seen))
}

/// The first state of a new backup.
fn begin(reason: Reason, seen: &Seen) -> State {
    let was_running = !is_stopped(seen);
    let backup = Backup { id: id(reason, seen.now), reason, started: seen.now, was_running };
    match reason {
        // Its snapshot is on the volume, and the agent goes on.
        Reason::Update => State::Uploading(backup, seen.now),
        _ if was_running => State::Stopping(backup, seen.now),
        _ => State::Uploading(backup, seen.now),
    }
}

/// The time makes it unique: no attempt begins in the second of another of the same instance.
fn id(reason: Reason, now: i64) -> String {
    let time = Timestamp::from_second(now).unwrap_or_default();
    format!("{}-{}", time.strftime("%Y%m%dT%H%M%SZ"), reason.word())
}

fn stopping(state: &State, backup: &Backup, since: i64, seen: &Seen) -> Step {
    if is_stopped(seen) {
        let is_direct = seen.is_exclusive || seen.is_suspended;
        return go(if is_direct {
            State::Uploading(backup.clone(), seen.now)
        } else {
            State::Copying(backup.clone(), seen.now)
        });
    }
    if let Job::Refused(why) = &seen.job {
        return fail(backup, "ScaleRefused", why, None);
    }
    if seen.now >= since + STOP {
        return fail(backup, "PodNotEnding", "the Pod did not end within 10 minutes", None);
    }
    let is_running = seen.replicas.is_some_and(|replicas| replicas > 0);
    stay(state, is_running.then_some(Effect::Scale(0)), Some(since + STOP))
}

fn copying(state: &State, backup: &Backup, since: i64, seen: &Seen) -> Step {
    let cancel = || Some(Effect::Cancel(Task::Copy, backup.clone()));
    if !is_stopped(seen) {
        let message = "the agent was started while its state was being copied";
        return fail(backup, "AgentStarted", message, cancel());
    }
    match &seen.job {
        Job::Done(_) => Step { effect: cancel(), ..go(State::Uploading(backup.clone(), seen.now)) },
        Job::Failed(failure) => end(End::Failed(backup.clone(), failure.clone()), None),
        Job::Gone => fail(backup, "JobGone", "the Job that copies the state was deleted", None),
        Job::Refused(why) => fail(backup, "JobRefused", why, None),
        Job::Absent | Job::Waiting(_) | Job::Running if seen.now >= since + COPY + GRACE => {
            let message = "the state was not copied within 10 minutes";
            fail(backup, "CopyTimedOut", message, cancel())
        }
        Job::Absent | Job::Waiting(_) => {
            let effect = Effect::Run(Task::Copy, backup.clone());
            stay(state, Some(effect), Some(since + COPY + GRACE))
        }
        Job::Running => stay(state, None, Some(since + COPY + GRACE)),
    }
}

/// Whether the state itself is uploaded, which nobody may write to meanwhile.
pub(super) fn is_direct(backup: &Backup, seen: &Seen) -> bool {
    match backup.reason {
        Reason::Update => false,
        Reason::Deletion => true,
        Reason::Scheduled | Reason::Demanded => !backup.was_running || seen.is_exclusive,
    }
}

fn uploading(state: &State, backup: &Backup, since: i64, seen: &Seen) -> Step {
    let limit = since + seen.timeout + GRACE;
    let cancel = || Some(Effect::Cancel(Task::Upload, backup.clone()));
    let is_direct = is_direct(backup, seen);
    if is_direct && !is_stopped(seen) {
        let message = "the agent was started while its state was being read";
        return fail(backup, "AgentStarted", message, cancel());
    }
    // Before anything else: the agent waits.
    if !is_direct && is_to_start(seen) {
        return stay(state, Some(Effect::Scale(1)), Some(seen.now + GRACE));
    }
    match &seen.job {
        // As long as its Pod is there, the claim counts as used and the credentials lie about.
        Job::Done(bytes) => end(End::Stored(backup.clone(), *bytes), cancel()),
        Job::Failed(failure) => end(End::Failed(backup.clone(), failure.clone()), None),
        Job::Gone => {
            fail(backup, "JobGone", "the Job that uploads was deleted before it was done", None)
        }
        Job::Refused(why) => fail(backup, "JobRefused", why, None),
        Job::Absent | Job::Waiting(_) | Job::Running if seen.now >= limit => {
            fail(backup, "UploadTimedOut", "the upload took longer than it may", cancel())
        }
        Job::Absent | Job::Waiting(_) => {
            let effect = Effect::Run(Task::Upload, backup.clone());
            stay(state, Some(effect), Some(limit))
        }
        Job::Running => stay(state, None, Some(limit)),
    }
}

/// Every way ends with the finalizer gone and the data kept, at the deadline at the latest.
fn deleted(state: &State, deletion: &Deletion, seen: &Seen) -> Step {
    let left = |reason: &str, message: &str| Step {
        end: Some(End::Left(Failure::new(reason, message))),
        ..go(State::Leaving(seen.now))
    };
    match (state, &deletion.claim) {
        (State::Releasing(_), Some(uid)) => {
            let effect = Effect::DeleteClaim { uid: uid.clone() };
            return stay(state, Some(effect), Some(seen.now + GRACE));
        }
        (State::Releasing(_) | State::Leaving(_), _) => {
            return stay(state, Some(Effect::Release), Some(seen.now + GRACE));
        }
        _ => {}
    }
    let releasing = State::Releasing(seen.now);
    if seen.store.as_ref().is_err_and(|cause| cause.reason == "Skipped") {
        return Step { end: Some(End::Skipped), ..go(releasing) };
    }
    if deletion.is_namespace_ending {
        return left("NamespaceTerminating", "the namespace is being deleted");
    }
    if seen.now >= deletion.since + seen.timeout {
        return left("DeadlineExceeded", "no backup was made before the deadline");
    }
    if let Err(cause) = &seen.store
        && !cause.is_passing
    {
        return left(cause.reason, &cause.message);
    }
    let wake = Some(deletion.since + seen.timeout);
    match state {
        State::Uploading(backup, _) if backup.reason == Reason::Deletion => match &seen.job {
            Job::Done(bytes) => {
                let effect = Some(Effect::Cancel(Task::Upload, backup.clone()));
                Step { end: Some(End::Stored(backup.clone(), *bytes)), effect, ..go(releasing) }
            }
            Job::Failed(failure) => end(End::Failed(backup.clone(), failure.clone()), None),
            Job::Gone => fail(backup, "JobGone", "the Job that uploads was deleted", None),
            Job::Refused(why) => fail(backup, "JobRefused", why, None),
            Job::Absent | Job::Waiting(_) => {
                stay(state, Some(Effect::Run(Task::Upload, backup.clone())), wake)
            }
            Job::Running => stay(state, None, wake),
        },
        // Another backup is under way, of which nobody needs the result any more.
        State::Copying(backup, _) => {
            let effect = Some(Effect::Cancel(Task::Copy, backup.clone()));
            Step { effect, ..go(State::Idle) }
        }
        State::Uploading(backup, _) => {
            let effect = Some(Effect::Cancel(Task::Upload, backup.clone()));
            Step { effect, ..go(State::Idle) }
        }
        State::Idle | State::Stopping(..) | State::Releasing(_) | State::Leaving(_) => {
            last(state, seen, wake)
        }
    }
}

/// Waits until nothing writes to the volume any more, and then begins the last backup.
fn last(state: &State, seen: &Seen, wake: Option<i64>) -> Step {
    if !is_stopped(seen) {
        let is_running = seen.replicas.is_some_and(|replicas| replicas > 0);
        return stay(state, is_running.then_some(Effect::Scale(0)), wake);
    }
    if seen.store.is_err() {
        return stay(state, None, wake);
    }
    if seen.now < seen.retry {
        return stay(state, None, Some(seen.retry));
    }
    let reason = Reason::Deletion;
    let (id, started) = (id(reason, seen.now), seen.now);
    go(State::Uploading(Backup { id, reason, started, was_running: false }, started))
}
