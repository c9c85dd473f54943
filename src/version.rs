//! Versions of the application: what an image tag says, which is newer, and which may be taken.
//!
//! Upstream's order: year, month and patch as numbers, then alpha before beta before
//! stable, then the correction (`2026.7.1 < 2026.7.1-1 < 2026.7.2-beta.1`). Semantic
//! versioning would put `2026.7.1-2` below `2026.7.1`.

mod choice;
mod range;
mod schema;

use std::fmt;

pub use choice::{Choice, Refusal, choose, is_breaker_open};
pub use range::Range;
pub use schema::crosses_schema;

/// First patch number of the extended line, which trails the stable one by months and is
/// followed by nobody who is not on it.
const EXTENDED: u32 = 33;

/// A version of the application; the order of the fields is the order of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    year: u32,
    month: u32,
    patch: u32,
    stage: Stage,
    /// Number of the beta, or of the correction of a stable version.
    number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    Alpha,
    Beta,
    Stable,
}

impl Version {
    /// Whether the version belongs to the extended line, whose patch numbers start at 33.
    pub fn is_extended(&self) -> bool {
        self.patch >= EXTENDED
    }

    /// Whether it is neither an alpha nor a beta.
    pub fn is_stable(&self) -> bool {
        self.stage == Stage::Stable
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.year, self.month, self.patch)?;
        match (self.stage, self.number) {
            (Stage::Alpha, number) => write!(f, "-alpha.{number}"),
            (Stage::Beta, number) => write!(f, "-beta.{number}"),
            (Stage::Stable, 0) => Ok(()),
            (Stage::Stable, number) => write!(f, "-{number}"),
        }
    }
}

/// Returns the version that an image tag names; nothing for `latest` and other moving tags.
///
/// Suffixes that name a variant of the image and not a version (`-slim`, `-browser`,
/// `-amd64`, `-arm64`, `-r20260914`) are passed over.
pub fn parse(tag: &str) -> Option<Version> {
    split(tag).map(|(version, _)| version)
}

/// Returns the version of a tag and its variant: every suffix but the date of a rebuild, such as
/// `-slim`.
fn split(tag: &str) -> Option<(Version, String)> {
    let mut words = tag.split('-').peekable();
    let mut numbers = words.next()?.split('.').map(number);
    let (year, month, patch) = (numbers.next()??, numbers.next()??, numbers.next()??);
    if numbers.next().is_some() || year < 1000 || !(1..=12).contains(&month) {
        return None;
    }
    let mut version = Version { year, month, patch, stage: Stage::Stable, number: 0 };
    if let Some((stage, number)) = words.peek().and_then(|word| stage(word)) {
        version.stage = stage;
        version.number = number;
        words.next();
    }
    let mut variant = String::new();
    for word in words {
        if is_variant(word) {
            variant.push('-');
            variant.push_str(word);
        } else if !is_rebuild(word) {
            return None;
        }
    }
    Some((version, variant))
}

fn stage(word: &str) -> Option<(Stage, u32)> {
    if let Some(beta) = word.strip_prefix("beta.") {
        return Some((Stage::Beta, number(beta)?));
    }
    if let Some(alpha) = word.strip_prefix("alpha.") {
        return Some((Stage::Alpha, number(alpha)?));
    }
    Some((Stage::Stable, number(word)?))
}

fn is_variant(word: &str) -> bool {
    matches!(word, "slim" | "browser" | "amd64" | "arm64")
}

fn is_rebuild(word: &str) -> bool {
    word.strip_prefix('r').is_some_and(|date| date.len() == 8 && number(date).is_some())
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_upstream_orders_them() {
        let rising = [
            "2026.2.17",
            "2026.6.33",
            "2026.7.1-alpha.9",
            "2026.7.1-beta.6",
            "2026.7.1-beta.10",
            "2026.7.1",
            "2026.7.1-1",
            "2026.7.1-2-slim",
            "2026.7.2-beta.1",
            "2026.9.6",
            "2026.10.1-slim-arm64",
        ];
        for pair in rising.windows(2) {
            assert!(parse(pair[0]).unwrap() < parse(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(parse("2026.9.6-slim"), parse("2026.9.6"));
        assert_eq!(parse("2026.9.6-r20260914-browser"), parse("2026.9.6"));
    }

    #[test]
    fn a_moving_tag_is_no_version() {
        for tag in ["", "latest", "main", "slim", "v2026.9.6", "2026.9", "2026.9.6.1", "2026.13.1"]
        {
            assert_eq!(parse(tag), None, "{tag}");
        }
        for tag in ["2026.9.6-dev", "2026.9.6-", "2026.9.+6", "2026.9.99999999999", "26.9.6"] {
            assert_eq!(parse(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_version_is_written_as_it_was_read() {
        for tag in ["2026.9.6", "2026.7.1-2", "2026.7.1-beta.6", "2026.7.1-alpha.10"] {
            assert_eq!(parse(tag).unwrap().to_string(), tag);
        }
    }
}
