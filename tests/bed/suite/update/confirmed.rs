//! A newer version that is healthy.

use std::time::Instant;

use crate::bed::controller::condition;
use crate::bed::{bucket, ensure, eventually, figure};
use crate::world::{Way, World, counted, events, shell};

const OLD: &str = "2026.9.4";
const NEW: &str = "2026.9.6";

#[test]
fn a_newer_version_is_committed_synced_soaked_and_confirmed() {
    let world = World::new("confirmed", OLD, Way::Https);
    bucket::open(&world.stack.namespace);
    world.begin();
    let process = world.controller();
    world.runs(OLD, 600);
    world.confirms(&process, OLD, 60);
    assert_eq!(world.subjects(), ["Add the agent"], "nothing newer, nothing committed");

    // The listing is as old as the interval allows; who starts anew asks anew.
    let process = world.offer(process, NEW, NEW);
    let started = Instant::now();
    let instance = world.confirms(&process, NEW, 600);
    figure(&format!("update: found, committed, synced and confirmed in {:.0?}", started.elapsed()));
    let status = &instance["status"]["autoUpdate"];
    assert_eq!(status["updatePhase"], serde_json::Value::Null, "{status:#}");
    assert!(status["lastUpdateTime"].is_string(), "{status:#}");
    let told = status["stateMessage"].as_str().unwrap_or_default();
    assert!(told.starts_with("took the snapshot 2026.9.4..2026.9.6 of the state: "), "{status:#}");

    // The snapshot on the volume is in the bucket too, while the agent works.
    let instance = eventually("the snapshot is uploaded", 120, || {
        let instance = world.stack.namespace.object("openclawinstance", "agent").unwrap();
        let path = &instance["status"]["autoUpdate"]["preUpdateBackupPath"];
        ensure(path.is_string(), || instance["status"]["backup"].to_string())?;
        Ok(instance)
    });
    let path = instance["status"]["autoUpdate"]["preUpdateBackupPath"].as_str().unwrap();
    assert!(path.ends_with("-update"), "{path}");
    assert_eq!(bucket::files(path), ["archive.tar.gz", "manifest.json"]);
    assert_eq!(bucket::manifest(path)["application"]["version"], OLD);

    // One commit, of one word in the source and of what follows of it.
    let subject = format!("agent: update openclaw {OLD} to {NEW}");
    assert_eq!(world.subjects(), [subject.as_str(), "Add the agent"]);
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

    let told = events(&world);
    for reason in ["UpdateStarted", "StatePrepared", "UpdateConfirmed", "BackupComplete"] {
        assert!(told.iter().any(|event| event == reason), "{told:?}");
    }
    assert_eq!(counted(&process, "openclaw_autoupdate_applied_total"), "1");
    assert_eq!(condition(&instance, "Ready"), "True PodReady the Pod is ready");
    let log = process.log();
    assert!(!log.contains("bed-password"), "a password is in the log");
}
