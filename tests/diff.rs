//! `openclaw diff`: what is printed of a repository that differs from its tree or from a commit,
//! in every format, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::path::Path;

use kit::{Output, Test};

const CLEAN: &str = include_str!("validate/clean.yaml");
const SETTINGS: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\n";
/// What no output may ever hold.
const CANARY: &str = "Y2FuYXJ5";

fn git(folder: &Path, args: &[&str]) {
    let status = std::process::Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status();
    assert!(status.unwrap().success(), "{args:?}");
}

/// A repository of two instances whose tree is rendered.
fn rendered() -> Test {
    let mut test = Test::new()
        .file("openclaw.yaml", SETTINGS)
        .file("instances/my-agent.yaml", CLEAN)
        .file("instances/other.yaml", CLEAN.replace("my-agent", "other"));
    run(&mut test, "render", 0);
    test
}

/// The same, committed, with what a pull request would change in the sources: another version, more
/// network, a Secret, a class of storage that cannot be set any more, and no second instance.
fn changed() -> Test {
    let mut test = rendered();
    git(test.path(), &["init", "--quiet", "--initial-branch", "main"]);
    git(test.path(), &["add", "-A"]);
    git(test.path(), &["commit", "--quiet", "-m", "Render"]);
    let more = "    - secretRef:\n        name: more-keys\n  security:\n    networkPolicy:\n      allowedEgressCIDRs: [192.0.2.0/24]\n  storage:\n    persistence:\n      storageClass: fast\n";
    let text = CLEAN.replace("2026.9.6", "2026.9.7");
    test.write("instances/my-agent.yaml", format!("{text}{more}"));
    std::fs::remove_file(test.path().join("instances/other.yaml")).unwrap();
    test.args_of("diff");
    test
}

#[track_caller]
fn run(test: &mut Test, line: &str, code: i32) -> Output {
    let output = test.args_of(line).run();
    assert_eq!(output.code, Some(code), "{line}: {}{}", output.stderr, output.stdout);
    output
}

#[test]
fn a_pull_request_is_told_in_every_format() {
    let mut test = changed();
    for (line, name) in [
        ("diff", "text.txt"),
        ("diff --summary", "summary.txt"),
        ("diff --stat", "stat.txt"),
        ("diff -o json", "json.json"),
        ("diff -o markdown", "markdown.md"),
        ("diff -o markdown --summary", "markdown-summary.md"),
        ("diff -o github", "github.txt"),
        ("diff --stat --color=always", "stat-color.txt"),
        ("diff --summary --color=always", "summary-color.txt"),
    ] {
        let output = run(&mut test, line, 1);
        assert_eq!(output.stderr, "", "{line}");
        kit::golden(&format!("tests/diff/{name}"), &output.stdout);
    }
    let json: serde_json::Value =
        serde_json::from_str(&run(&mut test, "diff -o json", 1).stdout).unwrap();
    assert_eq!(json["instances"].as_array().unwrap().len(), 2);
}

#[test]
fn the_tree_of_a_commit_is_compared_whatever_is_on_disk() {
    let mut test = changed();
    let expected = run(&mut test, "diff", 1);
    run(&mut test, "render", 0);
    let nothing = Output { code: Some(0), stdout: String::new(), stderr: String::new() };
    assert_eq!(run(&mut test, "diff", 0), nothing);
    git(test.path(), &["switch", "--quiet", "-c", "change"]);
    git(test.path(), &["add", "-A"]);
    git(test.path(), &["commit", "--quiet", "-m", "Change"]);
    for reference in ["main", "HEAD~", "main..."] {
        assert_eq!(run(&mut test, &format!("diff --git {reference}"), 1), expected, "{reference}");
    }
    assert_eq!(run(&mut test, "diff --git HEAD", 0), nothing);
    // The branch falls behind: what main has by now is nothing that this branch takes away.
    git(test.path(), &["switch", "--quiet", "main"]);
    test.write("instances/third.yaml", CLEAN.replace("my-agent", "third"));
    run(&mut test, "render", 0);
    git(test.path(), &["add", "-A"]);
    git(test.path(), &["commit", "--quiet", "-m", "Go on"]);
    git(test.path(), &["switch", "--quiet", "change"]);
    assert_eq!(run(&mut test, "diff --git main...", 1), expected);
    assert!(run(&mut test, "diff --git main", 1).stdout.contains("deleted StatefulSet `third`"));
}

