//! Sets `spec.image.tag` in the text of a source and leaves every other byte as it is.
//!
//! The text is edited by the place of the value, never written anew, so that comments, quotes,
//! order and line breaks stay what people made them. The result is read again: it must hold the
//! same values but for that one, or nothing is changed.

mod insert;

use serde_json::{Value, json};

use crate::api::source::{self, Document, Kind, Node};
use crate::diagnostic::{Finding, Span};

/// Where the tag is.
const PATH: &str = "spec.image.tag";

/// Why a source cannot be edited.
const CODE: &str = "OC0401";

/// One change of a text.
struct Edit {
    span: Span,
    text: String,
}

/// Returns the text of a document's source with the tag of that document set. An instance whose
/// tag has this value already gives the same text.
///
/// # Errors
/// When the value is not written on one line as it is, or the text is encrypted.
pub fn set_tag(document: &Document, tag: &str) -> Result<String, Finding> {
    let text = &document.source.text;
    let (documents, findings) = source::read(&document.source.name, text.as_bytes());
    if let Some(finding) = findings.into_iter().next() {
        return Err(finding);
    }
    if let Some(sealed) = documents.iter().find(|document| document.has("sops")) {
        let message = "found a file that SOPS has signed, allowed: a plain one";
        let hint = "keep instances in plain files, and what is secret in a Secret";
        return Err(Finding::at(CODE, "sops", message, Some(hint), sealed.place_of_key("sops")));
    }
    let edit = edit(document, tag)?;
    let Span { start, end } = edit.span;
    let changed = [&text[..start], &edit.text, &text[end..]].concat();
    let (after, findings) = source::read(&document.source.name, changed.as_bytes());
    if findings.is_empty() && is_proven(&documents, &after, document, tag) {
        Ok(changed)
    } else {
        Err(refused(document, "found a form in which it cannot be set"))
    }
}

/// Whether two texts hold the same values but for the tag of one document.
fn is_proven(before: &[Document], after: &[Document], edited: &Document, tag: &str) -> bool {
    let is_same = |(old, new): (&Document, &Document)| {
        let mut wanted = old.value();
        if old.root.span == edited.root.span {
            put(&mut wanted, tag);
        }
        wanted == new.value()
    };
    before.len() == after.len() && before.iter().zip(after).all(is_same)
}

fn put(value: &mut Value, tag: &str) {
    let mut node = value;
    for key in ["spec", "image"] {
        if node.get(key).is_none_or(Value::is_null) {
            node[key] = json!({});
        }
        node = &mut node[key];
    }
    node["tag"] = json!(tag);
}

fn refused(document: &Document, found: &str) -> Finding {
    let allowed = "a text on one line, such as `tag: \"2026.9.6\"`";
    let message = format!("{found}, allowed: {allowed}");
    Finding::at(CODE, PATH, message, Some("write the tag plainly"), document.place(PATH))
}

fn edit(document: &Document, tag: &str) -> Result<Edit, Finding> {
    let text = document.source.text.as_str();
    let mut owner = &document.root;
    let keys = ["spec", "image", "tag"];
    for (depth, key) in keys.into_iter().enumerate() {
        let Kind::Map(entries) = &owner.kind else {
            return Err(refused(document, "found no place for it"));
        };
        let missing = &keys[depth..];
        let Some(entry) = entries.iter().find(|entry| entry.key == key) else {
            let edit = insert::entry(text, owner, missing, tag);
            return edit.ok_or_else(|| refused(document, "found no place for it"));
        };
        if matches!(entry.value.kind, Kind::Null) {
            return Ok(insert::value(text, entry, &missing[1..], tag));
        }
        owner = &entry.value;
    }
    replace(text, owner, tag).ok_or_else(|| refused(document, "found another form"))
}

/// Replaces a scalar in the quotes that it has; `None` when it is not written as it is.
fn replace(text: &str, node: &Node, tag: &str) -> Option<Edit> {
    let Kind::String(value) = &node.kind else { return None };
    let written = &text[node.span.start..node.span.end];
    let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
    let new = match quote {
        Some(quote) if written == format!("{quote}{value}{quote}") => {
            format!("{quote}{tag}{quote}")
        }
        None if written == value => insert::plain(tag),
        _ => return None,
    };
    Some(Edit { span: node.span, text: new })
}
