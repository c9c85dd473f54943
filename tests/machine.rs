//! The machine of an update in a simulated world with its own time: whatever call is lost, whoever
//! dies, there is one commit for an update and one for its way back (guard T4).
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "tests fail by panicking"
)]

#[path = "machine/world.rs"]
mod world;

use openclaw::controller::update::{
    Answer, Clock, Effect, End, Health, InGit, Policy, Seen, State, Step, Update, Verdict, Word,
    step,
};
use openclaw::update::{Reason, Wait};
use world::{Behavior, Fault, Mode, People, World};

const BEHAVIORS: [Behavior; 8] = [
    Behavior::Good,
    Behavior::Exits,
    Behavior::Hangs,
    Behavior::DiesAfterAMinute,
    Behavior::DoesNotAnswer,
    Behavior::NeverStarts,
    Behavior::NeverSynced,
    Behavior::GoodAfterAWhileWithoutANode,
];

#[track_caller]
fn check(behavior: Behavior, keeps: bool, fault: &str, world: &World) {
    let told = || format!("{behavior:?} keeps={keeps} {fault}: {world:#?}");
    let bumps = world.commits.iter().filter(|commit| **commit == "bump").count();
    let reverts = world.commits.iter().filter(|commit| **commit == "revert").count();
    let notes = world.commits.iter().filter(|commit| **commit == "note").count();
    assert!(bumps <= 1 && reverts <= 1 && notes <= 1, "{}", told());
    let (tag, ends): (&str, &[&str]) = match behavior {
        Behavior::Good | Behavior::GoodAfterAWhileWithoutANode => ("to", &["confirmed"]),
        Behavior::NeverStarts | Behavior::NeverSynced => ("to", &[]),
        _ if keeps => ("to", &["kept"]),
        _ => ("from", &["rolled back"]),
    };
    let is_blamed = !ends.is_empty() && ends[0] != "confirmed";
    assert_eq!((world.tag.as_str(), world.ends.as_slice()), (tag, ends), "{}", told());
    assert_eq!(world.is_noted, is_blamed, "{}", told());
    assert_eq!(world.is_alarmed, ends.is_empty(), "{}", told());
}

#[test]
fn each_kind_of_version_ends_as_it_should() {
    for behavior in BEHAVIORS {
        for keeps in [false, true] {
            let mut world = World::new(behavior, keeps, None, 1);
            world.run();
            check(behavior, keeps, "no fault", &world);
            // Soak, timeout and the pauses of a world that looks every 20 s at most.
            let limit =
                if behavior == Behavior::GoodAfterAWhileWithoutANode { 2_000 } else { 1_000 };
            assert!(world.ends.is_empty() || world.ended_at < limit, "{world:#?}");
        }
    }
}

#[test]
fn a_call_that_is_lost_at_any_place_changes_nothing_of_the_end() {
    let mut runs = 0;
    for behavior in BEHAVIORS {
        for keeps in [false, true] {
            let mut calm = World::new(behavior, keeps, None, 1);
            calm.run();
            for at in 0..calm.calls {
                for mode in [Mode::Before, Mode::After, Mode::ReplyLost] {
                    let fault = Fault { at, mode };
                    let mut world = World::new(behavior, keeps, Some(fault), 1);
                    world.run();
                    check(behavior, keeps, &format!("{fault:?}"), &world);
                    runs += 1;
                }
            }
        }
    }
    println!("figures: {runs} runs of the crash matrix in a simulated world");
    assert!(runs >= 720, "{runs} runs");
}

#[test]
fn faults_at_random_change_nothing_of_the_end() {
    for seed in 1..=400 {
        for behavior in BEHAVIORS {
            let mut world = World::new(behavior, seed % 4 == 0, None, seed);
            world.faults_in_a_hundred = 20;
            world.run();
            check(behavior, seed % 4 == 0, &format!("seed {seed}"), &world);
        }
    }
}

#[test]
fn a_tag_that_a_person_sets_is_theirs_from_then_on() {
    for seed in 1..=400 {
        for behavior in BEHAVIORS {
            let mut world = World::new(behavior, false, None, seed);
            world.faults_in_a_hundred = 10;
            world.person_at = Some(i64::try_from(seed).unwrap() * 7 % 900);
            world.run();
            // Who came second did not find the tag that was to be changed.
            assert_eq!(world.tag, "person", "{behavior:?} {seed}: {world:#?}");
            assert_eq!(world.commits_after_person, 0, "{behavior:?} {seed}: {world:#?}");
            assert!(matches!(world.stored, State::Idle), "{behavior:?} {seed}: {world:#?}");
            assert!(!world.ends.contains(&"given up"), "{behavior:?} {seed}: {world:#?}");
        }
    }
}