#[test]
fn a_commit_that_is_not_there_is_a_failure_with_its_remedy() {
    let mut test = changed();
    let output = run(&mut test, "diff --git nowhere", 2);
    assert_eq!(
        (output.stdout.as_str(), output.stderr.as_str()),
        (
            "",
            "error: failed to read the tree of nowhere\n  caused by: it is not in this clone; fetch it, with `fetch-depth: 0` for a checkout of GitHub Actions\n  caused by: not found: the commit `nowhere`\n"
        )
    );
    let mut outside = rendered();
    let output = run(&mut outside, "diff --git main", 2);
    assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
}

#[test]
fn a_repository_below_the_root_of_git_and_another_output_then_are_found() {
    let mut test = Test::new()
        .file("clusters/one/openclaw.yaml", format!("{SETTINGS}output: old\n"))
        .file("clusters/one/instances/my-agent.yaml", CLEAN)
        .cwd("clusters/one");
    run(&mut test, "render", 0);
    git(test.path(), &["init", "--quiet", "--initial-branch", "main"]);
    git(test.path(), &["add", "-A"]);
    git(test.path(), &["commit", "--quiet", "-m", "Render"]);
    assert_eq!(run(&mut test, "diff --git main", 0).stdout, "");
    test.write("clusters/one/openclaw.yaml", format!("{SETTINGS}output: new\n"));
    assert_eq!(
        run(&mut test, "diff --git main", 0).stdout,
        "",
        "files that move are no difference"
    );
    let all = run(&mut test, "diff --stat", 1).stdout;
    assert!(all.contains("created StatefulSet/my-agent"), "{all}");
}

