//! Lives of an instance with a bucket, step by step, as goldens.

use k8s_openapi::ByteString;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use openclaw::controller::backup::look;
use openclaw::controller::decide::{self, Action};
use openclaw::controller::facts;
use openclaw::controller::observed::StoreFacts;
use serde_json::{Value, json};

use crate::kit;
use crate::stories::Step;
use crate::world::{World, now};

const UID: &str = "5c1f1f9e-0000-4000-8000-000000000001";
const SPEC: &str = "{image: {tag: \"2026.9.6\"}, backup: {schedule: \"30 3 * * *\"}, storage: {persistence: {orphan: false}}}";
/// The same with what a Job takes from it.
const PLACED: &str = "{image: {tag: \"2026.9.6\"}, security: {caBundle: {configMapName: roots}}, availability: {nodeSelector: {disk: fast}}}";

/// Tells each step under its title: what is written, and what is then asked for until it is seen.
fn tell(file: &str, world: &mut World, steps: &[Step<'_>]) {
    let mut told = String::new();
    for (title, change) in steps {
        change(world);
        told.push_str(&format!("# {title}\n{}", world.step()));
        let writes = |world: &World| {
            world.plan().actions.iter().any(|one| matches!(one, Action::WriteStatus { .. }))
        };
        let mut looks = 0;
        while writes(world) {
            told.push_str(&format!("then\n{}", world.step()));
            looks += 1;
            assert!(looks < 5, "{told}");
        }
    }
    kit::golden(&format!("tests/controller/{file}.txt"), &told);
}

/// The Secret of the namespace.
fn open(world: &mut World) {
    let data = [
        ("B2_BUCKET", "agents"),
        ("B2_ENDPOINT", "https://s3.example.com:9000"),
        ("B2_KEY_ID", "id"),
        ("B2_APP_KEY", "canary-of-the-key"),
    ];
    let data = data.map(|(key, value)| (key.to_owned(), ByteString(value.as_bytes().to_vec())));
    let held = facts::secret(&json!({"name": "b2-backup-credentials"}), &data);
    world.hold("b2-backup-credentials", held);
    world.backup.namespace = Some(UID.to_owned());
}

fn note(world: &mut World, key: &str, value: &str) {
    world.instance["metadata"]["annotations"][key] = json!(value);
}

fn hold(world: &mut World) {
    world.instance["metadata"]["finalizers"] = json!(["openclaw.rocks/finalizer"]);
}

fn scale(world: &mut World, replicas: i64, manager: &str) {
    let set = world.set.as_mut().unwrap();
    set["spec"]["replicas"] = json!(replicas);
    let fields = set["metadata"]["managedFields"].as_array_mut().unwrap();
    fields.retain(|one| one["subresource"] != "scale");
    fields.push(json!({
        "manager": manager, "operation": "Update", "subresource": "scale",
        "fieldsV1": {"f:spec": {"f:replicas": {}}},
    }));
}

fn stopped(world: &mut World) {
    scale(world, 0, "openclaw-controller");
    world.pod = None;
}

fn started(world: &mut World) {
    scale(world, 1, "openclaw-controller");
    world.ready();
}

/// The Job that the plan asks for is there.
fn job(world: &mut World, status: &Value) {
    let name = look::look(&world.observed(), now().as_second()).objects.map(|one| one.name);
    let name = name.or_else(|| world.backup.jobs.keys().last().cloned()).unwrap();
    let object = json!({"metadata": {"uid": "job-1", "name": name}, "status": status});
    world.backup.jobs.insert(name, facts::job(&object));
}

fn complete(world: &mut World) {
    job(world, &json!({"conditions": [{"type": "Complete", "status": "True"}]}));
}

/// The Pod of the last Job, whose containers ended so.
fn pod(world: &mut World, ended: &[(&str, i64, &str)]) {
    let name = world.backup.jobs.keys().last().unwrap().clone();
    let status = |(name, code, message): &(&str, i64, &str)| json!({"name": name, "state": {"terminated": {"exitCode": code, "reason": "Error", "message": message}}});
    let list: Vec<Value> = ended.iter().map(status).collect();
    let object = json!({"metadata": {"uid": "pod-2"}, "spec": {"containers": []}, "status": {"containerStatuses": list}});
    world.backup.pods.insert(format!("{name}-x7k2p"), facts::pod(&object));
}

#[test]
fn a_demanded_backup_from_its_secret_to_its_path() {
    let mut world = World::synced(SPEC);
    world.step();
    world.secret("my-agent-gateway-token", &["token"]);
    tell(
        "backup",
        &mut world,
        &[
            ("the agent is ready", World::ready),
            ("the Secret of a bucket", open),
            ("the finalizer", hold),
            ("a demand", |world| note(world, "openclaw.rocks/backup", "now")),
            ("the Pod is gone", stopped),
            ("the copy is made", complete),
            ("the agent is back", started),
            ("the upload runs", |world| job(world, &json!({"active": 1}))),
            ("it is verified", |world| {
                complete(world);
                pod(world, &[("upload", 0, r#"{"bytes": 4096, "sha256": "x", "pruned": 0}"#)]);
            }),
            ("another demand", |world| note(world, "openclaw.rocks/backup", "again")),
        ],
    );
}

#[test]
fn an_upload_that_fails_is_told_in_the_words_of_its_pod() {
    let mut world = World::synced(SPEC);
    world.step();
    world.secret("my-agent-gateway-token", &["token"]);
    tell(
        "backup-failed",
        &mut world,
        &[
            ("a stopped agent", |world| {
                open(world);
                hold(world);
                scale(world, 0, "kubectl-scale");
            }),
            ("a demand", |world| note(world, "openclaw.rocks/backup", "now")),
            ("the bucket says 403", |world| {
                job(
                    world,
                    &json!({"conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "x"}]}),
                );
                pod(
                    world,
                    &[("archive", 0, ""), ("upload", 75, "upload: write: AccessDenied 403")],
                );
            }),
            ("it is deleted", |world| {
                world.backup.jobs.clear();
                world.backup.pods.clear();
                world.instance["metadata"]["deletionTimestamp"] = json!("2026-11-01T11:59:30Z");
            }),
            ("its Role is gone with the Secret, and the namespace too", |world| {
                world.readings.clear();
                world.backup.is_namespace_ending = true;
            }),
        ],
    );
}

#[test]
fn a_shared_bucket_is_opened_for_what_a_namespace_may_restore() {
    let mut world = World::synced(
        "{image: {tag: \"2026.9.6\"}, restoreFrom: openclaw/another/my-agent/20261101T033000Z-scheduled}",
    );
    world.step();
    world.secret("my-agent-gateway-token", &["token"]);
    tell(
        "restore",
        &mut world,
        &[
            ("the Pod waits", |world| {
                world.backup.namespace = Some(UID.to_owned());
                world.backup.shared = Some(StoreFacts {
                    address: Ok("https://s3.example.com".to_owned()),
                    has_keys: true,
                });
                hold(world);
                let status = |name: &str, state: Value| json!({"name": name, "state": state});
                world.pod(
                    false,
                    &status("openclaw", json!({"waiting": {"reason": "PodInitializing"}})),
                );
                let pod = world.pod.as_mut().unwrap();
                pod["spec"]["initContainers"] = json!([{"name": "init-restore", "image": "r"}, {"name": "init-config", "image": "o"}]);
                pod["status"]["initContainerStatuses"] = json!([
                    status("init-restore", json!({"waiting": {"reason": "CrashLoopBackOff"}})),
                    status("init-config", json!({"waiting": {"reason": "PodInitializing"}})),
                ]);
            }),
            ("a grant", |world| world.backup.grants = vec!["openclaw/another".to_owned()]),
            ("it is fetched and swapped in", |world| {
                let pod = world.pod.as_mut().unwrap();
                let ended = json!({"terminated": {"exitCode": 0, "reason": "Completed"}});
                for one in pod["status"]["initContainerStatuses"].as_array_mut().unwrap() {
                    one["state"] = ended.clone();
                }
            }),
        ],
    );
}

/// What is to be made now, as the API server gets it.
fn made(world: &World) -> String {
    let objects = look::look(&world.observed(), now().as_second()).objects.unwrap();
    let mut secret = objects.secret.clone();
    for (key, text) in secret["stringData"].as_object_mut().unwrap() {
        if key != "init.json" {
            *text = json!("…");
        }
    }
    [&objects.job, &objects.policy, &secret].map(|object| format!("{object:#}\n")).concat()
}

#[test]
fn a_job_is_made_with_its_policy_and_its_secret() {
    let mut world = World::synced(PLACED);
    world.step();
    world.secret("my-agent-gateway-token", &["token"]);
    world.ready();
    open(&mut world);
    hold(&mut world);
    note(&mut world, "openclaw.rocks/backup", "now");
    let steps: [fn(&mut World); 3] = [|_| {}, stopped, complete];
    let mut all = String::new();
    for (number, change) in steps.into_iter().enumerate() {
        change(&mut world);
        world.step();
        if number == 1 {
            all.push_str(&made(&world));
        }
    }
    started(&mut world);
    all.push_str(&made(&world));
    assert!(!all.contains("canary-of-the-key"));
    kit::golden("tests/controller/backup-job.txt", &all);
}

/// Looks once a minute at an agent that cannot be stopped; returns when backups began, and the
/// status in between.
fn begun(world: &mut World, from: &str, hours: i64) -> Vec<String> {
    let from: Timestamp = from.parse().unwrap();
    let mut begun = Vec::new();
    for minute in 0..hours * 60 {
        let at = from + SignedDuration::from_mins(minute);
        // One look goes on, the next one does.
        for _ in 0..3 {
            for action in decide::decide(&world.observed(), at).actions {
                let Action::WriteStatus { status, events } = action else { continue };
                let is_begun = events.iter().any(|event| event.reason == "BackupStarted");
                if is_begun {
                    begun.push(at.strftime("%d %H:%M").to_string());
                }
                world.instance["status"] = serde_json::to_value(*status).unwrap();
            }
        }
    }
    begun
}

#[test]
fn a_schedule_is_met_once_a_day_and_a_failure_tried_twice_more() {
    let mut world = World::synced(SPEC);
    world.step();
    world.secret("my-agent-gateway-token", &["token"]);
    world.ready();
    open(&mut world);
    hold(&mut world);
    // Its Pod does not end, which is known after ten minutes; half an hour later it is tried again.
    let found = begun(&mut world, "2026-11-01T20:00:00Z", 40);
    let expected = ["02 03:30", "02 04:10", "02 04:50", "03 03:30", "03 04:10", "03 04:50"];
    assert_eq!(found, expected);
    // A demand is tried once, and not while something else is tried.
    note(&mut world, "openclaw.rocks/backup", "now");
    assert_eq!(begun(&mut world, "2026-11-03T12:00:00Z", 12), ["03 12:00"]);
}
