//! One look at the update of an instance: its state, what is seen, and what people read of it.

use super::health::{health, prepared};
use super::{Effect, End, InGit, Policy, Seen, State, Step, Update, Word, step, stored};
use crate::api::status::AutoUpdateStatus;
use crate::controller::conditions::{Judgement, Verdict};
use crate::controller::decide::Event;
use crate::controller::observed::{Branch, Observed, Tip, UpdateFacts};
use crate::names;
use crate::update::{Reason, Wait};
use crate::version;

/// What came of a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    /// The progress, as the status has it.
    pub status: AutoUpdateStatus,
    /// The condition.
    pub judgement: Judgement,
    /// What to do; never with a state that is not stored.
    pub effect: Option<Effect>,
    /// What people should hear of.
    pub events: Vec<Event>,
    /// How an update ended, once.
    pub end: Option<End>,
    /// When to look again, in seconds since 1970 in UTC.
    pub wake: Option<i64>,
    /// Whether an update is under way that nobody has to agree to.
    pub is_busy: bool,
}

/// Looks; the time is in seconds since 1970 in UTC.
pub fn look(observed: &Observed, now: i64) -> Looked {
    let before = observed.instance.status.auto_update.clone().unwrap_or_default();
    let state = stored::read(&before);
    let seen = seen(observed, &state, now);
    let step = match &observed.update.branch {
        // After a start nothing is decided about what nobody has read.
        Branch::Reading => {
            let word =
                Word::Waiting(Wait::new(Reason::Checking, "the repositories are being read"));
            Step { state: state.clone(), effect: None, end: None, word, wake: None }
        }
        _ => step(&state, &seen),
    };
    let mut status = before.clone();
    stored::write(&step.state, &mut status);
    let facts = &observed.update;
    if let Some(latest) = &facts.latest {
        status.latest_version = Some(latest.clone());
    }
    if let Some(checked) = facts.checked {
        status.last_check_time = stored::time(checked);
    }
    if let Some(end) = &step.end {
        ended(end, now, &mut status);
    }
    let judgement = judgement(observed, &step);
    let mut events = events(observed, &state, &step, &judgement);
    if let Some(done) =
        prepared(observed).filter(|done| status.state_message.as_ref() != Some(done))
    {
        let reason = "StatePrepared".to_owned();
        events.push(Event { is_warning: false, reason, message: done.clone() });
        status.state_message = Some(done);
    }
    let is_changed = step.state != state;
    Looked {
        status,
        judgement,
        effect: step.effect,
        events,
        end: step.end,
        wake: if is_changed { Some(now) } else { step.wake },
        is_busy: !matches!(step.state, State::Idle | State::Proposed(..)),
    }
}

fn seen(observed: &Observed, state: &State, now: i64) -> Seen {
    let facts: &UpdateFacts = &observed.update;
    let update = stored::update(state);
    let wants = observed.instance.wants.as_ref();
    let updates = wants.map(|wants| wants.updates);
    let has_snapshot = updates.is_none_or(|updates| updates.has_snapshot);
    let crosses = update.is_none_or(|one| version::crosses_schema(&one.from, &one.to));
    let tip = match &facts.branch {
        Branch::Holds(tip) => Some(tip),
        Branch::Unconfigured | Branch::Reading | Branch::Unread(_) | Branch::Foreign(_) => None,
    };
    let policy = Policy {
        has_way_back: updates.is_none_or(|updates| updates.has_way_back),
        timeout: updates.map_or(600, |updates| updates.timeout),
        is_data_safe: has_snapshot || !crosses,
        is_proposed: tip.is_some_and(|tip| tip.is_proposed),
        is_return_proposed: tip.is_some_and(|tip| tip.is_return_proposed),
    };
    let git = tip.map(|tip| in_git(tip, update));
    // The way back runs another image than the one whose digests are known.
    let is_back = matches!(state, State::ReturnSyncing(..) | State::ReturnRolling(..));
    let digests: &[String] = if is_back { &[] } else { &facts.digests };
    Seen {
        now,
        policy,
        git,
        next: next(observed),
        live: observed.set.as_ref().and_then(|set| set.render_hash.clone()),
        health: health(observed, digests, facts.answer),
    }
}

