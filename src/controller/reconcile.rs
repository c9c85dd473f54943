//! One look at one instance: observe, decide, act.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::Client;
use tokio::time::Instant;

use super::act::{Actor, Done};
use super::backup;
use super::bucket::Bucket;
use super::decide::{self, Action, Awaited, Plan};
use super::ledger::Intent;
use super::meters;
use super::namespaces::Namespaces;
use super::observed::{Observed, Reading, UpdateFacts};
use super::prober::Prober;
use super::read;
use super::run::Shared;
use super::survey::Surveyor;
use super::update::Effect;
use super::world::Key;

/// First wait after a fault, and the longest.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// How long one look may take: requests that nobody answers must not keep a worker.
const LIMIT: Duration = Duration::from_secs(60);

/// When a commit is asked for again that nobody has seen, or a namespace that could not be read.
const AGAIN: Duration = Duration::from_secs(30);

/// Looks at instances, for as long as it is polled.
pub struct Worker {
    /// What all tasks share.
    pub shared: Arc<Shared>,
    /// Reads.
    pub client: Client,
    /// Writes.
    pub actor: Actor,
    /// What Git and the registries say.
    pub surveyor: Surveyor,
    /// Asks gateways.
    pub prober: Prober,
    /// The credentials that the controller shares.
    pub bucket: Bucket,
    /// UIDs of namespaces.
    pub namespaces: Namespaces,
}

/// What came of a look.
struct Looked {
    result: meters::Result,
    /// Whether everything is known that was asked for.
    is_settled: bool,
}

impl Looked {
    const DONE: Self = Self { result: meters::Result::Success, is_settled: true };
}

/// Consecutive faults, by instance.
#[derive(Debug, Default)]
pub struct Faults(Mutex<HashMap<Key, u32>>);

impl Faults {
    fn next(&self, key: &Key) -> Duration {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = faults.entry(key.clone()).or_default();
        let wait = FIRST.saturating_mul(1 << (*count).min(6)).min(LONGEST);
        *count += 1;
        wait
    }

