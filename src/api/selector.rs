//! Label selectors as kubectl takes them: `track=canary,tier in (a, b),!legacy`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Requirements that all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Requirement {
    /// The label is there.
    Has(String),
    /// It is not.
    HasNot(String),
    /// Its value is one of these.
    In(String, Vec<String>),
    /// It is not there, or its value is none of these.
    NotIn(String, Vec<String>),
}

/// The part of a text that is no requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let allowed =
            "`key=value`, `key!=value`, `key in (a, b)`, `key notin (a, b)`, `key`, `!key`";
        write!(f, "found `{}`, allowed: {allowed}", self.0)
    }
}

impl Selector {
    /// Whether labels meet every requirement.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| match requirement {
            Requirement::Has(key) => labels.contains_key(key),
            Requirement::HasNot(key) => !labels.contains_key(key),
            Requirement::In(key, values) => {
                labels.get(key).is_some_and(|value| values.contains(value))
            }
            Requirement::NotIn(key, values) => {
                labels.get(key).is_none_or(|value| !values.contains(value))
            }
        })
    }
}

impl FromStr for Selector {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        parts(text).into_iter().map(requirement).collect::<Result<_, _>>().map(Self)
    }
}

/// Cuts at the commas that lie outside parentheses.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(part: &str) -> Result<Requirement, Fault> {
    let part = part.trim();
    let fault = || Fault(part.to_owned());
    let key = |text: &str| word(text).filter(|key| !key.is_empty()).ok_or_else(fault);
    if let Some(rest) = part.strip_prefix('!') {
        return Ok(Requirement::HasNot(key(rest)?));
    }
    if let Some((left, list)) = part.strip_suffix(')').and_then(|part| part.split_once('(')) {
        let values: Option<Vec<String>> = list.split(',').map(word).collect();
        let values = values.ok_or_else(fault)?;
        return match left.trim().rsplit_once(char::is_whitespace) {
            Some((left, "in")) => Ok(Requirement::In(key(left)?, values)),
            Some((left, "notin")) => Ok(Requirement::NotIn(key(left)?, values)),
            _ => Err(fault()),
        };
    }
    let value = |text: &str| word(text).map(|value| vec![value]).ok_or_else(fault);
    if let Some((left, right)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(key(left)?, value(right)?));
    }
    if let Some((left, right)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::In(key(left)?, value(right)?));
    }
    key(part).map(Requirement::Has)
}

/// A key or a value, which may be empty; none when it holds what neither may.
fn word(text: &str) -> Option<String> {
    let text = text.trim();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    text.bytes().all(is_plain).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn requirements_are_met_as_kubectl_meets_them() {
        let canary = labels(&[("track", "canary"), ("example.com/tier", "a")]);
        for (text, expected) in [
            ("track=canary", true),
            ("track == canary", true),
            ("track!=canary", false),
            ("track=stable", false),
            ("track in (stable, canary)", true),
            ("track notin (stable,canary)", false),
            ("other notin (a)", true),
            ("other!=a", true),
            ("track", true),
            ("!track", false),
            ("!other , example.com/tier=a", true),
            ("track=canary,example.com/tier in (b)", false),
            ("track=", false),
        ] {
            assert_eq!(text.parse::<Selector>().unwrap().matches(&canary), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_requirement_is_named() {
        for (text, found) in [
            ("", ""),
            ("a=b,", ""),
            ("=b", "=b"),
            ("!", "!"),
            ("a in b", "a in b"),
            ("a of (b)", "a of (b)"),
            ("a=b c", "a=b c"),
            ("a>1", "a>1"),
            ("a in (b", "a in (b"),
        ] {
            assert_eq!(text.parse::<Selector>(), Err(Fault(found.to_owned())), "{text}");
        }
    }
}
