//! The spec as users write it, with its defaults beside each struct.
//!
//! Instances written for the Go operator load unchanged: same group, kind, paths and meaning.
//! Defaults live here and never in the schema: a schema default is written into people's
//! objects for ever and shows as drift in GitOps tools.

mod availability;
mod config;
mod lifecycle;
mod networking;
mod observability;
mod security;
mod workload;

pub use availability::{Availability, PodDisruptionBudget, Probe, Probes};
pub use config::{Config, ConfigFormat, ConfigMapKeyRef, ConfigMapRef, Gateway, MergeMode};
pub use config::{RuntimeDeps, Workspace};
pub use lifecycle::{AutoUpdate, Backup, Persistence, Storage};
pub use networking::{
    HttpRoute, HttpRouteParent, Ingress, IngressController, IngressHost, IngressPath,
    IngressSecurity, IngressTls, Networking, PathType, Protocol, RateLimiting, Service,
    ServicePort, ServiceType,
};
pub use observability::{LogFormat, LogLevel, Logging, Metrics, Observability, ServiceMonitor};
pub use security::{
    CaBundle, Capabilities, ContainerSecurityContext, FsGroupChangePolicy, NetworkPolicy,
    PodSecurityContext, PolicyRule, Rbac, Security,
};
pub use workload::{
    Chromium, ChromiumImage, Image, LocalObjectReference, PullPolicy, ResourceList, Resources,
};

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, EnvFromSource, EnvVar, Volume, VolumeMount};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::status::OpenClawInstanceStatus;

/// One OpenClaw agent: its gateway, its data and everything around it.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "openclaw.rocks",
    version = "v1alpha1",
    kind = "OpenClawInstance",
    plural = "openclawinstances",
    shortname = "oci",
    category = "all",
    category = "openclaw",
    namespaced,
    status = "OpenClawInstanceStatus",
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.phase"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Reason","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].reason","priority":1}"#,
    printcolumn = r#"{"name":"Version","type":"string","jsonPath":".status.autoUpdate.currentVersion"}"#,
    printcolumn = r#"{"name":"Tag","type":"string","jsonPath":".spec.image.tag","priority":1}"#,
    printcolumn = r#"{"name":"Gateway","type":"string","jsonPath":".status.gatewayEndpoint"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(default, rename_all = "camelCase")]
pub struct OpenClawInstanceSpec {
    /// The image of the application.
    pub image: Image,
    /// openclaw.json: inline or from a ConfigMap, and how it meets the file on the volume.
    pub config: Config,
    /// Environment variables of the main container; they win over ours.
    pub env: Vec<EnvVar>,
    /// Secrets and ConfigMaps whose keys become environment variables of the main container.
    pub env_from: Vec<EnvFromSource>,
    /// Skills installed before the agent starts: a ClawHub slug, `npm:package` or
    /// `pack:owner/repo/path@ref`; pin a version with `@`.
    pub skills: Vec<String>,
    /// Tool chains installed to the data volume.
    pub runtime_deps: RuntimeDeps,
    /// The gateway's token and the origins of its Control UI.
    pub gateway: Gateway,
    /// Init containers that run after ours.
    pub init_containers: Vec<Container>,
    /// Containers that run beside the main one.
    pub sidecars: Vec<Container>,
    /// Volumes of the sidecars.
    pub sidecar_volumes: Vec<Volume>,
    /// Further volumes of the Pod.
    pub extra_volumes: Vec<Volume>,
    /// Mounts of those volumes in the main container.
    pub extra_volume_mounts: Vec<VolumeMount>,
    /// CPU and memory of the main container.
    pub resources: Resources,
    /// Security contexts, NetworkPolicy, RBAC and CA bundle.
    pub security: Security,
    /// The data volume.
    pub storage: Storage,
    /// A headless browser beside the main container.
    pub chromium: Chromium,
    /// Service, Ingress and HTTPRoute.
    pub networking: Networking,
    /// Metrics and logging.
    pub observability: Observability,
    /// Probes of the main container.
    pub probes: Probes,
    /// Scheduling and disruption.
    pub availability: Availability,
    /// Files and directories seeded into the workspace once.
    pub workspace: Workspace,
    /// Updates by commit, judged by health.
    pub auto_update: AutoUpdate,
    /// Path of a backup in the bucket that is restored before the first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_from: Option<String>,
    /// Limits of backup Jobs.
    pub backup: Backup,
    /// Stops the agent and keeps its data: the StatefulSet is rendered with `replicas: 0`.
    pub suspended: bool,
    /// Annotations of the Pod; ours win.
    pub pod_annotations: BTreeMap<String, String>,
    /// Registry host, with an optional path, that replaces the host of every image we choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
}
