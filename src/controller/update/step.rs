//! One step of the machine.

use super::back::{noting, return_rolling, return_syncing, reverting};
use super::{
    Answer, COMMIT, Clock, Effect, End, Health, InGit, PROBE, REACH, SOAK, START, STUCK, SYNC,
    Seen, State, Step, UNDONE, Update, Verdict, Word,
};
use crate::update::Reason;

/// Returns the next step. It never panics, and where nothing can be done it says so.
pub fn step(state: &State, seen: &Seen) -> Step {
    match state {
        State::Idle => idle(seen),
        State::Proposed(update, since) => proposed(update, *since, seen),
        State::Committing(update, since) => committing(update, *since, seen),
        State::Syncing(update, since) => syncing(update, *since, seen),
        State::Rolling(update, clock) => rolling(update, *clock, seen),
        State::Soaking(update, clock, since, restarts) => {
            soaking(update, *clock, *since, *restarts, seen)
        }
        State::Noting(update, since, verdict) => noting(update, *since, verdict, seen),
        State::Reverting(update, since, verdict) => reverting(update, *since, verdict, seen),
        State::ReturnSyncing(update, since, verdict) => {
            return_syncing(update, *since, verdict, seen)
        }
        State::ReturnRolling(update, since, verdict) => {
            return_rolling(update, *since, verdict, seen)
        }
    }
}

/// What is told when nobody can read the branch.
pub(super) const UNREAD: (&str, &str) = ("GitError", "the repository cannot be read");

/// Stays, and looks again at `wake`.
pub(super) fn stay(state: State, word: Word, wake: impl Into<Option<i64>>) -> Step {
    Step { state, effect: None, end: None, word, wake: wake.into() }
}

/// Goes to another state, which is stored before anything is done in it.
pub(super) fn go(state: State, word: &'static str) -> Step {
    stay(state, Word::Going(word), None)
}

pub(super) fn ends(end: End, word: &'static str) -> Step {
    Step { end: Some(end), ..go(State::Idle, word) }
}

pub(super) fn doing(step: Step, effect: Effect) -> Step {
    Step { effect: Some(effect), ..step }
}

