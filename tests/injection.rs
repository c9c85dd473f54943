//! No value becomes structure: every text of an instance that uses every field is replaced in turn
//! by each nasty text, and what comes out has the same shape or is a finding.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and read files"
)]

mod kit;

use std::collections::BTreeSet;

use openclaw::api::load::{self, Input, Reading};
use openclaw::api::settings::Settings;
use openclaw::model::{self, Neighbors};
use openclaw::render;
use openclaw::render::engine::{Context, Engine, Overrides};
use rayon::prelude::*;
use serde_json::{Value, json};

/// Paths of all texts below a value, as JSON pointers.
fn texts(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(map) => {
            for (key, child) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                texts(child, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// Renders an instance; `None` when it is refused.
fn objects(instance: &Value) -> Option<Vec<Value>> {
    let settings = Settings::default();
    // JSON is YAML, and quoting is not what is tested here.
    let bytes = instance.to_string().into_bytes();
    let input = Input { name: "a.yaml".to_owned(), origin: Some("a.yaml".to_owned()), bytes };
    let reading = Reading { settings: &settings, namespace: None, schema: load::schema() };
    let mut sources = load::load(&input, reading);
    if sources.report.has_errors() {
        return None;
    }
    let loaded = sources.instances.pop()?;
    let (instance, _) = model::resolve(&loaded, &settings, &Neighbors::default()).ok()?;
    let manifests = render::render(Engine::shared(), &instance).unwrap();
    let text = openclaw::tree::stream(&manifests);
    let read: Vec<Value> =
        manifests.iter().map(|manifest| serde_yaml::from_str(&manifest.text()).unwrap()).collect();
    let whole: Vec<Value> = manifests.into_iter().map(|manifest| manifest.value).collect();
    assert_eq!(read, whole);
    assert_eq!(text.matches("\napiVersion: ").count() + 1, whole.len() + 1);
    Some(whole)
}

/// The kind of every value at every path, without the spec of the instance itself, which is what
/// the user wrote, and without lists that the text itself may lengthen.
fn shape(objects: &[Value]) -> BTreeSet<String> {
    fn walk(value: &Value, at: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Array(items) => {
                items.iter().for_each(|item| walk(item, &format!("{at}[]"), found));
            }
            Value::Object(map) => {
                for (key, child) in map {
                    walk(child, &format!("{at}.{key}"), found);
                }
            }
            Value::String(_) => drop(found.insert(format!("{at}: text"))),
            Value::Number(_) => drop(found.insert(format!("{at}: number"))),
            Value::Bool(_) => drop(found.insert(format!("{at}: boolean"))),
            Value::Null => drop(found.insert(format!("{at}: null"))),
        }
    }
    let mut found = BTreeSet::new();
    for object in objects.iter().filter(|object| object["kind"] != "OpenClawInstance") {
        walk(object, object["kind"].as_str().unwrap(), &mut found);
    }
    found
}

/// What may differ without being structure: an annotation that tells Flux to keep off, and what
/// a class, a bundle, an image or an identity decides.
fn is_expected(path: &str) -> bool {
    let decided = [
        "kustomize.toolkit.fluxcd.io/substitute",
        "nginx.ingress.kubernetes.io",
        "traefik.ingress.kubernetes.io",
        "app.kubernetes.io/version",
        "Middleware",
        "ingressClassName",
        "storageClassName",
        ".env[].value",
        ".command[]",
        ".args[]",
        "readOnly",
        ".sub",
    ];
    decided.iter().any(|part| path.contains(part))
}

#[test]
fn a_nasty_text_in_any_field_is_refused_or_stays_a_text() {
    let file = std::fs::read(kit::root().join("examples/full.yaml")).unwrap();
    let (documents, _) = openclaw::api::source::read("full.yaml", &file);
    let full = documents[0].value();
    let plain = shape(&objects(&full).unwrap());
    let mut paths = Vec::new();
    texts(&full["spec"], "/spec", &mut paths);
    texts(&full["metadata"], "/metadata", &mut paths);
    assert!(paths.len() > 100, "{}", paths.len());
    let nasty = kit::nasty();
    // Every field with every text takes minutes: every night all pairs, else every eighth.
    let step = if kit::nightly() { 1 } else { 8 };
    let accepted: usize = paths
        .par_iter()
        .enumerate()
        .map(|(at, path)| {
            let mut accepted = 0;
            for (_, text) in nasty.iter().enumerate().filter(|(index, _)| (at + index) % step == 0)
            {
                let mut instance = full.clone();
                *instance.pointer_mut(path).unwrap() = Value::String(text.clone());
                let Some(objects) = objects(&instance) else { continue };
                accepted += 1;
                let found = shape(&objects);
                let strange: Vec<&String> =
                    found.symmetric_difference(&plain).filter(|p| !is_expected(p)).collect();
                assert!(strange.is_empty(), "{path} = {text:?}: {strange:?}");
            }
            accepted
        })
        .sum();
    // Free texts such as environment values and seeds take nearly everything.
    assert!(accepted * step > 1000, "{accepted}");
}

fn render_service(template: &str) -> Result<Value, String> {
    let mut overrides = Overrides::default();
    overrides.insert("service.yaml.j2", template.to_owned()).map_err(|e| e.to_string())?;
    let engine = Engine::with(overrides);
    let context = Context::new(&json!({"name": "a\"b: c\n- d", "list": ["x", "y"]}));
    engine.render("service.yaml.j2", &context).map_err(|e| e.to_string())
}

#[test]
fn a_placeholder_is_a_whole_scalar_or_the_template_is_refused() {
    assert_eq!(render_service("a: {{ name }}\n").unwrap(), json!({"a": "a\"b: c\n- d"}));
    assert_eq!(render_service("a: {{ list }}\n").unwrap(), json!({"a": ["x", "y"]}));
    for template in [
        "a: \"{{ name }}\"x\n",
        "a: \"x-{{ name }}\"\n",
        "a: x-{{ name }}\n",
        "a: {{ name }}-x\n",
        "{{ name }}: b\n",
        "a: |\n  {{ name }}\n  b\n",
        "a: {{ name }}{{ name }}\n",
        "a: {{ nothing }}\n",
        "a: {{ name | default('x') | nosuch }}\n",
        "a: {{ now() }}\n",
        "a: {{ env('HOME') }}\n",
        "a: {{ range(1000000000) }}\n",
        "{% for x in range(10000000) %}a{% endfor %}",
        "{% include 'role.yaml.j2' %}",
        "a: [\n",
    ] {
        assert!(render_service(template).is_err(), "{template:?} was taken");
    }
    let unknown = Overrides::default().insert("nosuch.yaml.j2", String::new());
    assert!(unknown.unwrap_err().to_string().contains("no such template"));
}
