//! The real application accepts the configuration of every example and case, and the rendered init
//! scripts give the same volume twice as once. Runs under `tests/run all`, which installs them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and start programs"
)]

mod kit;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

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

#[test]
fn the_application_accepts_every_rendered_configuration() {
    let all: Vec<_> = configurations().into_iter().collect();
    assert!(all.len() > 10);
    let next = Mutex::new(all.iter());
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

/// Lays the mounted files of a case into a folder, with its paths instead of the Pod's.
fn mount(rendered: &kit::render::Rendered, root: &Path) {
    let place = |text: &str| {
        let at = root.to_string_lossy();
        text.replace("/home/openclaw/.openclaw", &format!("{at}/state"))
            .replace("/etc/openclaw-workspace", &format!("{at}/workspace"))
            .replace("/etc/openclaw/", &format!("{at}/etc/"))
            .replace("\"/app\"", &format!("\"{at}/app\""))
    };
    let write = |folder: &str, key: &str, text: &str| {
        std::fs::create_dir_all(root.join(folder)).unwrap();
        std::fs::write(root.join(folder).join(key), text).unwrap();
    };
    for (key, text) in &rendered.instance.config.data {
        let text = if key == "init.json" { place(text) } else { text.clone() };
        write("etc", key, &text);
    }
    if let Some(map) = &rendered.instance.workspace {
        map.data.iter().for_each(|(key, text)| write("workspace", key, text));
    }
    write("app", "package.json", r#"{"version": "2026.9.6"}"#);
    std::fs::create_dir_all(root.join("state")).unwrap();
}

#[test]
fn the_init_scripts_give_the_same_volume_twice_as_once() {
    let node = kit::tool("NODE24");
    for case in ["workspace", "config-raw", "config-merge", "full.yaml"] {
        let all = kit::render::all();
        let rendered = all.iter().find(|r| r.case == case).unwrap();
        let scratch = tempfile::tempdir().unwrap();
        mount(rendered, scratch.path());
        // External ConfigMaps and backups do not exist here.
        let init = scratch.path().join("etc/init.json");
        let mut settings: Value =
            serde_json::from_str(&std::fs::read_to_string(&init).unwrap()).unwrap();
        settings["workspace"]["trees"] = serde_json::json!([]);
        settings.as_object_mut().unwrap().remove("restore");
        std::fs::write(&init, settings.to_string()).unwrap();
        let root = scratch.path().to_string_lossy().into_owned();
        let run = |script: &str| {
            let script = format!("{root}/etc/{script}");
            // As root the scripts run as the Pod's user.
            let command = format!(
                "umask 022; if [ \"$(id -u)\" = 0 ]; then chown -R 1000:1000 '{root}' && \
                 chmod 755 '{root}' && exec setpriv --reuid 1000 --regid 1000 --clear-groups \
                 '{node}' '{script}'; else exec '{node}' '{script}'; fi"
            );
            let output = Command::new("sh").args(["-c", &command]).output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{case} {script}: {error}");
        };
        let state = scratch.path().join("state");
        run("init-state.mjs");
        run("init-config.mjs");
        let once = kit::tree(&state);
        run("init-state.mjs");
        run("init-config.mjs");
        assert_eq!(kit::tree(&state), once, "{case}");
        if let Some(config) = rendered.instance.config.data.get("openclaw.json") {
            let written: Value = serde_json::from_str(&once["openclaw.json"]).unwrap();
            let expected: Value = serde_json::from_str(config).unwrap();
            assert_eq!(written, expected, "{case}");
        }
    }
}
