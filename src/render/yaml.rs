//! Turns a value into canonical YAML text.
//!
//! The same value gives the same bytes for ever: people's trees are committed, so a change here
//! rewrites every file in every repository. Strings that YAML 1.1, YAML 1.2 or Go could read as
//! anything but a string are quoted; nothing is folded, so one changed word is a one-line diff.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

/// Keys that come before the others, in this order.
const FIRST: [&str; 5] = ["apiVersion", "kind", "name", "namespace", "metadata"];

/// Longest key written in the implicit form; YAML allows 1,024 characters.
const LONGEST_KEY: usize = 1000;

/// Returns the canonical text of `value`, ending in a line feed.
pub fn write(value: &Value) -> String {
    let mut out = String::with_capacity(4096);
    match value {
        Value::Object(map) if !map.is_empty() => mapping(&mut out, map, 0, false),
        Value::Array(items) if !items.is_empty() => sequence(&mut out, items, 0, false),
        other => {
            scalar(&mut out, other, 0);
            out.push('\n');
        }
    }
    out
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn mapping(out: &mut String, map: &Map<String, Value>, depth: usize, mut inline: bool) {
    let mut one = |key: &str, value: &Value| {
        if !inline {
            indent(out, depth);
        }
        inline = false;
        entry(out, key, value, depth);
    };
    for key in FIRST {
        if let Some(value) = map.get(key) {
            one(key, value);
        }
    }
    // The map is sorted by its keys.
    for (key, value) in map {
        if !FIRST.contains(&key.as_str()) {
            one(key, value);
        }
    }
}

fn entry(out: &mut String, key: &str, value: &Value, depth: usize) {
    string_key(out, key, depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            mapping(out, map, depth + 1, false);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            sequence(out, items, depth, false);
        }
        other => {
            out.push(' ');
            scalar(out, other, depth + 1);
            out.push('\n');
        }
    }
}

fn sequence(out: &mut String, items: &[Value], depth: usize, mut inline: bool) {
    for item in items {
        if !inline {
            indent(out, depth);
        }
        inline = false;
        out.push_str("- ");
        match item {
            Value::Object(map) if !map.is_empty() => mapping(out, map, depth + 1, true),
            Value::Array(items) if !items.is_empty() => sequence(out, items, depth + 1, true),
            other => {
                scalar(out, other, depth + 1);
                out.push('\n');
            }
        }
    }
}

fn string_key(out: &mut String, key: &str, depth: usize) {
    let start = out.len();
    if is_plain(key) {
        out.push_str(key);
    } else {
        quoted(out, key);
    }
    // Escapes count: what is limited is the key as it is written.
    if out.len() - start > LONGEST_KEY {
        out.insert_str(start, "? ");
        out.push('\n');
        indent(out, depth);
    }
    out.push(':');
}

fn scalar(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => self::number(out, number),
        Value::String(text) if text.contains('\n') && is_literal(text) => {
            literal(out, text, depth);
        }
        Value::String(text) if is_plain(text) => out.push_str(text),
        Value::String(text) => quoted(out, text),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// YAML 1.1 reads `1e21` as a string: a float always has a point and a signed exponent.
fn number(out: &mut String, number: &Number) {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        out.push_str(&text);
        return;
    };
    out.push_str(mantissa);
    if !mantissa.contains('.') {
        out.push_str(".0");
    }
    out.push('e');
    if !exponent.starts_with(['-', '+']) {
        out.push('+');
    }
    out.push_str(exponent);
}

fn literal(out: &mut String, text: &str, depth: usize) {
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(out, depth.max(1));
            out.push_str(line);
        }
    }
}

