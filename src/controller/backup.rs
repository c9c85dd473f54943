//! The backup of one instance as a machine: a total function of where it is, of what is seen and
//! of the time.
//!
//! ```text
//! Idle -> Stopping -> Copying -> Uploading -> Idle      scheduled, demanded
//! Idle ------------------------> Uploading -> Idle      of an update, or of an agent that is stopped
//! Idle -> Stopping ------------> Uploading -> Releasing of an instance that is deleted
//! any ------------------------------------> Leaving     the same, where no backup can be made
//! ```
//!
//! The agent is stopped for the copy alone, which takes seconds; the copy is uploaded while it
//! works. Where no second Pod may mount the volume, it is stopped for the upload too.
//!
//! A state is stored before anything is done in it, and what is done is asked for until it is seen
//! to be done. An agent that was stopped here is started again from `Idle` by a rule that needs no
//! memory: its StatefulSet has no replica, and the last who said so was this controller.

pub mod cause;
pub mod due;
pub mod job;
mod jobs;
pub mod look;
pub mod restore;
mod step;
pub mod store;
pub mod stored;
mod words;

pub use step::step;

use cause::Cause;

/// How long the Pod may take to end, in seconds.
pub const STOP: i64 = 10 * 60;
/// How long the copy on the volume may take, in seconds: the agent waits for it.
pub const COPY: i64 = 10 * 60;
/// How much longer than a Job may run until nobody waits for its word any more, in seconds.
pub const GRACE: i64 = 60;
/// How long until a failed upload of a deleted instance is tried again, in seconds.
pub const AGAIN: i64 = 60;
/// How long until another failed one is.
pub const LATER: i64 = 30 * 60;
/// How often in a row.
pub const TRIES: i32 = 3;

/// What a backup is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The schedule.
    Scheduled,
    /// The annotation.
    Demanded,
    /// The snapshot of an update, which is on the volume already.
    Update,
    /// The deletion of the instance.
    Deletion,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Scheduled, Self::Demanded, Self::Update, Self::Deletion];

    /// Its name, which ends the name of a backup.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Demanded => "demanded",
            Self::Update => "update",
            Self::Deletion => "deletion",
        }
    }
}

/// A backup that is being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The last part of its path; no two attempts have the same.
    pub id: String,
    /// What for.
    pub reason: Reason,
    /// When it was begun, in seconds since 1970 in UTC.
    pub started: i64,
    /// Whether the agent ran before it, and is to run after it.
    pub was_running: bool,
}

/// Where an instance is. The number is when it came there, in seconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is under way.
    Idle,
    /// The Pod is ending.
    Stopping(Backup, i64),
    /// The state is being copied on the volume.
    Copying(Backup, i64),
    /// What was copied is being uploaded and verified.
    Uploading(Backup, i64),
    /// The instance is deleted, its data is safe or not wanted, and nothing keeps it any more but
    /// a claim that is to go too.
    Releasing(i64),
    /// The instance is deleted and goes without a backup; its data stays on the volume.
    Leaving(i64),
}

/// A Job as the machine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Nobody has seen it yet.
    Absent,
    /// The API server does not take it.
    Refused(String),
    /// It is there, and nothing of it has started; with what keeps it. What belongs to it may be
    /// missing.
    Waiting(Option<String>),
    /// It was there, and is not any more.
    Gone,
    /// It has not ended.
    Running,
    /// It ended well, and its archive has this many bytes.
    Done(Option<i64>),
    /// It failed.
    Failed(Failure),
}

/// Why something failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In one word.
    pub reason: String,
    /// In a sentence.
    pub message: String,
}

impl Failure {
    /// Makes one.
    pub fn new(reason: &str, message: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), message: message.into() }
    }
}

/// What is seen of an instance at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The time, in seconds since 1970 in UTC.
    pub now: i64,
    /// Replicas that its StatefulSet should have; none where there is none.
    pub replicas: Option<i32>,
    /// Whether this controller was the last to say that there are none.
    pub is_scaled_here: bool,
    /// Whether there is a Pod.
    pub has_pod: bool,
    /// Whether it is stopped on request.
    pub is_suspended: bool,
    /// Whether no second Pod may mount the volume.
    pub is_exclusive: bool,
    /// Whether a backup can be made, or why not.
    pub store: Result<(), Cause>,
    /// What is to be backed up, and why.
    pub due: Option<Reason>,
    /// Whether the finalizer is there.
    pub has_finalizer: bool,
    /// What is known where the instance is deleted.
    pub deletion: Option<Deletion>,
    /// The Job of the state that it is in.
    pub job: Job,
    /// How long a backup may take, in seconds.
    pub timeout: i64,
    /// When another attempt may be made.
    pub retry: i64,
}

/// What is known of an instance that is deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// Since when, in seconds since 1970 in UTC.
    pub since: i64,
    /// Whether the namespace is being deleted: nothing can be made in it.
    pub is_namespace_ending: bool,
    /// UID of the claim that is to go too.
    pub claim: Option<String>,
}

/// A Job to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Copy the state on the volume.
    Copy,
    /// Upload the copy, the snapshot of an update, or the state of a stopped agent.
    Upload,
}

/// What is to be done; asked for until it is seen to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Set the replicas through `scale`.
    Scale(i32),
    /// Make a Job with what belongs to it.
    Run(Task, Backup),
    /// Delete the Job of a backup.
    Cancel(Task, Backup),
    /// Put the finalizer on the instance.
    Hold,
    /// Take it off.
    Release,
    /// Delete the claim.
    DeleteClaim {
        /// Its UID.
        uid: String,
    },
}

/// How a backup ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is verified.
    Stored(Backup, Option<i64>),
    /// It is none.
    Failed(Backup, Failure),
    /// The instance goes without one, and the data stays on the volume.
    Left(Failure),
    /// The instance goes without one, as it was asked to.
    Skipped,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where the instance is now. What differs from before is stored before anything is done in it.
    pub state: State,
    /// What to do.
    pub effect: Option<Effect>,
    /// How a backup ended, once.
    pub end: Option<End>,
    /// When to look again if nothing happens, in seconds since 1970.
    pub wake: Option<i64>,
}
