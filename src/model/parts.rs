//! The parts of an instance, one an object or container that a template places.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::Values;
use super::pod::Probe;

/// The instance as an object of the cluster.
#[derive(Clone, Debug, Serialize)]
pub struct Object {
    /// Labels: the user's and ours.
    pub labels: BTreeMap<String, String>,
    /// Annotations: the user's and ours.
    pub annotations: BTreeMap<String, String>,
    /// The spec as it was written.
    pub spec: Value,
}

/// ServiceAccount of the Pod.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceAccount {
    /// Its name.
    pub name: String,
    /// Whether it is rendered.
    pub is_created: bool,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Role of the Pod.
#[derive(Clone, Debug, Serialize)]
pub struct Role {
    /// Its rules.
    pub rules: Values,
}

/// Role of the controller for one instance.
#[derive(Clone, Debug, Serialize)]
pub struct Controller {
    /// Name of Role and RoleBinding.
    pub name: String,
    /// Namespace of the controller's ServiceAccount.
    pub namespace: String,
    /// Name of the controller's ServiceAccount.
    pub service_account: String,
    /// Secrets that the instance names.
    pub secrets: Vec<String>,
    /// ConfigMaps that the instance names.
    pub config_maps: Vec<String>,
    /// The Pod, where the controller may have to delete it.
    pub pods: Vec<String>,
    /// The StatefulSet, where it may have to be stopped for a backup.
    pub scales: Vec<String>,
    /// The claim, where it goes with the instance.
    pub claims: Vec<String>,
}

/// Rules of the NetworkPolicy.
#[derive(Clone, Debug, Serialize)]
pub struct NetworkPolicy {
    /// Who may reach the Pod.
    pub ingress: Values,
    /// What the Pod may reach.
    pub egress: Values,
}

/// A ConfigMap.
#[derive(Clone, Debug, Serialize)]
pub struct ConfigMap {
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: BTreeMap<String, String>,
}

/// The PersistentVolumeClaim.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// Access modes.
    pub access_modes: Vec<String>,
    /// Size.
    pub size: String,
    /// StorageClass.
    pub storage_class: Option<String>,
}

/// The Service.
#[derive(Clone, Debug, Serialize)]
pub struct Service {
    /// How it is reached.
    pub kind: Value,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its ports.
    pub ports: Values,
}

/// The PodDisruptionBudget.
#[derive(Clone, Debug, Serialize)]
pub struct DisruptionBudget {
    /// Pods that may be away.
    pub max_unavailable: i32,
}

/// The StatefulSet and its Pod.
#[derive(Clone, Debug, Serialize)]
pub struct Pod {
    /// Whether it is stopped on request.
    pub is_suspended: bool,
    /// Annotations of the Pod.
    pub annotations: BTreeMap<String, String>,
    /// Labels of the Pod.
    pub labels: BTreeMap<String, String>,
    /// The application's image.
    pub image: String,
    /// When the kubelet pulls it.
    pub pull_policy: Value,
    /// Secrets for private registries.
    pub pull_secrets: Values,
    /// User and groups.
    pub security: Value,
    /// Rights of the main container.
    pub main_security: Value,
    /// Rights of our other containers.
    pub strict_security: Value,
    /// Environment of the main container.
    pub env: Values,
    /// Sources of that environment.
    pub env_from: Values,
    /// Resources of the main container.
    pub resources: Value,
    /// Mounts of the main container.
    pub mounts: Values,
    /// Startup probe.
    pub startup: Option<Probe>,
    /// Liveness probe.
    pub liveness: Option<Probe>,
    /// Readiness probe.
    pub readiness: Option<Probe>,
    /// Environment of the init containers that guard the state.
    pub guard_env: Values,
    /// Environment of the init containers that install tools.
    pub installer_env: Values,
    /// Their mounts.
    pub init_mounts: Values,
    /// State outlives the Pod, so another version may find it.
    pub keeps_state: bool,
    /// pnpm is installed.
    pub has_pnpm: bool,
    /// The image that installs Python and uv.
    pub python: Option<String>,
    /// Environment of `init-skills`.
    pub skills_env: Option<Values>,
    /// Secret with which it restores from the bucket that the controller shares.
    pub restore_secret: String,
    /// The image that restores.
    pub restore: Option<String>,
    /// The browser.
    pub browser: Option<Browser>,
    /// The metrics collector.
    pub collector: Option<Collector>,
    /// The user's init containers.
    pub init_guests: Values,
    /// The user's sidecars.
    pub guests: Values,
    /// Volumes.
    pub volumes: Values,
    /// Scheduling fields by their name in the Pod spec.
    pub scheduling: BTreeMap<&'static str, Value>,
}

/// The browser.
#[derive(Clone, Debug, Serialize)]
pub struct Browser {
    /// Its image.
    pub image: String,
    /// Replaces its entrypoint.
    pub command: Vec<&'static str>,
    /// Its arguments.
    pub args: Vec<&'static str>,
    /// Its environment.
    pub env: Values,
    /// Its resources.
    pub resources: Value,
    /// Its mounts.
    pub mounts: Values,
}

/// The metrics collector.
#[derive(Clone, Debug, Serialize)]
pub struct Collector {
    /// Its image.
    pub image: String,
    /// Port of the metrics.
    pub port: i32,
    /// Its environment.
    pub env: Values,
    /// Its mounts.
    pub mounts: Values,
}

/// The Ingress.
#[derive(Clone, Debug, Serialize)]
pub struct Ingress {
    /// Its class.
    pub class_name: Option<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its rules.
    pub rules: Values,
    /// Its certificates.
    pub tls: Values,
}

/// A Middleware of Traefik.
#[derive(Clone, Debug, Serialize)]
pub struct Middleware {
    /// Its name.
    pub name: String,
    /// Its spec.
    pub spec: Value,
}

/// The HTTPRoute.
#[derive(Clone, Debug, Serialize)]
pub struct HttpRoute {
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Names of hosts.
    pub hostnames: Vec<String>,
    /// Gateways.
    pub parents: Values,
    /// Port of the Service.
    pub port: i32,
}

/// The ServiceMonitor.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceMonitor {
    /// Its labels: the user's and ours.
    pub labels: BTreeMap<String, String>,
    /// How often Prometheus asks.
    pub interval: String,
}
