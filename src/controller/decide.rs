//! Decides what to do about one instance: a total function of what is known and of the time.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use k8s_openapi::jiff::Timestamp;

use super::backup::job::Objects;
use super::backup::{self, look as backups, restore};
use super::conditions;
use super::observed::{Observed, Reading};
use super::token::{self, Token};
use super::update::look::look;
use super::update::{Effect, End};
use super::{secrets, status};
use crate::api::auth::Auth;
use crate::api::status::{OpenClawInstanceStatus, Phase};
use crate::model::references::Kind;
use crate::names;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// In this order.
    pub actions: Vec<Action>,
    /// What to be told about when it changes.
    pub awaited: Vec<Awaited>,
    /// When to look again if nothing happens, in seconds since 1970 in UTC.
    pub wake: Option<i64>,
    /// How an update ended, once its status is written.
    pub end: Option<End>,
    /// How a backup ended, once its status is written.
    pub backup: Option<backup::End>,
}

/// A Secret or ConfigMap that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Awaited {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The version that lacks something; `None` when there is none at all.
    pub version: Option<String>,
}

/// One effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Create the Secret with a fresh token; when it exists, read it.
    MakeToken {
        /// Its name.
        secret: String,
    },
    /// Write the status, and when that succeeded, the events.
    WriteStatus {
        /// The whole status.
        status: Box<OpenClawInstanceStatus>,
        /// What changed.
        events: Vec<Event>,
    },
    /// Do what the update asks for.
    Update(Effect),
    /// Do what the backup asks for.
    Backup {
        /// What that is.
        effect: backup::Effect,
        /// What the Job consists of that is to be made.
        objects: Option<Box<Objects>>,
    },
    /// Lend a Pod the credentials of the shared bucket.
    Lend {
        /// Its UID.
        pod: String,
    },
}

/// What people should hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whether somebody should do something.
    pub is_warning: bool,
    /// In one word.
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

/// Whether an instance is this controller's to look after: it was rendered for this cluster, or
/// for none in particular.
pub fn is_ours(cluster: Option<&str>, own: Option<&str>) -> bool {
    cluster.is_none() || cluster == own
}

/// Returns what to read from outside of Git, by the rights that the rendered Role gives.
pub fn reads(observed: &Observed) -> Vec<(Kind, String)> {
    let instance = &observed.instance;
    let rendered = [names::config_map(&instance.name), names::workspace_config_map(&instance.name)];
    let mut list: Vec<(Kind, String)> = secrets::needs(observed)
        .filter(|need| need.kind == Kind::Secret || !rendered.contains(&need.name))
        .map(|need| (need.kind, need.name.clone()))
        .collect();
    if instance.wants.as_ref().is_some_and(|wants| wants.backup.pod.is_some()) {
        list.push((Kind::Secret, names::BACKUP_SECRET.to_owned()));
    }
    if let Some(Auth::Secret { name, .. }) = instance.wants.as_ref().map(|wants| &wants.auth) {
        list.push((Kind::Secret, name.clone()));
    }
    list.sort();
    list.dedup();
    list
}

/// Returns what to do.
pub fn decide(observed: &Observed, now: Timestamp) -> Plan {
    let token = token::decide(observed);
    if let Token::Make(secret) = token {
        // The rest with the next look, which sees it: nobody is told of a Secret that was missing
        // for a moment.
        let actions = vec![Action::MakeToken { secret }];
        return Plan { actions, awaited: Vec::new(), wake: None, end: None, backup: None };
    }
    let looked = look(observed, now.as_second());
    let backups = backups::look(observed, now.as_second());
    let judgements = conditions::judge(observed, &token);
    let phase = status::updating(status::phase(observed, &judgements), looked.is_busy);
    let phase = status::stopping(phase, backups.is_stopping);
    let mut judgements = status::summarized(phase, judgements);
    // They say why nothing happens, which is no fault of the instance.
    judgements.push(looked.judgement);
    judgements.push(backups.judgement.clone());
    let restoring = restore::look(observed);
    judgements.extend(restoring.judgement);
    let mut status = status::status(observed, phase, &judgements, looked.status, now);
    status::backed_up(&mut status, &backups, now);
    status.restored_from = restoring.restored;
    let mut actions = Vec::new();
    let before = &observed.instance.status;
    if status != *before {
        let mut events = events(before, &status, phase);
        events.extend(looked.events);
        events.extend(backups.events);
        actions.push(Action::WriteStatus { status: Box::new(status), events });
    }
    actions.extend(looked.effect.map(Action::Update));
    let objects = backups.objects;
    actions.extend(backups.effect.map(|effect| Action::Backup { effect, objects }));
    actions.extend(restoring.lend.map(|pod| Action::Lend { pod }));
    let wake = [looked.wake, backups.wake].into_iter().flatten().min();
    Plan { actions, awaited: awaited(observed), wake, end: looked.end, backup: backups.end }
}

