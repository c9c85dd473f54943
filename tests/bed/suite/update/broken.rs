//! Versions that are broken, each in its own way: taken back by a commit, with the data.

use std::time::Instant;

use serde_json::Value;

use crate::bed::{Stack, ensure, eventually, figure};
use crate::world::{Way, World, counted, events};

const OLD: &str = "2026.9.4";
const BAD: &str = "2026.9.7";
const GOOD: &str = "2026.9.8";
const STATE: &str = "/home/openclaw/.openclaw";

/// Makes state as a user does, through the application.
fn remember(stack: &Stack) {
    let add = format!(
        "node openclaw.mjs cron add --name before --every 24h --message hello --session isolated --token $OPENCLAW_GATEWAY_TOKEN && mkdir -p {STATE}/workspace && echo before > {STATE}/workspace/before.txt"
    );
    eventually("the application takes a job", 120, || {
        stack.pod().exec("openclaw", ["sh", "-c", &add])
    });
}

/// Whether it is all there.
#[track_caller]
fn remembers(stack: &Stack) {
    let list = format!(
        "node openclaw.mjs cron list --json --token $OPENCLAW_GATEWAY_TOKEN && cat {STATE}/workspace/before.txt"
    );
    eventually("the job and the file are there", 120, || {
        let text = stack.pod().exec("openclaw", ["sh", "-c", &list])?;
        let is_there = text.contains("\"before\"") && text.trim_end().ends_with("before");
        ensure(is_there, || text.clone())
    });
}

/// Takes a broken version, goes back, takes the next one.
fn is_taken_back(topic: &str, image: &str, reasons: &[&str]) {
    let world = World::new(topic, OLD, Way::Https, "", "");
    world.begin();
    world.images.push(image, BAD);
    world.runs(OLD, 600);
    // The token is the controller's to make, so that the Pod starts with one from the beginning.
    let process = world.controller();
    remember(&world.stack);
    let started = Instant::now();
    let instance = world.update_is(&process, "False FailedBefore", 900);
    figure(&format!("{topic}: taken, judged and taken back in {:.0?}", started.elapsed()));

    let status = &instance["status"]["autoUpdate"];
    assert_eq!(status["currentVersion"], OLD, "{status:#}");
    assert_eq!(status["failedVersion"], BAD, "{status:#}");
    assert_eq!(status["rollbackCount"], 1, "{status:#}");
    assert_eq!(
        world.subjects(),
        [
            &format!("agent: go back from openclaw {BAD} to {OLD}"),
            &format!("agent: update openclaw {OLD} to {BAD}"),
            "Add the agent",
        ]
    );
    world.is_rendered();
    let namespace = &world.stack.namespace.name;
    let path = world.stack.repository.path().join(format!("updates/{namespace}/agent.yaml"));
    let record = std::fs::read_to_string(path).unwrap();
    let record: Value = crate::kit::documents(&record).remove(0);
    let failure = &record["failed"][0];
    assert_eq!(failure["version"], BAD, "{record:#}");
    let reason = failure["reason"].as_str().unwrap();
    assert!(reasons.contains(&reason), "{record:#}");
    let told = events(&world);
    for reason in ["UpdateFailed", "UpdateRolledBack"] {
        assert!(told.iter().any(|event| event == reason), "{told:?}");
    }
    assert_eq!(counted(&process, "openclaw_autoupdate_rollbacks_total"), "1");
    remembers(&world.stack);

    // A good one that is newer is taken, and the failed one is not.
    world.images.push("2026.9.6", GOOD);
    drop(process);
    let process = world.controller();
    world.update_is(&process, "True UpToDate", 600);
    assert_eq!(world.subjects()[0], format!("agent: update openclaw {OLD} to {GOOD}"));
    world.is_rendered();
    remembers(&world.stack);
}

#[test]
fn a_version_that_exits_is_taken_back() {
    is_taken_back("exits", "2026.9.90", &["CrashLooping"]);
}

#[test]
fn a_version_that_hangs_is_taken_back() {
    is_taken_back("hangs", "2026.9.91", &["HealthCheckTimeout", "CrashLooping"]);
}

#[test]
fn a_version_that_answers_500_is_taken_back() {
    is_taken_back("answers", "2026.9.92", &["HealthCheckTimeout", "CrashLooping"]);
}

#[test]
fn a_version_that_dies_after_a_minute_is_taken_back_with_the_state_from_before() {
    is_taken_back("dies", "2026.9.93", &["Restarted", "CrashLooping", "HealthCheckTimeout"]);
}
