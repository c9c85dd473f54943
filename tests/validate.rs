//! Every rule has a file that breaks it, and the printed report is what a person should read.
//!
//! `tests/validate/<code>-<topic>.yaml` is one source; a folder of that name is a repository with
//! its openclaw.yaml. The report lies beside it as `.out`.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::path::PathBuf;
use std::process::Command;

use openclaw::diagnostic::{self, Severity};
use openclaw::validate::CHECKS;

fn folder() -> PathBuf {
    kit::root().join("tests/validate")
}

/// Every case below a folder, sorted: files by their name, repositories by their folder's.
fn cases(below: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder().join(below))
        .unwrap()
        .map(Result::unwrap)
        .filter(|e| e.path().join("openclaw.yaml").exists() || e.path().extension().is_some())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".out"))
        .collect();
    names.sort();
    names
}

/// Runs `openclaw validate` where a person would: beside the file, or in the repository.
fn validate(below: &str, case: &str) -> (i32, String) {
    let path = folder().join(below).join(case);
    let mut command = Command::new(kit::binary());
    command.arg("validate").env_remove("CLICOLOR_FORCE");
    if path.is_dir() {
        command.current_dir(&path);
    } else {
        command.args(["--config", "none", case]).current_dir(path.parent().unwrap());
    }
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{case}: words belong to stderr");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Runs a case, compares its report, and returns it.
#[track_caller]
fn check(below: &str, case: &str) -> String {
    let (status, report) = validate(below, case);
    let name = case.trim_end_matches(".yaml");
    kit::golden(&format!("tests/validate/{below}{name}.out"), &report);
    let has_errors = report.lines().any(|line| line.starts_with("error["));
    assert_eq!(status, i32::from(has_errors), "{case}");
    report
}

#[test]
fn every_report_is_what_a_person_should_read() {
    for case in cases("") {
        let report = check("", &case);
        if let Some(code) = case.split('-').next().filter(|code| code.starts_with("OC")) {
            assert!(report.contains(&format!("[{code}]")), "{case} does not trip {code}\n{report}");
        }
    }
}

#[test]
fn a_clean_instance_has_no_findings() {
    assert_eq!(validate("", "clean.yaml"), (0, String::new()));
}

/// The one of OC0128 is a megabyte and made by its test; OC0308 and OC0309 are about two trees,
/// and theirs are in tests/effects.rs; OC0313 is about no instance, and is in tests/install.rs;
/// OC0341 to OC0345 are about files of a tree, and are in tests/tree.rs;
/// OC0321 and OC0322 are about a new repository, OC0323 about a function, and are in
/// tests/init.rs and tests/function.rs; OC0331 to OC0336 are about Helm charts, and are in
/// tests/helm.rs; OC0401 and OC0402 are about updates, and are in
/// tests/bump.rs and tests/repository.rs.
const ELSEWHERE: [&str; 20] = [
    "OC0128", "OC0308", "OC0309", "OC0313", "OC0321", "OC0322", "OC0323", "OC0331", "OC0332",
    "OC0333", "OC0334", "OC0335", "OC0336", "OC0341", "OC0342", "OC0343", "OC0344", "OC0345",
    "OC0401", "OC0402",
];

#[test]
fn every_code_and_every_check_has_a_case() {
    let cases = cases("");
    let has = |code: &str| {
        ELSEWHERE.contains(&code) || cases.iter().any(|case| case.starts_with(&format!("{code}-")))
    };
    let codes: Vec<&str> = diagnostic::codes().map(|row| row.code).collect();
    let missing: Vec<&&str> = codes.iter().filter(|code| !has(code)).collect();
    assert!(missing.is_empty(), "no tests/validate/<code>-<topic>.yaml for {missing:?}");
    let unknown: Vec<&str> =
        CHECKS.iter().map(|check| check.code).filter(|code| !codes.contains(code)).collect();
    assert!(unknown.is_empty(), "`openclaw explain` does not know {unknown:?}");
    for case in cases.iter().filter(|case| case.starts_with("OC")) {
        assert!(codes.contains(&&case[..6]), "{case} is named after no code");
    }
}

#[test]
fn severity_and_letter_of_a_code_agree_in_the_report() {
    for case in cases("") {
        let (_, report) = validate("", &case);
        for line in report.lines() {
            let Some((word, rest)) = line.split_once('[') else { continue };
            let Some(row) = rest.get(..6).and_then(diagnostic::code) else { continue };
            let expected = if row.severity == Severity::Error { "error" } else { "warning" };
            assert_eq!(word, expected, "{case}: {line}");
        }
    }
}

#[test]
fn samples_of_the_go_operator_have_the_right_shape() {
    for case in cases("readme/") {
        let report = check("readme/", &case);
        assert!(!report.contains("[OC00"), "{case}\n{report}");
        // The one sample that the application itself refuses.
        let refused = case == "inline-config.yaml";
        assert_eq!(report.contains("error["), refused, "{case}\n{report}");
    }
}

#[test]
fn what_no_config_map_holds_is_found() {
    let clean = std::fs::read_to_string(folder().join("clean.yaml")).unwrap();
    let big = "x".repeat(1_000_000);
    let small = "x".repeat(250_000);
    let test = kit::Test::new()
        .file(
            "my-agent.yaml",
            format!("{clean}  workspace:\n    initialFiles:\n      big.md: {big}\n  config:\n    raw:\n      env:\n        vars:\n          BIG: {small}\n"),
        )
        .args(["validate", "--config", "none", "my-agent.yaml"]);
    kit::golden("tests/validate/OC0128-big.out", &test.finding());
}
