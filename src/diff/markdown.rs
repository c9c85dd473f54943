//! A diff as the comment of a pull request: what it means on top, the lines folded below, and
//! never longer than GitHub takes.

use super::impact::{Impact, Level};
use super::{Change, Diff, Group, counts, summary};

/// Most characters of a comment on GitHub.
pub const LIMIT: usize = 65_536;
/// Kept for the words about what is left out.
const TAIL: usize = 400;
/// Kept for the details while the table is written.
const DETAILS: usize = LIMIT / 2;

/// By it a pipeline finds its own comment, to write it anew.
const MARK: &str = "<!-- openclaw diff -->\n";

/// Text that stays within a bound, counted in characters.
struct Page {
    text: String,
    left: usize,
}

impl Page {
    /// Adds a part if it leaves `spare` characters.
    fn add(&mut self, part: &str, spare: usize) -> bool {
        let length = part.chars().count();
        if length + spare > self.left {
            return false;
        }
        self.left -= length;
        self.text.push_str(part);
        true
    }
}

/// Returns the diff as Markdown; with `is_whole` false without the lines.
pub fn render(diff: &Diff, is_whole: bool) -> String {
    let mut page = Page { text: String::new(), left: LIMIT - TAIL };
    if diff.is_empty() {
        return format!("{MARK}**openclaw diff**: no differences\n");
    }
    page.add(&format!("{MARK}**openclaw diff**: {}\n\n", summary(diff)), 0);
    let mut unlisted = 0;
    page.add("| instance | objects | what it means |\n| --- | --- | --- |\n", 0);
    for group in &diff.groups {
        if unlisted > 0 || !page.add(&row(group), DETAILS) {
            unlisted += 1;
        }
    }
    if unlisted > 0 {
        page.add(&format!("\n{unlisted} more instances are not listed.\n"), 0);
    }
    let (mut bare, mut gone) = (0, 0);
    for group in &diff.groups {
        let heading = format!("\n#### {}\n", inline(&group.instance));
        let mut is_headed = false;
        for change in &group.changes {
            let head = if is_headed { "" } else { &heading };
            if is_whole && page.add(&format!("{head}{}", block(change, true)), 0) {
                is_headed = true;
            } else if page.add(&format!("{head}{}", block(change, false)), 0) {
                is_headed = true;
                bare += usize::from(is_whole);
            } else {
                gone += 1;
            }
        }
    }
    page.left += TAIL;
    let left_out = [(bare, "without their lines"), (gone, "not shown")];
    for (count, how) in left_out.into_iter().filter(|(count, _)| *count > 0) {
        let words = format!(
            "\n{count} more objects are {how}, as a comment has an end; `openclaw diff` shows them.\n"
        );
        page.add(&words, 0);
    }
    page.text
}

fn row(group: &Group) -> String {
    let titles = group.titles().join(", ");
    format!("| {} | {} | {titles} |\n", inline(&group.instance), counts(&group.changes))
}

fn block(change: &Change, is_whole: bool) -> String {
    let [kind, name] = [&change.object[0], &change.object[1]].map(|text| inline(text));
    let mut titles: Vec<&str> = change.impacts.iter().map(|impact| impact.title).collect();
    if titles.is_empty() {
        titles.push("no impact is known");
    }
    let head = format!("{} {kind} <b>{name}</b>: {}", change.kind.word(), titles.join(", "));
    let mut out = format!("\n<details><summary>{head}</summary>\n\n");
    if let Some(file) = &change.file {
        out.push_str(&format!("`{}`\n\n", super::clean(file)));
    }
    for impact in &change.impacts {
        out.push_str(&format!(
            "- {} **{}**{}\n",
            sign(impact.level),
            impact.title,
            details(impact)
        ));
    }
    if is_whole && !change.hunks.is_empty() {
        let fence = fence(&change.hunks);
        let [old, new] = change.headers();
        out.push_str(&format!("\n{fence}diff\n--- {old}\n+++ {new}\n{}{fence}\n", change.hunks));
    }
    out.push_str("\n</details>\n");
    out
}

fn details(impact: &Impact) -> String {
    if impact.details.is_empty() {
        return String::new();
    }
    let details: Vec<String> = impact.details.iter().map(|detail| inline(detail)).collect();
    format!(": {}", details.join("; "))
}

fn sign(level: Level) -> &'static str {
    match level {
        Level::Danger => ":stop_sign:",
        Level::Warning => ":warning:",
        Level::Note => ":information_source:",
    }
}

/// Leaves a text nothing of Markdown or HTML outside its code spans: what we write around them has
/// none.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            out.push('`');
        }
        if at % 2 == 1 {
            // Nothing of it counts in a code span.
            out.push_str(part);
            continue;
        }
        for c in part.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '*' | '_' | '[' | ']' | '|' | '\\' | '~' | '#' | '!' => {
                    out.push('\\');
                    out.push(c);
                }
                // It would call somebody.
                '@' => out.push_str("&#64;"),
                c => out.push(c),
            }
        }
    }
    out
}

/// A fence that is longer than every run of backticks in a text.
fn fence(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat((longest + 1).max(3))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Pair;
    use super::*;

    fn diff(objects: usize, lines: usize, text: &str) -> Diff {
        let object = |at: usize, word: &str| {
            let data: Vec<String> =
                (0..lines).map(|line| format!("{word} {text} {line}")).collect();
            json!({
                "apiVersion": "v1", "kind": "ConfigMap", "data": {"a": data},
                "metadata": {"name": format!("n{at}"), "namespace": "n"},
            })
        };
        let pair = |at| Pair {
            instance: format!("n/i{}", at / 5),
            old: Some(object(at, "old")),
            new: Some(object(at, "new")),
            ..Pair::default()
        };
        Diff::of((0..objects).map(pair).collect())
    }

    #[test]
    fn a_comment_is_never_longer_than_github_takes_and_says_what_it_leaves_out() {
        for (objects, lines) in [(1, 1), (1, 5_000), (40, 60), (300, 40), (3_000, 2), (20_000, 1)] {
            let text = render(&diff(objects, lines, "wörd"), true);
            let length = text.chars().count();
            assert!(length <= LIMIT, "{objects} {lines}: {length}");
            let shown = text.matches("<details>").count();
            let bare = shown - text.matches("diff\n---").count();
            let says = |count: usize, how: &str| {
                let words = format!("\n{count} more objects are {how}, as");
                assert_eq!(text.contains(&words), count > 0, "{objects} {lines} {words}");
            };
            says(objects - shown, "not shown");
            says(bare, "without their lines");
            assert_eq!(shown, text.matches("</details>").count());
        }
    }

    #[test]
    fn what_an_object_says_ends_no_block_and_calls_nobody() {
        let text = render(&diff(1, 1, "```` </details> @somebody"), true);
        assert!(text.contains("\n`````diff\n") && text.contains("\n`````\n"), "{text}");
        assert_eq!(inline("<b>@a|*b* `<c>|*`"), "&lt;b&gt;&#64;a\\|\\*b\\* `<c>|*`");
    }
}
