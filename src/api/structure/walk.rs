//! Walks a document beside its schema and tells what does not fit.

use super::{Part, Schema, Type};
use crate::api::source::{Document, Entry, Kind, Node};
use crate::diagnostic::closest::closest;
use crate::diagnostic::{Finding, Place, Report, Span, key_path};

/// Most findings about the shape of one document; what is wrong more often is wrong in one way.
const MOST: usize = 200;

/// One walk through a document beside its schema.
pub(super) struct Walk<'a> {
    document: &'a Document,
    report: &'a mut Report,
    found: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(document: &'a Document, report: &'a mut Report) -> Self {
        Self { document, report, found: 0 }
    }

    fn add(
        &mut self,
        code: &'static str,
        path: &str,
        span: Span,
        message: String,
        hint: Option<&str>,
    ) {
        self.found += 1;
        if self.found > MOST {
            return;
        }
        let place = Place { source: self.document.source.clone(), span };
        self.report.push(Finding::at(code, path, message, hint, place));
    }

    pub(super) fn node(&mut self, schema: &Schema, node: &Node, path: &str) {
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
                        let below = format!("{path}[{index}]");
                        if matches!(item.kind, Kind::Null) && !schema.types.is_empty() {
                            self.wrong_type(schema, item, &below);
                        }
                        self.node(schema, item, &below);
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
            Kind::Number(_) => format!("the number `{}`", clip(written)),
            Kind::String(_) if written.len() <= 60 && !written.contains('\n') => {
                format!("the text `{written}`")
            }
            Kind::String(_) => "a text".to_owned(),
            Kind::List(_) => "a list".to_owned(),
            Kind::Map(_) => "a mapping".to_owned(),
        };
        let allowed: Vec<&str> = schema.types.iter().map(|t| t.words()).collect();
        let hint = repair(schema, node, written);
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
            self.add("OC0014", path, span, "found an empty text".to_owned(), Some("write a value"));
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
            let written = &self.document.source.text[node.span.start..node.span.end];
            let message = format!("found `{}`, allowed: {allowed}", clip(written));
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
                let hint = format!("add `{name}`");
                self.add("OC0013", &below, place, "is missing".to_owned(), Some(&hint));
            }
        }
    }

    fn unknown(&mut self, schema: &Schema, entry: &Entry, path: &str) {
        let key = &entry.key;
        let near = closest(key, schema.properties.keys().copied());
        let hint = near
            .map(|word| format!("did you mean `{word}`?"))
            .or_else(|| home(schema, key).map(|home| format!("`{key}` belongs into `{home}`")));
        let hint = hint.or_else(|| {
            let known: Vec<&str> = schema.properties.keys().copied().collect();
            (known.len() <= 12).then(|| format!("known here: `{}`", known.join("`, `")))
        });
        let message = format!("unknown field `{}`", clip(key));
        self.add("OC0010", path, entry.key_span, message, hint.as_deref());
    }
}

/// Returns the change that gives a value the type that is wanted, where there is a likely one.
fn repair(schema: &Schema, node: &Node, written: &str) -> Option<String> {
    let wants = |wanted: Type| schema.types.contains(&wanted);
    match &node.kind {
        Kind::Number(_) | Kind::Bool(_) if wants(Type::Text) => {
            Some(format!("write it in quotes: \"{written}\""))
        }
        Kind::String(text) if wants(Type::Integer) && text.parse::<i64>().is_ok() => {
            Some(format!("leave out the quotes: {text}"))
        }
        Kind::String(text) if wants(Type::Boolean) && matches!(text.as_str(), "true" | "false") => {
            Some(format!("leave out the quotes: {text}"))
        }
        Kind::String(_) if wants(Type::List) && written.len() <= 60 && !written.contains('\n') => {
            Some(format!("write a list: [{written}]"))
        }
        Kind::Map(_) if wants(Type::List) => Some("start each entry with `- `".to_owned()),
        Kind::Null => Some("write a value, or remove the entry".to_owned()),
        _ => None,
    }
}

/// Returns the field below `schema` that a misplaced key belongs into, when there is only one
/// such field at its depth.
fn home(schema: &Schema, key: &str) -> Option<String> {
    let mut level = vec![(String::new(), schema)];
    for _ in 0..2 {
        let next: Vec<(String, &Schema)> = level
            .iter()
            .flat_map(|(path, schema)| {
                schema.properties.iter().map(move |(name, part)| {
                    let dot = if path.is_empty() { "" } else { "." };
                    (format!("{path}{dot}{name}"), part.schema())
                })
            })
            .collect();
        let mut homes = next.iter().filter(|(_, schema)| schema.properties.contains_key(key));
        match (homes.next(), homes.next()) {
            (Some((path, _)), None) => return Some(path.clone()),
            (None, _) => level = next,
            (Some(_), Some(_)) => return None,
        }
    }
    None
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
