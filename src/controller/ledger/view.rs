//! What is known of a branch.

use std::collections::{BTreeSet, HashMap};

use crate::api::settings::{FILE, UpdateMode};
use crate::controller::observed::Tip;
use crate::controller::update::{Proposal, Update};
use crate::controller::world::Key;
use crate::git::{Cache, Fault};
use crate::repository::{self, Files, Repository};
use crate::update::message::{Action, Message};
use crate::validate;

use super::propose;

/// Commits whose trailers are read: an update that is older is over.
const HISTORY: usize = 5_000;

/// What is known of a branch.
#[derive(Default)]
pub struct View {
    /// What the last fetch or push left; none before the first one.
    pub held: Option<Held>,
    /// Why nothing newer is known.
    pub fault: Option<String>,
    /// Why the last push did not go through.
    pub refused: Option<String>,
    /// Requests to merge by their branches.
    pub proposals: HashMap<String, Proposal>,
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
    pub(super) bumps: HashMap<String, String>,
}

impl View {
    /// Returns what the tip holds of an instance; `update` is the one that is under way.
    pub fn tip(&self, key: &Key, update: Option<&Update>) -> Option<Tip> {
        let held = self.held.as_ref()?;
        let (namespace, name) = (&key.namespace, &key.name);
        let loaded = held.repository.instance(namespace, name)?;
        let failed = held.repository.failed(namespace, name);
        let settings = &held.repository.settings().update;
        let proposal = |branch: String| self.proposals.get(&branch).cloned();
        Some(Tip {
            tag: loaded.spec.image.tag.clone().unwrap_or_default(),
            hash: held.repository.render_hash(namespace, name).unwrap_or_default(),
            noted: failed.iter().map(|one| one.update_id.clone()).collect::<BTreeSet<_>>(),
            is_committed: update.is_some_and(|update| held.bumps.contains_key(&update.id)),
            is_proposed: settings.mode == UpdateMode::Branch,
            is_return_proposed: settings.revert_mode == UpdateMode::Branch,
            proposal: update.and_then(|update| proposal(propose::branch(key, update))),
            return_proposal: update.and_then(|one| proposal(propose::return_branch(key, one))),
        })
    }
}

/// Returns the files of a commit that have to do with instances.
pub(super) fn files(cache: &Cache, commit: &str) -> Result<Files, Fault> {
    let found = cache.blobs(commit, &[FILE])?;
    let settings = found.get(FILE).and_then(|bytes| validate::settings::unchecked(FILE, bytes));
    let settings = settings.unwrap_or_default();
    cache.files_where(commit, &|path| repository::is_relevant(path, &settings))
}

/// Reads a commit.
pub(super) fn read(cache: &Cache, commit: &str) -> Result<Held, Fault> {
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
