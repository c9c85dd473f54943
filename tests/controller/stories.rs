//! Lives of an instance, step by step, as goldens.

use openclaw::controller::facts;
use serde_json::{Value, json};

use crate::kit;
use crate::world::World;

const KEYED: &str = "{image: {tag: \"2026.9.6\"}, envFrom: [{secretRef: {name: keys}}]}";

fn waiting(reason: &str, message: &str) -> Value {
    let state = json!({"waiting": {"reason": reason, "message": message}});
    json!({"name": "openclaw", "state": state, "restartCount": 0})
}

fn crashed(code: i32, restarts: i32, message: &str) -> Value {
    let ended = json!({"terminated": {"exitCode": code, "reason": "Error", "message": message}});
    let state = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}});
    json!({"name": "openclaw", "state": state, "lastState": ended, "restartCount": restarts})
}

pub(crate) type Step<'a> = (&'a str, fn(&mut World));

/// Tells each step under its title, and asserts that a second look changes nothing.
fn tell(file: &str, world: &mut World, steps: &[Step<'_>]) {
    let mut told = String::new();
    for (title, change) in steps {
        change(world);
        told.push_str(&format!("# {title}\n{}", world.step()));
        // A token that was made is seen with the next look.
        while !world.plan().actions.is_empty() {
            told.push_str(&format!("then\n{}", world.step()));
        }
    }
    kit::golden(&format!("tests/controller/{file}.txt"), &told);
}

#[test]
fn from_nothing_to_ready_with_one_secret_too_late() {
    let mut world = World::synced(KEYED);
    let set = world.set.take();
    assert!(set.is_some());
    tell(
        "ready",
        &mut world,
        &[
            ("the instance alone", |_| {}),
            ("its objects", |world| {
                *world = {
                    let status = world.instance["status"].clone();
                    let mut all = World::synced(KEYED);
                    all.instance["status"] = status;
                    all.readings.clone_from(&world.readings);
                    all
                }
            }),
            ("the Pod waits for the other Secret", |world| {
                let message = "secret \"keys\" not found";
                world.pod(false, &waiting("CreateContainerConfigError", message));
            }),
            ("the Secret", |world| world.secret("keys", &["ANTHROPIC_API_KEY"])),
            ("the Pod starts", |world| {
                let state = json!({"running": {"startedAt": "2026-11-01T11:00:00Z"}});
                world.pod(false, &json!({"name": "openclaw", "state": state}));
            }),
            ("the Pod is ready", World::ready),
            ("the Secret is written again", |world| {
                let metadata = json!({"managedFields": [
                    {"manager": "kubectl", "time": "2026-11-01T11:30:00Z", "fieldsV1": {"f:data": {}}},
                ]});
                world.hold("keys", facts::secret(&metadata, &[]));
            }),
        ],
    );
}

#[test]
fn what_goes_wrong_with_a_pod_is_named() {
    let mut world = World::synced("{image: {tag: \"2026.9.6\"}}");
    world.step();
    tell(
        "troubles",
        &mut world,
        &[
            ("no node", |world| {
                world.pod(false, &waiting("", ""));
                let pod = world.pod.as_mut().unwrap();
                pod["status"]["conditions"] = json!([{
                    "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                    "message": "0/3 nodes are available: 3 Insufficient memory.",
                }]);
            }),
            ("the image is not there", |world| {
                world.pod(false, &waiting("ErrImagePull", "manifest unknown"));
            }),
            ("and the kubelet waits", |world| {
                world.pod(false, &waiting("ImagePullBackOff", "Back-off pulling image"));
            }),
            ("an init container fails", |world| {
                world.pod(false, &waiting("PodInitializing", ""));
                let ended =
                    json!({"terminated": {"exitCode": 75, "message": "init-state: no space"}});
                world.pod.as_mut().unwrap()["status"]["initContainerStatuses"] =
                    json!([{"name": "init-state", "state": ended, "restartCount": 1}]);
            }),
            ("the application refuses its configuration", |world| {
                world.pod(false, &crashed(78, 1, "starting\n<root>: Unrecognized key: \"x\"\n"));
            }),
            ("it ends for another reason", |world| world.pod(false, &crashed(1, 1, ""))),
            ("again and again", |world| world.pod(false, &crashed(1, 3, ""))),
            ("its last words hold keys", |world| {
                let words = "anthropic/claude-sonnet-4-20250514 via https://api.example/v1:\n401 for sk-ant-api03-Ab12Cd34Ef56Gh78, Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.q1w2e3r4t5y6u7i8o9p0, OPENCLAW_GATEWAY_TOKEN=0123456789abcdef0123456789abcdef";
                world.pod(false, &crashed(1, 3, words));
            }),
            ("it is ready after all", World::ready),
        ],
    );
}

#[test]
fn what_is_not_as_rendered_is_told() {
    let mut world = World::synced("{image: {tag: \"2026.9.6\"}}");
    world.step();
    world.ready();
    tell(
        "sync",
        &mut world,
        &[
            ("all is well", |_| {}),
            ("the instance is of a newer commit", |world| {
                let annotations = &mut world.instance["metadata"]["annotations"];
                annotations["openclaw.rocks/render-hash"] = json!("0".repeat(64));
                world.instance["metadata"]["generation"] = json!(2);
            }),
            ("somebody edits the StatefulSet", |world| {
                let set = world.set.as_mut().unwrap();
                set["metadata"]["managedFields"].as_array_mut().unwrap().push(json!({
                    "manager": "kubectl-edit", "operation": "Update",
                    "fieldsV1": {"f:spec": {"f:template": {}}},
                }));
            }),
            ("another operator made it", |world| {
                let set = world.set.as_mut().unwrap();
                set["metadata"]["ownerReferences"] = json!([{"kind": "OpenClawInstance"}]);
            }),
            ("somebody edits the instance", |world| {
                world.instance["spec"]["gateway"] = json!({"existingSecret": "Not A Name"});
                world.instance["spec"]["nonsense"] = json!(true);
            }),
            ("it is being deleted", |world| {
                world.instance["metadata"]["deletionTimestamp"] = json!("2026-11-01T12:00:00Z");
            }),
        ],
    );
}
