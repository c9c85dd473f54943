//! Small grammars of Kubernetes: names, quantities, CIDRs, hosts, images.

use std::net::IpAddr;

/// Whether `text` is a DNS label of RFC 1123 with at most `max` characters.
pub fn is_label(text: &str, max: usize) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether `text` is a DNS subdomain of RFC 1123, such as the name of a Secret.
pub fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|label| is_label(label, 253))
}

/// Whether `text` is a host name, perhaps with a leading wildcard.
pub fn is_host(text: &str) -> bool {
    is_subdomain(text.strip_prefix("*.").unwrap_or(text))
}

/// Whether `text` is a qualified key of a label or annotation.
pub fn is_qualified(text: &str) -> bool {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    prefix.is_none_or(is_subdomain) && is_word(name, 63)
}

/// Whether `text` is the value of a label.
pub fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_word(text, 63)
}

fn is_word(text: &str, max: usize) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.len() <= max
        && edge(text.bytes().next())
        && edge(text.bytes().last())
        && text.bytes().all(inner)
}

/// Whether `text` can be a key of a ConfigMap or Secret.
pub fn is_data_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text != "."
        && !text.starts_with("..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Whether `text` is an IPv4 or IPv6 range whose host bits are zero.
pub fn is_cidr(text: &str) -> bool {
    prefix(text).is_some_and(|(address, length)| match address {
        IpAddr::V4(v4) => length <= 32 && u32::from(v4).checked_shl(length).unwrap_or(0) == 0,
        IpAddr::V6(v6) => length <= 128 && u128::from(v6).checked_shl(length).unwrap_or(0) == 0,
    })
}

/// Returns address and length of a CIDR.
pub fn prefix(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    let digits = !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit());
    if !digits || (length.len() > 1 && length.starts_with('0')) {
        return None;
    }
    Some((address.parse().ok()?, length.parse().ok()?))
}

/// Whether the CIDR `outer` holds all of `inner` and more; `false` when one of them is no CIDR.
pub fn is_larger(outer: &str, inner: &str) -> bool {
    let bits = |address| match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
        IpAddr::V6(v6) => u128::from(v6),
    };
    match (prefix(outer), prefix(inner)) {
        (Some((outer, length)), Some((inner, longer))) => {
            let shared = 128_u32.checked_sub(length).and_then(|rest| u128::MAX.checked_shl(rest));
            outer.is_ipv4() == inner.is_ipv4()
                && length < longer
                && (bits(outer) ^ bits(inner)) & shared.unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// Returns the value of a Kubernetes quantity in thousandths; `None` when it is not one.
pub fn quantity(text: &str) -> Option<i128> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty())
        || fraction.contains('.')
        || whole.len() > 18
        || fraction.len() > 9
    {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    // Thousandths of a millionth keep `n` and `u` exact enough to compare.
    let value = digits.checked_mul(multiplier(suffix)?)?.checked_div(scale)?;
    let value = value / 1_000_000;
    Some(if negative { -value } else { value })
}

/// Billionths that one unit of a suffix stands for.
fn multiplier(suffix: &str) -> Option<i128> {
    const UNIT: i128 = 1_000_000_000;
    Some(match suffix {
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "" => UNIT,
        "k" => UNIT * 1_000,
        "M" => UNIT * 1_000_000,
        "G" => UNIT * 1_000_000_000,
        "T" => UNIT * 1_000_000_000_000,
        "P" => UNIT * 1_000_000_000_000_000,
        "E" => UNIT * 1_000_000_000_000_000_000,
        "Ki" => UNIT << 10,
        "Mi" => UNIT << 20,
        "Gi" => UNIT << 30,
        "Ti" => UNIT << 40,
        "Pi" => UNIT << 50,
        "Ei" => UNIT << 60,
        _ => {
            let exponent: u32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            UNIT.checked_mul(10_i128.checked_pow(exponent.min(18))?)?
        }
    })
}

/// Whether `text` is a repository of images, perhaps with host and port, without tag.
pub fn is_repository(text: &str) -> bool {
    let mut segments = text.split('/');
    let first = segments.next().unwrap_or_default();
    let rest: Vec<&str> = segments.collect();
    let host = !rest.is_empty()
        && first.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
    text.len() <= 255
        && !first.is_empty()
        && (host || is_path_part(first))
        && rest.iter().all(|part| is_path_part(part))
}

fn is_path_part(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    edge(text.bytes().next())
        && edge(text.bytes().last())
        && text.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-')
        })
}

