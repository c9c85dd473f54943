//! One repository: what its branch holds, and the commits that are made on it.
//!
//! One task a repository fetches and pushes; whoever looks at an instance reads what the last fetch
//! or push left. What is asked for is gathered for a moment, so that many instances make one push,
//! and made anew from the new tip when somebody else was faster.

mod derive;
mod pace;
mod propose;
mod view;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::run::{Folders, Shared};
use super::update::Effect;
use super::world::Key;
use crate::api::controller_config::Repository as Source;
use crate::forge::Forge;
use crate::git::{self, Author, Cache, Fault, Limits, Pushed};
use pace::Pace;
pub use view::{Held, View};

/// How often a branch is looked at that nothing else tells of.
const POLL: Duration = Duration::from_secs(30);
/// How often it is asked what became of requests to merge.
const CHECK: Duration = Duration::from_secs(120);
/// How long is gathered what goes into one push.
const GATHER: Duration = Duration::from_millis(50);
/// How often a push is made anew that somebody else was faster than.
const TRIES: u32 = 10;

/// Something to be committed.
#[derive(Clone, Debug)]
pub struct Intent {
    /// For whom.
    pub key: Key,
    /// What.
    pub effect: Effect,
}

/// What was asked for, by whom: the last word of an instance counts.
type Intents = BTreeMap<Key, Effect>;

/// A repository as everybody sees it.
pub struct Ledger {
    /// What the configuration says of it.
    pub source: Source,
    view: RwLock<View>,
    intents: mpsc::Sender<Intent>,
}

/// What its task works with.
struct Desk {
    cache: Arc<Cache>,
    /// Where requests to merge are opened.
    forge: Option<Forge>,
    shared: Arc<Shared>,
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

    fn failing(&self, what: &'static str, fault: &Fault) -> String {
        tracing::warn!(repository = self.source.name, error = %fault, what, "the repository failed");
        fault.to_string()
    }

    /// Fetches and pushes for as long as it is polled.
    pub async fn run(
        self: Arc<Self>,
        folders: Folders,
        mut intents: mpsc::Receiver<Intent>,
        shared: Arc<Shared>,
    ) {
        let desk = self.desk(&folders, &shared).await;
        let (mut fetches, mut pushes) = (Pace::new(), Pace::new());
        let mut checked = Instant::now();
        loop {
            tokio::select! {
                Some(first) = intents.recv() => {
                    // What failed a moment ago is asked for again; until then nothing is kept, as
                    // it may be another's turn by then.
                    if Instant::now() < pushes.due {
                        continue;
                    }
                    sleep(GATHER).await;
                    let mut all = Intents::from([(first.key, first.effect)]);
                    while let Ok(more) = intents.try_recv() {
                        all.insert(more.key, more.effect);
                    }
                    let refused = match self.commit(&desk, all).await {
                        Ok(()) => {
                            pushes.good(Duration::ZERO);
                            None
                        }
                        Err(fault) => {
                            pushes.bad();
                            Some(self.failing("push", &fault))
                        }
                    };
                    self.told(&desk, |view| &mut view.refused, refused);
                }
                () = sleep_until(fetches.due) => {
                    let mut result = self.refresh(&desk).await;
                    if result.is_ok() && checked.elapsed() >= CHECK {
                        checked = Instant::now();
                        result = propose::check(&self, &desk).await;
                    }
                    match result {
                        Ok(()) => fetches.good(POLL),
                        Err(fault) => {
                            fetches.bad();
                            let fault = Some(self.failing("fetch", &fault));
                            self.told(&desk, |view| &mut view.fault, fault);
                        }
                    }
                }
            }
        }
    }

    async fn desk(&self, folders: &Folders, shared: &Arc<Shared>) -> Desk {
        let mut pace = Pace::new();
        let folder = folders.cache.join(&self.source.name);
        loop {
            let secrets = folders.credentials.join(&self.source.name);
            let (remote, limits) = (remote(&self.source, secrets.clone()), Limits::default());
            let opened = Cache::open_with(&folder, remote, folders.program.clone(), limits);
            let forge = Forge::new(&self.source, secrets);
            let forge = forge.map_err(|fault| Fault::Unsupported(fault.to_string()));
            match opened.and_then(|cache| Ok((cache, forge?))) {
                Ok((cache, forge)) => {
                    return Desk { cache: Arc::new(cache), forge, shared: shared.clone() };
                }
                Err(fault) => {
                    let fault = self.failing("open", &fault);
                    self.change(|view| view.fault = Some(fault));
                }
            }
            pace.bad();
            sleep_until(pace.due).await;
        }
    }

