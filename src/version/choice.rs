//! Which of a registry's tags an instance may be updated to.

use super::{Range, Version, split};

/// Failed versions newer than the committed one that stop further updates.
const BREAKER: usize = 3;

/// What there is to update to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice<'a> {
    /// Newest first: the first that exists for every platform and is old enough is taken.
    pub allowed: Vec<&'a str>,
    /// Newer ones that may not be taken, newest first.
    pub refused: Vec<(&'a str, Refusal)>,
}

/// Why a newer version may not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// It was taken before, and taken back.
    FailedBefore,
    /// It lies outside `update.range`.
    OutOfRange,
}

/// Where an instance stands.
struct Standing {
    /// `None` while its tag moves.
    version: Option<Version>,
    is_extended: bool,
    variant: String,
}

/// Tags that move, as upstream moves them: their line and their variant.
const MOVING: [(&str, bool, &str); 10] = [
    ("", false, ""),
    ("latest", false, ""),
    ("main", false, ""),
    ("slim", false, "-slim"),
    ("main-slim", false, "-slim"),
    ("latest-browser", false, "-browser"),
    ("main-browser", false, "-browser"),
    ("extended-stable", true, ""),
    ("extended-stable-slim", true, "-slim"),
    ("extended-stable-browser", true, "-browser"),
];

fn standing(tag: &str) -> Option<Standing> {
    if let Some((_, is_extended, variant)) = MOVING.iter().find(|(name, ..)| *name == tag) {
        let variant = (*variant).to_owned();
        return Some(Standing { version: None, is_extended: *is_extended, variant });
    }
    let (version, variant) = split(tag)?;
    Some(Standing { version: Some(version), is_extended: version.is_extended(), variant })
}

/// Returns what an instance may be updated to, out of every tag of its repository; `None` when its
/// own tag is neither a version nor one that upstream moves, so that nothing is newer than it.
///
/// Only stable releases count, written as upstream writes them, of the same variant and the same
/// line. A tag that moves is older than all of them.
pub fn choose<'a>(
    current: &str,
    tags: impl IntoIterator<Item = &'a str>,
    range: Option<&Range>,
    failed: &[String],
) -> Option<Choice<'a>> {
    let standing = standing(current)?;
    let mut newer: Vec<(Version, &str)> =
        tags.into_iter().filter_map(|tag| Some((newer(&standing, tag)?, tag))).collect();
    newer.sort_unstable_by(|one, other| other.cmp(one));
    newer.dedup();
    let mut choice = Choice::default();
    for (version, tag) in newer {
        if failed.iter().any(|failed| failed == tag) {
            choice.refused.push((tag, Refusal::FailedBefore));
        } else if range.is_some_and(|range| !range.contains(&version)) {
            choice.refused.push((tag, Refusal::OutOfRange));
        } else {
            choice.allowed.push(tag);
        }
    }
    Some(choice)
}

/// Returns the version of a tag that is newer than where an instance stands, and of its kind.
fn newer(standing: &Standing, tag: &str) -> Option<Version> {
    let (version, variant) = split(tag)?;
    let is_kind = version.is_stable()
        && version.patch > 0
        && version.is_extended() == standing.is_extended
        && variant == standing.variant;
    // Another spelling of a version is none of upstream's.
    let is_plain = || format!("{version}{variant}") == tag;
    let is_newer = standing.version.is_none_or(|current| version > current);
    (is_kind && is_newer && is_plain()).then_some(version)
}

/// Whether so many newer versions failed that the next one would be one too many: a person must
/// look first. A newer version that is committed by hand closes it, and so does a record without
/// the failures.
pub fn is_breaker_open(current: &str, failed: &[String]) -> bool {
    let current = super::parse(current);
    let is_newer = |failed: &&String| super::parse(failed) > current;
    failed.iter().filter(is_newer).count() >= BREAKER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_comes_first_and_nothing_is_older_than_what_is_committed() {
        let tags = [
            "2026.9.4",
            "2026.9.6",
            "2026.9.6-slim",
            "2026.9.7-beta.1",
            "2026.7.35",
            "latest",
            "2026.9.6-1",
            "2026.9.5",
            "2026.10.1",
            "2026.9.6-r20260914",
            "2026.9.8-amd64",
            "2026.09.9",
            "main",
            "2026.9.3",
            "2026.9.6",
            "2026.12.33",
            "v2026.9.9",
        ];
        let check = |current: &str, expected: &[&str]| {
            let choice = choose(current, tags, None, &[]).unwrap();
            assert_eq!(choice.allowed, expected, "{current}");
            assert_eq!(choice.refused, [], "{current}");
        };
        check("2026.9.4", &["2026.10.1", "2026.9.6-1", "2026.9.6", "2026.9.5"]);
        check("2026.9.6-r20260901", &["2026.10.1", "2026.9.6-1"]);
        check("2026.9.7-beta.1", &["2026.10.1"]);
        check("2026.10.1", &[]);
        check("2026.9.4-slim", &["2026.9.6-slim"]);
        check("2026.9.4-browser", &[]);
        check("2026.9.4-amd64", &["2026.9.8-amd64"]);
        check("2026.6.33", &["2026.12.33", "2026.7.35"]);
        check("extended-stable", &["2026.12.33", "2026.7.35"]);
        check("", &["2026.10.1", "2026.9.6-1", "2026.9.6", "2026.9.5", "2026.9.4", "2026.9.3"]);
        check("slim", &["2026.9.6-slim"]);
        for unknown in ["nightly", "v2026.9.4", "1.2.3", "2026.9.4-custom"] {
            assert_eq!(choose(unknown, tags, None, &[]), None, "{unknown}");
        }
    }

    #[test]
    fn what_failed_or_lies_outside_the_range_is_told_and_not_taken() {
        let range: Range = "<2026.9.8".parse().unwrap();
        let tags = ["2026.9.8", "2026.9.7", "2026.9.6", "2026.9.5"];
        let failed = ["2026.9.7".to_owned(), "2026.9.8".to_owned()];
        let choice = choose("2026.9.4", tags, Some(&range), &failed[..1]).unwrap();
        assert_eq!(choice.allowed, ["2026.9.6", "2026.9.5"]);
        let refused = [("2026.9.8", Refusal::OutOfRange), ("2026.9.7", Refusal::FailedBefore)];
        assert_eq!(choice.refused, refused);
    }

    #[test]
    fn three_newer_failures_open_the_breaker_and_a_newer_version_closes_it() {
        let failed = ["2026.9.5", "2026.9.6", "2026.9.7", "2026.9.3"].map(str::to_owned);
        assert!(is_breaker_open("2026.9.4", &failed));
        assert!(!is_breaker_open("2026.9.5", &failed));
        assert!(!is_breaker_open("2026.9.4", &failed[..2]));
        assert!(!is_breaker_open("2026.10.1", &failed));
    }
}
