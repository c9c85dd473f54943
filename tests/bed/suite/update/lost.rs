//! A version that fails and a volume that has lost its snapshot: the way back is in the bucket.

use crate::bed::controller::{Process, condition};
use crate::bed::{bucket, ensure, eventually};
use crate::broken::{remember, remembers};
use crate::world::{Way, World};

const OLD: &str = "2026.9.4";
const BAD: &str = "2026.9.7";

/// A controller that dies here, and another one in its place.
fn killed(world: &World, process: Process) -> Process {
    process.signal("KILL");
    drop(process);
    world.controller()
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn the_bucket_brings_back_what_the_volume_has_lost() {
    let world = World::new("lost", OLD, Way::Https);
    bucket::open(&world.stack.namespace);
    world.begin();
    let mut process = world.controller();
    world.runs(OLD, 600);
    remember(&world.stack);

    // It migrates the state and dies after a minute.
    process = world.offer(process, "2026.9.93", BAD);
    world.commits(&format!("agent: update openclaw {OLD} to {BAD}"), 300);
    process = killed(&world, process);
    let path = eventually("the snapshot is uploaded", 300, || {
        let instance = world.stack.namespace.object("openclawinstance", "agent").unwrap();
        let path = &instance["status"]["autoUpdate"]["preUpdateBackupPath"];
        let path =
            path.as_str().ok_or_else(|| format!("{}\n{}", instance["status"], process.log()))?;
        Ok(path.to_owned())
    });
    process = killed(&world, process);
    assert_eq!(bucket::manifest(&path)["application"]["version"], OLD);
    let snapshots = world.stack.volume().join(".snapshots");
    for entry in std::fs::read_dir(&snapshots).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_str().unwrap().starts_with(OLD) {
            std::fs::remove_dir_all(entry.path()).unwrap();
        }
    }

    // The commit of the way back is made, and the old version does not start on what it cannot read.
    world.commits(&format!("agent: go back from openclaw {BAD} to {OLD}"), 900);
    process = killed(&world, process);
    eventually("the start stops", 300, || {
        let instance = world.stack.namespace.object("openclawinstance", "agent").unwrap();
        let found = condition(&instance, "StatefulSetReady");
        let is_told =
            found.contains("no snapshot on the volume") && found.contains("restore a backup");
        ensure(is_told, || found.clone())
    });

    // What the message says, in Git.
    world.pull();
    let file = world.stack.repository.path().join("instances/agent.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\nspec:\n", &format!("\nspec:\n  restoreFrom: {path}\n")))
        .unwrap();
    world.stack.render();
    world.stack.repository.push("Bring the state back from the bucket");
    world.runs(OLD, 600);
    remembers(&world.stack);
    let bumps = world.subjects().into_iter().filter(|subject| subject.contains(BAD)).count();
    assert_eq!(bumps, 2, "one commit there and one back: {:?}", world.subjects());
    drop(process);
}
