//! The same sources give the same bytes, whoever renders them, where, when and how.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests fail by panicking and read files"
)]

mod kit;

use kit::Test;

const SETTINGS: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\n";

/// A repository of every example under a name and namespace of its own.
fn repository(order: impl Fn(usize) -> String) -> Test {
    let test = Test::new().file("openclaw.yaml", SETTINGS);
    for (at, name) in kit::examples().iter().enumerate() {
        let text = std::fs::read_to_string(kit::root().join("examples").join(name)).unwrap();
        // Two examples may share a name or a host; each gets its own.
        let text = with_namespace(&text, &format!("team-{at}"))
            .replace("agent.example.com", &format!("agent-{at}.example.com"));
        test.write(&format!("instances/{}-{name}", order(at)), text);
    }
    test
}

fn with_namespace(text: &str, namespace: &str) -> String {
    let kept = text.lines().filter(|line| !line.starts_with("  namespace:"));
    let lines: Vec<String> = kept
        .map(|line| match line {
            "metadata:" => format!("metadata:\n  namespace: {namespace}"),
            line => line.to_owned(),
        })
        .collect();
    lines.join("\n") + "\n"
}

/// The stream without the paths of the sources, which carry the shuffled names.
fn without_sources(text: &str) -> String {
    let lines = text.lines().filter(|line| {
        !line.contains("openclaw.rocks/source:") && !line.contains("openclaw.rocks/render-hash:")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_hundred_runs_give_the_same_bytes() {
    let cases = kit::render::cases();
    let trees = |name: &str| -> Vec<_> {
        let path = kit::root().join("tests/golden").join(name).join("instance.yaml");
        kit::render::file(name, &path).iter().map(kit::render::Rendered::files).collect()
    };
    let expected: Vec<_> = cases.iter().map(|name| trees(name)).collect();
    for run in 0..100 {
        let at = run % cases.len();
        assert!(trees(&cases[at]) == expected[at], "{}", cases[at]);
    }
}

#[test]
fn surroundings_do_not_matter() {
    let mut test = repository(|at| format!("{at:02}"));
    test.set_args(["render", "instances"]);
    let expected = test.success();
    assert!(expected.len() > 100_000);
    for (name, value) in [
        ("TZ", "Pacific/Kiritimati"),
        ("LANG", "tr_TR.UTF-8"),
        ("LC_ALL", "C"),
        ("HOME", "/nonexistent"),
        ("RAYON_NUM_THREADS", "1"),
        ("RAYON_NUM_THREADS", "7"),
        ("USER", "somebody"),
    ] {
        let other =
            repository(|at| format!("{at:02}")).env(name, value).args(["render", "instances"]);
        assert_eq!(other.success(), expected, "{name}={value}");
    }
    let elsewhere = repository(|at| format!("{at:02}")).cwd("instances").args(["render", "."]);
    assert_eq!(elsewhere.success(), expected);
    for _ in 0..10 {
        assert_eq!(test.success(), expected);
    }
}

#[test]
fn the_order_of_the_sources_does_not_matter() {
    let mut forward = repository(|at| format!("{at:02}"));
    let mut backward = repository(|at| format!("{:02}", 99 - at));
    forward.set_args(["render", "instances"]);
    backward.set_args(["render", "instances"]);
    assert_eq!(without_sources(&forward.success()), without_sources(&backward.success()));
    let files: Vec<String> = forward.tree("instances").into_keys().rev().collect();
    let mut named = forward.command();
    named.env("OPENCLAW_COLOR", "never").args(files.iter().map(|f| format!("instances/{f}")));
    // `render instances a b c` names each file twice, which is told as two instances of one name.
    assert_eq!(named.output().unwrap().status.code(), Some(1));
}

#[test]
fn a_stream_lacks_the_source_alone() {
    for name in kit::examples() {
        let text = std::fs::read_to_string(kit::root().join("examples").join(&name)).unwrap();
        let test = Test::new().file("a.yaml", &text);
        let mut from_file = test;
        from_file.set_args(["render", "a.yaml"]);
        let streamed = Test::new().stdin(&text).args(["render", "-"]).success();
        let file = from_file.success();
        assert!(file.contains("openclaw.rocks/source: a.yaml"), "{name}");
        assert!(!streamed.contains("openclaw.rocks/source"), "{name}");
        let blank =
            |text: &str| without_sources(text).replace("  annotations:\n  labels:", "  labels:");
        assert_eq!(blank(&file), blank(&streamed), "{name}");
    }
}
