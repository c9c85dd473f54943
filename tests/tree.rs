//! The tree on disk: what is ours is kept as it should be, what is not is never touched, and a
//! run that fails or is interrupted leaves nothing that the next one cannot mend.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use kit::{Output, Test};

const CLEAN: &str = include_str!("validate/clean.yaml");
const SETTINGS: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\n";
const SERVICE: &str = "rendered/default/my-agent/service-my-agent.yaml";

type Files = BTreeMap<String, String>;

fn repository() -> Test {
    Test::new()
        .file("openclaw.yaml", SETTINGS)
        .file("instances/my-agent.yaml", CLEAN)
        .file("instances/other.yaml", CLEAN.replace("my-agent", "other"))
}

/// A repository that was rendered once.
fn rendered() -> Test {
    let test = repository().args(["render"]);
    test.success();
    test
}

fn run(test: &mut Test, line: &str) -> Output {
    test.args_of(line).run()
}

fn remove(test: &Test, path: &str) {
    std::fs::remove_file(test.path().join(path)).unwrap();
}

/// The file of the Service, whatever it is called.
fn service(test: &Test) -> String {
    let tree = test.tree("");
    let found = tree.iter().find(|(path, text)| {
        path.starts_with("rendered/default/my-agent/") && text.contains("\nkind: Service\n")
    });
    found.map_or_else(|| SERVICE.to_owned(), |(path, _)| path.clone())
}

/// Inode, times and size of each file: equal when nothing was written.
fn stamps(folder: &Path) -> BTreeMap<String, (u64, i64, i64, u64)> {
    let stamp = |path: &String| {
        let data = std::fs::metadata(folder.join(path)).unwrap();
        (data.ino(), data.mtime(), data.mtime_nsec(), data.len())
    };
    kit::tree(folder).into_keys().map(|path| (path.clone(), stamp(&path))).collect()
}

#[test]
fn a_tree_has_a_file_an_object_and_a_lock_an_instance() {
    let test = rendered();
    let tree = test.tree("rendered");
    for name in ["my-agent", "other"] {
        let lock = &tree[&format!("default/{name}/.openclaw.lock")];
        let lock = openclaw::tree::Lock::parse(lock).unwrap();
        assert_eq!(lock.instance, format!("default/{name}"));
        assert!(lock.pending.is_empty());
        let files: Vec<String> = tree
            .keys()
            .filter_map(|path| path.strip_prefix(&format!("default/{name}/")))
            .filter(|file| *file != ".openclaw.lock")
            .map(str::to_owned)
            .collect();
        assert_eq!(files, lock.files.keys().cloned().collect::<Vec<_>>());
        for (file, hash) in &lock.files {
            let text = &tree[&format!("default/{name}/{file}")];
            assert_eq!(openclaw::tree::hash(text.as_bytes()), *hash);
            assert_eq!(kit::documents(text).len(), 1, "{file}");
        }
    }
}

#[test]
fn a_second_run_writes_nothing() {
    let mut test = rendered();
    let before = stamps(&test.path().join("rendered"));
    let folders = |test: &Test| {
        let data = std::fs::metadata(test.path().join("rendered/default/my-agent")).unwrap();
        (data.ino(), data.mtime(), data.mtime_nsec())
    };
    let folder = folders(&test);
    for line in ["render", "render --check", "render --force", "render -o rendered instances"] {
        let output = run(&mut test, line);
        assert_eq!(
            (output.code, output.stdout, output.stderr),
            (Some(0), String::new(), String::new())
        );
        assert_eq!(stamps(&test.path().join("rendered")), before, "{line}");
        assert_eq!(folders(&test), folder, "{line}");
    }
}

#[test]
fn the_tree_is_the_stream_in_files() {
    let mut test = rendered();
    let stream = run(&mut test, "render instances").stdout;
    let mut documents = kit::documents(&stream);
    let tree = test.tree("rendered");
    let files = tree.iter().filter(|(path, _)| path.ends_with(".yaml"));
    let mut found: Vec<serde_json::Value> =
        files.map(|(_, text)| serde_yaml::from_str(text).unwrap()).collect();
    let key = |value: &serde_json::Value| value.to_string();
    documents.sort_by_key(key);
    found.sort_by_key(key);
    assert_eq!(found.len(), documents.len());
    for (found, document) in found.iter().zip(&documents) {
        assert_eq!(found, document);
    }
}

