//! The update of one instance as a machine: a total function of where it is, of what is seen and
//! of the time.
//!
//! ```text
//! Idle -> Committing -> Syncing -> Rolling -> Soaking -> Idle (confirmed)
//!   |                   ^             |          |
//!   +--> Proposed ------+             v          v
//!                        Reverting -> ReturnSyncing -> ReturnRolling -> Idle (rolled back)
//!                        Noting -> Idle (kept: there is no way back, or none is wanted)
//! ```
//!
//! `Proposed` waits for people without a limit: somebody merges the request, closes it, or a newer
//! version takes its place.
//!
//! From everywhere back to `Idle` when a person sets another tag: then it is theirs. Where that is
//! the tag before, the version is noted first, or it would be taken again. A state is
//! stored before anything is done in it, so that a process that dies goes on where it was; and what
//! is done is asked for again until it is seen in Git or in the cluster, so that a lost answer is
//! no loss.

mod back;
pub mod fleet;
pub mod health;
pub mod look;
mod step;
pub mod stored;

pub use step::step;

use crate::update::Wait;

/// How long a commit may take to be pushed before the update is given up, in seconds.
pub const COMMIT: i64 = 60 * 60;
/// How long the GitOps tool may take before somebody is told; no version is blamed for it.
pub const SYNC: i64 = 30 * 60;
/// How long everything before the main container may take before somebody is told.
pub const START: i64 = 30 * 60;
/// How long the new version must stay ready.
pub const SOAK: i64 = 90;
/// Reason of a version that a person has taken back.
pub const UNDONE: &str = "UndoneByHand";
/// How long a gateway may be out of our reach before its readiness alone counts.
pub const REACH: i64 = 60;
/// How long between two questions to a gateway that does not answer.
pub const PROBE: i64 = 5;
/// How long a Pod of the failed version may stay after the way back is synced.
pub const STUCK: i64 = 60;

/// An update that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Names it in commits, status and events.
    pub id: String,
    /// The tag before; empty when there was none, so that there is no way back.
    pub from: String,
    /// The tag that is taken.
    pub to: String,
}

/// Why a version failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// In one word.
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

/// Where an instance is. The number is when it came there, in seconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is under way.
    Idle,
    /// It waits on a branch of its own for somebody who merges it.
    Proposed(Update, i64),
    /// The commit is being made.
    Committing(Update, i64),
    /// The commit is on the branch, and not in the cluster yet.
    Syncing(Update, i64),
    /// The cluster has it, and the Pod is not ready yet.
    Rolling(Update, Clock),
    /// The Pod is ready since then, and its container had been started again this often.
    Soaking(Update, Clock, i64, i32),
    /// The version failed and stays, which is being noted.
    Noting(Update, i64, Verdict),
    /// The commit of the way back is being made.
    Reverting(Update, i64, Verdict),
    /// The way back is on the branch, and not in the cluster yet.
    ReturnSyncing(Update, i64, Verdict),
    /// The cluster has it, and the Pod is not ready yet.
    ReturnRolling(Update, i64, Verdict),
}

/// The clock of a version's health: what comes before its main container is not its fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// When the cluster had the commit.
    pub rolled: i64,
    /// When the main container was first seen to run since the world last kept it from that.
    pub started: Option<i64>,
}

/// What is seen of an instance at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The time, in seconds since 1970 in UTC.
    pub now: i64,
    /// What the spec and the repository say of its updates.
    pub policy: Policy,
    /// What the branch holds; none while nobody has read it.
    pub git: Option<InGit>,
    /// What is to be taken next, or why nothing is.
    pub next: Result<Update, Wait>,
    /// Hash of the StatefulSet in the cluster.
    pub live: Option<String>,
    /// How its Pod does.
    pub health: Health,
}

