//! A diff for people: what changes means first, then the lines.

use std::fmt::Write as _;

use super::impact::{Impact, Level};
use super::{Change, Diff, Group, counts, summary};

/// How much of each change is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What it means, and its lines.
    Lines,
    /// What it means.
    Summary,
    /// One line with the count of its lines.
    Stat,
}

/// Colors of a terminal.
#[derive(Clone, Copy)]
enum Paint {
    Bold,
    Cyan,
    Green,
    Red,
    Yellow,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Cyan => "36",
            Self::Green => "32",
            Self::Red => "31",
            Self::Yellow => "33",
        }
    }
}

/// Returns the diff as text; nothing where nothing differs.
pub fn render(diff: &Diff, detail: Detail, color: bool) -> String {
    if diff.is_empty() {
        return String::new();
    }
    let page = Page { color };
    let width = diff.changes().map(|change| place(change).chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for group in &diff.groups {
        match detail {
            Detail::Stat => page.stat(&mut out, group, width),
            Detail::Lines | Detail::Summary => page.group(&mut out, group, detail),
        }
    }
    out.push_str(&summary(diff));
    out.push('\n');
    out
}

/// Returns what an impact says, with everything in the change that means it.
pub fn sentence(impact: &Impact) -> String {
    if impact.details.is_empty() {
        return impact.title.to_owned();
    }
    format!("{}: {}", impact.title, impact.details.join("; "))
}

struct Page {
    color: bool,
}

impl Page {
    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code())
        } else {
            text.to_owned()
        }
    }

    fn head(&self, group: &Group) -> String {
        let source = group.source.as_ref().map(|source| format!(" ({source})"));
        let head = format!("{}{}", group.instance, source.unwrap_or_default());
        format!("{}: {}\n", self.paint(Paint::Bold, &head), counts(&group.changes))
    }

    fn group(&self, out: &mut String, group: &Group, detail: Detail) {
        out.push_str(&self.head(group));
        for change in &group.changes {
            out.push('\n');
            let head = format!("{} {}", change.kind.word(), change.title());
            // A String takes every text, so writing to it cannot fail.
            _ = writeln!(out, "{}", self.paint(Paint::Bold, &head));
            for impact in &change.impacts {
                let paint = match impact.level {
                    Level::Danger => Paint::Red,
                    Level::Warning => Paint::Yellow,
                    Level::Note => Paint::Cyan,
                };
                let word = self.paint(paint, impact.level.word());
                _ = writeln!(out, "  {word}: {}", sentence(impact));
            }
            if detail == Detail::Lines {
                self.lines(out, change);
            }
        }
        out.push('\n');
    }

    fn lines(&self, out: &mut String, change: &Change) {
        if change.hunks.is_empty() {
            return;
        }
        let [old, new] = change.headers();
        for (mark, side) in [("---", old), ("+++", new)] {
            _ = writeln!(out, "{}", self.paint(Paint::Bold, &format!("{mark} {side}")));
        }
        for line in change.hunks.lines() {
            let painted = match line.as_bytes().first() {
                Some(b'+') => self.paint(Paint::Green, line),
                Some(b'-') => self.paint(Paint::Red, line),
                Some(b'@') => self.paint(Paint::Cyan, line),
                _ => line.to_owned(),
            };
            out.push_str(&painted);
            out.push('\n');
        }
    }

    fn stat(&self, out: &mut String, group: &Group, width: usize) {
        out.push_str(&self.head(group));
        for change in &group.changes {
            let place = place(change);
            let pad = " ".repeat(width.saturating_sub(place.chars().count()));
            let added = self.paint(Paint::Green, &format!("+{}", change.added));
            let removed = self.paint(Paint::Red, &format!("-{}", change.removed));
            let titles: Vec<&str> = change.impacts.iter().map(|impact| impact.title).collect();
            let line = format!("  {place}{pad}  {added} {removed}  {}", titles.join(", "));
            _ = writeln!(out, "{}", line.trim_end());
        }
    }
}

fn place(change: &Change) -> String {
    format!("{} {}", change.kind.word(), change.object.join("/"))
}