#[test]
fn check_names_what_is_not_as_it_should_be_and_writes_nothing() {
    let mut test = rendered();
    let service = service(&test);
    let folder = service.rsplit_once('/').unwrap().0.to_owned();
    let role = test.tree(&folder).into_keys().find(|file| file.starts_with("network")).unwrap();
    remove(&test, &format!("{folder}/{role}"));
    let edited = format!("{}# by hand\n", test.tree("")[&service]);
    test.write(&service, edited);
    test.write("rendered/default/my-agent/more.yaml", "kind: Secret\n");
    remove(&test, "instances/other.yaml");
    test.write("instances/my-agent.yaml", format!("{CLEAN}  suspended: true\n"));
    test.write("rendered/default/my-agent/.x.yaml.openclaw-tmp", "half");
    let before = test.tree("");
    let output = run(&mut test, "render --check");
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""));
    assert_eq!(test.tree(""), before, "--check wrote something");
    for line in [
        format!("hand-edited: {service}\n"),
        format!("missing: {folder}/{role}\n"),
        "foreign: rendered/default/my-agent/more.yaml\n".to_owned(),
        "stale: rendered/default/my-agent/.openclaw.lock\n".to_owned(),
        "left over: rendered/default/other/.openclaw.lock\n".to_owned(),
        "hint: run `openclaw render` and commit what it writes\n".to_owned(),
    ] {
        assert!(output.stderr.contains(&line), "{line}{}", output.stderr);
    }
    let stale = output.stderr.lines().filter(|line| line.starts_with("stale: ")).count();
    assert!(stale >= 2, "the StatefulSet is stale too\n{}", output.stderr);
}

/// A tree in which something is wrong in every way that there is, and an instance with a warning.
fn wrong() -> Test {
    let test = Test::new()
        .file("openclaw.yaml", format!("{SETTINGS}layout: instance\n"))
        .file("instances/gone.yaml", CLEAN.replace("my-agent", "gone"))
        .file("instances/kept.yaml", CLEAN.replace("my-agent", "kept"))
        .file("instances/lost.yaml", CLEAN.replace("my-agent", "lost"))
        .file("instances/old.yaml", CLEAN.replace("my-agent", "old"));
    let mut test = test;
    assert_eq!(run(&mut test, "render").code, Some(0));
    remove(&test, "instances/gone.yaml");
    test.write("rendered/default/kept/manifest.yaml", "kind: Secret\n");
    remove(&test, "rendered/default/lost/manifest.yaml");
    test.write("instances/old.yaml", CLEAN.replace("my-agent", "old") + "  suspended: true\n");
    let bare: String = CLEAN.replace("my-agent", "new").split_inclusive('\n').take(7).collect();
    test.write("instances/new.yaml", bare);
    test.write("rendered/default/new/manifest.yaml", "kind: Secret\n");
    test.write("rendered/default/lost/a, b: c.yaml", "kind: Secret\n");
    test
}

#[test]
fn check_tells_machines_what_it_tells_people() {
    let mut test = wrong();
    kit::golden("tests/tree/check.text", &run(&mut test, "render --check").stderr);
    for format in ["json", "github", "gitlab", "sarif"] {
        let output = run(&mut test, &format!("render --check --output {format}"));
        assert_eq!((output.code, output.stderr.as_str()), (Some(1), ""), "{format}");
        let mut text = output.stdout;
        if format == "sarif" {
            // The rules are the table of codes, which tests/cli.rs looks at.
            let mut sarif: serde_json::Value = serde_json::from_str(&text).unwrap();
            sarif["runs"][0]["tool"] = serde_json::json!({});
            text = format!("{sarif:#}\n");
        }
        kit::golden(&format!("tests/tree/check.{format}"), &text);
    }
}

