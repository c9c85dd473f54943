//! A diff for machines: JSON, and annotations of GitHub.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::impact::Level;
use super::text::sentence;
use super::{Change, Diff, Group, Kind};
use crate::diagnostic::machine::{data, property};

/// Returns the diff as JSON.
pub fn json(diff: &Diff) -> String {
    let count = |kind| diff.changes().filter(|change| change.kind == kind).count();
    let counts: serde_json::Map<String, Value> =
        Kind::ALL.iter().map(|kind| (kind.word().to_owned(), json!(count(*kind)))).collect();
    let value = json!({
        "instances": diff.groups.iter().map(group).collect::<Vec<_>>(),
        "summary": counts,
    });
    format!("{value:#}\n")
}

fn group(group: &Group) -> Value {
    json!({
        "instance": group.instance,
        "source": group.source,
        "impacts": group.titles(),
        "objects": group.changes.iter().map(object).collect::<Vec<_>>(),
    })
}

fn object(change: &Change) -> Value {
    let impacts = change.impacts.iter().map(|impact| {
        json!({
            "name": impact.name,
            "title": impact.title,
            "level": impact.level.word(),
            "details": impact.details,
        })
    });
    json!({
        "change": change.kind.word(),
        "apiVersion": change.api_version,
        "kind": change.object[0],
        "name": change.object[1],
        "namespace": change.namespace,
        "file": change.file,
        "impacts": impacts.collect::<Vec<_>>(),
        "added": change.added,
        "removed": change.removed,
        "diff": change.hunks,
    })
}

/// Returns the diff as commands that GitHub turns into annotations of a pull request: one for each
/// object, the gravest first, as GitHub shows ten of a kind.
pub fn github(diff: &Diff) -> String {
    let mut all: Vec<(&Group, &Change)> = Vec::new();
    for group in &diff.groups {
        all.extend(group.changes.iter().map(|change| (group, change)));
    }
    all.sort_by_key(|(_, change)| change.level());
    let mut out = String::new();
    for (group, change) in all {
        let word = match change.level() {
            Level::Danger => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        // The rendered file is folded in reviews: the words belong where somebody wrote something.
        let place = match (&group.source, &change.file) {
            (Some(source), _) if change.kind != Kind::Deleted => {
                format!("file={},", property(source))
            }
            (_, Some(file)) => format!("file={},", property(file)),
            _ => String::new(),
        };
        let title =
            format!("{}: {} {}", group.instance, change.kind.word(), change.object.join("/"));
        let lines: Vec<String> = change.impacts.iter().map(sentence).collect();
        let words = if lines.is_empty() { change.kind.word().to_owned() } else { lines.join("\n") };
        // A String takes every text, so writing to it cannot fail.
        _ = writeln!(out, "::{word} {place}title={}::{}", property(&title), data(&words));
    }
    out
}
