//! Every case under tests/golden renders to the tree beside it; `tests/run bless` accepts changes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::items_after_statements,
    clippy::too_many_lines,
    reason = "tests fail by panicking and read files"
)]

mod kit;

use std::collections::BTreeMap;

use kit::render;
use serde_json::Value;

/// Scripts have tests of their own, and a change of one must not show in sixty trees.
fn without_scripts(text: &str) -> String {
    let mut documents = Vec::new();
    for mut value in kit::documents(text) {
        if let Some(data) = value.get_mut("data").and_then(Value::as_object_mut) {
            for (key, value) in data {
                if key.ends_with(".mjs") || key.ends_with(".sh") {
                    *value = Value::String("<script>".to_owned());
                }
            }
        }
        for pointer in [
            "/metadata/annotations/openclaw.rocks~1render-hash",
            "/spec/template/metadata/annotations/openclaw.rocks~1config-hash",
        ] {
            if let Some(hash) = value.pointer_mut(pointer) {
                assert_eq!(hash.as_str().unwrap().len(), 64);
                *hash = Value::String("<hash>".to_owned());
            }
        }
        documents.push(openclaw::render::yaml::write(&value));
    }
    documents.join("---\n")
}

#[test]
fn every_case_renders_to_its_tree() {
    let cases = render::cases();
    assert!(cases.len() >= 40);
    for case in cases {
        let folder = kit::root().join("tests/golden").join(&case);
        let mut tree = BTreeMap::new();
        for rendered in render::file(&case, &folder.join("instance.yaml")) {
            for (path, text) in rendered.files() {
                if path.ends_with(".openclaw.lock") {
                    continue;
                }
                tree.insert(path, without_scripts(&text));
            }
        }
        kit::golden_tree(&format!("tests/golden/{case}/expected"), &tree);
    }
}

#[test]
fn a_file_holds_one_object_and_is_named_after_it() {
    for rendered in render::all() {
        for manifest in &rendered.manifests {
            let name = manifest.file_name();
            assert!(name.starts_with(&manifest.kind.to_lowercase()), "{}: {name}", rendered.case);
            let read: Value = serde_yaml::from_str(&manifest.text()).unwrap();
            assert_eq!(read, manifest.value, "{}: {name}", rendered.case);
        }
    }
}

#[test]
fn a_bump_of_the_tag_touches_the_instance_and_the_stateful_set_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("instance.yaml");
    let text = std::fs::read_to_string(kit::root().join("examples/full.yaml")).unwrap();
    let files = |text: &str| {
        std::fs::write(&path, text).unwrap();
        render::file("bump", &path).remove(0).files()
    };
    assert!(text.contains("2026.9.6"));
    let before = files(&text);
    let after = files(&text.replace("2026.9.6", "2026.9.4"));
    let changed: Vec<&str> = before
        .iter()
        .filter(|(path, text)| after.get(*path) != Some(text))
        .map(|(path, _)| path.rsplit('/').next().unwrap().split('-').next().unwrap())
        .collect();
    assert_eq!(changed, [".openclaw.lock", "openclawinstance", "statefulset"]);
}
