//! Schedules as cron has them, in UTC.

use croner::Cron;
use k8s_openapi::jiff::{Timestamp, tz::TimeZone};

/// A schedule that was read.
#[derive(Clone, Debug)]
pub struct Schedule(Cron);

/// Reads a schedule: minute, hour, day, month and weekday, or a name such as `@daily`; `None` when
/// cron would not take it.
pub fn schedule(text: &str) -> Option<Schedule> {
    text.parse().ok().map(Schedule)
}

/// The first time after one that a schedule names, both in seconds since 1970; none where it never
/// comes.
pub fn next(schedule: &Schedule, after: i64) -> Option<i64> {
    let after = Timestamp::from_second(after).ok()?.to_zoned(TimeZone::UTC);
    let next = schedule.0.find_next_occurrence(&after, false).ok()?;
    Some(next.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_as_cron_reads_it_in_utc() {
        let at = |text: &str| text.parse::<Timestamp>().map_or(0, Timestamp::as_second);
        let after = |text: &str, from: &str| {
            let next = schedule(text).and_then(|schedule| next(&schedule, at(from)));
            next.and_then(|next| Timestamp::from_second(next).ok()).map(|time| time.to_string())
        };
        let told = |text: &str| Some(text.to_owned());
        let from = "2026-11-28T03:30:00Z";
        assert_eq!(after("30 3 * * *", from), told("2026-11-29T03:30:00Z"));
        assert_eq!(after("*/15 * * * *", from), told("2026-11-28T03:45:00Z"));
        assert_eq!(after("0 0 29 2 *", from), told("2028-02-29T00:00:00Z"));
        assert_eq!(after("0 4 * * MON", from), told("2026-11-30T04:00:00Z"));
        assert_eq!(after("@daily", from), told("2026-11-29T00:00:00Z"));
        assert_eq!(after("0 0 30 2 *", from), None);
        for wrong in ["", "* * *", "61 * * * *", "every day"] {
            assert!(schedule(wrong).is_none(), "{wrong}");
        }
    }
}
