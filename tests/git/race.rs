//! A person and this program push to one branch, both as fast as they can.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use openclaw::git::{Cache, Fault, Pushed};

use super::servers::{Https, PASSWORD, Upstream, attempt, run};
use super::{author, cache, change, wait};

/// How often this program wants to push.
const PACE: Duration = Duration::from_millis(200);
/// How often a person does: five times a second, and not like a clock, which would have a slow
/// machine lose each single race.
const GAPS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(300)];

/// The file that both change: the person its first line, this program its last, with lines between
/// that keep the one from being a conflict for the other.
fn file(person: u32, ours: u32) -> String {
    let between: String = (0..20).map(|n| format!("line-{n}: {n}\n")).collect();
    format!("person: {person}\n{between}ours: {ours}\n")
}

/// Changes the line of one of both.
fn set(text: &str, key: &str, value: u32) -> String {
    let prefix = format!("{key}: ");
    let line = |line: &str| {
        let line =
            if line.starts_with(&prefix) { format!("{prefix}{value}") } else { line.to_owned() };
        line + "
"
    };
    text.lines().map(line).collect()
}

/// Pushes until the time is up, ten times at least, and returns how often.
fn person(work: &Path, time: Duration) -> u32 {
    let (begun, mut count) = (Instant::now(), 0);
    while count < 10 || begun.elapsed() < time {
        let started = Instant::now();
        count += 1;
        let shared = work.join("shared.yaml");
        let text = std::fs::read_to_string(&shared).unwrap();
        std::fs::write(&shared, set(&text, "person", count)).unwrap();
        run(work, "git", &["commit", "--quiet", "-am", &format!("person {count}")]);
        loop {
            run(work, "git", &["pull", "--quiet", "--rebase"]);
            if attempt(work, "git", &["push", "--quiet"]).0 {
                break;
            }
        }
        let gap = GAPS[count as usize % GAPS.len()];
        std::thread::sleep(gap.saturating_sub(started.elapsed()));
    }
    count
}

/// Commits until it is on the branch, each time from what the branch holds then; returns how often
/// somebody else was faster.
fn ours(cache: &Cache, number: u32) -> u32 {
    let trailer = format!("Update-Id: {number}");
    let mut lost = 0;
    loop {
        let head = wait(cache.fetch()).unwrap();
        let text = String::from_utf8(cache.files(&head).unwrap()["shared.yaml"].clone()).unwrap();
        let edits = change("shared.yaml", &set(&text, "ours", number));
        let message = format!("update {number}\n\n{trailer}\n");
        let seconds = 1_789_372_800 + i64::from(number);
        let commit = cache.commit(&head, &edits, &message, &author(), seconds).unwrap();
        match wait(cache.push(&head, &commit, None)) {
            Ok(Pushed::Done) => return lost,
            Ok(Pushed::Lost) => lost += 1,
            Err(Fault::TimedOut(_) | Fault::Unknown(_)) => {
                let head = wait(cache.fetch()).unwrap();
                let told = cache.messages(&head, 100).unwrap();
                if told.iter().any(|(_, message)| message.contains(&trailer)) {
                    return lost;
                }
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_person_and_this_program_lose_no_commit_to_each_other() {
    let time = Duration::from_secs(if crate::kit::nightly() { 120 } else { 20 });
    let upstream = Upstream::new(&[("shared.yaml", &file(0, 0))]);
    let server = Https::start(&upstream);
    let cache = cache(&upstream, server.remote("", Some(upstream.secret(&[("token", PASSWORD)]))));
    let work = upstream.clone_as("person");
    let (mut count, mut lost) = (0, 0);
    // The person ends by the clock, so that this program cannot wait for a turn for ever: on a slow
    // machine it may get its turns only then.
    let by_person = std::thread::scope(|scope| {
        let person = scope.spawn(|| person(&work, time));
        while count < 3 || !person.is_finished() {
            let begun = Instant::now();
            count += 1;
            lost += ours(&cache, count);
            std::thread::sleep(PACE.saturating_sub(begun.elapsed()));
        }
        person.join().unwrap()
    });
    eprintln!("figures: {count} commits of ours, {by_person} of a person, {lost} races lost");

    let head = wait(cache.fetch()).unwrap();
    let mut told = BTreeMap::new();
    for (_, message) in cache.messages(&head, usize::MAX).unwrap() {
        *told.entry(message.lines().next().unwrap().to_owned()).or_insert(0) += 1;
    }
    let mut expected = BTreeMap::from([("first".to_owned(), 1)]);
    expected.extend((1..=count).map(|number| (format!("update {number}"), 1)));
    expected.extend((1..=by_person).map(|number| (format!("person {number}"), 1)));
    assert_eq!(told, expected);
    let last = cache.files(&head).unwrap()["shared.yaml"].clone();
    assert_eq!(String::from_utf8(last).unwrap(), file(by_person, count));

    // Every move of the branch was forward.
    let bare = git2::Repository::open_bare(upstream.bare()).unwrap();
    let moves = bare.reflog("refs/heads/main").unwrap();
    assert_eq!(moves.len(), expected.len());
    for entry in moves.iter().filter(|entry| entry.id_old() != git2::Oid::ZERO_SHA1) {
        assert!(bare.graph_descendant_of(entry.id_new(), entry.id_old()).unwrap());
    }
    // Both have met, or the test shows nothing.
    assert!(lost > 0 && count >= 3 && by_person >= 10, "{count} {by_person} {lost}");
}
