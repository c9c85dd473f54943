//! The steps of a workflow, or of an action, as the runner of a host runs them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::kit::Test;
use crate::{path, run_with};

/// One run.
pub struct Job<'a> {
    test: &'a Test,
    /// What stands in `${{ }}`, by its name.
    pub values: BTreeMap<String, String>,
    /// Variables of the runner.
    pub env: BTreeMap<String, String>,
    /// Names of the steps that ran.
    pub ran: Vec<String>,
    /// What they printed.
    pub printed: String,
}

impl<'a> Job<'a> {
    /// A runner in the folder of a test; what it writes for itself goes below `.git`. The tool was
    /// built before.
    pub fn new(test: &'a Test) -> Self {
        let scratch = test.path().join(".git");
        let at = |name: &str| scratch.join(name).to_str().unwrap().to_owned();
        let files = [
            ("RUNNER_TEMP", ""),
            ("GITHUB_OUTPUT", "o"),
            ("GITHUB_PATH", "p"),
            ("GITHUB_STEP_SUMMARY", "s"),
        ];
        let mut env = BTreeMap::from(files.map(|(name, file)| (name.to_owned(), at(file))));
        env.insert("PATH".to_owned(), path());
        let mut job =
            Self { test, values: BTreeMap::new(), env, ran: Vec::new(), printed: String::new() };
        job.set("steps.cache.outputs.cache-hit", "true");
        job.set("github.event_name", "push");
        job
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// Gives an action what it was called with, and its defaults.
    pub fn inputs(&mut self, action: &Value, given: &[(&str, &str)]) {
        assert_eq!(action["runs"]["using"], "composite");
        let place = crate::kit::root().join(".github/actions/check");
        self.set("github.action_path", place.to_str().unwrap());
        for (name, input) in action["inputs"].as_object().unwrap() {
            let found = given.iter().find(|(known, _)| known == name);
            let value =
                found.map_or_else(|| input["default"].as_str().unwrap(), |(_, value)| value);
            self.set(&format!("inputs.{name}"), value);
        }
    }

    pub fn test(&self) -> &'a Test {
        self.test
    }

    #[track_caller]
    fn value(&self, name: &str) -> String {
        if let Some(text) = name.strip_prefix('\'') {
            return text.strip_suffix('\'').unwrap().to_owned();
        }
        // What an event does not have is empty, and so is the outcome of a step that did not run.
        let is_empty = name.starts_with("github.event.") || name.ends_with(".outcome");
        let found = self.values.get(name).cloned();
        found.or(is_empty.then(String::new)).unwrap_or_else(|| panic!("no value of {name}"))
    }

    /// Puts values into a text.
    #[track_caller]
    fn expand(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{ ") {
            let (name, after) = after.split_once(" }}").unwrap();
            out.push_str(before);
            out.push_str(&self.value(name));
            rest = after;
        }
        out + rest
    }

    /// Whether a step runs after those before it.
    #[track_caller]
    fn is_due(&self, condition: Option<&str>, is_good: bool) -> bool {
        let Some(condition) = condition else { return is_good };
        let condition = condition
            .strip_prefix("${{ ")
            .map_or(condition, |inner| inner.strip_suffix(" }}").unwrap());
        let parts: Vec<&str> = condition.split(" && ").collect();
        let is_free = |part: &&&str| ["always()", "!cancelled()"].contains(*part);
        if !is_good && !parts.iter().any(|part| is_free(&part)) {
            return false;
        }
        parts.iter().filter(|part| !is_free(part)).all(|part| match part.split_once(" == ") {
            Some((left, right)) => self.value(left) == self.value(right),
            None => {
                let (left, right) = part.split_once(" != ").unwrap();
                self.value(left) != self.value(right)
            }
        })
    }

    /// Runs the steps; whether all of them were good.
    #[track_caller]
    pub fn run(&mut self, steps: &Value) -> bool {
        let mut is_good = true;
        for step in steps.as_array().unwrap() {
            let Some(script) = step["run"].as_str() else {
                let known = ["actions/cache@v4", "actions/checkout@v4"];
                assert!(known.contains(&step["uses"].as_str().unwrap()), "{step}");
                continue;
            };
            // The machine has what an image lacks.
            let is_installed = script.starts_with("apt-get ");
            if is_installed || !self.is_due(step["if"].as_str(), is_good) {
                continue;
            }
            let mut env = self.env.clone();
            for (name, value) in step["env"].as_object().into_iter().flatten() {
                env.insert(name.clone(), self.expand(value.as_str().unwrap()));
            }
            let folder =
                step["working-directory"].as_str().map_or(".".to_owned(), |f| self.expand(f));
            let script = format!("cd \"{folder}\"\n{}", self.expand(script));
            let found = run_with(self.test, &script, &env);
            if let Some(id) = step["id"].as_str() {
                let outcome = if found.is_ok() { "success" } else { "failure" };
                self.set(&format!("steps.{id}.outcome"), outcome);
            }
            is_good &= found.is_ok();
            self.ran.push(step["name"].as_str().unwrap().to_owned());
            self.printed.push_str(&found.unwrap_or_else(|text| text));
        }
        is_good
    }
}
