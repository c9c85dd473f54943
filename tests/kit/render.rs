//! Renders in this process what the binary would render.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use openclaw::api::load::{self, Input, Loaded, Reading};
use openclaw::api::settings::Settings;
use openclaw::diagnostic::{Report, text};
use openclaw::model::{self, Instance, Neighbors};
use openclaw::render::engine::Engine;
use openclaw::render::{self, Manifest};
use openclaw::tree;
use serde_json::Value;

/// An instance with everything that was rendered for it.
pub struct Rendered {
    /// Name of its case or example.
    pub case: String,
    pub loaded: Loaded,
    pub settings: Settings,
    pub instance: Instance,
    pub manifests: Vec<Manifest>,
    pub neighbors: Neighbors,
}

impl Rendered {
    /// The first object of a kind.
    pub fn object(&self, kind: &str) -> Option<&Value> {
        self.manifests.iter().find(|m| m.kind == kind).map(|m| &m.value)
    }

    /// The object of a kind and name.
    pub fn named(&self, kind: &str, name: &str) -> Option<&Value> {
        self.manifests.iter().find(|m| m.kind == kind && m.name == name).map(|m| &m.value)
    }

    /// The Pod's spec.
    pub fn pod(&self) -> &Value {
        &self.object("StatefulSet").unwrap()["spec"]["template"]["spec"]
    }

    /// Every container, init containers first.
    pub fn containers(&self) -> Vec<&Value> {
        ["initContainers", "containers"]
            .iter()
            .flat_map(|list| self.pod()[*list].as_array().unwrap())
            .collect()
    }

    /// The files of its folder, by path.
    pub fn files(&self) -> BTreeMap<String, String> {
        tree::files(&self.instance, &self.manifests, &self.settings).into_iter().collect()
    }
}

/// Renders every instance of a file; the settings lie beside it as openclaw.yaml, if at all.
#[track_caller]
pub fn file(case: &str, path: &Path) -> Vec<Rendered> {
    let settings = path.with_file_name("openclaw.yaml");
    let settings = match std::fs::read(&settings) {
        Ok(bytes) => openclaw::validate::settings::read("openclaw.yaml", &bytes).0.unwrap(),
        Err(_) => Settings::default(),
    };
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let input = Input {
        name: name.clone(),
        origin: Some(format!("instances/{name}")),
        bytes: std::fs::read(path).unwrap(),
    };
    let reading = Reading { settings: &settings, namespace: None, schema: load::schema() };
    let sources = load::load(&input, reading);
    check(case, &sources.report);
    let neighbors = Neighbors { config_maps: sources.config_maps };
    sources.instances.iter().map(|loaded| one(case, loaded, &settings, &neighbors)).collect()
}

#[track_caller]
fn one(case: &str, loaded: &Loaded, settings: &Settings, neighbors: &Neighbors) -> Rendered {
    let instance = match model::resolve(loaded, settings, neighbors) {
        Ok((instance, _)) => instance,
        Err(report) => panic!("{case}: {}", text::render(&report, false)),
    };
    let manifests = render::render(Engine::shared(), &instance).unwrap();
    Rendered {
        case: case.to_owned(),
        loaded: loaded.clone(),
        settings: settings.clone(),
        instance,
        manifests,
        neighbors: neighbors.clone(),
    }
}

#[track_caller]
fn check(case: &str, report: &Report) {
    assert!(!report.has_errors(), "{case}: {}", text::render(report, false));
}

/// The names of the golden cases.
pub fn cases() -> Vec<String> {
    let folder = super::root().join("tests/golden");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().join("instance.yaml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Every golden case and every example, rendered.
pub fn all() -> Vec<Rendered> {
    let golden = super::root().join("tests/golden");
    let examples = super::root().join("examples");
    let mut all: Vec<Rendered> = Vec::new();
    for case in cases() {
        all.extend(file(&case, &golden.join(&case).join("instance.yaml")));
    }
    for name in super::examples() {
        all.extend(file(&name, &examples.join(&name)));
    }
    all
}

/// Runs `check` over every golden case and every example.
pub fn each(check: impl Fn(&Rendered)) {
    all().iter().for_each(check);
}

/// The texts of a list.
pub fn texts(value: &Value) -> BTreeSet<String> {
    super::restricted::list(value).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether `labels` has every label of `selector`.
pub fn is_subset(selector: &Value, labels: &Value) -> bool {
    let mut wanted = selector.as_object().unwrap().iter();
    wanted.all(|(key, value)| labels.get(key) == Some(value))
}
