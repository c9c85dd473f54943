//! Draws what a terminal shows, its colors included, as an image for README.md.

use std::fmt::Write as _;

/// Columns of the terminal, which wraps what is longer.
const COLUMNS: usize = 100;
/// The size of a character, in pixels.
const WIDTH: usize = 8;
const HEIGHT: usize = 18;
/// What is around all of them.
const MARGIN: usize = 16;

/// Returns how a character is drawn after the parameter of an escape sequence.
fn style(parameter: &str) -> &'static str {
    match parameter {
        "0" => "",
        "1" => "font-weight=\"bold\"",
        "31" => "fill=\"#ff7b72\"",
        "32" => "fill=\"#7ee787\"",
        "33" => "fill=\"#e3b341\"",
        "36" => "fill=\"#76e3ea\"",
        _ => panic!("how does `{parameter}` look?"),
    }
}

/// Returns the runs of each row: a style, and text that has it.
fn rows(text: &str) -> Vec<Vec<(&'static str, String)>> {
    let mut rows = vec![Vec::new()];
    let mut column = 0;
    for (index, part) in text.split("\u{1b}[").enumerate() {
        let (now, part) = match part.split_once('m') {
            Some((parameter, rest)) if index > 0 => (style(parameter), rest),
            _ => ("", part),
        };
        rows.last_mut().unwrap().push((now, String::new()));
        for one in part.chars() {
            if one == '\n' || column == COLUMNS {
                rows.push(vec![(now, String::new())]);
                column = 0;
            }
            if one != '\n' {
                rows.last_mut().unwrap().last_mut().unwrap().1.push(one);
                column += 1;
            }
        }
    }
    rows
}

/// Returns an SVG of a terminal with `text` in it.
pub fn draw(text: &str) -> String {
    let rows = rows(text.trim_end());
    let width = COLUMNS * WIDTH + 2 * MARGIN;
    let height = rows.len() * HEIGHT + 2 * MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n<g fill=\"#e6edf3\">\n"
    );
    for (index, row) in rows.iter().enumerate() {
        let y = MARGIN + index * HEIGHT + HEIGHT * 3 / 4;
        write!(out, "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">").unwrap();
        for (style, text) in row.iter().filter(|run| !run.1.is_empty()) {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            match *style {
                "" => out.push_str(&text),
                style => write!(out, "<tspan {style}>{text}</tspan>").unwrap(),
            }
        }
        out.push_str("</text>\n");
    }
    out.push_str("</g>\n</svg>\n");
    out
}
