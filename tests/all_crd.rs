//! The API server's own code takes the CRD, affords its rules, and says of thousands of instances
//! what `validate` says. No server runs: crdcheck links its validation.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_collect,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::disallowed_methods,
    reason = "tests are shell, fail by panicking, hold tables, and each uses its own part"
)]

#[path = "cel/agreement.rs"]
mod agreement;
#[path = "cel/corpus.rs"]
mod corpus;
mod kit;
#[path = "cel/verdict.rs"]
mod verdict;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Gives the instances to the API server's code and returns what it says of the CRD and of each.
fn ask(instances: impl Iterator<Item = Value>) -> (Value, Vec<Vec<String>>) {
    let crd = kit::root().join("crds/openclawinstances.openclaw.rocks.yaml");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("instances.ndjson");
    let lines: String = instances.map(|instance| format!("{instance}\n")).collect();
    std::fs::write(&file, lines).unwrap();
    let output = Command::new(kit::tool("CRDCHECK"))
        .arg(crd)
        .stdin(std::fs::File::open(&file).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let mut answers = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let definition = serde_json::from_slice(answers.next().unwrap()).unwrap();
    (definition, answers.map(|line| serde_json::from_slice(line).unwrap()).collect())
}

#[test]
fn the_api_server_takes_the_crd_and_affords_its_rules() {
    let (definition, _) = ask(std::iter::empty());
    assert_eq!(definition["errors"], serde_json::json!([]));
    let count = |value: &Value| value.as_u64().unwrap();
    for rule in definition["rules"].as_array().unwrap() {
        assert!(count(&rule["cost"]) < count(&definition["ruleLimit"]), "{rule}");
    }
    // Room for as many rules again.
    assert!(count(&definition["total"]) < count(&definition["limit"]) / 2, "{definition}");
}

#[test]
fn validate_and_the_api_server_agree_on_generated_instances() {
    let cases = corpus::cases(12_000);
    let (_, answers) = ask(cases.iter().map(|case| case.instance.clone()));
    assert_eq!(answers.len(), cases.len());
    let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut differences = Vec::new();
    let mut refused = 0;
    for (case, answer) in cases.iter().zip(&answers) {
        refused += usize::from(!answer.is_empty());
        let rust = verdict::of_rust(&case.instance);
        let judged = agreement::judge(&rust, answer);
        for why in &judged.excused {
            *needed.entry(why).or_default() += 1;
        }
        if !judged.agree {
            differences.push(format!("{}: {rust:?}, the API server {answer:?}", case.name));
        }
    }
    let shown = &differences[..differences.len().min(40)];
    assert!(differences.is_empty(), "{} of {}: {shown:#?}", differences.len(), cases.len());
    assert!(refused > 3_000 && cases.len() - refused > 1_000, "{refused} refused");
    let known = agreement::exceptions().count();
    assert_eq!(needed.len(), known, "some are never needed: {needed:#?}");
}
