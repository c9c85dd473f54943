//! Commits on branches of their own, with requests to merge them.

use std::sync::Arc;

use super::{Desk, Intents, Ledger, derive};
use crate::controller::update::{Effect, Proposal, Update};
use crate::controller::world::Key;
use crate::forge::{self, Wanted};
use crate::git::{Fault, Pushed};

/// Digits of an update's id in the name of a branch.
const DIGITS: usize = 8;
/// Requests that are remembered; those that are forgotten are found again.
const MOST: usize = 1_000;

/// Returns the branch that proposes a version.
pub(super) fn branch(key: &Key, update: &Update) -> String {
    format!("{}{}-{}", prefix(key), update.to, id(update))
}

/// Returns the branch that proposes the way back, or the note of a failure.
pub(super) fn return_branch(key: &Key, update: &Update) -> String {
    format!("{}without-{}-{}", prefix(key), update.to, id(update))
}

fn id(update: &Update) -> &str {
    update.id.get(..DIGITS).unwrap_or(&update.id)
}

fn prefix(key: &Key) -> String {
    format!("openclaw/{}/{}/", key.namespace, key.name)
}

/// Pushes what an effect changes to a branch of its own, and opens a request to merge it. What is
/// there already is found and stays.
pub(super) async fn propose(
    ledger: &Arc<Ledger>,
    desk: &Desk,
    key: &Key,
    effect: Effect,
) -> Result<(), Fault> {
    let branch = match &effect {
        Effect::Bump(update) => branch(key, update),
        Effect::Revert(update, _) | Effect::Note(update, _) => return_branch(key, update),
        Effect::DeletePod { .. } | Effect::Probe | Effect::Propose(_) => return Ok(()),
    };
    if let Some(found) = find(ledger, desk, &branch).await? {
        keep(ledger, desk, key, branch, found);
        return Ok(());
    }
    let Some(message) = derive::message(key, &effect) else { return Ok(()) };
    let intents = Arc::new(Intents::from([(key.clone(), effect)]));
    let Some(made) = ledger.derive(desk, &intents).await? else { return Ok(()) };
    // Where the branch is there already, it is ours from before.
    if desk.cache.push(&made.base, &made.tip, Some(&branch)).await? == Pushed::Done {
        tracing::info!(repository = ledger.source.name, branch, commit = made.tip, "proposed");
    }
    let Some(forge) = &desk.forge else {
        let proposal = Proposal { place: format!("the branch `{branch}`"), is_open: true };
        keep(ledger, desk, key, branch, proposal);
        return Ok(());
    };
    let text = message.text();
    let (title, body) = text.split_once('\n').unwrap_or((&text, ""));
    let wanted = Wanted {
        branch: branch.clone(),
        base: ledger.source.branch.clone(),
        title: title.to_owned(),
        body: body.trim().to_owned(),
        instead_of: prefix(key),
    };
    let opened = forge.open(&wanted).await.map_err(|fault| refused(&fault))?;
    keep(ledger, desk, key, branch, proposal(opened));
    Ok(())
}

/// Asks what became of the requests that were open.
pub(super) async fn check(ledger: &Ledger, desk: &Desk) -> Result<(), Fault> {
    let open: Vec<String> = ledger.read(|view| {
        let open = view.proposals.iter().filter(|(_, one)| one.is_open);
        open.map(|(branch, _)| branch.clone()).collect()
    });
    for branch in open {
        let Some(found) = find(ledger, desk, &branch).await? else { continue };
        ledger.change(|view| view.proposals.insert(branch, found));
    }
    ledger.tell_all(&desk.shared);
    Ok(())
}

async fn find(ledger: &Ledger, desk: &Desk, branch: &str) -> Result<Option<Proposal>, Fault> {
    let Some(forge) = &desk.forge else { return Ok(None) };
    let found = forge.find(branch, &ledger.source.branch).await;
    Ok(found.map_err(|fault| refused(&fault))?.map(proposal))
}

fn proposal(request: forge::Request) -> Proposal {
    Proposal { place: request.url, is_open: request.is_open }
}

fn keep(ledger: &Ledger, desk: &Desk, key: &Key, branch: String, proposal: Proposal) {
    ledger.change(|view| {
        if view.proposals.len() >= MOST {
            view.proposals.clear();
        }
        view.proposals.insert(branch, proposal);
    });
    desk.shared.look(key.clone(), true);
}

fn refused(fault: &forge::Fault) -> Fault {
    Fault::Refused(fault.to_string())
}
