//! What the registries have: one listing of an image for all its instances.
//!
//! Nobody who looks at an instance waits for a registry: it is asked by a task of its own, and who
//! wanted to know looks again when it has answered.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::jiff::Timestamp;
use kube::{Api, Client};

use super::run::Shared;
use super::world::Key;
use crate::api::controller_config::Registry;
use crate::registry::{self, Access, Fault};
use crate::update::Release;

/// First wait after a fault in seconds, and the longest.
const FIRST: i64 = 60;
const LONGEST: i64 = 60 * 60;
/// Images that are remembered, and manifests of each.
const MOST: usize = 1_000;
/// Key of the credentials in a pull Secret.
const DOCKER: &str = ".dockerconfigjson";

/// An image, and who asks for it: what one namespace may read is not told to another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Image {
    /// Repository with its registry, without a tag.
    pub name: String,
    /// Namespace and pull Secrets, where there are some.
    pub secrets: Option<(String, Vec<String>)>,
}

/// What is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<T> {
    /// This, as of a time in seconds since 1970 in UTC.
    Known(T, i64),
    /// It is being asked.
    Asking,
    /// The registry did not answer as it must; it is asked again at a time.
    Fault(String, i64),
}

/// What is asked of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Question {
    Tags,
    Release(String),
}

#[derive(Clone, Debug)]
enum Found {
    Tags(Arc<Vec<String>>),
    Release(Option<Release>),
}

#[derive(Default)]
struct Entry {
    found: Option<(Found, i64)>,
    /// What it said instead, when to ask again, and how often that happened.
    fault: Option<(String, i64, u32)>,
    is_asking: bool,
    waiting: BTreeSet<Key>,
}

/// Every listing, and who asks for it.
pub struct Catalog {
    client: registry::Client,
    kube: Client,
    registries: Vec<Registry>,
    folder: PathBuf,
    entries: Mutex<HashMap<(Image, Question), Entry>>,
    seen: Mutex<HashMap<(Image, String), i64>>,
}

