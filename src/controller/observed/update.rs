//! What is known of an instance's version.

use std::collections::BTreeSet;

use crate::controller::update::{Answer, Proposal, Update};
use crate::update::{Reason, Wait};

/// How a spec wants its updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateWants {
    /// How often the registry is asked, in seconds.
    pub interval: i64,
    /// How long a started version may take to become ready, in seconds.
    pub timeout: i64,
    /// Whether a failed version is taken back.
    pub has_way_back: bool,
    /// Whether the data of the version before comes back with its tag whatever the schemas are:
    /// there is a snapshot, or no data.
    pub has_snapshot: bool,
}

/// What Git and the registry say of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateFacts {
    /// What the branch holds.
    pub branch: Branch,
    /// What is to be taken next, or why nothing is.
    pub next: Result<Update, Wait>,
    /// The newest version that the registry has, where it was asked.
    pub latest: Option<String>,
    /// When it was asked, in seconds since 1970 in UTC.
    pub checked: Option<i64>,
    /// Digests of the version that is under way, where they are known.
    pub digests: Vec<String>,
    /// What the gateway says to its token; none while nobody has asked.
    pub answer: Option<Answer>,
    /// Why the last fetch or push failed.
    pub fault: Option<String>,
}

impl Default for UpdateFacts {
    fn default() -> Self {
        let message = "the controller's configuration names no repository";
        Self {
            branch: Branch::Unconfigured,
            next: Err(Wait::new(Reason::GitNotConfigured, message)),
            latest: None,
            checked: None,
            digests: Vec::new(),
            answer: None,
            fault: None,
        }
    }
}

/// What a branch holds of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Branch {
    /// The controller knows of no repository.
    #[default]
    Unconfigured,
    /// The branches are being read for the first time.
    Reading,
    /// No branch could be read, or none that was read holds it; in a sentence.
    Unread(String),
    /// It is another cluster's, or two repositories hold it; in a sentence.
    Foreign(String),
    /// The branch holds it.
    Holds(Tip),
}

/// What the tip of a branch holds of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tip {
    /// Its tag; empty when there is none.
    pub tag: String,
    /// Hash of its StatefulSet.
    pub hash: String,
    /// Ids of the updates whose failure its record notes.
    pub noted: BTreeSet<String>,
    /// Whether a commit of the update that is under way is in the history.
    pub is_committed: bool,
    /// Whether openclaw.yaml wants versions to be proposed.
    pub is_proposed: bool,
    /// Whether it wants the way back to be proposed.
    pub is_return_proposed: bool,
    /// The request to merge the update that is under way.
    pub proposal: Option<Proposal>,
    /// The request to merge its way back, or the note of its failure.
    pub return_proposal: Option<Proposal>,
}
