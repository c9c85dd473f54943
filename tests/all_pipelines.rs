//! What runs `openclaw` for people: hooks of pre-commit, the action of GitHub, kustomize, the plugin
//! of Argo CD. Each is run by the program that it is for, or as that program would run it. Runs
//! under `tests/run all`, which installs them.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::format_collect,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests fail by panicking and start programs"
)]

#[path = "pipelines/comment.rs"]
mod comment;
#[path = "pipelines/host.rs"]
mod host;
#[path = "pipelines/job.rs"]
mod job;
mod kit;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use job::Job;
use kit::Test;
use serde_json::{Value, json};

/// A folder in which `openclaw init` was run, a Git repository where nothing is committed yet.
fn repository(args: &str) -> Test {
    let mut test = Test::new();
    test.args_of(&format!("init {args}")).success();
    run(&test, "git init --quiet --initial-branch main && git add --all").unwrap();
    test
}

/// The PATH with the tool on it.
fn path() -> String {
    let own = kit::binary().parent().unwrap().display().to_string();
    format!("{own}:{}", std::env::var("PATH").unwrap())
}

/// What a shell says, with the tool on its PATH and nobody's own settings; what it prints.
fn run(test: &Test, script: &str) -> Result<String, String> {
    run_with(test, script, &BTreeMap::new())
}

fn run_with(test: &Test, script: &str, env: &BTreeMap<String, String>) -> Result<String, String> {
    let home = test.path().join(".git/home");
    let found = Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script])
        .current_dir(test.path())
        .env("PATH", path())
        .env("HOME", &home)
        .env("PRE_COMMIT_HOME", home.join("pre-commit"))
        .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
        .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
        .envs(env)
        .output()
        .unwrap();
    let text = String::from_utf8([found.stdout, found.stderr].concat()).unwrap();
    if found.status.success() { Ok(text) } else { Err(text) }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(kit::root().join(path)).unwrap()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

const INSTANCE: &str = "instances/my-agent.yaml";

fn change(test: &Test, from: &str, to: &str) {
    let text = std::fs::read_to_string(test.path().join(INSTANCE)).unwrap();
    assert!(text.contains(from), "{text}");
    test.write(INSTANCE, text.replace(from, to));
}

#[test]
fn the_hooks_of_a_new_repository_let_good_commits_pass_and_stop_stale_ones() {
    let test = repository("");
    let pre_commit = kit::tool("PRE_COMMIT");
    run(&test, &format!("{pre_commit} install")).unwrap();
    let text = run(&test, "git commit --message first").unwrap();
    for hook in ["openclaw validate", "openclaw render --check"] {
        let line = text.lines().find(|line| line.starts_with(&format!("{hook}..."))).unwrap();
        assert!(line.ends_with("Passed"), "{text}");
    }
    change(&test, "10Gi", "20Gi");
    let text = run(&test, "git commit --all --message stale").unwrap_err();
    let stale = "stale: rendered/agents/my-agent/persistentvolumeclaim-my-agent-data.yaml";
    assert!(text.contains(stale), "{text}");
    run(&test, "openclaw render && git add --all && git commit --message grown").unwrap();
    change(&test, "20Gi", "ten");
    let text = run(&test, "git commit --all --message wrong").unwrap_err();
    assert!(text.contains("--> instances/my-agent.yaml:"), "{text}");
    assert_eq!(run(&test, "git rev-list --count HEAD").unwrap(), "2\n");
}

