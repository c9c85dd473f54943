//! A run that dies before any of its calls, and a disk that is full from any of them on: the next
//! run always succeeds, and ends in the tree of a run that nothing disturbed.
//!
//! The calls are counted by `tests/interruption/shim.c`, which the linker's `cc` makes.
#![cfg(all(target_os = "linux", target_env = "gnu"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use kit::Test;
use rayon::prelude::*;
use tempfile::TempDir;

const CLEAN: &str = include_str!("validate/clean.yaml");
const SETTINGS: &str =
    "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nlayout: instance\n";

type Files = BTreeMap<String, String>;

fn shim() -> PathBuf {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let status = std::process::Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-w", "-o"])
            .arg(folder.path().join("shim.so"))
            .arg(kit::root().join("tests/interruption/shim.c"))
            .arg("-ldl")
            .status()
            .unwrap();
        assert!(status.success(), "cc makes no shim");
        folder
    });
    folder.path().join("shim.so")
}

fn sources(test: &Test, round: &str) {
    test.write("openclaw.yaml", SETTINGS);
    test.write("instances/kept.yaml", CLEAN.replace("my-agent", "kept"));
    let changed = |text: &str| format!("{}{text}", CLEAN.replace("my-agent", "changed"));
    match round {
        "first" => {
            test.write("instances/gone.yaml", CLEAN.replace("my-agent", "gone"));
            test.write("instances/changed.yaml", changed(""));
        }
        "second" => {
            std::fs::remove_file(test.path().join("instances/gone.yaml")).ok();
            test.write("instances/new.yaml", CLEAN.replace("my-agent", "new"));
            test.write("instances/changed.yaml", changed("  suspended: true\n"));
        }
        _ => {
            let new = CLEAN.replace("my-agent", "new");
            std::fs::remove_file(test.path().join("instances/gone.yaml")).ok();
            test.write("instances/new.yaml", format!("{new}  suspended: true\n"));
            test.write("instances/changed.yaml", changed("  skills: [\"a@1\"]\n"));
        }
    }
}

/// A repository whose first round was rendered and whose second was not.
fn begun(first: &Files) -> Test {
    let test = Test::new();
    first.iter().for_each(|(path, text)| test.write(path, text));
    sources(&test, "second");
    test.args(["render"]).env("RAYON_NUM_THREADS", "1")
}

fn with_shim(test: &Test, variable: &str, value: &str) -> Option<i32> {
    let mut command = test.command();
    command.env("LD_PRELOAD", shim()).env(variable, value);
    command.output().unwrap().status.code()
}

/// The repository after the first round, the tree after each later one, and the calls of the
/// second.
fn rounds() -> (Files, Files, Files, usize) {
    let test = Test::new().args(["render"]);
    sources(&test, "first");
    test.success();
    let first = test.tree("");
    let clean = |round: &str| {
        let test = Test::new().args(["render"]);
        sources(&test, round);
        test.success();
        test.tree("rendered")
    };
    let test = begun(&first);
    let count = test.path().join("count");
    assert_eq!(with_shim(&test, "SHIM_COUNT", &count.to_string_lossy()), Some(0));
    let calls = std::fs::read_to_string(count).unwrap().parse().unwrap();
    assert!(calls > 15, "the shim sees {calls} calls");
    assert_eq!(test.tree("rendered"), clean("second"));
    (first, clean("second"), clean("third"), calls)
}

#[test]
fn a_run_that_dies_anywhere_is_mended_by_the_next() {
    let (first, second, third, calls) = rounds();
    (1..=calls).into_par_iter().for_each(|at| {
        for (round, expected) in [("second", &second), ("third", &third)] {
            let test = begun(&first);
            let code = with_shim(&test, "SHIM_KILL", &at.to_string());
            assert_eq!(code, Some(137), "call {at} of {calls} did not happen");
            sources(&test, round);
            let output = test.run();
            assert_eq!(output.code, Some(0), "call {at}, then {round}: {}", output.stderr);
            assert!(test.tree("rendered") == *expected, "call {at}, then {round}");
            let folders = test.path().join("rendered/default");
            let count = std::fs::read_dir(folders).unwrap().count();
            // A folder that only lost its last file waits empty: Git does not see it.
            assert!((3..=4).contains(&count), "call {at}, then {round}: {count} folders");
        }
    });
}

#[test]
fn two_runs_that_die_are_mended_by_the_next() {
    let (first, _, third, calls) = rounds();
    // Each pair is four processes: every night each fourth is taken, else each sixteenth.
    let apart = if kit::nightly() { 4 } else { 16 };
    let pairs: Vec<(usize, usize)> = (1..=calls)
        .flat_map(|a| (1..=calls).step_by(apart).map(move |b| (a, b + a % apart)))
        .collect();
    pairs.into_par_iter().for_each(|(once, again)| {
        let test = begun(&first);
        with_shim(&test, "SHIM_KILL", &once.to_string());
        sources(&test, "third");
        with_shim(&test, "SHIM_KILL", &again.to_string());
        let output = test.run();
        assert_eq!(output.code, Some(0), "calls {once} and {again}: {}", output.stderr);
        assert!(test.tree("rendered") == third, "calls {once} and {again}");
    });
}

#[test]
fn a_disk_that_is_full_leaves_the_old_tree_and_no_litter() {
    let (first, second, _, calls) = rounds();
    let old = begun(&first).tree("rendered");
    (1..=calls).into_par_iter().for_each(|at| {
        let test = begun(&first);
        let code = with_shim(&test, "SHIM_FULL", &at.to_string());
        let tree = test.tree("rendered");
        match code {
            Some(2) => assert!(tree == old, "call {at} changed the tree"),
            // Nothing had to be written any more.
            Some(0) => assert!(tree == second, "call {at}"),
            code => panic!("call {at} ended with {code:?}"),
        }
        let output = test.run();
        assert_eq!(output.code, Some(0), "call {at}: {}", output.stderr);
        assert!(test.tree("rendered") == second, "call {at}");
    });
}
