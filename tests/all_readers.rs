//! Go's reader (kubectl, Argo CD, Flux) and a reader of YAML 1.1 read what we write as it was, and
//! kustomize builds it. Runs under `tests/run all`, which installs the readers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and start programs"
)]

mod kit;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value};

#[track_caller]
fn read_by(tool: &str, text: &str) -> Vec<Value> {
    let mut child =
        Command::new(kit::tool(tool)).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = text.as_bytes().to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{tool} refuses what we wrote");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_reader_reads_every_nasty_text_alike() {
    let mut map = Map::new();
    for (at, text) in kit::nasty().into_iter().enumerate() {
        map.insert(format!("value-{at}"), Value::String(text.clone()));
        let key = if text.is_empty() { "empty".to_owned() } else { text.clone() };
        map.insert(format!("key-{at}"), serde_json::json!({ key: [text] }));
    }
    for length in [1000, 1001, 1024, 1025] {
        let key = "\"".repeat(length);
        map.insert(format!("long-{length}"), serde_json::json!([{ &key: { &key: 1 } }]));
    }
    let numbers = [1e21, 1e-9, 0.5, f64::MAX, -123_456.789].map(Value::from);
    map.insert("numbers".to_owned(), numbers.into_iter().collect());
    map.insert("integers".to_owned(), serde_json::json!([i64::MIN, i64::MAX, 1_u64 << 53]));
    let value = Value::Object(map);
    let text = openclaw::render::yaml::write(&value);
    for tool in ["GOYAML", "PYYAML"] {
        let found = read_by(tool, &text).remove(0);
        for (key, expected) in value.as_object().unwrap() {
            assert_eq!(&found[key], expected, "{tool} {key}");
        }
    }
}

#[test]
fn every_reader_reads_every_rendered_object_alike() {
    let mut text = String::new();
    let mut expected = Vec::new();
    for rendered in kit::render::all() {
        text.push_str(&openclaw::tree::stream(&rendered.manifests));
        expected.extend(rendered.manifests.into_iter().map(|manifest| manifest.value));
    }
    for tool in ["GOYAML", "PYYAML"] {
        let found = read_by(tool, &text);
        assert_eq!(found.len(), expected.len(), "{tool}");
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{tool}");
        }
    }
}

/// Objects by kind, namespace and name.
fn by_identity(values: impl IntoIterator<Item = Value>) -> BTreeMap<String, Value> {
    let identity = |value: &Value| {
        let metadata = &value["metadata"];
        [&value["kind"], &metadata["namespace"], &metadata["name"]]
            .map(|text| text.as_str().unwrap_or_default().to_owned())
            .join("/")
    };
    values.into_iter().map(|value| (identity(&value), value)).collect()
}

fn build(tool: &str, args: &[&str], folder: &Path) -> Vec<Value> {
    let output = Command::new(kit::tool(tool)).args(args).arg(folder).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", folder.display());
    read_by("GOYAML", &String::from_utf8(output.stdout).unwrap())
}

#[test]
fn kustomize_and_kubectl_build_every_folder() {
    for rendered in kit::render::all() {
        let mut settings = rendered.settings.clone();
        settings.gitops.kustomization = openclaw::api::settings::Kustomization::Instance;
        let scratch = tempfile::tempdir().unwrap();
        for (path, text) in
            openclaw::tree::files(&rendered.instance, &rendered.manifests, &settings)
        {
            let file = scratch.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let instance = &rendered.instance;
        let folder = scratch.path().join(&instance.namespace).join(&instance.name);
        let expected = by_identity(rendered.manifests.iter().map(|m| m.value.clone()));
        assert_eq!(expected.len(), rendered.manifests.len(), "{}", rendered.case);
        for (tool, args) in [("KUSTOMIZE", ["build"]), ("KUBECTL", ["kustomize"])] {
            let built = by_identity(build(tool, &args, &folder));
            assert!(built.keys().eq(expected.keys()), "{tool} {}", rendered.case);
            for (identity, value) in &built {
                assert_eq!(value, &expected[identity], "{tool} {} {identity}", rendered.case);
            }
        }
    }
}
