//! The steps after a version has failed.

use super::step::{UNREAD, doing, ends, go, is_live, is_other, stay, stuck_pod, superseded, until};
use super::{
    COMMIT, Effect, End, Health, START, SYNC, Seen, State, Step, UNDONE, Update, Verdict, Word,
};

pub(super) fn noting(update: &Update, since: i64, verdict: &Verdict, seen: &Seen) -> Step {
    let is_undone = verdict.reason == UNDONE;
    let tag = if is_undone { &update.from } else { &update.to };
    let word = if is_undone { UNDONE } else { "UpdateFailed" };
    match &seen.git {
        Some(git) if git.is_noted && is_undone => ends(End::Undone(update.clone()), word),
        Some(git) if git.is_noted => ends(End::Kept(update.clone(), verdict.clone()), word),
        Some(git) if git.tag != *tag => superseded(update),
        git => {
            let state = State::Noting(update.clone(), since, verdict.clone());
            let step = stay(state, Word::Alarm(word, verdict.message.clone()), None);
            if git.is_none() {
                return step;
            }
            returning(step, Effect::Note(update.clone(), verdict.clone()), seen)
        }
    }
}

/// Asks for a commit of the way back, or for a request to merge it, which people decide about.
fn returning(step: Step, effect: Effect, seen: &Seen) -> Step {
    if !seen.policy.is_return_proposed {
        return doing(step, effect);
    }
    let proposal = seen.git.as_ref().and_then(|git| git.return_proposal.as_ref());
    let Some(proposal) = proposal else { return doing(step, Effect::Propose(Box::new(effect))) };
    let word = if proposal.is_open { "ReturnProposed" } else { "ReturnClosed" };
    let message = format!("the failed version stays until somebody merges {}", proposal.place);
    Step { word: Word::Alarm(word, message), wake: None, ..step }
}

pub(super) fn reverting(update: &Update, since: i64, verdict: &Verdict, seen: &Seen) -> Step {
    let state = State::Reverting(update.clone(), since, verdict.clone());
    match &seen.git {
        Some(git) if git.tag == update.from && git.is_noted => {
            go(State::ReturnSyncing(update.clone(), seen.now, verdict.clone()), "ReturnSyncing")
        }
        // A person has gone back: what failed is noted all the same.
        Some(git) if git.tag == update.from => {
            let step = stay(state, Word::Going("Reverting"), None);
            returning(step, Effect::Note(update.clone(), verdict.clone()), seen)
        }
        Some(git) if git.tag != update.to => superseded(update),
        Some(_) => {
            let late = ("GitError", "the way back cannot be committed");
            let step = until(state, since + COMMIT, seen.now, "Reverting", late);
            returning(step, Effect::Revert(update.clone(), verdict.clone()), seen)
        }
        None => until(state, since + COMMIT, seen.now, "Reverting", UNREAD),
    }
}

pub(super) fn return_syncing(update: &Update, since: i64, verdict: &Verdict, seen: &Seen) -> Step {
    if is_other(seen.git.as_ref(), &update.from) {
        return superseded(update);
    }
    if is_live(seen) {
        let state = State::ReturnRolling(update.clone(), seen.now, verdict.clone());
        return go(state, "ReturnRolling");
    }
    let state = State::ReturnSyncing(update.clone(), since, verdict.clone());
    let late = (
        "SyncTimeout",
        "the way back is on the branch, and the GitOps tool is busy with the failed version",
    );
    until(state, since + SYNC, seen.now, "ReturnSyncing", late)
}

pub(super) fn return_rolling(update: &Update, since: i64, verdict: &Verdict, seen: &Seen) -> Step {
    if is_other(seen.git.as_ref(), &update.from) {
        return superseded(update);
    }
    let state = State::ReturnRolling(update.clone(), since, verdict.clone());
    if seen.git.is_none() {
        return until(state, since + COMMIT, seen.now, "ReturnRolling", UNREAD);
    }
    if !is_live(seen) {
        let state = State::ReturnSyncing(update.clone(), seen.now, verdict.clone());
        return go(state, "ReturnSyncing");
    }
    match &seen.health {
        Health::Ready { .. } => {
            ends(End::RolledBack(update.clone(), verdict.clone()), "RolledBack")
        }
        Health::Stuck { uid, since: stuck } => stuck_pod(state, uid, (*stuck).max(since), seen.now),
        // Never back from a way back: a person must look.
        Health::Failed(why) => {
            stay(state, Word::Alarm("RollbackUnhealthy", why.message.clone()), None)
        }
        Health::Coming | Health::Held(_) | Health::Starting => {
            let late = ("RollbackUnhealthy", "the version before is not ready either");
            until(state, since + START, seen.now, "ReturnRolling", late)
        }
    }
}
