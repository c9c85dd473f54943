//! Everything that the watches have told, by instance.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::observed::{
    BackupFacts, ClaimFacts, InstanceFacts, JobFacts, Observed, PodFacts, Reading, SetFacts,
    UpdateFacts,
};
use super::update::Answer;
use crate::api::status::OpenClawInstanceStatus;
use crate::model::references::Kind;
use crate::names;

/// Namespace and name of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A kind that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Watched {
    /// Instances.
    Instance,
    /// StatefulSets.
    StatefulSet,
    /// Pods.
    Pod,
    /// PersistentVolumeClaims.
    Claim,
    /// NetworkPolicies.
    Policy,
    /// Jobs that we make.
    Job,
    /// Their Pods.
    JobPod,
}

/// What an object of a watched kind says.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// Of an instance.
    Instance(Box<InstanceFacts>),
    /// Of a StatefulSet.
    StatefulSet(SetFacts),
    /// Of a Pod.
    Pod(PodFacts),
    /// Of a PersistentVolumeClaim.
    Claim(ClaimFacts),
    /// That a NetworkPolicy is there.
    Policy,
    /// Of a Job, by its name.
    Job(String, JobFacts),
    /// Of the Pod of a Job, by its name.
    JobPod(String, PodFacts),
}

/// An object of an instance: whose it is, and its own name.
pub type Place = (Key, String);

/// What one instance consists of.
#[derive(Debug, Default)]
struct Parts {
    instance: Option<Box<InstanceFacts>>,
    set: Option<SetFacts>,
    pod: Option<PodFacts>,
    claim: Option<ClaimFacts>,
    has_policy: bool,
    jobs: BTreeMap<String, JobFacts>,
    job_pods: BTreeMap<String, PodFacts>,
    readings: BTreeMap<(Kind, String), Reading>,
    /// What the gateway of a Pod, by its UID, said to its token.
    answer: Option<(String, Answer)>,
    /// How often something changed that makes it be read again, and as of which of these it was
    /// read: what changes while somebody reads is not in what they read.
    changes: u64,
    read_at: Option<u64>,
}

impl Parts {
    fn changed(&mut self, is_changed: bool) {
        self.changes += u64::from(is_changed);
    }

    /// Names of the objects of a kind, of which an instance has one where they are not counted.
    fn names(&self, kind: Watched, instance: &str) -> Vec<String> {
        let one = |is_there: bool, name: String| is_there.then_some(name).into_iter().collect();
        let own = instance.to_owned();
        match kind {
            Watched::Instance => one(self.instance.is_some(), own),
            Watched::StatefulSet => one(self.set.is_some(), own),
            Watched::Pod => one(self.pod.is_some(), names::pod(instance)),
            Watched::Claim => one(self.claim.is_some(), names::claim(instance)),
            Watched::Policy => one(self.has_policy, own),
            Watched::Job => self.jobs.keys().cloned().collect(),
            Watched::JobPod => self.job_pods.keys().cloned().collect(),
        }
    }

    /// What was answered by the Pod that is there now.
    fn answer(&self) -> Option<Answer> {
        let (uid, answer) = self.answer.as_ref()?;
        let is_same = self.pod.as_ref().is_some_and(|pod| pod.uid == *uid);
        is_same.then_some(*answer)
    }
}

/// Everything that the watches have told.
#[derive(Debug, Default)]
pub struct World {
    parts: HashMap<Key, Parts>,
}

impl World {
    /// Takes a fact over; tells whether somebody should look at the instance.
    ///
    /// A status alone is nobody's business: it is ours, and we wrote it. What else changes at an
    /// instance, its StatefulSet or its Pod makes the Secrets be read again.
    pub fn put(&mut self, key: &Key, fact: Fact) -> bool {
        let parts = self.parts.entry(key.clone()).or_default();
        let is_changed = match fact {
            Fact::Instance(new) => {
                let is_same = parts.instance.as_ref().is_some_and(|old| old.says_the_same(&new));
                parts.instance = Some(new);
                !is_same
            }
            Fact::StatefulSet(new) => replace(&mut parts.set, new),
            Fact::Pod(new) => replace(&mut parts.pod, new),
            Fact::Claim(new) => return replace(&mut parts.claim, new),
            Fact::Policy => return !std::mem::replace(&mut parts.has_policy, true),
            Fact::Job(name, new) => return parts.jobs.insert(name, new.clone()) != Some(new),
            Fact::JobPod(name, new) => {
                return parts.job_pods.insert(name, new.clone()) != Some(new);
            }
        };
        parts.changed(is_changed);
        is_changed
    }

