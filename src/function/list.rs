//! The list: its items with the text that each of them is, and the text of an answer.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::{CODE, results};
use crate::api::source::{self, Document, Kind, Node};
use crate::diagnostic::{Finding, Report, severity};
use crate::names;
use crate::render::yaml;

/// Code of a text without a document, which asks for an instance.
const EMPTY: &str = "OC0007";

/// A list that was read.
pub(super) struct List {
    /// Its items; an instance that is the functionConfig is the last.
    pub(super) items: Vec<Item>,
    /// The functionConfig.
    pub(super) config: Option<Document>,
}

/// One object.
pub(super) struct Item {
    /// The object with its places in the list.
    pub(super) document: Document,
    /// Its value.
    pub(super) value: Value,
    /// Its text, without indentation.
    pub(super) text: String,
    /// Whether it is the functionConfig, which is no item of the answer.
    pub(super) is_asked: bool,
    range: Range<usize>,
}

impl Item {
    fn new(node: &Node, within: &Document, range: Range<usize>) -> Self {
        let document = Document { source: Arc::clone(&within.source), root: node.clone() };
        let value = document.value();
        let all = &within.source.text;
        let is_flow = all.as_bytes().get(node.span.start) == Some(&b'{');
        let before = &all[line(all, range.start)..range.start];
        // Flow style may lie anywhere in its lines, as a block may whose first key is not the first
        // word; neither is worth the trouble of keeping its comments.
        let is_block = !is_flow && before.bytes().all(|byte| matches!(byte, b' ' | b'-'));
        let text = if is_block { block(all, &range) } else { yaml::write(&value) };
        Self { document, value, text, is_asked: false, range }
    }

    /// Whether it is rendered, or read for what is.
    pub(super) fn is_ours(&self) -> bool {
        let version = self.value["apiVersion"].as_str().unwrap_or_default();
        match self.value["kind"].as_str() {
            Some("ConfigMap") => version == "v1" && !self.is_asked,
            Some(names::KIND) => version.starts_with(names::GROUP),
            _ => false,
        }
    }

    /// Where its caller says that it comes from, or what rendered it before.
    pub(super) fn path(&self) -> Option<&str> {
        let annotations = &self.value["metadata"]["annotations"];
        let [internal, public] =
            ["internal.config.kubernetes.io/path", "config.kubernetes.io/path"];
        let keys = [internal, public, names::ANNOTATION_SOURCE];
        keys.iter().find_map(|key| annotations[*key].as_str())
    }

    /// Whether a byte of the list belongs to it.
    pub(super) fn holds(&self, at: usize) -> bool {
        self.range.contains(&at)
    }
}

/// Reads a list; `None` with its findings when it is none.
pub(super) fn read(name: &str, bytes: &[u8]) -> (Option<List>, Report) {
    let mut report = Report::default();
    let (documents, found) = source::read(name, bytes);
    let mut told = Report::default();
    let mut refuse = |document: &Document, path: &str, message: &str| {
        told.push(Finding::at(CODE, path, message, None, document.place(path)));
    };
    let list = match documents.as_slice() {
        [] => {
            if found.iter().all(|finding| finding.code == EMPTY) {
                let message = "found nothing, allowed: `ResourceList`";
                report.push(Finding::new(CODE, severity(CODE), "kind", message, None));
            }
            None
        }
        [document] => match document.value()["kind"].as_str() {
            Some("ResourceList") => Some(list(document, &mut refuse)),
            kind => {
                let found = kind.unwrap_or("nothing");
                let message = format!("found kind `{found}`, allowed: `ResourceList`");
                refuse(document, "kind", &message);
                None
            }
        },
        [_, second, ..] => {
            refuse(second, "", "found a second document, allowed: one ResourceList");
            None
        }
    };
    report.extend(told);
    // How others write their objects is for others to say.
    let items = list.as_ref().map(|list| list.items.as_slice()).unwrap_or_default();
    let is_foreign = |finding: &Finding| {
        if finding.code == EMPTY {
            return true;
        }
        let at = finding.place.as_ref().map(|place| place.span.start);
        at.is_some_and(|at| items.iter().any(|item| item.holds(at) && !item.is_ours()))
    };
    found.into_iter().filter(|one| !is_foreign(one)).for_each(|finding| report.push(finding));
    (list, report)
}

