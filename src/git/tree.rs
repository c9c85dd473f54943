//! A tree with some files changed, built from its parts that do not change.

use std::collections::BTreeMap;

use git2::{Oid, Repository, Tree};

use super::Fault;
use super::address::is_part;
use super::fault::{clean, of_objects};
use crate::repository::Edits;

const FOLDER: i32 = 0o040_000;
const FILE: i32 = 0o100_644;
const PROGRAM: i32 = 0o100_755;
/// What tools wrote for a file long ago.
const OLD_FILE: i32 = 0o100_664;

/// What is done to a file.
#[derive(Clone, Copy, Default)]
enum Own<'e> {
    #[default]
    Stays,
    Goes,
    Holds(&'e [u8]),
}

/// What is done to one entry of a folder: to the file of that name, and to files below it.
#[derive(Default)]
struct Change<'e> {
    own: Own<'e>,
    below: BTreeMap<&'e str, Change<'e>>,
}

/// Returns the tree of `root` with edits of files below `folder`. A file that stays keeps its mode,
/// a folder that becomes empty goes, and so does a file that is not there.
pub(super) fn edited(
    repository: &Repository,
    root: &Tree,
    folder: &str,
    edits: &Edits,
) -> Result<Oid, Fault> {
    let mut change = Change::default();
    for (path, content) in edits {
        let mut place = &mut change;
        for part in folder.split('/').filter(|part| !part.is_empty()).chain(path.split('/')) {
            if !is_part(part) {
                return Err(Fault::Unsupported(format!("the path `{}`", clean(path))));
            }
            place = place.below.entry(part).or_default();
        }
        place.own = content.as_deref().map_or(Own::Goes, Own::Holds);
    }
    match write(repository, Some(root), &change.below)? {
        Some(id) => Ok(id),
        // Only the root may be empty.
        None => repository
            .treebuilder(None)
            .and_then(|builder| builder.write())
            .map_err(|error| of_objects(&error)),
    }
}

/// Returns the tree, or none when it holds nothing.
fn write(
    repository: &Repository,
    base: Option<&Tree>,
    changes: &BTreeMap<&str, Change>,
) -> Result<Option<Oid>, Fault> {
    let of = |error: git2::Error| of_objects(&error);
    let mut builder = repository.treebuilder(base).map_err(of)?;
    for (name, change) in changes {
        let present = builder.get(*name).map_err(of)?.map(|entry| (entry.id(), entry.filemode()));
        let next = entry(repository, name, present, change)?;
        if next == present {
            continue;
        }
        match next {
            Some((id, mode)) => drop(builder.insert(*name, id, mode).map_err(of)?),
            None => builder.remove(*name).map_err(of)?,
        }
    }
    if builder.is_empty() { Ok(None) } else { builder.write().map(Some).map_err(of) }
}

type Entry = Option<(Oid, i32)>;

fn entry(
    repository: &Repository,
    name: &str,
    present: Entry,
    change: &Change,
) -> Result<Entry, Fault> {
    let of = |error: git2::Error| of_objects(&error);
    let refuse = |what: &str| Err(Fault::Unsupported(format!("`{}`: {what}", clean(name))));
    let mut next = present;
    if matches!(change.own, Own::Goes) && present.is_some_and(|(_, mode)| mode != FOLDER) {
        next = None;
    }
    if !change.below.is_empty() {
        let base = match next {
            None => None,
            Some((id, FOLDER)) => Some(repository.find_tree(id).map_err(of)?),
            Some(_) if change.below.values().all(Change::only_removes) => return Ok(next),
            Some(_) => return refuse("is no folder"),
        };
        next = write(repository, base.as_ref(), &change.below)?.map(|id| (id, FOLDER));
    }
    let Own::Holds(bytes) = change.own else { return Ok(next) };
    let mode = match next {
        Some((_, mode @ (FILE | PROGRAM))) => mode,
        None | Some((_, OLD_FILE)) => FILE,
        Some(_) => return refuse("is no file"),
    };
    Ok(Some((repository.blob(bytes).map_err(of)?, mode)))
}

impl Change<'_> {
    fn only_removes(&self) -> bool {
        !matches!(self.own, Own::Holds(_)) && self.below.values().all(Self::only_removes)
    }
}
