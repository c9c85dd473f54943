//! Everything of the Pod that merges lists: volumes, mounts, containers.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::containers;
use super::environment::env;
use crate::api::OpenClawInstanceSpec;
use crate::names;

/// The CA bundle as containers see it.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Mount of the bundle.
    pub mount: Option<Value>,
    /// Variables that name its file.
    pub env: Vec<Value>,
}

impl Trust {
    /// Returns what a container needs to trust the bundle; nothing without one.
    pub fn of(spec: &OpenClawInstanceSpec) -> Self {
        let Some(bundle) = &spec.security.ca_bundle else { return Self::default() };
        let key = bundle.key.as_deref().unwrap_or(names::KEY_CA);
        let file = format!("{}/{key}", names::MOUNT_CA);
        Self {
            mount: Some(mount(names::VOLUME_CA, names::MOUNT_CA, true)),
            env: vec![env("SSL_CERT_FILE", &file), env("NODE_EXTRA_CA_CERTS", &file)],
        }
    }
}

/// Returns a volume mount.
pub fn mount(volume: &str, path: &str, read_only: bool) -> Value {
    if read_only {
        json!({"name": volume, "mountPath": path, "readOnly": true})
    } else {
        json!({"name": volume, "mountPath": path})
    }
}

/// Returns the mounts of our init containers: data, `/tmp`, scripts and what they read.
pub fn init_mounts(spec: &OpenClawInstanceSpec, seeds: bool, trust: &Trust) -> Vec<Value> {
    let mut mounts = main_mounts(spec, trust);
    if seeds {
        mounts.push(mount(names::VOLUME_WORKSPACE, names::MOUNT_WORKSPACE, true));
    }
    if spec.workspace.config_map_ref.is_some() {
        mounts.push(mount(names::VOLUME_WORKSPACE_REF, names::MOUNT_WORKSPACE_REF, true));
    }
    mounts
}

/// Returns the mounts of the main container without the user's.
fn main_mounts(spec: &OpenClawInstanceSpec, trust: &Trust) -> Vec<Value> {
    let mut mounts = vec![
        mount(names::VOLUME_DATA, names::STATE_DIR, false),
        mount(names::VOLUME_TMP, "/tmp", false),
        mount(names::VOLUME_CONFIG, names::MOUNT_CONFIG, true),
    ];
    if spec.config.config_map_ref.is_some() {
        mounts.push(mount(names::VOLUME_CONFIG_REF, names::MOUNT_CONFIG_REF, true));
    }
    mounts.extend(trust.mount.clone());
    mounts
}

/// Returns the mounts of the main container.
pub fn mounts(spec: &OpenClawInstanceSpec, trust: &Trust) -> Vec<Value> {
    let mut mounts = main_mounts(spec, trust);
    mounts.extend(spec.extra_volume_mounts.iter().map(|mount| json!(mount)));
    mounts
}

/// Returns the mounts of the browser.
pub fn browser_mounts(trust: &Trust) -> Vec<Value> {
    let mut mounts = vec![
        mount(names::VOLUME_BROWSER_TMP, "/tmp", false),
        mount(names::VOLUME_BROWSER_SHM, "/dev/shm", false),
    ];
    mounts.extend(trust.mount.clone());
    mounts
}

