//! Setting the tag changes the bytes of one value, or nothing and says why.
//!
//! What it does to each shape of file is printed in `tests/bump/shapes.txt`, line by line with all
//! their quotes and line breaks.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::path::Path;

use openclaw::api::source::{self, Document};
use openclaw::bump::set_tag;
use openclaw::diagnostic::Finding;
use serde_json::Value;

const NEW: &str = "2026.9.6";

const SHAPES: &[(&str, &str)] = &[
    ("plain", "spec:\n  image:\n    tag: 2026.9.4\n    repository: a\n"),
    ("double quotes", "spec:\n  image:\n    tag: \"2026.9.4\"\n"),
    ("single quotes", "spec:\n  image:\n    tag: '2026.9.4'\n"),
    (
        "a comment behind it",
        "spec:\n  image:\n    tag: 2026.9.4   # pinned, see 1234: \"2026.9.4\"\n",
    ),
    (
        "comments everywhere",
        "# 2026.9.4\nspec: # tag: 2026.9.4\n  # tag\n  image: # 2026.9.4\n    # tag: 2026.9.4\n    tag: 2026.9.4 # 2026.9.4\n    # 2026.9.4\n# 2026.9.4\n",
    ),
    (
        "the same text elsewhere",
        "spec:\n  env:\n  - {name: A, value: 2026.9.4}\n  image: {tag: 2026.9.4}\n  chromium: {image: {tag: 2026.9.4}}\n",
    ),
    ("flow", "spec: {image: {repository: a, tag: 2026.9.4}}\n"),
    (
        "flow with quotes and no spaces",
        "spec: {\"image\":{\"tag\":\"2026.9.4\",\"repository\":\"a\"}}\n",
    ),
    (
        "flow over lines",
        "spec: {\n  image: {\n    tag: 2026.9.4, # now\n    repository: a\n  }\n}\n",
    ),
    ("JSON", "{\"apiVersion\": \"v1\", \"spec\": {\"image\": {\"tag\": \"2026.9.4\"}}}"),
    ("CRLF", "spec:\r\n  image:\r\n    tag: 2026.9.4\r\n    repository: a\r\n"),
    (
        "double quotes and a comment",
        "spec:\n  image:\n    tag: \"2026.9.4\" # a\n    repository: a\n",
    ),
    ("single quotes and a comment", "spec:\n  image:\n    tag: '2026.9.4' # a\n"),
    ("quotes and a comment in flow", "spec: {image: {tag: '2026.9.4' , # a\n  repository: a}}\n"),
    ("CRLF and a comment", "spec:\r\n  image:\r\n    tag: \"2026.9.4\" # a\r\n"),
    ("BOM", "\u{feff}spec:\n  image:\n    tag: 2026.9.4\n"),
    (
        "letters of two bytes before it",
        "# \u{fc}\u{65e5}\u{672c}\nspec:\n  env:\n  - {name: A, value: \u{e9}\u{1f980}}\n  image: {tag: 2026.9.4} # \u{e9}\n",
    ),
    ("no final newline", "spec:\n  image:\n    tag: 2026.9.4"),
    ("spaces behind it", "spec:\n  image:\n    tag: 2026.9.4  \n    repository: a\n"),
    ("many spaces before it", "spec:\n  image:\n    tag:        2026.9.4\n"),
    ("a tab before the comment", "spec:\n  image:\n    tag: 2026.9.4\t# a\n"),
    ("on the next line", "spec:\n  image:\n    tag:\n      2026.9.4\n"),
    ("deep indentation", "spec:\n        image:\n                tag: 2026.9.4\n"),
    ("quoted keys", "\"spec\":\n  'image':\n    \"tag\": 2026.9.4\n"),
    ("a moving tag", "spec:\n  image:\n    tag: latest\n"),
    ("a variant", "spec:\n  image:\n    tag: 2026.9.4-slim\n"),
    ("marks of the document", "---\nspec:\n  image:\n    tag: 2026.9.4\n...\n"),
    (
        "the second of three documents",
        "spec: {image: {tag: 2026.9.4}}\n---\nspec: {image: {tag: 2026.9.4}} # this\n---\nspec: {image: {tag: 2026.9.4}}\n",
    ),
    ("the same already", "spec:\n  image:\n    tag: \"2026.9.6\"\n"),
    ("no tag", "spec:\n  image:\n    repository: a # mine\n    pullPolicy: Always\n"),
    (
        "no tag and comments",
        "spec:\n  image:\n    # where it is\n    repository: a\n    # how\n    pullPolicy: Always\n",
    ),
    ("no tag behind lists", "spec:\n  image:\n    pullSecrets:\n    - name: a\n"),
    ("no tag, no final newline", "spec:\n  image:\n    repository: a"),
    ("no tag with CRLF", "spec:\r\n  image:\r\n    repository: a\r\n  suspended: true\r\n"),
    ("no tag in flow", "spec:\n  image: { repository: a }\n"),
    ("an empty image", "spec:\n  image: {}\n  suspended: true\n"),
    ("an image of nothing", "spec:\n  image: # later\n  suspended: true\n"),
    ("an image of null", "spec:\n  image: null # later\n"),
    ("a tag of nothing", "spec:\n  image:\n    tag: # later\n    repository: a\n"),
    ("a tag of nothing at the end", "spec:\n  image:\n    tag:"),
    ("a tag of nothing in flow", "spec:\n  image: {tag: , repository: a}\n"),
    ("a tilde", "spec:\n  image:\n    tag: ~\n"),
    ("an empty tag", "spec:\n  image:\n    tag: \"\"\n"),
    ("no image", "spec:\n  suspended: false # for now\n  envFrom:\n  - secretRef: {name: a}\n"),
    (
        "no image before a block of lines",
        "spec:\n  # what it says\n  config:\n    json5: |\n      tag: 2026.9.4\n",
    ),
    ("no image in flow", "spec: {suspended: false}\n"),
    ("an empty spec", "spec: {}\n"),
    ("a spec of nothing", "spec:\n"),
    ("no spec", "apiVersion: v1\nkind: OpenClawInstance\n"),
    ("no spec in flow", "{}\n"),
    (
        "a block of lines below it",
        "spec:\n  image:\n    tag: 2026.9.4\n  config:\n    json5: |\n      // tag: 2026.9.4\n      {}\n",
    ),
    // Refused.
    ("an anchor", "spec:\n  image: &image\n    tag: 2026.9.4\n"),
    ("an alias", "a: &tag 2026.9.4\nspec:\n  image:\n    tag: *tag\n"),
    ("a tag of YAML", "spec:\n  image:\n    tag: !!str 2026.9.4\n"),
    ("a merge key", "a: {tag: 2026.9.4}\nspec:\n  image:\n    <<: {tag: 2026.9.4}\n"),
    ("two tags", "spec:\n  image:\n    tag: 2026.9.4\n    tag: 2026.9.4\n"),
    ("escapes", "spec:\n  image:\n    tag: \"2026\\u002e9.4\"\n"),
    ("a literal block", "spec:\n  image:\n    tag: |-\n      2026.9.4\n"),
    ("a folded block", "spec:\n  image:\n    tag: >-\n      2026.9.4\n"),
    ("a number", "spec:\n  image:\n    tag: 2026.9\n"),
    ("a list", "spec:\n  image:\n    tag: [2026.9.4]\n"),
    ("an image that is a text", "spec:\n  image: ghcr.io/openclaw/openclaw:2026.9.4\n"),
    ("over two lines", "spec:\n  image:\n    tag: \"2026\n      .9.4\"\n"),
    ("SOPS", "spec:\n  image:\n    tag: 2026.9.4\nsops:\n  mac: ENC[AES256_GCM]\n"),
    ("an explicit key", "spec:\n  ? image\n  : tag: 2026.9.4\n"),
    ("an explicit key without a tag", "spec:\n  ? image\n  : repository: a\n"),
    ("broken", "spec:\n  image:\n   tag: 2026.9.4\n    repository: a\n"),
];