#[test]
fn it_ends_with_the_codes_of_every_verb() {
    let mut test = changed();
    for (line, code) in [
        ("diff", 1),
        ("diff --exit-zero", 0),
        ("diff -o json --exit-zero", 0),
        ("diff --tree rendered", 1),
        ("diff --tree nowhere", 1),
        ("diff --tree openclaw.yaml", 2),
        ("diff --stat --summary", 2),
        ("diff --stat -o json", 2),
        ("diff --summary -o github", 2),
        ("diff --git main --live", 2),
        ("diff --git main --tree rendered", 2),
        ("diff --context a", 2),
        ("diff --field-manager a", 2),
        ("diff nowhere.yaml", 2),
        ("diff --config=none instances", 2),
        ("diff --config=none --tree rendered instances", 1),
        ("diff -o yaml", 2),
    ] {
        let output = run(&mut test, line, code);
        assert_eq!(output.stdout.is_empty(), code == 2, "{line}");
    }
    let mut clean = rendered();
    for (line, stdout) in [
        ("diff", ""),
        ("diff --stat", ""),
        ("diff -o github", ""),
        ("diff -o markdown", "<!-- openclaw diff -->\n**openclaw diff**: no differences\n"),
    ] {
        assert_eq!(run(&mut clean, line, 0).stdout, stdout, "{line}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&run(&mut clean, "diff -o json", 0).stdout).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"instances": [], "summary": {"changed": 0, "created": 0, "deleted": 0}})
    );
}

#[test]
fn an_invalid_instance_prints_its_findings_and_nothing_else() {
    let mut test = changed();
    test.write("instances/broken.yaml", CLEAN.replace("my-agent", "My_Agent"));
    for line in ["diff", "diff -o json", "diff -o markdown", "diff --git main", "diff --live"] {
        let output = run(&mut test, line, 1);
        assert_eq!(output.stdout, "", "{line}");
        assert!(
            output.stderr.contains("error[OC0013]: ") || output.stderr.contains("error[OC0101]: "),
            "{}",
            output.stderr
        );
    }
}

#[test]
fn named_files_are_compared_alone() {
    let mut test = changed();
    let output = run(&mut test, "diff --stat instances/my-agent.yaml", 1);
    assert!(output.stdout.ends_with("1 instance, 5 objects: 5 changed\n"), "{}", output.stdout);
}

#[test]
fn layout_comments_and_order_are_no_difference_and_are_noted() {
    let mut test = rendered();
    let path = "rendered/default/other/service-other.yaml";
    let text = std::fs::read_to_string(test.path().join(path)).unwrap();
    test.write(path, format!("# by hand\n{text}"));
    let output = run(&mut test, "diff", 0);
    let note = "note: no object differs, but locks, comments or layout of the tree do; `openclaw render --check` names the files\n";
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", note));
    test.write("openclaw.yaml", format!("{SETTINGS}layout: instance\n"));
    let output = run(&mut test, "diff", 0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", note));
}

#[test]
fn what_somebody_changed_by_hand_is_shown_as_it_would_be_undone() {
    let mut test = rendered();
    let path = "rendered/default/other/service-other.yaml";
    let text = std::fs::read_to_string(test.path().join(path)).unwrap();
    test.write(path, text.replace("type: ClusterIP", "type: NodePort"));
    let output = run(&mut test, "diff", 1).stdout;
    assert!(
        output.contains("\n  warning: narrows the exposure: `type: NodePort` and not `ClusterIP`\n--- a/rendered/default/other/service-other.yaml\n+++ b/rendered/default/other/service-other.yaml\n"),
        "{output}"
    );
    test.write(path, "a: [\n");
    let output = run(&mut test, "diff --stat", 1);
    assert_eq!(
        output.stderr,
        format!("warning: {path} cannot be read; what it holds counts as missing\n")
    );
    assert!(output.stdout.contains("created Service/other"), "{}", output.stdout);
}

#[test]
fn a_patch_of_the_output_makes_the_tree_what_is_rendered() {
    let mut test = changed();
    // What GNU patch and git are given is the whole output, words included.
    let patch = run(&mut test, "diff", 1).stdout;
    test.write("change.patch", &patch);
    git(test.path(), &["apply", "change.patch"]);
    let output = run(&mut test, "diff", 0);
    assert_eq!(output.stdout, "");
}

#[test]
fn a_secret_is_never_shown_whatever_the_tree_holds() {
    let mut test = rendered();
    git(test.path(), &["init", "--quiet", "--initial-branch", "main"]);
    let path = "rendered/default/other/service-other.yaml";
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: other\n  namespace: default\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{{\"data\":\"{CANARY}\"}}'\ndata:\n  token: {CANARY}\nstringData:\n  plain: {CANARY}\n"
    );
    test.write(path, &secret);
    git(test.path(), &["add", "-A"]);
    git(test.path(), &["commit", "--quiet", "-m", "Leak"]);
    for source in ["", " --git main"] {
        for format in ["", " --stat", " --summary", " -o json", " -o markdown", " -o github"] {
            let output = run(&mut test, &format!("diff{source}{format}"), 1);
            let all = format!("{}{}", output.stdout, output.stderr);
            assert!(all.contains("other") && !all.contains(CANARY), "{source}{format}: {all}");
        }
    }
    let text = run(&mut test, "diff", 1).stdout;
    assert!(
        text.contains("\n-data:\n-  token: \"***\"\n") || text.contains("-  token: '***'"),
        "{text}"
    );
}

#[test]
fn only_diff_reads_the_variable_of_kubectl_and_only_for_a_cluster() {
    let mut test = changed().env("KUBECTL_EXTERNAL_DIFF", "false");
    let plain = run(&mut changed(), "diff", 1);
    assert_eq!(run(&mut test, "diff", 1), plain);
}

#[test]
fn without_a_cluster_a_comparison_with_it_is_a_failure_of_the_world() {
    let mut test = changed().env("KUBECONFIG", "nowhere");
    let output = run(&mut test, "diff --live", 2);
    assert_eq!(output.stdout, "");
    assert!(
        output.stderr.starts_with("error: found no cluster to compare with\n"),
        "{}",
        output.stderr
    );
    let output = run(&mut test, "diff --live --context elsewhere", 2);
    assert!(
        output.stderr.starts_with("error: found no cluster to compare with\n"),
        "{}",
        output.stderr
    );
}

#[test]
fn colors_follow_what_was_said_and_change_no_word() {
    let mut test = changed();
    let plain = run(&mut test, "diff", 1).stdout;
    let colored = run(&mut test, "diff --color=always", 1).stdout;
    assert!(!plain.contains('\u{1b}') && colored.contains('\u{1b}'));
    let mut parts = colored.split('\u{1b}');
    let mut bare = parts.next().unwrap().to_owned();
    parts.for_each(|part| bare.push_str(part.split_once('m').unwrap().1));
    assert_eq!(bare, plain);
    assert!(!run(&mut test, "diff -o json --color=always", 1).stdout.contains('\u{1b}'));
}

/// A kind that is rendered and not looked for would stay in a cluster unseen.
#[test]
fn every_kind_that_is_rendered_is_looked_for() {
    let all = kit::render::all();
    let manifests = all.iter().flat_map(|rendered| &rendered.manifests);
    let found: std::collections::BTreeSet<(String, String)> =
        manifests.map(|one| (one.api_version.clone(), one.kind.clone())).collect();
    let known =
        openclaw::diff::live::KINDS.map(|(version, kind)| (version.to_owned(), kind.to_owned()));
    assert_eq!(found, known.into());
}
