//! The rules of the CRD as kube evaluates them, without a cluster.

use std::collections::BTreeSet;

use kube::core::cel::{CompiledSchema, ValidationErrors, Validator, compile_schema};
use serde_json::Value;

use crate::verdict;

/// Units that kube-cel does not read; Go does, and `validate` with it.
const MICRO: [char; 2] = ['\u{b5}', '\u{3bc}'];

/// Whether kube-cel cannot answer about an instance of this name.
pub fn cannot_read(name: &str) -> bool {
    name.contains(MICRO)
}

/// Returns the schema of the committed CRD.
pub fn crd_schema() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/crds/openclawinstances.openclaw.rocks.yaml");
    let mut crd: Value = serde_yaml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema").unwrap().take()
}

/// The CRD's rules, compiled.
pub struct Offline {
    schema: Value,
    compiled: CompiledSchema,
    validator: Validator,
}

impl Offline {
    pub fn new() -> Self {
        let schema = crd_schema();
        Self { compiled: compile_schema(&schema), validator: Validator::new(), schema }
    }

    /// Returns the codes of the rules that the instance breaks.
    pub fn ask(&self, instance: &Value) -> BTreeSet<String> {
        let mut instance = instance.clone();
        without_nulls(&mut instance, &self.schema);
        let result = self.validator.validate_compiled(&self.compiled, &instance, None);
        let errors = result.err().into_iter().flat_map(ValidationErrors::into_vec);
        errors.map(|error| verdict::code_of_rule(&error.rule, &error.message)).collect()
    }
}

/// As the API server: a null is dropped where the schema does not say `nullable`, which it never
/// does; what is below an open field is data.
fn without_nulls(value: &mut Value, schema: &Value) {
    if schema.get("x-kubernetes-preserve-unknown-fields").is_some() {
        return;
    }
    match value {
        Value::Object(map) => {
            map.retain(|_, child| !child.is_null());
            for (key, child) in map {
                let below = schema.pointer(&format!("/properties/{key}"));
                let below = below.or_else(|| schema.get("additionalProperties"));
                without_nulls(child, below.unwrap_or(&Value::Null));
            }
        }
        Value::Array(list) => {
            let below = schema.get("items").unwrap_or(&Value::Null);
            list.iter_mut().for_each(|item| without_nulls(item, below));
        }
        _ => {}
    }
}