/// The document that is edited: the second where there are three.
fn document(text: &str) -> Result<Document, Vec<Finding>> {
    let (mut documents, findings) = source::read("my-agent.yaml", text.as_bytes());
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(documents.swap_remove(usize::from(documents.len() > 1)))
}

fn told(finding: &Finding) -> String {
    let [(line, column), _] = finding.place.as_ref().unwrap().lines();
    format!("  {} {line}:{column} {}\n", finding.code, finding.message)
}

/// What differs, line by line.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let is_kept = |line: &&&str, others: &[&str]| others.contains(line);
    let gone = old.iter().filter(|line| !is_kept(line, &new)).map(|line| format!("- {line:?}\n"));
    let come = new.iter().filter(|line| !is_kept(line, &old)).map(|line| format!("+ {line:?}\n"));
    gone.chain(come).collect()
}

/// What must not change: all before and behind one place.
#[track_caller]
fn changes_one_place(old: &str, new: &str) {
    let head = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let tail = old.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
    let shorter = old.len().min(new.len());
    let removed = old.len() - head - tail.min(shorter - head);
    assert!(removed <= "2026.9.4-slim".len(), "{removed} bytes are gone\n{old}\n{new}");
}

#[test]
fn each_shape_of_file_changes_by_one_value_or_is_refused() {
    let mut printed = String::new();
    for (name, text) in SHAPES {
        printed += &format!("# {name}\n");
        let result = document(text)
            .and_then(|document| set_tag(&document, NEW).map_err(|finding| vec![finding]));
        match result {
            Ok(new) => {
                changes_one_place(text, &new);
                printed += &difference(text, &new);
                assert_eq!(document(&new).unwrap().value()["spec"]["image"]["tag"], NEW, "{name}");
                let again = set_tag(&document(&new).unwrap(), NEW).unwrap();
                assert_eq!(again, new, "{name}: twice is once");
            }
            Err(findings) => printed.extend(findings.iter().map(told)),
        }
    }
    kit::golden("tests/bump/shapes.txt", &printed);
}

