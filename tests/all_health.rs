//! kubectl, Flux and Argo CD make the same of a status. Runs under `tests/run all`, which installs
//! kstatus, the library of Flux, and the interpreter in which Argo CD runs health scripts.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    clippy::format_collect,
    reason = "tests fail by panicking and start programs"
)]

mod kit;

#[path = "controller/every_state.rs"]
mod every_state;
#[path = "controller/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use openclaw::controller::decide::{Action, decide};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// States that are asked about.
const MANY: usize = 3_000;

/// The health script as it is shipped.
fn script() -> String {
    let path = kit::root().join("examples/gitops-argocd/argocd/health.yaml");
    let map: Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let key = "resource.customizations.health.openclaw.rocks_OpenClawInstance";
    map["data"][key].as_str().unwrap().to_owned()
}

/// What kstatus and the script say of each object.
fn judged(script: &str, objects: &[Value]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("health.lua");
    std::fs::write(&file, script).unwrap();
    let mut child = Command::new(kit::tool("HEALTH"))
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes = serde_json::to_vec(objects).unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn object(status: &Value) -> Value {
    json!({
        "apiVersion": "openclaw.rocks/v1alpha1",
        "kind": "OpenClawInstance",
        "metadata": {"name": "my-agent", "namespace": "agents", "generation": 1},
        "status": status,
    })
}

/// The statuses that the controller writes, of instances that are not being deleted: of those that
/// are, both tools know without a status.
fn statuses() -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let strategy = every_state::states();
    let mut found = Vec::new();
    while found.len() < MANY {
        let mut observed = strategy.new_tree(&mut runner).unwrap().current();
        observed.instance.is_deleted = false;
        for action in decide(&observed, world::now()).actions {
            if let Action::WriteStatus { status, .. } = action {
                found.push(serde_json::to_value(*status).unwrap());
            }
        }
    }
    found
}

fn is_true(status: &Value, kind: &str) -> bool {
    let mut list = status["conditions"].as_array().into_iter().flatten();
    list.any(|one| one["type"] == kind && one["status"] == "True")
}

#[test]
fn the_three_tools_agree_about_every_status() {
    let statuses = statuses();
    let objects: Vec<Value> = statuses.iter().map(object).collect();
    let mut seen: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (status, answer) in statuses.iter().zip(judged(&script(), &objects)) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let [flux, argo] = [text(&answer["kstatus"]), text(&answer["argo"])];
        let agree = match flux.as_str() {
            "Current" => ["Healthy", "Suspended"].contains(&argo.as_str()),
            "InProgress" => argo == "Progressing",
            "Failed" => argo == "Degraded",
            _ => false,
        };
        assert!(agree, "Flux says {flux}, Argo CD {argo}: {status:#}");
        let is_ready = is_true(status, "Ready");
        assert!(argo != "Healthy" || is_ready, "healthy and not ready: {status:#}");
        let is_changing = is_true(status, "Reconciling");
        assert!(!is_ready || is_changing || argo == "Healthy", "ready, and {argo}: {status:#}");
        assert_ne!(answer["message"], "", "{status:#}");
        *seen.entry((text(&status["phase"]), flux, argo)).or_default() += 1;
    }
    let rows: Vec<String> = seen.keys().map(|(a, b, c)| format!("{a} {b} {c}")).collect();
    assert_eq!(
        rows,
        [
            "Degraded Current Healthy",
            "Degraded InProgress Progressing",
            "Failed Failed Degraded",
            "Pending InProgress Progressing",
            "Provisioning InProgress Progressing",
            "Running Current Healthy",
            "Running InProgress Progressing",
            "Suspended Current Suspended",
            "Suspended InProgress Progressing",
        ]
    );
}

#[test]
fn a_status_of_an_older_generation_and_none_at_all_count_as_in_progress() {
    let mut old = object(&json!({
        "phase": "Running",
        "observedGeneration": 1,
        "conditions": [{"type": "Ready", "status": "True", "reason": "PodReady", "message": "x"}],
    }));
    let current = old.clone();
    old["metadata"]["generation"] = json!(2);
    let mut none = old.clone();
    none.as_object_mut().unwrap().remove("status");
    let answers = judged(&script(), &[current, old, none]);
    let argo: Vec<&Value> = answers.iter().map(|answer| &answer["argo"]).collect();
    assert_eq!(argo, ["Healthy", "Progressing", "Progressing"]);
    // kstatus takes what has no conditions yet for done: such is its contract.
    let flux: Vec<&Value> = answers.iter().map(|answer| &answer["kstatus"]).collect();
    assert_eq!(flux, ["Current", "InProgress", "Current"]);
}
