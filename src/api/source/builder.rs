//! Builds documents from the parser's events; the only module that knows saphyr-parser.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Marks, StrInput};

use super::node::{Document, Entry, Kind, Node};
use super::scalar::{quoted, resolve};
use crate::diagnostic::{Finding, Place, Source, Span};

/// Deepest nesting.
const DEEPEST: usize = 100;
/// Most nodes of one source.
const MOST: usize = 200_000;
/// Most findings about one source: telling more takes longer than reading them.
const MOST_FINDINGS: usize = 200;

/// Stops the file: what follows cannot be trusted.
struct Stop;

struct Builder<'a> {
    source: &'a Arc<Source>,
    parser: Parser<'a, StrInput<'a>>,
    /// Byte offset of each character; absent for ASCII, where they are equal.
    offsets: Option<Vec<usize>>,
    skipped: usize,
    nodes: usize,
    findings: &'a mut Vec<Finding>,
}

/// Returns the documents of a source that are not empty.
pub(super) fn documents(source: &Arc<Source>, findings: &mut Vec<Finding>) -> Vec<Document> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let offsets = (!text.is_ascii())
        .then(|| text.char_indices().map(|(at, _)| at).chain([text.len()]).collect());
    let mut builder = Builder {
        source,
        parser: Parser::new_from_str(text),
        offsets,
        skipped: source.text.len() - text.len(),
        nodes: 0,
        findings,
    };
    builder.directives(text);
    let mut documents = Vec::new();
    while let Ok(Some(root)) = builder.document() {
        if !matches!(root.kind, Kind::Null) {
            documents.push(Document { source: Arc::clone(source), root });
        }
    }
    documents
}

impl<'a> Builder<'a> {
    fn place(&self, span: Span) -> Place {
        Place { source: Arc::clone(self.source), span }
    }

    fn find(&mut self, code: &'static str, message: String, hint: Option<&str>, span: Span) {
        let place = self.place(span);
        self.findings.push(Finding::at(code, "", message, hint, place));
    }

    fn byte(&self, index: usize) -> usize {
        let at = match &self.offsets {
            Some(offsets) => offsets.get(index).or(offsets.last()).copied().unwrap_or(index),
            None => index,
        };
        (at + self.skipped).min(self.source.text.len())
    }

    fn span(&self, marks: Marks) -> Span {
        let (start, end) = (self.byte(marks.start.index()), self.byte(marks.end.index()));
        let text = &self.source.text[start..end.max(start)];
        Span { start, end: start + text.trim_end().len() }
    }

