//! A few instances on a plane, with the test in the place of every other controller.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::{Value, json};

use crate::bed::controller::{Process, condition};
use crate::bed::plane::Plane;
use crate::bed::{ensure, eventually, run};

/// Their namespace.
pub const HOME: &str = "agents";

/// Names of the first instances.
pub const NAMES: [&str; 4] = ["one", "two", "three", "four"];

/// What `openclaw render` prints for an instance.
#[track_caller]
pub fn rendered(name: &str, spec: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {{name: {name}, namespace: {HOME}}}\nspec: {spec}\n"
    );
    std::fs::write(folder.path().join("instance.yaml"), text).unwrap();
    let mut command = Command::new(crate::kit::binary());
    run(command.arg("render").arg("instance.yaml").current_dir(folder.path())).unwrap()
}

/// Applies an instance that waits for the Secret `keys`.
#[track_caller]
pub fn add(plane: &Plane, name: &str) {
    plane.apply(&rendered(
        name,
        "{image: {tag: \"2026.9.6\"}, envFrom: [{secretRef: {name: keys}}]}",
    ));
}

/// A plane with its namespace and the first instances.
#[track_caller]
pub fn plane() -> Plane {
    let plane = Plane::start();
    plane.kubectl(["create", "namespace", HOME]).unwrap();
    for name in NAMES {
        add(&plane, name);
    }
    plane
}

/// Starts the controller as an administrator's process.
#[track_caller]
pub fn controller(plane: &Plane) -> Process {
    Process::start(&plane.kubeconfig(), HOME)
}

/// Plays the kubelet: there is a Pod of the newest revision, ready or not.
#[track_caller]
pub fn pod(plane: &Plane, name: &str, is_ready: bool) {
    let set = plane.object(HOME, "statefulset", name).unwrap();
    let mut labels = set["spec"]["selector"]["matchLabels"].clone();
    labels["controller-revision-hash"] = json!("first");
    let status = json!({"status": {
        "observedGeneration": set["metadata"]["generation"], "updateRevision": "first",
        "currentRevision": "first", "replicas": 1,
    }});
    let status = status.to_string();
    let patch = ["patch", "statefulset", name, "-n", HOME, "--subresource=status", "-p", &status];
    plane.kubectl(patch).unwrap();
    let pod = format!("{name}-0");
    let object = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod, "namespace": HOME, "labels": labels},
        "spec": {"containers": [{"name": "openclaw", "image": "openclaw:1"}]},
    });
    // Without a controller of them, a namespace's ServiceAccount is made by hand.
    plane.kubectl(["create", "serviceaccount", "default", "-n", HOME]).ok();
    plane.apply(&object.to_string());
    let status = if is_ready { "True" } else { "False" };
    let patch = json!({"status": {
        "conditions": [{"type": "Ready", "status": status}],
        "containerStatuses": [{
            "name": "openclaw", "image": "openclaw:1", "imageID": "1", "ready": is_ready,
            "restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        }],
    }});
    let patch = patch.to_string();
    let status = ["--subresource=status", "--type=strategic", "-p", &patch];
    let [a, b, c, d] = status;
    plane.kubectl(["patch", "pod", &pod, "-n", HOME, a, b, c, d]).unwrap();
}

/// Makes the Secret that every instance waits for.
#[track_caller]
pub fn make_keys(plane: &Plane) {
    let literal = "--from-literal=ANTHROPIC_API_KEY=canary-of-the-provider";
    plane.kubectl(["create", "secret", "generic", "keys", "-n", HOME, literal]).unwrap();
}

/// UID and token of each token Secret.
#[track_caller]
pub fn tokens(plane: &Plane) -> BTreeMap<String, (String, String)> {
    let all = plane
        .objects(HOME, "secrets")
        .into_iter()
        .filter(|secret| secret["metadata"]["name"].as_str().unwrap().ends_with("-gateway-token"));
    all.map(|secret| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&secret["metadata"]["name"]);
        (name, (text(&secret["metadata"]["uid"]), text(&secret["data"]["token"])))
    })
    .collect()
}

/// Waits until every instance of a list says so of its Secrets, and returns the tokens.
#[track_caller]
pub fn all_say(plane: &Plane, names: &[&str], start: &str) -> BTreeMap<String, (String, String)> {
    all_say_within(plane, names, start, 60)
}

/// As [`all_say`], within so many seconds.
#[track_caller]
pub fn all_say_within(
    plane: &Plane,
    names: &[&str],
    start: &str,
    seconds: u64,
) -> BTreeMap<String, (String, String)> {
    eventually(&format!("every instance says {start}"), seconds, || {
        for name in names {
            let instance = plane.object(HOME, "openclawinstance", name).ok_or("no instance")?;
            let found = condition(&instance, "SecretsReady");
            ensure(found.starts_with(start), || format!("{name}: {found}"))?;
        }
        Ok(())
    });
    let tokens = tokens(plane);
    for name in names {
        assert!(tokens.contains_key(&format!("{name}-gateway-token")), "{name}: {tokens:?}");
    }
    tokens
}

/// No event was told more often than `most` times, and each once for its cause.
#[track_caller]
pub fn events_are_few(plane: &Plane, most: usize) {
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for event in plane.objects(HOME, "events.events.k8s.io") {
        let count = event["series"]["count"].as_u64().unwrap_or(1);
        let name = &event["regarding"]["name"];
        let key = format!("{name} {} {}", event["reason"], event["note"]);
        *told.entry(key).or_default() += usize::try_from(count).unwrap();
    }
    assert!(told.values().all(|count| *count <= most), "{told:#?}");
}

/// A log without a panic.
#[track_caller]
pub fn is_calm(process: &Process) {
    let log = process.log();
    assert!(!log.contains("panicked") && !log.contains("a look broke off"), "{log}");
}
