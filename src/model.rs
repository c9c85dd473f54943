//! The resolved instance: checked, with every default applied and every list merged.
//!
//! Only [`resolve`] and [`assemble`] make an [`Instance`], and the renderer takes nothing else, so what was not
//! checked cannot be rendered. Templates see its serialized fields and choose, repeat and place;
//! whatever needs computing is computed here.

mod assemble;
pub mod config;
mod containers;
pub mod environment;
pub mod exposure;
pub mod images;
mod parts;
pub mod pod;
pub mod references;
pub mod scripts;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::api::Loaded;
use crate::api::settings::Settings;
use crate::diagnostic::Report;
use crate::validate::{self, Valid};

pub use parts::*;

/// One instance, ready to be rendered.
#[derive(Clone, Debug, Serialize)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Labels of every object.
    pub labels: BTreeMap<String, String>,
    /// Labels by which Service, NetworkPolicy and the rest find the Pod.
    pub selector: BTreeMap<String, String>,
    /// Labels of the StatefulSet and its Pod template: with the version.
    pub versioned_labels: BTreeMap<String, String>,
    /// Annotations of every object: where it comes from.
    pub annotations: BTreeMap<String, String>,
    /// The instance as an object of the cluster; absent without a controller.
    pub object: Option<Object>,
    /// ServiceAccount.
    pub service_account: ServiceAccount,
    /// Role of the Pod.
    pub role: Option<Role>,
    /// Role of the controller for this instance.
    pub controller: Option<Controller>,
    /// NetworkPolicy.
    pub network_policy: Option<NetworkPolicy>,
    /// ConfigMap `N-config`.
    pub config: ConfigMap,
    /// ConfigMap `N-workspace`.
    pub workspace: Option<ConfigMap>,
    /// PersistentVolumeClaim.
    pub claim: Option<Claim>,
    /// Service.
    pub service: Service,
    /// PodDisruptionBudget.
    pub disruption_budget: Option<DisruptionBudget>,
    /// StatefulSet and Pod.
    pub pod: Pod,
    /// Ingress.
    pub ingress: Option<Ingress>,
    /// Middleware objects of Traefik by suffix of their name.
    pub middlewares: BTreeMap<&'static str, Middleware>,
    /// HTTPRoute.
    pub http_route: Option<HttpRoute>,
    /// ServiceMonitor.
    pub service_monitor: Option<ServiceMonitor>,
    #[serde(skip)]
    #[expect(dead_code, reason = "its privacy is its use: nobody else can make an instance")]
    checked: Checked,
}

/// Proof that the rules were checked; nobody outside this module can make one.
#[derive(Clone, Copy, Debug)]
struct Checked;

/// What other files of the sources contribute to one instance.
#[derive(Clone, Debug, Default)]
pub struct Neighbors {
    /// Data of the ConfigMaps among the sources, by namespace and name.
    pub config_maps: BTreeMap<(String, String), BTreeMap<String, String>>,
}

/// Checks `loaded` and resolves it; the report carries warnings, or the errors that forbid it.
///
/// # Errors
/// Returns the report when it holds an error.
pub fn resolve(
    loaded: &Loaded,
    settings: &Settings,
    neighbors: &Neighbors,
) -> Result<(Instance, Report), Report> {
    let report = validate::validate(loaded, settings);
    if report.has_errors() || !loaded.ignored.is_empty() {
        return Err(report);
    }
    Ok((assemble::assemble(loaded, settings, neighbors, Checked), report))
}

/// Resolves an instance that was accepted.
pub fn assemble(valid: &Valid, settings: &Settings, neighbors: &Neighbors) -> Instance {
    assemble::assemble(valid.loaded(), settings, neighbors, Checked)
}

/// A value that a template places.
pub type Values = Vec<Value>;
