//! What is read of a cluster: the table of all instances, the tree of one, and sources for what
//! the Go operator runs.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

#[path = "cluster/import.rs"]
mod import;
mod kit;
#[path = "cluster/server.rs"]
mod server;

use std::io::{BufRead, BufReader};
use std::sync::mpsc;
use std::time::Duration;

use kit::Test;
use openclaw::overview::belongings::{Belongings, KINDS, Presence};
use openclaw::overview::drawing::draw;
use openclaw::overview::rows::{self, Row};
use serde_json::{Value, json};

const OBJECTS: &str = include_str!("cluster/objects.yaml");

/// The time at which the goldens are: 2026-09-14T08:00:00Z.
const NOW: i64 = 1_789_372_800;

fn objects() -> Vec<Value> {
    kit::documents(OBJECTS)
}

fn instances() -> Vec<Value> {
    let mut found = objects();
    found.retain(|object| object["kind"] == "OpenClawInstance");
    found
}

/// A user of a cluster that is younger than every clock, so that ages are zero.
fn user() -> Test {
    let text = OBJECTS.replace("Time: \"2026-", "Time: \"2126-");
    let text = text.replace("Timestamp: \"202", "Timestamp: \"212");
    server::user_of(&server::start(kit::documents(&text), Vec::new()))
}

fn table_of(instances: &[Value], is_wide: bool) -> String {
    let mut rows: Vec<Row> = instances.iter().map(Row::new).collect();
    rows::sort(&mut rows);
    rows::table(&rows, NOW, is_wide)
}

#[test]
fn instances_are_rows_sorted_by_namespace_and_name() {
    kit::golden("tests/cluster/status.txt", &table_of(&instances(), false));
    kit::golden("tests/cluster/status-wide.txt", &table_of(&instances(), true));
    let rows: Vec<Row> = instances().iter().map(Row::new).collect();
    kit::golden("tests/cluster/status.json", &format!("{:#}\n", rows::json(&rows)));
}

#[test]
fn what_readme_shows_is_what_is_printed() {
    let readme = std::fs::read_to_string(kit::root().join("README.md")).unwrap();
    let of =
        |name: &str| std::fs::read_to_string(kit::root().join("tests/cluster").join(name)).unwrap();
    let rows: String = of("status.txt").split_inclusive('\n').take(3).collect();
    for block in [rows, of("tree.txt")] {
        assert!(readme.contains(&format!("```text\n{block}```\n")), "{block}");
    }
}

#[test]
fn a_state_of_nothing_is_marked_and_not_guessed() {
    let bare = json!({"metadata": {"name": "a", "namespace": "b"}});
    let expected = "NAMESPACE   NAME   PHASE   READY   VERSION   UPDATE   BACKUP   AGE\n\
                    b           a      -       -       -         -        -        -\n";
    assert_eq!(table_of(&[bare], false), expected);
}

#[test]
fn what_belongs_to_an_instance_is_drawn_as_a_tree() {
    let mut found = Belongings { instance: Some(instances().remove(0)), ..Belongings::default() };
    for kind in KINDS {
        for object in objects() {
            let is_named = object["metadata"]["labels"][kind.label] == "support";
            if object["kind"] == kind.kind && is_named {
                found.objects.push((kind.kind, object));
            }
        }
    }
    assert_eq!(found.claims().into_iter().collect::<Vec<_>>(), ["archive", "nowhere"]);
    found.lost_claims = vec!["nowhere".to_owned()];
    let secrets = found.secrets().into_iter();
    let is = |optional| {
        if optional { Presence::Missing.where_optional() } else { Presence::Missing }
    };
    found.secrets = secrets.map(|(name, optional)| (name, is(optional))).collect();
    assert_eq!(Presence::Denied.where_optional(), Presence::Denied);
    kit::golden("tests/cluster/tree-pure.txt", &draw(&found.tree("agents", "support")));
}

#[test]
fn the_tree_of_a_cluster_says_what_is_missing_and_reads_no_secret() {
    let mut user = user();
    kit::golden("tests/cluster/tree.txt", &user.args_of("tree support").success());
    let named = user.args_of("tree agents/support -n elsewhere").success();
    assert_eq!(named, user.args_of("tree support").success());
    let expected = "OpenClawInstance lab/fresh   present\n";
    assert_eq!(user.args_of("tree fresh --context lab").success(), expected);
    let output = user.args_of("tree nobody").run();
    let words = "error: found no instance `nobody` in namespace agents\n";
    assert_eq!((output.code, output.stderr.as_str()), (Some(2), words));
}

#[test]
fn the_status_of_a_cluster_fails_with_an_instance_that_failed() {
    let mut user = user();
    let output = user.args_of("status").run();
    assert_eq!((output.code, output.stderr.as_str()), (Some(1), ""));
    kit::golden("tests/cluster/status-young.txt", &output.stdout);
    for (args, code) in [
        ("get", 1),
        ("status -A -n lab", 1),
        ("status --exit-zero", 0),
        ("status -n lab", 0),
        ("status -n lab -o wide", 0),
        ("status -n lab -o json", 0),
        ("status -n agents -o json", 1),
        ("status -o yaml", 2),
        ("status --watch -o json", 2),
        ("status --context nowhere", 2),
        ("tree", 2),
    ] {
        let output = user.args_of(args).run();
        assert_eq!(output.code, Some(code), "{args}: {}", output.stderr);
    }
    let empty = user.args_of("status -n nowhere").run();
    let words = "found no OpenClawInstance in namespace nowhere\n";
    assert_eq!((empty.code, empty.stderr.as_str()), (Some(0), words));
    let json = user.args_of("status -n nowhere -o json").success();
    assert_eq!(json, "[]\n");
}

#[test]
fn without_a_cluster_the_verbs_say_so() {
    let mut test = Test::new().env("KUBECONFIG", "nowhere");
    for args in ["status", "tree a", "import --from-cluster"] {
        let output = test.args_of(args).run();
        assert_eq!(output.code, Some(2), "{args}");
        let is_told = output.stderr.starts_with("error: found no cluster\n  caused by: ");
        assert!(is_told, "{args}: {}", output.stderr);
    }
}

#[test]
fn a_watch_prints_the_row_that_changed_and_no_other() {
    let mut support = instances().remove(0);
    // The type first, as the API server writes it.
    let event = |kind: &str, object: &Value| format!("{{\"type\":\"{kind}\",\"object\":{object}}}");
    support["metadata"]["resourceVersion"] = json!("2");
    let unchanged = event("MODIFIED", &support);
    support["status"]["phase"] = json!("BackingUp");
    let changed = event("MODIFIED", &support);
    let gone = event("DELETED", &support);
    let address = server::start(instances(), vec![unchanged, changed, gone]);
    let test = server::user_of(&address).args(["status", "--watch", "-n", "agents"]);
    let mut child = test.command().spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    // Ages are of the real clock.
    let row = |line: String| line.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    let (sender, rows) = mpsc::channel();
    std::thread::spawn(move || lines.map(row).take(5).try_for_each(|row| sender.send(row)));
    let found: Vec<String> =
        (0..5).map_while(|_| rows.recv_timeout(Duration::from_secs(30)).ok()).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        found,
        [
            "NAMESPACE NAME PHASE READY",
            "agents research Failed False",
            "agents support Running True",
            "agents support BackingUp True",
            "agents support Deleted True",
        ]
    );
}
