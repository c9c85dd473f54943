//! Versions that are broken, each in its own way: taken back by a commit, with the data.

use std::time::Instant;

use crate::bed::controller::Process;
use crate::bed::stack::LIGHT;
use crate::bed::{Stack, ensure, eventually, figure};
use crate::world::{Way, World, counted, events};

const OLD: &str = "2026.9.4";
const STATE: &str = "/home/openclaw/.openclaw";

/// Makes state as a user does, through the application.
pub(crate) fn remember(stack: &Stack) {
    let add = format!(
        "node openclaw.mjs cron add --name before --every 24h --message hello --session isolated --token $OPENCLAW_GATEWAY_TOKEN && mkdir -p {STATE}/workspace && echo before > {STATE}/workspace/before.txt"
    );
    eventually("the application takes a job", 120, || {
        stack.pod().exec("openclaw", ["sh", "-c", &add])
    });
}

/// Whether it is all there.
#[track_caller]
pub(crate) fn remembers(stack: &Stack) {
    let list = format!(
        "node openclaw.mjs cron list --json --token $OPENCLAW_GATEWAY_TOKEN && cat {STATE}/workspace/before.txt"
    );
    eventually("the job and the file are there", 120, || {
        let text = stack.pod().exec("openclaw", ["sh", "-c", &list])?;
        let is_there = text.contains("\"before\"") && text.trim_end().ends_with("before");
        ensure(is_there, || text.clone())
    });
}

/// A version that is taken, judged and taken back; what the condition says in the end.
#[track_caller]
fn is_taken_back(
    world: &World,
    process: &Process,
    back_to: &str,
    bad: &str,
    reasons: &[&str],
    end: &str,
) {
    let started = Instant::now();
    let subject = format!("agent: go back from openclaw {bad} to {back_to}");
    world.commits(&subject, 600);
    let judged = started.elapsed();
    let instance = world.update_is(process, end, back_to, 600);
    let (version, reason) = world.failed().pop().unwrap();
    assert_eq!(version, bad);
    assert!(reasons.contains(&reason.as_str()), "{reason}");
    figure(&format!(
        "{bad} ({reason}): committed, synced and taken back in {judged:.0?}, the version before ready again {:.0?} later",
        started.elapsed().saturating_sub(judged)
    ));
    let status = &instance["status"]["autoUpdate"];
    assert_eq!(status["failedVersion"], bad, "{status:#}");
    let bump = format!("agent: update openclaw {back_to} to {bad}");
    assert_eq!(world.subjects()[..2], [subject, bump]);
    world.is_rendered();
}

#[test]
#[ignore = "nightly: four versions of the real application, where the gate has one that fails"]
fn versions_that_fail_are_taken_back_with_the_data_until_the_breaker_opens() {
    let world = World::new("broken", OLD, Way::Https);
    world.begin();
    let mut process = world.controller();
    world.runs(OLD, 600);
    remember(&world.stack);
    let rows: [(&str, &str, &[&str], &str); 3] = [
        ("2026.9.90", "2026.9.7", &["CrashLooping"], "False FailedBefore"),
        ("2026.9.94", "2026.9.8", &["ConfigRefused"], "False FailedBefore"),
        ("2026.9.92", "2026.9.9", &["HealthCheckTimeout", "CrashLooping"], "False BreakerOpen"),
    ];
    for (image, tag, reasons, end) in rows {
        process = world.offer(process, image, tag);
        is_taken_back(&world, &process, OLD, tag, reasons, end);
        remembers(&world.stack);
    }
    let told = events(&world);
    for reason in ["UpdateFailed", "UpdateRolledBack", "AutoUpdatePaused"] {
        assert!(told.iter().any(|event| event == reason), "{told:?}");
    }
    // A good one is not taken before a person has looked.
    process = world.offer(process, "2026.9.6", "2026.9.10");
    world.update_is(&process, "False BreakerOpen", OLD, 60);
    let record = world.stack.repository.path().join(world.record());
    let text = std::fs::read_to_string(&record).unwrap();
    let mut value = crate::kit::documents(&text).remove(0);
    value["failed"].as_array_mut().unwrap().remove(0);
    std::fs::write(&record, value.to_string()).unwrap();
    world.stack.repository.push("Look at what failed");
    world.confirms(&process, "2026.9.10", 600);
    assert_eq!(world.subjects()[0], format!("agent: update openclaw {OLD} to 2026.9.10"));
    assert_eq!(world.failed().len(), 2);
    world.is_rendered();
    remembers(&world.stack);
}

#[test]
fn a_version_that_dies_after_a_minute_is_taken_back_over_ssh_with_the_state_from_before() {
    let world = World::new("dies", OLD, Way::Ssh);
    world.begin();
    let process = world.controller();
    world.runs(OLD, 600);
    remember(&world.stack);
    let process = world.offer(process, "2026.9.93", "2026.9.7");
    let reasons = ["Restarted", "CrashLooping", "HealthCheckTimeout"];
    is_taken_back(&world, &process, OLD, "2026.9.7", &reasons, "False FailedBefore");
    assert_eq!(counted(&process, "openclaw_autoupdate_rollbacks_total"), "1");
    remembers(&world.stack);
    let log = process.log();
    assert!(!log.contains("PRIVATE KEY"), "a key is in the log");
    // A good one that is newer is taken, and the failed one is not.
    let process = world.offer(process, "2026.9.6", "2026.9.8");
    world.confirms(&process, "2026.9.8", 600);
    assert_eq!(world.subjects()[0], format!("agent: update openclaw {OLD} to 2026.9.8"));
    world.is_rendered();
    remembers(&world.stack);
}

#[test]
fn a_version_that_hangs_vanishes_or_is_for_another_platform_is_not_kept() {
    let world = World::light("vanishes", "2026.9.1");
    world.begin();
    let process = world.controller();
    world.runs("2026.9.1", 600);
    // It is listed, and there is nothing for this node.
    world.images.push_for("linux/arm64", LIGHT, "2026.9.2");
    drop(process);
    let process = world.controller();
    world.update_is(&process, "False PlatformMissing", "2026.9.1", 60);
    assert_eq!(world.subjects(), ["Add the agent"]);
    // It was there when it was looked for, and not when it was pulled.
    let process = world.offer(process, "2026.9.6", "2026.9.3");
    world.commits("agent: update openclaw 2026.9.1 to 2026.9.3", 60);
    world.images.remove("2026.9.3");
    let reasons = ["ImagePullFailed"];
    is_taken_back(&world, &process, "2026.9.1", "2026.9.3", &reasons, "False ");
    let process = world.offer(process, "2026.9.91", "2026.9.4");
    let reasons = ["HealthCheckTimeout", "CrashLooping"];
    is_taken_back(&world, &process, "2026.9.1", "2026.9.4", &reasons, "False ");
}
