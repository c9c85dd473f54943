//! What Git and the registry say of one instance at one moment, without waiting for either.

mod others;

use std::sync::Arc;

use super::catalog::{Answer, Catalog, Image, jitter};
use super::ledger::{Held, Ledger, View};
use super::observed::{Branch, UpdateFacts};
use super::run::Shared;
use super::update::{State, Update, stored};
use super::world::Key;
use crate::api::Loaded;
use crate::api::status::OpenClawInstanceStatus;
use crate::repository::{Refusal, Repository};
use crate::update::{Reason, Release, Standing, Wait, message, stands};

/// How long until somebody looks again who waits for a window, in seconds.
const WINDOW: i64 = 60;
/// How old a listing may be for a version that is under way: its digests do not change.
const FOREVER: i64 = 365 * 24 * 60 * 60;

/// Whom to ask.
pub struct Surveyor {
    /// The repositories that the configuration names.
    pub ledgers: Vec<Arc<Ledger>>,
    /// The registries.
    pub catalog: Arc<Catalog>,
    /// The cluster that this controller is for.
    pub cluster: Option<String>,
    /// What all tasks share.
    pub shared: Arc<Shared>,
}

/// What came of a survey.
pub struct Surveyed {
    /// The facts.
    pub facts: UpdateFacts,
    /// When to look again if nothing happens, in seconds since 1970 in UTC.
    pub wake: Option<i64>,
}

/// Who asks, what for and when.
struct Asker<'a> {
    key: &'a Key,
    interval: i64,
    now: i64,
}

impl Surveyor {
    /// Surveys; `interval` is how often the registry is asked, in seconds.
    pub fn survey(
        &self,
        key: &Key,
        status: &OpenClawInstanceStatus,
        interval: i64,
        now: i64,
    ) -> Surveyed {
        let state = stored::read(&status.auto_update.clone().unwrap_or_default());
        let asker = Asker { key, interval, now };
        let mut wake = None;
        let mut facts = UpdateFacts::default();
        if self.ledgers.is_empty() {
            return Surveyed { facts, wake };
        }
        let holding: Vec<&Arc<Ledger>> =
            self.ledgers.iter().filter(|ledger| ledger.read(|view| has(view, key))).collect();
        match holding.as_slice() {
            [] if self.is_reading() => {
                let message = "the repositories are being read";
                facts.next = Err(Wait::new(Reason::Checking, message));
                facts.branch = Branch::Reading;
            }
            [] => {
                let message = self.nobody();
                facts.next = Err(Wait::new(Reason::GitError, message.clone()));
                facts.branch = Branch::Unread(message);
            }
            [ledger] => ledger.read(|view| self.one(&asker, view, &state, &mut facts, &mut wake)),
            [one, other, ..] => {
                let (one, other) = (&one.source.name, &other.source.name);
                let message = format!("the repositories `{one}` and `{other}` both hold it");
                facts.next = Err(Wait::new(Reason::ForeignOwner, message.clone()));
                facts.branch = Branch::Foreign(message);
            }
        }
        Surveyed { facts, wake }
    }

    /// Returns the repository that holds an instance.
    pub fn ledger(&self, key: &Key) -> Option<&Arc<Ledger>> {
        self.ledgers.iter().find(|ledger| ledger.read(|view| has(view, key)))
    }

    /// Whether nobody knows yet what a repository holds, nor that it cannot be read.
    fn is_reading(&self) -> bool {
        let is_unread = |view: &View| view.held.is_none() && view.fault.is_none();
        self.ledgers.iter().any(|ledger| ledger.read(is_unread))
    }

    /// Why no repository holds an instance.
    fn nobody(&self) -> String {
        let fault = self.ledgers.iter().find_map(|ledger| {
            let name = &ledger.source.name;
            ledger.read(|view| match (&view.fault, &view.held) {
                (Some(fault), None) => Some(format!("repository `{name}`: {fault}")),
                _ => None,
            })
        });
        fault.unwrap_or_else(|| "no source in the configured repositories holds it".to_owned())
    }

    fn one(
        &self,
        asker: &Asker<'_>,
        view: &View,
        state: &State,
        facts: &mut UpdateFacts,
        wake: &mut Option<i64>,
    ) {
        let Some(held) = &view.held else { return };
        let theirs = held.repository.settings().cluster.name.as_deref();
        if theirs.is_some() && theirs != self.cluster.as_deref() {
            let message =
                format!("it is rendered for the cluster `{}`", theirs.unwrap_or_default());
            facts.next = Err(Wait::new(Reason::ForeignOwner, message.clone()));
            facts.branch = Branch::Foreign(message);
            return;
        }
        let update = stored::update(state);
        let Some(tip) = view.tip(asker.key, update) else { return };
        facts.branch = Branch::Holds(tip);
        facts.fault = view.fault.clone().or_else(|| view.refused.clone());
        let (namespace, name) = (&asker.key.namespace, &asker.key.name);
        let Some(loaded) = held.repository.instance(namespace, name) else { return };
        if let Some(update) = update {
            let image = image(loaded);
            let release =
                self.catalog.release(&image, &update.to, FOREVER, asker.key, &self.shared);
            if let Answer::Known(Some(release), _) = release {
                facts.digests = digests(&release);
            }
            // What nobody has agreed to may be overtaken by something newer.
            if !matches!(state, State::Proposed(..)) {
                facts.next = Err(Wait::new(Reason::Checking, "an update is under way"));
                return;
            }
        }
        facts.next = match (&view.fault, &held.findings) {
            (Some(fault), _) => Err(Wait::new(Reason::GitError, fault.clone())),
            (_, Some(findings)) => Err(Wait::new(Reason::Invalid, findings.clone())),
            (None, None) => self.search(asker, held, loaded, facts, wake),
        };
    }