fn in_git(tip: &Tip, update: Option<&Update>) -> InGit {
    InGit {
        tag: tip.tag.clone(),
        hash: tip.hash.clone(),
        is_committed: update.is_some() && tip.is_committed,
        is_noted: update.is_some_and(|update| tip.noted.contains(&update.id)),
        proposal: tip.proposal.clone(),
        return_proposal: tip.return_proposal.clone(),
    }
}

/// What is taken next: nothing where the cluster does not have yet what the branch holds.
fn next(observed: &Observed) -> Result<Update, Wait> {
    let instance = &observed.instance;
    let wait = |reason, message: &str| Err(Wait::new(reason, message));
    let Some(wants) = &instance.wants else {
        return wait(Reason::Invalid, "the spec cannot be read");
    };
    if !wants.has_updates {
        return wait(Reason::Disabled, "`spec.autoUpdate.enabled` is false");
    }
    if instance.is_deleted || wants.is_suspended {
        return wait(Reason::Held, "the instance is stopped");
    }
    let backup = instance.status.backup.as_ref().and_then(|backup| backup.phase.as_deref());
    if matches!(backup, Some("Stopping" | "Copying")) {
        return wait(Reason::Checking, "the agent is stopped for a backup");
    }
    let update = observed.update.next.clone()?;
    let Branch::Holds(tip) = &observed.update.branch else {
        return wait(Reason::GitError, "the repository cannot be read");
    };
    let is_live =
        observed.set.as_ref().is_some_and(|set| set.render_hash.as_ref() == Some(&tip.hash));
    if !is_live {
        return wait(Reason::Checking, "the cluster does not have yet what is committed");
    }
    Ok(update)
}

fn ended(end: &End, now: i64, status: &mut AutoUpdateStatus) {
    match end {
        End::Confirmed(_) => {
            status.last_update_time = stored::time(now);
            status.failed_version = None;
            status.last_update_error = None;
        }
        End::RolledBack(update, verdict) => {
            status.rollback_count =
                Some(status.rollback_count.unwrap_or_default().saturating_add(1));
            status.failed_version = Some(update.to.clone());
            status.last_update_error = Some(verdict.message.clone());
        }
        End::Kept(update, verdict) => {
            status.failed_version = Some(update.to.clone());
            status.last_update_error = Some(verdict.message.clone());
        }
        End::Undone(update) => status.failed_version = Some(update.to.clone()),
        End::Superseded(_) | End::GivenUp(_) => {}
    }
}

fn judgement(observed: &Observed, step: &Step) -> Judgement {
    let kind = names::CONDITION_UPDATE;
    let told = |update: Option<&Update>| {
        update.map_or_else(String::new, |Update { from, to, .. }| match from.as_str() {
            "" => format!("to {to}"),
            _ => format!("{from} to {to}"),
        })
    };
    // What is asked for again and again says why it does not happen.
    if let (Some(fault), Some(effect)) = (&observed.update.fault, &step.effect)
        && effect.is_commit()
    {
        return Judgement::no(kind, Reason::GitError.word(), fault.clone());
    }
    match &step.word {
        Word::Waiting(Wait { reason: Reason::UpToDate, message }) => {
            Judgement::yes(kind, "UpToDate", message.clone())
        }
        Word::Waiting(wait) => waiting(kind, observed, wait),
        Word::Going(word) => Judgement::yes(kind, word, told(stored::update(&step.state))),
        Word::Asked(word, place) => {
            let update = told(stored::update(&step.state));
            Judgement::yes(kind, word, format!("{update}: {place}"))
        }
        Word::Alarm(reason, message) => Judgement::no(kind, reason, message.clone()),
    }
}

