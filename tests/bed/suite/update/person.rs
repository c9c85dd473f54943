//! People who set, take back and hold versions have the last word.

use crate::bed::stack::LIGHT;
use crate::bed::{ensure, eventually};
use crate::world::{World, events};

#[test]
fn people_have_the_last_word() {
    let world = World::light("person", "2026.9.1");
    world.begin();
    let process = world.controller();
    world.runs("2026.9.1", 600);

    // Another tag in the middle of an update: hands off.
    let process = world.offer(process, LIGHT, "2026.9.2");
    world.commits("agent: update openclaw 2026.9.1 to 2026.9.2", 60);
    world.images.push(LIGHT, "2026.9.3");
    world.instance("2026.9.3", "");
    world.stack.repository.push("Set another tag");
    world.confirms(&process, "2026.9.3", 300);
    assert_eq!(world.subjects()[0], "Set another tag");
    tells(&world, "UpdateSuperseded");

    // The way back by hand: noted, and not taken again.
    let process = world.offer(process, LIGHT, "2026.9.4");
    world.commits("agent: update openclaw 2026.9.3 to 2026.9.4", 60);
    world.stack.repository.git(["revert", "--no-edit", "HEAD"]);
    world.stack.repository.git(["push", "-q", "origin", "main"]);
    world.commits("agent: note that openclaw 2026.9.4 failed", 120);
    world.update_is(&process, "False FailedBefore", "2026.9.3", 300);
    assert_eq!(world.failed(), [("2026.9.4".to_owned(), "UndoneByHand".to_owned())]);
    tells(&world, "UpdateUndone");

    // Nobody wants a way back: judged, noted, kept.
    world.instance("2026.9.3", "");
    let path = "instances/agent.yaml";
    let file = world.stack.repository.path().join(path);
    let text = std::fs::read_to_string(&file).unwrap();
    let text =
        text.replace("    enabled: true\n", "    enabled: true\n    rollbackOnFailure: false\n");
    world.stack.repository.write(path, &text);
    world.stack.render();
    world.stack.repository.push("Want no way back");
    let process = world.offer(process, "2026.9.90", "2026.9.5");
    world.commits("agent: note that openclaw 2026.9.5 failed", 400);
    tells(&world, "UpdateKept");
    assert_eq!(world.failed()[1], ("2026.9.5".to_owned(), "CrashLooping".to_owned()));

    // Held by the settings; afterwards the next one goes over a Pod that never was ready.
    world.settings("update: {hold: true}");
    world.stack.repository.push("Hold");
    let process = world.offer(process, LIGHT, "2026.9.6");
    world.update_is(&process, "False Held", "2026.9.5", 120);
    world.settings("");
    world.stack.repository.push("Go on");
    world.confirms(&process, "2026.9.6", 400);
    assert_eq!(world.subjects()[0], "agent: update openclaw 2026.9.5 to 2026.9.6");
    world.is_rendered();
}

#[track_caller]
fn tells(world: &World, reason: &str) {
    eventually(&format!("the event {reason}"), 60, || {
        let told = events(world);
        ensure(told.iter().any(|event| event == reason), || told.join(", "))
    });
}
