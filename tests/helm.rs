//! Values of published Helm charts become sources that validate, and everything that stays behind
//! is told.
//!
//! `tests/helm/<chart>-defaults.yaml` has every key of a chart, `<chart>-production.yaml` what
//! people set; what a run says and writes lies beside it as `.txt`.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::collections::BTreeSet;

use kit::{Output, Test};
use openclaw::diagnostic;

const SETTINGS: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\ncluster:\n  ingressNamespaces: [ingress-nginx]\n";

/// What is in the fixtures where a secret is, so that it is found wherever it leaks.
const SECRET: &str = "not-for-git";

fn fixture(name: &str) -> String {
    std::fs::read_to_string(kit::root().join(format!("tests/helm/{name}.yaml"))).unwrap()
}

/// Every fixture, sorted.
fn fixtures() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(kit::root().join("tests/helm"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// A repository that imports values as `agents/my-agent`, with further arguments.
fn import(values: &str, arguments: &str) -> (Test, Output) {
    let mut test = Test::new().file("openclaw.yaml", SETTINGS).file("values.yaml", values);
    let line = format!("import -f values.yaml agents/my-agent {arguments}");
    let output = test.args_of(&line).run();
    (test, output)
}

/// Everything that a run says and writes.
fn story(test: &Test, output: &Output) -> String {
    let mut text = format!("exit {}\n--- stderr\n{}", output.code.unwrap(), output.stderr);
    for (path, content) in test.tree("instances") {
        text.push_str(&format!("--- instances/{path}\n{content}"));
    }
    text
}

#[test]
fn what_is_told_and_written_is_what_a_person_should_read() {
    for name in fixtures() {
        // A release runs where somebody has set something.
        let release = if name.ends_with("-production") { "--release demo" } else { "" };
        let (test, output) = import(&fixture(&name), release);
        kit::golden(&format!("tests/helm/{name}.txt"), &story(&test, &output));
    }
}

#[test]
fn what_is_written_validates_and_renders() {
    for name in fixtures() {
        let (mut test, output) = import(&fixture(&name), "");
        assert_eq!(output.code, Some(0), "{name}: {}", output.stderr);
        let output = test.args_of("validate").run();
        assert_eq!(output.code, Some(0), "{name}: {}", output.stderr);
        test.args_of("render").success();
        assert!(test.tree("rendered").len() > 8, "{name}");
    }
}

#[test]
fn every_value_that_a_chart_has_is_known() {
    for name in fixtures().iter().filter(|name| name.ends_with("-defaults")) {
        let (_, output) = import(&fixture(name), "");
        for code in ["OC0333", "OC0335"] {
            assert!(!output.stderr.contains(code), "{name}: {}", output.stderr);
        }
    }
}

#[test]
fn no_secret_is_written_or_told() {
    let mut count = 0;
    for name in fixtures() {
        let values = fixture(&name);
        count += values.matches(SECRET).count();
        for release in ["", "--release demo"] {
            let (mut test, output) = import(&values, release);
            // The finding shows the line of the key, so the value has to be elsewhere.
            let told = output.stderr.lines().filter(|line| line.contains(SECRET));
            let told: Vec<&str> = told.collect();
            assert!(told.is_empty(), "{name}: {told:?}");
            test.args_of("render").run();
            for (path, text) in test.tree("instances").into_iter().chain(test.tree("rendered")) {
                assert!(!text.contains(SECRET), "{name}: {path}\n{text}");
            }
        }
    }
    assert!(count > 15, "{count} secrets");
}

#[test]
fn the_chart_is_known_by_its_own_keys_or_named() {
    let check = |values: &str, arguments: &str, code: i32, words: &str| {
        let (test, output) = import(values, arguments);
        assert_eq!(output.code, Some(code), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{}", output.stderr);
        assert_eq!(test.tree("instances").is_empty(), code == 2);
    };
    let plain = "image:\n  tag: \"2026.9.6\"\n";
    check(plain, "", 2, "error[OC0331]: found the values of no chart that is known\n");
    check(plain, "--chart thepagent/openclaw-helm", 0, "\nwrote instances/my-agent.yaml\n");
    check(plain, "--chart ThePagent/OpenClaw-Helm", 0, "\nwrote instances/my-agent.yaml\n");
    check(
        plain,
        "--chart thepagent/openclaw-helm",
        0,
        "[OC0335]: the defaults of the chart are not",
    );
    let both = "litellm: {}\ncredentials: {}\n";
    check(
        both,
        "",
        2,
        "found values of more than one chart: `chrisbattarbee/openclaw-helm`, `feis",
    );
    check(both, "--chart feiskyer/openclaw-kubernetes", 0, "warning[OC0333]: credentials: ");
}

#[test]
fn values_need_one_name_and_their_chart_a_file() {
    let instance = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {name: a}\nspec: {}\n";
    let mut test = Test::new().file("values.yaml", "litellm: {}\n").file("instance.yaml", instance);
    for (line, words) in [
        ("import -f values.yaml", "error: found the values of a chart and 0 names, allowed: one"),
        ("import -f values.yaml a b", "error: found the values of a chart and 2 names"),
        (
            "import --from-cluster --release a",
            "error: the argument '--from-cluster' cannot be used",
        ),
        ("import -f values.yaml a --chart other", "error: invalid value 'other' for '--chart"),
        (
            "import -f instance.yaml --release a",
            "error: `--chart` and `--release` are about the values",
        ),
        ("import -f values.yaml a -f values.yaml", "error: found two instances of one namespace"),
    ] {
        let output = test.args_of(line).run();
        assert_eq!(output.code, Some(2), "{line}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{line}: {}", output.stderr);
    }
    let output = test.args_of("import -f values.yaml a -n agents --dry-run").run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains("\n  namespace: agents\n"), "{}", output.stdout);
    assert!(test.tree("instances").is_empty());
}

#[test]
fn a_release_keeps_its_volume_and_its_token_where_that_can_be() {
    let values = "gateway:\n  token: {generate: true}\n";
    let written = |release: &str, more: &str| {
        let (test, output) = import(&format!("{values}{more}"), &format!("--release {release}"));
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        test.tree("instances")["my-agent.yaml"].clone()
    };
    let check = |release: &str, more: &str, name: &str| {
        let text = written(release, more);
        assert!(text.contains(&format!("existingClaim: {name}\n")), "{text}");
        assert!(text.contains(&format!("name: {name}-gateway-token\n")), "{text}");
        assert!(text.contains("mountPath: /home/node/.openclaw\n"), "{text}");
    };
    check("demo", "", "demo-openclaw-helm");
    check("openclaw-helm-a", "", "openclaw-helm-a");
    check("demo", "nameOverride: agent\n", "demo-agent");
    check("demo", "fullnameOverride: other\n", "other");
    let (_, output) = import(values, "");
    assert!(output.stderr.contains("warning[OC0336]"), "{}", output.stderr);
}

#[test]
fn the_steps_are_those_of_the_runbook() {
    let readme = std::fs::read_to_string(kit::root().join("README.md")).unwrap();
    let (_, output) = import(&fixture("thepagent-production"), "--release my-release");
    let commands: Vec<&str> = output
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("   "))
        .filter(|line| line.starts_with("kubectl") || line.starts_with("openclaw"))
        .collect();
    assert_eq!(commands.len(), 4, "{}", output.stderr);
    for command in commands {
        assert!(readme.contains(&format!("{command}\n")), "{command}");
    }
}

#[test]
fn every_code_about_charts_is_told_by_a_fixture() {
    let mut told = BTreeSet::new();
    for name in fixtures() {
        let (_, output) = import(&fixture(&name), "");
        let codes = output.stderr.match_indices("[OC033");
        told.extend(codes.map(|(at, _)| output.stderr[at + 1..at + 7].to_owned()));
    }
    let codes = diagnostic::codes().map(|row| row.code).filter(|code| code.starts_with("OC033"));
    // Those of an unknown chart and of missing values have their own test above.
    let missing: Vec<&str> = codes
        .filter(|code| !["OC0331", "OC0335"].contains(code) && !told.contains(*code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
