//! A simulated cluster with its own time, in which backups go wrong in every way.

use openclaw::controller::backup::cause::Cause;
use openclaw::controller::backup::{
    COPY, Deletion, Effect, End, Failure, Job, Reason, Seen, State, Task, step,
};

/// Allowed to one backup, in seconds.
pub const TIMEOUT: i64 = 1_800;
/// How long a Pod takes to end, and to start.
const ENDING: i64 = 30;
/// How long a Job takes to begin, and to do its work.
const BEGINS: i64 = 5;
const WORKS: i64 = 40;
/// When what happens by itself happens, after the backup has begun.
const MEANWHILE: i64 = 50;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Nothing,
    JobFails,
    JobNeverStarts,
    JobNeverEnds,
    JobRefused,
    JobVanishes,
    PodNeverEnds,
    SetVanishes,
    SomebodyStarts,
    SomebodySuspends,
    SecretVanishes,
    SecretUnknown,
    NamespaceEnds,
    Skipped,
    Deleted,
}

pub const FAULTS: [Fault; 15] = [
    Fault::Nothing,
    Fault::JobFails,
    Fault::JobNeverStarts,
    Fault::JobNeverEnds,
    Fault::JobRefused,
    Fault::JobVanishes,
    Fault::PodNeverEnds,
    Fault::SetVanishes,
    Fault::SomebodyStarts,
    Fault::SomebodySuspends,
    Fault::SecretVanishes,
    Fault::SecretUnknown,
    Fault::NamespaceEnds,
    Fault::Skipped,
    Fault::Deleted,
];

/// How a call to the API server is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The controller dies before it.
    Before,
    /// It is done, and the controller dies before it knows.
    After,
}

#[derive(Clone, Debug)]
pub struct Setup {
    pub reason: Reason,
    pub fault: Fault,
    /// The Job that the fault is about.
    pub task: Task,
    pub was_running: bool,
    pub is_exclusive: bool,
    pub is_suspended: bool,
    pub deletes_claim: bool,
    /// The call that is lost, counted from none.
    pub lost: Option<(usize, Lost)>,
}

#[derive(Clone, Debug)]
struct Run {
    task: Task,
    id: String,
    at: i64,
    is_gone: bool,
}

/// The cluster.
#[derive(Clone, Debug)]
pub struct World {
    pub setup: Setup,
    pub now: i64,
    pub state: State,
    pub replicas: i32,
    pub is_scaled_here: bool,
    pub ends: Vec<End>,
    pub begun: usize,
    pub calls: usize,
    pub has_finalizer: bool,
    pub has_claim: bool,
    /// Seconds during which the agent did not run.
    pub stopped: i64,
    /// Seconds from the deletion until the finalizer was gone.
    pub held: Option<i64>,
    pub log: Vec<String>,
    is_suspended: bool,
    pod_until: Option<i64>,
    has_pod: bool,
    jobs: Vec<Run>,
    begun_at: Option<i64>,
    deleted: Option<i64>,
    is_due: bool,
    has_happened: bool,
}

impl World {
    pub fn new(setup: Setup) -> Self {
        let runs = setup.was_running && !setup.is_suspended;
        let deleted = (setup.reason == Reason::Deletion).then_some(1_000);
        Self {
            now: 1_000,
            state: State::Idle,
            replicas: i32::from(runs),
            is_scaled_here: false,
            ends: Vec::new(),
            begun: 0,
            calls: 0,
            has_finalizer: true,
            has_claim: true,
            stopped: 0,
            held: None,
            log: Vec::new(),
            is_suspended: setup.is_suspended,
            pod_until: None,
            has_pod: runs,
            jobs: Vec::new(),
            begun_at: None,
            deleted,
            is_due: deleted.is_none(),
            has_happened: false,
            setup,
        }
    }

    /// Lets a day go by.
    pub fn run(&mut self) {
        let end = self.now + 24 * 3_600;
        while self.now < end && self.held.is_none() {
            self.happens();
            let wake = self.look();
            // Whatever happens in the cluster makes the controller look; so does time.
            let pause = wake.map_or(20, |at| (at - self.now).clamp(1, 20));
            self.pass(pause);
        }
    }

    fn pass(&mut self, seconds: i64) {
        self.now += seconds;
        if !self.has_pod {
            self.stopped += seconds;
        }
        if self.pod_until.is_some_and(|until| self.now >= until) {
            self.has_pod = false;
            self.pod_until = None;
        }
        if self.replicas > 0 && !self.has_pod && self.pod_until.is_none() {
            self.has_pod = true;
        }
    }

    /// What other people do.
    fn happens(&mut self) {
        let start = self.begun_at.or(self.deleted);
        if self.has_happened || start.is_none_or(|at| self.now < at + MEANWHILE) {
            return;
        }
        self.has_happened = true;
        match self.setup.fault {
            Fault::SomebodyStarts => {
                (self.replicas, self.is_scaled_here) = (1, false);
            }
            Fault::SomebodySuspends => {
                self.is_suspended = true;
                self.set(0, false);
            }
            Fault::Deleted => self.deleted = self.deleted.or(Some(self.now)),
            Fault::SetVanishes => {
                self.has_pod = false;
                self.replicas = -1;
            }
            _ => {}
        }
    }

