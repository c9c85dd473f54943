//! The machine's state in the status of an instance, and back: what a process that starts goes on
//! from.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::{Clock, State, Update, Verdict};
use crate::api::status::AutoUpdateStatus;

/// Name of a state, as `status.autoUpdate.updatePhase` has it; none while nothing is under way.
pub fn word(state: &State) -> Option<&'static str> {
    Some(match state {
        State::Idle => return None,
        State::Proposed(..) => "Proposed",
        State::Committing(..) => "Committing",
        State::Syncing(..) => "Syncing",
        State::Rolling(..) => "Rolling",
        State::Soaking(..) => "Soaking",
        State::Noting(..) => "Noting",
        State::Reverting(..) => "Reverting",
        State::ReturnSyncing(..) => "ReturnSyncing",
        State::ReturnRolling(..) => "ReturnRolling",
    })
}

/// Returns the update that is under way.
pub fn update(state: &State) -> Option<&Update> {
    match state {
        State::Idle => None,
        State::Proposed(update, _)
        | State::Committing(update, _)
        | State::Syncing(update, _)
        | State::Rolling(update, _)
        | State::Soaking(update, ..)
        | State::Noting(update, ..)
        | State::Reverting(update, ..)
        | State::ReturnSyncing(update, ..)
        | State::ReturnRolling(update, ..) => Some(update),
    }
}

/// Reads the state. What somebody else has written there, and makes no sense, counts as none:
/// Git tells what is committed.
pub fn read(status: &AutoUpdateStatus) -> State {
    let AutoUpdateStatus { update_phase, update_id, pending_version, .. } = status;
    let (Some(phase), Some(id), Some(to)) = (update_phase, update_id, pending_version) else {
        return State::Idle;
    };
    let from = status.previous_version.clone().unwrap_or_default();
    let update = Update { id: id.clone(), from, to: to.clone() };
    let since = seconds(status.phase_time.as_ref()).unwrap_or_default();
    let clock = Clock {
        rolled: seconds(status.rolled_time.as_ref()).unwrap_or(since),
        started: seconds(status.started_time.as_ref()),
    };
    let verdict = || Verdict {
        reason: status.failure_reason.clone().unwrap_or_default(),
        message: status.failure_message.clone().unwrap_or_default(),
    };
    match phase.as_str() {
        "Proposed" => State::Proposed(update, since),
        "Committing" => State::Committing(update, since),
        "Syncing" => State::Syncing(update, since),
        "Rolling" => State::Rolling(update, clock),
        "Soaking" => State::Soaking(update, clock, since, status.restarts.unwrap_or_default()),
        "Noting" => State::Noting(update, since, verdict()),
        "Reverting" => State::Reverting(update, since, verdict()),
        "ReturnSyncing" => State::ReturnSyncing(update, since, verdict()),
        "ReturnRolling" => State::ReturnRolling(update, since, verdict()),
        _ => State::Idle,
    }
}

/// Writes the state, and takes away what belonged to the one before.
pub fn write(state: &State, status: &mut AutoUpdateStatus) {
    status.update_phase = word(state).map(str::to_owned);
    status.update_id = None;
    status.pending_version = None;
    status.phase_time = None;
    status.rolled_time = None;
    status.started_time = None;
    status.restarts = None;
    status.failure_reason = None;
    status.failure_message = None;
    let Some(Update { id, from, to }) = update(state) else { return };
    status.update_id = Some(id.clone());
    status.pending_version = Some(to.clone());
    status.previous_version = Some(from.clone()).filter(|from| !from.is_empty());
    match state {
        State::Idle => {}
        State::Proposed(_, since) | State::Committing(_, since) | State::Syncing(_, since) => {
            status.phase_time = time(*since);
        }
        State::Rolling(_, clock) => put_clock(*clock, status),
        State::Soaking(_, clock, since, restarts) => {
            put_clock(*clock, status);
            status.phase_time = time(*since);
            status.restarts = Some(*restarts);
        }
        State::Noting(_, since, verdict)
        | State::Reverting(_, since, verdict)
        | State::ReturnSyncing(_, since, verdict)
        | State::ReturnRolling(_, since, verdict) => {
            status.phase_time = time(*since);
            status.failure_reason = Some(verdict.reason.clone());
            status.failure_message = Some(verdict.message.clone());
        }
    }
}

fn put_clock(clock: Clock, status: &mut AutoUpdateStatus) {
    status.phase_time = time(clock.rolled);
    status.rolled_time = time(clock.rolled);
    status.started_time = clock.started.and_then(time);
}

fn seconds(time: Option<&Time>) -> Option<i64> {
    time.map(|time| time.0.as_second())
}

/// Returns a time as the API writes it; none outside of the years that it knows.
pub fn time(seconds: i64) -> Option<Time> {
    Timestamp::from_second(seconds).ok().map(Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_comes_back_as_it_was_stored() {
        let update = |from: &str| Update {
            id: "1f".to_owned(),
            from: from.to_owned(),
            to: "2026.9.6".to_owned(),
        };
        let verdict = Verdict { reason: "CrashLooping".to_owned(), message: "it ends".to_owned() };
        let clock = |started| Clock { rolled: 1_789_372_800, started };
        for from in ["", "2026.9.4"] {
            let (update, since) = (update(from), 1_789_372_900);
            let states = [
                State::Idle,
                State::Proposed(update.clone(), since),
                State::Committing(update.clone(), since),
                State::Syncing(update.clone(), since),
                State::Rolling(update.clone(), clock(None)),
                State::Rolling(update.clone(), clock(Some(since))),
                State::Soaking(update.clone(), clock(Some(since)), since + 1, 2),
                State::Noting(update.clone(), since, verdict.clone()),
                State::Reverting(update.clone(), since, verdict.clone()),
                State::ReturnSyncing(update.clone(), since, verdict.clone()),
                State::ReturnRolling(update, since, verdict.clone()),
            ];
            // Whatever was stored before, nothing of it stays.
            let mut status = AutoUpdateStatus::default();
            for state in states.iter().chain(states.iter().rev()) {
                write(state, &mut status);
                let text = serde_json::to_string(&status).unwrap_or_default();
                let again: AutoUpdateStatus = serde_json::from_str(&text).unwrap_or_default();
                // An update from no tag keeps the tag before it out of the status.
                let expected = state.clone();
                assert_eq!(read(&again), expected, "{text}");
            }
        }
    }
}
