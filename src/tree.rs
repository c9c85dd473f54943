//! The rendered tree: files by path, the locks that say which of them are ours, and the changes
//! that lead from one tree to another.
//!
//! A file is only ever replaced or removed when a lock lists it with the hash that it has: what
//! people wrote or changed by hand stops the run instead.

pub mod effects;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api::settings::{Kustomization, Layout, Settings};
use crate::model::Instance;
use crate::model::scripts::hex;
use crate::render::Manifest;

/// Name of the lock of an instance; without a suffix that Argo CD would parse.
pub const LOCK: &str = ".openclaw.lock";
/// Suffix of files that are being written.
pub const TEMPORARY: &str = ".openclaw-tmp";

/// Whether a file of the tree counts: hidden ones are somebody else's, but for our locks.
pub fn counts(name: &str) -> bool {
    name == LOCK || !name.starts_with('.')
}

/// Files by path below the output folder, with `/` between segments.
pub type FileTree = BTreeMap<String, String>;
/// The SHA-256 of each file that should exist, by its path.
pub type Wanted = BTreeMap<String, String>;

/// What a lock says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lock {
    /// Namespace and name of the instance.
    pub instance: String,
    /// SHA-256 of the resolved instance.
    pub spec_hash: String,
    /// Version of the tool.
    pub tool: String,
    /// SHA-256 of each file by its name beside the lock.
    pub files: BTreeMap<String, String>,
    /// Hashes that a run which was interrupted may have left.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pending: BTreeMap<String, String>,
}

impl Lock {
    /// Returns the text of the lock.
    pub fn text(&self) -> String {
        // Maps of strings always serialize.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads the text of a lock; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    fn knows(&self, file: &str, hash: &str) -> bool {
        [&self.files, &self.pending].iter().any(|map| map.get(file).is_some_and(|h| h == hash))
    }

    fn lists(&self, file: &str) -> bool {
        self.files.contains_key(file) || self.pending.contains_key(file)
    }
}

/// Returns the SHA-256 of a text.
pub fn hash(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

/// Returns the files of one instance by their path, its lock last.
pub fn files(
    instance: &Instance,
    manifests: &[Manifest],
    settings: &Settings,
) -> Vec<(String, String)> {
    let folder = format!("{}/{}", instance.namespace, instance.name);
    let mut files: Vec<(String, String)> = match settings.layout {
        Layout::Resource => manifests.iter().map(|m| (m.file_name(), m.text())).collect(),
        Layout::Instance => vec![("manifest.yaml".to_owned(), stream(manifests))],
    };
    if settings.gitops.kustomization == Kustomization::Instance {
        let order: Vec<&String> = files.iter().map(|(name, _)| name).collect();
        files.push(("kustomization.yaml".to_owned(), kustomization(&order)));
    }
    let lock = Lock {
        instance: folder.clone(),
        spec_hash: spec_hash(instance),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        files: files.iter().map(|(name, text)| (name.clone(), hash(text.as_bytes()))).collect(),
        pending: BTreeMap::new(),
    };
    files.push((LOCK.to_owned(), lock.text()));
    files.into_iter().map(|(name, text)| (format!("{folder}/{name}"), text)).collect()
}

/// Returns the manifests as one stream.
pub fn stream(manifests: &[Manifest]) -> String {
    let mut text = String::new();
    for manifest in manifests {
        text.push_str("---\n");
        text.push_str(&manifest.text());
    }
    text
}

fn kustomization(order: &[&String]) -> String {
    crate::render::yaml::write(&serde_json::json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": order,
    }))
}

fn spec_hash(instance: &Instance) -> String {
    hash(serde_json::to_string(&instance.object).unwrap_or_default().as_bytes())
}

/// The tree as it is: the hash of each file, and the locks that were read.
#[derive(Clone, Debug, Default)]
pub struct Present {
    /// SHA-256 by path.
    pub files: BTreeMap<String, String>,
    /// Locks by the path of their folder.
    pub locks: BTreeMap<String, Lock>,
}

impl Present {
    /// Adds a file that was found.
    pub fn add(&mut self, path: &str, bytes: &[u8]) {
        self.files.insert(path.to_owned(), hash(bytes));
        if let Some((folder, LOCK)) = path.rsplit_once('/')
            && let Some(lock) = std::str::from_utf8(bytes).ok().and_then(Lock::parse)
        {
            self.locks.insert(folder.to_owned(), lock);
        }
    }

    /// Returns the lock beside a file, and the file's name in it.
    fn lock_of<'a>(&self, path: &'a str) -> Option<(&Lock, &'a str)> {
        let (folder, name) = path.rsplit_once('/')?;
        Some((self.locks.get(folder)?, name))
    }
}

/// What differs about one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is ours and has other content than it should.
    Stale,
    /// It should exist.
    Missing,
    /// It is ours and should not exist any more.
    Left,
    /// It is ours, and somebody changed it.
    HandEdited,
    /// It lies where one of ours should be, or among ours, and no lock lists it.
    Foreign,
}

