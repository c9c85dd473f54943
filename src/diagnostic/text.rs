//! Findings for people: the source line with a caret under the value.

use std::fmt::Write as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Finding, Place, Report, Severity};

/// Longest part of a line that is shown on either side of a value.
const AROUND: usize = 100;

/// Most findings that are shown; with more of them, errors come first.
const MOST: usize = 100;

/// Longest message; one may quote a value of any length.
const LONGEST: usize = 600;

/// Longest marked part.
const MARKED: usize = 120;

/// Returns the report as text, ending with the counts; empty without findings.
pub fn render(report: &Report, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    let mut shown: Vec<&Finding> = report.findings().iter().collect();
    if shown.len() > MOST {
        shown.sort_by_key(|finding| finding.severity);
        shown.truncate(MOST);
    }
    for finding in &shown {
        text.push_str(&one(finding, &renderer));
        text.push('\n');
    }
    if shown.len() < report.findings().len() {
        let more = report.findings().len() - shown.len();
        // A String takes every text, so writing to it cannot fail.
        _ = writeln!(text, "{more} more are not shown");
    }
    if !report.findings().is_empty() {
        text.push_str(&summary(report));
        text.push('\n');
    }
    text
}

/// Returns the counts, such as `1 error, 2 warnings`.
pub fn summary(report: &Report) -> String {
    let mut text = String::new();
    for (count, word) in [(report.error_count(), "error"), (report.warning_count(), "warning")] {
        if count > 0 {
            let separator = if text.is_empty() { "" } else { ", " };
            let plural = if count == 1 { "" } else { "s" };
            // A String takes every text, so writing to it cannot fail.
            _ = write!(text, "{separator}{count} {word}{plural}");
        }
    }
    text
}

fn one(finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = if finding.path.is_empty() {
        finding.message.clone()
    } else {
        format!("{}: {}", finding.path, finding.message)
    };
    let mut group = Group::with_title(level.primary_title(visible(clip(&title))).id(finding.code));
    if let Some(place) = &finding.place {
        let window = window(place);
        group = group.element(
            Snippet::source(window.text)
                .line_start(place.lines()[0].0)
                .path(visible(&place.source.name))
                .annotation(AnnotationKind::Primary.span(window.start..window.end)),
        );
    }
    if let Some(hint) = &finding.hint {
        group = group.element(Level::HELP.with_name("hint").message(visible(hint)));
    }
    let mut text = renderer.render(&[group]);
    if let Some(place) = &finding.place {
        // The snippet may be cut from the middle of a line, so its own column would be wrong.
        let [(line, column), _] = place.lines();
        text = fix_column(&text, &visible(&place.source.name), line, column);
    }
    text
}

fn fix_column(text: &str, name: &str, line: usize, column: usize) -> String {
    let mark = format!("{name}:{line}:");
    match text.find(&mark) {
        Some(at) => {
            let rest = &text[at + mark.len()..];
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            format!("{}{column}{}", &text[..at + mark.len()], &rest[digits..])
        }
        None => text.to_owned(),
    }
}

/// The line of a value, cut so that it fits a terminal, and the value's place in it.
struct Window {
    text: String,
    start: usize,
    end: usize,
}

fn window(place: &Place) -> Window {
    let text = &place.source.text;
    let start = boundary(text, place.span.start.min(text.len()));
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = boundary(text, place.span.end.clamp(start, to).min(start + MARKED));
    let left = boundary(text, from.max(start.saturating_sub(AROUND)));
    let right = boundary(text, to.min(end + AROUND));
    let before = visible(&text[left..start]);
    let marked = visible(&text[start..end]);
    let after = visible(text[end..right].trim_end_matches('\r'));
    Window {
        start: before.len(),
        // A mark that is empty or ends inside a character takes the whole of it.
        end: before.len()
            + if marked.is_empty() {
                after.chars().next().map_or(0, char::len_utf8)
            } else {
                marked.len()
            },
        text: format!("{before}{marked}{after}"),
    }
}

fn clip(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(at, _)| &text[..at])
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Control characters would drive the terminal: they are shown, not sent.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => shown.push(' '),
            '\u{feff}' => {}
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                shown.extend(c.escape_unicode());
            }
            c => shown.push(c),
        }
    }
    shown
}
