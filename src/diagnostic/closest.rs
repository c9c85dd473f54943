//! Turns a mistyped word into the one that was probably meant: "did you mean".

/// Words longer than this are never typing mistakes, and comparing them costs their square.
const LONGEST: usize = 64;

/// Returns the candidate nearest to `word`, or nothing when none is near.
///
/// Letter case, `-` and `_` do not count, so `allow_from` finds `allowFrom`. Otherwise one
/// mistake in three letters is forgiven, at most three; a swap of neighbors is one mistake.
/// Of equally near candidates the first wins.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let wanted = folded(word);
    let allowed = (wanted.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let limit = best.map_or(allowed, |(least, _)| least.saturating_sub(1));
        // The length alone rules most words out, for a fraction of the price.
        if letters(candidate).count().abs_diff(wanted.len()) > limit {
            continue;
        }
        let distance = distance(&wanted, &folded(candidate));
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    // A word of one or two letters is near to every other one.
    best.filter(|(distance, _)| *distance == 0 || wanted.len() > 2).map(|(_, candidate)| candidate)
}

fn folded(word: &str) -> Vec<char> {
    letters(word).flat_map(char::to_lowercase).collect()
}

fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars().filter(|c| !matches!(c, '-' | '_'))
}

/// Counts insertions, deletions, replacements and swaps of neighbors between two words.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_near_word_is_found_and_a_far_one_is_not() {
        let keys = ["sandbox", "session", "allowFrom", "token", "tools", "mode", "ui"];
        let check = |word: &str, expected: Option<&str>| {
            assert_eq!(closest(word, keys), expected, "{word}");
        };
        check("sandbx", Some("sandbox"));
        check("sesion", Some("session"));
        check("sessoin", Some("session"));
        check("allow_from", Some("allowFrom"));
        check("Mode", Some("mode"));
        check("tokn", Some("token"));
        check("tool", Some("tools"));
        check("", None);
        check("x", None);
        check("ux", None);
        check("telemetry", None);
        check(&"sandbox".repeat(1000), None);
    }

    #[test]
    fn of_equally_near_words_the_first_wins() {
        assert_eq!(closest("bat", ["cat", "rat"]), Some("cat"));
        assert_eq!(closest("bat", ["bath", "bat"]), Some("bat"));
    }
}
