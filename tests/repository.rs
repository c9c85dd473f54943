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

use openclaw::repository::{Edits, Files, Refusal, Repository};

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