/// `word` until the deadline, and then an alarm.
pub(super) fn until(
    state: State,
    deadline: i64,
    now: i64,
    word: &'static str,
    late: (&'static str, &str),
) -> Step {
    if now < deadline {
        stay(state, Word::Going(word), deadline)
    } else {
        stay(state, Word::Alarm(late.0, late.1.to_owned()), None)
    }
}

fn idle(seen: &Seen) -> Step {
    match &seen.next {
        Ok(update) if seen.policy.is_proposed => {
            go(State::Proposed(update.clone(), seen.now), "Proposed")
        }
        Ok(update) => go(State::Committing(update.clone(), seen.now), "Committing"),
        Err(wait) => stay(State::Idle, Word::Waiting(wait.clone()), None),
    }
}

/// Waits for people: whatever the branch holds in the end was decided by them.
fn proposed(update: &Update, since: i64, seen: &Seen) -> Step {
    let state = State::Proposed(update.clone(), since);
    let Some(git) = &seen.git else {
        return until(state, since + COMMIT, seen.now, "Proposed", UNREAD);
    };
    if git.tag == update.to {
        return go(State::Syncing(update.clone(), seen.now), "Syncing");
    }
    if git.tag != update.from {
        return superseded(update);
    }
    if git.is_committed {
        return replaced(update, seen);
    }
    match (&seen.next, &git.proposal) {
        // One request at a time: the newest version.
        (Ok(next), _) if next.to != update.to => idle(seen),
        (Ok(_), _) if !seen.policy.is_proposed => idle(seen),
        (Err(wait), _) if wait.reason == Reason::Disabled => {
            ends(End::GivenUp(update.clone()), "GivenUp")
        }
        (Err(wait), _) if wait.reason == Reason::FailedBefore => {
            ends(End::GivenUp(update.clone()), "GivenUp")
        }
        (_, Some(one)) if one.is_open => {
            stay(state, Word::Asked("Proposed", one.place.clone()), None)
        }
        (_, Some(one)) => stay(state, Word::Asked("ProposalClosed", one.place.clone()), None),
        (Ok(_), None) => {
            let step = stay(state, Word::Going("Proposed"), None);
            doing(step, Effect::Propose(Box::new(Effect::Bump(update.clone()))))
        }
        (Err(wait), None) => stay(state, Word::Waiting(wait.clone()), None),
    }
}

fn committing(update: &Update, since: i64, seen: &Seen) -> Step {
    let state = State::Committing(update.clone(), since);
    let is_late = seen.now >= since + COMMIT;
    match &seen.git {
        Some(git) if git.tag == update.to => {
            go(State::Syncing(update.clone(), seen.now), "Syncing")
        }
        Some(git) if git.tag != update.from => superseded(update),
        Some(git) if git.is_committed => replaced(update, seen),
        // What was seen in Git is not there, so that giving up loses nothing.
        Some(_) if is_late => ends(End::GivenUp(update.clone()), "GivenUp"),
        Some(_) => {
            let step = stay(state, Word::Going("Committing"), since + COMMIT);
            doing(step, Effect::Bump(update.clone()))
        }
        None => until(state, since + COMMIT, seen.now, "Committing", UNREAD),
    }
}

pub(super) fn superseded(update: &Update) -> Step {
    ends(End::Superseded(update.clone()), "Superseded")
}

/// Somebody has set another tag after ours.
fn replaced(update: &Update, seen: &Seen) -> Step {
    if update.from.is_empty() || is_other(seen.git.as_ref(), &update.from) {
        return superseded(update);
    }
    let message = "a person went back to the version before".to_owned();
    let verdict = Verdict { reason: UNDONE.to_owned(), message };
    go(State::Noting(update.clone(), seen.now, verdict), UNDONE)
}

/// Whether somebody else has set the tag; what is not read is as it was.
pub(super) fn is_other(git: Option<&InGit>, tag: &str) -> bool {
    git.is_some_and(|git| git.tag != tag)
}

/// Whether the cluster has what the branch holds.
pub(super) fn is_live(seen: &Seen) -> bool {
    seen.git.as_ref().is_some_and(|git| seen.live.as_ref() == Some(&git.hash))
}

fn syncing(update: &Update, since: i64, seen: &Seen) -> Step {
    if is_other(seen.git.as_ref(), &update.to) {
        return replaced(update, seen);
    }
    if is_live(seen) {
        let clock = Clock { rolled: seen.now, started: None };
        return go(State::Rolling(update.clone(), clock), "Rolling");
    }
    let late = ("SyncTimeout", "the GitOps tool has not brought the commit to the cluster");
    until(State::Syncing(update.clone(), since), since + SYNC, seen.now, "Syncing", late)
}

fn rolling(update: &Update, clock: Clock, seen: &Seen) -> Step {
    if let Some(step) = overtaken(update, seen) {
        return step;
    }
    let state = State::Rolling(update.clone(), clock);
    let late = clock.rolled + START;
    let until = |reason, why: &str| until(state.clone(), late, seen.now, "Rolling", (reason, why));
    match (&seen.health, clock.started) {
        (Health::Failed(verdict), _) => failed(update, verdict, seen),
        (Health::Ready { restarts, .. }, _) => {
            go(State::Soaking(update.clone(), clock, seen.now, *restarts), "Soaking")
        }
        (Health::Starting, None) => {
            let started = Some(seen.now);
            go(State::Rolling(update.clone(), Clock { started, ..clock }), "Rolling")
        }
        (Health::Starting, Some(started)) => {
            let deadline = (started + seen.policy.timeout).min(late + seen.policy.timeout);
            if seen.now < deadline {
                return stay(state, Word::Going("Rolling"), deadline);
            }
            let message = format!("it did not become ready within {} s", seen.policy.timeout);
            let reason = "HealthCheckTimeout".to_owned();
            failed(update, &Verdict { reason, message }, seen)
        }
        (Health::Held(_), Some(_)) => {
            // The clock is held: it starts anew when the world lets it.
            go(State::Rolling(update.clone(), Clock { started: None, ..clock }), "Rolling")
        }
        (Health::Held(why), None) => until("HeldByCluster", &why.message),
        (Health::Coming, _) => until("StartTimeout", "the Pod's main container has not started"),
        (Health::Stuck { uid, since }, _) => {
            stuck_pod(state, uid, (*since).max(clock.rolled), seen.now)
        }
    }
}

/// Whether somebody else has set the tag, or another commit with the same tag is on its way.
fn overtaken(update: &Update, seen: &Seen) -> Option<Step> {
    if is_other(seen.git.as_ref(), &update.to) {
        return Some(replaced(update, seen));
    }
    let is_behind = seen.git.is_some() && !is_live(seen);
    is_behind.then(|| go(State::Syncing(update.clone(), seen.now), "Syncing"))
}

/// A StatefulSet may leave a Pod that never was ready as it is.
pub(super) fn stuck_pod(state: State, uid: &str, since: i64, now: i64) -> Step {
    let word = Word::Going("Rolling");
    if now < since + STUCK {
        return stay(state, word, since + STUCK);
    }
    doing(stay(state, word, now + STUCK), Effect::DeletePod { uid: uid.to_owned() })
}

fn soaking(update: &Update, clock: Clock, since: i64, before: i32, seen: &Seen) -> Step {
    if let Some(step) = overtaken(update, seen) {
        return step;
    }
    let state = State::Soaking(update.clone(), clock, since, before);
    let failed = |reason: &str, message: &str| {
        let verdict = Verdict { reason: reason.to_owned(), message: message.to_owned() };
        failed(update, &verdict, seen)
    };
    let soaked = since + SOAK;
    match &seen.health {
        Health::Failed(verdict) => failed(&verdict.reason, &verdict.message),
        Health::Ready { restarts, .. } if *restarts > before => {
            failed("Restarted", "it was ready, and its container was started again")
        }
        Health::Ready { .. } if seen.now < soaked => stay(state, Word::Going("Soaking"), soaked),
        // Whose health it is, only the branch tells.
        Health::Ready { .. } if seen.git.is_none() => {
            until(state, soaked + COMMIT, seen.now, "Soaking", UNREAD)
        }
        Health::Ready { answer: Some(Answer::Yes), .. } => {
            ends(End::Confirmed(update.clone()), "Confirmed")
        }
        // The kubelet was not kept from it.
        Health::Ready { answer: Some(Answer::Unreached), .. } if seen.now >= soaked + REACH => {
            ends(End::Confirmed(update.clone()), "Confirmed")
        }
        Health::Ready { .. } if seen.now < soaked + seen.policy.timeout => {
            doing(stay(state, Word::Going("Soaking"), seen.now + PROBE), Effect::Probe)
        }
        Health::Ready { .. } => {
            failed("NoAnswer", "it is ready, and its gateway does not answer to the token")
        }
        // Not ready any more: the clock of its start goes on.
        _ => go(State::Rolling(update.clone(), clock), "Rolling"),
    }
}

/// The version failed: back, or noted where there is no way back.
fn failed(update: &Update, verdict: &Verdict, seen: &Seen) -> Step {
    let (update, verdict) = (update.clone(), verdict.clone());
    if seen.policy.has_way_back && seen.policy.is_data_safe && !update.from.is_empty() {
        go(State::Reverting(update, seen.now, verdict), "Reverting")
    } else {
        go(State::Noting(update, seen.now, verdict), "UpdateFailed")
    }
}
