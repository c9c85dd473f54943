//! Turns a refusal into the words that a person reads.

use serde_json::Value;

use super::data::{Data, Node, Numbers, Shape, is_substituted};
use super::walk::{Problem, Refusal, Step};
use crate::diagnostic::closest::closest;

/// More words than this in a row are not read.
const MOST_LISTED: usize = 12;
/// Longer keys and values are cut, so that a message stays a line.
const LONGEST_SHOWN: usize = 40;

/// Says what was found and what is allowed; `version` is named if it alone refuses.
pub(super) fn message(refusal: &Refusal, version: Option<&str>) -> String {
    match refusal.problem {
        Problem::UnknownKey(_) => {
            let key = ticked(name(refusal).unwrap_or_default());
            match version {
                Some(version) => format!("version {version} does not know the key {key}"),
                None => format!("the application does not know the key {key}"),
            }
        }
        Problem::WrongType(node, value) => {
            let who = version.map_or("the application".to_owned(), |v| format!("version {v}"));
            let found = shown(refusal, node, value)
                .map_or(kind_of(value).to_owned(), |text| format!("{text}, {}", kind_of(value)));
            format!("found {found}; {who} expects {}", expected(node))
        }
        Problem::NotAllowed(node, value) => {
            let found = shown(refusal, node, value).unwrap_or("the value".to_owned());
            let suffix = version.map_or(String::new(), |v| format!(" in version {v}"));
            format!("{found} {}{suffix}", why_not(node, value))
        }
    }
}

/// Says what to write instead, if the schema tells.
pub(super) fn hint(refusal: &Refusal) -> Option<String> {
    match refusal.problem {
        Problem::UnknownKey(shape) => Some(unknown_key_hint(name(refusal)?, shape)),
        Problem::WrongType(node, value) => wrong_type_hint(name(refusal), node, value),
        Problem::NotAllowed(node, value) => {
            let allowed = node.strings.as_ref()?.allowed.as_ref()?;
            let meant = closest(value.as_str()?, allowed.iter().map(String::as_str))?;
            Some(format!("did you mean `{meant}`?"))
        }
    }
}

fn unknown_key_hint(key: &str, shape: &Shape) -> String {
    if let Some(meant) = closest(key, shape.keys.keys().map(String::as_str)) {
        return format!("did you mean `{meant}`?");
    }
    if (1..=MOST_LISTED).contains(&shape.keys.len()) {
        return format!("known here: {}", listed(shape.keys.keys().map(String::as_str), ", "));
    }
    "remove it: the application exits on a key that it does not know".to_owned()
}

fn wrong_type_hint(key: Option<&str>, node: &Node, value: &Value) -> Option<String> {
    if let Some(allowed) = node.strings.as_ref().and_then(|strings| strings.allowed.as_ref()) {
        let allowed = listed(allowed.iter().map(String::as_str), ", ");
        return Some(format!("allowed: {allowed}"));
    }
    let hint = match value {
        Value::Null => "leave the key out",
        Value::String(text) if is_substituted(text) => {
            "a variable always gives a string; write the value itself"
        }
        Value::String(text) if bare(node, text) => "leave out the quotes",
        Value::Number(_) if node.strings.is_some() => "put it in quotes",
        Value::Bool(_) if node.strings.is_some() && node.objects.is_empty() => "put it in quotes",
        Value::Array(_) => return None,
        _ => match &node.objects[..] {
            [shape] => return object_hint(key, shape, value),
            [] if !node.lists.is_empty() => "put it in a list: `[...]`",
            _ => return None,
        },
    };
    Some(hint.to_owned())
}

/// Shows the form of an object to someone who wrote a switch or a word instead.
fn object_hint(key: Option<&str>, shape: &Shape, value: &Value) -> Option<String> {
    let label = key.map_or(String::new(), |key| format!("{}: ", cut(key)));
    if value.is_boolean() {
        if let Some(modes) = words_of(shape, "mode") {
            let mode = modes.iter().find(|mode| *mode == "off").or(modes.first())?;
            let modes = listed(modes.iter().map(String::as_str), ", ");
            return Some(format!("write `{label}{{mode: \"{mode}\"}}`; allowed modes {modes}"));
        }
        if shape.keys.contains_key("enabled") {
            return Some(format!("write `{label}{{enabled: {value}}}`"));
        }
    }
    if !(1..=MOST_LISTED).contains(&shape.keys.len()) {
        return None;
    }
    let keys = shape.keys.keys().map(|key| match words_of(shape, key) {
        Some(words) => format!("`{key}` ({})", listed(words.iter().map(String::as_str), " or ")),
        None => format!("`{key}`"),
    });
    Some(format!("its keys are {}", keys.collect::<Vec<_>>().join(", ")))
}