/// What the spec says of updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether a failed version is taken back.
    pub has_way_back: bool,
    /// How long a started container may take to become ready, in seconds.
    pub timeout: i64,
    /// Whether the data of the version before comes back with its tag, or needs not to.
    pub is_data_safe: bool,
    /// Whether a version is proposed, and not committed.
    pub is_proposed: bool,
    /// Whether the way back, and the note of a failure, are proposed as well.
    pub is_return_proposed: bool,
}

/// What the branch holds of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InGit {
    /// Its tag; empty when there is none.
    pub tag: String,
    /// Hash of its StatefulSet.
    pub hash: String,
    /// Whether a commit of the update that is under way is in its history, by the trailer: a person
    /// may have taken it back before anybody saw it.
    pub is_committed: bool,
    /// Whether the record notes the failure of the update that is under way.
    pub is_noted: bool,
    /// The request to merge the update that is under way; none while nobody knows of one.
    pub proposal: Option<Proposal>,
    /// The same of its way back, or of the note of its failure.
    pub return_proposal: Option<Proposal>,
}

/// A request to merge a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Where people find it: its address, or the branch where nobody could open a request.
    pub place: String,
    /// Whether it can still be merged; what was merged shows in the branch itself.
    pub is_open: bool,
}

/// What came of asking a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It takes its token.
    Yes,
    /// It does not, or is not alive.
    No,
    /// It was not reached: a network policy may keep us from it.
    Unreached,
}

/// How the Pod of what was committed does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// There is none of the new revision yet, or its main container has not started.
    Coming,
    /// The world keeps it from starting: no node, no volume, a registry that is too busy.
    Held(Verdict),
    /// A Pod of the old revision stays, not ready.
    Stuck {
        /// Its UID.
        uid: String,
        /// Since when it is not ready.
        since: i64,
    },
    /// Its main container runs and is not ready.
    Starting,
    /// It is ready.
    Ready {
        /// How often its main container was started again.
        restarts: i32,
        /// What its gateway says to its token; none while nobody has asked.
        answer: Option<Answer>,
    },
    /// Waiting will not help.
    Failed(Verdict),
}

/// What is to be done; asked for until it is seen to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Commit the tag and what follows of it.
    Bump(Update),
    /// Commit the inverse and the note of the failure.
    Revert(Update, Verdict),
    /// Commit the note of the failure alone.
    Note(Update, Verdict),
    /// The same on a branch of its own, with a request to merge it.
    Propose(Box<Effect>),
    /// Delete the Pod that stays.
    DeletePod {
        /// Its UID.
        uid: String,
    },
    /// Ask the gateway.
    Probe,
}

impl Effect {
    /// Whether it is done by a commit.
    pub fn is_commit(&self) -> bool {
        match self {
            Self::Bump(_) | Self::Revert(..) | Self::Note(..) | Self::Propose(_) => true,
            Self::DeletePod { .. } | Self::Probe => false,
        }
    }
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The new version is healthy.
    Confirmed(Update),
    /// The version before is back, and healthy.
    RolledBack(Update, Verdict),
    /// The version failed and stays: there is no way back, or none is wanted.
    Kept(Update, Verdict),
    /// A person has set another tag.
    Superseded(Update),
    /// A person has gone back to the tag before, which is noted: it is not taken again.
    Undone(Update),
    /// It was not committed, and is given up; nothing has changed.
    GivenUp(Update),
}

/// What people are told of where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Nothing is under way, and why.
    Waiting(Wait),
    /// It goes its way.
    Going(&'static str),
    /// It waits for people, and says where.
    Asked(&'static str, String),
    /// It takes longer than it should, or cannot go on; somebody should look.
    Alarm(&'static str, String),
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the instance is now. What differs from before is stored before anything else.
    pub state: State,
    /// What to do; never with a state that is not stored.
    pub effect: Option<Effect>,
    /// How an update ended, once.
    pub end: Option<End>,
    /// What is told.
    pub word: Word,
    /// When to look again if nothing happens, in seconds since 1970.
    pub wake: Option<i64>,
}
