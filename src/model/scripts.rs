//! What `N-config` holds: openclaw.json, the scripts of the init containers and their settings.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::config::Leaf;
use super::images;
use crate::api::OpenClawInstanceSpec;
use crate::api::spec::{ConfigFormat, MergeMode};
use crate::names;

/// When a script is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    Pnpm,
    Python,
    Skills,
    Restore,
}

/// Every script by its key in `N-config`.
const SCRIPTS: &[(&str, &str, When)] = &[
    ("config.mjs", include_str!("../../templates/scripts/config.mjs"), When::Always),
    ("init-config.mjs", include_str!("../../templates/scripts/init-config.mjs"), When::Always),
    ("init-pnpm.mjs", include_str!("../../templates/scripts/init-pnpm.mjs"), When::Pnpm),
    ("init-python.sh", include_str!("../../templates/scripts/init-python.sh"), When::Python),
    ("init-restore.sh", include_str!("../../templates/scripts/init-restore.sh"), When::Restore),
    ("init-skills.mjs", include_str!("../../templates/scripts/init-skills.mjs"), When::Skills),
    ("init-state.mjs", include_str!("../../templates/scripts/init-state.mjs"), When::Always),
    ("restore.mjs", include_str!("../../templates/scripts/restore.mjs"), When::Always),
    ("start.mjs", include_str!("../../templates/scripts/start.mjs"), When::Always),
    ("state.mjs", include_str!("../../templates/scripts/state.mjs"), When::Always),
    ("store.sh", include_str!("../../templates/scripts/store.sh"), When::Restore),
    ("tree.mjs", include_str!("../../templates/scripts/tree.mjs"), When::Always),
];

/// Every script of a backup Job by its key; some of them every Pod has too.
const BACKUP_SCRIPTS: [(&str, &str); 6] = [
    ("backup.mjs", include_str!("../../templates/scripts/backup.mjs")),
    ("config.mjs", include_str!("../../templates/scripts/config.mjs")),
    ("state.mjs", include_str!("../../templates/scripts/state.mjs")),
    ("store.sh", include_str!("../../templates/scripts/store.sh")),
    ("tree.mjs", include_str!("../../templates/scripts/tree.mjs")),
    ("upload.sh", include_str!("../../templates/scripts/upload.sh")),
];

/// Returns the scripts of a backup Job by their keys.
pub fn backup_scripts() -> impl Iterator<Item = (&'static str, &'static str)> {
    BACKUP_SCRIPTS.into_iter()
}

fn is_used(when: When, spec: &OpenClawInstanceSpec) -> bool {
    match when {
        When::Always => true,
        When::Pnpm => spec.runtime_deps.pnpm,
        When::Python => spec.runtime_deps.python,
        When::Skills => !spec.skills.is_empty(),
        When::Restore => spec.restore_from.is_some(),
    }
}

/// What the settings of the init scripts are made of.
pub struct Inputs<'a> {
    /// The spec.
    pub spec: &'a OpenClawInstanceSpec,
    /// Leaves for a configuration that is completed in the Pod.
    pub leaves: &'a [Leaf],
    /// openclaw.json, when it is known at render time.
    pub config: Option<&'a Value>,
    /// Keys of `N-workspace` by the path that they are seeded to.
    pub seeds: &'a BTreeMap<String, String>,
    /// How old a snapshot may be, in seconds.
    pub restore_within: u64,
    /// Consent to swap in an older one.
    pub consent: Option<&'a str>,
    /// The collector's configuration.
    pub collector: Option<String>,
    /// Content of the ConfigMap behind `configMapRef`, when it is among the sources.
    pub external: Option<&'a str>,
}

/// Returns the data of `N-config`.
pub fn data(inputs: &Inputs<'_>) -> BTreeMap<String, String> {
    let mut data: BTreeMap<String, String> = SCRIPTS
        .iter()
        .filter(|(_, _, when)| is_used(*when, inputs.spec))
        .map(|(key, text, _)| ((*key).to_owned(), (*text).to_owned()))
        .collect();
    data.insert(names::KEY_INIT_JSON.to_owned(), pretty(&init_json(inputs)));
    if let Some(config) = inputs.config {
        data.insert(names::KEY_OPENCLAW_JSON.to_owned(), pretty(config));
    }
    if let Some(path) = &inputs.spec.restore_from {
        data.insert(names::KEY_RESTORE_FROM.to_owned(), path.clone());
    }
    if let Some(collector) = &inputs.collector {
        data.insert(names::KEY_COLLECTOR.to_owned(), collector.clone());
    }
    data
}

