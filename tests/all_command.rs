//! `openclaw update` in a real checkout: it asks a registry, commits and pushes by git.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::format_collect,
    reason = "tests are shell and fail by panicking"
)]

mod kit;
#[path = "update/registry.rs"]
mod registry;
#[path = "git/servers.rs"]
mod servers;

use std::path::{Path, PathBuf};
use std::process::Command;

use servers::{Upstream, run};

const BOTH: &[&str] = &["linux/amd64", "linux/arm64"];

/// A repository with two instances at one version, pushed and checked out.
fn checkout() -> (Upstream, PathBuf) {
    let instance = |name: &str, rest: &str| {
        format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: {name}\nspec:\n  image:\n    tag: 2026.9.4 # kept\n  envFrom:\n    - secretRef:\n        name: keys\n  autoUpdate:\n    enabled: {rest}\n"
        )
    };
    let settings = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: agents\n";
    let (one, two) = (instance("one", "true"), instance("two", "false"));
    let files = [
        ("openclaw.yaml", settings),
        ("instances/one.yaml", one.as_str()),
        ("instances/two.yaml", two.as_str()),
    ];
    let upstream = Upstream::new(&files);
    let work = upstream.clone_as("work");
    assert!(openclaw(&work, &["render"]).0);
    run(&work, "git", &["add", "-A"]);
    run(&work, "git", &["commit", "--quiet", "-m", "Render"]);
    run(&work, "git", &["push", "--quiet"]);
    (upstream, work)
}

fn openclaw(work: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(kit::binary());
    command.args(arguments).current_dir(work).env("DOCKER_CONFIG", work.join(".docker"));
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn update(work: &Path, registry: &str, arguments: &[&str]) -> (bool, String) {
    let mirror = format!("ghcr.io={registry}");
    openclaw(work, &[&["update", "--mirror", &mirror], arguments].concat())
}

#[test]
fn the_newest_version_is_found_committed_and_pushed() {
    let (upstream, work) = checkout();
    let before = upstream.head();
    let tags: &[(&str, &[&str])] = &[
        ("2026.9.4", BOTH),
        ("2026.9.6", BOTH),
        ("2026.9.7", &["linux/amd64"]),
        ("2026.9.8-beta.1", BOTH),
        ("latest", BOTH),
    ];
    let registry = registry::start(tags);

    let (is_fine, told) = update(&work, &registry, &["--dry-run"]);
    assert_eq!((is_fine, told.as_str()), (true, "agents/one: 2026.9.4 to 2026.9.6, 4 files\n"));
    assert_eq!(run(&work, "git", &["status", "--porcelain"]), "");

    // What is asked for by name need not have updates enabled.
    let (is_fine, told) = update(&work, &registry, &["two", "one", "--commit", "--push"]);
    let expected =
        "agents/one: 2026.9.4 to 2026.9.6, 4 files\nagents/two: 2026.9.4 to 2026.9.6, 4 files\n";
    assert_eq!((is_fine, told.as_str()), (true, expected));
    assert_eq!(run(&work, "git", &["status", "--porcelain"]), "");
    let log = run(&upstream.bare(), "git", &["log", "--format=%s", &format!("{before}..main")]);
    assert_eq!(
        log,
        "two: update openclaw 2026.9.4 to 2026.9.6\none: update openclaw 2026.9.4 to 2026.9.6\n"
    );
    let line = run(&upstream.bare(), "git", &["show", "main:instances/two.yaml"]);
    assert!(line.contains("    tag: 2026.9.6 # kept\n"), "{line}");
    assert!(openclaw(&work, &["render", "--check"]).0);
    let trailers = run(&work, "git", &["log", "-1", "--format=%(trailers:key=Openclaw-To)"]);
    assert_eq!(trailers.trim(), "Openclaw-To: 2026.9.6");

    let (is_fine, told) = update(&work, &registry, &["--commit", "--push"]);
    assert!(is_fine && told.starts_with("agents/one: PlatformMissing: "), "{told}");
}

#[test]
fn what_somebody_else_pushed_first_is_not_overwritten() {
    let (upstream, work) = checkout();
    let registry = registry::start(&[("2026.9.4", BOTH), ("2026.9.6", BOTH)]);
    let other = upstream.clone_as("other");
    run(&other, "git", &["commit", "--quiet", "--allow-empty", "-m", "faster"]);
    run(&other, "git", &["push", "--quiet"]);
    let faster = upstream.head();

    let (is_fine, told) = update(&work, &registry, &["--commit", "--push"]);
    assert!(!is_fine && told.contains("the commits are made and not pushed"), "{told}");
    assert_eq!(upstream.head(), faster);
    // As the message says.
    run(&work, "git", &["reset", "--quiet", "--hard", "@{upstream}"]);
    run(&work, "git", &["pull", "--quiet"]);
    assert!(update(&work, &registry, &["--commit", "--push"]).0);
    assert_eq!(run(&upstream.bare(), "git", &["rev-parse", "main^"]).trim(), faster);

    // Somebody's own changes are neither committed nor lost.
    let registry = registry::start(&[("2026.9.6", BOTH), ("2026.9.9", BOTH)]);
    let path = work.join("instances/one.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("# mine\n{text}")).unwrap();
    let (is_fine, told) = update(&work, &registry, &["--commit", "--push"]);
    assert!(!is_fine && told.contains("changes that are not committed"), "{told}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("# mine\n"));
}

#[test]
fn a_registry_that_cannot_be_asked_is_a_finding_and_nothing_is_written() {
    let (upstream, work) = checkout();
    let before = upstream.head();
    let (is_fine, told) = update(&work, "http://127.0.0.1:9", &["--commit", "--push"]);
    assert!(!is_fine && told.starts_with("agents/one: RegistryError: "), "{told}");
    assert_eq!(run(&work, "git", &["status", "--porcelain"]), "");
    assert_eq!(upstream.head(), before);
}
