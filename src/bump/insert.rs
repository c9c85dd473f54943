//! Writes what is not there yet.

use super::Edit;
use crate::api::source::{self, Entry, Kind, Node};
use crate::diagnostic::Span;

/// Returns a tag as a plain scalar, or in quotes where a reader would take it for a number or
/// a date.
pub(super) fn plain(tag: &str) -> String {
    let (documents, findings) = source::read("", format!("tag: {tag}").as_bytes());
    let is_text = findings.is_empty()
        && documents.first().is_some_and(|document| document.value()["tag"] == *tag);
    if is_text { tag.to_owned() } else { format!("\"{tag}\"") }
}

/// Returns `a: {b: tag}` for the keys `a` and `b`.
fn nested(keys: &[&str], tag: &str) -> String {
    match keys {
        [] => plain(tag),
        [key] => format!("{key}: {}", plain(tag)),
        [key, rest @ ..] => format!("{key}: {{{}}}", nested(rest, tag)),
    }
}

fn at(place: usize, text: String) -> Edit {
    Edit { span: Span { start: place, end: place }, text }
}

/// Gives a value to a key that has none: behind its colon, or in the place of `~` and `null`.
pub(super) fn value(text: &str, entry: &Entry, keys: &[&str], tag: &str) -> Edit {
    let new = if keys.is_empty() { plain(tag) } else { format!("{{{}}}", nested(keys, tag)) };
    let Span { start, end } = entry.value.span;
    if start < end {
        return Edit { span: entry.value.span, text: new };
    }
    let behind = &text[entry.key_span.end..];
    let colon = entry.key_span.end + behind.find(':').map_or(0, |colon| colon + 1);
    at(colon, format!(" {new}"))
}

/// Adds an entry to a mapping; `None` where no line can be added.
pub(super) fn entry(text: &str, owner: &Node, keys: &[&str], tag: &str) -> Option<Edit> {
    let Kind::Map(entries) = &owner.kind else { return None };
    let new = nested(keys, tag);
    if text[owner.span.start..].starts_with('{') {
        return Some(match entries.first() {
            Some(first) => at(first.key_span.start, format!("{new}, ")),
            None => at(owner.span.start + 1, new),
        });
    }
    let first = entries.first()?;
    let indent = &text[line_start(text, first.key_span.start)..first.key_span.start];
    if !indent.bytes().all(|byte| byte == b' ') {
        return None;
    }
    let end = line_break(text, first.key_span.start);
    // Behind an entry of one line, so that the comments above the next one stay with it.
    match entries.iter().find(|entry| is_one_line(text, entry)) {
        Some(entry) => {
            let line = text[entry.value.span.end..].find('\n');
            let place = line.map_or(text.len(), |line| entry.value.span.end + line + 1);
            Some(match line {
                Some(_) => at(place, format!("{indent}{new}{end}")),
                None => at(place, format!("{end}{indent}{new}")),
            })
        }
        None => Some(at(first.key_span.start, format!("{new}{end}{indent}"))),
    }
}

/// Whether key and value are on a line of their own, and the value is no block of lines.
fn is_one_line(text: &str, entry: &Entry) -> bool {
    let Span { start, end } = entry.value.span;
    let is_scalar = matches!(entry.value.kind, Kind::String(_) | Kind::Bool(_) | Kind::Number(_));
    let line = &text[entry.key_span.start..end.max(entry.key_span.start)];
    is_scalar && start < end && !line.contains('\n') && !text[start..].starts_with(['|', '>'])
}

/// The line break behind a place, else the one before it.
fn line_break(text: &str, at: usize) -> &'static str {
    let (before, after) = text.split_at(at);
    let line = match after.find('\n') {
        Some(end) => &after[..end],
        None => before.rfind('\n').map_or("", |end| &before[..end]),
    };
    if line.ends_with('\r') { "\r\n" } else { "\n" }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |line| line + 1)
}