/// A literal block cannot start with a space or an empty line without an indicator, nor end in
/// several line feeds without another; such rare texts are quoted instead.
fn is_literal(text: &str) -> bool {
    // Most texts are scripts in plain ASCII, whose bytes are looked at once.
    let printable = if text.is_ascii() {
        text.bytes().all(|b| matches!(b, b'\n' | b'\t' | b' '..=b'~'))
    } else {
        text.chars().all(|c| c == '\n' || c == '\t' || is_printable(c))
    };
    printable
        && !text.starts_with([' ', '\n', '\t'])
        && !text.ends_with("\n\n")
        && !text.ends_with(' ')
        && !text.contains("\n\t")
        && !text.contains(" \n")
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            // A String takes every character, so writing to it cannot fail.
            c => drop(write!(out, "\\u{:04X}", c as u32)),
        }
    }
    out.push('"');
}

/// Words that some reader takes for a boolean or null, in lower case.
const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];

fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if !bytes.iter().all(|b| b.is_ascii_alphanumeric() || b" _-./:@+,=%()~".contains(b))
        || matches!(last, b' ' | b':')
        || text.contains(": ")
    {
        return false;
    }
    match first {
        b'a'..=b'z' | b'A'..=b'Z' => !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word)),
        b'/' => true,
        b'-' => is_flag(bytes),
        b'0'..=b'9' => is_quantity(bytes),
        _ => false,
    }
}

/// Command line flags such as `--config=x`.
fn is_flag(bytes: &[u8]) -> bool {
    matches!(bytes, [b'-', b'-', letter, ..] if letter.is_ascii_alphabetic())
}

/// Quantities and durations such as `500m`, `10Gi` or `30s`: no reader takes them for numbers.
fn is_quantity(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    matches!(
        &bytes[digits..],
        [b'm' | b's' | b'h' | b'd' | b'k' | b'K' | b'M' | b'G' | b'T' | b'P']
            | [b'K' | b'M' | b'G' | b'T' | b'P', b'i']
            | [b'm', b's']
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn identity_comes_first_and_the_rest_is_sorted() {
        let value = json!({"spec": {"b": 1, "name": "x", "a": []}, "metadata": {"namespace": "ns",
            "name": "m", "labels": {}}, "kind": "K", "apiVersion": "v1"});
        assert_eq!(
            write(&value),
            "apiVersion: v1\nkind: K\nmetadata:\n  name: m\n  namespace: ns\n  labels: {}\n\
             spec:\n  name: x\n  a: []\n  b: 1\n"
        );
    }

    #[test]
    fn lists_nest_and_texts_of_several_lines_stay_readable() {
        let value = json!({"a": [{"name": "x", "v": [1, 2]}, [["deep"]], "s\nt\n", "u\nv"]});
        assert_eq!(
            write(&value),
            "a:\n- name: x\n  v:\n  - 1\n  - 2\n- - - deep\n- |\n  s\n  t\n- |-\n  u\n  v\n"
        );
    }

    #[test]
    fn whatever_a_reader_could_misread_is_quoted() {
        for word in [
            "yes",
            "No",
            "ON",
            "y",
            "~",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "- a",
            "1_000",
            "12:30",
            "0x1F",
            "1e3",
            "0o14",
            "2001-01-01",
            "=",
            "<<",
            ".5",
            ".inf",
            "null",
            "*a",
            "&a",
            "!t",
            "%d",
            "@x",
            "`x`",
            "a:",
            "{a",
            "[a",
            "|",
            ">",
            "'",
            "\"",
            "1.0",
            "+1",
            "0b1",
        ] {
            let text = write(&json!({ "k": word }));
            assert!(text.starts_with("k: \""), "{word:?} came out as {text:?}");
        }
        for word in
            ["500m", "10Gi", "30s", "--a=b", "/x/y", "http://a:80/b", "a b", "arn:aws:x::y/z"]
        {
            assert_eq!(write(&json!({ "k": word })), format!("k: {word}\n"));
        }
    }

    #[test]
    fn numbers_read_alike_everywhere() {
        assert_eq!(
            write(&json!([1, -2, 0.5, 1e21, 1e-9])),
            "- 1\n- -2\n- 0.5\n- 1.0e+21\n- 1.0e-9\n"
        );
    }
}
