//! The tables can fail: one change to what was rendered changes the answer that it should, and a
//! change that means the same changes none. The changes are in `tests/reach/mutations.yaml`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::examples::objects;
use crate::kit;
use crate::kit::reach::questions;

/// Every answer as a word, by agent and question.
fn words(objects: Vec<Value>) -> BTreeMap<(String, String), &'static str> {
    let mut found = BTreeMap::new();
    for (agent, answers) in questions::answer(objects) {
        for (question, answer) in answers {
            found.insert((agent.clone(), question), answer.word());
        }
    }
    found
}

#[test]
fn a_change_of_meaning_changes_the_answer_and_another_does_not() {
    let table: Value = serde_yaml::from_str(include_str!("mutations.yaml")).unwrap();
    let examples: BTreeMap<String, Vec<Value>> = objects().into_iter().collect();
    let mut count = 0;
    for group in table.as_array().unwrap() {
        let (example, kind) = (group["example"].as_str().unwrap(), &group["kind"]);
        let before = words(examples[example].clone());
        for row in group["changes"].as_array().unwrap() {
            let mut objects = examples[example].clone();
            let at = row["at"].as_str().unwrap();
            let object = objects.iter_mut().find(|object| object["kind"] == *kind).unwrap();
            kit::change(object, at, row.get("put").cloned());
            let after = words(objects);
            let changed: Vec<String> = after
                .iter()
                .filter(|(asked, word)| before[*asked] != **word)
                .map(|((_, question), word)| format!("{question}: {word}"))
                .collect();
            match row["then"].as_str() {
                None => assert_eq!(changed, [""; 0], "{example} {kind} {row}"),
                Some(then) => assert!(changed.iter().any(|c| c == then), "{row}: {changed:?}"),
            }
            count += 1;
        }
    }
    eprintln!("changes told apart: {count}");
}
