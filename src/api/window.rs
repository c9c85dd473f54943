//! When updates may be committed: days, a span of the day, and an offset, such as
//! `Mon-Fri 09:00-17:00 UTC`.
//!
//! Zones with a name are refused: what they mean changes with a data base that the controller, CI
//! and a laptop would each have in a version of their own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAY_MINUTES: u16 = 24 * 60;
/// Easternmost and westernmost clocks of the world, in minutes.
const OFFSETS: std::ops::RangeInclusive<i16> = -12 * 60..=14 * 60;

/// A window that opens at the same time on some days of every week.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    /// On which days it opens, Monday first.
    days: [bool; 7],
    /// Minute of the day at which it opens.
    start: u16,
    /// Minute at which it closes: of the next day when it is not after the start.
    end: u16,
    /// Minutes that the clock is ahead of UTC.
    offset: i16,
}

/// Why a text is no window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The part that is wrong.
    pub found: String,
    /// What may stand there.
    pub allowed: &'static str,
    /// What to do.
    pub hint: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found `{}`, allowed: {}", self.found, self.allowed)
    }
}

fn fault(found: &str, allowed: &'static str, hint: &'static str) -> Fault {
    Fault { found: found.to_owned(), allowed, hint }
}

impl Window {
    /// Whether the window is open at a time, in seconds since 1970 in UTC.
    pub fn is_open(&self, now: i64) -> bool {
        let minutes = now.div_euclid(60) + i64::from(self.offset);
        let minute = minutes.rem_euclid(i64::from(DAY_MINUTES));
        // The first of January 1970 was a Thursday.
        let day = minutes.div_euclid(i64::from(DAY_MINUTES)) + 3;
        let opens = |day: i64| usize::try_from(day.rem_euclid(7)).is_ok_and(|day| self.days[day]);
        let (start, end) = (i64::from(self.start), i64::from(self.end));
        if start < end {
            opens(day) && (start..end).contains(&minute)
        } else {
            (opens(day) && minute >= start) || (opens(day - 1) && minute < end)
        }
    }
}

impl FromStr for Window {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let words: Vec<&str> = text.split(' ').collect();
        let [day, span, zone] = words[..] else {
            return Err(fault(
                text,
                "days, a span and a zone, such as `Mon-Fri 09:00-17:00 UTC`",
                "separate the three by one space each",
            ));
        };
        let (start, end) = self::span(span)?;
        Ok(Self { days: days(day)?, start, end, offset: offset(zone)? })
    }
}

fn days(text: &str) -> Result<[bool; 7], Fault> {
    let index = |word: &str| {
        let known = DAYS.iter().position(|day| *day == word);
        known.ok_or_else(|| {
            fault(
                word,
                "`Mon`, `Tue`, `Wed`, `Thu`, `Fri`, `Sat` or `Sun`",
                "join days as `Mon-Fri` or `Mon,Wed,Fri`",
            )
        })
    };
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (index(first)?, index(last)?);
        // `Fri-Mon` goes over the weekend.
        for step in 0..=(last + 7 - first) % 7 {
            days[(first + step) % 7] = true;
        }
    }
    Ok(days)
}

fn span(text: &str) -> Result<(u16, u16), Fault> {
    let allowed = "a span of the day, such as `09:00-17:00`";
    let parts = text.split_once('-').and_then(|(from, to)| Some((clock(from)?, clock(to)?)));
    match parts {
        Some((start, end)) if start < DAY_MINUTES && start != end => Ok((start, end)),
        Some(_) => Err(fault(text, allowed, "the whole day is `00:00-24:00`")),
        None => Err(fault(text, allowed, "write hours and minutes with two digits each")),
    }
}

/// Minutes of `HH:MM`, at most `24:00`.
fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if digits { part.parse::<u16>().ok() } else { None }
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}

fn offset(text: &str) -> Result<i16, Fault> {
    let wrong = || {
        fault(
            text,
            "`UTC`, or an offset from it such as `+01:00`",
            "write the offset, and allow for daylight saving: what a named zone means differs between machines",
        )
    };
    if text == "UTC" {
        return Ok(0);
    }
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => return Err(wrong()),
    };
    let minutes = clock(rest).and_then(|minutes| i16::try_from(minutes).ok()).ok_or_else(wrong)?;
    Some(sign * minutes).filter(|offset| OFFSETS.contains(offset)).ok_or_else(wrong)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let opens = (0..7).filter(|day| self.days[*day]);
        let days: Vec<&str> = opens.map(|day| DAYS[day]).collect();
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        write!(f, "{} {}-{} ", days.join(","), clock(self.start), clock(self.end))?;
        let sign = if self.offset < 0 { '-' } else { '+' };
        match self.offset {
            0 => f.write_str("UTC"),
            offset => write!(f, "{sign}{}", clock(offset.unsigned_abs())),
        }
    }
}

