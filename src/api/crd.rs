//! The schema of the instance: the CRD of the cluster and the JSON Schema of editors, both made
//! from the types.

use kube::CustomResourceExt;
use serde_json::{Value, json};

use super::spec::OpenClawInstance;

/// Fields whose types are Kubernetes' own; their documentation is left to Kubernetes.
pub const EMBEDDED: [&str; 11] = [
    "spec.env",
    "spec.envFrom",
    "spec.initContainers",
    "spec.sidecars",
    "spec.sidecarVolumes",
    "spec.extraVolumes",
    "spec.extraVolumeMounts",
    "spec.availability.affinity",
    "spec.availability.tolerations",
    "spec.availability.topologySpreadConstraints",
    "spec.security.networkPolicy.additionalEgress",
];

/// Returns the CustomResourceDefinition as the types give it, without rules.
pub fn bare() -> Value {
    // The derived CRD always serializes.
    let mut crd = serde_json::to_value(OpenClawInstance::crd()).unwrap_or_default();
    if let Some(schema) = schema_of(&mut crd) {
        // The derived description is about Rust; `kubectl explain oci` prints this one.
        schema["description"] = schema["properties"]["spec"]["description"].take();
        schema["properties"]["spec"]["description"] = json!("What people want of the agent.");
        // As for the Go operator, and for `validate`: every field of the spec has a default.
        schema.as_object_mut().map(|schema| schema.remove("required"));
        schema["properties"]["status"]["description"] = json!("What the controller reports.");
    }
    crd
}

/// Returns the schema inside a CRD.
pub fn schema_of(crd: &mut Value) -> Option<&mut Value> {
    crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema")
}

/// Adds the default of each field to what `kubectl explain` prints: as a keyword the API server
/// would write it into people's objects.
pub fn tell_defaults(schema: &mut Value) {
    let defaults = serde_json::to_value(super::OpenClawInstanceSpec::default()).unwrap_or_default();
    tell_default(&mut schema["properties"]["spec"], &defaults);
}

fn tell_default(node: &mut Value, default: &Value) {
    let text = match default {
        Value::Object(fields) => {
            for (name, default) in fields {
                if let Some(node) = node["properties"].get_mut(name) {
                    tell_default(node, default);
                }
            }
            return;
        }
        Value::Null => return,
        Value::Array(list) if list.is_empty() => return,
        Value::Array(_) => default.to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if let Some(description) = node["description"].as_str() {
        node["description"] = json!(format!("{description} Default: {text}."));
    }
}

/// Returns the schema of `apiVersion`, `kind` and `metadata`, which the API server knows itself.
pub fn envelope(kind: &str) -> Value {
    json!({
        "apiVersion": {"type": "string", "enum": [crate::names::API_VERSION]},
        "kind": {"type": "string", "enum": [kind]},
        "metadata": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "description": "Name of the instance."},
                "namespace": {"type": "string", "description": "Its namespace."},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                // What a copy from a cluster carries is read and left out.
                "creationTimestamp": {},
                "finalizers": {},
                "generation": {},
                "managedFields": {},
                "ownerReferences": {},
                "resourceVersion": {},
                "uid": {},
            },
        },
    })
}
