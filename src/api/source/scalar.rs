//! What a plain scalar is, where all readers agree, and why it is refused where they do not.

use serde_json::Number;

use super::node::Kind;

/// A plain scalar that readers take for different things.
#[derive(Debug, PartialEq)]
pub(super) struct Ambiguous {
    /// How it is told.
    pub(super) reading: &'static str,
}

const fn ambiguous(reading: &'static str) -> Result<Kind, Ambiguous> {
    Err(Ambiguous { reading })
}

/// Words that YAML 1.1, and with it Go, takes for booleans and YAML 1.2 for texts.
const OLD_BOOLEANS: [&str; 8] = ["y", "yes", "n", "no", "on", "off", "=", "<<"];

/// Returns what a plain scalar is.
///
/// # Errors
/// When YAML 1.1, YAML 1.2 and Go do not agree, or JSON cannot hold it.
pub(super) fn resolve(text: &str) -> Result<Kind, Ambiguous> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Kind::Null),
        "true" | "True" | "TRUE" => return Ok(Kind::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Kind::Bool(false)),
        "=" | "<<" => return ambiguous("a special value of YAML 1.1"),
        _ => {}
    }
    let lower = text.to_ascii_lowercase();
    let cased = text == lower || text == capitalized(&lower) || text == text.to_ascii_uppercase();
    if cased && OLD_BOOLEANS.contains(&lower.as_str()) {
        return ambiguous("a boolean in YAML 1.1 and for Kubernetes, a text in YAML 1.2");
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan") {
        return ambiguous("a number that JSON cannot hold");
    }
    if unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().any(|b| b.is_ascii_digit())
    {
        return numeric(text, unsigned);
    }
    Ok(Kind::String(text.to_owned()))
}

