//! What goes wrong with a real Pod, and how the status says it.

use serde_json::Value;

use crate::bed::controller::{condition, installed, wait_for};
use crate::bed::stack::SMALL;
use crate::bed::{Namespace, Stack, ensure, eventually, kubectl};

const VERSION: &str = "2026.9.6";

fn phase(instance: &Value) -> &str {
    instance["status"]["phase"].as_str().unwrap_or_default()
}

/// Applies an instance and waits for what its condition `StatefulSetReady` says; then the summary
/// must be the same, and `kubectl wait` must not take it for ready.
#[track_caller]
fn fails(topic: &str, version: &str, spec: &str, start: &str, wanted: &str) -> (Stack, Value) {
    installed();
    let stack = Stack::bare(topic);
    stack.instance(version, spec);
    stack.apply();
    let name = stack.namespace.name.clone();
    wait_for(&name, "agent", "StatefulSetReady", start, 300);
    let instance = eventually("the phase", 300, || {
        let instance = stack.namespace.object("openclawinstance", "agent").ok_or("none")?;
        ensure(phase(&instance) == wanted, || instance["status"].to_string())?;
        Ok(instance)
    });
    let [set, ready] = ["StatefulSetReady", "Ready"].map(|kind| condition(&instance, kind));
    assert_eq!(set, ready);
    let summary = if wanted == "Failed" { "Stalled" } else { "Reconciling" };
    assert!(condition(&instance, summary).starts_with("True "), "{instance:#}");
    (stack, instance)
}

#[test]
fn a_container_that_ends_at_once_is_a_crash_loop_with_its_last_words() {
    let (stack, instance) =
        fails("crash", "2026.9.90", SMALL, "False CrashLooping `openclaw` exited with", "Failed");
    let name = &stack.namespace.name;
    let told = kubectl(["describe", "openclawinstance", "agent", "-n", name]).unwrap();
    assert!(told.contains("CrashLooping"), "{told}");
    assert!(condition(&instance, "SecretsReady").starts_with("True "), "{instance:#}");
}

#[test]
fn an_image_that_is_not_there_is_named() {
    let start = "False ImagePullFailed `ghcr.io/openclaw/openclaw:2026.8.31` cannot be pulled: ";
    fails("pull", "2026.8.31", SMALL, start, "Failed");
}

#[test]
fn a_pod_that_fits_nowhere_says_why() {
    let spec = "resources: {requests: {cpu: \"100\"}, limits: {cpu: \"100\"}}";
    let (_stack, instance) =
        fails("nowhere", VERSION, spec, "False Unschedulable ", "Provisioning");
    assert!(condition(&instance, "Ready").contains("cpu"), "{instance:#}");
}

#[test]
fn a_failing_init_container_is_named_with_its_exit_code() {
    let spec = format!(
        "{SMALL}\ninitContainers:\n- name: gate\n  image: ghcr.io/openclaw/openclaw:{VERSION}\n  command: [sh, -c, \"echo the gate is shut >&2; exit 3\"]\n  terminationMessagePolicy: FallbackToLogsOnError"
    );
    let start = "False InitContainerFailed `gate` exited with 3: the gate is shut";
    fails("init", VERSION, &spec, start, "Failed");
}

#[test]
fn a_configuration_that_the_application_refuses_is_quoted() {
    installed();
    let stack = Stack::bare("refused");
    stack.instance(
        VERSION,
        &format!("{SMALL}\nconfig: {{configMapRef: {{name: own, key: openclaw.json}}}}"),
    );
    let config = r#"--from-literal=openclaw.json={"gateway":{"port":"many"},"nonsense":true}"#;
    kubectl(["create", "configmap", "own", "-n", &stack.namespace.name, config]).unwrap();
    stack.apply();
    let name = stack.namespace.name.as_str();
    let instance =
        wait_for(name, "agent", "ConfigValid", "False ConfigRefused its configuration is", 300);
    let said = condition(&instance, "ConfigValid");
    assert!(said.contains("nonsense"), "{said}");
    assert!(condition(&instance, "Ready").starts_with("False ConfigRefused "), "{instance:#}");
}

fn edited(namespace: &Namespace, patch: &str) {
    let name = &namespace.name;
    let edit = ["patch", "openclawinstance", "agent", "-n", name, "--type=merge", "-p", patch];
    kubectl(edit).unwrap();
}

#[test]
fn what_was_changed_by_hand_is_told_until_it_is_taken_back() {
    installed();
    let stack = Stack::bare("hand");
    stack.instance(VERSION, "suspended: true");
    stack.apply();
    let name = stack.namespace.name.as_str();
    wait_for(name, "agent", "Synced", "True InSync", 60);

    // Somebody edits the StatefulSet.
    let set = "statefulset/agent";
    kubectl(["set", "env", set, "-n", name, "-c", "openclaw", "DEBUG=1"]).unwrap();
    wait_for(name, "agent", "Synced", "False ChangedByHand fields of the StatefulSet", 60);
    kubectl(["set", "env", set, "-n", name, "-c", "openclaw", "DEBUG-"]).unwrap();
    wait_for(name, "agent", "Synced", "True InSync", 60);

    // Somebody deletes the NetworkPolicy.
    kubectl(["delete", "networkpolicy", "agent", "-n", name]).unwrap();
    wait_for(name, "agent", "NetworkPolicyReady", "False PolicyMissing", 60);
    stack.apply();
    wait_for(name, "agent", "NetworkPolicyReady", "True PolicyExists", 60);

    // Somebody edits the instance, in what no rule of the API server can see: the words are those
    // of `validate`.
    edited(&stack.namespace, r#"{"spec": {"config": {"raw": {"nonsense": true}}}}"#);
    let instance = wait_for(name, "agent", "ConfigValid", "False SpecInvalid", 60);
    let said = condition(&instance, "ConfigValid");
    assert!(said.contains("spec.config.raw.nonsense"), "{said}");
    edited(&stack.namespace, r#"{"spec": {"config": {"raw": {"nonsense": null}}}}"#);
    wait_for(name, "agent", "ConfigValid", "True Valid", 60);

    // A commit of which the cluster has one half.
    let hash = r#"{"metadata": {"annotations": {"openclaw.rocks/render-hash": "0"}}}"#;
    edited(&stack.namespace, hash);
    wait_for(name, "agent", "Synced", "False WaitingForSync", 60);
    stack.apply();
    wait_for(name, "agent", "Synced", "True InSync", 60);

    // Somebody starts it.
    kubectl(["scale", set, "--replicas=0", "-n", name]).unwrap();
    let instance = wait_for(name, "agent", "StatefulSetReady", "True Suspended", 60);
    assert_eq!(phase(&instance), "Suspended");
    assert_eq!(condition(&instance, "Ready"), "none");
}
