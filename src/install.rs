//! Turns what `openclaw install` was asked for into the controller's own manifests, through the
//! templates, the typed gate and the writer of instances. Reads nothing, writes nothing.
//!
//! The CustomResourceDefinition and the admission policies are of the whole cluster whatever is
//! watched: an API exists once.

pub mod alerts;
pub mod dashboard;
pub mod difference;
pub mod options;
pub mod writes;

use serde_json::{Map, Value, json};

use crate::api::controller_config::{ControllerConfig, Repository};
use crate::controller::rights::{self, Scope};
use crate::names;
use crate::render::engine::{Context, Engine};
use crate::render::{Error, Manifest, guard_from_flux, yaml};
use crate::tree;
use crate::validate::{admission, policies};
pub use options::{Installation, Monitor, Options};

/// Rules in the CRD and policies need this Kubernetes: before it a stored instance that breaks a
/// rule could not even lose its finalizer, and policies are not served.
const ADMISSION_SINCE: (u32, u32) = (1, 30);

/// One object: its template and when it is printed.
type Object = (&'static str, fn(&Options) -> bool);

/// A policy on what the account writes, and its binding.
const WRITES: [&str; 2] = ["install/write-policy.yaml.j2", "install/write-policy-binding.yaml.j2"];

/// What belongs to the controller alone, in the order of the stream; rights came before.
const OBJECTS: &[Object] = &[
    ("install/config-map.yaml.j2", |_| true),
    ("install/network-policy.yaml.j2", |_| true),
    ("install/service.yaml.j2", |_| true),
    ("install/pod-disruption-budget.yaml.j2", |options| options.is_available),
    ("install/deployment.yaml.j2", |_| true),
    ("install/pod-monitor.yaml.j2", |options| options.monitor == Monitor::PodMonitor),
    ("install/service-monitor.yaml.j2", |options| options.monitor == Monitor::ServiceMonitor),
    ("install/prometheus-rule.yaml.j2", |o| o.has_alerts && o.monitor != Monitor::None),
    ("install/dashboard.yaml.j2", |o| o.has_dashboard && o.monitor != Monitor::None),
];

/// Renders everything that the controller needs, in the order in which it is applied.
///
/// # Errors
/// When a template is at fault.
pub fn render(engine: &Engine, installation: &Installation) -> Result<Vec<Manifest>, Error> {
    let options = installation.options();
    let context = Context::new(&values(options));
    let mut objects = vec![engine.render("install/namespace.yaml.j2", &context)?];
    objects.extend(api(options));
    objects.push(engine.render("install/service-account.yaml.j2", &context)?);
    objects.extend(roles(engine, &context, options)?);
    for policy in
        writes::policies(&options.namespace).into_iter().filter(|_| has_admission(options))
    {
        let context = context.with(&json!({"policy": policy}));
        for template in WRITES {
            objects.push(engine.render(template, &context)?);
        }
    }
    for (template, when) in OBJECTS {
        if when(options) {
            objects.push(engine.render(template, &context)?);
        }
    }
    let finished = objects.into_iter().map(|mut object| {
        guard_from_flux(&mut object);
        Ok(Manifest::new(object)?)
    });
    finished.collect()
}

fn has_admission(options: &Options) -> bool {
    options.kubernetes.is_none_or(|version| version >= ADMISSION_SINCE)
}

/// The API of instances, and who asks what is written to it.
fn api(options: &Options) -> Vec<Value> {
    let mut crd = admission::crd();
    // Whoever prunes the definition deletes every instance.
    for (key, value) in [
        ("argocd.argoproj.io/sync-options", "Prune=false,Delete=false"),
        ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
    ] {
        annotate(&mut crd, key, value);
    }
    if has_admission(options) {
        return [crd].into_iter().chain(policies::all()).collect();
    }
    drop_rules(&mut crd);
    vec![crd]
}

fn drop_rules(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("x-kubernetes-validations");
            map.values_mut().for_each(drop_rules);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_rules),
        _ => {}
    }
}

fn annotate(object: &mut Value, key: &str, value: &str) {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        annotations[key] = json!(value);
    }
}

/// The roles with their bindings: of the cluster, or of each namespace that is watched; and those
/// of the controller's own.
fn roles(engine: &Engine, context: &Context, options: &Options) -> Result<Vec<Value>, Error> {
    let mut scopes: Vec<(&str, String, Scope)> = options
        .namespaces
        .iter()
        .map(|namespace| (namespace.as_str(), names::CONTROLLER.to_owned(), Scope::Watched))
        .collect();
    // Its own namespace may be watched too, so the name differs.
    scopes.push((&options.namespace, format!("{}-lease", names::CONTROLLER), Scope::Home));
    let mut objects = Vec::new();
    if options.namespaces.is_empty() {
        let rules = json!({"rules": rights::rules(Scope::Watched)});
        objects.push(engine.render("install/cluster-role.yaml.j2", &context.with(&rules))?);
        objects.push(engine.render("install/cluster-role-binding.yaml.j2", context)?);
    }
    for (namespace, name, scope) in scopes {
        let role = json!({"name": name, "namespace": namespace, "rules": rights::rules(scope)});
        let context = context.with(&json!({"role": role}));
        objects.push(engine.render("install/role.yaml.j2", &context)?);
        objects.push(engine.render("install/role-binding.yaml.j2", &context)?);
    }
    Ok(objects)
}