    /// Looks for what is taken next.
    fn search(
        &self,
        asker: &Asker<'_>,
        held: &Held,
        loaded: &Loaded,
        facts: &mut UpdateFacts,
        wake: &mut Option<i64>,
    ) -> Result<Update, Wait> {
        let Asker { key, interval, now } = *asker;
        let repository = &held.repository;
        let standing = stands(repository, loaded, false, now).inspect_err(|wait| {
            *wake = (wait.reason == Reason::OutsideWindow).then_some(now + WINDOW);
        })?;
        let image = image(loaded);
        let late = i64::try_from(jitter(key, interval).as_secs()).unwrap_or_default();
        let tags = self.catalog.tags(&image, interval + late, key, &self.shared);
        let (tags, at) = known(tags, wake)?;
        facts.checked = Some(at);
        *wake = Some(at + interval + late + 1);
        let candidates = standing.candidates(&tags)?;
        facts.latest = candidates.first().cloned();
        let to = self.pick(asker, &standing, &image, &candidates, wake)?;
        self.others(asker, repository, loaded, &to, wake)?;
        guard(repository, key, &to)?;
        let id = message::id(&key.namespace, &key.name, &standing.tag, &to, &held.commit);
        Ok(Update { id, from: standing.tag, to })
    }

    /// Returns the newest candidate that nothing speaks against; otherwise what speaks against the
    /// newest of all.
    fn pick(
        &self,
        asker: &Asker<'_>,
        standing: &Standing,
        image: &Image,
        candidates: &[String],
        wake: &mut Option<i64>,
    ) -> Result<String, Wait> {
        let age = asker.interval;
        let ask = |tag: &str, wake: &mut Option<i64>| {
            known(self.catalog.release(image, tag, age, asker.key, &self.shared), wake)
        };
        let mut platforms = standing.platforms.clone();
        if platforms.is_empty() && !standing.tag.is_empty() {
            let running = ask(&standing.tag, wake)?.0.unwrap_or_default();
            platforms = running.platforms.into_iter().map(|(name, _)| name).collect();
        }
        let mut first = None;
        for tag in candidates {
            let (release, _) = ask(tag, wake)?;
            let seen = self.catalog.first_seen(image, tag);
            match standing.judge(tag, release.as_ref(), &platforms, seen, asker.now) {
                Ok(()) => return Ok(tag.clone()),
                Err(wait) => {
                    if wait.reason == Reason::TooYoung {
                        *wake = Some(asker.now + 10 * WINDOW);
                    }
                    first.get_or_insert(wait);
                }
            }
        }
        Err(first.unwrap_or_else(|| Wait::new(Reason::UpToDate, "nothing is newer")))
    }
}

fn has(view: &View, key: &Key) -> bool {
    let held = view.held.as_ref();
    held.is_some_and(|held| held.repository.instance(&key.namespace, &key.name).is_some())
}

/// The image of an instance, asked for in its name where it brings credentials of its own.
fn image(loaded: &Loaded) -> Image {
    let spec = &loaded.spec;
    let name = crate::api::image::with_registry(&spec.image.repository, spec.registry.as_deref());
    let secrets: Vec<String> = spec.image.pull_secrets.iter().map(|one| one.name.clone()).collect();
    let secrets = (!secrets.is_empty()).then(|| (loaded.namespace.clone(), secrets));
    Image { name, secrets }
}

fn digests(release: &Release) -> Vec<String> {
    let platforms = release.platforms.iter().map(|(_, digest)| digest.clone());
    [release.digest.clone()].into_iter().chain(platforms).collect()
}

fn known<T>(answer: Answer<T>, wake: &mut Option<i64>) -> Result<(T, i64), Wait> {
    match answer {
        Answer::Known(found, at) => Ok((found, at)),
        Answer::Asking => Err(Wait::new(Reason::Checking, "the registry is being asked")),
        Answer::Fault(message, again) => {
            *wake = Some(again);
            Err(Wait::new(Reason::RegistryError, message))
        }
    }
}

/// Whether nothing but the tag and what follows of it would be committed.
fn guard(repository: &Repository, key: &Key, to: &str) -> Result<(), Wait> {
    let Err(refusal) = repository.bump(&key.namespace, &key.name, to) else { return Ok(()) };
    Err(match refusal {
        Refusal::NotReproduced(states) => {
            let count = states.len();
            let first = states.keys().next().cloned().unwrap_or_default();
            let message = format!(
                "the tree is not what its sources render ({count} files, `{first}` among them): run `openclaw render` and commit that"
            );
            Wait::new(Reason::TreeNotOurs, message)
        }
        Refusal::Findings(mut report) => {
            report.sort();
            let told =
                report.findings().first().map(|one| format!("{}: {}", one.path, one.message));
            let message =
                format!("with `{to}` it would have findings: {}", told.unwrap_or_default());
            Wait::new(Reason::Invalid, message)
        }
        other => Wait::new(Reason::Invalid, other.to_string()),
    })
}