fn pretty(value: &Value) -> String {
    // A Value always serializes.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

fn init_json(inputs: &Inputs<'_>) -> Value {
    let spec = inputs.spec;
    let mut init = json!({
        "stateDir": names::STATE_DIR,
        "appDir": "/app",
        "config": config_settings(inputs),
        "workspace": workspace_settings(inputs),
    });
    let mut add = |key: &str, value: Value| {
        if let Value::Object(map) = &mut init {
            map.insert(key.to_owned(), value);
        }
    };
    // Without a volume there is no state to bring over from another version.
    if spec.storage.persistence.enabled {
        let within = inputs.restore_within;
        let mut state = json!({"restoreWithinSeconds": within, "consent": inputs.consent});
        if !spec.auto_update.backup_before_update {
            state["snapshot"] = json!(false);
        }
        add("state", state);
    }
    if spec.runtime_deps.pnpm {
        add("pnpm", json!({"version": images::PNPM_VERSION}));
    }
    if !spec.skills.is_empty() {
        add("skills", json!({"clawhub": images::CLAWHUB_VERSION, "items": spec.skills}));
    }
    if let Some(path) = &spec.restore_from {
        add("restore", json!({ "from": path }));
    }
    init
}

fn config_settings(inputs: &Inputs<'_>) -> Value {
    let config = &inputs.spec.config;
    let source = match &config.config_map_ref {
        Some(reference) => format!("{}/{}", names::MOUNT_CONFIG_REF, reference.key),
        None => format!("{}/{}", names::MOUNT_CONFIG, names::KEY_OPENCLAW_JSON),
    };
    let set: Vec<Value> = match inputs.config {
        Some(_) => Vec::new(),
        None => inputs.leaves.iter().map(|l| json!({"path": l.path, "value": l.value})).collect(),
    };
    let force: Vec<Vec<&str>> =
        config.force_paths.iter().map(|path| path.split('.').collect()).collect();
    json!({
        "source": source,
        "format": match config.format { ConfigFormat::Json => "json", ConfigFormat::Json5 => "json5" },
        "mode": match config.merge_mode {
            MergeMode::Overwrite => "overwrite",
            MergeMode::Merge => "merge",
        },
        "forcePaths": force,
        "set": set,
    })
}

fn workspace_settings(inputs: &Inputs<'_>) -> Value {
    let workspace = &inputs.spec.workspace;
    let files: Vec<Value> = inputs
        .seeds
        .iter()
        .map(|(path, key)| json!({"from": format!("{}/{key}", names::MOUNT_WORKSPACE), "to": path}))
        .collect();
    let trees: Vec<&str> =
        workspace.config_map_ref.iter().map(|_| names::MOUNT_WORKSPACE_REF).collect();
    json!({"directories": workspace.initial_directories, "files": files, "trees": trees})
}

/// Returns the key of a seed in `N-workspace`: letters, digits, dots and dashes stay, everything
/// else becomes `_` and two hexadecimal digits, so that two paths never share a key.
pub fn seed_key(path: &str) -> String {
    let mut key = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-') {
            key.push(char::from(byte));
        } else {
            key.push_str(&format!("_{byte:02x}"));
        }
    }
    if key.len() > 253 || key.starts_with("..") {
        return format!("sha256-{}", hex(Sha256::digest(path.as_bytes()).as_slice()));
    }
    key
}

/// Returns the SHA-256 over what makes a Pod restart: configuration, scripts, skills, tool
/// chains and the user's init containers; not the seeds, which are taken once.
pub fn config_hash(data: &BTreeMap<String, String>, inputs: &Inputs<'_>) -> String {
    let mut init = init_json(inputs);
    if let Value::Object(map) = &mut init {
        map.remove("workspace");
        if let Some(Value::Object(state)) = map.get_mut("state") {
            state.remove("restoreWithinSeconds");
        }
    }
    let mut parts: Map<String, Value> = data
        .iter()
        .filter(|(key, _)| key.as_str() != names::KEY_INIT_JSON)
        .map(|(key, text)| (key.clone(), Value::String(script_hash(key, text))))
        .collect();
    parts.insert(names::KEY_INIT_JSON.to_owned(), init);
    parts.insert("initContainers".to_owned(), json!(inputs.spec.init_containers));
    parts.insert("external".to_owned(), json!(inputs.external));
    hex(Sha256::digest(Value::Object(parts).to_string().as_bytes()).as_slice())
}

/// Returns the SHA-256 of a value of `N-config`; scripts are the same for everybody, so theirs is
/// remembered.
fn script_hash(key: &str, text: &str) -> String {
    static HASHES: OnceLock<BTreeMap<&'static str, String>> = OnceLock::new();
    let of = |text: &str| hex(Sha256::digest(text.as_bytes()).as_slice());
    let known = HASHES.get_or_init(|| SCRIPTS.iter().map(|(k, t, _)| (*k, of(t))).collect());
    known.get(key).cloned().unwrap_or_else(|| of(text))
}

/// Returns bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_paths_never_share_a_key() {
        let paths = ["a/b", "a--b", "a_b", "a_2fb", "a b", "..", "../a", "A/b", "a.b", "é"];
        let keys: std::collections::BTreeSet<String> = paths.iter().map(|p| seed_key(p)).collect();
        assert_eq!(keys.len(), paths.len());
        assert_eq!(seed_key("notes/a_b.md"), "notes_2fa_5fb.md");
        assert!(seed_key(&"x/".repeat(200)).len() < 253);
    }
}
