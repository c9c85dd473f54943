//! A newer version that is healthy.

use crate::bed::controller::condition;
use crate::bed::figure;
use crate::world::{Way, World, counted, events, shell};

const OLD: &str = "2026.9.4";
const NEW: &str = "2026.9.6";

/// From the old version to the new one, over a kind of connection.
fn is_confirmed(topic: &str, way: Way) {
    let world = World::new(topic, OLD, way, "", "");
    world.begin();
    let process = world.controller();
    world.runs(OLD, 600);
    world.update_is(&process, "True UpToDate", 60);
    assert_eq!(world.subjects(), ["Add the agent"], "nothing newer, nothing committed");

    // The listing is as old as the interval allows; who starts anew asks anew.
    world.images.push(NEW, NEW);
    drop(process);
    let process = world.controller();
    let started = std::time::Instant::now();
    let instance = world.update_is(&process, "True UpToDate", 600);
    let status = &instance["status"]["autoUpdate"];
    assert_eq!(status["currentVersion"], NEW, "{status:#}");
    assert_eq!(status["updatePhase"], serde_json::Value::Null, "{status:#}");
    assert!(status["lastUpdateTime"].is_string(), "{status:#}");
    figure(&format!(
        "update over {way:?}: found, committed, synced, soaked and confirmed in {:.0?}",
        started.elapsed()
    ));

    // One commit, of one word in the source and of what follows of it.
    assert_eq!(
        world.subjects(),
        [&format!("agent: update openclaw {OLD} to {NEW}"), "Add the agent"]
    );
    let changed = shell(&world, "git diff --numstat HEAD^ HEAD -- instances");
    assert_eq!(changed, "1\t1\tinstances/agent.yaml\n");
    let line = shell(&world, "git diff -U0 HEAD^ HEAD -- instances | grep '^+ '");
    assert_eq!(line, format!("+    tag: \"{NEW}\" # of this line one word\n"));
    let folder = format!("rendered/{}/agent", world.stack.namespace.name);
    let files = shell(&world, "git diff --name-only HEAD^ HEAD");
    let mut files: Vec<&str> = files.lines().collect();
    files.sort_unstable();
    let expected = [
        "instances/agent.yaml".to_owned(),
        format!("{folder}/.openclaw.lock"),
        format!("{folder}/openclawinstance-agent.yaml"),
        format!("{folder}/statefulset-agent.yaml"),
    ];
    assert_eq!(files, expected);
    let trailers = shell(&world, "git log -1 --format='%(trailers:key=Openclaw-Action,valueonly)'");
    assert_eq!(trailers.trim(), "bump");
    world.is_rendered();

    for reason in ["UpdateStarted", "UpdateConfirmed"] {
        assert!(events(&world).iter().any(|event| event == reason), "{:?}", events(&world));
    }
    assert_eq!(counted(&process, "openclaw_autoupdate_applied_total"), "1");
    assert_eq!(condition(&instance, "Ready"), "True PodReady the Pod is ready");
    let log = process.log();
    assert!(!log.contains("bed-password"), "a password is in the log");
}

#[test]
fn a_newer_version_is_committed_over_https_synced_soaked_and_confirmed() {
    is_confirmed("https", Way::Https);
}

#[test]
fn a_newer_version_is_committed_over_ssh_synced_soaked_and_confirmed() {
    is_confirmed("ssh", Way::Ssh);
}