/// Returns the volumes of the Pod.
pub fn volumes(
    instance: &str,
    spec: &OpenClawInstanceSpec,
    seeds: bool,
    metrics: bool,
) -> Vec<Value> {
    let map = |volume: &str, name: &str| json!({"name": volume, "configMap": {"name": name}});
    let mut volumes = vec![
        data_volume(instance, spec),
        json!({"name": names::VOLUME_TMP, "emptyDir": {}}),
        map(names::VOLUME_CONFIG, &names::config_map(instance)),
    ];
    if let Some(reference) = &spec.config.config_map_ref {
        volumes.push(map(names::VOLUME_CONFIG_REF, &reference.name));
    }
    if seeds {
        volumes.push(map(names::VOLUME_WORKSPACE, &names::workspace_config_map(instance)));
    }
    if let Some(reference) = &spec.workspace.config_map_ref {
        volumes.push(map(names::VOLUME_WORKSPACE_REF, &reference.name));
    }
    volumes.extend(trust_volume(spec));
    if spec.chromium.enabled {
        volumes.push(json!({"name": names::VOLUME_BROWSER_TMP, "emptyDir": {}}));
        volumes.push(json!({"name": names::VOLUME_BROWSER_SHM,
            "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}));
    }
    if metrics {
        volumes.push(json!({"name": names::VOLUME_COLLECTOR, "configMap": {
            "name": names::config_map(instance),
            "items": [{"key": names::KEY_COLLECTOR, "path": names::KEY_COLLECTOR}]}}));
    }
    let users = spec.sidecar_volumes.iter().chain(&spec.extra_volumes);
    volumes.extend(users.map(|volume| without_empty_lists(json!(volume))));
    volumes
}

/// Returns the volume of the CA bundle.
pub fn trust_volume(spec: &OpenClawInstanceSpec) -> Option<Value> {
    let bundle = spec.security.ca_bundle.as_ref()?;
    Some(match (&bundle.secret_name, &bundle.config_map_name) {
        (Some(name), _) => json!({"name": names::VOLUME_CA, "secret": {"secretName": name}}),
        (None, name) => json!({"name": names::VOLUME_CA,
            "configMap": {"name": name.as_deref().unwrap_or_default()}}),
    })
}

fn data_volume(instance: &str, spec: &OpenClawInstanceSpec) -> Value {
    let persistence = &spec.storage.persistence;
    if !persistence.enabled {
        return json!({"name": names::VOLUME_DATA, "emptyDir": {}});
    }
    let claim = persistence.existing_claim.clone().unwrap_or_else(|| names::claim(instance));
    json!({"name": names::VOLUME_DATA, "persistentVolumeClaim": {"claimName": claim}})
}

/// Values for the template of one probe.
#[derive(Clone, Debug, Serialize)]
pub struct Probe {
    /// Path that is asked.
    pub path: &'static str,
    /// Seconds before the first try.
    pub initial_delay: i32,
    /// Seconds between tries.
    pub period: i32,
    /// Seconds until a try has failed.
    pub timeout: i32,
    /// Failures in a row that count.
    pub failures: i32,
}

/// Returns the probes: startup, liveness, readiness; `None` where one is switched off.
///
/// Readiness asks `/startupz`: `/readyz` includes the channels, so one bad bot token would keep
/// the gateway out of its Service for ever.
pub fn probes(spec: &OpenClawInstanceSpec) -> [Option<Probe>; 3] {
    let probe = |wanted: &crate::api::spec::Probe, path, times: [i32; 4]| {
        wanted.enabled.then(|| Probe {
            path,
            initial_delay: wanted.initial_delay_seconds.unwrap_or(times[0]),
            period: wanted.period_seconds.unwrap_or(times[1]),
            timeout: wanted.timeout_seconds.unwrap_or(times[2]),
            failures: wanted.failure_threshold.unwrap_or(times[3]),
        })
    };
    [
        probe(&spec.probes.startup, "/healthz", [0, 5, 5, 60]),
        probe(&spec.probes.liveness, "/healthz", [0, 10, 5, 3]),
        probe(&spec.probes.readiness, "/startupz", [0, 5, 3, 3]),
    ]
}

/// Returns the security context of the main container.
pub fn main_security(spec: &OpenClawInstanceSpec) -> Value {
    let wanted = &spec.security.container_security_context;
    let capabilities = json!({"add": wanted.capabilities.add, "drop": wanted.capabilities.drop});
    without_empty_lists(json!({
        "allowPrivilegeEscalation": wanted.allow_privilege_escalation,
        "capabilities": capabilities,
        "readOnlyRootFilesystem": wanted.read_only_root_filesystem,
        "runAsNonRoot": spec.security.pod_security_context.run_as_non_root,
        "seccompProfile": {"type": "RuntimeDefault"},
    }))
}

/// The API server drops empty lists, and a GitOps tool would then show a difference for ever.
pub fn without_empty_lists(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.retain(|_, child| !child.as_array().is_some_and(Vec::is_empty));
            map.values_mut().for_each(|child| *child = without_empty_lists(child.take()));
        }
        Value::Array(items) => {
            items.iter_mut().for_each(|item| *item = without_empty_lists(item.take()));
        }
        _ => {}
    }
    value
}

/// User and groups of every Pod that mounts the data.
pub fn pod_security(spec: &OpenClawInstanceSpec) -> Value {
    let wanted = &spec.security.pod_security_context;
    let policy = wanted.fs_group_change_policy.map_or(json!("OnRootMismatch"), |p| json!(p));
    json!({
        "runAsNonRoot": wanted.run_as_non_root,
        "runAsUser": wanted.run_as_user,
        "runAsGroup": wanted.run_as_group,
        "fsGroup": wanted.fs_group,
        "fsGroupChangePolicy": policy,
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// Where its Pods may run, by the names that the template places.
pub fn scheduling(spec: &OpenClawInstanceSpec) -> BTreeMap<&'static str, Value> {
    let wanted = &spec.availability;
    let mut fields = BTreeMap::new();
    if !wanted.node_selector.is_empty() {
        fields.insert("node_selector", json!(wanted.node_selector));
    }
    if !wanted.tolerations.is_empty() {
        fields.insert("tolerations", json!(wanted.tolerations));
    }
    if let Some(affinity) = &wanted.affinity {
        fields.insert("affinity", without_empty_lists(json!(affinity)));
    }
    if !wanted.topology_spread_constraints.is_empty() {
        let constraints = json!(wanted.topology_spread_constraints);
        fields.insert("topology_spread", without_empty_lists(constraints));
    }
    if let Some(class) = &wanted.runtime_class_name {
        fields.insert("runtime_class", json!(class));
    }
    fields
}

/// Returns the security context of our other containers.
pub fn strict_security() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "seccompProfile": {"type": "RuntimeDefault"},
    })
}

/// Returns the user's containers, hardened.
pub fn guests<T: Serialize>(list: &[T], trust: &Trust) -> Vec<Value> {
    list.iter()
        .map(|container| without_empty_lists(containers::harden(json!(container), trust)))
        .collect()
}
