//! The CRD is legal, small and complete, and the schemas of editors take every example.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::collections::BTreeSet;

use openclaw::api::crd::EMBEDDED;
use openclaw::api::source::read;
use openclaw::api::structure::Schema;
use openclaw::diagnostic::Report;
use openclaw::validate::admission;
use openclaw::validate::refused::REFUSED;
use serde_json::{Value, json};

/// Client-side apply keeps the object in an annotation, which holds that much.
const ANNOTATION_BYTES: usize = 256 * 1024;

fn crd() -> Value {
    admission::crd()
}

fn crd_schema() -> Value {
    crd().pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap().clone()
}

/// Calls `visit` with every schema below one, and its path.
fn walk<'a>(path: &str, schema: &'a Value, visit: &mut dyn FnMut(&str, &'a Value)) {
    visit(path, schema);
    for (name, child) in schema["properties"].as_object().into_iter().flatten() {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        walk(&below, child, visit);
    }
    for keyword in ["items", "additionalProperties"] {
        if schema[keyword].is_object() {
            let mark = if keyword == "items" { "[]" } else { "[*]" };
            walk(&format!("{path}{mark}"), &schema[keyword], visit);
        }
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        for child in schema[keyword].as_array().into_iter().flatten() {
            walk(path, child, visit);
        }
    }
}

/// Returns what a structural schema may not have, or must.
fn illegal(schema: &Value) -> Vec<String> {
    const FORBIDDEN: [&str; 7] =
        ["$ref", "$defs", "definitions", "default", "nullable", "patternProperties", "const"];
    let mut found = Vec::new();
    walk("", schema, &mut |path, node| {
        for keyword in FORBIDDEN {
            if node.get(keyword).is_some() {
                found.push(format!("{path}: has {keyword}"));
            }
        }
        let is_typed = node["type"].is_string() && node.get("x-kubernetes-int-or-string").is_none();
        let is_open = node["x-kubernetes-int-or-string"] == true && node.get("type").is_none();
        if is_typed == is_open {
            found.push(format!("{path}: needs one type, or int-or-string without any"));
        }
        if node.get("properties").is_some() && node.get("additionalProperties").is_some() {
            found.push(format!("{path}: has properties and additionalProperties"));
        }
        if node["type"] == "array" && !node["items"].is_object() {
            found.push(format!("{path}: a list without items"));
        }
    });
    found
}

#[test]
fn the_schema_is_structural_and_writes_no_defaults() {
    assert_eq!(illegal(&crd_schema()), Vec::<String>::new());
    for (schema, count) in [
        (json!({"properties": {"a": {}}, "type": "object"}), 1),
        (json!({"type": "string", "default": "a"}), 1),
        (json!({"type": "string", "x-kubernetes-int-or-string": true}), 1),
        (json!({"type": "array"}), 1),
        (
            json!({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}),
            1,
        ),
        (json!({"x-kubernetes-int-or-string": true}), 0),
    ] {
        assert_eq!(illegal(&schema).len(), count, "{schema}");
    }
}

#[test]
fn the_crd_fits_client_side_apply_and_names_itself() {
    let crd = crd();
    let json = crd.to_string().len();
    assert!(json < ANNOTATION_BYTES * 3 / 4, "{json} bytes as JSON");
    let yaml = openclaw::render::yaml::write(&crd).len();
    assert!(yaml < ANNOTATION_BYTES, "{yaml} bytes as YAML");
    let names = &crd["spec"]["names"];
    assert_eq!(names["plural"], "openclawinstances");
    assert_eq!(names["shortNames"], json!(["oci"]));
    assert_eq!(names["categories"], json!(["all", "openclaw"]));
    assert_eq!(crd["spec"]["scope"], "Namespaced");
    let version = &crd["spec"]["versions"][0];
    assert_eq!(version["name"], "v1alpha1");
    assert_eq!((&version["served"], &version["storage"]), (&json!(true), &json!(true)));
    assert_eq!(version["subresources"], json!({"status": {}}));
    let columns = version["additionalPrinterColumns"].as_array().unwrap();
    let columns: Vec<&str> =
        columns.iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(columns, ["Phase", "Ready", "Reason", "Version", "Tag", "Gateway", "Age"]);
    let schema = crd_schema();
    assert_eq!(schema["properties"]["spec"]["properties"]["env"]["x-kubernetes-list-type"], "map");
    assert_eq!(
        schema["properties"]["spec"]["properties"]["skills"]["x-kubernetes-list-type"],
        "set"
    );
}

#[test]
fn kubectl_explain_has_a_sentence_for_every_field() {
    let schema = crd_schema();
    let mut silent = Vec::new();
    walk("", &schema, &mut |path, node| {
        let is_foreign = EMBEDDED
            .iter()
            .any(|field| path.strip_prefix(field).is_some_and(|rest| !rest.is_empty()));
        let is_item = path.ends_with(']');
        // The API server explains it itself, and takes no description of it.
        let is_foreign = is_foreign || path.starts_with("metadata");
        if !is_foreign && !is_item && node["description"].as_str().unwrap_or_default().is_empty() {
            silent.push(path.to_owned());
        }
    });
    assert_eq!(silent, Vec::<String>::new());
    assert!(!schema.to_string().contains("Auto-generated"));
}

