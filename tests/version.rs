//! The choice among a registry's tags, against a model that knows no better than upstream's words
//! (guard T5).
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use openclaw::version::{Range, Refusal, choose, parse};

/// A generator that needs no library and gives the same lists everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }
}

const SUFFIXES: [&str; 16] = [
    "",
    "",
    "",
    "",
    "-1",
    "-2",
    "-10",
    "-slim",
    "-1-slim",
    "-browser",
    "-beta.1",
    "-beta.10",
    "-alpha.2",
    "-amd64",
    "-r20260914",
    "-r20260914-slim",
];

const OTHERS: [&str; 18] = [
    "latest",
    "main",
    "slim",
    "",
    "extended-stable",
    "sha256-abc.sig",
    "2026.9",
    "v2026.9.6",
    "2026.13.1",
    "2026.0.1",
    "2026.9.0",
    "2026.09.6",
    "2026.9.06",
    "2026.9.6-01",
    "2026.9.6-0",
    "2026.9.6-",
    "2026.9.6--1",
    "99999999999.9.6",
];

fn tag(dice: &mut Dice) -> String {
    if dice.roll(6) == 0 {
        return dice.pick(&OTHERS).to_owned();
    }
    let year = 2025 + dice.roll(3);
    let month = 1 + dice.roll(12);
    let patch = if dice.roll(8) == 0 { 31 + dice.roll(5) } else { 1 + dice.roll(12) };
    format!("{year}.{month}.{patch}{}", dice.pick(&SUFFIXES))
}

/// What upstream says of a tag that is a stable release: its numbers and its variant.
fn release(tag: &str) -> Option<([u32; 4], String)> {
    let plain = |text: &str| -> Option<u32> {
        let is_plain = text.starts_with(|c: char| ('1'..='9').contains(&c));
        text.parse().ok().filter(|_| is_plain && text.chars().all(|c| c.is_ascii_digit()))
    };
    let mut rest: Vec<&str> = tag.split('-').collect();
    let numbers: Vec<u32> = rest.remove(0).split('.').map(plain).collect::<Option<_>>()?;
    let [year, month, patch] = numbers[..] else { return None };
    let correction = rest.first().and_then(|word| plain(word));
    if correction.is_some() {
        rest.remove(0);
    }
    let is_known = rest.iter().all(|word| ["slim", "browser", "amd64", "arm64"].contains(word));
    let is_date = (1000..10_000).contains(&year) && month <= 12;
    (is_known && is_date).then(|| ([year, month, patch, correction.unwrap_or(0)], rest.join("-")))
}

/// The newest of the same line and variant that is newer; nothing else is known of it.
fn newest(current: &str, tags: &[String]) -> Option<String> {
    let (now, variant) = release(current)?;
    let is_extended = |numbers: &[u32; 4]| numbers[2] >= 33;
    let all = tags.iter().filter_map(|tag| Some((release(tag)?, tag)));
    let kind = all.filter(|((numbers, other), _)| {
        *numbers > now && *other == variant && is_extended(numbers) == is_extended(&now)
    });
    kind.max().map(|(_, tag)| tag.clone())
}

#[test]
fn a_million_lists_give_what_a_naive_reader_would_take_and_never_a_downgrade() {
    let mut dice = Dice(0x2026_0906_1234_5678);
    let (mut moved, mut stayed) = (0, 0);
    for _ in 0..1_000_000 {
        let current = tag(&mut dice);
        let count = dice.roll(9);
        let tags: Vec<String> = (0..count).map(|_| tag(&mut dice)).collect();
        let Some(choice) = choose(&current, tags.iter().map(String::as_str), None, &[]) else {
            assert!(release(&current).is_none(), "{current} is a release");
            continue;
        };
        assert!(choice.refused.is_empty());
        for pair in choice.allowed.windows(2) {
            assert!(parse(pair[0]) > parse(pair[1]), "{pair:?}");
        }
        for tag in &choice.allowed {
            assert!(parse(tag) > parse(&current), "{tag} is no newer than {current}");
        }
        if release(&current).is_some() {
            let first = choice.allowed.first().map(|tag| (*tag).to_owned());
            assert_eq!(first, newest(&current, &tags), "{current} among {tags:?}");
            if first.is_some() { moved += 1 } else { stayed += 1 }
        }
    }
    assert!(moved > 50_000 && stayed > 50_000, "{moved} moved and {stayed} stayed");
}

#[test]
fn a_refusal_takes_away_and_adds_nothing() {
    let mut dice = Dice(7);
    let range: Range = ">=2026.3, <2027.2".parse().unwrap();
    for _ in 0..50_000 {
        let current = tag(&mut dice);
        let tags: Vec<String> = (0..dice.roll(9)).map(|_| tag(&mut dice)).collect();
        let failed: Vec<String> = tags.iter().filter(|_| dice.roll(3) == 0).cloned().collect();
        let all = || tags.iter().map(String::as_str);
        let (free, bound) =
            (choose(&current, all(), None, &[]), choose(&current, all(), Some(&range), &failed));
        let (Some(free), Some(bound)) = (free, bound) else { continue };
        let mut together: Vec<&str> = bound
            .allowed
            .iter()
            .copied()
            .chain(bound.refused.iter().map(|(tag, _)| *tag))
            .collect();
        together.sort_by_key(|tag| std::cmp::Reverse(parse(tag)));
        assert_eq!(together, free.allowed);
        for (tag, why) in bound.refused {
            let is_failed = failed.iter().any(|failed| failed == tag);
            assert_eq!(why == Refusal::FailedBefore, is_failed, "{tag}");
            assert!(is_failed || !range.contains(&parse(tag).unwrap()), "{tag}");
        }
    }
}
