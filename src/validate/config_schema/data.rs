//! The shipped key data: what each known version of the application accepts, as a graph.
//!
//! `tests/config-schema/generate.py` makes the data and describes its format.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

/// Place of a node in [`Data::nodes`].
pub(super) type Id = u32;

/// Both versions' schemas in one list of nodes; equal sub-schemas share a node.
#[derive(Deserialize)]
pub(super) struct Data {
    roots: BTreeMap<String, Id>,
    nodes: Vec<Node>,
}

/// What one place of the configuration accepts, a rule for each type of value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    #[serde(default)]
    pub(super) any: bool,
    #[serde(default, rename = "z")]
    pub(super) null: bool,
    #[serde(default, rename = "b")]
    pub(super) booleans: Vec<bool>,
    #[serde(rename = "n")]
    pub(super) numbers: Option<Numbers>,
    #[serde(rename = "s")]
    pub(super) strings: Option<Strings>,
    #[serde(default, rename = "l")]
    pub(super) lists: Vec<Id>,
    #[serde(default, rename = "o")]
    pub(super) objects: Vec<Shape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbers {
    #[serde(default, rename = "i")]
    pub(super) integer: bool,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) over: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Strings {
    #[serde(rename = "e")]
    pub(super) allowed: Option<Vec<String>>,
    /// Accepted although not listed: the application rewrites them at start.
    #[serde(default, rename = "x")]
    pub(super) rewritten: Vec<String>,
    #[serde(default, rename = "m")]
    pub(super) shortest: usize,
}

/// One form that an object may take.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    #[serde(rename = "p")]
    pub(super) keys: BTreeMap<String, Id>,
    /// What every other key holds; missing means that there is no other key.
    #[serde(rename = "a")]
    pub(super) others: Option<Id>,
}

impl Data {
    /// Returns the data, parsed at first use.
    pub(super) fn get() -> &'static Self {
        static DATA: OnceLock<Data> = OnceLock::new();
        DATA.get_or_init(|| {
            serde_json::from_str(include_str!("../openclaw-config.json"))
                .expect("the shipped data is generated, and a test parses it")
        })
    }

    /// Returns what a whole configuration of this version must look like.
    pub(super) fn root(&self, version: &str) -> &Node {
        self.node(self.roots[version])
    }

    /// Returns the node of an id found in this data.
    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }
}

impl Node {
    /// Says whether the value is of a type that is accepted here, whatever it holds.
    pub(super) fn takes_type_of(&self, value: &Value) -> bool {
        self.any
            || match value {
                Value::Null => self.null,
                Value::Bool(_) => !self.booleans.is_empty(),
                Value::Number(_) => self.numbers.is_some(),
                Value::String(_) => self.strings.is_some(),
                Value::Array(_) => !self.lists.is_empty(),
                Value::Object(_) => !self.objects.is_empty(),
            }
    }
}

impl Shape {
    /// Returns what the key may hold; nothing for a key that this form does not have.
    pub(super) fn key(&self, key: &str) -> Option<Id> {
        self.keys.get(key).copied().or(self.others)
    }
}

impl Numbers {
    pub(super) fn accept(&self, number: f64) -> bool {
        !(self.integer && number.fract() != 0.0
            || self.min.is_some_and(|min| number < min)
            || self.max.is_some_and(|max| number > max)
            || self.over.is_some_and(|over| number <= over))
    }
}

impl Strings {
    /// Says whether the application takes the text, or may after substitution of `${VAR}`.
    pub(super) fn accept(&self, text: &str) -> bool {
        let listed =
            self.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|word| word == text));
        (listed && text.len() >= self.shortest)
            || self.rewritten.iter().any(|word| word == text)
            || is_substituted(text)
    }
}

/// Says whether the text holds `${NAME}`, which the application replaces from its
/// environment; only capitals, digits and `_` make a name, and `$${NAME}` is an escape.
pub(super) fn is_substituted(text: &str) -> bool {
    text.match_indices("${").any(|(start, _)| {
        let name = &text.as_bytes()[start + 2..];
        let length =
            name.iter().take_while(|b| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_')).count();
        !text[..start].ends_with('$')
            && length > 0
            && !name[0].is_ascii_digit()
            && name.get(length) == Some(&b'}')
    })
}

#[cfg(test)]
mod tests {
    use super::super::{NEWEST_KNOWN, OLDEST_KNOWN};
    use super::*;

    #[test]
    fn the_shipped_data_holds_both_versions_and_no_cycle() {
        let data = Data::get();
        let versions: Vec<&str> = data.roots.keys().map(String::as_str).collect();
        assert_eq!(versions, [OLDEST_KNOWN, NEWEST_KNOWN]);
        for (id, node) in data.nodes.iter().enumerate() {
            let keys = node.objects.iter().flat_map(|shape| shape.keys.values());
            let others = node.objects.iter().filter_map(|shape| shape.others.as_ref());
            for child in node.lists.iter().chain(keys).chain(others) {
                assert!((*child as usize) < id, "node {id} points at {child}");
            }
        }
    }

    #[test]
    fn only_a_variable_of_capitals_is_substituted() {
        for text in ["${PORT}", "a ${_A1} b", "${x} ${X}", "$${X} ${X}"] {
            assert!(is_substituted(text), "{text}");
        }
        for text in ["", "$PORT", "${port}", "${1A}", "${}", "${A", "$${PORT}", "${A:-b}"] {
            assert!(!is_substituted(text), "{text}");
        }
    }
}
