//! What `openclaw diff --live` says of a change, seen to happen: each row of the table is said before
//! the change is made, and then the cluster is asked.
//!
//! After every change of every scene the Pod is looked at as well: another one where a restart was
//! said, and the same one where it was not.

#[path = "impact/agent.rs"]
mod agent;
#[path = "impact/data.rs"]
mod data;
#[path = "impact/network.rs"]
mod network;
#[path = "impact/pod.rs"]
mod pod;
#[path = "impact/process.rs"]
mod process;
#[path = "impact/rights.rs"]
mod rights;
#[path = "impact/security.rs"]
mod security;
#[path = "impact/source.rs"]
mod source;

use agent::Agent;
use openclaw::diff::impact::ROWS;

/// A change and its effect.
struct Scene {
    /// Rows that it shows.
    rows: &'static [&'static str],
    play: fn(&Agent),
}

/// Plays scenes one after the other, each from the same beginning.
#[track_caller]
fn play(agent: &Agent, scenes: &[Scene]) {
    for scene in scenes {
        agent.reset();
        (scene.play)(agent);
        for row in scene.rows {
            assert!(agent.heard(row), "`{row}` was not said in its scene");
        }
    }
}

#[test]
fn every_row_of_the_table_has_a_scene() {
    let all = [pod::SCENES, security::SCENES, network::SCENES, rights::SCENES, data::SCENES];
    let scenes = all.iter().copied().flatten();
    let mut played: Vec<&str> = scenes.flat_map(|scene| scene.rows).copied().collect();
    let mut rows: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
    played.sort_unstable();
    rows.sort_unstable();
    assert_eq!(played, rows);
}
