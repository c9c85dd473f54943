//! Two controllers: one acts, the other takes over, and when both act nothing is done twice.

use std::time::{Duration, Instant};

use crate::bed::controller::Process;
use crate::bed::figure;

use super::fleet::{
    HOME, NAMES, add, all_say, controller, events_are_few, is_calm, make_keys, plane, tokens,
};

#[test]
fn the_next_one_takes_over_from_one_that_was_killed_and_at_once_from_one_that_ended() {
    let plane = plane();
    let first = controller(&plane);
    first.leads();
    let second = controller(&plane);
    second.ready();
    assert!(!second.log().contains("took the Lease"), "{}", second.log());
    let series = second.series().unwrap();
    assert!(!series.contains("instance="), "a standby shows instances: {series}");
    first.signal("KILL");
    let started = Instant::now();
    second.leads();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(40), "{took:?}");
    figure(&format!("a killed controller is replaced in {:.1} s", took.as_secs_f64()));

    let third = controller(&plane);
    third.ready();
    let mut second = second;
    second.signal("TERM");
    let started = Instant::now();
    assert_eq!(second.ended(), Some(0), "{}", second.log());
    third.leads();
    figure(&format!(
        "a controller that is told to end is replaced in {:.1} s",
        started.elapsed().as_secs_f64()
    ));
    all_say(&plane, &NAMES, "False SecretMissing");
    events_are_few(&plane, 1);
}

#[test]
fn a_leader_that_slept_through_its_lease_acts_no_more() {
    let plane = plane();
    let mut first = controller(&plane);
    first.leads();
    let before = all_say(&plane, &NAMES, "False SecretMissing");
    let second = controller(&plane);
    first.signal("STOP");
    second.leads();
    make_keys(&plane);
    add(&plane, "late");
    // Both act now, for as long as the first needs to find out.
    first.signal("CONT");
    let after = all_say(&plane, &[&NAMES[..], &["late"]].concat(), "True SecretsFound");
    assert!(before.iter().all(|(name, token)| after[name] == *token));
    let code = first.ended_within(Duration::from_secs(30));
    assert_eq!(code, Some(2), "{}", first.log());
    is_calm(&second);
    events_are_few(&plane, 2);
}

#[test]
fn two_that_do_not_know_of_each_other_make_one_token_and_agree() {
    let plane = plane();
    plane.kubectl(["create", "namespace", "elsewhere"]).unwrap();
    let config = plane.kubeconfig();
    let first = Process::start(&config, HOME);
    let second = Process::start_with(&config, &["--namespace", "elsewhere", "--namespaces", HOME]);
    let before = all_say(&plane, &NAMES, "False SecretMissing");
    first.leads();
    second.leads();
    make_keys(&plane);
    all_say(&plane, &NAMES, "True SecretsFound");
    assert_eq!(tokens(&plane), before);
    // They say the same, so neither writes again.
    let versions = || -> Vec<String> {
        let all = plane.objects(HOME, "openclawinstances");
        all.iter().map(|one| one["metadata"]["resourceVersion"].to_string()).collect()
    };
    std::thread::sleep(Duration::from_secs(3));
    let settled = versions();
    std::thread::sleep(Duration::from_secs(10));
    assert_eq!(versions(), settled, "a war of writers");
    events_are_few(&plane, 2);
    is_calm(&first);
    is_calm(&second);
}
