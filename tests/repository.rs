//! A new tag is one commit: the source, and exactly what `openclaw render` would write of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::path::Path;
use std::process::Command;

use openclaw::api::record::Failure;
use openclaw::repository::{Bumped, Edits, Files, Refusal, Repository, back};

const NEW: &str = "2026.9.7";

/// Repositories with a rendered tree.
const REPOSITORIES: [&str; 2] = ["examples/gitops-argocd", "examples/gitops-flux"];

fn files(folder: &str) -> Files {
    let tree = kit::tree(&kit::root().join(folder)).into_iter();
    tree.map(|(path, text)| (path, text.into_bytes())).collect()
}

#[track_caller]
fn read(files: &Files) -> Repository {
    let (repository, mut report) = Repository::read(files.clone());
    report.sort();
    repository.unwrap_or_else(|| panic!("{:?}", report.findings()))
}

fn after(files: &Files, edits: &Edits) -> Files {
    let mut files = files.clone();
    for (path, bytes) in edits {
        match bytes {
            Some(bytes) => drop(files.insert(path.clone(), bytes.clone())),
            None => drop(files.remove(path)),
        }
    }
    files
}

/// Namespace, name and tag of each instance that has one.
fn instances(repository: &Repository) -> Vec<(String, String, String)> {
    let all = repository.instances().iter();
    all.filter_map(|one| {
        let tag = one.spec_value["image"]["tag"].as_str()?.to_owned();
        Some((one.namespace.clone(), one.name.clone(), tag))
    })
    .collect()
}

fn write(folder: &Path, files: &Files) {
    for (path, bytes) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn the_tree_of_a_new_tag_is_what_render_writes_and_the_way_back_is_what_it_was() {
    let mut count = 0;
    for folder in REPOSITORIES {
        let before = files(folder);
        let repository = read(&before);
        for (namespace, name, tag) in instances(&repository) {
            let edits = repository.bump(&namespace, &name, NEW).unwrap();
            let changed = after(&before, &edits);
            let scratch = tempfile::tempdir().unwrap();
            write(scratch.path(), &changed);
            let mut command = Command::new(kit::binary());
            let output =
                command.args(["render", "--check"]).current_dir(scratch.path()).output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(0), "{folder} {name}: {told}");

            let mut paths: Vec<&str> =
                edits.keys().map(|path| path.rsplit('/').next().unwrap()).collect();
            paths.sort_unstable();
            let source = format!("{name}.yaml");
            let mut expected = vec![
                ".openclaw.lock".to_owned(),
                format!("openclawinstance-{name}.yaml"),
                format!("statefulset-{name}.yaml"),
                source,
            ];
            expected.sort_unstable();
            assert_eq!(paths, expected, "{folder}");

            let back = read(&changed).bump(&namespace, &name, &tag).unwrap();
            assert!(after(&changed, &back) == before, "{folder} {name}: not as it was");
            assert_eq!(read(&changed).bump(&namespace, &name, NEW).unwrap(), Edits::new());
            count += 1;
        }
    }
    assert!(count >= 4, "{count} instances");
}

