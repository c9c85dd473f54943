//! One Kubernetes object, passed through its typed struct: a field that the type does not know
//! is an error of ours before it can become a surprise in someone's cluster.

use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use k8s_openapi::api::{admissionregistration as admission, apps, core, networking, policy, rbac};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions as extensions;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::foreign::{
    HttpRoute, InstanceShape, Middleware, PodMonitor, PrometheusRule, ServiceMonitor,
};

/// Shapes that one thread remembers.
const REMEMBERED: usize = 4096;

thread_local! {
    /// Whether a type accepts an object depends on the object's shape alone, so each shape is
    /// checked once.
    static ACCEPTED: RefCell<HashSet<u64>> = RefCell::new(HashSet::new());
}

/// A rendered object.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// `apiVersion` of the object.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; empty for an object of the whole cluster.
    pub namespace: String,
    /// The whole object.
    pub value: Value,
}

/// A rendered object that its type does not accept; a fault of a template or of ours.
#[derive(Debug, thiserror::Error)]
#[error("{kind} `{name}`: {message}")]
pub struct Error {
    kind: String,
    name: String,
    message: String,
}

#[derive(Deserialize)]
struct Head {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    #[serde(default)]
    namespace: String,
}

/// Kinds that belong to the whole cluster.
const CLUSTER_SCOPED: [&str; 6] = [
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "Namespace",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
];

impl Manifest {
    /// Checks `value` against the type that its `apiVersion` and `kind` name.
    ///
    /// # Errors
    /// When the kind is not one of ours, a required field is missing, a value has another type,
    /// or a field is not known to the type.
    pub fn new(value: Value) -> Result<Self, Error> {
        let head = Head::deserialize(&value).map_err(|e| Error {
            kind: "object".to_owned(),
            name: String::new(),
            message: e.to_string(),
        })?;
        let shape = shape_of(&value);
        if !ACCEPTED.with_borrow(|shapes| shapes.contains(&shape)) {
            check(&head, &value).map_err(|message| Error {
                kind: head.kind.clone(),
                name: head.metadata.name.clone(),
                message,
            })?;
            ACCEPTED.with_borrow_mut(|shapes| {
                if shapes.len() >= REMEMBERED {
                    shapes.clear();
                }
                shapes.insert(shape);
            });
        }
        Ok(Self {
            api_version: head.api_version,
            kind: head.kind,
            name: head.metadata.name,
            namespace: head.metadata.namespace,
            value,
        })
    }

    /// Returns the file name of the object inside its instance's folder.
    pub fn file_name(&self) -> String {
        format!("{}-{}.yaml", self.kind.to_lowercase(), self.name)
    }

    /// Returns the canonical text of the object.
    pub fn text(&self) -> String {
        super::yaml::write(&self.value)
    }
}

/// Hashes what a type looks at: `apiVersion` and `kind`, every key, the kind of every value, and
/// whether a number fits 32 bits. Texts are never parsed by the types of the objects that we
/// render, and the data of a ConfigMap is texts alone.
fn shape_of(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    for key in ["apiVersion", "kind"] {
        value.get(key).and_then(Value::as_str).hash(&mut hasher);
    }
    hash_shape(value, &mut hasher);
    hasher.finish()
}

fn hash_shape(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => hasher.write_u8(0),
        Value::Bool(_) => hasher.write_u8(1),
        Value::Number(number) => {
            let small = number.as_i64().is_some_and(|n| i32::try_from(n).is_ok());
            hasher.write_u8(if small { 2 } else { 3 });
            if !small {
                number.hash(hasher);
            }
        }
        Value::String(_) => hasher.write_u8(4),
        Value::Array(items) => {
            hasher.write_u8(5);
            hasher.write_usize(items.len());
            items.iter().for_each(|item| hash_shape(item, hasher));
        }
        Value::Object(map) => {
            hasher.write_u8(6);
            hasher.write_usize(map.len());
            for (key, child) in map {
                key.hash(hasher);
                hash_shape(child, hasher);
            }
        }
    }
}

