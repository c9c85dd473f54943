//! The API server is gone, or the controller is, and both come back.

use std::time::{Duration, Instant};

use crate::bed::controller::{Process, condition};
use crate::bed::{ensure, eventually, figure};

use super::fleet::{
    HOME, NAMES, add, all_say, controller, events_are_few, is_calm, make_keys, plane, pod, tokens,
};

#[test]
fn a_controller_that_is_killed_again_and_again_makes_each_token_once() {
    let plane = plane();
    let rounds = if crate::kit::nightly() { 150 } else { 15 };
    let mut first = None;
    for round in 0..rounds {
        // From before it listens until after it has settled.
        let process = controller(&plane);
        std::thread::sleep(Duration::from_millis(40 + 67 * (round * 7 % 15)));
        if round % 3 == 0 {
            add(&plane, &format!("more-{round}"));
        }
        process.signal("KILL");
        is_calm(&process);
        let tokens = tokens(&plane);
        let before = first.get_or_insert_with(|| tokens.clone());
        for (name, token) in before.iter() {
            assert_eq!(tokens.get(name), Some(token), "round {round}");
        }
        before.extend(tokens);
    }
    let process = controller(&plane);
    let tokens = all_say(&plane, &NAMES, "False SecretMissing");
    for (name, token) in first.unwrap() {
        assert_eq!(tokens[&name], token);
    }
    make_keys(&plane);
    all_say(&plane, &NAMES, "True SecretsFound");
    is_calm(&process);
    // A status that was written and whose event was not is told by the next status at the latest.
    events_are_few(&plane, 2);
}

#[test]
fn an_api_server_that_is_gone_for_a_while_costs_nothing() {
    let mut plane = plane();
    let process = controller(&plane);
    let before = all_say(&plane, &NAMES, "False SecretMissing");
    plane.kill();
    std::thread::sleep(Duration::from_secs(60));
    // It is one process, or, as the Lease cannot be kept, the next one that a kubelet starts.
    let mut process = process;
    let code = process.ended_within(Duration::from_secs(1));
    assert_eq!(code, Some(2), "{}", process.log());
    assert!(process.log().contains("the Lease was lost"), "{}", process.log());
    let next = controller(&plane);
    std::thread::sleep(Duration::from_secs(3));
    let asked = next.log().lines().count();
    // Eight watches, each again after a while that is drawn: about three times in these seconds.
    assert!(asked < 50, "{asked} lines in 3 s: {}", next.log());
    plane.serve();
    let started = Instant::now();
    make_keys(&plane);
    add(&plane, "late");
    let after = all_say(&plane, &[&NAMES[..], &["late"]].concat(), "True SecretsFound");
    figure(&format!(
        "after an outage of the API server everything is true again within {:.0} s",
        started.elapsed().as_secs_f64()
    ));
    assert!(before.iter().all(|(name, token)| after[name] == *token), "another token");
    next.ready();
    is_calm(&next);
    events_are_few(&plane, 2);
}

#[test]
fn what_happened_while_it_slept_and_was_forgotten_is_known_after_all() {
    let mut plane = plane();
    make_keys(&plane);
    let process = controller(&plane);
    let before = all_say(&plane, &NAMES, "True SecretsFound");
    pod(&plane, "one", true);
    phase(&plane, "one", "Running");

    // What its watches ask for next is older than anything that is kept.
    process.signal("STOP");
    plane.kubectl(["delete", "pod", "one-0", "-n", HOME, "--grace-period=0", "--force"]).unwrap();
    plane.kubectl(["delete", "openclawinstance", "two", "-n", HOME]).unwrap();
    plane.kubectl(["delete", "statefulset", "three", "-n", HOME]).unwrap();
    add(&plane, "late");
    plane.compact();
    plane.kill();
    plane.serve();
    process.signal("CONT");
    let process = revived(process, &plane);
    phase(&plane, "one", "Provisioning");
    phase(&plane, "three", "Pending");
    let after = all_say(&plane, &["one", "four", "late"], "True SecretsFound");
    assert!(before.iter().all(|(name, token)| after.get(name) == Some(token)), "{after:?}");
    eventually("what is gone is shown no more", 30, || {
        let series = process.series()?;
        ensure(!series.contains("instance=\"two\"") && series.contains("instance=\"late\""), || {
            series
        })
    });
    is_calm(&process);
}

/// The process, or, when it has lost the Lease, the next one.
fn revived(mut process: Process, plane: &crate::bed::plane::Plane) -> Process {
    match process.ended_within(Duration::from_secs(20)) {
        Some(_) => controller(plane),
        None => process,
    }
}

#[track_caller]
fn phase(plane: &crate::bed::plane::Plane, name: &str, wanted: &str) {
    eventually(&format!("{name} is {wanted}"), 60, || {
        let instance = plane.object(HOME, "openclawinstance", name).ok_or("none")?;
        let found = instance["status"]["phase"].as_str().unwrap_or_default();
        ensure(found == wanted, || format!("{found}: {}", condition(&instance, "StatefulSetReady")))
    });
}
