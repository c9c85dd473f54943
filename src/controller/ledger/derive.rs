//! Makes the commits that are asked for, on the tip that is known, without pushing them.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

use super::view::files;
use super::{Held, Ledger, View, author};
use crate::api::record::Failure;
use crate::api::settings::FILE;
use crate::controller::update::{Effect, UNDONE, Update, Verdict};
use crate::controller::world::Key;
use crate::git::{Cache, Fault};
use crate::repository::{self, Bumped, Edits, Refusal};
use crate::update::message::{Action, Message};
use crate::validate;

/// Commits that are not pushed yet.
pub(super) struct Made {
    /// What they are made on.
    pub base: String,
    /// The last of them.
    pub tip: String,
    /// Each with what it says and changes.
    pub commits: Vec<(String, Message, Edits)>,
}

/// Makes the commits; none where there is nothing to commit. What is known of the branch is as
/// before when it returns: nobody may take for committed what is not pushed.
pub(super) fn derive(
    ledger: &Ledger,
    cache: &Cache,
    intents: &BTreeMap<Key, Effect>,
) -> Result<Option<Made>, Fault> {
    ledger.change(|view| {
        let Some(held) = &mut view.held else { return Ok(None) };
        let mut undo: Vec<Edits> = Vec::new();
        let result = make(ledger, cache, held, intents, &mut undo);
        for edits in undo.iter().rev() {
            held.repository.apply(edits);
        }
        result
    })
}

fn make(
    ledger: &Ledger,
    cache: &Cache,
    held: &mut Held,
    intents: &BTreeMap<Key, Effect>,
    undo: &mut Vec<Edits>,
) -> Result<Option<Made>, Fault> {
    let base = held.commit.clone();
    let (mut tip, mut commits) = (base.clone(), Vec::new());
    let now = Timestamp::now();
    for (key, effect) in intents {
        let maker = Maker { cache, held, tip: &tip, now };
        let edits = match maker.edits(key, effect)? {
            Ok(edits) if edits.is_empty() => continue,
            Ok(edits) => edits,
            Err(refusal) => {
                tracing::warn!(instance = %key, why = %refusal, "nothing is committed");
                continue;
            }
        };
        let Some(message) = message(key, effect) else { continue };
        let text = worded(&message, ledger.source.subject.as_deref());
        let commit = cache.commit(&tip, &edits, &text, &author(&ledger.source), now.as_second())?;
        if commit == tip {
            continue;
        }
        undo.push(held.repository.inverse(&edits));
        held.repository.apply(&edits);
        tip.clone_from(&commit);
        commits.push((commit, message, edits));
    }
    Ok((tip != base).then_some(Made { base, tip, commits }))
}

/// Takes over what was pushed.
pub(super) fn take_over(view: &mut View, made: Made) {
    let Some(held) = view.held.as_mut().filter(|held| held.commit == made.base) else { return };
    for (commit, message, edits) in made.commits {
        held.repository.apply(&edits);
        if message.action == Action::Bump {
            held.bumps.insert(message.id, commit);
        }
    }
    held.commit = made.tip;
    view.fault = None;
}

/// The message, with the subject that the configuration wants.
fn worded(message: &Message, subject: Option<&str>) -> String {
    let text = message.text();
    let Some(subject) = subject else { return text };
    let own = message.subject();
    let subject = subject
        .replace("{subject}", &own)
        .replace("{namespace}", &message.namespace)
        .replace("{name}", &message.name)
        .replace("{from}", &message.from)
        .replace("{to}", &message.to)
        .replace("{action}", message.action.word());
    text.replacen(&own, subject.trim(), 1)
}

