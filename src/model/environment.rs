//! The environment of every container of ours.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::images;
use super::pod::Trust;
use crate::api::OpenClawInstanceSpec;
use crate::api::auth::{Auth, TOKEN_ENV};
use crate::names;

/// Returns an environment variable.
pub fn env(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

/// Variables that the application's image needs in the main and in the init containers alike:
/// everything that a program writes lies on the data volume, as the root is read-only.
fn state() -> Vec<Value> {
    let state = names::STATE_DIR;
    vec![
        env("HOME", names::HOME),
        env("OPENCLAW_STATE_DIR", state),
        env("OPENCLAW_CONFIG_PATH", names::CONFIG_PATH),
        env("XDG_CACHE_HOME", &format!("{state}/cache")),
        env("NPM_CONFIG_CACHE", &format!("{state}/cache/npm")),
    ]
}

/// Variables by which programs on the data volume are installed and found.
fn tools(spec: &OpenClawInstanceSpec) -> Vec<Value> {
    let state = names::STATE_DIR;
    let mut list = Vec::new();
    if spec.runtime_deps.pnpm || spec.runtime_deps.python || !spec.skills.is_empty() {
        list.extend([
            env("PATH", &format!("{}:{SYSTEM_PATH}", names::BIN_DIR)),
            env("XDG_DATA_HOME", &format!("{state}/.local/share")),
            env("XDG_STATE_HOME", &format!("{state}/.local/state")),
        ]);
    }
    if spec.runtime_deps.pnpm {
        list.extend([
            env("COREPACK_HOME", &format!("{state}/.local/share/corepack")),
            env("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"),
            env("PNPM_HOME", &format!("{state}/.local/share/pnpm")),
        ]);
    }
    if spec.runtime_deps.python {
        list.extend([
            env("UV_CACHE_DIR", &format!("{state}/cache/uv")),
            env("UV_PYTHON_INSTALL_DIR", &format!("{state}/.local/share/uv/python")),
            env("UV_PYTHON_BIN_DIR", names::BIN_DIR),
            env("UV_TOOL_DIR", &format!("{state}/.local/share/uv/tools")),
            env("UV_TOOL_BIN_DIR", names::BIN_DIR),
        ]);
    }
    list
}

/// Where programs lie in the application's images; the image's own PATH cannot be extended.
const SYSTEM_PATH: &str =
    "/home/node/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Returns the environment of the main container: ours, then the user's, who wins.
pub fn main(spec: &OpenClawInstanceSpec, auth: &Auth, trust: &Trust) -> Vec<Value> {
    let mut ours = state();
    ours.extend(tools(spec));
    ours.push(env("OPENCLAW_GATEWAY_PORT", &names::PORT_GATEWAY.to_string()));
    ours.push(env("OPENCLAW_DISABLE_BONJOUR", "1"));
    ours.push(env("OPENCLAW_NO_AUTO_UPDATE", "1"));
    if let Auth::Secret { name, .. } = auth {
        ours.push(json!({"name": TOKEN_ENV, "valueFrom":
            {"secretKeyRef": {"name": name, "key": names::KEY_TOKEN}}}));
    }
    if spec.chromium.enabled {
        let url = format!("http://127.0.0.1:{}", names::PORT_BROWSER);
        ours.push(env("CHROMIUM_URL", &url));
    }
    ours.extend(trust.env.iter().cloned());
    with_user_env(ours, spec)
}

fn with_user_env(ours: Vec<Value>, spec: &OpenClawInstanceSpec) -> Vec<Value> {
    let users: BTreeSet<&str> = spec.env.iter().map(|env| env.name.as_str()).collect();
    ours.into_iter()
        .filter(|env| !env["name"].as_str().is_some_and(|name| users.contains(name)))
        .chain(spec.env.iter().map(|env| json!(env)))
        .collect()
}

/// Variables that would let a package run code or leave the volume while skills are installed;
/// a registry and its credentials do neither.
fn is_install_override(name: &str) -> bool {
    if let Some(key) = name.to_ascii_lowercase().strip_prefix("npm_config_") {
        return !key.ends_with("registry") && !key.contains("_auth");
    }
    name.starts_with("LD_") || matches!(name, "NODE_OPTIONS" | "NODE_PATH" | "PATH")
}

/// Returns the environment of `init-skills`: the main one's credentials, without what would
/// undo its hardening, and ours last, as the later of two equal names wins in a container.
pub fn skills(spec: &OpenClawInstanceSpec, trust: &Trust) -> Vec<Value> {
    let mut ours = state();
    ours.extend(tools(spec));
    ours.push(env("NPM_CONFIG_IGNORE_SCRIPTS", "true"));
    ours.push(env("XDG_CONFIG_HOME", "/tmp/.config"));
    ours.extend(trust.env.iter().cloned());
    let taken: Vec<String> =
        ours.iter().filter_map(|env| env["name"].as_str().map(str::to_owned)).collect();
    let users = spec
        .env
        .iter()
        .filter(|env| !is_install_override(&env.name) && !taken.contains(&env.name))
        .map(|env| json!(env));
    users.chain(ours.iter().cloned()).collect()
}

/// Variables by which a user says where tools come from: a mirror, a registry and the way there.
fn is_source(name: &str) -> bool {
    let proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"];
    proxies.contains(&name.to_ascii_uppercase().as_str())
        || name.starts_with("COREPACK_NPM_")
        || matches!(
            name,
            "COREPACK_INTEGRITY_KEYS" | "UV_PYTHON_INSTALL_MIRROR" | "UV_PYTHON_DOWNLOADS_JSON_URL"
        )
}

/// Returns the environment of the init containers that install tools.
///
/// Of the user's variables it has only those that say where from: one of the containers runs
/// another vendor's image, which has no use for the keys of the agent.
pub fn installers(spec: &OpenClawInstanceSpec, trust: &Trust) -> Vec<Value> {
    let mut list = state();
    list.extend(spec.env.iter().filter(|env| is_source(&env.name)).map(|env| json!(env)));
    list.extend(tools(spec));
    list.extend(trust.env.iter().cloned());
    list
}

/// Returns the environment of the init containers that guard the state and its configuration.
///
/// They keep the PATH of their image: the agent may write to the volume's `bin`, and a `sh` of
/// its own there would run with the credentials of the bucket, a `node` in place of the rollback.
pub fn guards(trust: &Trust) -> Vec<Value> {
    let mut list = state();
    list.extend(trust.env.iter().cloned());
    list
}

/// Returns the environment of the browser.
pub fn browser(flavor: &images::Flavor, trust: &Trust) -> Vec<Value> {
    let mut list = vec![env("HOME", "/tmp")];
    list.extend(flavor.env.iter().map(|(name, value)| env(name, value)));
    list.extend(trust.env.iter().cloned());
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skills_keep_registries_and_lose_what_runs_code() {
        for (name, kept) in [
            ("NPM_CONFIG_REGISTRY", true),
            ("npm_config_@team:registry", true),
            ("NPM_CONFIG_//npm.example.com/:_authToken", true),
            ("npm_config_ignore_scripts", false),
            ("NPM_CONFIG_SCRIPT_SHELL", false),
            ("NODE_OPTIONS", false),
            ("LD_PRELOAD", false),
            ("PATH", false),
            ("GITHUB_TOKEN", true),
        ] {
            assert_eq!(!is_install_override(name), kept, "{name}");
        }
    }

    #[test]
    fn installers_learn_where_tools_come_from_and_no_key() {
        for (name, kept) in [
            ("COREPACK_NPM_REGISTRY", true),
            ("COREPACK_NPM_TOKEN", true),
            ("COREPACK_INTEGRITY_KEYS", true),
            ("UV_PYTHON_INSTALL_MIRROR", true),
            ("https_proxy", true),
            ("NO_PROXY", true),
            ("COREPACK_HOME", false),
            ("COREPACK_ROOT", false),
            ("UV_PYTHON_INSTALL_DIR", false),
            ("ANTHROPIC_API_KEY", false),
            ("NODE_OPTIONS", false),
        ] {
            assert_eq!(is_source(name), kept, "{name}");
        }
    }
}
