//! `config.yaml` of the ConfigMap `openclaw-controller`, kind `ControllerConfig`: what the controller
//! must know that no instance says.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Kind of the document.
pub const KIND: &str = "ControllerConfig";

/// What the controller must know that no instance says.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ControllerConfig {
    /// `openclaw.rocks/v1alpha1`.
    pub api_version: String,
    /// `ControllerConfig`.
    pub kind: String,
    /// Name of the cluster: instances that were rendered for another one are left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    /// Repositories that hold instances of this cluster.
    pub repositories: Vec<Repository>,
    /// Registries that are asked in another way than every other one.
    pub registries: Vec<Registry>,
    /// Prefixes in the bucket that a namespace may restore from, besides its own.
    pub restore_grants: Vec<RestoreGrant>,
    /// Backups to the bucket.
    pub backup: Backup,
}

/// Backups to the bucket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Backup {
    /// Copies the Secret `b2-backup-credentials` beside the controller for the Jobs of instances
    /// whose namespace has none: whoever reads Secrets there then holds the keys of the bucket.
    pub share_credentials: bool,
}

impl Default for Backup {
    fn default() -> Self {
        Self { share_credentials: true }
    }
}

impl Default for ControllerConfig {
    fn default() -> Self {
        Self {
            api_version: crate::names::API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            cluster_name: None,
            repositories: Vec::new(),
            registries: Vec::new(),
            restore_grants: Vec::new(),
            backup: Backup::default(),
        }
    }
}

/// A Git repository of instances.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Repository {
    /// Its name, for conditions and logs.
    pub name: String,
    /// Where it is: `https://host/path.git`, `ssh://git@host/path.git` or `git@host:path.git`.
    pub url: String,
    /// Branch that is synced.
    #[serde(default = "main")]
    pub branch: String,
    /// Folder of openclaw.yaml inside the repository; empty for its root.
    #[serde(default)]
    pub path: String,
    /// Secret beside the controller with `username` and `password`, or `ssh-privatekey`; it is
    /// mounted as files and may be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret: Option<String>,
    /// Host keys of an ssh server, as lines of a known_hosts file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_hosts: Option<String>,
    /// Certificates that an https server is trusted by, in PEM, besides the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<String>,
    /// Who commits; `openclaw` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Subject of the commits, in which `{subject}`, `{namespace}`, `{name}`, `{from}`, `{to}` and
    /// `{action}` are replaced; `{subject}` is what it is by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Where requests to merge are opened, for `update.mode: branch`; without it the branches are
    /// pushed, and people open them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_requests: Option<PullRequests>,
}

/// The API that opens requests to merge.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullRequests {
    /// Whose API it is.
    pub provider: Provider,
    /// Its address, such as `https://git.example/api/v1`; that of the repository's host by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
}

/// Whose API it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// GitHub, its own or a company's.
    GitHub,
    /// GitLab.
    GitLab,
    /// Gitea and Forgejo.
    Gitea,
}

/// Who commits.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Author {
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
}

impl Default for Author {
    fn default() -> Self {
        Self { name: "openclaw".to_owned(), email: "openclaw@openclaw.rocks".to_owned() }
    }
}

/// A registry of images.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Registry {
    /// Its name, for the mount of its credentials.
    pub name: String,
    /// Host in the names of images, such as `ghcr.io`.
    pub host: String,
    /// Who is asked instead, such as a mirror: `https://mirror.example`. Only here `http` is
    /// allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Secret beside the controller with `username` and `password`, or `.dockerconfigjson`; it is
    /// mounted as files and may be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_secret: Option<String>,
    /// Certificates that the registry is trusted by, in PEM, besides the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<String>,
}

fn main() -> String {
    "main".to_owned()
}

impl Repository {
    /// Makes a repository with everything else at its default.
    pub fn new(name: &str, url: &str) -> Self {
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            branch: main(),
            path: String::new(),
            credentials_secret: None,
            known_hosts: None,
            ca_bundle: None,
            author: None,
            subject: None,
            pull_requests: None,
        }
    }

    /// Whether it is reached by ssh.
    pub fn is_ssh(&self) -> bool {
        !self.url.starts_with("https://")
    }
}

/// A right to restore what another namespace, cluster or tool has backed up.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreGrant {
    /// Namespace of the instances that may restore.
    pub namespace: String,
    /// Path in the bucket, such as `backups/team-a`; everything below it may be restored.
    pub prefix: String,
}

/// Returns the JSON Schema of the document.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator();
    let mut schema = Value::from(generator.into_root_schema_for::<ControllerConfig>());
    schema["required"] = json!(["apiVersion", "kind"]);
    schema["properties"]["apiVersion"]["enum"] = json!([crate::names::API_VERSION]);
    schema["properties"]["kind"]["enum"] = json!([KIND]);
    schema
}
