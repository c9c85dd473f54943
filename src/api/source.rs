//! Reads YAML text into nodes that know their places.
//!
//! Stricter than YAML: what YAML 1.1, YAML 1.2 and Go's reader would take for different things is
//! a finding, because the API server reads with Go what people check with other tools. Anchors,
//! aliases, tags, merge keys and duplicate keys are refused: a file means what it shows.

mod builder;
mod node;
mod scalar;

use std::sync::Arc;

use crate::diagnostic::{Finding, Place, Source, Span};

pub use node::{Document, Entry, Kind, Node, remove};

/// Largest source in bytes.
const LARGEST: usize = 4 << 20;

/// Reads a source that may hold several documents.
///
/// All findings are collected; a fault of the syntax ends the file, since nothing behind it can
/// be trusted. Documents that are empty are passed over.
pub fn read(name: &str, bytes: &[u8]) -> (Vec<Document>, Vec<Finding>) {
    if bytes.len() > LARGEST {
        let message = format!("found {} bytes, allowed: {LARGEST}", bytes.len());
        let place = whole(name, "");
        return (
            Vec::new(),
            vec![Finding::at("OC0006", "", message, Some("split the file"), place)],
        );
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return (Vec::new(), vec![not_utf8(name, bytes, error.valid_up_to())]),
    };
    let source = Arc::new(Source::new(name, text));
    let mut findings = characters(&source);
    if !findings.is_empty() {
        return (Vec::new(), findings);
    }
    let documents = builder::documents(&source, &mut findings);
    if documents.is_empty() && findings.is_empty() {
        let hint = Some("write an `OpenClawInstance`");
        findings.push(Finding::at("OC0007", "", "found no document", hint, whole(name, text)));
    }
    (documents, findings)
}

fn whole(name: &str, text: &str) -> Place {
    let source = Arc::new(Source::new(name, text));
    Place { source, span: Span::default() }
}

fn not_utf8(name: &str, bytes: &[u8], at: usize) -> Finding {
    let text = String::from_utf8_lossy(bytes).into_owned();
    // The valid part is unchanged by the replacement, so its length is the place.
    let source = Arc::new(Source::new(name, text));
    let place = Place { source, span: Span { start: at, end: at + 1 } };
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let found = if utf16 { "UTF-16".to_owned() } else { format!("the byte 0x{:02x}", bytes[at]) };
    let hint = Some("save the file as UTF-8");
    Finding::at("OC0002", "", format!("found {found}, allowed: UTF-8"), hint, place)
}

/// Characters that some reader folds, drops or takes for a line break.
pub(super) fn is_refused(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn characters(source: &Arc<Source>) -> Vec<Finding> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let skipped = source.text.len() - text.len();
    let refused = text.char_indices().filter(|(_, c)| is_refused(*c)).take(10);
    refused
        .map(|(at, c)| {
            let start = at + skipped;
            let span = Span { start, end: start + c.len_utf8() };
            let message =
                format!("found the character U+{:04X}, allowed: printable ones", c as u32);
            let place = Place { source: Arc::clone(source), span };
            Finding::at("OC0002", "", message, Some("remove it"), place)
        })
        .collect()
}
