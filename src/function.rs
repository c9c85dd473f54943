//! Turns a ResourceList of Kubernetes' resource model into one whose instances are rendered, as
//! kustomize and kpt ask of a function. Reads nothing, writes nothing.
//!
//! What is not ours passes through as its own text, byte for byte but for its indentation: reading
//! and writing it anew would lose comments, and would decide for another reader what `yes` means.

mod list;
mod results;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::api::load::{self, Reading, Sources};
use crate::api::settings::{KIND, Settings};
use crate::diagnostic::{Finding, Report, severity};
use crate::model::{self, Neighbors};
use crate::names;
use crate::render::engine::Engine;
use crate::render::{self, Manifest, yaml};
use crate::validate::{self, across, settings};
use list::{Item, List};

/// Code of what is wrong with the list itself.
const CODE: &str = "OC0323";

/// Keys of what functions and their callers note on an object for each other; none belongs into a
/// cluster.
const BOOKKEEPING: [&str; 5] = [
    "config.k8s.io/",
    "config.kubernetes.io/",
    "internal.config.kubernetes.io/",
    "internal.kpt.dev/",
    "kustomize.config.k8s.io/",
];

/// What a function answers.
#[derive(Debug)]
pub struct Answer {
    /// The ResourceList with its results: as it came, when the report holds an error.
    pub text: String,
    /// What was found.
    pub report: Report,
}

/// Renders the instances of a list; `name` stands for it in messages.
///
/// # Errors
/// By a fault of ours alone: what is wrong with the list is in the report.
pub fn answer(name: &str, bytes: &[u8]) -> Result<Answer, render::Error> {
    let (list, mut report) = list::read(name, bytes);
    let Some(list) = list else {
        let text = list::write(&[], &results::all(&report, &[]));
        return Ok(Answer { text, report });
    };
    let settings = asked(&list, &mut report);
    let mut rendered = rendered(&list.items, &settings, &mut report)?;
    report.sort();
    if report.has_errors() {
        rendered.clear();
    }
    let text = list::write(&texts(&list.items, &rendered), &results::all(&report, &list.items));
    Ok(Answer { text, report })
}

/// Manifests by the index of their instance's item.
type Rendered = BTreeMap<usize, Vec<Manifest>>;

fn rendered(
    items: &[Item],
    settings: &Settings,
    report: &mut Report,
) -> Result<Rendered, render::Error> {
    let reading = Reading { settings, namespace: None, schema: load::schema() };
    let mut sources = Sources::default();
    let mut owners = Vec::new();
    for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_ours()) {
        load::load_document(item.document.clone(), item.path(), reading, &mut sources);
        owners.resize(sources.instances.len(), index);
    }
    report.extend(sources.report);
    report.extend(across::validate(&sources.instances, settings));
    let neighbors = Neighbors { config_maps: sources.config_maps };
    let mut rendered = Rendered::new();
    for (owner, mut loaded) in owners.into_iter().zip(sources.instances) {
        let is_kept = |key: &str| !BOOKKEEPING.iter().any(|prefix| key.starts_with(prefix));
        loaded.annotations.retain(|key, _| is_kept(key));
        let (valid, found) = validate::accept(loaded, settings);
        report.extend(found);
        if let Some(valid) = valid {
            let instance = model::assemble(&valid, settings, &neighbors);
            rendered.insert(owner, render::render(Engine::shared(), &instance)?);
        }
    }
    Ok(rendered)
}

/// Returns the items of the answer. What is rendered takes the place of its instance, and of what
/// an earlier run made, so that the answer to an answer is the same. An object of somebody else's
/// with such a name stays: that there are two is for the caller to tell.
fn texts(items: &[Item], rendered: &Rendered) -> Vec<String> {
    let identity = |value: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &value["metadata"];
        let namespace = text(&metadata["namespace"]);
        [text(&value["apiVersion"]), text(&value["kind"]), namespace, text(&metadata["name"])]
    };
    let is_made =
        |value: &Value| value["metadata"]["labels"][names::LABEL_MANAGED_BY] == names::MANAGED_BY;
    let made: Vec<_> = rendered.values().flatten().map(|one| identity(&one.value)).collect();
    let mut texts = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match rendered.get(&index) {
            Some(manifests) => texts.extend(manifests.iter().map(Manifest::text)),
            None if item.is_asked => {}
            None if is_made(&item.value) && made.contains(&identity(&item.value)) => {}
            None => texts.push(item.text.clone()),
        }
    }
    texts
}