/// Everything that the templates place.
fn values(options: &Options) -> Value {
    let selector = json!({
        names::LABEL_NAME: names::CONTROLLER,
        names::LABEL_INSTANCE: names::CONTROLLER,
    });
    let mut labels = selector.clone();
    labels[names::LABEL_MANAGED_BY] = json!(names::MANAGED_BY);
    let mut namespace_labels = labels.clone();
    for mode in ["enforce", "audit", "warn"] {
        namespace_labels[format!("pod-security.kubernetes.io/{mode}")] = json!("restricted");
    }
    let mut dashboard_labels = labels.clone();
    dashboard_labels["grafana_dashboard"] = json!("1");
    // The document always serializes.
    let config = serde_json::to_value(&options.config).unwrap_or_default();
    let config = yaml::write(&config);
    let port = |port: i32| json!({"port": port, "protocol": "TCP"});
    let (mounts, volumes) = volumes(options);
    json!({
        "name": names::CONTROLLER,
        "namespace": options.namespace,
        "image": options.image,
        "labels": labels,
        "selector": selector,
        "namespace_labels": namespace_labels,
        "dashboard_labels": dashboard_labels,
        "is_available": options.is_available,
        "args": arguments(options),
        "config_data": data(names::KEY_CONTROLLER_CONFIG, config.clone()),
        "pod_annotations": data(names::ANNOTATION_CONFIG_HASH, tree::hash(config.as_bytes())),
        "mounts": mounts,
        "volumes": volumes,
        "metrics_port": names::PORT_CONTROLLER_METRICS,
        "health_port": names::PORT_CONTROLLER_HEALTH,
        "egress_ports": egress(&options.config).into_iter().map(port).collect::<Vec<_>>(),
        "alerts": alerts::rules(),
        "dashboard_data": data("openclaw-fleet.json", format!("{:#}\n", dashboard::dashboard())),
    })
}

/// Ports that the controller talks to: API server, gateways, Git servers and registries.
fn egress(config: &ControllerConfig) -> Vec<i32> {
    let mut ports = vec![443, 6443, names::PORT_GATEWAY];
    if config.repositories.iter().any(Repository::is_ssh) {
        ports.push(22);
    }
    let urls = config.repositories.iter().map(|one| one.url.as_str());
    let endpoints = config.registries.iter().filter_map(|one| one.endpoint.as_deref());
    let hosts = config.registries.iter().map(|one| one.host.as_str());
    let requests = config.repositories.iter().filter_map(|one| one.pull_requests.as_ref());
    let apis = requests.filter_map(|one| one.api.as_deref());
    ports.extend(urls.chain(endpoints).chain(hosts).chain(apis).filter_map(port));
    if config
        .registries
        .iter()
        .filter_map(|one| one.endpoint.as_ref())
        .any(|one| one.starts_with("http://") && port(one).is_none())
    {
        ports.push(80);
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The port that an address names.
fn port(address: &str) -> Option<i32> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split('/').next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

fn data(key: &str, text: String) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), Value::String(text))]))
}

fn arguments(options: &Options) -> Vec<String> {
    let (folder, file) = (names::MOUNT_CONTROLLER_CONFIG, names::KEY_CONTROLLER_CONFIG);
    let mut arguments = vec!["controller".to_owned(), format!("--config={folder}/{file}")];
    if !options.namespaces.is_empty() {
        arguments.push(format!("--namespaces={}", options.namespaces.join(",")));
    }
    arguments
}

/// The configuration and each repository's credentials, as mounts and as volumes. Credentials are
/// files, so that no right to read Secrets is needed, and may be absent, so that a missing one is
/// told in a condition and not by a Pod that does not start.
fn volumes(options: &Options) -> (Vec<Value>, Vec<Value>) {
    let mut mounts = vec![
        json!({"name": "config", "mountPath": names::MOUNT_CONTROLLER_CONFIG, "readOnly": true}),
        json!({"name": "tmp", "mountPath": "/tmp"}),
    ];
    let mut volumes = vec![
        json!({"name": "config", "configMap": {"name": names::CONTROLLER}}),
        json!({"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}}),
    ];
    let config = &options.config;
    if config.backup.share_credentials {
        let path = names::MOUNT_STORE;
        mounts.push(json!({"name": "store", "mountPath": path, "readOnly": true}));
        let name = names::BACKUP_SECRET;
        let secret = json!({"secretName": name, "optional": true, "defaultMode": 0o440});
        volumes.push(json!({"name": "store", "secret": secret}));
    }
    let repositories = config.repositories.iter().map(|one| (&one.name, &one.credentials_secret));
    let registries = config.registries.iter().map(|one| (&one.name, &one.credentials_secret));
    let repositories = repositories.map(|(name, secret)| ("credentials", name, secret));
    let registries = registries.map(|(name, secret)| ("registry", name, secret));
    for (kind, owner, secret) in repositories.chain(registries) {
        let Some(secret) = secret else { continue };
        let name = format!("{kind}-{owner}");
        let folder = match kind {
            "registry" => names::MOUNT_REGISTRIES,
            _ => names::MOUNT_CREDENTIALS,
        };
        let path = format!("{folder}/{owner}");
        mounts.push(json!({"name": name, "mountPath": path, "readOnly": true}));
        let secret = json!({"secretName": secret, "optional": true, "defaultMode": 0o440});
        volumes.push(json!({"name": name, "secret": secret}));
    }
    (mounts, volumes)
}
