//! The text of the values without what should be in a Secret: findings show the lines that they
//! are about, and logs are read by many.

use std::sync::Arc;

use super::secrecy;
use crate::api::source::{Document, Kind, Node};
use crate::diagnostic::{Source, key_path};

/// Returns a document whose text has stars for secrets, and every place where it was.
///
/// `paths` are those whose values are secrets whatever their name is.
pub(super) fn masked(document: &Document, paths: &[String]) -> Document {
    let mut text = document.source.text.clone().into_bytes();
    hide(&document.root, "", "", paths, &mut text);
    // Whole scalars are replaced byte by byte, so that what is left is still UTF-8.
    let text = String::from_utf8_lossy(&text).into_owned();
    let source = Arc::new(Source::new(document.source.name.clone(), text));
    Document { source, root: document.root.clone() }
}

fn hide(node: &Node, path: &str, name: &str, paths: &[String], text: &mut [u8]) {
    match &node.kind {
        Kind::Map(entries) => {
            let named = entries.iter().find(|entry| entry.key == "name");
            let named = named.and_then(|entry| match &entry.value.kind {
                Kind::String(name) => Some(name.as_str()),
                _ => None,
            });
            for entry in entries {
                let below = key_path(path, &entry.key);
                let below = below.strip_prefix('.').unwrap_or(&below);
                // A variable of a container says its name beside its value.
                let name = named.filter(|_| entry.key == "value").unwrap_or(&entry.key);
                hide(&entry.value, below, name, paths, text);
            }
        }
        Kind::List(items) => {
            items.iter().for_each(|item| hide(item, path, name, paths, text));
        }
        Kind::String(value) => {
            let is_below = |one: &String| {
                path.strip_prefix(one.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let is_one = secrecy::is_secret(name, value) || paths.iter().any(is_below);
            if is_one && let Some(scalar) = text.get_mut(node.span.start..node.span.end) {
                let hidden = scalar.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r'));
                hidden.for_each(|byte| *byte = b'*');
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::source;

    #[test]
    fn secrets_become_stars_of_their_length() {
        let text = "a: {botToken: \"1:ä\", b: c}\nenv:\n- {name: X_KEY, value: v}\nid: plain\n";
        let (documents, _) = source::read("a", text.as_bytes());
        let masked = masked(&documents[0], &["id".to_owned()]);
        let expected = "a: {botToken: ******, b: c}\nenv:\n- {name: X_KEY, value: *}\nid: *****\n";
        assert_eq!(masked.source.text, expected);
    }
}