#[test]
fn machines_get_one_document_whatever_is_found() {
    let mut test = rendered();
    for (format, nothing) in [("json", "[]\n"), ("gitlab", "[]\n"), ("github", "")] {
        let output = run(&mut test, &format!("render --check --output {format}"));
        assert_eq!((output.code, output.stdout.as_str()), (Some(0), nothing), "{format}");
    }
    let codes = |test: &mut Test, line: &str| -> (Option<i32>, Vec<String>) {
        let output = run(test, line);
        let found: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        let codes = found.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap());
        (output.code, codes.map(str::to_owned).collect())
    };
    // Only a change of the tree shows this one, so `openclaw validate` cannot.
    let moved = CLEAN.replace("my-agent", "moved");
    test.write("instances/my-agent.yaml", moved);
    let (code, all) = codes(&mut test, "render --check --output json");
    assert!(code == Some(1) && all.contains(&"OC0308".to_owned()), "{all:?}");
    assert!(all.contains(&"OC0342".to_owned()), "{all:?}");
    let strict = codes(&mut test, "render --check --strict --output json");
    assert_eq!(strict, (Some(1), vec!["OC0308".to_owned()]), "nothing is compared any more");
    test.write("instances/my-agent.yaml", CLEAN.replace("my-agent", "My_Agent"));
    let invalid = codes(&mut test, "render --check --output json");
    assert_eq!(invalid, (Some(1), vec!["OC0101".to_owned()]));
    test.write("openclaw.yaml", format!("{SETTINGS}requires: \"<0.1\"\n"));
    let refused = codes(&mut test, "render --check --output json");
    assert_eq!(refused, (Some(1), vec!["OC0311".to_owned()]));
}

#[test]
fn the_format_is_told_from_the_folder() {
    let mut test = rendered();
    let output = run(&mut test, "render --output json");
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""));
    let output = run(&mut test, "render --check -o sarif");
    let words = "error: no tree in sarif: `-o` is its folder, and `--output sarif` the format\n";
    assert_eq!((output.code, output.stderr.as_str()), (Some(2), words));
    assert_eq!(run(&mut test, "render -o sarif").code, Some(0));
    assert_eq!(run(&mut test, "render --check -o sarif").code, Some(0));
}

/// Puts one file into a state and returns what `--check` then hints.
#[track_caller]
fn hints(change: impl Fn(&Test, &str)) -> Vec<String> {
    let mut test = rendered();
    let service = service(&test);
    change(&test, &service);
    let output = run(&mut test, "render --check");
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    let hints = output.stderr.lines().filter_map(|line| line.strip_prefix("hint: "));
    hints.map(str::to_owned).collect()
}

#[test]
fn the_hint_of_check_fits_what_is_wrong() {
    let render = "run `openclaw render` and commit what it writes";
    assert_eq!(hints(remove), [render]);
    assert_eq!(hints(|test, _| remove(test, "instances/other.yaml")), [render]);
    assert_eq!(
        hints(|test, service| test.write(service, "mine")),
        ["hand-edited: move the change into the instance, then run `openclaw render --force`"]
    );
    assert_eq!(
        hints(|test, _| test.write("rendered/more.yaml", "mine")),
        ["foreign: move it out of the tree or delete it; `openclaw render` never does"]
    );
    let both = hints(|test, service| {
        test.write(service, "mine");
        remove(test, "instances/my-agent.yaml");
    });
    let gone = "hand-edited, and not rendered any more: save the change, then run `openclaw render --force`";
    assert_eq!(both, [render, gone]);
    let unlisted = hints(|test, service| {
        remove(test, "rendered/default/my-agent/.openclaw.lock");
        test.write(service, "mine");
    });
    let place = "foreign where a file of ours belongs: move it away, or replace it with `openclaw render --force`";
    assert_eq!(unlisted, [render, place]);
}

#[test]
fn a_refused_run_hints_at_the_files_that_refuse_it() {
    let mut test = rendered();
    let service = service(&test);
    std::fs::remove_dir_all(test.path().join("rendered")).unwrap();
    test.write(&service, "kind: Service\n");
    let output = run(&mut test, "render");
    assert_eq!(
        output.stderr,
        format!(
            "error: foreign file: {service}\nhint: foreign where a file of ours belongs: \
             move it away, or replace it with `openclaw render --force`\n"
        )
    );
}

