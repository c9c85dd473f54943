//! What `openclaw render` tells about the cluster that runs the old tree: fields that it refuses
//! to change, and data that stays behind. The bed shows that a cluster does as it is told here.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use kit::{Output, Test};

const CLEAN: &str = include_str!("validate/clean.yaml");
const SETTINGS: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\n";

fn with(spec: &str) -> String {
    format!("{CLEAN}{spec}")
}

fn storage(lines: &str) -> String {
    with(&format!("  storage:\n    persistence:\n{lines}"))
}

/// Renders `before`, then what `change` makes of the repository.
fn second(settings: &str, before: &str, change: impl FnOnce(&Test)) -> Output {
    let mut test = Test::new()
        .file("openclaw.yaml", settings)
        .file("templates/README.md", "overrides\n")
        .file("instances/my-agent.yaml", before)
        .args(["render"]);
    test.success();
    change(&test);
    test.args_of("render").run()
}

#[track_caller]
fn told(output: &Output, expected: &[&str]) {
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let found: Vec<&str> =
        output.stderr.lines().filter(|line| line.starts_with("warning[")).collect();
    assert_eq!(found.len(), expected.len(), "{}", output.stderr);
    for words in expected {
        assert!(output.stderr.contains(words), "{words}\n{}", output.stderr);
    }
}

fn changed(before: &str, after: &str) -> Output {
    second(SETTINGS, before, |test| test.write("instances/my-agent.yaml", after))
}

#[test]
fn a_claim_that_would_change_its_class_or_modes_or_shrink_is_told() {
    let before = storage("      storageClass: slow\n      size: 10Gi\n");
    let output = changed(&before, &before.replace("slow", "fast"));
    told(
        &output,
        &[
            "warning[OC0309]: default/my-agent: PersistentVolumeClaim `my-agent-data` would change `spec.storageClassName` from `slow` to `fast`, and a cluster that has the old one refuses that\n",
        ],
    );
    assert!(output.stderr.contains("name it in `existingClaim`"), "{}", output.stderr);
    told(
        &changed(&before, &storage("      size: 10Gi\n")),
        &["`spec.storageClassName` from `slow` to nothing"],
    );
    told(
        &changed(&before, &before.replace("10Gi", "9999Mi")),
        &["`spec.resources.requests.storage` from `10Gi` to `9999Mi`"],
    );
    told(
        &changed(&before, &format!("{before}      accessModes: [ReadWriteOncePod]\n")),
        &["`spec.accessModes` from `[\"ReadWriteOnce\"]` to `[\"ReadWriteOncePod\"]`"],
    );
}

#[test]
fn a_claim_may_grow_and_be_written_in_another_unit() {
    let before = storage("      size: 10Gi\n");
    for size in ["20Gi", "10240Mi", "1Ti"] {
        told(&changed(&before, &before.replace("10Gi", size)), &[]);
    }
}

#[test]
fn ordinary_changes_are_not_told() {
    for spec in [
        "  suspended: true\n",
        "  availability:\n    podDisruptionBudget:\n      enabled: false\n",
        "  networking:\n    service:\n      type: NodePort\n",
    ] {
        let output = changed(CLEAN, &with(spec));
        assert!(!output.stderr.contains("OC03"), "{}", output.stderr);
    }
}

/// A template of the project with one text replaced.
fn template(test: &Test, name: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(kit::root().join("templates").join(name)).unwrap();
    assert!(text.contains(from), "{name} has no `{from}`");
    test.write(&format!("templates/{name}"), text.replacen(from, to, 1));
}

#[test]
fn a_template_that_changes_what_is_fixed_is_told_with_the_way_out() {
    let settings = format!("{SETTINGS}templates: templates\n");
    let override_of = |name: &str, from: &str, to: &str| {
        second(&settings, CLEAN, |test| template(test, name, from, to))
    };
    let set = "stateful-set.yaml.j2";
    let way = "kubectl -n default delete statefulset my-agent --cascade=orphan";
    for (from, to, field) in [
        (
            "podManagementPolicy: Parallel",
            "podManagementPolicy: OrderedReady",
            "podManagementPolicy",
        ),
        ("serviceName: {{ name }}", "serviceName: other", "serviceName"),
        ("matchLabels: {{ selector }}", "matchLabels: {app: other}", "selector"),
    ] {
        let output = override_of(set, from, to);
        told(&output, &[&format!("StatefulSet `my-agent` would change `spec.{field}`")]);
        assert!(output.stderr.contains(way), "{}", output.stderr);
    }
    let headless = "  clusterIP: None\n  type: {{ service.kind }}";
    let output = override_of("service.yaml.j2", "  type: {{ service.kind }}", headless);
    told(&output, &["Service `my-agent` would change `spec.clusterIP` from nothing to `None`"]);
    assert!(output.stderr.contains("kubectl -n default delete service my-agent"));
}

