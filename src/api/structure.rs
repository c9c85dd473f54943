//! Checks the shape of a document against a schema: every unknown field, wrong type and missing
//! field at once, each with its place.
//!
//! The schema is the one of the CRD, so what passes here is what the API server keeps.

mod walk;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::source::Document;
use crate::diagnostic::Report;

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
        let (types, allowed) = (types(schema), [texts("enum"), constants(schema)].concat());
        Self {
            // Documented enums name no type, and all of ours are texts.
            types: if types.is_empty() && !allowed.is_empty() { vec![Type::Text] } else { types },
            allowed,
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
        let mut walk = walk::Walk::new(document, report);
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