impl State {
    /// Returns the word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::Left => "left over",
            Self::HandEdited => "hand-edited",
            Self::Foreign => "foreign",
        }
    }
}

/// Returns what differs, by path; an empty map when the tree is as it should be.
pub fn compare(wanted: &Wanted, present: &Present) -> BTreeMap<String, State> {
    let mut states = BTreeMap::new();
    for (path, hash) in wanted {
        let state = match present.files.get(path) {
            None => State::Missing,
            Some(found) if found == hash => continue,
            Some(found) => state_of(present, path, found),
        };
        states.insert(path.clone(), state);
    }
    for (folder, lock) in &present.locks {
        let names: BTreeSet<&String> = lock.files.keys().chain(lock.pending.keys()).collect();
        for name in names {
            let path = format!("{folder}/{name}");
            if let (false, Some(found)) = (wanted.contains_key(&path), present.files.get(&path)) {
                let known = lock.knows(name, found);
                states.insert(path, if known { State::Left } else { State::HandEdited });
            }
        }
        let path = format!("{folder}/{LOCK}");
        if !wanted.contains_key(&path) {
            states.insert(path, State::Left);
        }
    }
    for path in present.files.keys() {
        let listed = present.lock_of(path).is_some_and(|(lock, name)| lock.lists(name));
        let known = wanted.contains_key(path) || listed || path.ends_with(LOCK);
        if !known && is_manifest(path) {
            states.insert(path.clone(), State::Foreign);
        }
    }
    states
}

fn state_of(present: &Present, path: &str, found: &str) -> State {
    if path.ends_with(LOCK) {
        return State::Stale;
    }
    match present.lock_of(path) {
        Some((lock, name)) if lock.knows(name, found) => State::Stale,
        Some((lock, name)) if lock.lists(name) => State::HandEdited,
        _ => State::Foreign,
    }
}

/// Files that a GitOps tool would read.
fn is_manifest(path: &str) -> bool {
    let suffix = path.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    ["yaml", "yml", "json", "jsonnet"].iter().any(|known| suffix.eq_ignore_ascii_case(known))
}

/// The steps from the present tree to the wanted one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files that are written.
    pub writes: Vec<String>,
    /// Files of ours that are removed.
    pub removals: Vec<String>,
}

/// Returns the changes, or the files that forbid them.
///
/// # Errors
/// The paths of files that are hand-edited, or foreign where one of ours should be; none with
/// `force`, which replaces both, but still removes nothing that no lock lists.
pub fn changes(
    wanted: &Wanted,
    present: &Present,
    force: bool,
) -> Result<Changes, BTreeMap<String, State>> {
    let states = compare(wanted, present);
    let is_forbidden = |path: &String, state: State| match state {
        State::HandEdited => true,
        State::Foreign => wanted.contains_key(path),
        _ => false,
    };
    let forbidden: BTreeMap<String, State> =
        states.iter().map(|(p, s)| (p.clone(), *s)).filter(|(p, s)| is_forbidden(p, *s)).collect();
    if !forbidden.is_empty() && !force {
        return Err(forbidden);
    }
    let mut changes = Changes::default();
    for (path, state) in states {
        if wanted.contains_key(&path) {
            changes.writes.push(path);
        } else if matches!(state, State::Left | State::HandEdited) {
            changes.removals.push(path);
        }
    }
    Ok(changes)
}

/// Returns the locks that must lie in the tree while `changes` are made, so that a run which is
/// interrupted leaves nothing that looks hand-edited or foreign to the next one.
pub fn intents(changes: &Changes, wanted: &Wanted, present: &Present) -> FileTree {
    let mut intents: BTreeMap<&str, Lock> = BTreeMap::new();
    for path in &changes.writes {
        let Some((folder, name)) = path.rsplit_once('/').filter(|(_, name)| *name != LOCK) else {
            continue;
        };
        let hash = wanted.get(path).cloned().unwrap_or_default();
        let present_lock = present.locks.get(folder);
        // What the lock lists already needs no announcement, and the lock then stays as it is.
        if present_lock.is_some_and(|lock| lock.files.get(name) == Some(&hash)) {
            continue;
        }
        let intent = intents.entry(folder).or_insert_with(|| {
            let fresh = || Lock { instance: folder.to_owned(), ..Lock::default() };
            present_lock.cloned().unwrap_or_else(fresh)
        });
        // What an earlier run left half done is what this one starts from.
        if let Some(found) = present.files.get(path).filter(|found| intent.knows(name, found)) {
            intent.files.insert(name.to_owned(), found.clone());
        }
        intent.pending.insert(name.to_owned(), hash);
    }
    intents.into_iter().map(|(folder, lock)| (format!("{folder}/{LOCK}"), lock.text())).collect()
}
