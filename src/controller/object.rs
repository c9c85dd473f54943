//! An object of the cluster as text, of which no more is parsed than is asked for.
//!
//! What users may write is nested as deeply as they like, and so are the fields that the API
//! server tracks of it. A parser that gives up there would lose the whole list or the whole watch
//! for the sake of one object.

use std::borrow::Cow;
use std::collections::BTreeMap;

use kube::Resource;
use kube::api::{ApiResource, ObjectMeta};
use kube::core::DynamicResourceScope;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// How the API server calls a kind.
pub fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    let api_version =
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version,
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

/// An object of any kind.
#[derive(Clone, Debug)]
pub struct Object {
    /// Name, namespace and version; the rest is in the text.
    metadata: ObjectMeta,
    text: Box<RawValue>,
}

#[derive(Deserialize)]
struct Head {
    metadata: Names,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Names {
    name: Option<String>,
    namespace: Option<String>,
    resource_version: Option<String>,
    labels: Option<BTreeMap<String, String>>,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let head: Head = serde_json::from_str(text.get()).map_err(D::Error::custom)?;
        let Names { name, namespace, resource_version, labels } = head.metadata;
        let metadata =
            ObjectMeta { name, namespace, resource_version, labels, ..ObjectMeta::default() };
        Ok(Self { metadata, text })
    }
}

impl Object {
    /// Returns all of it. What is nested too deeply to be read is null: a field of the metadata,
    /// or else the whole spec or status.
    pub fn value(&self) -> Value {
        let text = self.text.get();
        serde_json::from_str(text).unwrap_or_else(|_| {
            parts(text, |key, part| {
                if key == "metadata" { parts(part, |_, _| Value::Null) } else { Value::Null }
            })
        })
    }
}

/// Parses each field by itself, and puts `otherwise` where that fails.
fn parts(text: &str, otherwise: fn(&str, &str) -> Value) -> Value {
    let parts: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
    let parse = |(key, part): (String, &RawValue)| {
        let value = serde_json::from_str(part.get());
        let value = value.unwrap_or_else(|_| otherwise(&key, part.get()));
        (key, value)
    };
    parts.into_iter().map(parse).collect()
}

impl Resource for Object {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(kind: &ApiResource) -> Cow<'_, str> {
        kind.kind.as_str().into()
    }

    fn group(kind: &ApiResource) -> Cow<'_, str> {
        kind.group.as_str().into()
    }

    fn version(kind: &ApiResource) -> Cow<'_, str> {
        kind.version.as_str().into()
    }

    fn api_version(kind: &ApiResource) -> Cow<'_, str> {
        kind.api_version.as_str().into()
    }

    fn plural(kind: &ApiResource) -> Cow<'_, str> {
        kind.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels))
    }

    fn read(spec: &str, managed: &str) -> Value {
        let text = format!(
            r#"{{"metadata": {{"name": "n", "managedFields": {managed}}}, "spec": {spec}}}"#
        );
        let object: Object = serde_json::from_str(&text).unwrap();
        assert_eq!(object.meta().name.as_deref(), Some("n"));
        object.value()
    }

    #[test]
    fn what_is_nested_too_deeply_is_null_and_the_rest_is_read() {
        assert_eq!(read("{\"a\": 1}", "[]")["spec"]["a"], 1);
        for depth in [200, 9_000] {
            let value = read(&nested(depth), &nested(depth));
            assert_eq!(value["metadata"]["name"], "n");
            assert_eq!(
                (&value["spec"], &value["metadata"]["managedFields"]),
                (&Value::Null, &Value::Null)
            );
            assert_eq!(read("{\"a\": 1}", &nested(depth))["spec"]["a"], 1);
        }
    }
}
