//! What a schema says about a field.

use std::fmt::Write as _;

use serde_json::Value;

use crate::diagnostic::closest::closest;
use crate::validate::CHECKS;

/// A schema, and the defaults that it does not hold.
pub(in crate::cli) struct Schema {
    /// The schema of the whole file.
    pub(in crate::cli) root: Value,
    /// Returns the default of a field.
    pub(in crate::cli) default: fn(&str) -> Option<String>,
}

/// A field that was looked up.
struct Field<'a> {
    node: &'a Value,
    is_required: bool,
    /// Its path, with `[]` for the items of a list.
    path: String,
}

/// Returns the fields of an object, or of the items of a list.
pub(in crate::cli) fn fields(node: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object(node).get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// The object that a list is of.
fn object(node: &Value) -> &Value {
    match (node.get("properties"), node.get("items")) {
        (None, Some(items)) => object(items),
        _ => node,
    }
}

fn is_required(node: &Value, name: &str) -> bool {
    let required = object(node).get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|one| one == name))
}

/// Finds a field; people may leave out the `[]` of lists.
fn find<'a>(root: &'a Value, path: &str) -> Option<Field<'a>> {
    let mut found = Field { node: root, is_required: false, path: String::new() };
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let name = segment.trim_end_matches("[]");
        let is_required = is_required(found.node, name);
        let is_item = found.node.get("properties").is_none() && found.node.get("items").is_some();
        let node = object(found.node).get("properties")?.get(name)?;
        let dot = if found.path.is_empty() { "" } else { "." };
        let items = if is_item { "[]" } else { "" };
        found = Field { node, is_required, path: format!("{}{items}{dot}{name}", found.path) };
    }
    Some(found)
}

/// Explains a field; `None` when the schema has none at the path.
pub(in crate::cli) fn text(
    schema: &Schema,
    title: &str,
    path: &str,
    recursive: bool,
) -> Option<String> {
    let field = find(&schema.root, path)?;
    let node = field.node;
    let mut text = format!("{title} {}\n", kind(node, field.is_required));
    let out = &mut text;
    // A String takes every text, so writing to it cannot fail.
    if let Some(description) = node["description"].as_str() {
        _ = writeln!(out, "\n{description}");
    }
    if let Some(default) = (schema.default)(&field.path) {
        _ = writeln!(out, "\ndefault: {default}");
    }
    let allowed = allowed(node);
    if !allowed.is_empty() {
        _ = writeln!(out, "\nallowed: {}", allowed.join(", "));
    }
    if let Some(limits) = limits(node) {
        _ = writeln!(out, "\nlimits: {limits}");
    }
    if fields(node).next().is_some() {
        out.push_str("\nfields:\n");
        if recursive { tree(out, node, 1) } else { list(out, schema, &field) }
    }
    if let Some(codes) = related(path) {
        _ = writeln!(out, "\nfindings: {codes}");
    }
    Some(text)
}

fn list(out: &mut String, schema: &Schema, field: &Field<'_>) {
    for (name, node) in fields(field.node) {
        let description = node["description"].as_str().unwrap_or_default();
        let line = description.lines().next().unwrap_or_default();
        let below =
            if field.path.is_empty() { name.clone() } else { format!("{}.{name}", field.path) };
        let default = (schema.default)(&below).map(|default| format!(" Default: {default}."));
        let kind = kind(node, is_required(field.node, name));
        _ = writeln!(out, "  {name} {kind}  {line}{}", default.unwrap_or_default());
    }
}

fn tree(out: &mut String, node: &Value, depth: usize) {
    for (name, below) in fields(node) {
        let kind = kind(below, is_required(node, name));
        _ = writeln!(out, "{}{name} {kind}", "  ".repeat(depth));
        tree(out, below, depth + 1);
    }
}

fn kind(node: &Value, is_required: bool) -> String {
    format!("<{}>{}", type_name(node), if is_required { " -required-" } else { "" })
}

fn type_name(node: &Value) -> String {
    if node.get("x-kubernetes-int-or-string").is_some() {
        return "integer or string".to_owned();
    }
    let name = match &node["type"] {
        Value::String(word) => Some(word.as_str()),
        // An optional value of openclaw.yaml.
        Value::Array(words) => words.iter().filter_map(Value::as_str).find(|word| *word != "null"),
        _ => None,
    };
    match name {
        Some("array") => format!("[]{}", type_name(&node["items"])),
        Some("object") if node.get("additionalProperties").is_some_and(Value::is_object) => {
            format!("map[string]{}", type_name(&node["additionalProperties"]))
        }
        Some(word) => word.to_owned(),
        None if node.get("enum").is_some() || node.get("oneOf").is_some() => "string".to_owned(),
        None => "any".to_owned(),
    }
}

/// Returns the words that are allowed; a choice whose words are documented is one of several.
fn allowed(node: &Value) -> Vec<&str> {
    let list = |key: &str| node.get(key).and_then(Value::as_array).into_iter().flatten();
    let words = list("enum").filter_map(Value::as_str);
    words
        .chain(
            list("oneOf").flat_map(|one| {
                one["const"].as_str().map_or_else(|| allowed(one), |word| vec![word])
            }),
        )
        .collect()
}

fn limits(node: &Value) -> Option<String> {
    let words = [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "characters at least"),
        ("maxLength", "characters at most"),
        ("minItems", "items at least"),
        ("maxItems", "items at most"),
        ("maxProperties", "entries at most"),
    ];
    let known = words.iter().filter_map(|(key, word)| {
        let limit = node.get(key)?;
        let comes_first = word.starts_with("at ");
        Some(if comes_first { format!("{word} {limit}") } else { format!("{limit} {word}") })
    });
    let known: Vec<String> = known.collect();
    (!known.is_empty()).then(|| known.join(", "))
}

/// Codes of the rules about a field and what is below it, unless that says nothing.
fn related(path: &str) -> Option<String> {
    let base = path.replace("[]", "");
    let codes: Vec<&str> = CHECKS
        .iter()
        .filter(|check| check.path.replace("[]", "").starts_with(&base))
        .map(|check| check.code)
        .collect();
    (!base.is_empty() && !codes.is_empty() && codes.len() <= 20).then(|| codes.join(", "))
}

/// Returns the path that was meant, when the word that is wrong in it is close to one.
pub(in crate::cli) fn nearest(root: &Value, path: &str) -> Option<String> {
    let mut node = root;
    let mut known = Vec::new();
    for segment in path.split('.') {
        let name = segment.trim_end_matches("[]");
        match fields(node).find(|(field, _)| *field == name) {
            Some((_, next)) => {
                known.push(segment);
                node = next;
            }
            None => {
                known.push(closest(segment, fields(node).map(|(field, _)| field.as_str()))?);
                return Some(known.join("."));
            }
        }
    }
    None
}