pub(super) fn message(key: &Key, effect: &Effect) -> Option<Message> {
    let (update, action, why) = match effect {
        Effect::Bump(update) => (update, Action::Bump, None),
        Effect::Revert(update, verdict) => (update, Action::Revert, Some(verdict)),
        Effect::Note(update, verdict) => (update, Action::Note, Some(verdict)),
        Effect::DeletePod { .. } | Effect::Probe | Effect::Propose(_) => return None,
    };
    let Update { id, from, to } = update.clone();
    let (from, to) = if action == Action::Revert { (to, from) } else { (from, to) };
    Some(Message {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        from,
        to,
        action,
        id,
        why: why.map(|verdict| format!("{}: {}", verdict.reason, verdict.message)),
    })
}

/// What makes the edits of one commit.
struct Maker<'a> {
    cache: &'a Cache,
    held: &'a Held,
    tip: &'a str,
    now: Timestamp,
}

impl Maker<'_> {
    /// What an effect changes in the files; nothing where it is done already.
    fn edits(&self, key: &Key, effect: &Effect) -> Result<Result<Edits, Refusal>, Fault> {
        let repository = &self.held.repository;
        let tag = repository.instance(&key.namespace, &key.name);
        let tag = tag.map(|loaded| loaded.spec.image.tag.clone().unwrap_or_default());
        match effect {
            Effect::Bump(update) => {
                let is_new = !self.held.bumps.contains_key(&update.id);
                if tag.as_ref() != Some(&update.from) || !is_new || self.held.findings.is_some() {
                    return Ok(Ok(Edits::new()));
                }
                Ok(repository.bump(&key.namespace, &key.name, &update.to))
            }
            Effect::Revert(update, verdict) => {
                if tag.is_some_and(|tag| tag != update.to) {
                    return Ok(Ok(Edits::new()));
                }
                self.back(key, update, verdict)
            }
            Effect::Note(update, verdict) => {
                let failed = repository.failed(&key.namespace, &key.name);
                if failed.iter().any(|one| one.update_id == update.id) {
                    return Ok(Ok(Edits::new()));
                }
                let below = validate::record::path(&key.namespace, &key.name);
                let updates = repository.settings().updates.trim_start_matches("./");
                let path = format!("{}/{below}", updates.trim_matches('/'));
                let files = self.cache.blobs(self.tip, &[FILE, &path])?;
                let failure = self.failure(update, verdict);
                Ok(Ok(repository::note(&files, &key.namespace, &key.name, &failure)))
            }
            Effect::DeletePod { .. } | Effect::Probe | Effect::Propose(_) => Ok(Ok(Edits::new())),
        }
    }

    /// The inverse of the update's commit, where its files are still as it left them; otherwise the
    /// tag is set back in the files as they are.
    fn back(
        &self,
        key: &Key,
        update: &Update,
        verdict: &Verdict,
    ) -> Result<Result<Edits, Refusal>, Fault> {
        let mut bumped = Bumped {
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            from: update.from.clone(),
            to: update.to.clone(),
            ..Bumped::default()
        };
        let failure = self.failure(update, verdict);
        if let Some(commit) = self.held.bumps.get(&update.id) {
            (bumped.before, bumped.after) = self.cache.changes(commit)?;
            let below = validate::record::path(&key.namespace, &key.name);
            let updates = self.held.repository.settings().updates.trim_start_matches("./");
            let record = format!("{}/{below}", updates.trim_matches('/'));
            let paths = bumped.after.keys().map(String::as_str);
            let paths: Vec<&str> = paths.chain([FILE, &record]).collect();
            let files = self.cache.blobs(self.tip, &paths)?;
            if bumped.after.iter().all(|(path, after)| files.get(path) == after.as_ref()) {
                return Ok(repository::back(&files, &bumped, Some(&failure)));
            }
        }
        Ok(repository::back(&files(self.cache, self.tip)?, &bumped, Some(&failure)))
    }

    fn failure(&self, update: &Update, verdict: &Verdict) -> Failure {
        let is_undone = verdict.reason == UNDONE;
        Failure {
            version: update.to.clone(),
            from: update.from.clone(),
            reason: verdict.reason.clone(),
            message: if is_undone { String::new() } else { verdict.message.clone() },
            time: format!("{:.0}", self.now),
            update_id: update.id.clone(),
        }
    }
}