impl TryFrom<String> for Window {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_days_a_span_and_a_zone() {
        let check = |text: &str, expected: &str| {
            let found = text.parse::<Window>().map(|window| window.to_string());
            assert_eq!(found.as_deref(), Ok(expected), "{text:?}");
            assert_eq!(expected.parse::<Window>(), text.parse::<Window>(), "{text:?}");
        };
        check("Mon-Fri 09:00-17:00 UTC", "Mon,Tue,Wed,Thu,Fri 09:00-17:00 UTC");
        check("Wed 22:30-04:00 +05:45", "Wed 22:30-04:00 +05:45");
        check("Sat-Sun,Wed 00:00-24:00 -12:00", "Wed,Sat,Sun 00:00-24:00 -12:00");
        check("Fri-Mon,Sat 09:00-09:01 +14:00", "Mon,Fri,Sat,Sun 09:00-09:01 +14:00");
        check("Sun-Sun 00:00-00:01 -00:00", "Sun 00:00-00:01 UTC");
    }

    #[test]
    fn the_part_that_is_wrong_is_named() {
        let check = |text: &str, expected: &str| {
            let found = text.parse::<Window>().map_err(|fault| fault.found);
            assert_eq!(found, Err(expected.to_owned()), "{text:?}");
        };
        for text in ["", "Mon", "Mon 09:00-17:00", "Mon  09:00-17:00 UTC", "0 9 * * 1"] {
            check(text, text);
        }
        for day in ["mon", "Monday", "", "Mo", "*"] {
            check(&format!("{day} 09:00-17:00 UTC"), day);
            check(&format!("Sun-{day} 09:00-17:00 UTC"), day);
        }
        for span in [
            "9:00-17:00",
            "09:00",
            "09:00-",
            "09:60-10:00",
            "24:00-01:00",
            "00:00-24:01",
            "09-17",
            "09:00-09:00",
            "+9:00-10:00",
            "09:00-17:00-18:00",
            "0\u{ff19}:00-10:00",
        ] {
            check(&format!("Mon {span} UTC"), span);
        }
        for zone in [
            "Europe/Berlin",
            "CET",
            "utc",
            "Z",
            "",
            "+1",
            "+01:60",
            "+14:01",
            "-12:01",
            "01:00",
            "\u{e9}",
        ] {
            check(&format!("Mon 09:00-17:00 {zone}"), zone);
        }
    }

    #[test]
    fn a_window_opens_and_closes_by_its_own_clock() {
        // Monday, the second of March 2026, at midnight in UTC.
        let monday: i64 = 1_772_409_600;
        let check = |text: &str, day: i64, hour: i64, minute: i64, expected: bool| {
            let now = monday + ((day * 24 + hour) * 60 + minute) * 60 + 59;
            let window: Window = text.parse().unwrap();
            assert_eq!(window.is_open(now), expected, "{text:?} on day {day} at {hour}:{minute}");
        };
        let office = "Mon-Fri 09:00-17:00 UTC";
        check(office, 0, 8, 59, false);
        check(office, 0, 9, 0, true);
        check(office, 4, 16, 59, true);
        check(office, 4, 17, 0, false);
        check(office, 5, 12, 0, false);
        check("Mon 09:00-17:00 +02:00", 0, 7, 0, true);
        check("Mon 09:00-17:00 +02:00", 0, 15, 0, false);
        check("Mon 01:00-02:00 +02:00", -1, 23, 30, true);
        let night = "Sun 22:00-04:00 UTC";
        check(night, -1, 21, 59, false);
        check(night, -1, 22, 0, true);
        check(night, 0, 3, 59, true);
        check(night, 0, 4, 0, false);
        check(night, 0, 22, 0, false);
        check("Sat 00:00-24:00 UTC", 5, 23, 59, true);
        check("Sat 00:00-24:00 UTC", 6, 0, 0, false);
        // Before 1970, where a remainder could turn negative.
        assert!("Wed 23:00-24:00 UTC".parse::<Window>().unwrap().is_open(-1));
    }
}
