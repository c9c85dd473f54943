//! Writes the rules of the table into the schema of the CRD as CEL, so that the API server
//! refuses what `validate` refuses.

use serde_json::{Map, Value, json};

use super::refused::{REFUSED, Shape};
use super::{CHECKS, Cel};

/// Caps that bound the cost of the rules; `validate` checks the same ones.
const CAPS: &[(&str, &str, u64)] = &[
    ("spec.env", "maxItems", 256),
    ("spec.envFrom", "maxItems", 64),
    ("spec.skills", "maxItems", 20),
    ("spec.skills[]", "maxLength", 128),
    ("spec.initContainers", "maxItems", 10),
    ("spec.sidecars", "maxItems", 10),
    ("spec.initContainers[].name", "maxLength", 63),
    ("spec.sidecars[].name", "maxLength", 63),
    ("spec.initContainers[].ports", "maxItems", 32),
    ("spec.sidecars[].ports", "maxItems", 32),
    ("spec.env[].name", "maxLength", 256),
    ("spec.sidecarVolumes", "maxItems", 20),
    ("spec.extraVolumes", "maxItems", 10),
    ("spec.extraVolumeMounts", "maxItems", 10),
    ("spec.config.forcePaths", "maxItems", 20),
    ("spec.config.forcePaths[]", "maxLength", 253),
    ("spec.gateway.controlUiOrigins", "maxItems", 20),
    ("spec.workspace.initialFiles", "maxProperties", 50),
    ("spec.workspace.initialDirectories", "maxItems", 20),
    ("spec.workspace.initialDirectories[]", "maxLength", 253),
    ("spec.networking.service.ports", "maxItems", 20),
    ("spec.networking.ingress.hosts", "maxItems", 64),
    ("spec.networking.ingress.hosts[].paths", "maxItems", 64),
    ("spec.networking.ingress.hosts[].host", "maxLength", 253),
    ("spec.networking.ingress.hosts[].paths[].path", "maxLength", 512),
    ("spec.networking.ingress.className", "maxLength", 253),
    ("spec.networking.ingress.tls", "maxItems", 64),
    ("spec.networking.ingress.tls[].hosts", "maxItems", 64),
    ("spec.networking.ingress.tls[].hosts[]", "maxLength", 253),
    ("spec.networking.ingress.tls[].secretName", "maxLength", 253),
    ("spec.networking.httpRoute.parentRefs", "maxItems", 16),
    ("spec.networking.httpRoute.parentRefs[].name", "maxLength", 253),
    ("spec.networking.httpRoute.parentRefs[].namespace", "maxLength", 63),
    ("spec.networking.httpRoute.parentRefs[].sectionName", "maxLength", 253),
    ("spec.networking.httpRoute.hostnames", "maxItems", 64),
    ("spec.networking.httpRoute.hostnames[]", "maxLength", 253),
    ("spec.workspace.configMapRef.name", "maxLength", 253),
    ("spec.autoUpdate.checkInterval", "maxLength", 64),
    ("spec.autoUpdate.healthCheckTimeout", "maxLength", 64),
    ("spec.backup.timeout", "maxLength", 64),
    ("spec.restoreFrom", "maxLength", 512),
    ("spec.config.configMapRef.name", "maxLength", 253),
    ("spec.config.configMapRef.key", "maxLength", 253),
    ("spec.security.caBundle.configMapName", "maxLength", 253),
    ("spec.security.caBundle.secretName", "maxLength", 253),
    ("spec.security.caBundle.key", "maxLength", 253),
];

/// Adds the caps to a schema of the instance.
pub fn add_caps(schema: &mut Value) {
    for (path, keyword, cap) in CAPS {
        if let Some(Value::Object(node)) = node(schema, path) {
            node.insert((*keyword).to_owned(), json!(cap));
        }
    }
}

/// Adds the fields that are refused by name as opaque properties: without them the API server
/// would prune them in silence.
pub fn add_refused(schema: &mut Value) {
    for field in REFUSED {
        let Some(node) = node(schema, field.parent) else { continue };
        if let Some(Value::Object(properties)) = node.get_mut("properties") {
            properties.insert(
                field.field.to_owned(),
                json!({
                    "description": format!("Not supported: {}.", field.hint),
                    "x-kubernetes-preserve-unknown-fields": true,
                }),
            );
        }
    }
}

/// Gives the refused fields the types of the Go operator: a rule about a property without a type
/// does not compile in the API server, and `validate` names them whatever their value is.
fn type_refused(schema: &mut Value) {
    for field in REFUSED {
        let path = format!("{}.{}", field.parent, field.field);
        let Some(Value::Object(node)) = node(schema, &path) else { continue };
        let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let typed = match field.shape {
            Shape::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Shape::Mappings => json!({"type": "array", "items": open}),
            Shape::Mapping => open,
            Shape::Switch => json!({"type": "boolean"}),
            Shape::Text => json!({"type": "string"}),
            Shape::Whole => json!({"type": "integer"}),
        };
        if let Value::Object(typed) = typed {
            node.remove("x-kubernetes-preserve-unknown-fields");
            node.extend(typed);
        }
    }
}

/// Tells server-side apply which lists merge: by name, and as a set.
fn add_list_types(schema: &mut Value) {
    if let Some(Value::Object(env)) = node(schema, "spec.env") {
        env.insert("x-kubernetes-list-type".to_owned(), json!("map"));
        env.insert("x-kubernetes-list-map-keys".to_owned(), json!(["name"]));
    }
    if let Some(Value::Object(skills)) = node(schema, "spec.skills") {
        skills.insert("x-kubernetes-list-type".to_owned(), json!("set"));
    }
}

