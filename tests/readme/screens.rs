//! The screens of README.md: commands in a small repository, typed into a shell, and all that a
//! terminal would show of them.

use std::process::Command;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::kit::{self, Test};
use crate::{picture, server};

/// What the fake cluster holds; `${9h}` is the time nine hours ago.
const CLUSTER: &str = include_str!("cluster.yaml");
/// Old enough to be told in one unit, so that a slow run shows the same.
const AGES: [&str; 3] = ["26d", "12h", "9h"];

const SUPPORT: &str = "instances/support-agent.yaml";

/// How many screens there are, so that none is left out of README.md.
pub const COUNT: usize = 6;

/// A name, the world before, and what is typed.
type Screen = (&'static str, fn() -> Test, &'static str);

const SCREENS: [Screen; COUNT] = [
    ("validate", mistaken, "openclaw validate"),
    ("diff", changed, "openclaw diff --summary"),
    ("check", edited, "openclaw render --check"),
    ("update", repository, "openclaw update --to 2026.9.7 --dry-run support-agent research-agent"),
    ("status", cluster, "openclaw status"),
    ("tree", cluster, "openclaw tree support-agent"),
];

/// Returns a screen as a block of README.md.
pub fn screen(name: &str) -> String {
    let Some((_, world, line)) = SCREENS.iter().find(|screen| screen.0 == name) else {
        panic!("there is no screen `{name}`")
    };
    format!("```text\n{}```\n", typed(&world(), line))
}

/// Returns an image of `openclaw diff` in color.
pub fn picture() -> String {
    let test = repository();
    let more = "  security:\n    networkPolicy:\n      allowedEgressCIDRs: [192.0.2.0/24]\n  networking:\n";
    replace(&test, SUPPORT, "  networking:\n", more);
    let shown = typed(&test, "openclaw diff --color always");
    picture::draw(&shown.replacen(" --color always", "", 1))
}

/// Runs a line as a shell would, and tells how it ended where that was not well.
fn typed(test: &Test, line: &str) -> String {
    let own = kit::binary().parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&path)));
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {line}; }} 2>&1")])
        .current_dir(test.path())
        .env_remove("CLICOLOR_FORCE")
        .env("PATH", path.unwrap())
        .envs(test.variables().iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let end = match output.status.code().unwrap() {
        0 => String::new(),
        code => format!("$ echo $?\n{code}\n"),
    };
    format!("$ {line}\n{shown}{end}")
}

/// The example for Argo CD, rendered as it is committed.
fn repository() -> Test {
    let test = Test::new();
    for (path, text) in kit::tree(&kit::root().join("examples/gitops-argocd")) {
        test.write(&path, text);
    }
    test
}

fn replace(test: &Test, path: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(test.path().join(path)).unwrap();
    assert!(text.contains(from), "{path} has no `{from}`");
    test.write(path, text.replacen(from, to, 1));
}

/// A new instance with a unit, a name and a type that are wrong.
fn mistaken() -> Test {
    repository().file(
        "instances/triage-agent.yaml",
        "apiVersion: openclaw.rocks/v1alpha1
kind: OpenClawInstance
metadata:
  name: triage-agent
spec:
  image:
    tag: latest
  envFrom:
    - secretRef:
        name: triage-agent-keys
  config:
    raw: {agents: {defaults: {sandbox: true}}}
  storage:
    persistance:
      size: 20Gi
",
    )
}

/// What a pull request changes: version, network, rights, and a class of storage that is fixed.
fn changed() -> Test {
    let test = repository();
    replace(&test, SUPPORT, "tag: \"2026.9.6\"", "tag: \"2026.9.7\"");
    replace(&test, SUPPORT, "      size: 20Gi\n", "      size: 20Gi\n      storageClass: fast\n");
    replace(
        &test,
        SUPPORT,
        "  networking:\n",
        "  security:
    networkPolicy:
      allowedEgressCIDRs: [192.0.2.0/24]
    rbac:
      additionalRules:
        - apiGroups: [\"\"]
          resources: [pods]
          verbs: [list]
  networking:\n",
    );
    test
}

/// A limit that somebody has raised in the output.
fn edited() -> Test {
    let test = repository();
    let path = "rendered/agents/support-agent/statefulset-support-agent.yaml";
    replace(&test, path, "memory: 4Gi", "memory: 8Gi");
    test
}

/// A user of a cluster whose objects have the ages that the fixture says.
fn cluster() -> Test {
    let text = AGES.iter().fold(CLUSTER.to_owned(), |text, age| {
        text.replace(&format!("${{{age}}}"), &ago(age).to_string())
    });
    server::user_of(&server::start(kit::documents(&text), Vec::new()))
}

/// The time so many days or hours ago.
fn ago(age: &str) -> Timestamp {
    let (count, unit) = age.split_at(age.len() - 1);
    let hours = count.parse::<i64>().unwrap() * if unit == "d" { 24 } else { 1 };
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    now - SignedDuration::from_hours(hours)
}
