//! Turns an image tag of the application into a version that can be ordered.
//!
//! Upstream's order: year, month and patch as numbers, then alpha before beta before
//! stable, then the correction (`2026.7.1 < 2026.7.1-1 < 2026.7.2-beta.1`). Semantic
//! versioning would put `2026.7.1-2` below `2026.7.1`.

/// A version of the application; the order of the fields is the order of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    year: u32,
    month: u32,
    patch: u32,
    stage: Stage,
    /// Number of the beta, or of the correction of a stable version.
    number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Alpha,
    Beta,
    Stable,
}

impl Version {
    /// Whether the version belongs to the extended line, whose patch numbers start at 33.
    pub(crate) fn is_extended(&self) -> bool {
        self.patch >= 33
    }
}

/// Returns the version that an image tag names; nothing for `latest` and other moving tags.
///
/// Suffixes that name a variant of the image and not a version (`-slim`, `-browser`,
/// `-amd64`, `-arm64`, `-r20260914`) are passed over.
pub(crate) fn parse(tag: &str) -> Option<Version> {
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
    words.all(is_variant).then_some(version)
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
        || word.strip_prefix('r').is_some_and(|date| date.len() == 8 && number(date).is_some())
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::parse;

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
}
