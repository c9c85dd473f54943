//! What a cluster says about instances, as text for people: a table of all, the tree of one.
//!
//! Objects are values as the API server gave them and `now` is an argument, so the same objects
//! give the same picture everywhere. Nothing here asks for anything, and no value of a Secret
//! comes this far.

pub mod age;
pub mod belongings;
pub mod drawing;
pub mod rows;
pub mod states;

use serde_json::Value;

/// What is printed where there is nothing to say.
pub const NOTHING: &str = "-";

/// A text of the cluster on one line of a terminal: whoever may write a status writes no control
/// sequence.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The text of a field, or the mark that there is none.
fn word(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    if text.is_empty() { NOTHING.to_owned() } else { plain(text) }
}

/// The entries of a list that may be missing.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The condition of a type.
fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(&object["status"]["conditions"]).find(|condition| condition["type"] == kind)
}
