//! Durations as Go writes them, such as `1h30m`.

/// Nanoseconds of the units that Go knows.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Returns the whole seconds of a Go duration, rounded up; `None` as [`nanoseconds`].
pub fn seconds(text: &str) -> Option<u64> {
    nanoseconds(text).map(|total| total.div_ceil(1_000_000_000))
}

/// Returns the nanoseconds of a Go duration; `None` when Go would refuse the text, when it is
/// negative, or when it exceeds Go's range of about 292 years.
pub fn nanoseconds(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (whole, after) = rest.split_at(digits);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => {
                let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
                after.split_at(digits)
            }
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let length = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        let scale = UNITS.iter().find(|(name, _)| *name == unit)?.1;
        total = total.checked_add(part(whole, fraction, scale)?)?;
        rest = after;
    }
    i64::try_from(total).is_ok().then_some(total)
}

/// As Go does it, down to what it rounds: the controller and the API server read the same text.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go computes the fraction in a float64 and cuts it off; it is less than one hour"
)]
fn part(whole: &str, fraction: &str, scale: u64) -> Option<u64> {
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let value = whole.checked_mul(scale)?;
    let (mut digits, mut unit) = (0_u64, 1_f64);
    for digit in fraction.bytes() {
        if digits > i64::MAX.unsigned_abs() / 10 {
            break;
        }
        digits = digits * 10 + u64::from(digit - b'0');
        unit *= 10.0;
    }
    value.checked_add((digits as f64 * (scale as f64 / unit)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, expected) in [
            ("24h", Some(86_400)),
            ("1h30m", Some(5_400)),
            ("1.5h", Some(5_400)),
            (".5m", Some(30)),
            ("100ms", Some(1)),
            ("0", Some(0)),
            ("+5m", Some(300)),
            ("", None),
            ("5", None),
            ("-5m", None),
            ("1d", None),
            ("h", None),
            ("1h ", None),
            ("999999999999h", None),
            ("2562047h", Some(9_223_369_200)),
            ("0.9999999999999999999999s", Some(1)),
            ("0.000000001s", Some(1)),
            ("0.0000000001s", Some(0)),
        ] {
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }
}