#[test]
fn a_tree_that_is_not_what_it_renders_gets_no_commit() {
    let before = files(REPOSITORIES[0]);
    let (namespace, name, _) = instances(&read(&before)).remove(0);
    let path = format!("rendered/{namespace}/{name}/service-{name}.yaml");
    let lock = format!("rendered/{namespace}/{name}/.openclaw.lock");
    let refused = |files: &Files| match read(files).bump(&namespace, &name, NEW) {
        Err(Refusal::NotReproduced(states)) => {
            states.into_iter().map(|(path, state)| format!("{} {path}", state.word())).collect()
        }
        other => panic!("{other:?}"),
    };
    let check = |edit: &dyn Fn(&mut Files), expected: &[String]| {
        let mut files = before.clone();
        edit(&mut files);
        let found: Vec<String> = refused(&files);
        assert_eq!(found, expected);
    };
    check(
        &|files| files.get_mut(&path).unwrap().extend(b"# by hand\n"),
        &[format!("hand-edited {path}")],
    );
    check(&|files| drop(files.remove(&path)), &[format!("missing {path}")]);
    let foreign = format!("rendered/{namespace}/{name}/secret.yaml");
    check(
        &|files| drop(files.insert(foreign.clone(), b"kind: Secret\n".to_vec())),
        &[format!("foreign {foreign}")],
    );
    check(
        &|files| {
            let text = String::from_utf8(files[&lock].clone()).unwrap();
            let tool = format!("\"tool\": \"{}\"", env!("CARGO_PKG_VERSION"));
            assert!(text.contains(&tool), "{text}");
            let text = text.replace(&tool, "\"tool\": \"0.2.0\"");
            files.insert(lock.clone(), text.into_bytes());
        },
        &[format!("stale {lock}")],
    );
    // The tree of another instance is not in the way.
    let mut files = before.clone();
    let other = files.keys().find(|path| {
        path.starts_with("rendered/") && path.contains("service-") && !path.contains(&name)
    });
    let other = other.unwrap().clone();
    files.get_mut(&other).unwrap().extend(b"# by hand\n");
    assert!(read(&files).bump(&namespace, &name, NEW).is_ok());
}