/// Returns the type of a field below spec in the words of the lists; `None` when it is refused.
fn type_of(schema: &Value, path: &str) -> Option<Result<String, String>> {
    let mut parent = "spec".to_owned();
    let mut node = &schema["properties"]["spec"];
    for segment in path.split('.') {
        let name = segment.trim_end_matches("[]");
        if REFUSED.iter().any(|row| row.parent == parent && row.field == name) {
            return None;
        }
        node = &node["properties"][name];
        if segment.ends_with("[]") {
            node = &node["items"];
        }
        parent = format!("{parent}.{segment}");
    }
    let Some(word) = node["type"].as_str() else { return Some(Err(format!("{path}: missing"))) };
    let list = if path.ends_with("[]") { "[]" } else { "" };
    let is_map = node["additionalProperties"]["type"] == "string";
    Some(Ok(if is_map { "map[string]string".to_owned() } else { format!("{list}{word}") }))
}

fn listed(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(' ').unwrap())
}

#[test]
fn every_field_of_the_go_operator_has_its_type_or_is_refused_by_name() {
    let schema = crd_schema();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (path, expected) in listed(include_str!("schema/fields.txt")) {
        count += 1;
        let found = type_of(&schema, path);
        if found != Some(Ok(expected.to_owned())) {
            wrong.push(format!("{path} {expected}: {found:?}"));
        }
    }
    assert_eq!(count, 121);
    let mut supported = 0;
    for (path, expected) in listed(include_str!("schema/later.txt")) {
        match type_of(&schema, path) {
            None => {}
            Some(Ok(found)) if found == expected => supported += 1,
            found => wrong.push(format!("{path} {expected}: {found:?}")),
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(supported > 20, "{supported}");
}

const DRAFT_07: [&str; 20] = [
    "$schema",
    "additionalProperties",
    "const",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "properties",
    "required",
    "title",
    "type",
];

fn keywords_beyond_draft_07(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk("", schema, &mut |_, node| {
        for keyword in node.as_object().into_iter().flatten().map(|(keyword, _)| keyword) {
            if !DRAFT_07.contains(&keyword.as_str()) {
                found.insert(keyword.clone());
            }
        }
    });
    found
}

fn printed(args: &[&str]) -> Value {
    let output = std::process::Command::new(kit::binary()).args(args).output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the findings about the shape of every document of a kind.
fn findings(schema: &Schema, kind: &str, name: &str, text: &str) -> Option<Vec<String>> {
    let (documents, _) = read(name, text.as_bytes());
    let documents = documents.iter().filter(|document| document.value()["kind"] == kind);
    let mut report = Report::default();
    let mut count = 0;
    for document in documents {
        schema.check(document, &mut report);
        count += 1;
    }
    let all = report.findings().iter().map(|f| format!("{name}: {} {}", f.code, f.path)).collect();
    (count > 0).then_some(all)
}

fn takes_all(args: &[&str], kind: &str, least: usize) -> Schema {
    let printed = printed(args);
    assert_eq!(printed["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(keywords_beyond_draft_07(&printed), BTreeSet::new());
    let schema = Schema::compile(printed);
    let mut count = 0;
    for folder in ["examples", "tests/golden"] {
        for (name, text) in kit::tree(&kit::root().join(folder)) {
            let is_source = name.ends_with("yaml") && !name.contains("/expected/");
            if let Some(found) = is_source.then(|| findings(&schema, kind, &name, &text)).flatten()
            {
                // The configuration of a function has the metadata that kustomize reads, and but
                // for that is of the settings' shape.
                let function = "kustomize/openclaw.yaml";
                let own = (name == function && kind == "RenderConfig")
                    .then(|| format!("{function}: OC0010 metadata"));
                assert_eq!(found, own.into_iter().collect::<Vec<String>>());
                count += 1;
            }
        }
    }
    assert!(count >= least, "only {count} documents of kind {kind}");
    schema
}

#[test]
fn the_schema_of_instances_takes_every_example_and_refuses_mistakes() {
    let schema = takes_all(&["schema"], "OpenClawInstance", 20);
    let head = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {name: a}\n";
    for (text, code) in [
        ("spec: {imagee: {}}", "OC0010 spec.imagee"),
        ("spec: {image: {tags: a}}", "OC0010 spec.image.tags"),
        ("spec: {sidecars: [{name: a, imagee: b}]}", "OC0010 spec.sidecars[0].imagee"),
        ("spec: {suspended: \"true\"}", "OC0011 spec.suspended"),
        ("spec: {config: {format: yaml}}", "OC0012 spec.config.format"),
        ("spec: {config: {configMapRef: {key: a}}}", "OC0013 spec.config.configMapRef.name"),
        ("spec: {restoreFrom: \"\"}\nspecs: {}", "OC0010 specs"),
    ] {
        let found = findings(&schema, "OpenClawInstance", "a", &format!("{head}{text}\n")).unwrap();
        assert_eq!(found, [format!("a: {code}")], "{text}");
    }
}

#[test]
fn the_schema_of_the_settings_takes_every_example_and_refuses_mistakes() {
    let schema = takes_all(&["schema", "config"], "RenderConfig", 4);
    let head = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\n";
    for (text, code) in [
        ("source: [a]", "OC0010 source"),
        ("layout: folder", "OC0012 layout"),
        ("cluster: {controllers: none}", "OC0010 cluster.controllers"),
        ("update: {hold: \"yes\"}", "OC0011 update.hold"),
    ] {
        let found = findings(&schema, "RenderConfig", "a", &format!("{head}{text}\n")).unwrap();
        assert_eq!(found, [format!("a: {code}")], "{text}");
    }
}
