//! Bounds of the versions that may be taken, such as `>=2026.7.1, <2027`.

use std::fmt;
use std::str::FromStr;

use super::{Stage, Version};

/// Bounds that all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range(Vec<Bound>);

/// A comparison with a version that may be shortened: only the parts that are written count, so
/// `<2027` leaves out all of 2027, and `>2026.7` all of July.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    comparison: Comparison,
    /// Year, month, patch and correction, as far as they are written.
    parts: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Range {
    /// Whether a version lies within all bounds. An alpha or a beta counts as just before its
    /// version.
    pub fn contains(&self, version: &Version) -> bool {
        self.0.iter().all(|bound| bound.holds(version))
    }
}

impl Bound {
    fn holds(&self, version: &Version) -> bool {
        let correction = if version.stage == Stage::Stable { version.number } else { 0 };
        let parts = [version.year, version.month, version.patch, correction];
        let mut order = parts[..self.parts.len()].cmp(&self.parts[..]);
        if version.stage != Stage::Stable && order.is_eq() && self.parts.len() >= 3 {
            order = std::cmp::Ordering::Less;
        }
        match self.comparison {
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Equal => order.is_eq(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::More => order.is_gt(),
        }
    }
}

/// The part of a text that is no bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found `{}`, allowed: bounds such as `>=2026.7.1, <2027`", self.0)
    }
}

impl FromStr for Range {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let bounds: Result<_, _> = text.split(',').map(|part| bound(part.trim())).collect();
        bounds.map(Self)
    }
}

fn bound(text: &str) -> Result<Bound, Fault> {
    let fault = || Fault(text.to_owned());
    let version = text.trim_start_matches(['<', '>', '=']);
    let comparison = match &text[..text.len() - version.len()] {
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        "" | "=" => Comparison::Equal,
        ">=" => Comparison::AtLeast,
        ">" => Comparison::More,
        _ => return Err(fault()),
    };
    let version = version.trim_start();
    let (numbers, correction) = match version.split_once('-') {
        Some((numbers, correction)) => (numbers, Some(correction)),
        None => (version, None),
    };
    let mut parts: Vec<u32> =
        numbers.split('.').map(super::number).collect::<Option<_>>().ok_or_else(fault)?;
    if parts.len() > 3 {
        return Err(fault());
    }
    if let Some(correction) = correction {
        if parts.len() < 3 {
            return Err(fault());
        }
        parts.push(super::number(correction).ok_or_else(fault)?);
    }
    Ok(Bound { comparison, parts })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn a_bound_counts_as_far_as_it_is_written() {
        let check = |range: &str, inside: &[&str], outside: &[&str]| {
            let range: Range = range.parse().unwrap();
            let contains = |tag: &str| range.contains(&parse(tag).unwrap());
            inside.iter().for_each(|tag| assert!(contains(tag), "{tag} in {range:?}"));
            outside.iter().for_each(|tag| assert!(!contains(tag), "{tag} in {range:?}"));
        };
        check("<2027", &["2026.12.9-3"], &["2027.1.1", "2027.1.1-beta.1"]);
        check(">2026.7", &["2026.8.1"], &["2026.7.1", "2026.7.30-2"]);
        check("2026.7", &["2026.7.1", "2026.7.1-2"], &["2026.8.1", "2025.7.1"]);
        check("<=2026.7.1", &["2026.7.1", "2026.7.1-2", "2026.7.1-beta.1"], &["2026.7.2"]);
        check("<=2026.7.1-1", &["2026.7.1-1"], &["2026.7.1-2"]);
        check(">= 2026.7.1, <2026.9", &["2026.7.1", "2026.8.9"], &["2026.7.1-beta.2", "2026.9.1"]);
        check("=2026.7.1", &["2026.7.1-2"], &["2026.7.1-beta.1"]);
    }

    #[test]
    fn what_is_no_bound_is_named() {
        for text in
            ["", ">", "==2026", "~2026", "2026.7.1.1", "2026-1", "2026.x", "2026.7.1-b", "=>1"]
        {
            let found = format!("<2027, {text}").parse::<Range>();
            assert_eq!(found, Err(Fault(text.to_owned())));
        }
    }
}