#[test]
fn a_renamed_instance_is_told_where_its_data_stays() {
    let words = "warning[OC0308]: default/my-agent leaves, and default/helper starts without its data: that stays in the claim `my-agent-data`\n";
    let renamed = CLEAN.replace("my-agent", "helper");
    let output = changed(CLEAN, &renamed);
    told(&output, &[words]);
    assert!(output.stderr.contains("`existingClaim: my-agent-data`"), "{}", output.stderr);
    let moved = second(SETTINGS, CLEAN, |test| {
        std::fs::remove_file(test.path().join("instances/my-agent.yaml")).unwrap();
        test.write("instances/helper.yaml", &renamed);
    });
    told(&moved, &[words]);
}

#[test]
fn an_instance_that_moves_to_another_namespace_is_told_that_its_claim_cannot() {
    let moved = CLEAN.replace("my-agent", "my-agent\n  namespace: other");
    let output = changed(CLEAN, &moved);
    told(&output, &["default/my-agent leaves, and other/my-agent starts without its data"]);
    assert!(output.stderr.contains("a claim cannot leave it"), "{}", output.stderr);
}

#[test]
fn a_renamed_instance_that_names_the_old_claim_is_not_told() {
    let kept = storage("      existingClaim: my-agent-data\n")
        .replace("name: my-agent\n", "name: helper\n");
    told(&changed(CLEAN, &kept), &[]);
}

#[test]
fn another_volume_for_the_same_instance_is_told() {
    told(
        &changed(CLEAN, &storage("      existingClaim: archive\n")),
        &[
            "default/my-agent leaves its data in the claim `my-agent-data` and starts with `archive`\n",
        ],
    );
    let output = changed(CLEAN, &storage("      enabled: false\n"));
    assert!(output.stderr.contains("and starts with an empty volume\n"), "{}", output.stderr);
    told(&changed(&storage("      enabled: false\n"), CLEAN), &[]);
}

#[test]
fn instances_that_come_and_go_by_themselves_are_not_told() {
    let removed = second(SETTINGS, CLEAN, |test| {
        std::fs::remove_file(test.path().join("instances/my-agent.yaml")).unwrap();
        let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {}\n";
        test.write("instances/config.yaml", config);
    });
    told(&removed, &[]);
    told(
        &second(SETTINGS, CLEAN, |test| {
            test.write("instances/helper.yaml", CLEAN.replace("my-agent", "helper"));
        }),
        &[],
    );
    // One goes and two come from other files: nobody can say which is which.
    let output = second(SETTINGS, CLEAN, |test| {
        std::fs::remove_file(test.path().join("instances/my-agent.yaml")).unwrap();
        for name in ["helper", "third"] {
            test.write(&format!("instances/{name}.yaml"), CLEAN.replace("my-agent", name));
        }
    });
    told(&output, &[]);
}

#[test]
fn the_other_layout_and_check_tell_the_same() {
    let before = storage("      storageClass: slow\n");
    let after = before.replace("slow", "fast");
    let settings = format!("{SETTINGS}layout: instance\n");
    let words = "`spec.storageClassName` from `slow` to `fast`";
    let change = |test: &Test| test.write("instances/my-agent.yaml", &after);
    told(&second(&settings, &before, change), &[words]);
    let mut test = Test::new()
        .file("openclaw.yaml", SETTINGS)
        .file("instances/my-agent.yaml", &before)
        .args(["render"]);
    test.success();
    change(&test);
    let tree = test.tree("rendered");
    for line in ["render --check", "render --strict"] {
        let output = test.args_of(line).run();
        assert_eq!(output.code, Some(1), "{}", output.stderr);
        assert!(output.stderr.contains(words), "{line}: {}", output.stderr);
        assert_eq!(test.tree("rendered"), tree, "{line} wrote something");
    }
    test.args_of("render --layout instance");
    let output = test.run();
    assert!(output.stderr.contains(words), "{}", output.stderr);
    assert_eq!(test.run().stderr, "", "told once");
}