/// Returns the bytes of the quoted text that a text begins with, its quotes included.
pub(super) fn quoted(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let mut rest = text.char_indices().skip(1);
    while let Some((at, c)) = rest.next() {
        let is_next_quote = || text[at + 1..].starts_with(quote);
        match c {
            '\\' if quote == '"' => drop(rest.next()),
            // Two quotes in one stand for one.
            '\'' if quote == '\'' && is_next_quote() => drop(rest.next()),
            end if end == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn capitalized(lower: &str) -> String {
    let mut letters = lower.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

fn numeric(text: &str, unsigned: &str) -> Result<Kind, Ambiguous> {
    let bytes = unsigned.as_bytes();
    if is_timestamp(unsigned) {
        return ambiguous("a date in YAML 1.1, a text in YAML 1.2");
    }
    if bytes.iter().all(u8::is_ascii_digit) {
        return integer(text, unsigned);
    }
    if let Some(rest) = unsigned.strip_prefix('0') {
        let radix = |mark: char| {
            rest.strip_prefix(mark).is_some_and(|digits| {
                !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b'_')
            })
        };
        if radix('x') || radix('o') || radix('b') {
            return ambiguous("a number that is not decimal, for some readers");
        }
    }
    // Go reads every number with underscores in it, fractions and exponents too.
    let is_grouped = bytes.contains(&b'_') && {
        let joined = unsigned.replace('_', "");
        !matches!(float(&joined, &joined), Ok(Kind::String(_)))
    };
    if is_grouped {
        return ambiguous("a number in YAML 1.1 and for Kubernetes, a text in YAML 1.2");
    }
    if is_sexagesimal(unsigned) {
        return ambiguous("a number to the base of 60 in YAML 1.1, a text in YAML 1.2");
    }
    float(text, unsigned)
}

fn integer(text: &str, unsigned: &str) -> Result<Kind, Ambiguous> {
    if unsigned.len() > 1 && unsigned.starts_with('0') {
        return ambiguous("an octal number in YAML 1.1, a decimal one in YAML 1.2");
    }
    let plain = text.strip_prefix('+').unwrap_or(text);
    if let Ok(number) = plain.parse::<i64>() {
        return Ok(Kind::Number(number.into()));
    }
    match plain.parse::<u64>() {
        Ok(number) => Ok(Kind::Number(number.into())),
        Err(_) => ambiguous("a number that is too large to be kept exactly"),
    }
}

fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let digits = |part: Option<&str>, lengths: std::ops::RangeInclusive<usize>| {
        part.is_some_and(|p| lengths.contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let (year, month) = (parts.next(), parts.next());
    let day = parts.next().unwrap_or_default();
    let end = day.find(|c: char| !c.is_ascii_digit()).unwrap_or(day.len());
    digits(year, 4..=4)
        && digits(month, 1..=2)
        && (1..=2).contains(&end)
        && matches!(day.as_bytes().get(end), None | Some(b'T' | b't' | b' ' | b'\t'))
}

fn is_sexagesimal(text: &str) -> bool {
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    !rest.is_empty()
        && !first.is_empty()
        && first.bytes().all(|b| b.is_ascii_digit() || b == b'_')
        && rest.iter().all(|part| {
            let whole = part.split('.').next().unwrap_or_default();
            (1..=2).contains(&whole.len())
                && whole.bytes().all(|b| b.is_ascii_digit())
                && whole.parse::<u8>().is_ok_and(|number| number < 60)
                && part.bytes().all(|b| b.is_ascii_digit() || b"._".contains(&b))
        })
}

fn float(text: &str, unsigned: &str) -> Result<Kind, Ambiguous> {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let is_number = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|e| {
            let e = e.strip_prefix(['-', '+']).unwrap_or(e);
            !e.is_empty() && digits(e)
        });
    if !is_number {
        return Ok(Kind::String(text.to_owned()));
    }
    if let Some(exponent) = exponent
        && (!mantissa.contains('.') || !exponent.starts_with(['-', '+']))
    {
        return ambiguous("a text in YAML 1.1, a number in YAML 1.2 and for Kubernetes");
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    match number.and_then(Number::from_f64) {
        Some(number) => Ok(Kind::Number(number)),
        None => ambiguous("a number that JSON cannot hold"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_ends_at_its_quote() {
        for (text, expected) in [
            (r#""a" # "b""#, Some(3)),
            (r#""a\"b\\" c"#, Some(8)),
            ("'a''b' 'c'", Some(6)),
            ("''", Some(2)),
            ("'a", None),
            ("a \"b\"", None),
            ("\"\u{e9}\"", Some(4)),
        ] {
            assert_eq!(quoted(text), expected, "{text}");
        }
    }

    #[test]
    fn what_readers_take_for_different_things_is_refused() {
        for text in [
            "yes",
            "No",
            "ON",
            "off",
            "y",
            "N",
            "1_000",
            "014",
            "0o14",
            "0b1",
            "0x1F",
            "12:30",
            "1_000.5e+3",
            "1_0e3",
            "1__0",
            "190:20:30",
            "2001-01-01",
            "2001-12-14t21:59:43.10-05:00",
            "1e3",
            "1.5e3",
            ".inf",
            "-.INF",
            ".nan",
            "=",
            "<<",
            "99999999999999999999",
            "00",
        ] {
            assert!(resolve(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_readers_agree_on_is_taken() {
        let string = |text: &str| matches!(resolve(text), Ok(Kind::String(s)) if s == text);
        for text in [
            "2026.9.6",
            "10Gi",
            "500m",
            "yEs",
            "a:b",
            "12:3x",
            "80:80",
            "1_a",
            "1.2.3.4",
            "10.0.0.0/8",
            "24h",
            "0x",
            "2026.7.1-2",
            "-",
            "nope",
            "2001-01-01x",
            "http://x",
            "1-2",
        ] {
            assert!(string(text), "{text}");
        }
        for (text, expected) in [
            ("0", "0"),
            ("-7", "-7"),
            ("+7", "7"),
            ("1.5", "1.5"),
            ("1.0e+3", "1000.0"),
            (".5", "0.5"),
        ] {
            assert!(
                matches!(resolve(text), Ok(Kind::Number(n)) if n.to_string() == expected),
                "{text}"
            );
        }
        assert!(matches!(resolve("~"), Ok(Kind::Null)));
        assert!(matches!(resolve("True"), Ok(Kind::Bool(true))));
    }
}