fn list(document: &Document, refuse: &mut dyn FnMut(&Document, &str, &str)) -> List {
    let mut list = List { items: Vec::new(), config: None };
    let Kind::Map(entries) = &document.root.kind else { return list };
    let all = &document.source.text;
    let mut config = None;
    for (index, entry) in entries.iter().enumerate() {
        let end = entries.get(index + 1).map_or(all.len(), |next| line(all, next.key_span.start));
        match (entry.key.as_str(), &entry.value.kind) {
            ("items", Kind::List(nodes)) => list.items = items(nodes, document, end),
            ("items", Kind::Null) => {}
            ("items", _) => refuse(document, "items", "found no list, allowed: a list of objects"),
            ("functionConfig", Kind::Map(_)) => {
                let range = start(&entry.value)..end;
                config = Some(Item::new(&entry.value, document, range));
            }
            _ => {}
        }
    }
    for index in 0..list.items.len() {
        if !list.items[index].value.is_object() {
            refuse(document, &format!("items[{index}]"), "found no object, allowed: objects");
        }
    }
    list.config = config.as_ref().map(|config| config.document.clone());
    let name = |item: &Item| item.value["metadata"]["name"].clone();
    let is_instance = |item: &Item| item.value["kind"] == names::KIND && item.is_ours();
    // A generator of kustomize is given its functionConfig as an item too.
    let is_given =
        |one: &Item| list.items.iter().any(|item| is_instance(item) && name(item) == name(one));
    if let Some(mut config) = config.filter(|config| is_instance(config) && !is_given(config)) {
        config.is_asked = true;
        list.items.push(config);
    }
    list
}

fn items(nodes: &[Node], within: &Document, end: usize) -> Vec<Item> {
    let all = &within.source.text;
    let ends = nodes.iter().skip(1).map(|next| dash(all, start(next))).chain([end]);
    nodes.iter().zip(ends).map(|(node, end)| Item::new(node, within, start(node)..end)).collect()
}

/// Where the text of a node begins; that of a block is its first key.
fn start(node: &Node) -> usize {
    match &node.kind {
        Kind::Map(entries) => entries.first().map_or(node.span.start, |one| one.key_span.start),
        _ => node.span.start,
    }
}

/// Where the line of the dash before an item begins; a comment may lie between the two.
fn dash(all: &str, at: usize) -> usize {
    let mut from = line(all, at);
    while from > 0 && !all[from..].trim_start_matches(' ').starts_with('-') {
        from = line(all, from - 1);
    }
    from
}

fn line(all: &str, at: usize) -> usize {
    all[..at].rfind('\n').map_or(0, |at| at + 1)
}

/// Returns the text of a block as if it stood at the left.
fn block(all: &str, range: &Range<usize>) -> String {
    let indent = range.start - line(all, range.start);
    let mut text = String::new();
    for (index, line) in all[range.start..range.end.max(range.start)].split('\n').enumerate() {
        // The end of the document, and what follows it.
        if matches!(line.trim_end(), "---" | "...") {
            break;
        }
        let blank = line.len() - line.trim_start_matches(' ').len();
        text.push_str(if index == 0 { line } else { &line[blank.min(indent)..] });
        text.push('\n');
    }
    // The last line had its end, or had none.
    if text.ends_with("\n\n") {
        text.pop();
    }
    text
}

/// Returns the text of an answer.
pub(super) fn write(items: &[String], results: &[Value]) -> String {
    let mut text = format!("apiVersion: {}\nkind: ResourceList\n", results::API_VERSION);
    let results = results.iter().map(yaml::write);
    add(&mut text, "items", items.iter().cloned(), true);
    add(&mut text, "results", results, false);
    text
}

fn add(text: &mut String, key: &str, blocks: impl Iterator<Item = String>, always: bool) {
    let mut blocks = blocks.peekable();
    if blocks.peek().is_none() {
        if always {
            text.push_str(&format!("{key}: []\n"));
        }
        return;
    }
    text.push_str(&format!("{key}:\n"));
    for block in blocks {
        for (index, line) in block.lines().enumerate() {
            let indent = match (index, line.is_empty()) {
                (0, _) => "- ",
                (_, true) => "",
                _ => "  ",
            };
            text.push_str(&format!("{indent}{line}\n"));
        }
    }
}
