//! Nodes of a document and the paths that lead to them.

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use crate::diagnostic::{Place, Source, Span};

/// One YAML document.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text that it was read from.
    pub source: Arc<Source>,
    /// Its root.
    pub root: Node,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it is.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
}

impl Default for Document {
    /// An empty text.
    fn default() -> Self {
        let source = Arc::new(Source::new("", ""));
        Self { source, root: Node { span: Span::default(), kind: Kind::Null } }
    }
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// Returns the value without places.
    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::String(text) => Value::String(text.clone()),
            Kind::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Kind::Map(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    map.insert(entry.key.clone(), entry.value.value());
                }
                Value::Object(map)
            }
        }
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }
}

/// One step of a path.
#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Splits `spec.a[0]["b.c"]` into its steps.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            if inside.starts_with('"') {
                let mut stream = serde_json::Deserializer::from_str(inside).into_iter::<String>();
                let Some(Ok(key)) = stream.next() else { break };
                rest = inside.get(stream.byte_offset()..).unwrap_or_default();
                rest = rest.strip_prefix(']').unwrap_or(rest);
                steps.push(Step::Key(key));
            } else {
                let (digits, after) = inside.split_once(']').unwrap_or((inside, ""));
                let Ok(index) = digits.parse() else { break };
                steps.push(Step::Index(index));
                rest = after;
            }
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            steps.push(Step::Key(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    steps
}

/// Removes what lies at a path; nothing when there is nothing.
pub fn remove(value: &mut Value, path: &str) {
    let mut steps = steps(path);
    let Some(last) = steps.pop() else { return };
    let mut node = value;
    for step in steps {
        let next = match step {
            Step::Key(key) => node.get_mut(&key),
            Step::Index(index) => node.get_mut(index),
        };
        let Some(next) = next else { return };
        node = next;
    }
    match (last, node) {
        (Step::Key(key), Value::Object(map)) => drop(map.remove(&key)),
        // The places of the other items stay what they are.
        (Step::Index(index), Value::Array(items)) if index < items.len() => {
            items[index] = Value::Null;
        }
        _ => {}
    }
}

impl Document {
    /// Returns the value of the whole document.
    pub fn value(&self) -> Value {
        self.root.value()
    }

    /// Returns where a field is: its value, or its key when the value has lines of its own. For
    /// a field that does not exist it is the nearest one above it.
    pub fn place(&self, path: &str) -> Place {
        Place { source: Arc::clone(&self.source), span: self.find(path).value }
    }

    /// Returns where the key of a field is.
    pub fn place_of_key(&self, path: &str) -> Place {
        Place { source: Arc::clone(&self.source), span: self.find(path).key }
    }

    /// Whether a field has a value; a null is none.
    pub fn has(&self, path: &str) -> bool {
        self.find(path).exists
    }

    fn find(&self, path: &str) -> Found {
        let mut node = &self.root;
        let first = first_key(node).unwrap_or(Span { end: node.span.start, ..node.span });
        let mut found = Found { value: first, key: first, exists: false };
        for step in steps(path) {
            match step {
                Step::Key(key) => {
                    let Some(entry) = node.entry(&key) else { return found };
                    node = &entry.value;
                    found.key = entry.key_span;
                    found.value = best(node, entry.key_span);
                }
                Step::Index(index) => {
                    let Kind::List(items) = &node.kind else { return found };
                    let Some(item) = items.get(index) else { return found };
                    node = item;
                    found.value = first_key(node).unwrap_or(node.span);
                    found.key = found.value;
                }
            }
        }
        found.exists = !matches!(node.kind, Kind::Null);
        found
    }

    /// Returns the paths of what exists at `pattern`, where `[]` stands for every item of a list.
    pub fn expand(&self, pattern: &str) -> Vec<String> {
        let mut found: Vec<(String, &Node)> = vec![(String::new(), &self.root)];
        for segment in pattern.split('.').filter(|segment| !segment.is_empty()) {
            let name = segment.trim_end_matches("[]");
            found = found
                .into_iter()
                .filter_map(|(path, node)| {
                    let dot = if path.is_empty() { "" } else { "." };
                    Some((format!("{path}{dot}{name}"), &node.entry(name)?.value))
                })
                .collect();
            for _ in 0..segment.matches("[]").count() {
                found = found
                    .into_iter()
                    .flat_map(|(path, node)| {
                        let items = match &node.kind {
                            Kind::List(items) => &items[..],
                            _ => &[],
                        };
                        let indexed = items.iter().enumerate();
                        indexed.map(move |(at, item)| (format!("{path}[{at}]"), item))
                    })
                    .collect();
            }
        }
        found.into_iter().map(|(path, _)| path).collect()
    }
}

/// The places of a field.
struct Found {
    /// Its value, or its key when the value has lines of its own.
    value: Span,
    key: Span,
    /// Whether it is written; else the places are those of the nearest one above it.
    exists: bool,
}

fn first_key(node: &Node) -> Option<Span> {
    match &node.kind {
        Kind::Map(entries) => entries.first().map(|entry| entry.key_span),
        _ => None,
    }
}

fn best(node: &Node, key: Span) -> Span {
    match &node.kind {
        Kind::List(_) | Kind::Map(_) | Kind::Null => key,
        _ if node.span.end <= node.span.start => key,
        _ => node.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_into_keys_and_indexes() {
        let key = |text: &str| Step::Key(text.to_owned());
        assert_eq!(
            steps(r#"spec.a[0].b["c.d]\"e"][2].f"#),
            [
                key("spec"),
                key("a"),
                Step::Index(0),
                key("b"),
                key("c.d]\"e"),
                Step::Index(2),
                key("f")
            ]
        );
        assert!(steps("").is_empty());
    }
}
