//! Every tag of a repository.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use k8s_openapi::jiff::fmt::rfc2822;
use serde_json::Value;

use super::http::Session;
use super::{Fault, link};

/// Tags of a page that is asked for; a registry may give fewer.
const PAGE: usize = 1_000;
/// Longest tag.
const LONGEST: usize = 128;

/// Reads page after page to the last one.
pub(super) async fn tags(session: &mut Session) -> Result<Vec<String>, Fault> {
    let mut url = session.url(&format!("tags/list?n={PAGE}"))?;
    let (mut seen, mut known, mut tags) = (HashSet::new(), BTreeSet::new(), Vec::new());
    for _ in 0..session.limits.pages {
        if !seen.insert(url.to_string()) {
            return Err(Fault::Hostile("its pages go round".to_owned()));
        }
        let answer = session.get(url, "application/json", false).await?;
        for tag in page(&answer.json()?)? {
            // Those that count pages differently repeat some.
            if known.insert(tag.clone()) {
                tags.push(tag);
            }
        }
        if tags.len() > session.limits.tags {
            return Err(Fault::Hostile(format!("more than {} tags", session.limits.tags)));
        }
        match link::next(&answer.all("link"), &answer.url)? {
            Some(next) => url = next,
            None => return Ok(tags),
        }
    }
    Err(Fault::Hostile(format!("more than {} pages", session.limits.pages)))
}

/// Reads the tags of a page.
fn page(value: &Value) -> Result<Vec<String>, Fault> {
    let tags = match &value["tags"] {
        Value::Array(tags) => tags.as_slice(),
        // A repository without a tag.
        Value::Null if value["name"].is_string() => &[],
        _ => return Err(Fault::Hostile("a listing without tags".to_owned())),
    };
    let tag = |value: &Value| {
        let tag = value.as_str().filter(|tag| is_tag(tag)).map(str::to_owned);
        tag.ok_or_else(|| Fault::Hostile("a tag that is none".to_owned()))
    };
    tags.iter().map(tag).collect()
}

/// Whether a text is a tag: a word of letters, digits, `_`, `.` and `-`.
pub(super) fn is_tag(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let first = text.bytes().next();
    text.len() <= LONGEST
        && first.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().all(is_inner)
}

/// Reads `Retry-After`: seconds, or a date. What lies more than a day ahead is a day.
pub(super) fn retry_after(text: &str) -> Option<Duration> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(DAY));
    }
    if text.len() > 9 && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(DAY);
    }
    let at = rfc2822::parse(text).ok()?.timestamp();
    let ahead = at.as_second().saturating_sub(Timestamp::now().as_second());
    Some(Duration::from_secs(u64::try_from(ahead).unwrap_or_default()).min(DAY))
}
