//! Every case under tests/golden renders to the tree beside it; `tests/run bless` accepts changes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and read files"
)]

mod kit;

use std::collections::BTreeMap;

use kit::render;
use openclaw::tree::{LOCK, Lock};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Scripts have tests of their own, and a change of one must not show in sixty trees.
fn without_scripts(text: &str) -> String {
    let mut documents = Vec::new();
    for mut value in kit::documents(text) {
        let data = value.get_mut("data").and_then(Value::as_object_mut);
        for (key, value) in data.into_iter().flatten() {
            if [".mjs", ".sh"].iter().any(|suffix| key.ends_with(suffix)) {
                *value = json!("<script>");
            }
        }
        for pointer in [
            "/metadata/annotations/openclaw.rocks~1render-hash",
            "/spec/template/metadata/annotations/openclaw.rocks~1config-hash",
        ] {
            if let Some(hash) = value.pointer_mut(pointer) {
                assert_eq!(hash.as_str().unwrap().len(), 64);
                *hash = json!("<hash>");
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
            let files = rendered.files().into_iter().filter(|(path, _)| !path.ends_with(LOCK));
            tree.extend(files.map(|(path, text)| (path, without_scripts(&text))));
        }
        kit::golden_tree(&format!("tests/golden/{case}/expected"), &tree);
    }
}

#[test]
fn every_field_of_the_schema_is_set_in_some_case() {
    let mut left = kit::fields::all();
    for case in render::cases() {
        let path = kit::root().join("tests/golden").join(case).join("instance.yaml");
        for document in kit::documents(&std::fs::read_to_string(path).unwrap()) {
            kit::fields::cross_off("spec", &document["spec"], &mut left);
        }
    }
    assert!(left.is_empty(), "no case sets {left:#?}");
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
fn the_lock_lists_every_other_file_with_its_hash() {
    for rendered in render::all() {
        let folder = format!("{}/{}", rendered.instance.namespace, rendered.instance.name);
        let mut files = rendered.files();
        let lock = Lock::parse(&files.remove(&format!("{folder}/{LOCK}")).unwrap()).unwrap();
        let found: BTreeMap<String, String> = files
            .iter()
            .map(|(path, text)| {
                let name = path.strip_prefix(&format!("{folder}/")).unwrap();
                let digest = Sha256::digest(text.as_bytes());
                (name.to_owned(), openclaw::model::scripts::hex(digest.as_slice()))
            })
            .collect();
        assert_eq!(lock.files, found, "{}", rendered.case);
        assert_eq!((lock.instance, lock.pending.len()), (folder, 0), "{}", rendered.case);
    }
}

/// Renders a text as the instance of a case.
fn rendered(case: &str, text: &str) -> render::Rendered {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("instance.yaml");
    std::fs::write(&path, text).unwrap();
    let settings = kit::root().join("tests/golden").join(case).join("openclaw.yaml");
    if settings.exists() {
        std::fs::copy(settings, scratch.path().join("openclaw.yaml")).unwrap();
    }
    render::file(case, &path).remove(0)
}

#[test]
fn a_bump_of_the_tag_touches_the_instance_and_the_stateful_set_alone() {
    let mut bumped = 0;
    for case in render::cases() {
        let path = kit::root().join("tests/golden").join(&case).join("instance.yaml");
        let text = std::fs::read_to_string(path).unwrap();
        let after = text.replace("tag: \"2026.9.6\"", "tag: \"2026.9.7\"");
        if after == text || text.contains("digest:") {
            continue;
        }
        let (before, after) = (rendered(&case, &text).files(), rendered(&case, &after).files());
        assert_eq!(before.len(), after.len(), "{case}");
        let changed: Vec<&str> = before
            .iter()
            .filter(|(path, text)| after.get(*path) != Some(text))
            .map(|(path, _)| path.rsplit('/').next().unwrap().split('-').next().unwrap())
            .collect();
        let expected: &[&str] = match case.as_str() {
            "layout-instance" => &[LOCK, "manifest.yaml"],
            // Nothing of the instance itself is rendered, so not even its hash changes.
            "without-controller" => &[LOCK, "statefulset"],
            _ => &[LOCK, "openclawinstance", "statefulset"],
        };
        assert_eq!(changed, expected, "{case}");
        bumped += 1;
    }
    assert!(bumped >= 40, "{bumped}");
}

const BASE: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  \
    name: my-agent\n  namespace: agents\nspec:\n  image:\n    tag: \"2026.9.6\"\n";

fn config_hash(addition: &str) -> String {
    let text = format!("{BASE}{addition}");
    let set = rendered("minimal", &text).object("StatefulSet").unwrap().clone();
    let annotations = &set["spec"]["template"]["metadata"]["annotations"];
    annotations["openclaw.rocks/config-hash"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_read_at_a_start_restarts_the_pod() {
    let base = config_hash("");
    let mut hashes = vec![base.clone()];
    let external = "  config:\n    configMapRef:\n      name: c\n---\napiVersion: v1\n\
        kind: ConfigMap\nmetadata:\n  name: c\n  namespace: agents\ndata:\n  openclaw.json: ";
    for addition in [
        "  config:\n    raw:\n      session:\n        scope: per-sender\n",
        "  config:\n    mergeMode: merge\n",
        "  gateway:\n    controlUiOrigins: [\"https://a.example\"]\n",
        "  skills: [\"npm:left-pad@1.3.0\"]\n",
        "  runtimeDeps:\n    pnpm: true\n",
        "  runtimeDeps:\n    python: true\n",
        "  initContainers:\n  - name: a\n    image: a:1\n",
        "  chromium:\n    enabled: true\n",
        "  observability:\n    metrics:\n      enabled: true\n",
        "  config:\n    configMapRef:\n      name: c\n",
        &format!("{external}'{{}}'\n"),
        &format!("{external}'{{\"session\": {{}}}}'\n"),
    ] {
        let hash = config_hash(addition);
        assert!(!hashes.contains(&hash), "{addition}");
        hashes.push(hash);
    }
}

#[test]
fn what_is_taken_once_or_lies_outside_does_not_restart_the_pod() {
    let base = config_hash("");
    for addition in [
        "  workspace:\n    initialFiles:\n      A.md: text\n    initialDirectories: [a]\n",
        "  resources:\n    requests:\n      cpu: 100m\n",
        "  security:\n    networkPolicy:\n      allowedIngressNamespaces: [chat]\n",
        "  sidecars:\n  - name: a\n    image: a:1\n",
        "  suspended: true\n",
    ] {
        assert_eq!(config_hash(addition), base, "{addition}");
    }
}
