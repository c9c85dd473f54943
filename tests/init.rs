//! `openclaw init`: what it writes is complete, valid, rendered and green, whatever is chosen, and
//! it overwrites nothing.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::collections::BTreeMap;
use std::process::Command;

use kit::{Output, Test};
use serde_json::Value;

const EVERY_HOST: &str = "--ci github,gitlab,forgejo";

fn init(args: &str) -> (Test, Output) {
    let mut test = Test::new();
    test.args_of(&format!("init {args}"));
    let output = test.run();
    (test, output)
}

fn started(args: &str) -> Test {
    let (test, output) = init(args);
    assert_eq!((output.code, output.stdout.as_str()), (Some(0), ""), "{}", output.stderr);
    test
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

/// Files that other verbs print, and the tree that `openclaw render` writes.
fn is_made_by_others(path: &str) -> bool {
    [".openclaw/", "controller/", "rendered/"].iter().any(|folder| path.starts_with(folder))
}

#[test]
fn every_choice_is_valid_and_rendered() {
    for args in [
        "",
        EVERY_HOST,
        "--gitops flux --ci gitlab",
        "--gitops argocd --ci none",
        "--gitops none --ci forgejo --ci github",
    ] {
        let mut test = started(args);
        for verb in ["render --check", "validate --strict"] {
            let found = test.args_of(verb).run();
            let silent = Output { code: Some(0), stdout: String::new(), stderr: String::new() };
            assert_eq!(found, silent, "{args}: {verb}");
        }
    }
}

#[test]
fn what_people_go_on_with_is_short() {
    for (args, name) in [(EVERY_HOST, "argocd"), ("--ci none --gitops flux", "flux")] {
        let mut files = started(args).tree("");
        files.retain(|path, _| !is_made_by_others(path));
        kit::golden_tree(&format!("tests/init/{name}"), &files);
    }
}

#[test]
fn the_rest_is_what_other_verbs_print() {
    let mut test = started("");
    let files = test.tree("");
    for (path, args) in [
        (".openclaw/instance.schema.json", "schema"),
        (".openclaw/config.schema.json", "schema config"),
        ("controller/install.yaml", "install"),
    ] {
        assert_eq!(test.args_of(args).success(), files[path], "{path}");
    }
    std::fs::remove_dir_all(test.path().join("rendered")).unwrap();
    test.args_of("render").success();
    assert_eq!(test.tree(""), files);
}

#[test]
fn every_value_that_is_asked_for_is_written() {
    let args = "here/and/there --name 007 --namespace true --tag 2026.10 --branch trunk --owner @acme/on --repository git@git.example:a/b.git --gitops flux --ci forgejo,gitlab";
    let (mut test, output) = init(args);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(output.stderr, "28 files written; `openclaw render --check` passes\n");
    let files = test.tree("here/and/there");
    let read = |path: &str| yaml(&files[path]);
    assert_eq!(read("openclaw.yaml")["namespace"], "true");
    let instance = read("instances/007.yaml");
    assert_eq!(instance["metadata"]["name"], "007");
    assert_eq!(instance["spec"]["image"]["tag"], "2026.10");
    let source = read("flux/git-repository.yaml");
    assert_eq!(source["spec"]["url"], "git@git.example:a/b.git");
    assert_eq!(source["spec"]["ref"]["branch"], "trunk");
    assert_eq!(read("flux/namespace.yaml")["metadata"]["name"], "true");
    let workflow = read(".forgejo/workflows/openclaw.yaml");
    assert_eq!(workflow["on"]["push"]["branches"][0], "trunk");
    for path in [".gitea/CODEOWNERS", ".gitlab/CODEOWNERS"] {
        for line in files[path].lines().filter(|line| !line.starts_with('#')) {
            assert!(line.ends_with(" @acme/on"), "{path}: {line}");
        }
    }
    test.args_of("render --check --config here/and/there/openclaw.yaml").success();
}

#[test]
fn placeholders_are_told() {
    let (_, output) = init(EVERY_HOST);
    assert_eq!(
        output.stderr,
        "29 files written; `openclaw render --check` passes
hint: replace `https://git.example.com/acme/agents.git` in argocd/application.yaml, argocd/controller.yaml
hint: replace `@acme/platform` in .gitea/CODEOWNERS, .github/CODEOWNERS, .gitlab/CODEOWNERS
"
    );
}

#[test]
fn below_the_root_of_a_git_repository_the_pipelines_are_told_to_be_moved() {
    let hint = "hint: a host reads its pipeline";
    let mut test = Test::new().file(".git/HEAD", "").args(["init"]);
    assert!(!test.run().stderr.contains(hint));
    assert!(test.args_of("init below").run().stderr.contains(hint));
    assert!(!test.args_of("init other --ci none").run().stderr.contains(hint));
}

#[test]
fn nothing_is_overwritten_and_all_that_is_in_the_way_is_told() {
    let test = Test::new()
        .file(".gitattributes", "* text\n")
        .file(".github", "a file\n")
        .file("instances/other.yaml", "kept\n")
        .file("README.md", "kept\n")
        .args(["init"]);
    std::os::unix::fs::symlink("nowhere", test.path().join("openclaw.yaml")).unwrap();
    std::os::unix::fs::symlink("/", test.path().join("rendered")).unwrap();
    let before = test.tree("");
    let told = test.finding();
    let mut expected = String::new();
    for path in [".gitattributes", ".github", "instances", "openclaw.yaml", "rendered"] {
        expected.push_str(&format!("error[OC0321]: {path} exists already, and nothing is overwritten\n |\n = hint: move it away, or start in another folder and merge the two\n"));
    }
    assert_eq!(told, format!("{expected}5 errors\n"));
    assert_eq!(test.tree(""), before);
    // Twice in one folder is the same.
    let mut test = started("there");
    let before = test.tree("");
    test.args_of("init there").finding();
    assert_eq!(test.tree(""), before);
}

#[test]
fn values_that_cannot_be_written_are_told_at_once() {
    let mut test = Test::new();
    test.set_args([
        "init",
        "--name=My_Agent",
        "--namespace=a\nb: c",
        "--tag={{ name }}",
        "--branch=../x",
        "--repository=https://git.example/a b",
        "--owner=nobody",
    ]);
    kit::golden("tests/init/refused.txt", &test.finding());
    assert_eq!(test.tree(""), BTreeMap::new());
}

#[test]
fn a_failure_leaves_nothing_behind_and_does_not_stop_the_next_run() {
    // As a run that was killed leaves it.
    let mut test = Test::new().file("there/.openclaw.yaml.openclaw-tmp", "half\n");
    let output = test.args_of("init there").run();
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert_eq!(test.tree(""), BTreeMap::new());
    assert!(!test.path().join("there/instances").exists());
    assert_eq!(test.run().code, Some(0));
}

#[test]
fn what_argo_cd_and_flux_are_given_is_what_the_examples_show() {
    for (gitops, files) in [
        ("argocd", ["argocd/application.yaml", "argocd/controller.yaml", "argocd/health.yaml"]),
        ("flux", ["flux/controller.yaml", "flux/git-repository.yaml", "flux/kustomization.yaml"]),
    ] {
        let found = started(&format!("--gitops {gitops}")).tree("");
        for path in files {
            let example = kit::root().join(format!("examples/gitops-{gitops}/{path}"));
            let example = std::fs::read_to_string(example).unwrap();
            assert_eq!(yaml(&found[path]), yaml(&example), "{path}");
        }
    }
}

/// Runs a script as a job would, the tool on its PATH; returns the code and what was printed.
fn job(test: &Test, script: &str) -> (Option<i32>, String) {
    let own = kit::binary().parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path)));
    let found = Command::new("bash")
        .args(["-e", "-o", "pipefail", "-c", script])
        .current_dir(test.path())
        .env("PATH", path.unwrap())
        .env("CI_PROJECT_DIR", test.path())
        .output()
        .unwrap();
    let text = [found.stdout, found.stderr].concat();
    (found.status.code(), String::from_utf8(text).unwrap())
}

