//! Checks the shape of a document against a schema: every unknown field, wrong type and missing
//! field at once, each with its place.
//!
//! The schema is the one of the CRD, so what passes here is what the API server keeps.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::source::{Document, Entry, Kind, Node};
use crate::diagnostic::closest::closest;
use crate::diagnostic::{Finding, Place, Report, Span, key_path};

/// A schema that was prepared for checking; its parts are prepared when a document first has them.
#[derive(Debug, Default)]
pub struct Schema {
    types: Vec<Type>,
    allowed: Vec<String>,
    properties: BTreeMap<&'static str, Part>,
    required: Vec<String>,
    others: Option<Part>,
    items: Option<Part>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    longest: Option<u64>,
    shortest: Option<u64>,
    most: Option<u64>,
    is_open: bool,
}

/// A part of a schema that waits for its first use: most documents have few of the fields of
/// Kubernetes' own types, which are most of the schema.
#[derive(Debug)]
struct Part {
    raw: &'static Value,
    prepared: OnceLock<Box<Schema>>,
}

impl Part {
    fn new(raw: &'static Value) -> Self {
        Self { raw, prepared: OnceLock::new() }
    }

    fn schema(&self) -> &Schema {
        self.prepared.get_or_init(|| Box::new(Schema::prepare(self.raw)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    List,
    Mapping,
}

impl Type {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "string" => Self::Text,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "boolean" => Self::Boolean,
            "array" => Self::List,
            "object" => Self::Mapping,
            _ => return None,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "`true` or `false`",
            Self::List => "a list",
            Self::Mapping => "a mapping",
        }
    }
}

impl Schema {
    /// Prepares a JSON Schema whose references are resolved already. It stays in memory for the
    /// life of the process, as there is one a kind of file.
    pub fn compile(schema: Value) -> Self {
        Self::prepare(Box::leak(Box::new(schema)))
    }

    fn prepare(schema: &'static Value) -> Self {
        let texts = |key: &str| -> Vec<String> {
            let items = schema.get(key).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let number = |key: &str| schema.get(key).and_then(Value::as_f64);
        let count = |key: &str| schema.get(key).and_then(Value::as_u64);
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let part = |key: &str| schema.get(key).filter(|v| v.is_object()).map(Part::new);
        Self {
            types: types(schema),
            allowed: [texts("enum"), constants(schema)].concat(),
            properties: properties.map(|(k, v)| (k.as_str(), Part::new(v))).collect(),
            required: texts("required"),
            others: part("additionalProperties"),
            items: part("items"),
            minimum: number("minimum"),
            maximum: number("maximum"),
            longest: count("maxLength"),
            shortest: count("minLength"),
            most: count("maxItems").or_else(|| count("maxProperties")),
            is_open: schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(true)),
        }
    }

    /// Adds a finding for each thing in `document` that the schema does not allow.
    pub fn check(&self, document: &Document, report: &mut Report) {
        let mut walk = Walk { document, report };
        walk.node(self, &document.root, "");
    }

    /// Returns the schema of a field.
    pub fn field(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).map(Part::schema)
    }
}

fn types(schema: &Value) -> Vec<Type> {
    if schema.get("x-kubernetes-int-or-string").is_some() {
        return vec![Type::Integer, Type::Text];
    }
    match schema.get("type") {
        Some(Value::String(word)) => Type::parse(word).into_iter().collect(),
        Some(Value::Array(words)) => {
            words.iter().filter_map(Value::as_str).filter_map(Type::parse).collect()
        }
        _ => Vec::new(),
    }
}

/// Documented enums are alternatives of one constant each.
fn constants(schema: &Value) -> Vec<String> {
    let list = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    list.flat_map(|item| {
        let one = item.get("const").into_iter();
        let many = item.get("enum").and_then(Value::as_array).into_iter().flatten();
        one.chain(many).filter_map(Value::as_str).map(str::to_owned)
    })
    .collect()
}

struct Walk<'a> {
    document: &'a Document,
    report: &'a mut Report,
}

