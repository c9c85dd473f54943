//! Images, resources and the browser.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The image of the application.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Image {
    /// Repository without tag.
    pub repository: String,
    /// Tag; `latest` when absent, with a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Digest such as `sha256:…`; it wins over the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// When the kubelet pulls.
    pub pull_policy: PullPolicy,
    /// Secrets for private registries.
    pub pull_secrets: Vec<LocalObjectReference>,
}

impl Default for Image {
    fn default() -> Self {
        Self {
            repository: "ghcr.io/openclaw/openclaw".to_owned(),
            tag: None,
            digest: None,
            pull_policy: PullPolicy::default(),
            pull_secrets: Vec::new(),
        }
    }
}

/// A Secret in the instance's namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct LocalObjectReference {
    /// Name of the Secret.
    #[serde(default)]
    pub name: String,
}

/// When the kubelet pulls an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum PullPolicy {
    /// At each start.
    Always,
    /// When the node lacks it.
    #[default]
    IfNotPresent,
    /// Never.
    Never,
}

/// CPU and memory as Kubernetes quantities.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct ResourceList {
    /// CPU, such as `500m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Memory, such as `1Gi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

/// Requests and limits; what is absent has the container's default.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Resources {
    /// What the scheduler reserves.
    pub requests: ResourceList,
    /// What the kernel enforces.
    pub limits: ResourceList,
}

/// A headless browser beside the main container, reached at 127.0.0.1:9222.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Chromium {
    /// Adds the sidecar.
    pub enabled: bool,
    /// Its image.
    pub image: ChromiumImage,
    /// Its CPU and memory: 250m and 512Mi requested, 1000m and 2Gi at most.
    pub resources: Resources,
}

/// The browser's image; the flavor is known by the repository's name.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct ChromiumImage {
    /// Repository; the pinned headless-shell when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Digest; it wins over the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}
