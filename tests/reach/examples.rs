//! The questions of every example, with the answers as tables.

use serde_json::Value;

use crate::kit::reach::questions::{self, Answers};
use crate::kit::{self, Test};

/// The repositories among the examples, whose rendered trees are committed.
const REPOSITORIES: [&str; 2] = ["gitops-argocd", "gitops-flux"];

/// Every example with its rendered objects.
pub fn objects() -> Vec<(String, Vec<Value>)> {
    let mut found = Vec::new();
    for file in kit::examples() {
        let path = kit::root().join("examples").join(&file);
        let stream = Test::new().args(["render", path.to_str().unwrap()]).success();
        found.push((file.trim_end_matches(".yaml").to_owned(), kit::documents(&stream)));
    }
    for name in REPOSITORIES {
        let tree = kit::tree(&kit::root().join("examples").join(name).join("rendered"));
        let files = tree.iter().filter(|(path, _)| !path.contains("/."));
        found.push((name.to_owned(), files.flat_map(|(_, text)| kit::documents(text)).collect()));
    }
    found
}

/// Every agent of every example: example, agent, answers.
pub fn answers() -> Vec<(String, String, Answers)> {
    let mut found = Vec::new();
    for (example, objects) in objects() {
        for (agent, answers) in questions::answer(objects) {
            found.push((example.clone(), agent, answers));
        }
    }
    found
}

#[test]
fn every_question_about_every_example_has_its_accepted_answer() {
    let mut count = 0;
    for (example, objects) in objects() {
        let found = questions::answer(objects);
        assert!(!found.is_empty(), "{example}: no agent");
        count += found.iter().map(|(_, answers)| answers.len()).sum::<usize>();
        kit::golden(&format!("tests/reach/{example}.txt"), &questions::table(&found));
    }
    eprintln!("questions answered: {count}");
}
