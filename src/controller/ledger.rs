//! One repository: what its branch holds, and the commits that are made on it.
//!
//! One task a repository fetches and pushes; whoever looks at an instance reads what the last fetch
//! or push left. What is asked for is gathered for a moment, so that many instances make one push,
//! and made anew from the new tip when somebody else was faster.

mod derive;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::observed::Tip;
use super::run::{Folders, Shared};
use super::update::Effect;
use super::world::Key;
use crate::api::controller_config::Repository as Source;
use crate::api::settings::FILE;
use crate::git::{self, Author, Cache, Fault, Pushed};
use crate::repository::{self, Files, Repository};
use crate::update::message::{Action, Message};
use crate::validate;

/// How often a branch is looked at that nothing else tells of.
const POLL: Duration = Duration::from_secs(30);
/// First wait after a fault, and the longest.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(300);
/// How long is gathered what goes into one push.
const GATHER: Duration = Duration::from_millis(50);
/// How often a push is made anew that somebody else was faster than.
const TRIES: u32 = 10;
/// Commits whose trailers are read: an update that is older is over.
const HISTORY: usize = 5_000;

/// Something to be committed.
#[derive(Clone, Debug)]
pub struct Intent {
    /// For whom.
    pub key: Key,
    /// What.
    pub effect: Effect,
}

/// A repository as everybody sees it.
pub struct Ledger {
    /// What the configuration says of it.
    pub source: Source,
    view: RwLock<View>,
    intents: mpsc::Sender<Intent>,
}

/// What is known of a branch.
#[derive(Default)]
pub struct View {
    /// What the last fetch or push left; none before the first one.
    pub held: Option<Held>,
    /// Why nothing newer is known.
    pub fault: Option<String>,
}

/// The tip of a branch, read.
pub struct Held {
    /// The commit.
    pub commit: String,
    /// Its instances.
    pub repository: Repository,
    /// Why nothing but ways back is committed: what `openclaw validate` says of it.
    pub findings: Option<String>,
    /// Commits of updates by their id.
    bumps: HashMap<String, String>,
}

impl Held {
    /// Returns what the tip holds of an instance; `id` is the update that is under way.
    pub fn tip(&self, key: &Key, id: Option<&str>) -> Option<Tip> {
        let (namespace, name) = (&key.namespace, &key.name);
        let loaded = self.repository.instance(namespace, name)?;
        let failed = self.repository.failed(namespace, name);
        Some(Tip {
            tag: loaded.spec.image.tag.clone().unwrap_or_default(),
            hash: self.repository.render_hash(namespace, name).unwrap_or_default(),
            noted: failed.iter().map(|one| one.update_id.clone()).collect::<BTreeSet<_>>(),
            is_committed: id.is_some_and(|id| self.bumps.contains_key(id)),
        })
    }
}

impl Ledger {
    /// Makes one, and what its task takes.
    pub fn new(source: Source) -> (Arc<Self>, mpsc::Receiver<Intent>) {
        let (intents, receiver) = mpsc::channel(1_000);
        (Arc::new(Self { source, view: RwLock::default(), intents }), receiver)
    }

    /// Asks for a commit; asked for again until it is seen, so that nothing is lost when nobody
    /// takes it.
    pub fn ask(&self, intent: Intent) {
        self.intents.try_send(intent).ok();
    }

