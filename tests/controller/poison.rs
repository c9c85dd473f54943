//! Objects in which any field is of any type: as somebody wrote them by hand, or as they were
//! stored before a rule existed. No facts are refused, no decision panics, and what is written
//! is a status.

use openclaw::controller::decide::{Action, decide};
use openclaw::controller::facts;
use openclaw::controller::observed::{Observed, Reading};
use openclaw::model::references::Kind;
use serde_json::{Value, json};

use crate::world::{World, now};

const SPEC: &str = "{image: {tag: \"2026.9.6\"}, suspended: true, env: [{name: A, valueFrom: {secretKeyRef: {name: keys, key: k}}}], envFrom: [{secretRef: {name: more}}], autoUpdate: {enabled: true, checkInterval: 24h}, config: {raw: {agents: {defaults: {workspace: x}}}}, networking: {ingress: {enabled: true, className: nginx, hosts: [{host: a.example.com}], tls: [{hosts: [a.example.com], secretName: tls}]}}}";

/// One world in which as much is said as can be.
fn world() -> World {
    let mut world = World::synced(SPEC);
    world.secret("keys", &["k"]);
    world.step();
    let set = world.set.as_mut().unwrap();
    set["metadata"]["ownerReferences"] = json!([{"kind": "StatefulSet", "uid": "u"}]);
    let ended = json!({"exitCode": 78, "reason": "Error", "message": "its words\nand more"});
    let waiting = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}});
    world.pod(
        false,
        &json!({"name": "openclaw", "state": waiting, "lastState": {"terminated": ended}, "restartCount": 4}),
    );
    let pod = world.pod.as_mut().unwrap();
    pod["metadata"]["deletionTimestamp"] = json!("2026-11-01T12:00:00Z");
    pod["spec"]["initContainers"] = json!([{"name": "init-state", "image": "x"}]);
    pod["status"]["phase"] = json!("Failed");
    pod["status"]["reason"] = json!("Evicted");
    pod["status"]["message"] = json!("The node was low on resource: memory.");
    pod["status"]["initContainerStatuses"] = json!([{"name": "init-state", "state": {"running": {"startedAt": "2026-11-01T11:00:00Z"}}}]);
    world
}

/// Paths of every node, as JSON pointers.
fn pointers(value: &Value, path: &str, found: &mut Vec<String>) {
    found.push(path.to_owned());
    let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, child)| {
                pointers(child, &format!("{path}/{}", escape(key)), found);
            });
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, child)| {
                pointers(child, &format!("{path}/{index}"), found);
            });
        }
        _ => {}
    }
}

/// One of each type, and of each the worst.
fn wrong() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(""),
        json!("\u{0}\u{7}\u{202e}\u{feff}日本 ﷽ \u{10ffff}"),
        json!("ß".repeat(40_000)),
        json!([]),
        json!([null, [], {}, "x"]),
        json!({}),
        json!({"": {"a": [1]}, "name": {}, "\n": null}),
    ]
}

/// Puts each wrong value at each place of an object, and its facts among those of good ones.
fn everywhere(object: &Value, put: fn(&mut Observed, &Value)) -> usize {
    let good = world().observed();
    let mut places = Vec::new();
    pointers(object, "", &mut places);
    let mut tried = 0;
    for place in &places {
        for value in wrong() {
            let mut object = object.clone();
            *object.pointer_mut(place).unwrap() = value.clone();
            let mut observed = good.clone();
            put(&mut observed, &object);
            settles(observed, &format!("{place}: {value:.40}"));
            tried += 1;
        }
    }
    tried
}

/// Decides, writes what was decided, and has nothing left to write then.
#[track_caller]
fn settles(mut observed: Observed, what: &str) {
    for _ in 0..2 {
        let plan = decide(&observed, now());
        for action in plan.actions {
            match action {
                Action::MakeToken { secret } => {
                    let held = facts::secret(&json!({}), &[]);
                    observed.readings.insert((Kind::Secret, secret), Reading::Held(held));
                }
                Action::Update(effect) => panic!("{what}: {effect:?}"),
                Action::Backup { effect, .. } => panic!("{what}: {effect:?}"),
                Action::Lend { pod } => panic!("{what}: lent {pod}"),
                Action::WriteStatus { status, events } => {
                    let text = serde_json::to_string(&status).unwrap();
                    // The API server bounds names, and some are told more than once.
                    let names = [&observed.instance.namespace, &observed.instance.name];
                    let bound = 30_000 + 10 * names.map(String::len).iter().sum::<usize>();
                    assert!(text.len() < bound, "{what}: {} bytes of status", text.len());
                    assert!(events.len() <= 8, "{what}: {} events", events.len());
                    observed.instance.status = *status;
                }
            }
        }
    }
    let plan = decide(&observed, now());
    assert_eq!(plan.actions, [], "{what}");
}

#[test]
fn any_field_of_an_instance_may_be_anything() {
    let put = |observed: &mut Observed, object: &Value| observed.instance = facts::instance(object);
    assert!(everywhere(&world().instance, put) > 500);
}

#[test]
fn any_field_of_a_stateful_set_may_be_anything() {
    let put = |observed: &mut Observed, object: &Value| observed.set = Some(facts::set(object));
    assert!(everywhere(&world().set.unwrap(), put) > 3_000);
}

#[test]
fn any_field_of_a_pod_may_be_anything() {
    let put = |observed: &mut Observed, object: &Value| observed.pod = Some(facts::pod(object));
    assert!(everywhere(&world().pod.unwrap(), put) > 300);
}

#[test]
fn any_field_of_a_secret_may_be_anything() {
    let good = json!({
        "resourceVersion": "1",
        "labels": {"app.kubernetes.io/managed-by": "openclaw"},
        "ownerReferences": [{"uid": "u"}],
        "managedFields": [{"time": "2026-11-01T11:00:00Z", "fieldsV1": {"f:data": {}}}],
    });
    let mut places = Vec::new();
    pointers(&good, "", &mut places);
    for place in &places {
        for value in wrong() {
            let mut metadata = good.clone();
            *metadata.pointer_mut(place).unwrap() = value;
            facts::secret(&metadata, &[]);
            facts::config_map(&metadata, std::iter::empty::<String>());
        }
    }
}

#[test]
fn a_status_is_bounded_however_much_there_is_to_say() {
    let mut world = world();
    let long = "x".repeat(30_000);
    let status = json!({"name": long, "state": {"waiting": {"reason": "ErrImagePull", "message": long}}, "restartCount": 9});
    let pod = world.pod.as_mut().unwrap();
    pod["status"] = json!({"containerStatuses": vec![status; 20]});
    pod["spec"]["containers"] = json!([{"name": long, "image": long}]);
    let environment = |index: usize| json!({"name": format!("A{index}"), "valueFrom": {"secretKeyRef": {"name": format!("{index}-{long}"), "key": long}}});
    let set = world.set.as_mut().unwrap();
    set["spec"]["template"]["spec"]["containers"][0]["env"] = (0..1_000).map(environment).collect();
    set["metadata"]["managedFields"].as_array_mut().unwrap().extend(
        (0..1_000)
            .map(|index| json!({"manager": format!("{index}{long}"), "fieldsV1": {"f:spec": {}}})),
    );
    world.instance["spec"]["env"] = (0..1_000)
        .map(|index| json!({"name": format!("{index} {long}"), "nonsense": long}))
        .collect();
    for key in openclaw::controller::decide::reads(&world.observed()) {
        world.readings.insert(key, Reading::Absent);
    }
    world.secret("my-agent-gateway-token", &["token"]);
    settles(world.observed(), "everything is long");
}
