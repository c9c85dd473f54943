//! Turns an [`Instance`] into manifests: one template an object, placed values only, through the
//! typed gate, in a fixed order.

pub mod engine;
mod foreign;
pub mod manifest;
pub mod templates;
pub mod yaml;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::model::scripts::hex;
use crate::model::{Instance, Pod};
use crate::names;
use engine::{Context, Engine};
pub use manifest::Manifest;

/// A fault of ours: no file that passed `validate` can cause one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A template does not fill.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The filled template is not the object that it claims to be.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
}

/// One object: its template and when it is rendered.
pub struct Object {
    /// Name of the template.
    pub template: &'static str,
    /// Whether an instance has it.
    pub when: fn(&Instance) -> bool,
}

/// Every object, in the order in which a stream carries them: rights before what uses them.
pub const OBJECTS: &[Object] = &[
    Object { template: "openclaw-instance.yaml.j2", when: |i| i.object.is_some() },
    Object { template: "service-account.yaml.j2", when: |i| i.service_account.is_created },
    Object { template: "role.yaml.j2", when: |i| i.role.is_some() },
    Object { template: "controller-role.yaml.j2", when: |i| i.controller.is_some() },
    Object { template: "role-binding.yaml.j2", when: |i| i.role.is_some() },
    Object { template: "controller-role-binding.yaml.j2", when: |i| i.controller.is_some() },
    Object { template: "network-policy.yaml.j2", when: |i| i.network_policy.is_some() },
    Object { template: "config-map.yaml.j2", when: |_| true },
    Object { template: "workspace-config-map.yaml.j2", when: |i| i.workspace.is_some() },
    Object { template: "persistent-volume-claim.yaml.j2", when: |i| i.claim.is_some() },
    Object { template: "service.yaml.j2", when: |_| true },
    Object { template: "pod-disruption-budget.yaml.j2", when: |i| i.disruption_budget.is_some() },
    Object { template: "stateful-set.yaml.j2", when: |_| true },
    Object {
        template: "middleware-redirect.yaml.j2",
        when: |i| i.middlewares.contains_key("redirect"),
    },
    Object { template: "middleware-hsts.yaml.j2", when: |i| i.middlewares.contains_key("hsts") },
    Object {
        template: "middleware-rate-limit.yaml.j2",
        when: |i| i.middlewares.contains_key("rate-limit"),
    },
    Object { template: "ingress.yaml.j2", when: |i| i.ingress.is_some() },
    Object { template: "http-route.yaml.j2", when: |i| i.http_route.is_some() },
    Object { template: "service-monitor.yaml.j2", when: |i| i.service_monitor.is_some() },
];

/// A built-in container: its template and when the Pod has it.
type Builtin = (&'static str, fn(&Pod) -> bool);

/// Our init containers, in the order in which they run; the user's follow.
const INIT_CONTAINERS: &[Builtin] = &[
    ("pod/init-state.yaml.j2", |pod| pod.keeps_state),
    ("pod/init-restore.yaml.j2", |pod| pod.restore.is_some()),
    ("pod/init-config.yaml.j2", |_| true),
    ("pod/init-pnpm.yaml.j2", |pod| pod.has_pnpm),
    ("pod/init-python.yaml.j2", |pod| pod.python.is_some()),
    ("pod/init-skills.yaml.j2", |pod| pod.skills_env.is_some()),
];

/// Our containers; the user's follow.
const CONTAINERS: &[Builtin] = &[
    ("pod/main.yaml.j2", |_| true),
    ("pod/chromium.yaml.j2", |pod| pod.browser.is_some()),
    ("pod/otel-collector.yaml.j2", |pod| pod.collector.is_some()),
];

/// Renders every object of `instance`.
///
/// # Errors
/// When a template is at fault.
pub fn render(engine: &Engine, instance: &Instance) -> Result<Vec<Manifest>, Error> {
    let context = Context::new(instance);
    let pod = &instance.pod;
    let init = containers(engine, &context, INIT_CONTAINERS, pod, &pod.init_guests)?;
    let main = containers(engine, &context, CONTAINERS, pod, &pod.guests)?;
    let context = context.with(&json!({"init_containers": init, "containers": main}));
    let mut values = Vec::new();
    for object in OBJECTS.iter().filter(|object| (object.when)(instance)) {
        let mut value = engine.render(object.template, &context)?;
        annotate(&mut value, instance);
        values.push(value);
    }
    share_hash(&mut values);
    values.into_iter().map(|value| Ok(Manifest::new(value)?)).collect()
}

/// The instance bears the hash of its StatefulSet: where they differ in a cluster, one of them is
/// of another commit.
fn share_hash(values: &mut [Value]) {
    let key = names::ANNOTATION_RENDER_HASH;
    let set = values.iter().find(|value| value["kind"] == "StatefulSet");
    let hash = set.map(|set| set["metadata"]["annotations"][key].clone());
    let instance = values.iter_mut().find(|value| value["kind"] == names::KIND);
    if let (Some(hash), Some(annotations)) = (hash, instance.and_then(annotations)) {
        annotations.insert(key.to_owned(), hash);
    }
}

fn containers(
    engine: &Engine,
    context: &Context,
    builtins: &[Builtin],
    pod: &Pod,
    guests: &[Value],
) -> Result<Vec<Value>, Error> {
    let mut list = Vec::new();
    for (template, is_used) in builtins {
        if is_used(pod) {
            list.push(engine.render(template, context)?);
        }
    }
    list.extend(guests.iter().cloned());
    Ok(list)
}

/// Flux replaces `${NAME}` in every object of a Kustomization that substitutes; ours are scripts
/// and the application's own references, so they opt out.
const FLUX_SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Tells Flux to leave an object alone that holds `${`.
pub fn guard_from_flux(value: &mut Value) {
    if !holds(value, "${") {
        return;
    }
    if let Some(annotations) = annotations(value) {
        annotations.insert(FLUX_SUBSTITUTE.to_owned(), json!("disabled"));
    }
}

fn annotate(value: &mut Value, instance: &Instance) {
    guard_from_flux(value);
    let Some(annotations) = annotations(value) else { return };
    for (key, text) in &instance.annotations {
        annotations.insert(key.clone(), Value::String(text.clone()));
    }
    let is_empty = annotations.is_empty();
    if value["kind"] == "StatefulSet" {
        let hash = hex(Sha256::digest(yaml::write(value).as_bytes()).as_slice());
        if let Some(annotations) = self::annotations(value) {
            annotations.insert(names::ANNOTATION_RENDER_HASH.to_owned(), Value::String(hash));
        }
    } else if is_empty {
        drop_annotations(value);
    }
}

fn annotations(value: &mut Value) -> Option<&mut Map<String, Value>> {
    let metadata = value.get_mut("metadata")?.as_object_mut()?;
    metadata.entry("annotations").or_insert_with(|| json!({})).as_object_mut()
}

fn drop_annotations(value: &mut Value) {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("annotations");
    }
}

/// Whether a text or a key anywhere below `value` contains `needle`.
pub fn holds(value: &Value, needle: &str) -> bool {
    match value {
        Value::String(text) => text.contains(needle),
        Value::Array(items) => items.iter().any(|item| holds(item, needle)),
        Value::Object(map) => {
            map.iter().any(|(key, child)| key.contains(needle) || holds(child, needle))
        }
        _ => false,
    }
}
