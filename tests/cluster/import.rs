//! `openclaw import`, from files and from a cluster.

use serde_json::Value;

use crate::kit::{self, Output, Test};
use crate::{instances, user};

const SETTINGS: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\ncluster:\n  controller: none\n  ingressNamespaces: [ingress-nginx]\n";

/// The instance of the Go operator, as `kubectl get -o json` prints it.
fn export() -> Value {
    instances().remove(3)
}

/// Everything that a run says and writes.
fn story(test: &Test, output: &Output) -> String {
    let mut text = format!("exit {}\n", output.code.unwrap());
    for (name, part) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        if !part.is_empty() {
            text.push_str(&format!("--- {name}\n{part}"));
        }
    }
    for (path, content) in test.tree("instances") {
        text.push_str(&format!("--- instances/{path}\n{content}"));
    }
    text
}

#[track_caller]
fn golden(name: &str, test: &Test, output: &Output) {
    kit::golden(&format!("tests/cluster/{name}.txt"), &story(test, output));
}

#[test]
fn what_runs_in_the_cluster_becomes_a_source_that_validates() {
    let mut user = user().file("openclaw.yaml", SETTINGS);
    let output = user.args_of("import --from-cluster -n legacy").run();
    golden("import-cluster", &user, &output);
    let output = user.args_of("validate").run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    user.args_of("render").success();
    // Never over what is there.
    let tree = user.tree("instances");
    let output = user.args_of("import --from-cluster legacy/old").run();
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.starts_with("error: instances/old.yaml exists, "), "{}", output.stderr);
    let output = user.args_of("import --from-cluster legacy/old -o instances/other").run();
    assert_eq!(output.stderr, "error: legacy/old is in instances/old.yaml already\n");
    assert_eq!(user.tree("instances"), tree);
}

#[test]
fn an_export_becomes_a_source_and_what_only_the_cluster_knows_is_asked_for() {
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": [
        export(),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}},
    ]});
    let test = Test::new()
        .file("openclaw.yaml", SETTINGS)
        .stdin(format!("{list:#}"))
        .args(["import", "-f", "-"]);
    let output = test.run();
    golden("import-file", &test, &output);
}

#[test]
fn a_dry_run_prints_and_writes_nothing() {
    let mut test = user().file("openclaw.yaml", SETTINGS);
    let output = test.args_of("import --from-cluster legacy/old --dry-run").run();
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(test.tree("instances").is_empty());
    assert!(output.stderr.contains("\nwould write instances/old.yaml\n"), "{}", output.stderr);
    test.args_of("import --from-cluster legacy/old").success();
    let written = test.tree("instances");
    assert_eq!(written.into_iter().collect::<Vec<_>>(), [("old.yaml".to_owned(), output.stdout)]);
}

#[test]
fn names_that_meet_are_kept_apart_by_their_namespace() {
    let (mut one, mut two) = (export(), export());
    for (object, namespace) in [(&mut one, "a"), (&mut two, "b")] {
        object["metadata"]["namespace"] = namespace.into();
        // Two agents behind one host would be an error.
        object["spec"]["networking"] = Value::Null;
    }
    let test = Test::new()
        .file("openclaw.yaml", SETTINGS)
        .file("one.json", one.to_string())
        .file("two.json", two.to_string());
    let mut test = test;
    test.args_of("import -f one.json -f two.json").success();
    let paths: Vec<String> = test.tree("instances").into_keys().collect();
    assert_eq!(paths, ["a/old.yaml", "b/old.yaml"]);
    let output = test.args_of("import -f one.json -f one.json -o elsewhere").run();
    let words = "error: found two instances of one namespace and name, allowed: one\n";
    assert!(output.stderr.ends_with(words), "{}", output.stderr);
}

#[test]
fn an_instance_that_scaled_names_the_claim_of_the_template() {
    let mut export = export();
    export["spec"]["availability"]["autoScaling"]["enabled"] = true.into();
    let test = Test::new()
        .file("openclaw.yaml", SETTINGS)
        .stdin(export.to_string())
        .args(["import", "-f", "-"]);
    test.success();
    assert!(test.tree("instances")["old.yaml"].contains("existingClaim: data-old-0\n"));
}

#[test]
fn a_file_that_no_cluster_holds_gets_nothing_but_what_it_says() {
    let plain = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: a\nspec:\n  envFrom:\n  - secretRef:\n      name: keys\n  image:\n    tag: \"2026.9.6\"\n  restoreFrom: openclaw/x/a/1\n";
    let test = Test::new().file("a.yaml", plain).args(["import", "--config=none", "-f", "a.yaml"]);
    let output = test.run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), "wrote instances/a.yaml\n"));
    assert_eq!(test.tree("instances")["a.yaml"], plain);
}

#[test]
fn the_wrong_use_of_import_is_told() {
    let mut user = user();
    for (args, words) in [
        ("import", "error: the following required arguments were not provided"),
        ("import --from-cluster -f a.yaml", "error: the argument '--from-cluster'"),
        ("import --from-cluster", "agents/research is rendered from Git already\n"),
        ("import --from-cluster -n nowhere", "error: found no instance to import\n"),
        ("import --from-cluster nobody", "error: found no instance `nobody` in namespace agents\n"),
        ("import -f nowhere.yaml", "error: failed to read nowhere.yaml\n"),
    ] {
        let output = user.args_of(args).run();
        assert_eq!(output.code, Some(2), "{args}: {}", output.stderr);
        assert!(output.stderr.contains(words), "{args}: {}", output.stderr);
    }
}

#[test]
fn the_steps_are_those_of_the_runbook() {
    let mut test = user().file("openclaw.yaml", SETTINGS);
    let output = test.args_of("import --from-cluster legacy/old --dry-run").run();
    let readme = std::fs::read_to_string(kit::root().join("README.md")).unwrap();
    let commands: Vec<&str> =
        output.stderr.lines().filter_map(|line| line.strip_prefix("   ")).collect();
    let commands: Vec<&&str> = commands.iter().filter(|line| line.contains("kubectl")).collect();
    for command in &commands {
        let command = command.replace("legacy", "agents");
        let command = ["old", "rendered/agents/old"].iter().fold(command, |text, _| {
            let words = text.split(' ').map(|word| match word {
                "old" => "my-agent".to_owned(),
                word => word
                    .replace("agents/old", "agents/my-agent")
                    .replace("-old", "-my-agent")
                    .replace("instance=old", "instance=my-agent"),
            });
            words.collect::<Vec<_>>().join(" ")
        });
        assert!(readme.contains(&command), "{command}");
    }
    assert_eq!(commands.len(), 8);
}