    /// Forgets an object; tells whether somebody should look at the instance.
    pub fn remove(&mut self, (key, name): &Place, kind: Watched) -> bool {
        let Some(parts) = self.parts.get_mut(key) else { return false };
        let was_there = match kind {
            Watched::Instance => parts.instance.take().is_some(),
            Watched::StatefulSet => parts.set.take().is_some(),
            Watched::Pod => parts.pod.take().is_some(),
            Watched::Claim => parts.claim.take().is_some(),
            Watched::Policy => std::mem::take(&mut parts.has_policy),
            Watched::Job => parts.jobs.remove(name).is_some(),
            Watched::JobPod => parts.job_pods.remove(name).is_some(),
        };
        // Of what runs beside the agent nothing is read.
        parts.changed(was_there && !matches!(kind, Watched::Job | Watched::JobPod));
        let is_empty = parts.instance.is_none()
            && parts.set.is_none()
            && parts.pod.is_none()
            && parts.claim.is_none()
            && !parts.has_policy
            && parts.jobs.is_empty()
            && parts.job_pods.is_empty();
        if is_empty {
            self.parts.remove(key);
        }
        was_there
    }

    /// Forgets every object of a kind that a complete list does not hold; returns the instances
    /// to look at. `namespace` bounds what the list was of.
    pub fn keep(
        &mut self,
        kind: Watched,
        namespace: Option<&str>,
        listed: &HashSet<Place>,
    ) -> Vec<Key> {
        let is_asked = |key: &Key| namespace.is_none_or(|namespace| key.namespace == namespace);
        let held = self.parts.iter().filter(|(key, _)| is_asked(key));
        let places = held.flat_map(|(key, parts)| {
            parts.names(kind, &key.name).into_iter().map(|name| (key.clone(), name))
        });
        let gone: Vec<Place> = places.filter(|place| !listed.contains(place)).collect();
        let removed = gone.into_iter().filter(|place| self.remove(place, kind));
        removed.map(|(key, _)| key).collect()
    }

    /// Returns what is known of an instance, and as of which change what it reads is to be read;
    /// `None` when that was done.
    pub fn observed(&self, key: &Key) -> Option<(Observed, Option<u64>)> {
        let parts = self.parts.get(key)?;
        let observed = Observed {
            instance: (**parts.instance.as_ref()?).clone(),
            set: parts.set.clone(),
            pod: parts.pod.clone(),
            claim: parts.claim.clone(),
            has_policy: parts.has_policy,
            readings: parts.readings.clone(),
            refusal: None,
            update: UpdateFacts { answer: parts.answer(), ..UpdateFacts::default() },
            backup: BackupFacts {
                jobs: parts.jobs.clone(),
                pods: parts.job_pods.clone(),
                ..BackupFacts::default()
            },
        };
        let is_read = parts.read_at == Some(parts.changes);
        Some((observed, (!is_read).then_some(parts.changes)))
    }

    /// Takes readings over, all that there are, as of a change.
    pub fn read(&mut self, key: &Key, change: u64, readings: BTreeMap<(Kind, String), Reading>) {
        if let Some(parts) = self.parts.get_mut(key) {
            let is_whole = !readings.values().any(|one| *one == Reading::Failed);
            parts.read_at = is_whole.then_some(change);
            parts.readings = readings;
        }
    }

    /// Takes over the status that was written to the version `before`, so that its event is no news
    /// and the next write need not wait for the watch.
    ///
    /// Where the watch has told of another version meanwhile, that one is our write or younger, and
    /// stays: with the version of the write every later one would be refused, and nothing more
    /// would be told.
    pub fn wrote(
        &mut self,
        key: &Key,
        before: &str,
        status: OpenClawInstanceStatus,
        version: Option<String>,
    ) {
        let instance = self.parts.get_mut(key).and_then(|parts| parts.instance.as_mut());
        if let Some(instance) = instance.filter(|instance| instance.resource_version == before) {
            instance.status = status;
            instance.resource_version = version.unwrap_or_default();
        }
    }

    /// Takes over what the gateway of a Pod said.
    pub fn answered(&mut self, key: &Key, uid: &str, answer: Answer) {
        if let Some(parts) = self.parts.get_mut(key) {
            parts.answer = Some((uid.to_owned(), answer));
        }
    }

    /// Namespace and name of every instance whose update is under way.
    pub fn updating(&self) -> HashSet<(String, String)> {
        let is_busy = |parts: &Parts| {
            let status = parts.instance.as_ref().map(|instance| &instance.status);
            let update = status.and_then(|status| status.auto_update.as_ref());
            update.is_some_and(|update| update.update_phase.is_some())
        };
        let busy = self.parts.iter().filter(|(_, parts)| is_busy(parts));
        busy.map(|(key, _)| (key.namespace.clone(), key.name.clone())).collect()
    }

    /// Every instance.
    pub fn keys(&self) -> Vec<Key> {
        let held = self.parts.iter().filter(|(_, parts)| parts.instance.is_some());
        held.map(|(key, _)| key.clone()).collect()
    }

    /// Makes what an instance reads be read again.
    pub fn forget_readings(&mut self, key: &Key) {
        if let Some(parts) = self.parts.get_mut(key) {
            parts.changed(true);
        }
    }

    /// Number of instances.
    pub fn instances(&self) -> usize {
        self.parts.values().filter(|parts| parts.instance.is_some()).count()
    }
}

fn replace<T: PartialEq>(old: &mut Option<T>, new: T) -> bool {
    let is_changed = old.as_ref() != Some(&new);
    *old = Some(new);
    is_changed
}