#[test]
fn the_hooks_that_this_project_offers_run() {
    let hooks = read(".pre-commit-hooks.yaml");
    // pre-commit would build the tool; it is built already.
    assert_eq!(hooks.matches("language: rust\n").count(), 2, "{hooks}");
    assert!(read("Cargo.toml").contains("default-run = \"openclaw\""));
    let offered = Test::new()
        .file(".pre-commit-hooks.yaml", hooks.replace("language: rust", "language: system"));
    let commit = "git init --quiet && git add --all && git commit --quiet --message hooks";
    run(&offered, &format!("{commit} && git tag v1")).unwrap();
    let test = repository("");
    let config = format!(
        "repos:\n  - repo: {}\n    rev: v1\n    hooks: [{{id: openclaw-validate}}, {{id: openclaw-render}}]\n",
        offered.path().display()
    );
    test.write(".pre-commit-config.yaml", config);
    let script = format!("git add --all && {} run --all-files", kit::tool("PRE_COMMIT"));
    let text = run(&test, &script).unwrap();
    assert_eq!(text.matches("Passed\n").count(), 2, "{text}");
    change(&test, "10Gi", "20Gi");
    let text = run(&test, &script).unwrap_err();
    assert!(text.contains("stale: rendered/agents/my-agent/"), "{text}");
}

/// Runs the action: whether it passed, the names of the steps that ran, and what they printed.
fn action(test: &Test, inputs: &[(&str, &str)]) -> (bool, Vec<String>, String) {
    let action = yaml(&read(".github/actions/check/action.yml"));
    let mut job = Job::new(test);
    job.inputs(&action, inputs);
    let is_good = job.run(&action["runs"]["steps"]);
    (is_good, job.ran, job.printed)
}