impl Catalog {
    /// Makes an empty one; `folder` holds the credentials of the registries.
    pub fn new(kube: Client, registries: Vec<Registry>, folder: PathBuf) -> Self {
        let (entries, seen) = (Mutex::default(), Mutex::default());
        Self { client: registry::Client::new(), kube, registries, folder, entries, seen }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<(Image, Question), Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns every tag of an image, not older than `age` in seconds.
    pub fn tags(
        self: &Arc<Self>,
        image: &Image,
        age: i64,
        who: &Key,
        shared: &Arc<Shared>,
    ) -> Answer<Arc<Vec<String>>> {
        match self.ask(image, Question::Tags, age, who, shared) {
            Answer::Known(Found::Tags(tags), at) => Answer::Known(tags, at),
            Answer::Fault(message, at) => Answer::Fault(message, at),
            Answer::Known(..) | Answer::Asking => Answer::Asking,
        }
    }

    /// Returns what is behind a tag, not older than `age`; none where there is nothing.
    pub fn release(
        self: &Arc<Self>,
        image: &Image,
        tag: &str,
        age: i64,
        who: &Key,
        shared: &Arc<Shared>,
    ) -> Answer<Option<Release>> {
        match self.ask(image, Question::Release(tag.to_owned()), age, who, shared) {
            Answer::Known(Found::Release(release), at) => Answer::Known(release, at),
            Answer::Fault(message, at) => Answer::Fault(message, at),
            Answer::Known(..) | Answer::Asking => Answer::Asking,
        }
    }

    /// When a tag was first seen.
    pub fn first_seen(&self, image: &Image, tag: &str) -> Option<i64> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(image.clone(), tag.to_owned())).copied()
    }

    fn ask(
        self: &Arc<Self>,
        image: &Image,
        question: Question,
        age: i64,
        who: &Key,
        shared: &Arc<Shared>,
    ) -> Answer<Found> {
        let now = now();
        let mut entries = self.entries();
        if entries.len() > MOST {
            entries.retain(|_, entry| entry.is_asking);
        }
        let entry = entries.entry((image.clone(), question.clone())).or_default();
        if entry.is_asking {
            entry.waiting.insert(who.clone());
            return Answer::Asking;
        }
        // What is old never makes a version be taken; what failed is not asked at once.
        match (&entry.found, &entry.fault) {
            (_, Some((message, again, _))) if now < *again => {
                return Answer::Fault(message.clone(), *again);
            }
            (Some((found, at)), None) if now < at.saturating_add(age) => {
                return Answer::Known(found.clone(), *at);
            }
            _ => {}
        }
        entry.is_asking = true;
        entry.waiting.insert(who.clone());
        drop(entries);
        let (catalog, image, shared) = (self.clone(), image.clone(), shared.clone());
        tokio::spawn(async move { catalog.fetch(image, question, &shared).await });
        Answer::Asking
    }

    async fn fetch(&self, image: Image, question: Question, shared: &Shared) {
        let access = self.access(&image).await;
        let found = match &question {
            Question::Tags => {
                self.client.tags(&image.name, &access).await.map(|tags| Found::Tags(Arc::new(tags)))
            }
            Question::Release(tag) => {
                self.client.release(&image.name, tag, &access).await.map(Found::Release)
            }
        };
        let now = now();
        if let Ok(Found::Tags(tags)) = &found {
            self.note(&image, tags, now);
        }
        let mut entries = self.entries();
        let entry = entries.entry((image.clone(), question)).or_default();
        entry.is_asking = false;
        match found {
            Ok(found) => (entry.found, entry.fault) = (Some((found, now)), None),
            Err(fault) => {
                let count = entry.fault.as_ref().map_or(0, |(_, _, count)| *count);
                let again = now.saturating_add(wait(&fault, count));
                tracing::warn!(image = image.name, error = %fault, "the registry failed");
                entry.fault = Some((fault.to_string(), again, count.saturating_add(1)));
            }
        }
        let waiting = std::mem::take(&mut entry.waiting);
        drop(entries);
        waiting.into_iter().for_each(|key| shared.look(key, true));
    }

    fn note(&self, image: &Image, tags: &[String], now: i64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for tag in tags {
            seen.entry((image.clone(), tag.clone())).or_insert(now);
        }
    }

    /// The controller's own credentials for a registry come first, then the instance's.
    async fn access(&self, image: &Image) -> Access {
        let host = image.name.split('/').next().unwrap_or_default();
        let own = self.registries.iter().find(|registry| registry.host == host);
        let mut access = Access {
            endpoint: own.and_then(|own| own.endpoint.clone()),
            certificates: own.and_then(|own| own.ca_bundle.clone()),
            credentials: own
                .and_then(|own| registry::mounted(&self.folder.join(&own.name), &image.name)),
        };
        let Some((namespace, secrets)) = &image.secrets else { return access };
        for name in secrets {
            if access.credentials.is_some() {
                break;
            }
            let api: Api<Secret> = Api::namespaced(self.kube.clone(), namespace);
            // Who may not read it asks as nobody, and the registry tells.
            let data = api.get_opt(name).await.ok().flatten().and_then(|secret| secret.data);
            let text = data.and_then(|mut data| data.remove(DOCKER));
            access.credentials = text.and_then(|text| registry::credentials(&text.0, &image.name));
        }
        access
    }
}

/// How long to leave a registry alone: what it asks for, or longer each time.
fn wait(fault: &Fault, count: u32) -> i64 {
    let growing = FIRST.saturating_mul(1 << count.min(6)).min(LONGEST);
    match fault {
        Fault::Throttled { after: Some(after), .. } => {
            i64::try_from(after.as_secs()).unwrap_or(LONGEST).clamp(1, 24 * LONGEST)
        }
        _ => growing,
    }
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

/// How long a listing may be read late, so that not all images are asked for at once.
pub fn jitter(key: &Key, interval: i64) -> Duration {
    let sum: u64 = key.to_string().bytes().map(u64::from).sum();
    Duration::from_secs(sum % u64::try_from(interval / 20).unwrap_or(1).max(1))
}
