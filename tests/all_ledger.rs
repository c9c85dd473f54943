//! The controller's commits on a real Git server, without a cluster: among people who push, beside
//! another leader, against a server that refuses, and as requests to merge (guards T6 and T10).
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::format_collect,
    reason = "tests are shell and fail by panicking"
)]

#[path = "ledger/desk.rs"]
mod desk;
#[path = "ledger/figures.rs"]
mod figures;
#[path = "forge/host.rs"]
mod host;
mod kit;
#[path = "git/servers.rs"]
mod servers;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use desk::{Desk, bump, fleet, key, note, revert, wait_until};
use openclaw::api::controller_config::{Provider, PullRequests};
use openclaw::controller::update::{Effect, Update};
use servers::{Https, run};

/// Every commit of ours on the branch: update and what it does.
fn ours(desk: &Desk) -> Vec<String> {
    let format = "--format=%(trailers:key=Openclaw-Update-Id,valueonly,separator=%x20) %(trailers:key=Openclaw-Action,valueonly,separator=%x20)";
    let log = run(&desk.bare, "git", &["log", format, "main"]);
    log.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[track_caller]
fn none_doubled(desk: &Desk) -> usize {
    let ours = ours(desk);
    let once: BTreeSet<&String> = ours.iter().collect();
    assert_eq!(once.len(), ours.len(), "{ours:?}");
    ours.len()
}

#[test]
fn what_a_person_pushes_at_the_same_time_is_neither_lost_nor_doubled() {
    let upstream = fleet(4, "");
    let server = Https::start(&upstream);
    let desk = Desk::start(&upstream, &server, "one", None);
    let work = upstream.clone_as("person");
    let time = Duration::from_secs(if kit::nightly() { 120 } else { 30 });
    let started = Instant::now();
    let pushed = std::thread::scope(|scope| {
        let person = scope.spawn(|| {
            let mut count = 0_u32;
            while started.elapsed() < time {
                let begun = Instant::now();
                count += 1;
                // The first line of the very file whose tag changes; nothing is rendered of it.
                let path = work.join("instances/a-0.yaml");
                let text = std::fs::read_to_string(&path).unwrap();
                let rest = text.split_once('\n').unwrap().1;
                std::fs::write(&path, format!("# person {count}\n{rest}")).unwrap();
                run(&work, "git", &["commit", "--quiet", "-am", &format!("person {count}")]);
                loop {
                    run(&work, "git", &["pull", "--quiet", "--rebase"]);
                    if servers::attempt(&work, "git", &["push", "--quiet"]).0 {
                        break;
                    }
                }
                let gap = Duration::from_millis(if count.is_multiple_of(2) { 100 } else { 300 });
                std::thread::sleep(gap.saturating_sub(begun.elapsed()));
            }
            count
        });
        let mut round = 0;
        while started.elapsed() < time {
            round += 1;
            let update = Update {
                id: format!("{round:016}"),
                from: "2026.9.4".to_owned(),
                to: format!("2026.9.{}", 5 + round),
            };
            desk.until_committed(&key(0), &Effect::Bump(update.clone()), &update.to);
            desk.until_committed(&key(0), &revert(&update), &update.from);
        }
        let count = person.join().unwrap();
        println!("figures: {count} pushes of a person and {} of ours in {time:?}", 2 * round);
        assert_eq!(none_doubled(&desk), 2 * round, "each has one commit and one back");
        count
    });
    let subjects = run(&desk.bare, "git", &["log", "--format=%s", "main"]);
    let theirs: Vec<&str> =
        subjects.lines().filter(|subject| subject.starts_with("person ")).collect();
    let expected: Vec<String> = (1..=pushed).rev().map(|count| format!("person {count}")).collect();
    assert_eq!(theirs, expected);
    Desk::is_rendered(&upstream);
}

#[test]
fn two_leaders_that_do_not_know_of_each_other_make_one_commit() {
    let upstream = fleet(4, "");
    let server = Https::start(&upstream);
    let (one, two) = (
        Desk::start(&upstream, &server, "one", None),
        Desk::start(&upstream, &server, "two", None),
    );
    for round in 0..25 {
        let updates: Vec<Update> = (0..4)
            .map(|number| Update {
                id: format!("{round:08}{number:08}"),
                from: format!("2026.9.{}", 4 + round),
                to: format!("2026.9.{}", 5 + round),
            })
            .collect();
        wait_until("both have committed", 60, || {
            for (number, update) in updates.iter().enumerate() {
                one.ask(&key(number), Effect::Bump(update.clone()));
                two.ask(&key(number), Effect::Bump(update.clone()));
            }
            (0..4).all(|number| {
                let to = &updates[number].to;
                one.tag(&key(number)) == *to && two.tag(&key(number)) == *to
            })
        });
    }
    assert_eq!(none_doubled(&one), 100);
    Desk::is_rendered(&upstream);
}

#[test]
fn a_server_that_refuses_is_not_asked_in_a_loop_and_gets_the_commit_in_the_end() {
    let upstream = fleet(1, "");
    let server = Https::start(&upstream);
    let desk = Desk::start(&upstream, &server, "one", None);
    let hook = upstream.bare().join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho no robots >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    let update = bump(0);
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(8) {
        desk.ask(&key(0), Effect::Bump(update.clone()));
        std::thread::sleep(Duration::from_millis(50));
    }
    let pushes = server.log().lines().filter(|line| line.contains("git-receive-pack")).count();
    // Each try asks twice, and those that are due by then are two.
    assert!((2..=8).contains(&pushes), "{pushes} requests");
    let said = desk.refused().unwrap();
    assert!(said.contains("no robots"), "{said}");
    std::fs::remove_file(&hook).unwrap();
    desk.until_committed(&key(0), &Effect::Bump(update.clone()), &update.to);
    assert_eq!((none_doubled(&desk), desk.refused()), (1, None));
}

#[test]
fn a_way_back_waits_for_nothing_and_an_update_for_everything() {
    let broken = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: broken\nspec:\n  nonsense: true\n";
    for (path, text) in [
        ("instances/broken.yaml", broken),
        (
            "openclaw.yaml",
            "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: agents\nrequires: \">=99\"\n",
        ),
    ] {
        let upstream = fleet(2, "");
        let server = Https::start(&upstream);
        let desk = Desk::start(&upstream, &server, "one", None);
        let update = bump(0);
        let before = run(&desk.bare, "git", &["ls-tree", "-r", "main"]);
        desk.until_committed(&key(0), &Effect::Bump(update.clone()), &update.to);
        let work = upstream.clone_as("person");
        std::fs::write(work.join(path), text).unwrap();
        run(&work, "git", &["add", "-A"]);
        run(&work, "git", &["commit", "--quiet", "-m", "Break it"]);
        run(&work, "git", &["push", "--quiet"]);
        desk.until_committed(&key(0), &revert(&update), &update.from);
        // Every file is as it was, but what a person has broken and what is noted.
        let after = run(&desk.bare, "git", &["ls-tree", "-r", "main"]);
        let is_other = |line: &&str| !line.ends_with(path) && !line.contains("updates/");
        let left: Vec<&str> = after.lines().filter(is_other).collect();
        let right: Vec<&str> = before.lines().filter(is_other).collect();
        assert_eq!(left, right, "{path}");
        let other = Update { id: "f".repeat(16), ..bump(1) };
        for _ in 0..20 {
            desk.ask(&key(1), Effect::Bump(other.clone()));
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(ours(&desk).len(), 2, "{path}: nothing but the update and its way back");
    }
}

#[test]
fn a_version_is_proposed_on_a_branch_of_its_own_and_merged_by_people() {
    for provider in [Provider::GitHub, Provider::GitLab, Provider::Gitea] {
        let upstream = fleet(1, "update: {mode: branch, revertMode: branch}\n");
        let server = Https::start(&upstream);
        let host = host::Host::start(provider);
        let api = PullRequests { provider, api: Some(host.url()) };
        let desk = Desk::start(&upstream, &server, "one", Some(api));
        let before = upstream.head();
        let update = bump(0);
        let propose = |effect: Effect| Effect::Propose(Box::new(effect));
        let branch = format!("openclaw/agents/a-0/{}-00000000", update.to);
        let proposal = |is_back: bool| desk.proposal(&key(0), &update, is_back);
        wait_until("a request is open", 60, || {
            desk.ask(&key(0), propose(Effect::Bump(update.clone())));
            proposal(false).is_some_and(|one| one.is_open)
        });
        assert_eq!((upstream.head(), host.open()), (before, vec![branch.clone()]));
        // A controller that starts anew finds it, and opens no other.
        let again = Desk::start(&upstream, &server, "again", desk.pull_requests.clone());
        wait_until("the request is found", 60, || {
            again.ask(&key(0), propose(Effect::Bump(update.clone())));
            again.proposal(&key(0), &update, false).is_some()
        });
        assert_eq!(host.open().len(), 1);
        let (title, body) = host.text(&branch);
        assert_eq!(title, format!("a-0: update openclaw {} to {}", update.from, update.to));
        assert!(body.contains("Openclaw-Action: bump"), "{body}");
        // Squashed, as many do: the trailers go, and the tag tells.
        let work = upstream.clone_as("person");
        run(&work, "git", &["merge", "--quiet", "--squash", &format!("origin/{branch}")]);
        run(&work, "git", &["commit", "--quiet", "-m", "Take it"]);
        run(&work, "git", &["push", "--quiet"]);
        wait_until("it is seen", 60, || desk.tag(&key(0)) == update.to);
        Desk::is_rendered(&upstream);
        wait_until("the way back is proposed", 60, || {
            desk.ask(&key(0), propose(revert(&update)));
            proposal(true).is_some_and(|one| one.is_open)
        });
        let back = format!("origin/openclaw/agents/a-0/without-{}-00000000", update.to);
        run(&work, "git", &["fetch", "--quiet"]);
        let text = run(&work, "git", &["show", &format!("{back}:updates/agents/a-0.yaml")]);
        assert!(text.contains(&update.to), "{text}");
        let text = run(&work, "git", &["show", &format!("{back}:instances/a-0.yaml")]);
        assert!(text.contains(&format!("tag: {} ", update.from)), "{text}");
        assert_eq!(host.refused(), Vec::<String>::new());
        let _ = note(&update);
    }
}