    fn set(&mut self, replicas: i32, is_here: bool) {
        (self.replicas, self.is_scaled_here) = (replicas, is_here);
        if replicas == 0 && self.has_pod && self.setup.fault != Fault::PodNeverEnds {
            self.pod_until = Some(self.now + ENDING);
        }
    }

    fn seen(&self) -> Seen {
        let fault = self.setup.fault;
        let is_meanwhile = self.has_happened;
        let store = match fault {
            Fault::SecretVanishes if is_meanwhile => {
                Err(Cause::lasting("CredentialsMissing", "gone"))
            }
            Fault::SecretUnknown if is_meanwhile => Err(Cause::passing("NotSynced", "unknown")),
            Fault::Skipped if is_meanwhile => Err(Cause::lasting("Skipped", "asked for")),
            _ => Ok(()),
        };
        Seen {
            now: self.now,
            replicas: (self.replicas >= 0).then_some(self.replicas),
            is_scaled_here: self.is_scaled_here,
            has_pod: self.has_pod,
            is_suspended: self.is_suspended,
            is_exclusive: self.setup.is_exclusive,
            store,
            due: self.is_due.then_some(self.setup.reason),
            has_finalizer: self.has_finalizer,
            deletion: self.deleted.map(|since| Deletion {
                since,
                is_namespace_ending: fault == Fault::NamespaceEnds && is_meanwhile,
                claim: (self.setup.deletes_claim && self.has_claim).then(|| "uid".to_owned()),
            }),
            job: self.job(),
            timeout: TIMEOUT,
            retry: 0,
        }
    }

    fn job(&self) -> Job {
        let (task, id) = match &self.state {
            State::Copying(backup, _) => (Task::Copy, &backup.id),
            State::Uploading(backup, _) => (Task::Upload, &backup.id),
            _ => return Job::Absent,
        };
        let is_meant = task == self.setup.task;
        let fault = self.setup.fault;
        if is_meant && fault == Fault::JobRefused {
            return Job::Refused("no".to_owned());
        }
        let Some(run) = self.jobs.iter().find(|run| run.task == task && run.id == *id) else {
            return Job::Absent;
        };
        let age = self.now - run.at;
        let limit = if task == Task::Copy { COPY } else { TIMEOUT };
        match fault {
            _ if run.is_gone => Job::Gone,
            Fault::JobNeverStarts if is_meant => Job::Waiting(None),
            Fault::JobNeverEnds if is_meant && age < limit => Job::Running,
            Fault::JobNeverEnds if is_meant => Job::Failed(Failure::new("DeadlineExceeded", "")),
            Fault::JobVanishes if is_meant && age >= WORKS / 2 => Job::Gone,
            _ if age < BEGINS => Job::Waiting(None),
            _ if age < BEGINS + WORKS => Job::Running,
            Fault::JobFails if is_meant => Job::Failed(Failure::new("UploadFailed", "403")),
            _ => Job::Done(Some(7)),
        }
    }

    /// One look of the controller: the state is stored first, and then something is done.
    fn look(&mut self) -> Option<i64> {
        let seen = self.seen();
        let before = self.state.clone();
        let next = step(&before, &seen);
        if next.state != before || next.end.is_some() {
            self.log.push(format!("{} {:?} {:?}", self.now, next.state, next.end));
            match self.call() {
                Some(Lost::Before) => return None,
                Some(Lost::After) | None => {}
            }
            self.state = next.state.clone();
            let is_begun = |state: &State| {
                matches!(state, State::Stopping(..) | State::Copying(..) | State::Uploading(..))
            };
            if is_begun(&self.state) && !is_begun(&before) {
                self.begun += 1;
                self.is_due = false;
                self.begun_at = self.begun_at.or(Some(self.now));
            }
            self.ends.extend(next.end);
        }
        if let Some(effect) = next.effect {
            let lost = self.call();
            if lost != Some(Lost::Before) {
                self.act(effect);
            }
        }
        next.wake
    }

    /// Counts a call, and tells whether it is lost.
    fn call(&mut self) -> Option<Lost> {
        let at = self.calls;
        self.calls += 1;
        self.setup.lost.filter(|(call, _)| *call == at).map(|(_, lost)| lost)
    }

    fn act(&mut self, effect: Effect) {
        self.log.push(format!("{} {effect:?}", self.now));
        match effect {
            Effect::Scale(replicas) => self.set(replicas, replicas == 0),
            Effect::Run(task, backup) => {
                let is_there = self.jobs.iter().any(|run| run.task == task && run.id == backup.id);
                if !is_there {
                    self.jobs.push(Run { task, id: backup.id, at: self.now, is_gone: false });
                }
            }
            Effect::Cancel(task, backup) => {
                for run in &mut self.jobs {
                    run.is_gone |= run.task == task && run.id == backup.id;
                }
            }
            Effect::Hold => self.has_finalizer = true,
            Effect::Release => {
                self.has_finalizer = false;
                self.held = self.deleted.map(|since| self.now - since);
            }
            Effect::DeleteClaim { .. } => self.has_claim = false,
        }
    }
}
