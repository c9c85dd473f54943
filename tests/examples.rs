//! Everything in examples/ does what it says: it validates, it renders, and what the two
//! repositories commit, run and hand to a GitOps tool is what the binary gives.
//!
//! `UPDATE=1 cargo test --test examples` accepts the rendered trees and the printed findings.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::collections::{BTreeMap, BTreeSet};

use kit::Test;
use serde_json::Value;

/// Both repositories: folder, and the files that a GitOps tool is given.
const REPOSITORIES: [(&str, &[&str]); 2] = [
    (
        "gitops-argocd",
        &[
            "argocd/application.yaml",
            "argocd/applicationset.yaml",
            "argocd/controller.yaml",
            "argocd/health.yaml",
        ],
    ),
    (
        "gitops-flux",
        &[
            "flux/controller.yaml",
            "flux/git-repository.yaml",
            "flux/kustomization.yaml",
            "flux/namespace.yaml",
        ],
    ),
];

/// Examples whose topic is worth a word.
const WARNED: [(&str, &str); 2] = [("chromium.yaml", "OC0203"), ("full.yaml", "OC0216")];

fn read(path: &str) -> String {
    std::fs::read_to_string(kit::root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

/// The example alone in a scratch folder, under its own name.
fn alone(name: &str) -> Test {
    let path = format!("examples/{name}");
    let text = read(&path);
    Test::new().file(&path, text)
}

/// The repository as somebody who cloned it has it.
fn clone(name: &str) -> Test {
    let test = Test::new();
    for (path, text) in kit::tree(&kit::root().join("examples").join(name)) {
        test.write(&path, text);
    }
    test
}

fn run(test: &mut Test, command: &str) -> kit::Output {
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[0], "openclaw");
    test.args_of(&words[1..].join(" ")).run()
}

#[test]
fn every_example_validates_and_renders() {
    for name in kit::examples() {
        let path = format!("examples/{name}");
        let mut test = alone(&name).args(["validate", &path]);
        let found = test.run();
        assert_eq!((found.code, found.stdout.as_str()), (Some(0), ""), "{name}: {}", found.stderr);
        kit::golden(
            &format!("tests/examples/{}.out", name.trim_end_matches(".yaml")),
            &found.stderr,
        );
        let warned = WARNED.iter().find(|(warned, _)| *warned == name).map(|(_, code)| *code);
        let codes: Vec<&str> = found
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("warning[")?.split(']').next())
            .collect();
        assert_eq!(codes, warned.into_iter().collect::<Vec<_>>(), "{name}");
        let rendered = kit::documents(&test.set_args(["render", &path]).success());
        let instances = kit::documents(&read(&path))
            .iter()
            .filter(|document| document["kind"] == "OpenClawInstance")
            .count();
        let sets = rendered.iter().filter(|object| object["kind"] == "StatefulSet").count();
        assert_eq!(sets, instances, "{name}");
    }
}

#[test]
fn both_repositories_validate_without_a_word() {
    for (name, _) in REPOSITORIES {
        let found = clone(name).args(["validate", "--strict"]).run();
        assert_eq!((found.code, found.stdout.as_str()), (Some(0), ""), "{name}: {}", found.stderr);
        kit::golden(&format!("tests/examples/{name}.out"), &found.stderr);
    }
}

#[test]
fn the_committed_trees_are_what_render_writes() {
    for (name, _) in REPOSITORIES {
        let test = clone(name).args(["render"]);
        std::fs::remove_dir_all(test.path().join("rendered")).unwrap();
        assert_eq!(test.success(), "");
        kit::golden_tree(&format!("examples/{name}/rendered"), &test.tree("rendered"));
        let found = clone(name).args(["render", "--check"]).run();
        assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{name}");
    }
}

