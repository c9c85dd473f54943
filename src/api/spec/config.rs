//! What the application reads: openclaw.json, token, workspace, tool chains.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// openclaw.json and how it meets the file on the data volume.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// openclaw.json inline; checked against the application's own schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "free_form_object")]
    pub raw: Option<Value>,
    /// A ConfigMap that holds openclaw.json; it takes precedence over `raw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<ConfigMapKeyRef>,
    /// Whether the file on the volume is overwritten or merged over at each start.
    pub merge_mode: MergeMode,
    /// The format behind `configMapRef`.
    pub format: ConfigFormat,
    /// Dotted paths that the volume's file never keeps in merge mode.
    pub force_paths: Vec<String>,
}

fn free_form_object(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "description": "openclaw.json inline; checked against the application's own schema.",
        "x-kubernetes-preserve-unknown-fields": true
    })
}

/// A key of a ConfigMap in the instance's namespace.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapKeyRef {
    /// Name of the ConfigMap.
    pub name: String,
    /// Key in it.
    #[serde(default = "openclaw_json")]
    pub key: String,
}

fn openclaw_json() -> String {
    "openclaw.json".to_owned()
}

/// A ConfigMap in the instance's namespace.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapRef {
    /// Name of the ConfigMap.
    pub name: String,
}

/// How the configuration of Git meets the file on the volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MergeMode {
    /// Git replaces the file.
    #[default]
    Overwrite,
    /// Git is merged over the file: objects recurse, arrays and scalars are replaced.
    Merge,
}

/// Syntax of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConfigFormat {
    /// Strict JSON.
    #[default]
    Json,
    /// JSON5, read by the application's own module; needs `configMapRef`.
    Json5,
}

/// The gateway's token and the origins of its Control UI.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Gateway {
    /// A Secret with the key `token`, used instead of a generated one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_secret: Option<String>,
    /// Further origins from which a browser may open the Control UI.
    pub control_ui_origins: Vec<String>,
}

/// Tool chains installed to the data volume by init containers.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RuntimeDeps {
    /// Installs pnpm through corepack.
    pub pnpm: bool,
    /// Installs Python 3.12 and uv.
    pub python: bool,
}

/// Files and directories seeded into the workspace once; what the agent changes stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Workspace {
    /// Content by relative path.
    pub initial_files: BTreeMap<String, String>,
    /// Relative paths of directories.
    pub initial_directories: Vec<String>,
    /// A ConfigMap each of whose keys becomes a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_ref: Option<ConfigMapRef>,
}
