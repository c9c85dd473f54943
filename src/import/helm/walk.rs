//! Leads every value to its row.
//!
//! The walk follows the file, so that nothing in it is passed over; what it finds is applied in the
//! order of the table, so that a row may override one above it.

use super::draft::Draft;
use super::rows::{Group, Image, Row, Take};
use super::{Chart, take};
use crate::api::source::{Kind, Node};
use crate::diagnostic::key_path;

/// A row with its whole paths.
struct Flat {
    from: String,
    to: String,
    take: Take,
}

/// A value and the row that it came to.
struct Met {
    row: usize,
    path: String,
    node: Node,
}

/// Applies the table of the chart to the values.
pub(super) fn walk(draft: &mut Draft<'_>) {
    let groups = draft.chart.groups.iter().filter(|group| draft.holds(group.image));
    let rows: Vec<Flat> = groups.flat_map(flat).collect();
    let mut met = Vec::new();
    let mut unknown = Vec::new();
    let root = draft.document.root.clone();
    visit(&rows, "", &root, None, &mut met, &mut unknown);
    unknown.iter().for_each(|path| draft.unknown(path));
    met.sort_by_key(|one| one.row);
    for Met { row, path, node } in met {
        let Flat { to, take, .. } = &rows[row];
        take::apply(draft, *take, &path, to, &node);
    }
}

/// Returns the values that stay behind and leave something to do, for README.md; without those
/// that only stand for what is unknown below them.
pub(super) fn left_behind(chart: &Chart) -> Vec<String> {
    let groups = chart.groups.iter().filter(|group| group.image != Image::Foreign);
    let rows: Vec<Flat> = groups.flat_map(flat).collect();
    let is_rest = |path: &str| {
        let below =
            |row: &Flat| row.from.strip_prefix(path).map(|rest| rest.starts_with(['.', '[']));
        rows.iter().any(|row| below(row) == Some(true))
    };
    let left = rows.iter().filter(|row| matches!(row.take, Take::Left { hint: Some(_), .. }));
    left.filter(|row| !is_rest(&row.from)).map(|row| row.from.clone()).collect()
}

/// Returns the values that are secrets, or hold some, whatever their names are.
pub(super) fn secret_paths(chart: &Chart) -> Vec<String> {
    let is_one = |row: &Flat| {
        matches!(row.take, Take::Secret(_) | Take::Secrets | Take::Token | Take::ConfigText)
    };
    chart.groups.iter().flat_map(flat).filter(is_one).map(|row| row.from).collect()
}

fn flat(group: &Group) -> impl Iterator<Item = Flat> {
    let join = |base: &str, path: &str| match (base, path) {
        ("", path) | (path, "") => path.to_owned(),
        (base, path) if path.starts_with('[') => format!("{base}{path}"),
        (base, path) => format!("{base}.{path}"),
    };
    let whole = move |row: &Row| Flat {
        from: join(group.from, row.from),
        to: join(group.to, row.to),
        take: row.take,
    };
    group.rows.iter().map(whole)
}

fn visit(
    rows: &[Flat],
    path: &str,
    node: &Node,
    rest: Option<usize>,
    met: &mut Vec<Met>,
    unknown: &mut Vec<String>,
) {
    let row = rows.iter().position(|row| row.from == path && !path.is_empty());
    let is_gate = row.is_some_and(|row| matches!(rows[row].take, Take::Gate));
    if is_gate && !is_enabled(node) {
        return;
    }
    let is_above = |row: &Flat| {
        let below = row.from.strip_prefix(path);
        path.is_empty() || below.is_some_and(|below| below.starts_with(['.', '[']))
    };
    let rest = row.filter(|_| !is_gate).or(rest);
    match &node.kind {
        Kind::Map(entries) if rows.iter().any(is_above) => {
            for entry in entries {
                let below = key_path(path, &entry.key);
                let below = below.strip_prefix('.').unwrap_or(&below);
                visit(rows, below, &entry.value, rest, met, unknown);
            }
        }
        Kind::Null => {}
        _ => match rest {
            Some(row) => met.push(Met { row, path: path.to_owned(), node: node.clone() }),
            None => unknown.push(path.to_owned()),
        },
    }
}

/// Whether what a gate leads to is on; the charts take what is not said for off.
fn is_enabled(node: &Node) -> bool {
    let Kind::Map(entries) = &node.kind else { return false };
    let switch = entries.iter().find(|entry| entry.key == "enabled");
    switch.is_some_and(|entry| matches!(entry.value.kind, Kind::Bool(true)))
}