fn check(head: &Head, value: &Value) -> Result<(), String> {
    if CLUSTER_SCOPED.contains(&head.kind.as_str()) != head.metadata.namespace.is_empty() {
        return Err(format!("found namespace `{}`", head.metadata.namespace));
    }
    match (head.api_version.as_str(), head.kind.as_str()) {
        ("v1", "ConfigMap") => config_map(value),
        ("v1", "Namespace") => typed::<core::v1::Namespace>(value),
        ("v1", "PersistentVolumeClaim") => typed::<core::v1::PersistentVolumeClaim>(value),
        ("v1", "Service") => typed::<core::v1::Service>(value),
        ("v1", "ServiceAccount") => typed::<core::v1::ServiceAccount>(value),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy") => {
            typed::<admission::v1::ValidatingAdmissionPolicy>(value)
        }
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding") => {
            typed::<admission::v1::ValidatingAdmissionPolicyBinding>(value)
        }
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition") => {
            typed::<extensions::v1::CustomResourceDefinition>(value)
        }
        ("apps/v1", "Deployment") => typed::<apps::v1::Deployment>(value),
        ("apps/v1", "StatefulSet") => typed::<apps::v1::StatefulSet>(value),
        ("networking.k8s.io/v1", "Ingress") => typed::<networking::v1::Ingress>(value),
        ("networking.k8s.io/v1", "NetworkPolicy") => typed::<networking::v1::NetworkPolicy>(value),
        ("policy/v1", "PodDisruptionBudget") => typed::<policy::v1::PodDisruptionBudget>(value),
        ("rbac.authorization.k8s.io/v1", "ClusterRole") => typed::<rbac::v1::ClusterRole>(value),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding") => {
            typed::<rbac::v1::ClusterRoleBinding>(value)
        }
        ("rbac.authorization.k8s.io/v1", "Role") => typed::<rbac::v1::Role>(value),
        ("rbac.authorization.k8s.io/v1", "RoleBinding") => typed::<rbac::v1::RoleBinding>(value),
        ("openclaw.rocks/v1alpha1", "OpenClawInstance") => typed::<InstanceShape>(value),
        ("monitoring.coreos.com/v1", "PodMonitor") => typed::<PodMonitor>(value),
        ("monitoring.coreos.com/v1", "PrometheusRule") => typed::<PrometheusRule>(value),
        ("monitoring.coreos.com/v1", "ServiceMonitor") => typed::<ServiceMonitor>(value),
        ("gateway.networking.k8s.io/v1", "HTTPRoute") => typed::<HttpRoute>(value),
        ("traefik.io/v1alpha1", "Middleware") => typed::<Middleware>(value),
        (version, kind) => Err(format!("`{version}` `{kind}` is not an object that we render")),
    }
}

/// The data of a ConfigMap is large and only has to be texts; the rest takes the ordinary way.
fn config_map(value: &Value) -> Result<(), String> {
    let Value::Object(map) = value else { return Err("it is no object".to_owned()) };
    let data = map.get("data").and_then(Value::as_object).into_iter().flatten();
    if let Some((key, _)) = data.into_iter().find(|(_, value)| !value.is_string()) {
        return Err(format!("field `.data.{key}` is no text"));
    }
    let entries = map.iter().filter(|(key, _)| *key != "data");
    let rest: Map<String, Value> = entries.map(|(k, v)| (k.clone(), v.clone())).collect();
    typed::<core::v1::ConfigMap>(&Value::Object(rest))
}

fn typed<T: DeserializeOwned + Serialize>(value: &Value) -> Result<(), String> {
    let object = T::deserialize(value).map_err(|e| e.to_string())?;
    let back = serde_json::to_value(&object).map_err(|e| e.to_string())?;
    lost(value, &back, &mut String::new())
}

/// Names the first field of `before` that `after` lacks or changed.
fn lost(before: &Value, after: &Value, path: &mut String) -> Result<(), String> {
    let length = path.len();
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                path.push('.');
                path.push_str(key);
                match after.get(key) {
                    Some(other) => lost(value, other, path)?,
                    None if value.is_null() => {}
                    None => return Err(format!("field `{path}` is not known to the type")),
                }
                path.truncate(length);
            }
            Ok(())
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (value, other)) in before.iter().zip(after).enumerate() {
                path.push_str(&format!("[{index}]"));
                lost(value, other, path)?;
                path.truncate(length);
            }
            Ok(())
        }
        (before, after) if before == after => Ok(()),
        (before, after) => Err(format!("field `{path}` was `{before}` and became `{after}`")),
    }
}
