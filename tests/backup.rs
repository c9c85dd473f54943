//! The machine of a backup in a simulated world with its own time: whatever fails, no agent stays
//! stopped, no deletion waits for ever, and nothing counts as stored that is not (guards T11, T12).
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "backup/world.rs"]
mod world;

use openclaw::controller::backup::{COPY, End, GRACE, Reason, STOP, State, Task};
use world::{FAULTS, Fault, Lost, Setup, TIMEOUT, World};

/// Every kind of instance, with every fault of every Job.
fn setups() -> Vec<Setup> {
    let mut setups = Vec::new();
    for reason in Reason::ALL {
        for fault in FAULTS {
            for task in [Task::Copy, Task::Upload] {
                for bits in 0..16 {
                    let is = |bit: u8| bits & (1 << bit) != 0;
                    setups.push(Setup {
                        reason,
                        fault,
                        task,
                        was_running: is(0),
                        is_exclusive: is(1),
                        is_suspended: is(2),
                        deletes_claim: is(3),
                        lost: None,
                    });
                }
            }
        }
    }
    setups
}

#[track_caller]
fn check(world: &World) {
    let Setup { reason, fault, is_exclusive, is_suspended, was_running, .. } = world.setup;
    let told = || format!("{world:#?}");
    let is_deleted = reason == Reason::Deletion || fault == Fault::Deleted;
    let is_stored = world.ends.iter().any(|end| matches!(end, End::Stored(..)));
    if is_deleted {
        let held = world.held.unwrap_or_else(|| panic!("the finalizer stays: {}", told()));
        assert!(held <= TIMEOUT + 3 * GRACE, "{held} s: {}", told());
        // The data goes only where it is safe, or where nobody wants it.
        let last = world.ends.iter().rev().find(|end| !matches!(end, End::Failed(..)));
        let may_go = matches!(last, Some(End::Stored(..) | End::Skipped));
        assert!(world.has_claim || may_go && world.setup.deletes_claim, "{}", told());
        assert!(may_go || matches!(last, Some(End::Left(_))), "{}", told());
        return;
    }
    assert_eq!(world.state, State::Idle, "{}", told());
    let wants_one = was_running && !is_suspended && fault != Fault::SomebodySuspends;
    if wants_one && fault != Fault::SetVanishes {
        assert_eq!(world.replicas, 1, "the agent is left at 0: {}", told());
    }
    assert!(world.has_claim && world.has_finalizer || fault_of_store(fault), "{}", told());
    let ended = world.ends.iter().filter(|end| matches!(end, End::Stored(..) | End::Failed(..)));
    assert_eq!((world.begun, ended.count()), (1, 1), "{}", told());
    if wants_one && reason != Reason::Update {
        let mut limit = STOP + COPY + 6 * GRACE;
        if is_exclusive {
            limit += TIMEOUT;
        }
        assert!(world.stopped <= limit || fault == Fault::SetVanishes, "{}", told());
    }
    if fault == Fault::Nothing {
        assert!(is_stored, "{}", told());
    }
    if wants_one && reason == Reason::Update && fault != Fault::SetVanishes {
        assert_eq!(world.stopped, 0, "an update needs no stop: {}", told());
    }
}

fn fault_of_store(fault: Fault) -> bool {
    matches!(fault, Fault::SecretVanishes | Fault::Skipped)
}

#[test]
fn whatever_fails_every_backup_ends_in_time_and_leaves_the_agent_as_it_was() {
    for setup in setups() {
        let mut world = World::new(setup);
        world.run();
        check(&world);
    }
}

#[test]
fn a_controller_that_dies_at_any_call_changes_nothing_of_the_end() {
    let mut runs = 0;
    for setup in setups() {
        let mut calm = World::new(setup.clone());
        calm.run();
        for at in 0..calm.calls {
            for lost in [Lost::Before, Lost::After] {
                let mut world = World::new(Setup { lost: Some((at, lost)), ..setup.clone() });
                world.run();
                check(&world);
                runs += 1;
            }
        }
    }
    assert!(runs > 10_000, "{runs}");
}

#[test]
fn a_backup_counts_only_when_its_job_said_so() {
    for setup in setups() {
        let mut world = World::new(setup.clone());
        world.run();
        let is_stored = world.ends.iter().any(|end| matches!(end, End::Stored(..)));
        let breaks = matches!(
            setup.fault,
            Fault::JobFails | Fault::JobNeverStarts | Fault::JobNeverEnds | Fault::JobRefused
        );
        // The upload is part of each backup, the copy is not.
        if breaks && setup.task == Task::Upload {
            assert!(!is_stored, "{world:#?}");
        }
    }
}