    fn directives(&mut self, text: &str) {
        let mut at = self.skipped;
        for line in text.split_inclusive('\n') {
            if line.starts_with("%YAML") || line.starts_with("%TAG") {
                let span = Span { start: at, end: at + line.trim_end().len() };
                let message = "found a directive, allowed: plain YAML".to_owned();
                self.find("OC0004", message, Some("remove the line"), span);
            }
            at += line.len();
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Marks)>, Stop> {
        match self.parser.next() {
            None => Ok(None),
            Some(Ok(event)) => Ok(Some(event)),
            Some(Err(error)) => {
                self.syntax(&error);
                Err(Stop)
            }
        }
    }

    fn syntax(&mut self, error: &ScanError) {
        let start = self.byte(error.marker().index());
        let end = self.source.text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
        let line = self.source.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let indent = &self.source.text[line..];
        let blank = &indent[..indent.find(|c| !matches!(c, ' ' | '\t')).unwrap_or(indent.len())];
        if let Some(tab) = blank.find('\t') {
            let span = Span { start: line + tab, end: line + tab + 1 };
            let message = "found a tab, allowed: spaces for indentation".to_owned();
            self.find("OC0001", message, Some("replace each tab by spaces"), span);
            return;
        }
        let hint = if error.info().starts_with("mapping values") {
            "write a text that holds `: ` in quotes"
        } else {
            "look for a bracket, a quote or an indentation that is wrong here or above"
        };
        self.find("OC0001", error.info().to_owned(), Some(hint), Span { start, end });
    }

    fn document(&mut self) -> Result<Option<Node>, Stop> {
        loop {
            match self.next()? {
                None => return Ok(None),
                Some((
                    Event::StreamStart
                    | Event::StreamEnd
                    | Event::DocumentStart(_)
                    | Event::DocumentEnd
                    | Event::Nothing,
                    _,
                )) => {}
                Some((event, marks)) => return self.node(event, marks, 0).map(Some),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, marks: Marks, depth: usize) -> Result<Node, Stop> {
        let span = self.span(marks);
        self.nodes += 1;
        if depth > DEEPEST {
            let message = format!("found more than {DEEPEST} levels of nesting");
            self.find("OC0006", message, Some("nest less"), span);
            return Err(Stop);
        }
        if self.nodes > MOST {
            let message = format!("found more than {MOST} values");
            self.find("OC0006", message, Some("split the file"), span);
            return Err(Stop);
        }
        if self.findings.len() >= MOST_FINDINGS {
            return Err(Stop);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // The mark of a quoted text takes in a comment behind it.
                let length = quoted(&self.source.text[span.start..span.end]);
                let span = Span { end: length.map_or(span.end, |end| span.start + end), ..span };
                self.extras(anchor, tag.is_some(), span);
                // What a tag makes of a text is not guessed at: one finding is enough.
                let style = if tag.is_some() { ScalarStyle::DoubleQuoted } else { style };
                Ok(Node { span, kind: self.scalar(&text, style, span) })
            }
            Event::SequenceStart(anchor, tag) => {
                self.extras(anchor, tag.is_some(), span);
                self.list(span, depth)
            }
            Event::MappingStart(anchor, tag) => {
                self.extras(anchor, tag.is_some(), span);
                self.map(span, depth)
            }
            Event::Alias(_) => {
                let hint = Some("write the value out");
                self.find("OC0004", "found an alias, allowed: plain values".to_owned(), hint, span);
                Ok(Node { span, kind: Kind::Null })
            }
            _ => Err(Stop),
        }
    }

    fn extras(&mut self, anchor: usize, tag: bool, span: Span) {
        // The marks of a block begin behind its anchor; the line is right all the same.
        if anchor > 0 {
            let hint = Some("write the value out where it is used");
            self.find("OC0004", "found an anchor, allowed: plain values".to_owned(), hint, span);
        }
        if tag {
            let hint = Some("remove the tag; quote a text");
            self.find("OC0004", "found a tag, allowed: plain values".to_owned(), hint, span);
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> Kind {
        if let Some(c) = text.chars().find(|c| super::is_refused(*c)) {
            let message =
                format!("found the escape of U+{:04X}, allowed: printable ones", c as u32);
            self.find("OC0002", message, Some("remove it"), span);
        }
        if style != ScalarStyle::Plain {
            return Kind::String(text.to_owned());
        }
        resolve(text).unwrap_or_else(|fault| {
            let message = format!("`{text}` is {}", fault.reading);
            let hint = format!("write it in quotes if it is a text: \"{text}\"");
            self.find("OC0005", message, Some(&hint), span);
            Kind::String(text.to_owned())
        })
    }

    fn list(&mut self, span: Span, depth: usize) -> Result<Node, Stop> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Some((Event::SequenceEnd, _)) => {
                    return Ok(Node { span, kind: Kind::List(items) });
                }
                Some((event, marks)) => items.push(self.node(event, marks, depth + 1)?),
                None => return Err(Stop),
            }
        }
    }

    fn map(&mut self, span: Span, depth: usize) -> Result<Node, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        loop {
            let (event, marks) = match self.next()? {
                Some((Event::MappingEnd, _)) => {
                    return Ok(Node { span, kind: Kind::Map(entries) });
                }
                Some(event) => event,
                None => return Err(Stop),
            };
            let key_span = self.span(marks);
            let key = self.key(event, marks, depth)?;
            let Some((event, marks)) = self.next()? else { return Err(Stop) };
            let value = self.node(event, marks, depth + 1)?;
            let Some(key) = key else { continue };
            if let Some(first) = seen.get(&key) {
                let [(line, column), _] = self.place(*first).lines();
                let message = format!("the key `{key}` is used already at {line}:{column}");
                self.find("OC0003", message, Some("remove one of them"), key_span);
                continue;
            }
            seen.insert(key.clone(), key_span);
            entries.push(Entry { key, key_span, value });
        }
    }

    /// Returns the text of a key; `None` when it was refused.
    fn key(
        &mut self,
        event: Event<'a>,
        marks: Marks,
        depth: usize,
    ) -> Result<Option<String>, Stop> {
        let span = self.span(marks);
        match event {
            Event::Scalar(text, ScalarStyle::Plain, anchor, tag) => {
                self.extras(anchor, tag.is_some(), span);
                if text == "<<" {
                    let hint = Some("write the fields out");
                    let message = "found a merge key, allowed: plain keys".to_owned();
                    self.find("OC0004", message, hint, span);
                    return Ok(None);
                }
                if !matches!(resolve(&text), Ok(Kind::String(_))) {
                    let message = format!("the key `{text}` is not a text for every reader");
                    let hint = format!("write it in quotes: \"{text}\"");
                    self.find("OC0005", message, Some(&hint), span);
                }
                Ok(Some(text.into_owned()))
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.extras(anchor, tag.is_some(), span);
                drop(self.scalar(&text, style, span));
                Ok(Some(text.into_owned()))
            }
            other => {
                let message = "found a key that is no text, allowed: texts".to_owned();
                self.find("OC0001", message, Some("write a plain key"), span);
                self.node(other, marks, depth + 1)?;
                Ok(None)
            }
        }
    }
}
