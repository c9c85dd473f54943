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
