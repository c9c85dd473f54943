//! The real application accepts the configuration of every example and case, and the rendered init
//! scripts give the same volume twice as once. Runs under `tests/run all`, which installs them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and start programs"
)]

mod kit;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use kit::render::Rendered;
use openclaw::validate::config_schema::{self, Refused};
use serde_json::Value;

/// Asks the real 2026.9.6; returns its answer.
fn application(config: &str) -> Value {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("openclaw.json");
    std::fs::write(&file, config).unwrap();
    let output = Command::new(kit::tool("NODE24"))
        .args([&kit::tool("OPENCLAW"), "config", "validate", "--json"])
        .env_clear()
        .env("HOME", home.path())
        .env("OPENCLAW_STATE_DIR", home.path())
        .env("OPENCLAW_CONFIG_PATH", &file)
        .env("XDG_CACHE_HOME", home.path().join("cache"))
        .env("TMPDIR", home.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = text.find('{').unwrap_or_else(|| panic!("no answer: {output:?}"));
    serde_json::from_str(&text[start..]).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every openclaw.json that is known at render time, with the cases that have it.
fn configurations() -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rendered in kit::render::all() {
        if let Some(config) = rendered.instance.config.data.get("openclaw.json") {
            all.entry(config.clone()).or_default().push(rendered.case);
        }
    }
    all
}

fn all_are_accepted(configurations: &BTreeMap<String, Vec<String>>) {
    let next = Mutex::new(configurations.iter());
    // Each run takes 215 MB and a second or two; two at a time suit a small machine.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((config, cases)) = { next.lock().unwrap().next() } {
                    let answer = application(config);
                    assert_eq!(answer["valid"], true, "{cases:?}: {answer}");
                }
            });
        }
    });
}

#[test]
fn the_application_accepts_every_rendered_configuration() {
    let all = configurations();
    assert!(all.len() > 10);
    all_are_accepted(&all);
}

#[test]
fn the_application_refuses_what_validate_refuses() {
    for config in [
        r#"{"gateway": {"mode": "local"}, "agents": {"defaults": {"sandbox": true}}}"#,
        r#"{"gateway": {"mode": "local"}, "bogus": 1}"#,
    ] {
        let value: Value = serde_json::from_str(config).unwrap();
        assert!(!config_schema::check(&value, Some("2026.9.6")).is_empty());
        assert_eq!(application(config)["valid"], false, "{config}");
    }
}

#[test]
fn the_oldest_known_schema_knows_every_key_that_is_rendered() {
    for (config, cases) in configurations() {
        let value: Value = serde_json::from_str(&config).unwrap();
        let refused: Vec<_> = config_schema::check(&value, Some("2026.2.17"))
            .into_iter()
            .filter(|finding| finding.refused_by == Refused::EveryVersion)
            .collect();
        assert!(refused.is_empty(), "{cases:?}: {refused:?}");
    }
}

