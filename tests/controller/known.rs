//! What the controller knows of an instance between its own writes and the watch.

use openclaw::controller::facts;
use openclaw::controller::world::{Fact, Key, World as Known};
use serde_json::{Value, json};

use crate::world::World;

fn told(known: &mut Known, key: &Key, instance: &Value) -> bool {
    known.put(key, Fact::Instance(Box::new(facts::instance(instance))))
}

fn start() -> (Known, Key, Value) {
    let instance = World::synced("{image: {tag: \"2026.9.6\"}}").instance;
    let key = Key { namespace: "agents".to_owned(), name: "my-agent".to_owned() };
    let mut known = Known::default();
    assert!(told(&mut known, &key, &instance));
    (known, key, instance)
}

fn version(known: &Known, key: &Key) -> String {
    known.observed(key).unwrap().0.instance.resource_version
}

#[test]
fn an_own_write_is_known_before_the_watch_and_its_event_is_no_news() {
    let (mut known, key, mut instance) = start();
    instance["metadata"]["resourceVersion"] = json!("8");
    instance["status"]["phase"] = json!("Running");
    let status = facts::instance(&instance).status;
    known.wrote(&key, "7", status, Some("8".to_owned()));
    assert_eq!(version(&known, &key), "8");
    assert!(!told(&mut known, &key, &instance), "its own event");
}

#[test]
fn a_change_that_the_watch_tells_before_the_answer_to_a_write_is_what_the_next_write_is_about() {
    let (mut known, key, mut instance) = start();
    instance["status"]["phase"] = json!("Running");
    let status = facts::instance(&instance).status;
    // The write has made version 8 of it, a person version 9, and the answer comes last.
    instance["metadata"]["resourceVersion"] = json!("9");
    instance["metadata"]["annotations"]["openclaw.rocks/backup"] = json!("now");
    assert!(told(&mut known, &key, &instance));
    known.wrote(&key, "7", status, Some("8".to_owned()));
    assert_eq!(version(&known, &key), "9");
    let (observed, _) = known.observed(&key).unwrap();
    assert_eq!(observed.instance.wants.unwrap().backup.demand.as_deref(), Some("now"));
}
