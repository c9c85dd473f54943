//! The golden cases are asked too: what nobody may do stays closed unless the case opens it.

use serde_json::Value;

use crate::expected::NEVER;
use crate::kit::reach::questions;
use crate::kit::render;

/// What single cases ask for, and no other has.
const OPENED: [(&str, &[&str]); 2] = [
    ("network-policy", &["the internet -> gateway", "agent -> a Pod of its namespace at 8080"]),
    // Without a policy everything is open.
    ("network-policy-off", &NEVER),
];

#[test]
fn what_nobody_may_do_no_case_opens_but_those_that_ask_for_it() {
    let mut count = 0;
    for r in render::all() {
        let objects: Vec<Value> = r.manifests.iter().map(|m| m.value.clone()).collect();
        for (agent, found) in questions::answer(objects) {
            let is_open = |question: &&str| {
                let answer = found.iter().find(|(name, _)| name == question);
                answer.unwrap().1.word() != "no"
            };
            let opened: Vec<&str> = NEVER.into_iter().filter(is_open).collect();
            let asked = OPENED.iter().find(|(case, _)| *case == r.case);
            assert_eq!(opened, asked.map_or(&[][..], |(_, list)| *list), "{} {agent}", r.case);
            count += found.len();
        }
    }
    eprintln!("questions answered about cases: {count}");
}