/// Commands of the workflow's steps, and those of the hooks.
fn commands(name: &str) -> (Vec<String>, Vec<String>) {
    let workflow = yaml(&read(&format!("examples/{name}/.github/workflows/render.yaml")));
    let steps = workflow["jobs"]["render"]["steps"].as_array().unwrap().clone();
    let runs = steps.iter().filter_map(|step| step["run"].as_str());
    let runs = runs.filter(|run| run.starts_with("openclaw ")).map(str::to_owned).collect();
    let hooks = yaml(&read(&format!("examples/{name}/.pre-commit-config.yaml")));
    let hooks = hooks["repos"][0]["hooks"].as_array().unwrap().clone();
    (runs, hooks.iter().map(|hook| hook["entry"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn the_workflow_and_the_hooks_pass_here_and_stop_a_stale_tree() {
    for (name, _) in REPOSITORIES {
        let (runs, hooks) = commands(name);
        assert_eq!(runs, ["openclaw render --check --output github"], "{name}");
        assert_eq!(hooks, ["openclaw validate", "openclaw render --check"], "{name}");
        for command in runs.iter().chain(&hooks) {
            let mut test = clone(name);
            let found = run(&mut test, command);
            assert_eq!((found.code, found.stderr.as_str()), (Some(0), ""), "{name}: {command}");
        }
        let mut test = clone(name);
        let source = "instances/support-agent.yaml";
        let instance = read(&format!("examples/{name}/{source}"));
        test.write(source, instance.replace("2026.9.6", "2026.9.4"));
        let file = "rendered/agents/support-agent/statefulset-support-agent.yaml";
        let found = run(&mut test, &runs[0]);
        let stale = format!("::error file={file},line=1,");
        assert!(found.code == Some(1) && found.stdout.contains(&stale), "{found:?}");
        let found = run(&mut test, &hooks[1]);
        let stale = format!("stale: {file}\n");
        assert!(found.code == Some(1) && found.stderr.contains(&stale), "{found:?}");
    }
}

/// The path that the first line names for an editor, relative to the repository.
fn modeline(folder: &str, text: &str) -> Option<String> {
    let path = text.lines().next()?.strip_prefix("# yaml-language-server: $schema=")?;
    Some(match (path.strip_prefix("../"), folder.rsplit_once('/')) {
        (Some(rest), Some((parent, _))) => format!("{parent}/{rest}"),
        (Some(rest), None) => rest.to_owned(),
        (None, _) => format!("{folder}/{path}"),
    })
}

#[test]
fn every_modeline_names_a_schema_that_a_comment_says_how_to_write() {
    for name in kit::examples() {
        let found = modeline("examples", &read(&format!("examples/{name}")));
        assert_eq!(found.as_deref(), Some("examples/.openclaw/instance.schema.json"), "{name}");
    }
    let command = "openclaw schema > .openclaw/instance.schema.json";
    assert!(read("examples/quickstart.yaml").contains(command));
    for (name, _) in REPOSITORIES {
        let root = format!("examples/{name}");
        let settings = read(&format!("{root}/openclaw.yaml"));
        let found = modeline(&root, &settings);
        assert_eq!(found, Some(format!("{root}/.openclaw/config.schema.json")));
        assert!(settings.contains(command), "{name}");
        assert!(
            settings.contains("openclaw schema config > .openclaw/config.schema.json"),
            "{name}"
        );
        for instance in kit::tree(&kit::root().join(&root).join("instances")).values() {
            let found = modeline(&format!("{root}/instances"), instance);
            assert_eq!(found, Some(format!("{root}/.openclaw/instance.schema.json")));
        }
    }
}

#[test]
fn the_full_example_writes_out_every_field() {
    let mut left = kit::fields::all();
    for document in kit::documents(&read("examples/full.yaml")) {
        kit::fields::cross_off("spec", &document["spec"], &mut left);
    }
    assert_eq!(left, BTreeSet::new(), "these fields are missing in examples/full.yaml");
}

/// Folders of a rendered tree: namespace and name.
fn folders(name: &str) -> BTreeSet<String> {
    let tree = kit::tree(&kit::root().join("examples").join(name).join("rendered"));
    tree.keys().map(|path| path.rsplit_once('/').unwrap().0.to_owned()).collect()
}

#[test]
fn the_gitops_tool_is_pointed_at_the_rendered_tree() {
    for (name, files) in REPOSITORIES {
        let output = yaml(&read(&format!("examples/{name}/openclaw.yaml")))["output"].clone();
        assert_eq!(output, "rendered");
        for folder in folders(name) {
            assert_eq!(folder.split('/').count(), 2, "{folder} is not namespace and name");
        }
        let mut kinds = Vec::new();
        for file in files {
            let object = yaml(&read(&format!("examples/{name}/{file}")));
            let kind = object["kind"].as_str().unwrap().to_owned();
            let spec = &object["spec"];
            match kind.as_str() {
                "ApplicationSet" => {
                    let path = &spec["generators"][0]["git"]["directories"][0]["path"];
                    assert_eq!(path, "rendered/*/*");
                    let finalizer = &spec["template"]["metadata"]["finalizers"][0];
                    assert_eq!(finalizer, "resources-finalizer.argocd.argoproj.io");
                    assert_eq!(spec["template"]["spec"]["syncPolicy"]["automated"]["prune"], true);
                }
                "Application" | "Kustomization" if file.ends_with("controller.yaml") => {
                    let text = read(&format!("examples/{name}/{file}"));
                    let line = text.lines().find(|line| line.contains("openclaw install"));
                    let (command, written) = line.unwrap().split_once(" > ").unwrap();
                    let path = spec["path"].as_str().or(spec["source"]["path"].as_str()).unwrap();
                    let folder = path.trim_start_matches("./");
                    assert_eq!(written, format!("{folder}/install.yaml"));
                    // What the instances were rendered for is what the controller looks after.
                    let settings = yaml(&read(&format!("examples/{name}/openclaw.yaml")));
                    let cluster = settings["cluster"]["name"].as_str().unwrap();
                    assert!(command.ends_with(&format!("--cluster-name {cluster}")), "{command}");
                }
                "ConfigMap" => assert_eq!(object["metadata"]["name"], "argocd-cm"),
                "Application" => {
                    assert_eq!(spec["source"]["path"], "rendered");
                    assert_eq!(spec["source"]["directory"]["recurse"], true);
                    assert_eq!(spec["syncPolicy"]["automated"]["prune"], true);
                }
                "Kustomization" => {
                    assert_eq!(
                        (&spec["path"], &spec["prune"]),
                        (&"./rendered".into(), &true.into())
                    );
                    assert_eq!(spec["dependsOn"][0]["name"], "openclaw-controller");
                }
                "Namespace" => {
                    assert!(folders(name).iter().all(|folder| folder.starts_with("agents/")));
                    assert_eq!(object["metadata"]["name"], "agents");
                }
                _ => assert_eq!(kind, "GitRepository"),
            }
            kinds.push(kind);
        }
        let all: BTreeMap<String, String> = kit::tree(&kit::root().join("examples").join(name));
        for folder in ["argocd/", "flux/"] {
            for path in all.keys().filter(|path| path.starts_with(folder)) {
                assert!(files.contains(&path.as_str()), "{name}/{path} is not looked at");
            }
        }
        // A file of that name would turn the source into another kind of source.
        assert!(
            !all.keys().any(|path| path.starts_with("rendered/") && path.contains("kustomization"))
        );
        assert!(!kinds.is_empty());
    }
}

#[test]
fn owners_and_attributes_match_files_that_exist() {
    for (name, _) in REPOSITORIES {
        let files = kit::tree(&kit::root().join("examples").join(name));
        assert!(files[".gitattributes"].contains("rendered/** linguist-generated=true"), "{name}");
        for line in files["CODEOWNERS"].lines().filter(|line| !line.starts_with('#')) {
            let pattern = line.split_whitespace().next().unwrap().trim_start_matches('/');
            let (folder, file) = pattern.split_once("**/").unwrap_or((pattern, ""));
            let stem = file.trim_end_matches("*.yaml");
            let is_hit = |path: &&String| {
                let base = path.rsplit('/').next().unwrap_or_default();
                path.starts_with(folder.trim_end_matches('*')) && base.starts_with(stem)
            };
            assert!(files.keys().find(is_hit).is_some(), "{name}: `{pattern}` owns nothing");
        }
    }
}