/// While the registry is asked, or the branch read for the first time, the last answer stands.
fn waiting(kind: &'static str, observed: &Observed, wait: &Wait) -> Judgement {
    let mut conditions = observed.instance.status.conditions.iter();
    let before = conditions.find(|one| one.type_ == kind);
    let stands = ["UpToDate", "TooYoung", "OutOfRange", "FailedBefore", "PlatformMissing"];
    let is_reading = observed.update.branch == Branch::Reading;
    match before {
        Some(before)
            if is_reading
                || (wait.reason == Reason::Checking
                    && stands.contains(&before.reason.as_str())) =>
        {
            let verdict = if before.status == "True" { Verdict::Yes } else { Verdict::No };
            Judgement::new(kind, verdict, &before.reason, before.message.clone())
        }
        _ => Judgement::no(kind, wait.reason.word(), wait.message.clone()),
    }
}

/// Why nothing happens, where somebody should do something about it.
const LOUD: [&str; 10] = [
    "BreakerOpen",
    "FleetBreakerOpen",
    "RegistryError",
    "GitError",
    "GitNotConfigured",
    "ForeignOwner",
    "TreeNotOurs",
    "Invalid",
    "UnknownTag",
    "PlatformMissing",
];

fn events(observed: &Observed, before: &State, step: &Step, judgement: &Judgement) -> Vec<Event> {
    let mut events = Vec::new();
    let mut tell = |is_warning, reason: &str, message: String| {
        events.push(Event { is_warning, reason: reason.to_owned(), message });
    };
    match (before, &step.state) {
        (State::Idle, State::Committing(update, _)) => {
            tell(false, "UpdateStarted", format!("{} to {}", update.from, update.to));
        }
        (State::Rolling(..) | State::Soaking(..), State::Reverting(update, _, verdict)) => {
            tell(true, "UpdateFailed", format!("{}: {}", update.to, verdict.message));
        }
        _ => {}
    }
    if let Some(end) = &step.end {
        let (is_warning, reason, message) = farewell(end);
        tell(is_warning, reason, message);
    }
    let mut conditions = observed.instance.status.conditions.iter();
    let old = conditions.find(|one| one.type_ == judgement.kind).map(|one| one.reason.as_str());
    let is_alarm = matches!(step.word, Word::Alarm(..));
    let is_loud = is_alarm || LOUD.contains(&judgement.reason.as_str());
    let is_new = old != Some(judgement.reason.as_str());
    let message = || judgement.message.clone().unwrap_or_default();
    match &step.word {
        Word::Waiting(wait) if wait.reason == Reason::BreakerOpen && is_new => {
            tell(true, "AutoUpdatePaused", message());
        }
        _ if is_loud && is_new => tell(true, &judgement.reason, message()),
        Word::Asked("Proposed", _) if is_new => tell(false, "UpdateProposed", message()),
        _ => {}
    }
    events
}

fn farewell(end: &End) -> (bool, &'static str, String) {
    match end {
        End::Confirmed(update) => (false, "UpdateConfirmed", format!("{} is healthy", update.to)),
        End::RolledBack(update, verdict) => {
            let message = format!("{} is back, {}: {}", update.from, update.to, verdict.message);
            (true, "UpdateRolledBack", message)
        }
        End::Kept(update, verdict) => {
            let message = format!("{} failed and stays: {}", update.to, verdict.message);
            (true, "UpdateKept", message)
        }
        End::Superseded(update) => {
            (false, "UpdateSuperseded", format!("another tag than {} was set by hand", update.to))
        }
        End::Undone(update) => {
            (false, "UpdateUndone", format!("{} was taken back by hand", update.to))
        }
        End::GivenUp(update) => (true, "UpdateGivenUp", format!("{} was not committed", update.to)),
    }
}
