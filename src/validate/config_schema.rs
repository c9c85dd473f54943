//! Turns `spec.config.raw`, the application's openclaw.json, into findings: what no known
//! version of the application accepts, and what the chosen version does not.
//!
//! The application exits when a key is unknown at any depth, so a typing mistake would
//! crash-loop the Pod. The facts are the JSON schemas of the oldest and the newest known
//! version (`openclaw config schema`), compacted into `openclaw-config.json` beside this
//! module by `tests/config-schema/generate.py`.
//!
//! A wrong refusal is worse than a miss, so doubt accepts: required keys, patterns and
//! rules between keys are not checked, and a text with `${VAR}` passes wherever a text may
//! stand. What only versions in between knew is not in the data. Reads nothing but its
//! arguments and the shipped data.

use std::collections::BTreeSet;

use serde_json::Value;

use data::Data;
use walk::{Problem, Refusal, Step};

use crate::version;

mod data;
mod walk;
mod words;

/// The newest version whose keys are shipped; of a newer one nothing is certain.
pub const NEWEST_KNOWN: &str = "2026.9.6";

/// The oldest version whose keys are shipped; older ones are taken for it.
pub const OLDEST_KNOWN: &str = "2026.2.17";

/// One place of the configuration that a version refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFinding {
    /// Where, from the top of the configuration: the key if it is unknown, else the value.
    pub path: Vec<Segment>,
    /// What is wrong there.
    pub kind: Kind,
    /// Who refuses it, which decides how bad it is.
    pub refused_by: Refused,
    /// What was found and what is allowed, without the path. Values that may be secret are
    /// left out.
    pub message: String,
    /// What to write instead, if that can be said.
    pub hint: Option<String>,
}

/// One step of a path into the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A key of an object.
    Key(String),
    /// A place in a list, from 0.
    Index(usize),
}

/// What is wrong with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The key does not exist there.
    UnknownKey,
    /// The value is of a type that may not stand there.
    WrongType,
    /// The type is right, the value is not.
    NotAllowed,
}

/// Which versions refuse a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// No known version accepts it: an error, if the data is [`covered`] for the target.
    EveryVersion,
    /// The target refuses it and another known version accepts it: a warning, because the
    /// application rewrites some old keys by itself.
    Target,
}

/// Returns everything in the configuration that the application would refuse, sorted by
/// path.
///
/// `target` is the tag of the image (`2026.9.6`, `2026.7.1-2-slim`); nothing, or a tag that
/// names no version, means the newest one. Between the two known versions nobody knows when
/// a key came or went, so there only what both refuse is returned.
pub fn check(raw: &Value, target: Option<&str>) -> Vec<ConfigFinding> {
    let data = Data::get();
    let mut sides = [NEWEST_KNOWN, OLDEST_KNOWN]
        .map(|version| Side { version, refusals: walk::refusals(data, version, raw) });
    let place = Place::of(target);
    if place == Place::Oldest {
        sides.reverse();
    }
    let [near, far] = &sides;
    let mut findings = near.findings(&far.paths(), place != Place::Between);
    let told: BTreeSet<&[Step]> = near.paths();
    let rest = far.refusals.iter().filter(|refusal| !told.contains(&refusal.path[..]));
    let rest = rest.filter(|refusal| is_inside(&refusal.path, &told));
    findings.extend(rest.map(|refusal| far.finding(refusal, Refused::EveryVersion)));
    findings.sort_by(|a, b| a.path.cmp(&b.path));
    findings
}

/// Says whether the shipped data can be trusted about this target: a version that is not
/// newer than [`NEWEST_KNOWN`]. No target, a digest and a moving tag are not covered.
pub fn covered(target: Option<&str>) -> bool {
    target
        .and_then(version::parse)
        .is_some_and(|version| Some(version) <= version::parse(NEWEST_KNOWN))
}

/// Where the target stands among the known versions.
#[derive(PartialEq)]
enum Place {
    Oldest,
    Between,
    Newest,
}

impl Place {
    fn of(target: Option<&str>) -> Self {
        let Some(version) = target.and_then(version::parse) else { return Self::Newest };
        if Some(version) <= version::parse(OLDEST_KNOWN) {
            Self::Oldest
        } else if Some(version) < version::parse(NEWEST_KNOWN) {
            Self::Between
        } else {
            Self::Newest
        }
    }
}

/// What one known version refuses.
struct Side<'a> {
    version: &'static str,
    refusals: Vec<Refusal<'a>>,
}

impl Side<'_> {
    fn paths(&self) -> BTreeSet<&[Step<'_>]> {
        self.refusals.iter().map(|refusal| &refusal.path[..]).collect()
    }

    /// Returns what the other version refuses too and, if wanted, what only this one does.
    fn findings(&self, other: &BTreeSet<&[Step]>, alone: bool) -> Vec<ConfigFinding> {
        let refused_by = |refusal: &Refusal| {
            let everywhere = is_inside(&refusal.path, other);
            if everywhere { Some(Refused::EveryVersion) } else { alone.then_some(Refused::Target) }
        };
        let judged = self.refusals.iter().filter_map(|r| refused_by(r).map(|by| (r, by)));
        judged.map(|(refusal, by)| self.finding(refusal, by)).collect()
    }

    fn finding(&self, refusal: &Refusal, refused_by: Refused) -> ConfigFinding {
        let version = (refused_by == Refused::Target).then_some(self.version);
        ConfigFinding {
            path: refusal.path.iter().map(Segment::from).collect(),
            kind: match refusal.problem {
                Problem::UnknownKey(_) => Kind::UnknownKey,
                Problem::WrongType(..) => Kind::WrongType,
                Problem::NotAllowed(..) => Kind::NotAllowed,
            },
            refused_by,
            message: words::message(refusal, version),
            hint: words::hint(refusal),
        }
    }
}

/// Says whether one of the refused paths is this path or leads to it.
fn is_inside(path: &[Step], refused: &BTreeSet<&[Step]>) -> bool {
    !refused.is_empty() && (0..=path.len()).any(|end| refused.contains(&path[..end]))
}

impl From<&Step<'_>> for Segment {
    fn from(step: &Step) -> Self {
        match *step {
            Step::Key(key) => Self::Key(key.to_owned()),
            Step::Index(index) => Self::Index(index),
        }
    }
}
