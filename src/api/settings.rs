//! `openclaw.yaml`, kind `RenderConfig`: what CI, a person and the controller must agree on so
//! that all three render the same bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::window::Window;
use crate::names::{CONTROLLER, CONTROLLER_NAMESPACE};

/// Kind of the document.
pub const KIND: &str = "RenderConfig";
/// Name of the file, looked for upwards from the working folder.
pub const FILE: &str = "openclaw.yaml";

/// What one repository renders, for which cluster, and where to.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// `openclaw.rocks/v1alpha1`.
    pub api_version: String,
    /// `RenderConfig`.
    pub kind: String,
    /// Range of tool versions that may render this repository, such as `>=0.3, <0.4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires: Option<String>,
    /// Files and folders of instances, relative to this file.
    pub sources: Vec<String>,
    /// Folder of the rendered tree, relative to this file.
    pub output: String,
    /// Folder of the records of failed updates, relative to this file.
    pub updates: String,
    /// Whether an object or an instance has a file of its own.
    pub layout: Layout,
    /// Namespace of instances that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Version of the cluster, such as `1.31`; 1.28 is the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<String>,
    /// Platforms that a new version must exist for, such as `linux/amd64`.
    pub platforms: Vec<String>,
    /// Folder whose files replace templates of the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub templates: Option<String>,
    /// What the GitOps tool wants.
    pub gitops: Gitops,
    /// How old a snapshot may be that is swapped in without consent, as a Go duration.
    pub restore_within: String,
    /// The cluster that the tree is for.
    pub cluster: Cluster,
    /// How the controller updates.
    pub update: Update,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_version: crate::names::API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            requires: None,
            sources: vec!["instances".to_owned()],
            output: "rendered".to_owned(),
            updates: "updates".to_owned(),
            layout: Layout::default(),
            namespace: None,
            kubernetes_version: None,
            platforms: Vec::new(),
            templates: None,
            gitops: Gitops::default(),
            restore_within: "2h".to_owned(),
            cluster: Cluster::default(),
            update: Update::default(),
        }
    }
}

/// Shape of the rendered tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One file an object.
    #[default]
    Resource,
    /// One file `manifest.yaml` an instance.
    Instance,
}

/// What the GitOps tool wants.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Gitops {
    /// Whether each instance's folder gets a kustomization.yaml.
    pub kustomization: Kustomization,
}

/// Where a kustomization.yaml is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kustomization {
    /// Nowhere: one inside a source that recurses fails an Argo CD Application.
    #[default]
    None,
    /// In the folder of each instance, listing its files in their order.
    Instance,
}

/// The cluster that the tree is for.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// Its name; a controller with another name stands off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// ServiceAccount of the controller as `namespace/name`, or `none`.
    pub controller: String,
    /// Namespaces of the ingress controllers.
    pub ingress_namespaces: Vec<String>,
    /// Namespaces of Prometheus.
    pub monitoring_namespaces: Vec<String>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            name: None,
            controller: format!("{CONTROLLER_NAMESPACE}/{CONTROLLER}"),
            ingress_namespaces: Vec::new(),
            monitoring_namespaces: Vec::new(),
        }
    }
}

impl Cluster {
    /// Returns namespace and name of the controller's ServiceAccount; `None` without controller.
    pub fn controller(&self) -> Option<(&str, &str)> {
        self.controller.split_once('/')
    }
}

/// How the controller updates.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Update {
    /// Holds every update of this repository back.
    pub hold: bool,
    /// When updates may be committed, such as `Mon-Fri 09:00-17:00 UTC` or `Sat,Sun 22:00-04:00 +01:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub window: Option<Window>,
    /// How old a version must be before it is taken, as a Go duration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_age: Option<String>,
    /// Range of versions that may be taken, such as `<2027`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Label selectors, one a wave: a wave starts when the one before it is confirmed.
    pub waves: Vec<String>,
    /// Whether updates are pushed or proposed.
    pub mode: UpdateMode,
    /// Whether the way back is pushed or proposed.
    pub revert_mode: UpdateMode,
}

/// How a commit reaches the branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpdateMode {
    /// Pushed.
    #[default]
    Direct,
    /// Pushed to a branch of its own, for a pull request.
    Branch,
}