#[test]
fn the_way_back_is_the_text_as_it_was() {
    for (name, text) in SHAPES {
        let Ok(before) = document(text) else { continue };
        let Some(Value::String(old)) = before.value().pointer("/spec/image/tag").cloned() else {
            continue;
        };
        let Ok(new) = set_tag(&before, NEW) else { continue };
        assert_eq!(set_tag(&document(&new).unwrap(), &old).as_deref(), Ok(*text), "{name}");
    }
}

#[test]
fn a_tag_that_a_reader_would_take_for_a_number_is_quoted() {
    for (tag, written) in [
        ("2026.9.6", "2026.9.6"),
        ("2026.7.1-2", "2026.7.1-2"),
        ("2026", "\"2026\""),
        ("1e3", "\"1e3\""),
        ("2026-07-01", "\"2026-07-01\""),
        ("yes", "\"yes\""),
        ("latest", "latest"),
    ] {
        let text = "spec: {image: {tag: a}}\n";
        let expected = text.replace("tag: a", &format!("tag: {written}"));
        assert_eq!(set_tag(&document(text).unwrap(), tag), Ok(expected));
    }
}

/// Another reader than ours, on every instance that this project ships.
#[test]
fn every_example_can_be_updated_and_means_the_same_but_for_its_tag() {
    let mut count = 0;
    for folder in ["examples", "tests/golden"] {
        for (path, text) in kit::tree(&kit::root().join(folder)) {
            let is_source = Path::new(&path).extension().is_some_and(|end| end == "yaml")
                && !path.contains("rendered/")
                && !path.contains("expected/");
            if !is_source {
                continue;
            }
            let (documents, findings) = source::read(&path, text.as_bytes());
            let instance = documents
                .iter()
                .position(|document| document.value()["kind"] == "OpenClawInstance");
            let Some(index) = instance.filter(|_| findings.is_empty()) else { continue };
            let new = set_tag(&documents[index], NEW).unwrap_or_else(|finding| {
                panic!("{path}: {}", finding.message);
            });
            let [mut old, new] = [&text, &new].map(|text| kit::documents(text));
            old[index]["spec"]["image"]["tag"] = NEW.into();
            assert_eq!(old, new, "{path}");
            count += 1;
        }
    }
    assert!(count > 60, "{count} instances");
}