/// Puts the tool where the cache, or cargo, puts it.
fn cache(test: &Test) {
    let bin = test.path().join(".git/openclaw/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let tool = bin.join("openclaw");
    if !tool.exists() {
        std::os::unix::fs::symlink(kit::binary(), tool).unwrap();
    }
}

#[test]
fn the_action_annotates_findings_writes_sarif_and_stops_a_stale_tree() {
    let test = repository("");
    cache(&test);
    let check = "Check the instances and the rendered tree";
    let (is_good, ran, printed) = action(&test, &[]);
    assert!(is_good && ran == ["Find the sources", check] && printed.is_empty(), "{printed}");
    let output = std::fs::read_to_string(test.path().join(".git/o")).unwrap();
    assert!(output.starts_with("hash=") && output.len() == 70, "{output}");
    let first = |test: &Test| {
        let sarif = std::fs::read_to_string(test.path().join("a.sarif")).unwrap();
        let sarif: Value = serde_json::from_str(&sarif).unwrap();
        let result = &sarif["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        (result["ruleId"].clone(), result["level"].clone(), place.clone())
    };
    for (from, to, code, file) in [
        ("10Gi", "20Gi", "OC0341", "rendered/agents/my-agent/.openclaw.lock"),
        ("20Gi", "ten", "OC0116", INSTANCE),
    ] {
        change(&test, from, to);
        let (is_good, ran, printed) = action(&test, &[("sarif", "a.sarif")]);
        assert_eq!(ran[1..], [check, "Write the findings as SARIF"]);
        let annotation = format!("::error file={file},line=");
        assert!(!is_good && printed.starts_with(&annotation), "{printed}");
        assert_eq!(first(&test), (json!(code), json!("error"), json!(file)));
    }
}

#[test]
fn the_action_builds_the_tool_from_its_own_sources_and_works_in_a_folder() {
    let test = repository("");
    run(&test, "mkdir fleet && mv instances rendered openclaw.yaml fleet").unwrap();
    // It takes the words of cargo, and puts the tool where cargo would.
    let cargo = "#!/bin/bash\n[ \"$1 $2 $3 $5\" = 'install --locked --root --path' ] && [ -e \"$6/src/main.rs\" ] && mkdir -p \"$4/bin\" && ln -s \"$(command -v openclaw)\" \"$4/bin/\"\n";
    test.write(".git/bin/cargo", cargo);
    run(&test, "chmod +x .git/bin/cargo").unwrap();
    let own = test.path().join(".git/bin").display().to_string();
    let action = yaml(&read(".github/actions/check/action.yml"));
    let mut job = Job::new(&test);
    job.inputs(&action, &[("working-directory", "fleet")]);
    job.set("steps.cache.outputs.cache-hit", "");
    job.env.insert("PATH".to_owned(), format!("{own}:{}", path()));
    assert!(job.run(&action["runs"]["steps"]), "{}", job.printed);
    let names = ["Find the sources", "Build openclaw", "Check the instances and the rendered tree"];
    assert_eq!(job.ran, names);
}

#[track_caller]
fn read_by_go(text: &str) -> Vec<Value> {
    let mut child = Command::new(kit::tool("GOYAML"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn gos_reader_reads_every_file_of_a_new_repository() {
    for args in ["--ci github,gitlab,forgejo", "--gitops flux --name 007 --namespace on"] {
        let mut count = 0;
        for (path, text) in repository(args).tree("") {
            let is_yaml = [".yaml", ".yml"].iter().any(|ending| path.ends_with(ending));
            if is_yaml && !path.starts_with(".git/") {
                assert!(read_by_go(&text).iter().all(Value::is_object), "{path}");
                count += 1;
            }
        }
        assert!(count > 18, "{count}");
    }
}

/// Objects without what depends on the path of the source.
fn comparable(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for mut object in objects {
        let metadata = object["metadata"].as_object_mut().unwrap();
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            annotations.retain(|key, _| !key.starts_with("openclaw.rocks/"));
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
        found.insert(format!("{}/{}", object["kind"], object["metadata"]["name"]), object);
    }
    found
}

#[track_caller]
fn same(found: &BTreeMap<String, Value>, expected: &BTreeMap<String, Value>) {
    assert!(found.keys().eq(expected.keys()), "{:?}", found.keys());
    for (identity, object) in found {
        let [found, expected] = [object, &expected[identity]].map(|one| format!("{one:#}\n"));
        let diff = similar::TextDiff::from_lines(&expected, &found);
        assert!(found == expected, "{identity}\n{}", diff.unified_diff());
    }
}

fn build(test: &Test, folder: &str) -> Result<String, String> {
    let kustomize = kit::tool("KUSTOMIZE");
    run(test, &format!("{kustomize} build --enable-alpha-plugins --enable-exec {folder}"))
}

/// A scratch copy of a folder of examples.
fn example(folder: &str) -> Test {
    let test = Test::new();
    for (path, text) in kit::tree(&kit::root().join("examples").join(folder)) {
        test.write(&path, text);
    }
    test
}

#[test]
fn kustomize_builds_what_render_prints() {
    let mut test = example("kustomize");
    let transformed = read_by_go(&build(&test, ".").unwrap());
    let lines = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: agents\ncluster:\n  name: production\n";
    test.write("plain/openclaw.yaml", lines);
    let rendered = test.args_of("render --config plain/openclaw.yaml instance.yaml").success();
    let rendered = comparable(read_by_go(&rendered));
    assert_eq!(rendered.len(), 12);
    same(&comparable(transformed), &rendered);
    // As a generator, the instance itself says how it is rendered.
    let function = "metadata:\n  namespace: agents\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: openclaw, args: [fn]}\n";
    let instance = read("examples/kustomize/instance.yaml").replace("metadata:\n", function);
    test.write("generated/instance.yaml", instance);
    test.write("generated/kustomization.yaml", "generators: [instance.yaml]\n");
    let generated = comparable(read_by_go(&build(&test, "generated").unwrap()));
    assert!(generated.keys().eq(rendered.keys()), "{:?}", generated.keys());
}

#[test]
fn kustomize_stops_at_a_finding_and_leaves_the_rest_alone() {
    let test = example("kustomize");
    let other =
        "# kept\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: theirs\ndata:\n  at: 0o14\n";
    test.write("theirs.yaml", other);
    let kustomization = read("examples/kustomize/kustomization.yaml");
    test.write(
        "kustomization.yaml",
        kustomization.replace("  - instance.yaml\n", "  - instance.yaml\n  - theirs.yaml\n"),
    );
    let built = read_by_go(&build(&test, ".").unwrap());
    let theirs = built.iter().find(|object| object["metadata"]["name"] == "theirs").unwrap();
    assert_eq!(*theirs, read_by_go(other)[0]);
    let instance = read("examples/kustomize/instance.yaml");
    test.write("instance.yaml", instance.replace("support-agent\n", "Support_Agent\n"));
    let text = build(&test, ".").unwrap_err();
    assert!(text.contains("error[OC0101]: metadata.name: found `Support_Agent`"), "{text}");
}

#[test]
fn the_plugin_of_argo_cd_prints_what_the_repository_renders() {
    let plugin = yaml(&read("examples/argocd-plugin/plugin.yaml"));
    let command = plugin["spec"]["generate"]["command"].as_array().unwrap();
    let words: Vec<&str> = command.iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words[0], "/usr/local/bin/openclaw", "where .image/build puts it");
    let mut test = example("gitops-argocd");
    assert!(test.path().join(plugin["spec"]["discover"]["fileName"].as_str().unwrap()).is_file());
    let committed: String = kit::tree(&test.path().join("rendered"))
        .into_iter()
        .filter(|(path, _)| path.ends_with(".yaml"))
        .map(|(_, text)| format!("---\n{text}"))
        .collect();
    // In a folder without a tree, as for those who do not commit it.
    std::fs::remove_dir_all(test.path().join("rendered")).unwrap();
    let before = test.tree("");
    let found = test.args_of(&words[1..].join(" ")).success();
    same(&comparable(read_by_go(&found)), &comparable(read_by_go(&committed)));
    assert_eq!(test.tree(""), before, "nothing is written");
    let application = yaml(&read("examples/argocd-plugin/application.yaml"));
    assert_eq!(application["spec"]["source"]["plugin"]["name"], plugin["metadata"]["name"]);
}

#[test]
fn kustomize_adds_the_plugin_to_an_installation_of_argo_cd() {
    let test = example("argocd-plugin");
    let server = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: argocd-repo-server}\nspec: {template: {spec: {containers: [{name: argocd-repo-server, image: a}], volumes: [{name: plugins, emptyDir: {}}, {name: var-files, emptyDir: {}}]}}}\n";
    test.write("argo/server.yaml", server);
    let kustomization = "namespace: argocd\nresources: [server.yaml]\ncomponents: [../plugin]\n";
    test.write("argo/kustomization.yaml", kustomization);
    run(&test, "mkdir plugin && mv *.yaml plugin").unwrap();
    let built = read_by_go(&build(&test, "argo").unwrap());
    let find = |kind: &str| built.iter().find(|object| object["kind"] == kind).unwrap();
    let (map, pod) = (find("ConfigMap"), &find("Deployment")["spec"]["template"]["spec"]);
    assert_eq!(map["data"]["plugin.yaml"], read("examples/argocd-plugin/plugin.yaml"));
    let list = |value: &Value| value.as_array().unwrap().clone();
    let sidecar =
        list(&pod["containers"]).into_iter().find(|one| one["name"] == "openclaw").unwrap();
    let volumes: Vec<Value> = list(&pod["volumes"]).iter().map(|one| one["name"].clone()).collect();
    for mount in list(&sidecar["volumeMounts"]) {
        assert!(volumes.contains(&mount["name"]), "{mount}");
    }
    let config = list(&pod["volumes"]).into_iter().find(|one| one["name"] == "openclaw-plugin");
    assert_eq!(config.unwrap()["configMap"]["name"], map["metadata"]["name"]);
    let places: Vec<Value> =
        list(&sidecar["volumeMounts"]).iter().map(|one| one["mountPath"].clone()).collect();
    assert!(places.contains(&json!("/home/argocd/cmp-server/config")), "{places:?}");
}
