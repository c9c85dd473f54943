//! Judges an instance, one condition a question.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;

use super::health::{self, Trouble};
use super::observed::{Observed, PodFacts, SetFacts};
use super::secrets;
use super::token::Token;
use crate::names;

/// Longest message, in bytes. The API server refuses a status with one of more than 32,768, and
/// people read none of half of that.
const LONGEST: usize = 2_000;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Type of the condition.
    pub kind: &'static str,
    /// The answer.
    pub verdict: Verdict,
    /// In one word.
    pub reason: String,
    /// In a sentence; `None` keeps what was said before for the same reason.
    pub message: Option<String>,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Yes,
    /// No, and something must be done about it.
    No,
    /// No, and it is expected to change by itself.
    NotYet,
    /// Nobody knows.
    Unknown,
}

impl Verdict {
    /// Returns the status of the condition.
    pub fn status(self) -> &'static str {
        match self {
            Self::Yes => "True",
            Self::No | Self::NotYet => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl Judgement {
    /// Makes an answer.
    pub fn new(
        kind: &'static str,
        verdict: Verdict,
        reason: &str,
        message: impl Into<Option<String>>,
    ) -> Self {
        Self { kind, verdict, reason: reason.to_owned(), message: message.into() }
    }

    /// Makes a yes.
    pub fn yes(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(kind, Verdict::Yes, reason, message.into())
    }

    /// Makes a no.
    pub fn no(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(kind, Verdict::No, reason, message.into())
    }

    /// Makes a no that passes.
    pub fn not_yet(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(kind, Verdict::NotYet, reason, message.into())
    }

    /// Makes an answer that nobody has.
    pub fn unknown(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(kind, Verdict::Unknown, reason, message.into())
    }
}

/// Every question but the summaries, in the order in which they are shown.
pub fn judge(observed: &Observed, token: &Token) -> Vec<Judgement> {
    vec![
        stateful_set(observed),
        secrets::judge(observed, token),
        config(observed),
        policy(observed),
        synced(observed),
    ]
}

fn stateful_set(observed: &Observed) -> Judgement {
    let kind = names::CONDITION_STATEFUL_SET;
    let name = &observed.instance.name;
    let Some(set) = &observed.set else {
        let message = format!("there is no StatefulSet `{name}` yet; the GitOps tool makes it");
        return Judgement::not_yet(kind, "NotSynced", message);
    };
    let is_suspended = observed.instance.wants.as_ref().is_some_and(|wants| wants.is_suspended);
    match (&observed.pod, set.replicas) {
        (None, 0) if is_suspended => {
            Judgement::yes(kind, "Suspended", "stopped by `spec.suspended`")
        }
        (Some(_), 0) => Judgement::not_yet(kind, "Stopping", "the Pod is being stopped"),
        (None, 0) if set.is_scaled_here => {
            Judgement::not_yet(kind, "BackingUp", "the agent is stopped for a backup")
        }
        (None, 0) => {
            let message = "the StatefulSet has 0 replicas, though the instance is not suspended";
            Judgement::no(kind, "ScaledToZero", message)
        }
        (None, _) => Judgement::not_yet(kind, "PodMissing", "the Pod is not there yet"),
        (Some(pod), _) => running(kind, set, pod),
    }
}

fn running(kind: &'static str, set: &SetFacts, pod: &PodFacts) -> Judgement {
    if pod.is_deleted {
        return Judgement::not_yet(kind, "PodEnding", "the Pod is being replaced");
    }
    if set.observed_generation < set.generation || pod.revision != set.update_revision {
        let message = "the Pod is not yet of the newest revision";
        return match health::trouble(pod) {
            Some(trouble) => troubled(kind, trouble),
            None => Judgement::not_yet(kind, "RollingOut", message),
        };
    }
    match health::trouble(pod) {
        Some(trouble) => troubled(kind, trouble),
        None if pod.is_ready => Judgement::yes(kind, "PodReady", "the Pod is ready"),
        None => Judgement::not_yet(kind, "PodStarting", "the Pod is starting"),
    }
}

fn troubled(kind: &'static str, trouble: Trouble) -> Judgement {
    let verdict = if trouble.is_final { Verdict::No } else { Verdict::NotYet };
    Judgement::new(kind, verdict, trouble.reason, trouble.message)
}

fn config(observed: &Observed) -> Judgement {
    let kind = names::CONDITION_CONFIG;
    let errors = &observed.instance.errors;
    if !errors.is_empty() {
        let mut told: Vec<&str> = errors.iter().map(String::as_str).take(10).collect();
        let more = format!("and {} more", errors.len().saturating_sub(10));
        if errors.len() > 10 {
            told.push(&more);
        }
        return Judgement::no(kind, "SpecInvalid", told.join("; "));
    }
    if let Some(judgement) = secrets::config_maps(kind, observed) {
        return judgement;
    }
    let refused = observed.pod.as_ref().and_then(health::trouble);
    match refused.filter(|trouble| trouble.reason == "ConfigRefused") {
        Some(trouble) => Judgement::new(kind, Verdict::No, "ConfigRefused", trouble.message),
        None => Judgement::yes(kind, "Valid", "the spec holds against every rule"),
    }
}

fn policy(observed: &Observed) -> Judgement {
    let kind = names::CONDITION_POLICY;
    let is_wanted = observed.instance.wants.as_ref().is_some_and(|wants| wants.has_policy);
    match (is_wanted, observed.has_policy) {
        (true, true) => Judgement::yes(kind, "PolicyExists", "the NetworkPolicy exists"),
        (true, false) if observed.set.is_none() => {
            Judgement::not_yet(kind, "NotSynced", "there is no NetworkPolicy yet")
        }
        (true, false) => {
            let name = &observed.instance.name;
            Judgement::no(kind, "PolicyMissing", format!("there is no NetworkPolicy `{name}`"))
        }
        (false, _) => Judgement::yes(kind, "NotWanted", "the spec asks for no NetworkPolicy"),
    }
}

fn synced(observed: &Observed) -> Judgement {
    let kind = names::CONDITION_SYNCED;
    let Some(set) = &observed.set else {
        return Judgement::not_yet(
            kind,
            "NotSynced",
            "the GitOps tool has not made the objects yet",
        );
    };
    if set.is_owned {
        let message = "the StatefulSet is owned by this instance, as another operator made it: deleting the instance deletes it and its claim; `openclaw import` prints how to end that";
        return Judgement::no(kind, "OwnedByInstance", message);
    }
    if !set.changed_by.is_empty() {
        let list: Vec<String> = set.changed_by.iter().map(|name| format!("`{name}`")).collect();
        let message =
            format!("fields of the StatefulSet were changed by hand, by {}", list.join(", "));
        return Judgement::no(kind, "ChangedByHand", message);
    }
    match (&observed.instance.render_hash, &set.render_hash) {
        (Some(rendered), Some(live)) if rendered == live => {
            Judgement::yes(kind, "InSync", "the StatefulSet is the one that was rendered")
        }
        (Some(_), _) => {
            let message = "the StatefulSet is of another commit than the instance";
            Judgement::not_yet(kind, "WaitingForSync", message)
        }
        (None, _) => {
            let message = "the instance bears no hash of what was rendered with it";
            Judgement::unknown(kind, "NotRendered", message)
        }
    }
}

/// Turns judgements into conditions; what was true before keeps its time, and a reason without a
/// message keeps its message.
pub fn write(
    judgements: &[Judgement],
    before: &[Condition],
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    let one = |judgement: &Judgement| {
        let old = before.iter().find(|condition| condition.type_ == judgement.kind);
        let status = judgement.verdict.status();
        let kept = old.filter(|old| old.status == status);
        let said = kept.filter(|old| old.reason == judgement.reason);
        let message = judgement.message.clone().or_else(|| said.map(|old| old.message.clone()));
        Condition {
            type_: judgement.kind.to_owned(),
            status: status.to_owned(),
            reason: judgement.reason.clone(),
            message: bounded(&message.unwrap_or_else(|| spelled_out(&judgement.reason))),
            observed_generation: Some(generation),
            last_transition_time: kept.map_or(Time(now), |old| old.last_transition_time.clone()),
        }
    };
    judgements.iter().map(one).collect()
}

/// Cut where it is too long, and without what a terminal would act on.
fn bounded(message: &str) -> String {
    let is_cut = message.len() > LONGEST;
    let letters = message.char_indices().take_while(|(at, c)| at + c.len_utf8() <= LONGEST);
    let text = letters.map(|(_, c)| if c.is_control() { ' ' } else { c });
    text.chain(is_cut.then_some('\u{2026}')).collect()
}

/// `ImagePullFailed` as `image pull failed`, where nobody has said more.
fn spelled_out(reason: &str) -> String {
    let mut text = String::new();
    for letter in reason.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