/// Names the name, the one part of `metadata` that a CRD may ask about; the API server's own cap.
fn add_name(schema: &mut Value) {
    schema["properties"]["metadata"] = json!({
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 253}},
    });
}

/// Adds every rule that CEL can say.
pub fn add_rules(schema: &mut Value) {
    for field in REFUSED {
        let message = format!("OC0103: {} is not supported: {}", field.field, field.hint);
        add_rule(schema, field.parent, &format!("!has(self.{})", field.field), &message);
    }
    for check in CHECKS {
        if let Cel::Rule { at, rule, message } = &check.cel {
            add_rule(schema, at, rule, &format!("{}: {message}", check.code));
        }
    }
}

fn add_rule(schema: &mut Value, at: &str, rule: &str, message: &str) {
    let Some(Value::Object(node)) = node(schema, at) else { return };
    let rules = node.entry("x-kubernetes-validations").or_insert_with(|| json!([]));
    if let Value::Array(rules) = rules {
        rules.push(json!({"rule": rule, "message": message}));
    }
}

/// Returns the schema at a path; `[]` are the items of a list, the empty path is the root.
pub fn node<'a>(schema: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let mut node = schema;
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let name = segment.trim_end_matches("[]");
        node = node.get_mut("properties")?.get_mut(name)?;
        for _ in 0..segment.matches("[]").count() {
            node = node.get_mut("items")?;
        }
    }
    Some(node)
}

/// Removes every `default`: one in the schema is written into people's objects for ever.
pub fn drop_defaults(schema: &mut Value) {
    walk(schema, &mut |map| {
        // A property may be called `default`; a keyword stands beside `type` or a reference.
        map.remove("default");
    });
}

/// Removes every `nullable`: the API server keeps a null only there, and a rule would meet it.
/// Elsewhere it drops nulls, as `validate` does.
fn drop_nullable(schema: &mut Value) {
    walk(schema, &mut |map| {
        map.remove("nullable");
    });
}

/// Removes the documentation of embedded Kubernetes types, which kubectl explains anyway and
/// which would take the CRD over the size that client-side apply allows.
pub fn drop_descriptions(schema: &mut Value) {
    walk(schema, &mut |map| {
        map.remove("description");
    });
}

fn walk(schema: &mut Value, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let Value::Object(map) = schema else { return };
    change(map);
    for (key, child) in map.iter_mut() {
        match (key.as_str(), child) {
            ("properties" | "patternProperties" | "$defs", Value::Object(properties)) => {
                properties.values_mut().for_each(|property| walk(property, change));
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(list)) => {
                list.iter_mut().for_each(|item| walk(item, change));
            }
            ("items" | "additionalProperties" | "not", child) => walk(child, change),
            _ => {}
        }
    }
}

/// Returns the CRD with its rules: what the cluster gets.
pub fn crd() -> Value {
    let mut crd = crate::api::crd::bare();
    if let Some(schema) = crate::api::crd::schema_of(&mut crd) {
        complete(schema);
        crate::api::crd::tell_defaults(schema);
        for path in crate::api::crd::EMBEDDED {
            if let Some(node) = node(schema, path) {
                let own = node.get("description").cloned();
                drop_descriptions(node);
                if let (Value::Object(node), Some(own)) = (node, own) {
                    node.insert("description".to_owned(), own);
                }
            }
        }
        type_refused(schema);
        add_list_types(schema);
        add_name(schema);
        add_rules(schema);
    }
    crd
}

fn complete(schema: &mut Value) {
    open_quantities(schema);
    drop_defaults(schema);
    drop_nullable(schema);
    add_caps(schema);
    add_refused(schema);
}

/// Returns the JSON Schema of an instance for editors: closed, so that a typing mistake shows.
pub fn editor_schema() -> Value {
    let mut schema = instance_schema();
    close(&mut schema);
    if let Value::Object(map) = &mut schema {
        map.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        map.insert("title".to_owned(), json!("OpenClawInstance"));
    }
    schema
}

/// Returns the schema that documents are checked against.
pub fn instance_schema() -> Value {
    let mut crd = crate::api::crd::bare();
    let mut schema = crate::api::crd::schema_of(&mut crd).map(Value::take).unwrap_or_default();
    complete(&mut schema);
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        // A copy from a cluster carries its status, which is read over.
        properties.insert("status".to_owned(), json!({}));
        if let Value::Object(envelope) = crate::api::crd::envelope(crate::names::KIND) {
            properties.extend(envelope);
        }
    }
    schema["required"] = json!(["apiVersion", "kind", "metadata"]);
    schema
}

/// Kubernetes takes `cpu: 2` as well as `cpu: "2"`.
fn open_quantities(schema: &mut Value) {
    walk(schema, &mut |map| {
        let is_quantity = map
            .get("description")
            .and_then(Value::as_str)
            .is_some_and(|text| text.starts_with("Quantity is a fixed-point representation"));
        if is_quantity {
            map.clear();
            map.insert("x-kubernetes-int-or-string".to_owned(), json!(true));
        }
    });
}

/// Forbids unknown properties wherever the schema names any.
fn close(schema: &mut Value) {
    walk(schema, &mut |map| {
        if map.remove("x-kubernetes-int-or-string").is_some() {
            map.insert("type".to_owned(), json!(["integer", "string"]));
        }
        let is_open = map.remove("x-kubernetes-preserve-unknown-fields").is_some();
        if map.contains_key("properties") && !map.contains_key("additionalProperties") && !is_open {
            map.insert("additionalProperties".to_owned(), json!(false));
        }
    });
}

/// Returns the schema that is embedded in the binary: the shape alone.
pub fn embedded_schema() -> Value {
    let mut schema = instance_schema();
    drop_descriptions(&mut schema);
    schema
}