/// The script of each host: the steps that need nothing of the host but the tool.
fn scripts(files: &BTreeMap<String, String>) -> Vec<(&'static str, String)> {
    let mut scripts = Vec::new();
    for host in ["github", "forgejo"] {
        let workflow = yaml(&files[&format!(".{host}/workflows/openclaw.yaml")]);
        let steps = workflow["jobs"]["openclaw"]["steps"].as_array().unwrap();
        // What has a condition is about a request, and is in tests/all_pipelines.rs.
        let steps = steps.iter().filter(|step| step["if"].is_null());
        let runs = steps.filter_map(|step| step["run"].as_str());
        let runs: Vec<&str> = runs.filter(|run| run.starts_with("openclaw ")).collect();
        scripts.push((host, runs.join("\n")));
    }
    let pipeline = yaml(&files[".gitlab-ci.yml"]);
    assert_eq!(pipeline["openclaw"]["extends"], ".openclaw");
    let lines = [(".openclaw", "before_script"), ("openclaw", "script")].map(|(job, key)| {
        let lines = pipeline[job][key].as_array().unwrap();
        lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n")
    });
    scripts.push(("gitlab", lines.join("\n")));
    scripts
}

#[test]
fn every_pipeline_passes_at_once_and_stops_what_is_stale_or_wrong() {
    let files = started(EVERY_HOST).tree("");
    for (host, script) in scripts(&files) {
        let test = started(&format!("{EVERY_HOST} --gitops none"));
        let (code, text) = job(&test, &script);
        assert_eq!(code, Some(0), "{host}: {text}");
        let source = "instances/my-agent.yaml";
        test.write(source, files[source].replace("10Gi", "20Gi"));
        let (code, text) = job(&test, &script);
        let file = "rendered/agents/my-agent/persistentvolumeclaim-my-agent-data.yaml";
        let stale = match host {
            "github" => format!(
                "\n::error file={file},line=1,col=1,endLine=1,endColumn=1,title=OC0341::{file} is stale: "
            ),
            _ => format!("\nstale: {file}\n"),
        };
        assert!(code == Some(1) && text.contains(&stale), "{host}: {text}");
        test.write(source, files[source].replace("10Gi", "ten"));
        let (code, text) = job(&test, &script);
        assert!(code == Some(1) && text.contains("instances/my-agent.yaml"), "{host}: {text}");
        if host == "gitlab" {
            let found = &test.tree("")["openclaw-findings.json"];
            let found: Value = serde_json::from_str(found).unwrap();
            assert_eq!(found[0]["location"]["path"], source);
        }
    }
}
