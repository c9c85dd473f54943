//! The machine's state in the status of an instance, and back: what a process that starts goes on
//! from.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{Backup, Reason, State};
use crate::api::status::BackupStatus;
use crate::controller::update::stored::time;

/// Name of a state, as `status.backup.phase` has it; none while nothing is under way.
pub fn word(state: &State) -> Option<&'static str> {
    Some(match state {
        State::Idle => return None,
        State::Stopping(..) => "Stopping",
        State::Copying(..) => "Copying",
        State::Uploading(..) => "Uploading",
        State::Releasing(_) => "Releasing",
        State::Leaving(_) => "Leaving",
    })
}

/// Returns the backup that is being made.
pub fn backup(state: &State) -> Option<&Backup> {
    match state {
        State::Stopping(backup, _) | State::Copying(backup, _) | State::Uploading(backup, _) => {
            Some(backup)
        }
        State::Idle | State::Releasing(_) | State::Leaving(_) => None,
    }
}

/// Reads the state; what somebody else has written there, and makes no sense, counts as none.
pub fn read(status: &BackupStatus) -> State {
    let since = seconds(status.phase_time.as_ref()).unwrap_or_default();
    let phase = status.phase.as_deref().unwrap_or_default();
    match phase {
        "Releasing" => return State::Releasing(since),
        "Leaving" => return State::Leaving(since),
        _ => {}
    }
    let reason = Reason::ALL.into_iter().find(|one| status.reason.as_deref() == Some(one.word()));
    let (Some(id), Some(reason)) = (&status.id, reason) else { return State::Idle };
    let backup = Backup {
        id: id.clone(),
        reason,
        started: seconds(status.started_time.as_ref()).unwrap_or(since),
        was_running: status.was_running.unwrap_or_default(),
    };
    match phase {
        "Stopping" => State::Stopping(backup, since),
        "Copying" => State::Copying(backup, since),
        "Uploading" => State::Uploading(backup, since),
        _ => State::Idle,
    }
}

/// Writes the state, and takes away what belonged to the one before.
pub fn write(state: &State, status: &mut BackupStatus) {
    status.phase = word(state).map(str::to_owned);
    status.phase_time = match state {
        State::Idle => None,
        State::Stopping(_, since)
        | State::Copying(_, since)
        | State::Uploading(_, since)
        | State::Releasing(since)
        | State::Leaving(since) => time(*since),
    };
    let backup = backup(state);
    status.id = backup.map(|backup| backup.id.clone());
    status.reason = backup.map(|backup| backup.reason.word().to_owned());
    status.started_time = backup.and_then(|backup| time(backup.started));
    status.was_running = backup.map(|backup| backup.was_running);
}

/// A time in seconds since 1970 in UTC.
pub fn seconds(time: Option<&Time>) -> Option<i64> {
    time.map(|time| time.0.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_comes_back_as_it_was_stored() {
        let since = 1_789_372_800;
        let mut states = vec![State::Idle, State::Releasing(since + 3), State::Leaving(since + 4)];
        for reason in Reason::ALL {
            for was_running in [false, true] {
                let id = format!("20260914T080000Z-{}", reason.word());
                let backup = Backup { id, reason, started: since, was_running };
                states.push(State::Stopping(backup.clone(), since));
                states.push(State::Copying(backup.clone(), since + 1));
                states.push(State::Uploading(backup, since + 2));
            }
        }
        // Whatever was stored before, nothing of it stays.
        let mut status = BackupStatus::default();
        for state in states.iter().chain(states.iter().rev()) {
            write(state, &mut status);
            let text = serde_json::to_string(&status).unwrap_or_default();
            let again: BackupStatus = serde_json::from_str(&text).unwrap_or_default();
            assert_eq!(read(&again), *state, "{text}");
        }
    }
}