#[test]
fn what_would_not_be_valid_is_a_finding_and_no_instance_is_none() {
    let before = files(REPOSITORIES[0]);
    let repository = read(&before);
    let (namespace, name, _) = instances(&repository).remove(0);
    match repository.bump(&namespace, &name, "not a tag") {
        Err(Refusal::Findings(report)) => {
            assert!(report.has_errors(), "{:?}", report.findings());
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(repository.bump(&namespace, "nobody", NEW), Err(Refusal::NoInstance)));
    let mut files = before.clone();
    files.remove("openclaw.yaml");
    let (none, report) = Repository::read(files);
    assert!(none.is_none() && report.has_errors());
}

/// An update of the first instance, as its commit has it, and the files after it.
fn bumped(before: &Files) -> (Bumped, Files) {
    let repository = read(before);
    let (namespace, name, from) = instances(&repository).remove(0);
    let edits = repository.bump(&namespace, &name, NEW).unwrap();
    let old = edits.keys().map(|path| (path.clone(), before.get(path).cloned())).collect();
    let files = after(before, &edits);
    let bumped = Bumped { namespace, name, from, to: NEW.to_owned(), before: old, after: edits };
    (bumped, files)
}

fn failure() -> Failure {
    Failure {
        version: NEW.to_owned(),
        from: "2026.9.6".to_owned(),
        reason: "CrashLooping".to_owned(),
        message: "`openclaw` exited with 1: \"bye\"".to_owned(),
        time: "2026-09-14T08:00:00Z".to_owned(),
        update_id: "0123456789abcdef".to_owned(),
    }
}

#[test]
fn the_way_back_is_what_it_was_and_one_record_more() {
    for folder in REPOSITORIES {
        let before = files(folder);
        let (bumped, files) = bumped(&before);
        let edits = back(&files, &bumped, Some(&failure())).unwrap();
        let mut there = after(&files, &edits);
        let path = format!("updates/{}/{}.yaml", bumped.namespace, bumped.name);
        let record = there.remove(&path).unwrap();
        assert!(there == before, "{folder}: not as it was");
        kit::golden(
            "tests/golden/record.yaml",
            &String::from_utf8(record.clone()).unwrap().replace(
                &format!("name: {}\n  namespace: {}", bumped.name, bumped.namespace),
                "name: my-agent\n  namespace: agents",
            ),
        );
        // It is read again, and a version stands there once.
        there.insert(path.clone(), record.clone());
        assert_eq!(read(&there).failed(&bumped.namespace, &bumped.name), [failure()]);
        let files = after(&there, &bumped.after);
        let again = back(&files, &bumped, Some(&failure())).unwrap();
        assert_eq!(after(&files, &again)[&path], record);
    }
}

#[test]
fn a_change_that_came_after_the_update_stays_on_the_way_back() {
    let before = files(REPOSITORIES[0]);
    let (bumped, mut files) = bumped(&before);
    let source = bumped.after.keys().find(|path| path.starts_with("instances/")).unwrap().clone();
    files.get_mut(&source).unwrap().extend(b"# a word of a person\n");
    let edits = back(&files, &bumped, None).unwrap();
    let mut expected = before.clone();
    expected.get_mut(&source).unwrap().extend(b"# a word of a person\n");
    assert!(after(&files, &edits) == expected, "{:?}", edits.keys());
}

#[test]
fn the_way_back_does_not_wait_for_what_is_wrong_elsewhere() {
    let before = files(REPOSITORIES[0]);
    let (bumped, files) = bumped(&before);
    let broken = |path: &str, text: &str| {
        let mut files = files.clone();
        files.insert(path.to_owned(), text.as_bytes().to_vec());
        let edits = back(&files, &bumped, Some(&failure())).unwrap();
        assert!(Repository::read(files.clone()).0.is_none(), "{path} is not wrong");
        (edits, files)
    };
    broken("instances/other.yaml", "kind: OpenClawInstance\nspec: [");
    broken("openclaw.yaml", "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nx: 1\n");
    // A record that cannot be read is a person's to mend; no update is taken until then.
    let path = format!("updates/{}/{}.yaml", bumped.namespace, bumped.name);
    let (edits, mut files) = broken(&path, "failed: 2026.9.6\n");
    assert!(!edits.contains_key(&path));
    files.remove(&path);
    // One of another instance would count for nobody.
    files.insert(path.clone(), b"apiVersion: openclaw.rocks/v1alpha1\nkind: UpdateRecord\nmetadata: {name: other, namespace: agents}\n".to_vec());
    let (none, report) = Repository::read(files);
    assert!(none.is_none());
    assert_eq!(report.findings().iter().map(|one| one.code).collect::<Vec<_>>(), ["OC0402"]);
}

#[test]
fn a_tag_that_somebody_else_has_set_is_not_taken_back() {
    let before = files(REPOSITORIES[0]);
    let (bumped, files) = bumped(&before);
    let other = read(&files).bump(&bumped.namespace, &bumped.name, "2026.9.8").unwrap();
    let files = after(&files, &other);
    let result = back(&files, &bumped, Some(&failure()));
    assert!(matches!(result, Err(Refusal::Superseded)), "{result:?}");
}

#[test]
fn a_repository_after_an_update_is_the_one_that_would_be_read() {
    let before = files(REPOSITORIES[0]);
    // Two instances in one file: the second update must know the first.
    let mut files = before.clone();
    let (mut all, repository) = (Vec::new(), read(&before));
    for loaded in repository.instances() {
        let text = files.remove(loaded.origin.as_ref().unwrap()).unwrap();
        all.extend(b"---\n".iter().chain(&text));
    }
    files.insert("instances/all.yaml".to_owned(), all);
    let scratch = tempfile::tempdir().unwrap();
    write(scratch.path(), &files);
    let output = Command::new(kit::binary()).arg("render").current_dir(scratch.path()).output();
    assert!(output.unwrap().status.success());
    let files: Files = kit::tree(scratch.path())
        .into_iter()
        .map(|(path, text)| (path, text.into_bytes()))
        .collect();
    let mut repository = read(&files);
    let mut there = files.clone();
    for (namespace, name, _) in instances(&read(&files)) {
        let edits = repository.bump(&namespace, &name, NEW).unwrap();
        repository.apply(&edits);
        there = after(&there, &edits);
        let fresh = read(&there);
        for one in fresh.instances() {
            let same = repository.instance(&one.namespace, &one.name).unwrap();
            assert_eq!(same.spec_value, one.spec_value);
            assert_eq!(
                repository.bump(&one.namespace, &one.name, "2026.9.8").unwrap(),
                fresh.bump(&one.namespace, &one.name, "2026.9.8").unwrap(),
            );
        }
    }
    assert_ne!(there, files);
}
