//! `openclaw fn`: a ResourceList in, a ResourceList out, with a result for each finding.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use kit::{Output, Test};
use serde_json::{Value, json};

const CLEAN: &str = include_str!("validate/clean.yaml");

fn item(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}\n")).collect();
    format!("  -\n{}", lines.concat())
}

fn list(items: &[&str], more: &str) -> String {
    let items: String = items.iter().map(|text| item(text)).collect();
    format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n{items}{more}")
}

fn answer(input: &str) -> (Output, Value) {
    let output = Test::new().args(["fn"]).stdin(input).run();
    let value = serde_yaml::from_str(&output.stdout).unwrap();
    (output, value)
}

fn rendered(namespace: &str, text: &str) -> Vec<Value> {
    let test = Test::new().stdin(text).args(["render", "-n", namespace, "-"]);
    kit::documents(&test.success())
}

#[test]
fn an_instance_becomes_what_render_prints() {
    let (output, value) = answer(&list(&[CLEAN], ""));
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert_eq!(value["items"], json!(rendered("default", CLEAN)));
    assert_eq!(value.get("results"), None);
}

#[test]
fn a_config_names_the_settings_in_each_of_its_forms() {
    for config in [
        "apiVersion: openclaw.rocks/v1alpha1\n  kind: RenderConfig\n  metadata: {name: a}\n  namespace: agents",
        "apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n  data: {namespace: agents}",
    ] {
        let (output, value) = answer(&list(&[CLEAN], &format!("functionConfig:\n  {config}\n")));
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{config}");
        assert_eq!(value["items"], json!(rendered("agents", CLEAN)), "{config}");
    }
    // A generator has no items, and renders the instance that is its configuration.
    let config = item(CLEAN).replace("  -\n", "functionConfig:\n");
    for items in ["", "items: []\n", "items:\n"] {
        let (output, value) = answer(&format!("kind: ResourceList\n{items}{config}"));
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{items}");
        assert_eq!(value["items"], json!(rendered("default", CLEAN)), "{items}");
    }
}

#[test]
fn a_config_map_among_the_items_is_read_and_kept() {
    let instance = CLEAN.replace(
        "spec:\n",
        "spec:\n  config:\n    configMapRef:\n      name: ours\n      key: openclaw.json\n",
    );
    let hash = |content: &str| {
        let map = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ours\ndata:\n  openclaw.json: '{content}'\n"
        );
        let (output, value) = answer(&list(&[&map, &instance], ""));
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let items = value["items"].as_array().unwrap();
        assert_eq!(items[0], serde_yaml::from_str::<Value>(&map).unwrap());
        let set = items.iter().find(|item| item["kind"] == "StatefulSet").unwrap();
        set["spec"]["template"]["metadata"]["annotations"]["openclaw.rocks/config-hash"].clone()
    };
    assert!(hash("{}").is_string());
    assert_ne!(hash("{}"), hash("{\"a\": 1}"));
}

#[test]
fn findings_are_results_and_words() {
    let annotated = "metadata:\n  annotations:\n    config.kubernetes.io/path: agents/a.yaml\n";
    let broken = CLEAN
        .replace("metadata:\n", annotated)
        .replace("my-agent", "My_Agent")
        .replace("spec:\n", "spec:\n  chromiun: {}\n");
    let warned: String = CLEAN.split_inclusive('\n').take(7).collect();
    let input = list(&[&broken, &warned], "");
    let (output, value) = answer(&input);
    assert_eq!(output.code, Some(1));
    let before: Value = serde_yaml::from_str(&input).unwrap();
    assert_eq!(value["items"], before["items"], "nothing is rendered");
    kit::golden("tests/function/results.yaml", &openclaw::render::yaml::write(&value["results"]));
    kit::golden("tests/function/words.txt", &output.stderr);
    let (output, value) = answer(&list(&[&warned], ""));
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(value["results"][0]["severity"], "warning");
    assert_eq!(value["results"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_list_or_no_config_is_told() {
    let mut told = String::new();
    for input in [
        "",
        "kind: List\nitems: []\n",
        "kind: ResourceList\nitems: {}\n",
        "kind: ResourceList\nitems: [1]\n",
        "kind: ResourceList\n---\nkind: ResourceList\n",
        "kind: ResourceList\nfunctionConfig: {kind: Thing}\n",
        "kind: ResourceList\nfunctionConfig:\n  kind: RenderConfig\n  templates: templates\n",
        "kind: ResourceList\nfunctionConfig:\n  kind: ConfigMap\n  data: {namespase: a}\n",
    ] {
        let (output, value) = answer(input);
        assert_eq!(output.code, Some(1), "{input}");
        assert_eq!(value["kind"], "ResourceList", "{input}");
        assert!(value["results"][0]["message"].is_string(), "{input}");
        told.push_str(&output.stderr);
    }
    kit::golden("tests/function/refused.txt", &told);
}