    fn clear(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Worker {
    /// Takes one instance after the other.
    pub async fn work(self: Arc<Self>) {
        while let Some(key) = self.shared.queue.next().await {
            let started = Instant::now();
            let look = tokio::spawn({
                let (worker, key) = (self.clone(), key.clone());
                async move { tokio::time::timeout(LIMIT, worker.look(&key)).await }
            });
            let result = match look.await {
                Ok(Ok(Ok(result))) => {
                    // What is not known is asked for again, each time later.
                    if result.is_settled {
                        self.shared.faults.clear(&key);
                    }
                    result.result
                }
                Ok(Ok(Err(error))) => {
                    tracing::warn!(instance = %key, %error, "a look failed");
                    meters::Result::Error
                }
                Ok(Err(_)) => {
                    tracing::warn!(instance = %key, "a look took too long");
                    meters::Result::Error
                }
                // One hostile instance must not stop the others.
                Err(panic) => {
                    tracing::error!(instance = %key, %panic, "a look broke off");
                    meters::Result::Error
                }
            };
            if result == meters::Result::Error {
                // Something may have been written without a word of it.
                self.shared.world().forget_readings(&key);
                let wait = self.shared.faults.next(&key);
                self.shared.queue.add(key.clone(), wait);
            }
            self.shared.meters.count(&key, result, started.elapsed());
            self.shared.queue.done(&key);
        }
    }

    async fn look(&self, key: &Key) -> kube::Result<Looked> {
        let Some((mut observed, unread)) = self.shared.world().observed(key) else {
            self.shared.meters.forget(key);
            self.wait_for(key, Vec::new());
            return Ok(Looked::DONE);
        };
        if !decide::is_ours(observed.instance.cluster.as_deref(), self.surveyor.cluster.as_deref())
        {
            self.shared.meters.forget(key);
            return Ok(Looked::DONE);
        }
        self.shared.meters.begin(key);
        if let Some(change) = unread {
            self.read(key, change, &mut observed).await;
        }
        let now = Timestamp::now();
        let wake = self.survey(key, &mut observed, now);
        self.bucket(key, &mut observed).await;
        // Before anything is written: what cannot be written must be seen nonetheless.
        self.shared.meters.show(key, &observed, decide::phase(&observed, now));
        let plan = decide::decide(&observed, now);
        self.wake(key, plan.wake.into_iter().chain(wake).min(), now);
        let Some((result, awaited)) = self.act(key, &mut observed, plan, now).await? else {
            return Ok(Looked::DONE);
        };
        if observed.refusal.is_some() {
            self.shared.meters.show(key, &observed, decide::phase(&observed, now));
        }
        let is_settled = self.again(key, &observed, result);
        self.wait_for(key, awaited);
        Ok(Looked { result, is_settled })
    }

    /// Does what is decided, and decides again where the API server does not do it. Returns what
    /// came of it and what to wait for; none where everything is to be read again.
    async fn act(
        &self,
        key: &Key,
        observed: &mut Observed,
        plan: Plan,
        now: Timestamp,
    ) -> kube::Result<Option<(meters::Result, Vec<Awaited>)>> {
        let Plan { mut actions, mut awaited, end, backup, .. } = plan;
        let mut result = meters::Result::Success;
        while !actions.is_empty() {
            let action = actions.remove(0);
            let written = match &action {
                Action::WriteStatus { status, .. } => Some((**status).clone()),
                Action::MakeToken { .. }
                | Action::Update(_)
                | Action::Backup { .. }
                | Action::Lend { .. } => None,
            };
            self.update(key, observed, &action);
            let asked = action.clone();
            match self.actor.act(&observed.instance, action).await? {
                Done::Yes => {}
                Done::Written(version) => {
                    if let Some(status) = written {
                        let before = &observed.instance.status;
                        self.shared.meters.went(key, before, &status, end.as_ref());
                        self.shared.meters.backed_up(key, &status, backup.as_ref());
                        // The next write of this look is about what is there now.
                        let new = version.clone().unwrap_or_default();
                        let before =
                            std::mem::replace(&mut observed.instance.resource_version, new);
                        self.shared.world().wrote(key, &before, status, version);
                    }
                }
                Done::ReadAgain => {
                    self.shared.world().forget_readings(key);
                    self.shared.queue.add(key.clone(), Duration::ZERO);
                    return Ok(None);
                }
                // What is not stored is not done.
                Done::Conflict => {
                    result = meters::Result::Conflict;
                    break;
                }
                Done::Denied(denial) => {
                    tracing::warn!(instance = %key, ?denial, "a backup cannot go on as decided");
                    denial.note(&mut observed.backup);
                    Plan { actions, awaited, .. } = decide::decide(observed, now);
                    // What is denied is not asked for twice in one look.
                    actions.retain(|one| *one != asked);
                }
                // The status says so, and the next look tries again.
                Done::Refused(why) => {
                    tracing::warn!(instance = %key, why, "the gateway token cannot be made");
                    result = meters::Result::Error;
                    observed.refusal = Some(why);
                    Plan { actions, awaited, .. } = decide::decide(observed, now);
                }
            }
        }
        Ok(Some((result, awaited)))
    }

    /// Adds where backups go. The UID of the namespace is asked for once, as soon as it is needed.
    async fn bucket(&self, key: &Key, observed: &mut Observed) {
        observed.backup.shared = self.bucket.facts();
        observed.backup.grants = self.bucket.grants(&key.namespace);
        if backup::store::bucket(observed).is_err() {
            return;
        }
        match self.namespaces.uid(&key.namespace, &observed.instance.uid).await {
            Ok(uid) => observed.backup.namespace = uid,
            Err(error) => {
                tracing::warn!(namespace = key.namespace, %error, "the namespace cannot be read");
                self.shared.queue.add(key.clone(), AGAIN);
            }
        }
    }

    fn wake(&self, key: &Key, at: Option<i64>, now: Timestamp) {
        let after = at.map(|at| u64::try_from(at - now.as_second()).unwrap_or_default());
        if let Some(after) = after {
            self.shared.queue.add(key.clone(), Duration::from_secs(after));
        }
    }

    /// Adds what Git and the registry say; tells when to look again.
    fn survey(&self, key: &Key, observed: &mut Observed, now: Timestamp) -> Option<i64> {
        let instance = &observed.instance;
        let update = instance.status.auto_update.as_ref();
        let is_busy = update.is_some_and(|update| update.update_phase.is_some());
        let wants = instance.wants.as_ref().filter(|wants| wants.has_updates || is_busy)?;
        let interval = wants.updates.interval;
        let surveyed = self.surveyor.survey(key, &instance.status, interval, now.as_second());
        let answer = observed.update.answer;
        observed.update = UpdateFacts { answer, ..surveyed.facts };
        surveyed.wake
    }

    /// Does what an update asks for, where that is not the API server's; what is not seen to be
    /// done is asked for again.
    fn update(&self, key: &Key, observed: &Observed, action: &Action) {
        let Action::Update(effect) = action else { return };
        match effect {
            Effect::Bump(_) | Effect::Revert(..) | Effect::Note(..) | Effect::Propose(_) => {
                if let Some(ledger) = self.surveyor.ledger(key) {
                    ledger.ask(Intent { key: key.clone(), effect: effect.clone() });
                }
                self.shared.queue.add(key.clone(), AGAIN);
            }
            Effect::Probe => self.prober.ask(&self.shared, key, observed),
            Effect::DeletePod { .. } => {}
        }
    }

    async fn read(&self, key: &Key, change: u64, observed: &mut Observed) {
        let list = decide::reads(observed);
        let readings = read::all(&self.client, &key.namespace, list).await;
        observed.readings.clone_from(&readings);
        self.shared.world().read(key, change, readings);
    }

    /// What no watch will tell of is looked at again after a while; tells whether all is known
    /// and written.
    fn again(&self, key: &Key, observed: &Observed, result: meters::Result) -> bool {
        let is_open = |reading: &Reading| matches!(reading, Reading::Denied | Reading::Failed);
        let is_open = observed.readings.values().any(is_open);
        if is_open {
            self.shared.world().forget_readings(key);
            self.shared.queue.add(key.clone(), self.shared.faults.next(key));
        } else if result == meters::Result::Conflict {
            // The watch tells of the other version at once, if it works.
            self.shared.queue.add(key.clone(), self.shared.faults.next(key));
        }
        !is_open && result == meters::Result::Success
    }
}