/// Whether `text` is the tag of an image.
pub fn is_tag(text: &str) -> bool {
    text.len() <= 128
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Whether `text` is a SHA-256 or SHA-512 digest.
pub fn is_digest(text: &str) -> bool {
    let hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    };
    text.strip_prefix("sha256:").is_some_and(|rest| hex(rest, 64))
        || text.strip_prefix("sha512:").is_some_and(|rest| hex(rest, 128))
}

/// Returns major and minor of a version of Kubernetes, such as `1.31` or `v1.31.2`.
pub fn kubernetes_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
    let version = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.all(|part| part.parse::<u32>().is_ok()).then_some(version)
}

/// Why a relative path inside the workspace is refused; `None` when it is fine.
pub fn path_fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > 253 {
        return Some("it is longer than 253 bytes");
    }
    if text.contains('\\') {
        return Some("it holds a backslash");
    }
    if text.starts_with('/') {
        return Some("it is absolute");
    }
    for segment in text.split('/') {
        match segment {
            "" => return Some("it has an empty segment"),
            "." | ".." => return Some("it has a segment `.` or `..`"),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_compare_as_kubernetes_compares_them() {
        for (text, expected) in [
            ("1", Some(1_000)),
            ("500m", Some(500)),
            ("0.5", Some(500)),
            ("1Ki", Some(1_024_000)),
            ("1e3", Some(1_000_000)),
            ("-1", Some(-1_000)),
            ("1.5Gi", Some(1_610_612_736_000)),
            ("", None),
            ("Gi", None),
            ("1gi", None),
            ("1 Gi", None),
            ("1.2.3", None),
            ("abc", None),
            ("0x10", None),
        ] {
            assert_eq!(quantity(text), expected, "{text:?}");
        }
    }

    #[test]
    fn ranges_have_no_host_bits() {
        for (text, expected) in [
            ("10.0.0.0/8", true),
            ("10.0.0.1/8", false),
            ("10.0.0.1/32", true),
            ("0.0.0.0/0", true),
            ("fd00::/8", true),
            ("fd00::1/8", false),
            ("10.0.0.0", false),
            ("10.0.0.0/33", false),
            ("10.0.0.0/08", false),
            ("::ffff:10.0.0.0/104", true),
        ] {
            assert_eq!(is_cidr(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_range_is_larger_than_what_lies_in_it() {
        for (outer, inner, expected) in [
            ("0.0.0.0/0", "169.254.0.0/16", true),
            ("169.254.0.0/16", "169.254.0.0/16", false),
            ("169.254.169.254/32", "169.254.0.0/16", false),
            ("169.0.0.0/8", "169.254.0.0/16", true),
            ("::/0", "169.254.0.0/16", false),
            ("fd00::/8", "fd00:ec2::254/128", true),
            ("fd00::/8", "fe80::/10", false),
            ("10.0.0.0", "10.0.0.0/32", false),
        ] {
            assert_eq!(is_larger(outer, inner), expected, "{outer} {inner}");
        }
    }

    #[test]
    fn names_of_images_follow_the_registry_grammar() {
        for (text, expected) in [
            ("ghcr.io/openclaw/openclaw", true),
            ("localhost:5000/a", true),
            ("a", true),
            ("Upper/a", true),
            ("a/Upper", false),
            ("a//b", false),
            ("a b/c", false),
            ("a:1", false),
            ("", false),
        ] {
            assert_eq!(is_repository(text), expected, "{text:?}");
        }
    }

    #[test]
    fn paths_stay_inside_the_workspace() {
        for text in ["", "/a", "a/../b", "a//b", "a\\b", "./a", ".."] {
            assert!(path_fault(text).is_some(), "{text:?}");
        }
        for text in ["a", "a/b.md", ".hidden", "a..b"] {
            assert_eq!(path_fault(text), None, "{text:?}");
        }
    }
}
