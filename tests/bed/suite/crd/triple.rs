//! `validate`, the rules as kube evaluates them offline, and the API server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use openclaw::validate::{CHECKS, Cel};

use super::server::{Answer, Namespace, Server, install};
use crate::corpus::{Case, cases};
use crate::offline::{self, Offline};
use crate::{agreement, verdict};

const THREADS: usize = 4;

/// Whether a policy asks the whole rule, and not a part of it.
fn is_in_policy(code: &str) -> bool {
    CHECKS.iter().any(|row| row.code == code && matches!(row.cel, Cel::Policy(_)))
}

/// What some of the instances gave.
#[derive(Default)]
struct Comparison {
    differences: Vec<String>,
    needed: BTreeMap<&'static str, usize>,
    /// The rules that were broken.
    broken: BTreeSet<String>,
    created: usize,
    denied: usize,
    offline: usize,
}

impl Comparison {
    fn add(&mut self, case: &Case, answer: &Answer, offline: &Offline) {
        let rust = verdict::of_rust(&case.instance);
        let messages = answer.messages();
        // What a policy refuses, the CRD has accepted.
        let of_crd: &[String] = if answer.is_denied() { &[] } else { &messages };
        let judged = agreement::judge(&rust, of_crd);
        for why in &judged.excused {
            *self.needed.entry(why).or_default() += 1;
        }
        let mut agree = judged.agree;
        if rust.shape.is_empty() && !offline::cannot_read(&case.name) {
            self.offline += 1;
            let found = offline.ask(&case.instance);
            agree &= found == rust.codes;
            agree &= judged.codes.as_ref().is_none_or(|codes| *codes == found);
        }
        if answer.is_denied() {
            self.denied += 1;
            let code = verdict::code_of(&messages[0]).unwrap();
            agree &= rust.others.contains(&code);
            self.broken.insert(code);
        } else if messages.is_empty() {
            self.created += 1;
            agree &= !rust.others.iter().any(|code| is_in_policy(code));
        }
        self.broken.extend(judged.codes.into_iter().flatten());
        if !agree {
            self.differences.push(format!("{}: {rust:?}, the API server {messages:?}", case.name));
        }
    }

    fn join(mut self, other: Self) -> Self {
        self.differences.extend(other.differences);
        for (why, count) in other.needed {
            *self.needed.entry(why).or_default() += count;
        }
        self.broken.extend(other.broken);
        self.created += other.created;
        self.denied += other.denied;
        self.offline += other.offline;
        self
    }
}

#[test]
fn validate_the_offline_rules_and_the_api_server_agree_on_generated_instances() {
    install();
    let (server, namespace) = (Server::new(), Namespace::new("crd-triple"));
    let start = Instant::now();
    let mut cases = cases(2_200);
    cases.extend(crate::policy_corpus::cases(800));
    for case in &mut cases {
        case.instance["metadata"]["namespace"] = namespace.0.into();
    }
    let compare = |part: usize| {
        let (mut found, offline) = (Comparison::default(), Offline::new());
        for case in cases.iter().skip(part).step_by(THREADS) {
            let answer = server.try_create(namespace.0, &case.instance);
            found.add(case, &answer, &offline);
        }
        found
    };
    let parts: Vec<Comparison> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|part| scope.spawn(move || compare(part))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let all = parts.into_iter().fold(Comparison::default(), Comparison::join);
    println!("differences in the CEL triple: {} of {}", all.differences.len(), cases.len());
    println!(
        "created {}, denied by policy {}, asked offline {}, in {:.1} s; exceptions: {:#?}",
        all.created,
        all.denied,
        all.offline,
        start.elapsed().as_secs_f32(),
        all.needed
    );
    let shown = &all.differences[..all.differences.len().min(40)];
    assert!(shown.is_empty(), "{} of {}: {shown:#?}", all.differences.len(), cases.len());
    assert!(all.created > 1_000 && all.denied > 20 && all.offline > 2_000);
    assert_eq!(all.needed.len(), agreement::exceptions().count(), "some are never needed");
    let carried = CHECKS.iter().filter(|row| verdict::is_known(row.code));
    let unbroken: Vec<&str> =
        carried.map(|row| row.code).filter(|code| !all.broken.contains(*code)).collect();
    assert!(unbroken.is_empty(), "no instance breaks {unbroken:?}");
}
