//! An API server that refuses, fails, dawdles, and loses answers.

use serde_json::json;

use crate::bed::controller::Process;
use crate::bed::plane::Faults;
use crate::bed::{ensure, eventually};

use super::fleet::{
    HOME, NAMES, add, all_say, all_say_within, events_are_few, is_calm, make_keys, plane, tokens,
};

#[test]
fn refusals_failures_and_slow_answers_are_outlasted() {
    let plane = plane();
    let faults = Faults::before(&plane);
    let all = |kind: &str| json!([{"share": 0.3, "do": kind, "path": "/namespaces/agents"}]);
    faults.make(&all("429"));
    let process = Process::start(&plane.through(&faults), HOME);
    let before = all_say(&plane, &NAMES, "False SecretMissing");
    faults.met("429");
    faults.make(&all("500"));
    add(&plane, "late");
    let names = [&NAMES[..], &["late"]].concat();
    all_say(&plane, &names, "False SecretMissing");
    faults.make(&all("slow"));
    make_keys(&plane);
    let after = all_say(&plane, &names, "True SecretsFound");
    assert!(before.iter().all(|(name, token)| after[name] == *token));
    faults.make(&json!([]));
    process.ready();
    is_calm(&process);
    events_are_few(&plane, 3);
}

#[test]
fn a_token_whose_making_was_not_confirmed_is_not_made_again() {
    let plane = plane();
    let faults = Faults::before(&plane);
    faults.make(&json!([
        {"method": "POST", "path": "/secrets", "share": 1.0, "do": "cut"},
        {"method": "PATCH", "path": "/status", "share": 0.5, "do": "cut"},
    ]));
    let process = Process::start(&plane.through(&faults), HOME);
    let before = all_say(&plane, &NAMES, "False SecretMissing");
    faults.met("cut");
    make_keys(&plane);
    assert_eq!(all_say(&plane, &NAMES, "True SecretsFound").len(), before.len());
    assert_eq!(tokens(&plane), before);
    is_calm(&process);
}

#[test]
fn watches_that_are_cut_off_go_on_where_they_were() {
    let plane = plane();
    let faults = Faults::before(&plane);
    faults.make(&json!([{"path": "watch=true", "share": 0.7, "do": "broken"}]));
    let process = Process::start(&plane.through(&faults), HOME);
    all_say(&plane, &NAMES, "False SecretMissing");
    faults.met("broken");
    let watches = || {
        faults
            .requests()
            .iter()
            .filter(|one| one["url"].as_str().unwrap().contains("watch=true"))
            .count()
    };
    faults.make(&json!([]));
    make_keys(&plane);
    all_say(&plane, &NAMES, "True SecretsFound");
    add(&plane, "late");
    all_say(&plane, &["late"], "True SecretsFound");
    // Nobody asks without an end.
    eventually("the watches are calm", 60, || {
        let before = watches();
        std::thread::sleep(std::time::Duration::from_secs(5));
        let asked = watches() - before;
        ensure(asked == 0, || format!("{asked} in 5 s"))
    });
    is_calm(&process);
}

#[test]
fn what_is_never_answered_is_given_up_and_asked_for_again() {
    let plane = plane();
    let faults = Faults::before(&plane);
    let process = Process::start(&plane.through(&faults), HOME);
    all_say(&plane, &NAMES, "False SecretMissing");
    // Each way to ask: looks, the watches of each kind, and those for what is missing.
    faults.make(&json!([
        {"path": "/openclawinstances/", "share": 0.5, "do": "hang"},
        {"path": "/secrets/", "share": 0.5, "do": "hang"},
        {"path": "/secrets?", "share": 0.5, "do": "hang"},
        {"path": "/openclawinstances?", "share": 0.5, "do": "hang"},
        {"path": "/statefulsets?", "share": 0.5, "do": "hang"},
    ]));
    add(&plane, "late");
    make_keys(&plane);
    // For longer than a watch lasts, so that each is asked for anew.
    std::thread::sleep(std::time::Duration::from_secs(100));
    faults.met("hang");
    faults.make(&json!([]));
    all_say_within(&plane, &[&NAMES[..], &["late"]].concat(), "True SecretsFound", 120);
    process.ready();
    is_calm(&process);
}