/// Returns where an instance is in its life.
pub fn phase(observed: &Observed, now: Timestamp) -> Phase {
    let phase = status::phase(observed, &conditions::judge(observed, &token::decide(observed)));
    let phase = status::updating(phase, look(observed, now.as_second()).is_busy);
    status::stopping(phase, backups::look(observed, now.as_second()).is_stopping)
}

fn awaited(observed: &Observed) -> Vec<Awaited> {
    let faulty = |(kind, name): (Kind, String)| {
        let needs = secrets::needs(observed);
        let mut needs = needs.filter(|need| (need.kind, &need.name) == (kind, &name));
        let version = match observed.readings.get(&(kind, name.clone())) {
            Some(Reading::Absent) => None,
            Some(Reading::Held(held)) if needs.any(|need| !need.keys.is_subset(&held.keys)) => {
                Some(held.version.clone())
            }
            _ => return None,
        };
        Some(Awaited { kind, name, version })
    };
    let mut list: Vec<Awaited> = reads(observed).into_iter().filter_map(faulty).collect();
    list.retain(|one| one.name != names::BACKUP_SECRET || is_backup_asked(observed));
    list
}

/// Whether somebody waits for the credentials of a bucket: a watch for each instance that could be
/// backed up would be too many.
fn is_backup_asked(observed: &Observed) -> bool {
    let backup = observed.instance.wants.as_ref().map(|wants| &wants.backup);
    observed.backup.shared.is_none()
        && backup.is_some_and(|backup| {
            backup.schedule.is_some() || backup.demand.is_some() || backup.has_updates
        })
}

/// What changed from one status to the next: never the same twice, as the status is written first.
fn events(
    before: &OpenClawInstanceStatus,
    after: &OpenClawInstanceStatus,
    phase: Phase,
) -> Vec<Event> {
    let mut events = Vec::new();
    let find = |list: &'_ [Condition], kind: &str| -> Option<Condition> {
        list.iter().find(|condition| condition.type_ == kind).cloned()
    };
    for condition in after.conditions.iter().filter(|condition| !is_summary(&condition.type_)) {
        let old = find(&before.conditions, &condition.type_);
        let is_same = old.as_ref().is_some_and(|old| {
            (&old.status, &old.reason) == (&condition.status, &condition.reason)
        });
        let was_bad = old.as_ref().is_some_and(|old| old.status == "False" && is_bad(&old.reason));
        let now_bad = condition.status == "False" && is_bad(&condition.reason);
        if !is_same && (now_bad || (was_bad && condition.status == "True")) {
            let event = Event {
                is_warning: now_bad,
                reason: condition.reason.clone(),
                message: condition.message.clone(),
            };
            // Two conditions may have one cause.
            if !events.contains(&event) {
                events.push(event);
            }
        }
    }
    if before.phase != Some(phase) {
        let is_why = |one: &&Condition| {
            one.status == "False"
                && is_bad(&one.reason)
                && ![names::CONDITION_UPDATE, names::CONDITION_BACKUP].contains(&&*one.type_)
        };
        let bad = after.conditions.iter().find(is_why);
        let ready = find(&after.conditions, names::CONDITION_READY);
        events.push(Event {
            is_warning: phase == Phase::Failed,
            reason: format!("{phase:?}"),
            message: bad.cloned().or(ready).map(|why| why.message).unwrap_or_default(),
        });
    }
    events
}

/// Conditions whose changes are told elsewhere.
fn is_summary(kind: &str) -> bool {
    const ELSEWHERE: [&str; 5] = [
        names::CONDITION_READY,
        names::CONDITION_RECONCILING,
        names::CONDITION_STALLED,
        names::CONDITION_UPDATE,
        names::CONDITION_BACKUP,
    ];
    ELSEWHERE.contains(&kind)
}

/// Reasons of a start that goes its way; the phase tells of them.
fn is_bad(reason: &str) -> bool {
    const PASSING: [&str; 10] = [
        "NotSynced",
        "PodStarting",
        "PodMissing",
        "PodEnding",
        "RollingOut",
        "Stopping",
        "WaitingForSync",
        "Suspended",
        "BackingUp",
        "Restoring",
    ];
    !PASSING.contains(&reason)
}