#[test]
fn what_check_names_render_mends() {
    let mut test = rendered();
    test.write("instances/my-agent.yaml", format!("{CLEAN}  suspended: true\n"));
    remove(&test, "instances/other.yaml");
    assert_eq!(run(&mut test, "render --check").code, Some(1));
    assert_eq!(run(&mut test, "render").code, Some(0));
    let output = run(&mut test, "render --check");
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_instance_that_is_removed_leaves_with_its_folders() {
    let mut test = Test::new()
        .file("openclaw.yaml", SETTINGS)
        .file("instances/a.yaml", CLEAN)
        .file("instances/b.yaml", CLEAN.replace("my-agent", "b\n  namespace: team-b"));
    run(&mut test, "render");
    assert!(test.path().join("rendered/team-b/b").is_dir());
    remove(&test, "instances/b.yaml");
    assert_eq!(run(&mut test, "render").code, Some(0));
    assert!(!test.path().join("rendered/team-b").exists());
    assert!(test.path().join("rendered/default/my-agent").is_dir());
}

#[test]
fn an_object_that_is_switched_off_leaves() {
    let mut test = rendered();
    let before = test.tree("rendered").len();
    test.write(
        "instances/my-agent.yaml",
        format!("{CLEAN}  availability:\n    podDisruptionBudget:\n      enabled: false\n"),
    );
    assert_eq!(run(&mut test, "render").code, Some(0));
    assert_eq!(test.tree("rendered").len(), before - 1);
}

#[test]
fn what_is_not_ours_is_never_touched() {
    let mut test = rendered();
    let foreign = [
        ("rendered/README.md", "mine"),
        ("rendered/default/kustomization.yaml", "resources: []\n"),
        ("rendered/default/my-agent/extra.yaml", "kind: Secret\n"),
        ("rendered/default/other/notes.md", "mine"),
        ("rendered/default/other/.hidden", "mine"),
        ("rendered/flux-system/sync.yaml", "kind: GitRepository\n"),
    ];
    foreign.iter().for_each(|(path, text)| test.write(path, text));
    remove(&test, "instances/other.yaml");
    test.write("instances/my-agent.yaml", format!("{CLEAN}  suspended: true\n"));
    for line in ["render", "render --force"] {
        let output = run(&mut test, line);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let tree = test.tree("");
        for (path, text) in foreign {
            assert_eq!(tree.get(path).map(String::as_str), Some(text), "{line}: {path}");
        }
        let words = "warning: foreign file left alone: rendered/default/my-agent/extra.yaml\n";
        assert!(output.stderr.contains(words), "{}", output.stderr);
    }
    assert!(test.path().join("rendered/default/other").is_dir());
    assert!(!test.path().join("rendered/default/other/.openclaw.lock").exists());
}

/// Demands that a run is refused with these words, and that nothing at all was written.
#[track_caller]
fn refused(test: &mut Test, line: &str, code: i32, words: &str) {
    let before = test.tree("");
    let output = run(test, line);
    assert_eq!((output.code, output.stdout.as_str()), (Some(code), ""), "{}", output.stderr);
    assert!(output.stderr.contains(words), "{}", output.stderr);
    assert_eq!(test.tree(""), before, "{line} wrote something");
}

#[test]
fn a_file_that_was_edited_by_hand_stops_the_run() {
    let mut test = rendered();
    let service = service(&test);
    let edited = format!("{}# by hand\n", test.tree("")[&service]);
    test.write(&service, &edited);
    test.write("instances/my-agent.yaml", format!("{CLEAN}  suspended: true\n"));
    test.write("instances/third.yaml", CLEAN.replace("my-agent", "third"));
    refused(&mut test, "render", 1, &format!("error: hand-edited file: {service}\n"));
    assert!(!test.path().join("rendered/default/third").exists());
    assert_eq!(run(&mut test, "render --force").code, Some(0));
    assert_eq!(run(&mut test, "render --check").code, Some(0));
    assert_ne!(test.tree("")[&service], edited);
}

#[test]
fn a_file_that_was_edited_by_hand_stops_its_removal() {
    let mut test = rendered();
    let service = service(&test);
    test.write(&service, "mine");
    remove(&test, "instances/my-agent.yaml");
    refused(&mut test, "render", 1, &format!("error: hand-edited file: {service}\n"));
    assert_eq!(run(&mut test, "render --force").code, Some(0));
    assert!(!test.path().join("rendered/default/my-agent").exists());
}

#[test]
fn a_foreign_file_in_the_place_of_ours_stops_the_run() {
    let mut test = rendered();
    let service = service(&test);
    let files: Files = test.tree("rendered");
    std::fs::remove_dir_all(test.path().join("rendered")).unwrap();
    test.write(&service, "kind: Service\n");
    refused(&mut test, "render", 1, &format!("error: foreign file: {service}\n"));
    assert_eq!(run(&mut test, "render --force").code, Some(0));
    assert_eq!(test.tree("rendered"), files);
}

#[test]
fn a_lock_that_is_lost_or_broken_costs_nothing_while_the_files_are_ours() {
    let mut test = rendered();
    let files = test.tree("rendered");
    let lock = "rendered/default/my-agent/.openclaw.lock";
    for broken in ["", "<<<<<<< HEAD\n", "{}", "null", "\u{0}"] {
        test.write(lock, broken);
        assert_eq!(run(&mut test, "render").code, Some(0), "{broken:?}");
        assert_eq!(test.tree("rendered"), files);
    }
    remove(&test, lock);
    assert_eq!(run(&mut test, "render").code, Some(0));
    assert_eq!(test.tree("rendered"), files);
}

#[test]
fn a_lock_cannot_lead_outside_its_folder() {
    let mut test = rendered();
    test.write("precious.yaml", "mine");
    let hash = openclaw::tree::hash(b"mine");
    for name in ["../../../precious.yaml", "../../precious.yaml", "/etc/passwd"] {
        let lock = format!(
            "{{\"instance\":\"x\",\"specHash\":\"\",\"tool\":\"\",\"files\":{{\"{name}\":\"{hash}\"}}}}"
        );
        test.write("rendered/default/gone/.openclaw.lock", lock);
        run(&mut test, "render --force");
        assert_eq!(test.tree("")["precious.yaml"], "mine", "{name}");
    }
}

#[test]
fn links_are_refused_in_sources_and_in_the_tree() {
    let secret = std::env::temp_dir();
    let link = |test: &Test, target: &Path, path: &str| {
        symlink(target, test.path().join(path)).unwrap();
    };
    let mut test = rendered();
    link(&test, Path::new("my-agent.yaml"), "instances/link.yaml");
    refused(&mut test, "render", 1, "error[OC0306]: instances/link.yaml is a symbolic link");
    let mut test = rendered();
    link(&test, &secret, "instances/folder");
    refused(&mut test, "render", 1, "error[OC0306]: instances/folder is a symbolic link");
    let mut test = rendered();
    link(&test, Path::new("my-agent.yaml"), "instances/typed.yaml");
    refused(&mut test, "render instances/typed.yaml", 1, "error[OC0306]");
    let mut test = rendered();
    let service = service(&test);
    test.write("elsewhere.yaml", "mine");
    remove(&test, &service);
    link(&test, &test.path().join("elsewhere.yaml"), &service);
    refused(&mut test, "render", 1, &format!("error[OC0306]: {service} is a symbolic link"));
    refused(&mut test, "render --force", 1, "error[OC0306]");
    let mut test = repository();
    std::fs::create_dir(test.path().join("elsewhere")).unwrap();
    link(&test, &test.path().join("elsewhere"), "rendered");
    refused(&mut test, "render", 1, "error[OC0306]: rendered is a symbolic link");
    let mut test = repository();
    std::fs::create_dir_all(test.path().join("elsewhere")).unwrap();
    std::fs::create_dir_all(test.path().join("rendered/default")).unwrap();
    link(&test, &test.path().join("elsewhere"), "rendered/default/my-agent");
    refused(&mut test, "render", 1, "error[OC0306]: rendered/default/my-agent is a symbolic link");
}

#[test]
fn a_source_below_the_output_is_refused() {
    let mut test = rendered();
    test.write("rendered/agent.yaml", CLEAN);
    refused(&mut test, "render rendered/agent.yaml", 1, "error[OC0305]: rendered/agent.yaml lies");
    let mut test = Test::new().file("tree/agent.yaml", CLEAN);
    refused(&mut test, "render --config=none -o tree tree/agent.yaml", 1, "error[OC0305]");
    refused(&mut test, "render --config=none -o . tree/agent.yaml", 1, "error[OC0305]");
    refused(&mut test, "render --config=none -o tree/../tree ./tree", 1, "error[OC0305]");
}

#[test]
fn what_cannot_be_written_leaves_the_tree_as_it_was() {
    // A file where the tree should be.
    let mut test = repository().file("rendered", "mine");
    refused(&mut test, "render", 2, "is not a folder");
    let mut test = repository().file("rendered/default", "mine");
    refused(&mut test, "render", 2, "error: failed to make rendered/default");
    let mut test = repository().file("file", "mine");
    refused(&mut test, "render -o file/tree instances", 2, "error: failed to");
    // A folder where a file is written before it takes its place, the last of them.
    let mut test = rendered();
    test.write("instances/my-agent.yaml", format!("{CLEAN}  suspended: true\n"));
    test.write("instances/third.yaml", CLEAN.replace("my-agent", "third"));
    test.write("rendered/default/my-agent/..openclaw.lock.openclaw-tmp/x", "");
    refused(&mut test, "render", 2, "error: failed to write rendered/default/my-agent/");
    assert!(!test.path().join("rendered/default/third").exists(), "a folder was left");
}

#[test]
fn an_instance_may_have_one_file() {
    let mut test = repository();
    assert_eq!(run(&mut test, "render --layout=instance").code, Some(0));
    let files: Vec<String> = test.tree("rendered").into_keys().collect();
    let expected: Vec<String> = ["my-agent", "other"]
        .iter()
        .flat_map(|name| {
            [".openclaw.lock", "manifest.yaml"].map(|file| format!("default/{name}/{file}"))
        })
        .collect();
    assert_eq!(files, expected);
    let stream = run(&mut test, "render instances/my-agent.yaml").stdout;
    assert_eq!(test.tree("rendered")["default/my-agent/manifest.yaml"], stream);
    assert_eq!(run(&mut test, "render").code, Some(0));
    let split = test.tree("rendered");
    assert!(!split.contains_key("default/my-agent/manifest.yaml"));
    test.write("openclaw.yaml", format!("{SETTINGS}layout: instance\n"));
    assert_eq!(run(&mut test, "render").code, Some(0));
    assert_eq!(test.tree("rendered").into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn a_kustomization_lists_the_files_beside_it() {
    for line in ["render --kustomization", "render --kustomization --layout=instance"] {
        let mut test = repository();
        assert_eq!(run(&mut test, line).code, Some(0));
        let tree = test.tree("rendered/default/my-agent");
        let list: serde_json::Value = serde_yaml::from_str(&tree["kustomization.yaml"]).unwrap();
        let mut listed: Vec<String> = serde_json::from_value(list["resources"].clone()).unwrap();
        listed.sort();
        let files: Vec<String> = tree
            .into_keys()
            .filter(|file| file != ".openclaw.lock" && file != "kustomization.yaml")
            .collect();
        assert_eq!(listed, files);
        assert_eq!(run(&mut test, &format!("{line} --check")).code, Some(0));
        assert_eq!(run(&mut test, "render").code, Some(0));
        assert!(!test.path().join("rendered/default/my-agent/kustomization.yaml").exists());
    }
}

/// Every state that a run which is killed can leave: each is one step of the write further.
fn interrupted(before: &Test, changed: &str) -> Vec<(String, Test)> {
    let after = copy(before);
    after.write("instances/my-agent.yaml", changed);
    let mut end = after;
    assert_eq!(run(&mut end, "render").code, Some(0));
    let (old, new) = (before.tree("rendered"), end.tree("rendered"));
    let changed: Vec<&String> =
        new.keys().filter(|path| old.get(*path) != new.get(*path)).collect();
    let mut states = Vec::new();
    // Staged, in part and whole, the last one cut.
    for count in 1..=changed.len() {
        let state = copy(before);
        for (at, path) in changed.iter().take(count).enumerate() {
            let (folder, name) = path.rsplit_once('/').unwrap();
            let text = &new[*path];
            let cut = if at + 1 == count { &text[..text.len() / 2] } else { text };
            state.write(&format!("rendered/{folder}/.{name}.openclaw-tmp"), cut);
        }
        states.push((format!("staged {count}"), state));
    }
    // In place, file by file, under the intent.
    let intent = |state: &Test| {
        let path = "default/my-agent/.openclaw.lock";
        let none = openclaw::tree::Lock::default();
        let mut lock =
            old.get(path).and_then(|text| openclaw::tree::Lock::parse(text)).unwrap_or(none);
        for path in &changed {
            let name = path.rsplit_once('/').unwrap().1;
            if name != ".openclaw.lock" {
                lock.pending.insert(name.to_owned(), openclaw::tree::hash(new[*path].as_bytes()));
            }
        }
        state.write(&format!("rendered/{path}"), lock.text());
    };
    let files: Vec<&&String> =
        changed.iter().filter(|path| !path.ends_with(".openclaw.lock")).collect();
    for count in 0..=files.len() {
        let state = copy(before);
        intent(&state);
        for path in files.iter().take(count) {
            state.write(&format!("rendered/{path}"), &new[**path]);
        }
        states.push((format!("placed {count}"), state));
    }
    // Removals, file by file.
    let gone: Vec<&String> = old.keys().filter(|path| !new.contains_key(*path)).collect();
    for count in 1..=gone.len() {
        let state = copy(before);
        intent(&state);
        files.iter().for_each(|path| state.write(&format!("rendered/{path}"), &new[**path]));
        gone.iter().take(count).for_each(|path| remove(&state, &format!("rendered/{path}")));
        states.push((format!("removed {count}"), state));
    }
    states
}

fn copy(test: &Test) -> Test {
    let copy = Test::new();
    test.tree("").iter().for_each(|(path, text)| copy.write(path, text));
    copy
}

#[test]
fn a_run_goes_on_from_whatever_an_interrupted_one_left() {
    let first = format!("{CLEAN}  suspended: true\n");
    let second = format!(
        "{CLEAN}  podAnnotations:\n    example.com/team: a\n  availability:\n    podDisruptionBudget:\n      enabled: false\n"
    );
    let fresh = Test::new()
        .file("openclaw.yaml", SETTINGS)
        .file("instances/other.yaml", CLEAN.replace("my-agent", "other"));
    for (begin, before) in [("a tree", rendered()), ("no instance", fresh)] {
        for (wanted, text) in [("same", &first), ("changed", &second)] {
            let expected = clean_tree(&before, text);
            for (step, mut state) in interrupted(&before, &first) {
                state.write("instances/my-agent.yaml", text);
                let output = run(&mut state, "render");
                let case = format!("{begin}, {step}, then {wanted}");
                assert_eq!(output.code, Some(0), "{case}: {}", output.stderr);
                assert!(state.tree("rendered") == expected, "{case}");
            }
        }
    }
}

/// What a run that nothing interrupts leaves.
fn clean_tree(before: &Test, text: &str) -> Files {
    let mut clean = copy(before);
    clean.write("instances/my-agent.yaml", text);
    std::fs::remove_dir_all(clean.path().join("rendered")).ok();
    assert_eq!(run(&mut clean, "render").code, Some(0));
    clean.tree("rendered")
}

#[test]
fn two_interruptions_are_mended_like_one() {
    let first = format!("{CLEAN}  suspended: true\n");
    let second = format!("{CLEAN}  podAnnotations:\n    example.com/team: a\n");
    let third = format!("{CLEAN}  podAnnotations:\n    example.com/team: b\n");
    let expected = clean_tree(&rendered(), &third);
    let once = interrupted(&rendered(), &first);
    for (step, state) in once.iter().filter(|(step, _)| step.starts_with("placed")) {
        for (again, mut state) in interrupted_by_lock(state, &second) {
            state.write("instances/my-agent.yaml", &third);
            let output = run(&mut state, "render");
            assert_eq!(output.code, Some(0), "{step}, {again}: {}", output.stderr);
            assert!(state.tree("rendered") == expected, "{step}, {again}");
        }
    }
}

/// The state right after the intent was written: the files are those of the run before.
fn interrupted_by_lock(before: &Test, changed: &str) -> Vec<(String, Test)> {
    let end = copy(before);
    end.write("instances/my-agent.yaml", changed);
    let mut present = openclaw::tree::Present::default();
    for (path, text) in before.tree("rendered") {
        present.add(&path, text.as_bytes());
    }
    let wanted: openclaw::tree::Wanted = clean_tree(before, changed)
        .into_iter()
        .map(|(path, text)| (path, openclaw::tree::hash(text.as_bytes())))
        .collect();
    let changes = openclaw::tree::changes(&wanted, &present, false).unwrap();
    let intents = openclaw::tree::intents(&changes, &wanted, &present);
    intents.iter().for_each(|(path, text)| end.write(&format!("rendered/{path}"), text));
    vec![("then the intent".to_owned(), end)]
}
