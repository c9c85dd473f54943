//! Each right is needed: without it something does not happen that happens with all of them, and
//! the controller says which one is missing. The rows come from the table that `openclaw install`
//! prints and from the Role `N-controller`, so that a new right needs a row here.

use std::collections::BTreeSet;
use std::sync::Mutex;

use openclaw::controller::rights::RIGHTS;
use serde_json::Value;

use crate::bed::fleet::Fleet;
use crate::scene::Complaint::{self, Condition, Log, Unready};
use crate::scene::{EVERYTHING, Scene};

/// Scenes that are played at the same time.
const STAGES: usize = 4;

/// What an instance wants in order to need every right.
const SPEC: &str = "{image: {tag: \"2026.9.6\"}, suspended: true, envFrom: [{secretRef: {name: keys}}], config: {configMapRef: {name: outside, key: openclaw.json}}}";

/// Resource and verb; what does not happen without it, by the start of its name; who says so.
const ROWS: &[(&str, &str, &[&str], Complaint)] = &[
    ("openclawinstances", "list", EVERYTHING, Unready),
    ("openclawinstances", "watch", &["later", "agent made"], Unready),
    ("openclawinstances/status", "patch", &["agent status", "later status"], Log),
    ("statefulsets", "list", EVERYTHING, Unready),
    ("statefulsets", "watch", &["later status set", "later status pod"], Unready),
    ("persistentvolumeclaims", "list", EVERYTHING, Unready),
    ("persistentvolumeclaims", "watch", &["later status claim"], Unready),
    ("pods", "list", EVERYTHING, Unready),
    ("pods", "watch", &["later status pod"], Unready),
    ("networkpolicies", "list", EVERYTHING, Unready),
    ("networkpolicies", "watch", &["later status policy"], Unready),
    ("jobs", "list", EVERYTHING, Unready),
    ("jobs", "watch", &[], Unready),
    (
        "secrets",
        "create",
        &[
            "agent token",
            "later token",
            "agent made",
            "agent status secrets",
            "later status secrets",
        ],
        Condition("SecretsReady"),
    ),
    ("events", "create", &["agent made", "agent status told", "later status told"], Log),
    ("events", "patch", &["agent made again"], Log),
    ("leases", "create", EVERYTHING, Log),
    ("leases", "get", EVERYTHING, Log),
    ("leases", "update", EVERYTHING, Log),
];

/// The same of the Role `N-controller` of the instance `agent`.
const OWN_ROWS: &[(&str, &str, &[&str], Complaint)] = &[
    ("secrets", "get", &["agent token", "agent status secrets"], Condition("SecretsReady")),
    ("secrets", "list", &["agent status secrets"], Log),
    ("secrets", "watch", &["agent status secrets"], Log),
    ("configmaps", "get", &["agent status config"], Condition("ConfigValid")),
    ("configmaps", "list", &["agent status config"], Log),
    ("configmaps", "watch", &["agent status config"], Log),
];

#[track_caller]
fn play(resource: &str, verb: &str, is_own: bool, lost: &[&str], complaint: Option<Complaint>) {
    let fleet = Fleet::new("rights");
    for name in ["agent", "later"] {
        fleet.write(name, SPEC);
    }
    fleet.render();
    let scene = Scene { fleet, resource: resource.to_owned(), verb: verb.to_owned(), is_own };
    scene.play(lost, complaint);
}

/// Plays every row, a few at the same time.
#[track_caller]
fn play_all(rows: &[(&str, &str, &[&str], Complaint)], is_own: bool) {
    let rows = Mutex::new(rows.iter());
    std::thread::scope(|scope| {
        for _ in 0..STAGES {
            scope.spawn(|| {
                loop {
                    let row = rows.lock().unwrap().next();
                    let Some((resource, verb, lost, complaint)) = row else { return };
                    play(resource, verb, is_own, lost, Some(*complaint));
                }
            });
        }
    });
}

type Pair = (String, String);

fn pairs(rows: &[(&str, &str, &[&str], Complaint)]) -> BTreeSet<Pair> {
    rows.iter().map(|(resource, verb, ..)| ((*resource).to_owned(), (*verb).to_owned())).collect()
}

/// The rows of what backups need, which have a play of their own.
fn of_backups(is_own: bool) -> BTreeSet<Pair> {
    let rows = crate::backup_rights::ROWS.iter().filter(|row| row.2 == is_own);
    rows.map(|(resource, verb, ..)| ((*resource).to_owned(), (*verb).to_owned())).collect()
}

#[test]
fn with_all_rights_everything_happens() {
    play("", "", false, &[], None);
}

#[test]
fn each_right_of_the_table_is_needed_and_missed_aloud() {
    let of_table = RIGHTS.iter().flat_map(|right| {
        let pair = |resource: &str, verb: &str| (resource.to_owned(), verb.to_owned());
        right
            .resources
            .iter()
            .flat_map(move |resource| right.verbs.iter().map(move |verb| pair(resource, verb)))
    });
    let rows = &pairs(ROWS) | &of_backups(false);
    assert_eq!(of_table.collect::<BTreeSet<Pair>>(), rows, "each right has a row");
    play_all(ROWS, false);
}

#[test]
fn each_right_of_an_instances_own_role_is_needed_and_missed_aloud() {
    let fleet = Fleet::new("own");
    fleet.write("agent", SPEC);
    fleet.render();
    let role = fleet.rendered("agent").remove("role-agent-controller.yaml").unwrap();
    let role = crate::kit::documents(&role).remove(0);
    let mut found = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for resource in rule["resources"].as_array().unwrap() {
            for verb in rule["verbs"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                found.insert((text(resource), text(verb)));
            }
        }
    }
    // That of the claim is there only with `orphan: false`.
    let mut rows = &pairs(OWN_ROWS) | &of_backups(true);
    rows.retain(|(resource, _)| resource != "persistentvolumeclaims");
    assert_eq!(found, rows, "each right has a row");
    play_all(OWN_ROWS, true);
}