    /// Reads what is known; nobody waits while it is held.
    pub fn read<T>(&self, with: impl FnOnce(&View) -> T) -> T {
        with(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, with: impl FnOnce(&mut View) -> T) -> T {
        with(&mut self.view.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn failing(&self, fault: &Fault) {
        tracing::warn!(repository = self.source.name, error = %fault, "the repository failed");
        self.change(|view| view.fault = Some(fault.to_string()));
    }

    /// Fetches and pushes for as long as it is polled.
    pub async fn run(
        self: Arc<Self>,
        folders: Folders,
        mut intents: mpsc::Receiver<Intent>,
        shared: Arc<Shared>,
    ) {
        let mut wait = FIRST;
        let folder = folders.cache.join(&self.source.name);
        let cache = loop {
            match Cache::open(&folder, remote(&self.source, &folders)) {
                Ok(cache) => break Arc::new(cache),
                Err(fault) => self.failing(&fault),
            }
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST);
        };
        let (mut due, mut wait) = (Instant::now(), FIRST);
        loop {
            let result = tokio::select! {
                Some(first) = intents.recv() => {
                    sleep(GATHER).await;
                    let mut all = vec![first];
                    while let Ok(more) = intents.try_recv() {
                        all.push(more);
                    }
                    self.commit(&cache, all, &shared).await
                }
                () = sleep_until(due) => self.refresh(&cache, &shared).await,
            };
            match result {
                Ok(()) => (due, wait) = (Instant::now() + POLL, FIRST),
                Err(fault) => {
                    self.failing(&fault);
                    self.tell_all(&shared);
                    (due, wait) = (Instant::now() + wait, (wait * 2).min(LONGEST));
                }
            }
        }
    }

    /// Takes over what the branch holds.
    async fn refresh(self: &Arc<Self>, cache: &Arc<Cache>, shared: &Shared) -> Result<(), Fault> {
        let commit = cache.fetch().await?;
        let is_known =
            self.read(|view| view.held.as_ref().is_some_and(|held| held.commit == commit));
        if is_known {
            if self.change(|view| view.fault.take()).is_some() {
                self.tell_all(shared);
            }
            return Ok(());
        }
        let cache = cache.clone();
        let held = blocking(move || read(&cache, &commit)).await?;
        tracing::info!(repository = self.source.name, commit = held.commit, "read the branch");
        self.change(|view| *view = View { held: Some(held), fault: None });
        self.tell_all(shared);
        Ok(())
    }

    /// Makes the commits and pushes them, from the new tip when somebody else was faster.
    async fn commit(
        self: &Arc<Self>,
        cache: &Arc<Cache>,
        intents: Vec<Intent>,
        shared: &Shared,
    ) -> Result<(), Fault> {
        // The last word of an instance counts.
        let intents: BTreeMap<Key, Effect> =
            intents.into_iter().map(|one| (one.key, one.effect)).collect();
        let intents = Arc::new(intents);
        for attempt in 0..TRIES {
            let started = Instant::now();
            let (ledger, reader, wanted) = (self.clone(), cache.clone(), intents.clone());
            let made = blocking(move || derive::derive(&ledger, &reader, &wanted)).await?;
            let Some(made) = made else { return Ok(()) };
            match cache.push(&made.base, &made.tip, None).await? {
                Pushed::Done => {
                    let (count, took) = (made.commits.len(), started.elapsed().as_secs_f64());
                    tracing::info!(
                        repository = self.source.name,
                        commit = made.tip,
                        count,
                        seconds = took,
                        "pushed"
                    );
                    self.change(|view| derive::take_over(view, made));
                    for key in intents.keys() {
                        shared.look(key.clone(), true);
                    }
                    return Ok(());
                }
                Pushed::Lost => {
                    tracing::info!(repository = self.source.name, attempt, "somebody was faster");
                    let jitter = attempt * 50 + started.elapsed().subsec_micros() % 97;
                    sleep(Duration::from_millis(u64::from(jitter))).await;
                    self.refresh(cache, shared).await?;
                }
            }
        }
        // Asked for again with the next look.
        Ok(())
    }

    /// Makes everybody look who may be concerned.
    fn tell_all(&self, shared: &Shared) {
        let keys: Vec<Key> = self.read(|view| {
            let held = view.held.iter();
            let instances = held.flat_map(|held| held.repository.instances());
            let key = |one: &crate::api::Loaded| Key {
                namespace: one.namespace.clone(),
                name: one.name.clone(),
            };
            instances.map(key).collect()
        });
        keys.into_iter().for_each(|key| shared.look(key, true));
    }
}

/// Where a repository is, with the folder that its credentials are mounted in.
fn remote(source: &Source, folders: &Folders) -> git::Remote {
    let folder = folders.credentials.join(&source.name);
    git::Remote {
        url: source.url.clone(),
        branch: source.branch.clone(),
        path: source.path.clone(),
        secrets: Some(folder),
        known_hosts: source.known_hosts.clone(),
        ca_bundle: source.ca_bundle.clone(),
    }
}

/// Work that keeps a thread busy.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(broken) => Err(Fault::Local(broken.to_string())),
    }
}

/// Returns the files of a commit that have to do with instances.
fn files(cache: &Cache, commit: &str) -> Result<Files, Fault> {
    let found = cache.blobs(commit, &[FILE])?;
    let settings = found.get(FILE).and_then(|bytes| validate::settings::unchecked(FILE, bytes));
    let settings = settings.unwrap_or_default();
    cache.files_where(commit, &|path| repository::is_relevant(path, &settings))
}

fn read(cache: &Cache, commit: &str) -> Result<Held, Fault> {
    let (repository, mut report) = Repository::read_as_is(files(cache, commit)?);
    let Some(repository) = repository else {
        let found = first(&mut report).unwrap_or_default();
        return Err(Fault::Unsupported(format!("openclaw.yaml cannot be read: {found}")));
    };
    let mut bumps = HashMap::new();
    for (commit, message) in cache.messages(commit, HISTORY)? {
        if let Some(message) = Message::parse(&message).filter(|one| one.action == Action::Bump) {
            bumps.insert(message.id, commit);
        }
    }
    Ok(Held { commit: commit.to_owned(), repository, findings: first(&mut report), bumps })
}

/// The first error of a report, as a sentence.
fn first(report: &mut crate::diagnostic::Report) -> Option<String> {
    report.sort();
    let mut errors =
        report.findings().iter().filter(|one| one.severity == crate::diagnostic::Severity::Error);
    let first = errors.next()?;
    let place = first.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    Some(format!("{place}{} {}: {}", first.code, first.path, first.message))
}

/// Who commits, unless the configuration says otherwise.
fn author(source: &Source) -> Author {
    let author = source.author.clone().unwrap_or_default();
    Author { name: author.name, email: author.email }
}
