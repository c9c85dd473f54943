//! Twenty instances of one repository in waves, and a controller that is killed again and again
//! (guard T4).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bed::controller::condition;
use crate::bed::stack::{LIGHT, Webhook};
use crate::bed::{ensure, eventually, figure};
use crate::world::{LITTLE, Way, World, shell};

const COUNT: usize = 20;
const CANARIES: usize = 2;

/// Names of the instances; the first ones are the canaries.
fn names() -> Vec<String> {
    (0..COUNT).map(|number| format!("a-{number:02}")).collect()
}

#[track_caller]
fn write(world: &World, version: &str) {
    for (number, name) in names().into_iter().enumerate() {
        let wave = if number < CANARIES { "canary" } else { "rest" };
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: {name}\n  labels: {{wave: {wave}}}\nspec:\n  image: {{repository: {}, tag: \"{version}\"}}\n  autoUpdate: {{enabled: true, healthCheckTimeout: 5m}}\n  storage: {{persistence: {{enabled: false}}}}\n  {LITTLE}\n",
            world.images.image
        );
        world.stack.repository.write(&format!("instances/{name}.yaml"), &text);
    }
    world.stack.render();
}

/// Version and condition `UpdateReady` of each instance.
fn said(world: &World) -> BTreeMap<String, (String, String)> {
    let list = world.stack.namespace.objects("openclawinstances");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |instance: &Value| {
        let version = text(&instance["status"]["autoUpdate"]["currentVersion"]);
        (text(&instance["metadata"]["name"]), (version, condition(instance, "UpdateReady")))
    };
    list.iter().map(one).collect()
}

/// Waits until all are so, while the controller is killed every few seconds where `kills` says so.
#[track_caller]
fn settles(
    world: &World,
    what: &str,
    seconds: u64,
    kills: bool,
    is_done: impl Fn(&str, &str, &str) -> bool,
) -> usize {
    let mut webhook = Webhook::application(&world.stack.namespace.name);
    let (is_over, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let starter = world.starter();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut process = starter.start();
            let mut dice = 7_u64;
            while !is_over.load(Ordering::Relaxed) {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let pause = Duration::from_millis(2_000 + (dice >> 33) % 12_000);
                let started = Instant::now();
                while started.elapsed() < pause && !is_over.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_millis(100));
                }
                if kills && !is_over.load(Ordering::Relaxed) {
                    process.signal("KILL");
                    process.ended();
                    count.fetch_add(1, Ordering::Relaxed);
                    process = starter.start();
                }
            }
        });
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually(what, seconds, || {
                webhook.call();
                let said = said(world);
                ensure(said.len() == COUNT, || format!("{} instances", said.len()))?;
                let open =
                    said.iter().filter(|(name, (version, word))| !is_done(name, version, word));
                let open: Vec<String> = open
                    .map(|(name, (version, word))| format!("{name} {version}: {word}"))
                    .collect();
                ensure(open.is_empty(), || open.join("\n"))
            });
        }));
        is_over.store(true, Ordering::Relaxed);
        if let Err(why) = outcome {
            std::panic::resume_unwind(why);
        }
    });
    count.load(Ordering::Relaxed)
}

/// No update has two commits of one kind, and the tree is what its sources render.
#[track_caller]
fn is_sound(world: &World) -> BTreeMap<String, usize> {
    world.pull();
    world.is_rendered();
    let format = "%(trailers:key=Openclaw-Update-Id,valueonly,separator=%x20) %(trailers:key=Openclaw-Action,valueonly,separator=%x20) %(trailers:key=Openclaw-To,valueonly,separator=%x20)";
    let log = shell(world, &format!("git log --format='{format}'"));
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in log.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [id, action, to] = words[..] else { panic!("{line}") };
        *seen.entry((id.to_owned(), action.to_owned())).or_default() += 1;
        *counts.entry(format!("{action} {to}")).or_default() += 1;
    }
    let doubled: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "{doubled:?}");
    counts
}

#[test]
#[ignore = "nightly: it takes a quarter of an hour"]
fn twenty_instances_go_in_waves_whoever_is_killed() {
    let world = World::empty("twenty", Way::Https, LITTLE);
    world.images.push(LIGHT, "2026.9.1");
    world.settings("update: {waves: [wave=canary]}");
    write(&world, "2026.9.1");
    world.stack.repository.push("Add twenty agents");
    world.stack.hand_to_argocd("application.yaml");
    let up_to_date = |version: &'static str| {
        move |_: &str, current: &str, word: &str| {
            current == version && word.starts_with("True UpToDate")
        }
    };
    settles(&world, "all run", 300, false, up_to_date("2026.9.1"));

    // A good version: the canaries first, the others when those are confirmed.
    world.images.push(LIGHT, "2026.9.2");
    let started = Instant::now();
    let mut kills = settles(&world, "all at 2026.9.2", 900, true, up_to_date("2026.9.2"));
    figure(&format!("20 instances in two waves: confirmed in {:.0?}", started.elapsed()));
    let counts = is_sound(&world);
    assert_eq!(counts, BTreeMap::from([("bump 2026.9.2".to_owned(), COUNT)]));
    let log = shell(&world, "git log --reverse --format=%s%x20%ct --grep=Openclaw-Action:");
    let lines: Vec<&str> = log.lines().collect();
    let time = |line: &str| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
    assert!(
        lines[..CANARIES].iter().all(|line| line.starts_with("a-00:") || line.starts_with("a-01:")),
        "{log}"
    );
    assert!(time(lines[CANARIES]) >= time(lines[CANARIES - 1]) + 90, "{log}");

    // A bad one: the canaries go back, and the others never take it.
    world.images.push("2026.9.90", "2026.9.3");
    kills += settles(&world, "2026.9.3 is held back", 900, true, |name, current, word| {
        let is_canary = ["a-00", "a-01"].contains(&name);
        let end = if is_canary { "False FailedBefore" } else { "False FleetBreakerOpen" };
        current == "2026.9.2" && word.starts_with(end) && word.contains("2026.9.3")
    });
    let counts = is_sound(&world);
    assert_eq!(counts["bump 2026.9.3"], CANARIES, "{counts:?}");
    assert_eq!(counts["revert 2026.9.2"], CANARIES, "{counts:?}");

    // All at once, a bad one and a good one.
    world.settings("");
    world.stack.repository.push("Do without waves");
    world.images.push("2026.9.90", "2026.9.4");
    kills += settles(&world, "2026.9.4 is taken back", 900, true, |_, current, word| {
        let is_end = ["False FailedBefore", "False FleetBreakerOpen"]
            .iter()
            .any(|end| word.starts_with(end));
        current == "2026.9.2" && is_end && word.contains("2026.9.4")
    });
    let counts = is_sound(&world);
    assert_eq!(
        counts.get("bump 2026.9.4"),
        counts.get("revert 2026.9.2").map(|all| all - CANARIES).as_ref(),
        "{counts:?}"
    );
    let taken = counts["bump 2026.9.4"];
    world.images.push(LIGHT, "2026.9.5");
    kills += settles(&world, "all at 2026.9.5", 900, true, up_to_date("2026.9.5"));
    let counts = is_sound(&world);
    assert_eq!(counts["bump 2026.9.5"], COUNT, "{counts:?}");
    figure(&format!(
        "{} updates under {kills} kills of the controller: none doubled, none lost",
        2 * COUNT + CANARIES + taken
    ));
}
