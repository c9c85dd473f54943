//! The rules of the CRD say what `validate` says: every rule compiles, has an instance on either
//! side of it, and agrees on thousands of generated instances.
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

#[path = "cel/asked.rs"]
mod asked;
#[path = "cel/corpus.rs"]
mod corpus;
#[path = "cel/offline.rs"]
mod offline;
#[path = "cel/policy_corpus.rs"]
mod policy_corpus;
#[path = "cel/verdict.rs"]
mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use kube::core::cel::{
    AnalysisWarning, CompiledSchema, WarningKind, compile_schema, estimate_rule_cost,
};
use offline::Offline;
use openclaw::diagnostic::Severity;
use openclaw::validate::policies::questions;
use openclaw::validate::refused::REFUSED;
use openclaw::validate::{CHECKS, Cel};

/// Returns every node that has rules.
fn nodes<'a>(
    path: String,
    node: &'a CompiledSchema,
    found: &mut Vec<(String, &'a CompiledSchema)>,
) {
    for (name, child) in &node.properties {
        nodes(format!("{path}.{name}"), child, found);
    }
    if let Some(items) = &node.items {
        nodes(format!("{path}[]"), items, found);
    }
    if let Some(others) = &node.additional_properties {
        nodes(format!("{path}[*]"), others, found);
    }
    if !node.validations.is_empty() {
        found.push((path, node));
    }
}

#[test]
fn every_rule_compiles_and_touches_only_bounded_values() {
    let compiled = compile_schema(&offline::crd_schema());
    let mut found = Vec::new();
    nodes(String::new(), &compiled, &mut found);
    let mut rules = 0;
    for (path, node) in found {
        for rule in &node.validations {
            let rule = rule.as_ref().unwrap_or_else(|error| panic!("{path}: {error}"));
            let text = &rule.rule.rule;
            // The estimate itself is far too coarse to hold against the API server's budget.
            let unbounded = |warning: &AnalysisWarning| warning.kind == WarningKind::MissingBounds;
            let warnings = estimate_rule_cost(text, node);
            assert!(!warnings.iter().any(unbounded), "{path}: {text}: {warnings:?}");
            rules += 1;
        }
    }
    let expressible = CHECKS.iter().filter(|row| matches!(row.cel, Cel::Rule { .. })).count();
    assert_eq!(rules, expressible + REFUSED.len(), "a rule found no place in the schema");
}

/// What one part of the corpus gave.
#[derive(Default)]
struct Comparison {
    compared: usize,
    differences: Vec<String>,
    sides: BTreeMap<&'static str, [usize; 2]>,
}

fn compare<'a>(cases: impl Iterator<Item = &'a corpus::Case>) -> Comparison {
    let offline = Offline::new();
    let mut found = Comparison::default();
    for corpus::Case { name, instance } in cases {
        let rust = verdict::of_rust(instance);
        if !rust.shape.is_empty() || offline::cannot_read(name) {
            continue;
        }
        found.compared += 1;
        let cel = offline.ask(instance);
        if rust.codes != cel {
            found.differences.push(format!("validate {:?}, rules {cel:?}: {name}", rust.codes));
        }
        for row in CHECKS.iter().filter(|row| verdict::is_known(row.code)) {
            found.sides.entry(row.code).or_default()[usize::from(cel.contains(row.code))] += 1;
        }
    }
    found
}

#[test]
fn validate_and_the_rules_agree_on_generated_instances() {
    let cases = corpus::cases(8_000);
    let halves: Vec<Comparison> = std::thread::scope(|scope| {
        let halves = [0, 1].map(|half| cases.iter().skip(half).step_by(2));
        let threads = halves.map(|half| scope.spawn(move || compare(half)));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let differences: Vec<&String> = halves.iter().flat_map(|half| &half.differences).collect();
    assert!(
        differences.is_empty(),
        "{}: {:#?}",
        differences.len(),
        &differences[..differences.len().min(40)]
    );
    let compared: usize = halves.iter().map(|half| half.compared).sum();
    assert!(compared > 5_000, "only {compared} instances had the right shape");
    let [first, second] = [&halves[0].sides, &halves[1].sides];
    for (code, [passing, violating]) in first {
        let [more_passing, more_violating] = second[code];
        let (passing, violating) = (passing + more_passing, violating + more_violating);
        assert!(passing > 100 && violating > 20, "{code}: {passing} pass it, {violating} break it");
    }
}

#[test]
fn each_question_of_the_policy_that_warns_ends_what_validate_says() {
    let cases = policy_corpus::cases(700);
    let told: BTreeSet<String> =
        cases.iter().flat_map(|case| asked::warnings(&case.instance)).collect();
    let all: BTreeSet<String> = questions(Severity::Warning)
        .map(|(code, question)| format!("{code}: {}: {}", question.path, question.message))
        .collect();
    assert_eq!(told, all);
}