/// Returns the settings that the functionConfig asks for; the defaults without one.
fn asked(list: &List, report: &mut Report) -> Settings {
    let Some(config) = &list.config else { return Settings::default() };
    let value = config.value();
    let fields = match value["kind"].as_str() {
        Some(KIND) => value.clone(),
        Some("ConfigMap") => value["data"].clone(),
        Some(names::KIND) => return Settings::default(),
        found => {
            let found = found.unwrap_or("nothing");
            let message = format!(
                "found kind `{found}`, allowed: `{KIND}`, `{}` or `ConfigMap`",
                names::KIND
            );
            let place = config.place("kind");
            report.push(Finding::at(CODE, "functionConfig.kind", message, None, place));
            return Settings::default();
        }
    };
    let mut fields = fields.as_object().cloned().unwrap_or_default();
    fields.remove("metadata");
    fields.insert("apiVersion".to_owned(), json!(names::API_VERSION));
    fields.insert("kind".to_owned(), json!(KIND));
    let text = yaml::write(&Value::Object(fields));
    let (settings, found) = settings::read("functionConfig", text.as_bytes());
    report.extend(found);
    let settings = settings.unwrap_or_default();
    if let Some(folder) = &settings.templates {
        let message = format!("found `{folder}`, and a function reads no files");
        let hint = Some("render with `openclaw render`, or leave it out".to_owned());
        report.push(Finding::new(CODE, severity(CODE), "functionConfig.templates", message, hint));
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What passes through is neither read as ours nor written anew.
    const OTHERS: &str = "apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
  # of another team
  - apiVersion: v1 # kept
    kind: ConfigMap
    metadata: {name: a}
    data:
      text: |+
        one
          two

  -
    apiVersion: example.com/v1
    kind: Thing
    metadata:
      name: b
    spec: {enabled: yes, at: 0o14, same: &x [1]}
";

    fn text(input: &str) -> String {
        let answer = answer("<stdin>", input.as_bytes()).unwrap();
        assert_eq!(answer.report.findings(), []);
        answer.text
    }

    #[test]
    fn what_is_not_ours_passes_through_as_it_is() {
        let expected = "apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: v1 # kept
  kind: ConfigMap
  metadata: {name: a}
  data:
    text: |+
      one
        two

- apiVersion: example.com/v1
  kind: Thing
  metadata:
    name: b
  spec: {enabled: yes, at: 0o14, same: &x [1]}
";
        assert_eq!(text(OTHERS), expected);
        assert_eq!(text(expected), expected);
        assert_eq!(text(&format!("{OTHERS}functionConfig:\n  kind: RenderConfig\n")), expected);
        let anchored = "kind: ResourceList\nitems:\n- &a kind: Thing\n  spec:\n    deep: 1\n";
        assert!(text(anchored).ends_with("\nitems:\n- &a kind: Thing\n  spec:\n    deep: 1\n"));
        let json = r#"{"kind":"ResourceList","items":[{"kind":"Thing","on":["yes"]}]}"#;
        assert!(text(json).ends_with("\nitems:\n- kind: Thing\n  \"on\":\n  - \"yes\"\n"));
    }

    #[test]
    fn the_answer_to_an_answer_is_the_same() {
        let input = "kind: ResourceList
items:
- apiVersion: openclaw.rocks/v1alpha1
  kind: OpenClawInstance
  metadata:
    name: my-agent
    annotations:
      config.kubernetes.io/path: a/b.yaml
      internal.config.kubernetes.io/index: '3'
  spec:
    image: {tag: \"2026.9.6\"}
    envFrom: [{secretRef: {name: keys}}]
";
        let once = text(input);
        assert_eq!(once.matches("\n- apiVersion: ").count(), 12);
        assert!(once.contains("openclaw.rocks/source: a/b.yaml"));
        assert!(!once.contains("config.kubernetes.io/path"));
        assert!(text(&once) == once);
    }

    #[test]
    fn what_is_no_list_is_told_in_a_list() {
        for input in ["", "kind: List\n", "a: [\n", "kind: ResourceList\nitems: 1\n"] {
            let answer = answer("<stdin>", input.as_bytes()).unwrap();
            assert!(answer.report.has_errors(), "{input}");
            let head =
                "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\nresults:\n";
            assert!(answer.text.starts_with(head), "{}", answer.text);
        }
    }
}
