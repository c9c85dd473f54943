//! A registry that lies, breaks, stalls and sends one elsewhere: every question to it ends in time,
//! in little memory, and in a fault or in what is true; and no secret goes where it should not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::format_collect,
    unreachable_pub,
    reason = "tests are shell and fail by panicking"
)]

#[path = "registry/elsewhere.rs"]
mod elsewhere;
#[path = "registry/images.rs"]
mod images;
#[path = "registry/noise.rs"]
mod noise;
#[path = "registry/pages.rs"]
mod pages;
#[path = "registry/proof.rs"]
mod proof;
#[path = "registry/refusals.rs"]
mod refusals;
#[path = "registry/row.rs"]
mod row;
#[path = "registry/server.rs"]
mod server;
#[path = "registry/speech.rs"]
mod speech;
#[path = "registry/wire.rs"]
mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;

use row::Row;
use server::Server;

/// How much the process may grow while it runs the table.
const GROWTH: usize = 64 << 20;
/// How many behaviours the table has at least.
const FEWEST: usize = 60;

/// The most memory that the process has had, in bytes; none where the system does not tell.
fn peak() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}

/// A server that has all that a liar wants one to fetch, and keeps what it gets.
fn accomplice() -> Server {
    let said = r#"{"name":"team/agent","tags":["9.9.9"],"token":"stolen"}"#;
    Server::new(0, Arc::new(speech::always(speech::ok(said))))
}

#[test]
fn every_question_to_a_liar_ends_in_time_in_little_memory_and_in_the_truth() {
    let rows: Vec<Row> =
        [wire::rows(), pages::rows(), proof::rows(), refusals::rows(), images::rows()]
            .into_iter()
            .flatten()
            .collect();
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "a name twice");
    assert!(rows.len() >= FEWEST, "{} behaviours", rows.len());
    let other = accomplice();
    // What the process keeps, such as the certificates of the system, is there after one.
    rows[0].run(&other);
    let before = peak();
    let (long, short): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.is_long);
    let mut wrong: Vec<String> = thread::scope(|scope| {
        let other = &other;
        let run = |row: &'_ Row| row.run(other);
        let waiting: Vec<_> = long.iter().map(|row| scope.spawn(move || run(row))).collect();
        let done: Vec<String> = short.iter().flat_map(|row| run(row)).collect();
        let waited = waiting.into_iter().flat_map(|waiting| waiting.join().unwrap());
        done.into_iter().chain(waited).collect()
    });
    let growth = peak().zip(before).map_or(0, |(after, before)| after - before);
    if growth >= GROWTH {
        wrong.push(format!("the process grew by {} KiB", growth >> 10));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