#[test]
fn a_version_that_a_person_takes_back_is_not_taken_again() {
    let mut undone = 0;
    for seed in 1..=400 {
        for behavior in BEHAVIORS {
            let mut world = World::new(behavior, false, None, seed);
            world.faults_in_a_hundred = 10;
            world.undone_at = Some(i64::try_from(seed).unwrap() * 7 % 700);
            world.run();
            let bumps = world.commits.iter().filter(|commit| **commit == "bump").count();
            assert_eq!(bumps, 1, "{behavior:?} {seed}: {world:#?}");
            if world.tag == "from" {
                assert!(world.is_noted, "{behavior:?} {seed}: {world:#?}");
                undone += usize::from(world.ends == ["undone"]);
            }
        }
    }
    assert!(undone > 1_000, "{undone} were taken back by a person");
}

#[test]
fn what_is_proposed_waits_for_people_and_goes_their_way() {
    for seed in 1..=100 {
        for behavior in BEHAVIORS {
            let patience = i64::try_from(seed).unwrap() * 37 % 4_000;
            let mut world = World::new(behavior, false, None, seed);
            world.faults_in_a_hundred = 10;
            world.people = Some(People::Merge(patience));
            world.run();
            let told = || format!("{behavior:?} {seed}: {world:#?}");
            assert!(world.commits.len() <= 2, "{}", told());
            let bumps = world.proposals.iter().filter(|one| **one == "bump").count();
            assert_eq!(bumps, 1, "{}", told());
            let is_bad = !matches!(
                behavior,
                Behavior::Good
                    | Behavior::GoodAfterAWhileWithoutANode
                    | Behavior::NeverStarts
                    | Behavior::NeverSynced
            );
            assert_eq!(world.proposals.len(), 1 + usize::from(is_bad), "{}", told());
            // Somebody is told of a way back that waits, and may be for longer than this runs.
            if is_bad && patience < 3_000 {
                assert_eq!(
                    (world.tag.as_str(), world.ends[0]),
                    ("from", "rolled back"),
                    "{}",
                    told()
                );
            }
            // What somebody closes is not asked for again.
            let mut world = World::new(behavior, false, None, seed);
            world.faults_in_a_hundred = 10;
            world.people = Some(People::Close);
            world.run();
            assert_eq!((world.tag.as_str(), world.commits.len()), ("from", 0), "{world:#?}");
            assert_eq!(world.proposals, ["bump"], "{behavior:?} {seed}: {world:#?}");
        }
    }
}

fn update() -> Update {
    Update { id: "1".to_owned(), from: "from".to_owned(), to: "to".to_owned() }
}

fn verdict() -> Verdict {
    Verdict { reason: "X".to_owned(), message: "x".to_owned() }
}

/// Every state, come to at 0.
fn states() -> Vec<State> {
    let clock = |started| Clock { rolled: 0, started };
    vec![
        State::Idle,
        State::Proposed(update(), 0),
        State::Committing(update(), 0),
        State::Syncing(update(), 0),
        State::Rolling(update(), clock(None)),
        State::Rolling(update(), clock(Some(0))),
        State::Soaking(update(), clock(Some(0)), 0, 0),
        State::Noting(update(), 0, verdict()),
        State::Reverting(update(), 0, verdict()),
        State::ReturnSyncing(update(), 0, verdict()),
        State::ReturnRolling(update(), 0, verdict()),
    ]
}

