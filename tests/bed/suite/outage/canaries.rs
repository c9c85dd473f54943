//! Every secret of this world is a marker, and none is found where it must not be.

use std::path::Path;

use serde_json::json;

use crate::bed::controller::Process;
use crate::bed::run;

use super::fleet::{HOME, NAMES, all_say, make_keys, plane, tokens};

/// Files below a folder that a process may have written.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let list = run(std::process::Command::new("find").arg(folder).args(["-type", "f"])).unwrap();
    list.lines().map(Into::into).collect()
}

#[test]
fn no_secret_is_in_what_the_controller_says_writes_or_is_started_with() {
    let plane = plane();
    make_keys(&plane);
    plane.apply(
        &json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one-gateway-token", "namespace": HOME},
            "stringData": {"token": "canary-of-somebody-else-0123456789"},
        })
        .to_string(),
    );
    let temporary = tempfile::tempdir().unwrap();
    let process = Process::start_in(
        &plane.kubeconfig(),
        &["--namespace", HOME, "--namespaces", HOME],
        &[("RUST_LOG", "trace"), ("TMPDIR", temporary.path().to_str().unwrap())],
    );
    all_say(&plane, &NAMES[1..], "True SecretsFound");
    let mut canaries =
        vec!["canary-of-the-provider".to_owned(), "canary-of-somebody-else-0123456789".to_owned()];
    for (_, (_, token)) in tokens(&plane) {
        let decoded =
            run(std::process::Command::new("sh").args(["-c", "echo $0 | base64 -d", &token]));
        canaries.push(token);
        canaries.push(decoded.unwrap());
    }
    assert!(canaries.len() > NAMES.len() + 4, "{canaries:?}");
    let id = process.id();
    let said = |path: &str| {
        let bytes = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let kinds = "events.events.k8s.io,events,openclawinstances,configmaps,statefulsets,pods,leases";
    let mut sinks = vec![
        ("log", process.log()),
        ("metrics", process.series().unwrap()),
        ("command line", said(&format!("/proc/{id}/cmdline"))),
        ("environment", said(&format!("/proc/{id}/environ"))),
        ("objects", plane.kubectl(["get", kinds, "-n", HOME, "-o", "yaml"]).unwrap()),
        ("told", plane.kubectl(["describe", "openclawinstances", "-n", HOME]).unwrap()),
    ];
    for file in files(temporary.path()) {
        sinks.push(("file", said(file.to_str().unwrap())));
    }
    assert!(sinks[0].1.contains("made the gateway token"), "the log says something");
    for (sink, text) in &sinks {
        for canary in &canaries {
            assert!(!text.contains(canary.as_str()), "{canary} is in {sink}");
        }
    }
}