/// Returns the words that a key of the object may hold, if they are a fixed set.
fn words_of<'a>(shape: &'a Shape, key: &str) -> Option<&'a [String]> {
    let node = Data::get().node(*shape.keys.get(key)?);
    let more = node.numbers.is_some() || !node.booleans.is_empty() || !node.objects.is_empty();
    if more { None } else { node.strings.as_ref()?.allowed.as_deref() }
}

/// Says what types may stand at the node.
fn expected(node: &Node) -> String {
    let number = match &node.numbers {
        Some(Numbers { integer: true, .. }) => Some("an integer"),
        Some(_) => Some("a number"),
        None => None,
    };
    let types = [
        (!node.objects.is_empty()).then_some("an object"),
        (!node.lists.is_empty()).then_some("a list"),
        node.strings.is_some().then_some("a string"),
        number,
        (!node.booleans.is_empty()).then_some("a boolean"),
        node.null.then_some("null"),
    ];
    let types: Vec<&str> = types.into_iter().flatten().collect();
    match types.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing here".to_owned(),
    }
}

/// Ends the sentence that begins with a value of the right type.
fn why_not(node: &Node, value: &Value) -> String {
    match value {
        Value::String(_) => match node.strings.as_ref().and_then(|s| s.allowed.as_ref()) {
            Some(allowed) => {
                format!("is not one of {}", listed(allowed.iter().map(String::as_str), ", "))
            }
            None => "is empty".to_owned(),
        },
        Value::Number(number) => node.numbers.as_ref().map_or_else(String::new, |numbers| {
            let fraction = number.as_f64().is_some_and(|number| number.fract() != 0.0);
            if numbers.integer && fraction {
                return "is not an integer".to_owned();
            }
            range(numbers)
        }),
        _ => format!("is not allowed, only `{}` is", !value.as_bool().unwrap_or_default()),
    }
}

fn range(numbers: &Numbers) -> String {
    match (numbers.min, numbers.max, numbers.over) {
        (Some(min), Some(max), _) => format!("is outside {min} to {max}"),
        (_, Some(max), Some(over)) => format!("is not above {over} and up to {max}"),
        (Some(min), None, _) => format!("is below {min}"),
        (None, Some(max), None) => format!("is above {max}"),
        (None, None, over) => format!("is not above {}", over.unwrap_or_default()),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Returns the value in ticks, unless it is long, has parts or may be secret.
///
/// A string is shown only where a fixed word, a number or a boolean belongs: anywhere else
/// it may be a token that somebody put in the wrong place.
fn shown(refusal: &Refusal, node: &Node, value: &Value) -> Option<String> {
    let secret = name(refusal).is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        ["token", "secret", "password", "key", "auth"].iter().any(|word| name.contains(word))
    });
    let words = node.strings.as_ref().is_some_and(|strings| strings.allowed.is_some());
    match value {
        Value::Bool(flag) => Some(format!("`{flag}`")),
        Value::Number(number) if !secret => Some(format!("`{number}`")),
        Value::String(text) if text.is_empty() => Some("`\"\"`".to_owned()),
        Value::String(text) if !secret && (words || bare(node, text)) => {
            (text.len() <= LONGEST_SHOWN).then(|| ticked(text))
        }
        _ => None,
    }
}

/// Says whether the text without quotes would be what the node wants.
fn bare(node: &Node, text: &str) -> bool {
    let flag = matches!(text, "true" | "false");
    (flag && !node.booleans.is_empty()) || (text.parse::<f64>().is_ok() && node.numbers.is_some())
}

/// Returns the key at the end of the path; a place in a list has none.
fn name<'a>(refusal: &Refusal<'a>) -> Option<&'a str> {
    match refusal.path.last()? {
        Step::Key(key) => Some(key),
        Step::Index(_) => None,
    }
}

fn listed<'a>(words: impl ExactSizeIterator<Item = &'a str>, between: &str) -> String {
    let more = words.len().saturating_sub(MOST_LISTED);
    let words: Vec<String> = words.take(MOST_LISTED).map(|word| format!("`{word}`")).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", words.join(between))
}

fn ticked(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// Cuts a long text and replaces what would break the line or hide in it.
fn cut(text: &str) -> String {
    let rest = if text.chars().nth(LONGEST_SHOWN).is_some() { "…" } else { "" };
    let shown = text.chars().take(LONGEST_SHOWN);
    shown.map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect::<String>() + rest
}