    /// Keeps a fault, or that there is none any more; whoever may be concerned looks when that is
    /// news.
    fn told(
        &self,
        desk: &Desk,
        field: impl FnOnce(&mut View) -> &mut Option<String>,
        fault: Option<String>,
    ) {
        let is_news = self.change(|view| {
            let field = field(view);
            let is_news = *field != fault;
            *field = fault;
            is_news
        });
        if is_news {
            self.tell_all(&desk.shared);
        }
    }

    /// Takes over what the branch holds.
    async fn refresh(&self, desk: &Desk) -> Result<(), Fault> {
        let mut commit = desk.cache.fetch().await?;
        let is_known =
            self.read(|view| view.held.as_ref().is_some_and(|held| held.commit == commit));
        if is_known {
            self.told(desk, |view| &mut view.fault, None);
            return Ok(());
        }
        if desk.cache.is_large() {
            desk.cache.renew().await?;
            commit = desk.cache.fetch().await?;
        }
        let cache = desk.cache.clone();
        let held = blocking(move || view::read(&cache, &commit)).await?;
        tracing::info!(repository = self.source.name, commit = held.commit, "read the branch");
        self.change(|view| (view.held, view.fault) = (Some(held), None));
        self.tell_all(&desk.shared);
        Ok(())
    }

    /// Makes the commits and pushes them, from the new tip when somebody else was faster.
    async fn commit(self: &Arc<Self>, desk: &Desk, intents: Intents) -> Result<(), Fault> {
        let is_proposed = |effect: &Effect| matches!(effect, Effect::Propose(_));
        let (proposed, intents): (Intents, Intents) =
            intents.into_iter().partition(|(_, effect)| is_proposed(effect));
        let intents = Arc::new(intents);
        for attempt in 0..TRIES {
            let started = Instant::now();
            let Some(made) = self.derive(desk, &intents).await? else { break };
            if desk.cache.push(&made.base, &made.tip, None).await? == Pushed::Done {
                self.pushed(made, started.elapsed());
                intents.keys().for_each(|key| desk.shared.look(key.clone(), true));
                break;
            }
            tracing::info!(repository = self.source.name, attempt, "somebody was faster");
            let jitter = attempt * 50 + started.elapsed().subsec_micros() % 97;
            sleep(Duration::from_millis(u64::from(jitter))).await;
            self.refresh(desk).await?;
        }
        // What is not on the branch by now is asked for again with the next look.
        for (key, effect) in proposed {
            if let Effect::Propose(effect) = effect {
                propose::propose(self, desk, &key, *effect).await?;
            }
        }
        Ok(())
    }

    /// Makes the commits without pushing them.
    async fn derive(
        self: &Arc<Self>,
        desk: &Desk,
        intents: &Arc<Intents>,
    ) -> Result<Option<derive::Made>, Fault> {
        let (ledger, cache, intents) = (self.clone(), desk.cache.clone(), intents.clone());
        blocking(move || derive::derive(&ledger, &cache, &intents)).await
    }

    fn pushed(&self, made: derive::Made, took: Duration) {
        let (commit, count, seconds) = (&made.tip, made.commits.len(), took.as_secs_f64());
        tracing::info!(repository = self.source.name, commit, count, seconds, "pushed");
        self.change(|view| derive::take_over(view, made));
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
fn remote(source: &Source, secrets: PathBuf) -> git::Remote {
    git::Remote {
        url: source.url.clone(),
        branch: source.branch.clone(),
        path: source.path.clone(),
        secrets: Some(secrets),
        known_hosts: source.known_hosts.clone(),
        ca_bundle: source.ca_bundle.clone().filter(|_| !source.is_ssh()),
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

/// Who commits, unless the configuration says otherwise.
fn author(source: &Source) -> Author {
    let author = source.author.clone().unwrap_or_default();
    Author { name: author.name, email: author.email }
}
