//! The objects that an instance is rendered into, by kind and name: known before anything is
//! rendered, so that `validate` finds two instances that would overwrite each other.

use crate::api::Loaded;
use crate::api::settings::Settings;
use crate::names;

/// One object of an instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The field that the name comes from.
    pub path: &'static str,
}

/// Returns every object that the instance may be rendered into; a test holds the list against
/// what is rendered.
pub fn of(loaded: &Loaded, settings: &Settings) -> Vec<Object> {
    let (name, spec) = (&loaded.name, &loaded.spec);
    let rbac = &spec.security.rbac;
    let persistence = &spec.storage.persistence;
    let suffixed = |suffix: &str| format!("{name}-{suffix}");
    let account = rbac.service_account_name.clone().unwrap_or_else(|| name.clone());
    let role = names::controller_role(name);
    let controller = settings.cluster.controller().is_some();
    let ingress = spec.networking.ingress.enabled;
    let metrics = &spec.observability.metrics;
    let objects = [
        ("OpenClawInstance", controller, name.clone()),
        ("ServiceAccount", rbac.create_service_account, account),
        ("Role", rbac.create_service_account, name.clone()),
        ("RoleBinding", rbac.create_service_account, name.clone()),
        ("Role", controller, role.clone()),
        ("RoleBinding", controller, role),
        ("NetworkPolicy", spec.security.network_policy.enabled, name.clone()),
        ("ConfigMap", true, names::config_map(name)),
        ("ConfigMap", !spec.workspace.initial_files.is_empty(), names::workspace_config_map(name)),
        (
            "PersistentVolumeClaim",
            persistence.enabled && persistence.existing_claim.is_none(),
            names::claim(name),
        ),
        ("Service", true, name.clone()),
        ("PodDisruptionBudget", spec.availability.pod_disruption_budget.enabled, name.clone()),
        ("StatefulSet", true, name.clone()),
        // Which of them depends on the class; their names meet no other one.
        ("Middleware", ingress, suffixed("redirect")),
        ("Middleware", ingress, suffixed("hsts")),
        ("Middleware", ingress, suffixed("rate-limit")),
        ("Ingress", ingress, name.clone()),
        ("HTTPRoute", spec.networking.http_route.enabled, name.clone()),
        ("ServiceMonitor", metrics.is_collected() && metrics.service_monitor.enabled, name.clone()),
    ];
    let is_named = rbac.service_account_name.is_some();
    let path = |kind| match kind {
        "ServiceAccount" if is_named => "spec.security.rbac.serviceAccountName",
        _ => "metadata.name",
    };
    let rendered = objects.into_iter().filter(|(_, is_rendered, _)| *is_rendered);
    rendered.map(|(kind, _, name)| Object { kind, name, path: path(kind) }).collect()
}
