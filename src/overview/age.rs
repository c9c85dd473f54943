//! How long ago something was, as kubectl writes it.

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// Seconds since 1970 of a time in an object.
pub fn seconds(value: &Value) -> Option<i64> {
    value.as_str()?.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// Returns an age in the one or two units that matter; clocks that disagree make none below zero.
pub fn age(since: i64, now: i64) -> String {
    let passed = now.saturating_sub(since).max(0);
    let two = |large: i64, name: &str, small: i64, other: &str, until: i64| {
        let (whole, rest) = (passed / large, passed % large / small);
        if whole < until && rest > 0 {
            format!("{whole}{name}{rest}{other}")
        } else {
            format!("{whole}{name}")
        }
    };
    match passed {
        ..120 => format!("{passed}s"),
        120..HOUR => two(MINUTE, "m", 1, "s", 10),
        HOUR..DAY => two(HOUR, "h", MINUTE, "m", 8),
        DAY..YEAR => two(DAY, "d", HOUR, "h", 8),
        _ => two(YEAR, "y", DAY, "d", 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_the_units_that_matter() {
        for (passed, expected) in [
            (-5, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (11 * MINUTE + 5, "11m"),
            (2 * HOUR + 3 * MINUTE, "2h3m"),
            (9 * HOUR + 3 * MINUTE, "9h"),
            (DAY, "1d"),
            (3 * DAY + 4 * HOUR, "3d4h"),
            (40 * DAY + 4 * HOUR, "40d"),
            (YEAR + 2 * DAY, "1y2d"),
            (9 * YEAR + DAY, "9y"),
        ] {
            assert_eq!(age(1_000, 1_000 + passed), expected, "{passed}");
        }
    }

    #[test]
    fn a_time_is_read_from_an_object() {
        assert_eq!(seconds(&"1970-01-01T00:01:00Z".into()), Some(60));
        assert_eq!(seconds(&"yesterday".into()), None);
        assert_eq!(seconds(&Value::Null), None);
    }
}