/// Everything that can be seen at a time.
fn sights(now: i64) -> Vec<Seen> {
    let mut all = Vec::new();
    let git = |tag: &str, is_noted| {
        let hash = format!("hash of {tag}");
        Some(InGit {
            tag: tag.to_owned(),
            hash,
            is_committed: tag == "to",
            is_noted,
            proposal: None,
            return_proposal: None,
        })
    };
    let gits = [
        None,
        git("from", false),
        git("from", true),
        git("to", false),
        git("to", true),
        git("person", false),
    ];
    let healths = [
        Health::Coming,
        Health::Held(verdict()),
        Health::Stuck { uid: "u".to_owned(), since: 0 },
        Health::Starting,
        Health::Ready { restarts: 0, answer: None },
        Health::Ready { restarts: 0, answer: Some(Answer::No) },
        Health::Ready { restarts: 0, answer: Some(Answer::Unreached) },
        Health::Ready { restarts: 0, answer: Some(Answer::Yes) },
        Health::Ready { restarts: 1, answer: None },
        Health::Failed(verdict()),
    ];
    let nexts = [Ok(update()), Err(Wait::new(Reason::UpToDate, "x"))];
    for git in &gits {
        for health in &healths {
            for next in &nexts {
                for live in [None, Some("hash of from"), Some("hash of to")] {
                    for has_way_back in [true, false] {
                        all.push(Seen {
                            now,
                            policy: Policy {
                                has_way_back,
                                timeout: 600,
                                is_data_safe: true,
                                is_proposed: !has_way_back,
                                is_return_proposed: has_way_back,
                            },
                            git: git.clone(),
                            next: next.clone(),
                            live: live.map(str::to_owned),
                            health: health.clone(),
                        });
                    }
                }
            }
        }
    }
    all
}

#[test]
fn nothing_is_done_in_a_state_that_is_not_stored() {
    let mut count = 0;
    for now in [0, 60, 100, 1_000, 10_000] {
        for state in states() {
            for seen in sights(now) {
                let Step { state: next, effect, end, .. } = step(&state, &seen);
                assert!(next == state || effect.is_none(), "{state:?} {seen:?}");
                assert!(end.is_none() || (next == State::Idle && state != State::Idle));
                count += 1;
            }
        }
    }
    assert!(count > 20_000, "{count} steps");
}

#[test]
fn no_state_is_silent_for_ever() {
    // Long after every deadline: it moves on, does something, or somebody is told.
    for state in states() {
        for seen in sights(100_000) {
            let Step { state: next, effect, word, .. } = step(&state, &seen);
            let is_told = matches!(word, Word::Alarm(..) | Word::Waiting(_));
            assert!(next != state || effect.is_some() || is_told, "{state:?} {seen:?}");
        }
    }
}

#[test]
fn a_failed_version_is_not_committed_again_and_a_way_back_is_not_taken_back() {
    for now in [0, 100, 100_000] {
        for state in states() {
            for seen in sights(now) {
                let Step { state: next, effect, .. } = step(&state, &seen);
                let is_back = matches!(
                    state,
                    State::Reverting(..) | State::ReturnSyncing(..) | State::ReturnRolling(..)
                );
                if is_back {
                    assert!(!matches!(effect, Some(Effect::Bump(_))), "{state:?}");
                    let stays = matches!(
                        next,
                        State::Reverting(..)
                            | State::ReturnSyncing(..)
                            | State::ReturnRolling(..)
                            | State::Idle
                    );
                    assert!(stays, "{state:?} to {next:?}");
                }
                if matches!(state, State::ReturnSyncing(..) | State::ReturnRolling(..)) {
                    assert!(!matches!(effect, Some(Effect::Revert(..))), "{state:?}");
                }
            }
        }
    }
}

#[test]
fn a_version_is_confirmed_by_nothing_but_its_own_health() {
    for now in [0, 100, 100_000] {
        for state in states() {
            for seen in sights(now) {
                let end = step(&state, &seen).end;
                if matches!(end, Some(End::RolledBack(..))) {
                    assert!(matches!(seen.health, Health::Ready { .. }), "{seen:?}");
                    assert_eq!(seen.live.as_deref(), Some("hash of from"), "{seen:?}");
                }
                if matches!(end, Some(End::Confirmed(_))) {
                    // What the Pod of the version before looked like proves nothing.
                    let Health::Ready { restarts: 0, answer: Some(answer) } = seen.health else {
                        panic!("{seen:?}");
                    };
                    // Whom nobody can reach is judged by the kubelet alone, and later.
                    assert!(answer == Answer::Yes || (answer == Answer::Unreached && now >= 150));
                    assert_eq!(seen.live.as_deref(), Some("hash of to"), "{seen:?}");
                    assert!(now >= 90, "{seen:?}");
                }
            }
        }
    }
}