impl Walk<'_> {
    fn add(
        &mut self,
        code: &'static str,
        path: &str,
        span: Span,
        message: String,
        hint: Option<&str>,
    ) {
        let place = Place { source: self.document.source.clone(), span };
        self.report.push(Finding::at(code, path, message, hint, place));
    }

    fn node(&mut self, schema: &Schema, node: &Node, path: &str) {
        let found = match &node.kind {
            // A field without a value is absent.
            Kind::Null => return,
            Kind::Bool(_) => Type::Boolean,
            Kind::Number(number) if number.is_f64() => Type::Number,
            Kind::Number(_) => Type::Integer,
            Kind::String(_) => Type::Text,
            Kind::List(_) => Type::List,
            Kind::Map(_) => Type::Mapping,
        };
        let fits = schema.types.is_empty()
            || schema.types.contains(&found)
            || (found == Type::Integer && schema.types.contains(&Type::Number));
        if !fits {
            self.wrong_type(schema, node, path);
            return;
        }
        match &node.kind {
            Kind::String(text) => self.text(schema, text, node.span, path),
            Kind::Number(number) => self.number(schema, number.as_f64(), node, path),
            Kind::List(items) => {
                self.count(schema, items.len(), node.span, path);
                if let Some(schema) = schema.items.as_ref().map(Part::schema) {
                    for (index, item) in items.iter().enumerate() {
                        self.node(schema, item, &format!("{path}[{index}]"));
                    }
                }
            }
            Kind::Map(entries) => self.map(schema, entries, node.span, path),
            Kind::Null | Kind::Bool(_) => {}
        }
    }

    fn wrong_type(&mut self, schema: &Schema, node: &Node, path: &str) {
        let written = &self.document.source.text[node.span.start..node.span.end];
        let found = match &node.kind {
            Kind::Null => "nothing".to_owned(),
            Kind::Bool(_) => format!("`{written}`"),
            Kind::Number(_) => format!("the number `{written}`"),
            Kind::String(_) if written.len() <= 60 && !written.contains('\n') => {
                format!("the text `{written}`")
            }
            Kind::String(_) => "a text".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
        };
        let allowed: Vec<&str> = schema.types.iter().map(|t| t.words()).collect();
        let quotable = matches!(node.kind, Kind::Number(_) | Kind::Bool(_));
        let hint = (quotable && schema.types.contains(&Type::Text))
            .then(|| format!("write it in quotes: \"{written}\""));
        let span = match &node.kind {
            Kind::List(_) | Kind::Map(_) => self.document.place(path).span,
            _ => node.span,
        };
        let message = format!("found {found}, allowed: {}", allowed.join(" or "));
        self.add("OC0011", path, span, message, hint.as_deref());
    }

    fn text(&mut self, schema: &Schema, text: &str, span: Span, path: &str) {
        if !schema.allowed.is_empty() && !schema.allowed.iter().any(|word| word == text) {
            let words: Vec<String> = schema.allowed.iter().map(|w| format!("`{w}`")).collect();
            let meant = closest(text, schema.allowed.iter().map(String::as_str));
            let hint = meant.map(|word| format!("did you mean `{word}`?"));
            let message = format!("found `{}`, allowed: {}", clip(text), words.join(", "));
            self.add("OC0012", path, span, message, hint.as_deref());
        }
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        if schema.longest.is_some_and(|longest| length > longest) {
            let longest = schema.longest.unwrap_or_default();
            let message = format!("found {length} characters, allowed: at most {longest}");
            self.add("OC0014", path, span, message, None);
        }
        if schema.shortest.is_some_and(|shortest| length < shortest) {
            self.add("OC0014", path, span, "found an empty text".to_owned(), None);
        }
    }

    fn number(&mut self, schema: &Schema, value: Option<f64>, node: &Node, path: &str) {
        let Some(value) = value else { return };
        let low = schema.minimum.filter(|minimum| value < *minimum);
        let high = schema.maximum.filter(|maximum| value > *maximum);
        if low.is_some() || high.is_some() {
            let allowed = match (schema.minimum, schema.maximum) {
                (Some(low), Some(high)) => format!("{low} to {high}"),
                (Some(low), None) => format!("{low} or more"),
                (None, Some(high)) => format!("{high} or less"),
                (None, None) => return,
            };
            let message = format!("found `{value}`, allowed: {allowed}");
            self.add("OC0014", path, node.span, message, None);
        }
    }

    fn count(&mut self, schema: &Schema, found: usize, span: Span, path: &str) {
        if let Some(most) = schema.most
            && u64::try_from(found).is_ok_and(|found| found > most)
        {
            let message = format!("found {found} entries, allowed: at most {most}");
            let span = if path.is_empty() { span } else { self.document.place(path).span };
            self.add("OC0014", path, span, message, None);
        }
    }

    fn map(&mut self, schema: &Schema, entries: &[Entry], span: Span, path: &str) {
        self.count(schema, entries.len(), span, path);
        for entry in entries {
            let below =
                if path.is_empty() { entry.key.clone() } else { key_path(path, &entry.key) };
            let part = schema.properties.get(entry.key.as_str()).or(schema.others.as_ref());
            if let Some(part) = part {
                self.node(part.schema(), &entry.value, &below);
            } else if !schema.is_open && !schema.properties.is_empty() {
                self.unknown(schema, entry, &below);
            }
        }
        for name in &schema.required {
            let found = entries.iter().find(|entry| entry.key == *name);
            if found.is_none_or(|entry| matches!(entry.value.kind, Kind::Null)) {
                let below = if path.is_empty() { name.clone() } else { key_path(path, name) };
                let place = self.document.place(path).span;
                let message = format!("`{name}` is missing");
                self.add("OC0013", &below, place, message, None);
            }
        }
    }

    fn unknown(&mut self, schema: &Schema, entry: &Entry, path: &str) {
        let key = &entry.key;
        let near = closest(key, schema.properties.keys().copied());
        let hint = near.map(|word| format!("did you mean `{word}`?")).or_else(|| {
            let child =
                schema.properties.iter().find(|(_, child)| child.schema().field(key).is_some());
            child.map(|(name, _)| format!("`{key}` belongs into `{name}`"))
        });
        let hint = hint.or_else(|| {
            let known: Vec<&str> = schema.properties.keys().copied().collect();
            (known.len() <= 12).then(|| format!("known here: `{}`", known.join("`, `")))
        });
        let message = format!("unknown field `{}`", clip(key));
        self.add("OC0010", path, entry.key_span, message, hint.as_deref());
    }
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