/// What stands behind `configMapRef` where a case does not say.
const EXTERNAL: [(&str, &str); 2] = [
    ("json", r#"{"session": {"scope": "per-sender"}}"#),
    ("json5", "{\n  // As people write it.\n  session: {scope: 'per-sender',},\n}\n"),
];

/// A Pod's files in a scratch folder, with its paths instead of the Pod's.
struct Volume {
    scratch: tempfile::TempDir,
}

impl Volume {
    fn of(rendered: &Rendered) -> Self {
        let volume = Self { scratch: tempfile::tempdir().unwrap() };
        for (key, text) in &rendered.instance.config.data {
            let text =
                if key == "init.json" { volume.settings(rendered, text) } else { text.clone() };
            volume.write(&format!("etc/{key}"), &text);
        }
        for (key, text) in rendered.instance.workspace.iter().flat_map(|map| &map.data) {
            volume.write(&format!("workspace/{key}"), text);
        }
        volume.write("workspace-ref/TEAM.md", "text of the team\n");
        volume.write("app/package.json", r#"{"version": "2026.9.6"}"#);
        let json5 = Path::new(&kit::tool("OPENCLAW")).with_file_name("../json5");
        std::fs::create_dir_all(volume.root().join("app/node_modules")).unwrap();
        let copied = Command::new("cp")
            .arg("-R")
            .args([&json5, &volume.root().join("app/node_modules")])
            .status();
        assert!(copied.unwrap().success());
        std::fs::create_dir_all(volume.root().join("state")).unwrap();
        volume
    }

    fn root(&self) -> &Path {
        self.scratch.path()
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.root().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// The settings of the scripts with paths of here, and what they read from other ConfigMaps.
    fn settings(&self, rendered: &Rendered, text: &str) -> String {
        let at = self.root().to_string_lossy();
        let text = text
            .replace("/home/openclaw/.openclaw", &format!("{at}/state"))
            .replace("/etc/openclaw-workspace", &format!("{at}/workspace"))
            .replace("/etc/openclaw-ref/", &format!("{at}/ref/"))
            .replace("/etc/openclaw/", &format!("{at}/etc/"))
            .replace("\"/app\"", &format!("\"{at}/app\""));
        let mut settings: Value = serde_json::from_str(&text).unwrap();
        // There is no bucket here.
        settings.as_object_mut().unwrap().remove("restore");
        let source = Path::new(settings["config"]["source"].as_str().unwrap());
        if let Ok(path) = source.strip_prefix(self.root().join("ref")) {
            let format = settings["config"]["format"].as_str().unwrap();
            let known = rendered.neighbors.config_maps.values().next();
            let content = match known.and_then(|data| data.get(path.to_str().unwrap())) {
                Some(content) => content,
                None => EXTERNAL.iter().find(|(known, _)| *known == format).unwrap().1,
            };
            self.write(&format!("ref/{}", path.display()), content);
        }
        settings.to_string()
    }

    /// Runs the Pod's init containers that need no network, as the Pod's user.
    fn start(&self, rendered: &Rendered) {
        let root = self.root().to_string_lossy();
        let node = kit::tool("NODE24");
        for container in rendered.pod()["initContainers"].as_array().unwrap() {
            let name = container["name"].as_str().unwrap();
            if !["init-state", "init-config"].contains(&name) {
                continue;
            }
            let script = container["args"][1].as_str().unwrap();
            let script = script.replace("/etc/openclaw/", &format!("{root}/etc/"));
            let command = format!(
                "umask 022; if [ \"$(id -u)\" = 0 ]; then chown -R 1000:1000 '{root}' && \
                 chmod 755 '{root}' && exec setpriv --reuid 1000 --regid 1000 --clear-groups \
                 '{node}' '{script}'; else exec '{node}' '{script}'; fi"
            );
            let output = Command::new("sh").args(["-c", &command]).output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            let good = output.status.success() && error.is_empty();
            assert!(good, "{} {name}: {error}", rendered.case);
        }
    }

    fn state(&self) -> BTreeMap<String, String> {
        kit::tree(&self.root().join("state"))
    }
}

#[test]
fn the_init_scripts_give_the_same_volume_twice_as_once() {
    let mut completed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for rendered in &kit::render::all() {
        let mounted = (&rendered.instance.config.data, &rendered.instance.workspace);
        if !seen.insert(format!("{mounted:?}")) {
            continue;
        }
        let volume = Volume::of(rendered);
        volume.start(rendered);
        let once = volume.state();
        volume.start(rendered);
        assert_eq!(volume.state(), once, "{}", rendered.case);
        let written = &once["openclaw.json"];
        match rendered.instance.config.data.get("openclaw.json") {
            Some(config) => {
                let values = [written, config].map(|text| serde_json::from_str::<Value>(text));
                let [written, expected] = values.map(Result::unwrap);
                assert_eq!(written, expected, "{}", rendered.case);
            }
            None => completed.entry(written.clone()).or_default().push(rendered.case.clone()),
        }
        let init: Value =
            serde_json::from_str(&rendered.instance.config.data["init.json"]).unwrap();
        for file in init["workspace"]["files"].as_array().unwrap() {
            let to = format!("workspace/{}", file["to"].as_str().unwrap());
            assert!(once.contains_key(&to), "{}: {to}", rendered.case);
        }
    }
    assert!(completed.len() >= 3 && seen.len() > 30, "{} of {}", completed.len(), seen.len());
    all_are_accepted(&completed);
}
