//! Finds every Secret and ConfigMap that a Pod reads, by walking the Pod itself: a list kept by
//! hand would forget a field one day.

use std::collections::BTreeSet;

use serde_json::Value;

/// Names of objects that a Pod reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// Secrets.
    pub secrets: BTreeSet<String>,
    /// ConfigMaps.
    pub config_maps: BTreeSet<String>,
}

impl References {
    /// Adds what `value`, a Pod spec or a part of one, refers to.
    pub fn walk(&mut self, value: &Value) {
        for need in needs(value) {
            match need.kind {
                Kind::Secret => self.secrets.insert(need.name),
                Kind::ConfigMap => self.config_maps.insert(need.name),
            };
        }
    }
}

/// What a Pod reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}

/// One place of a Pod that reads an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Kind of the object.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Keys that must be there.
    pub keys: BTreeSet<String>,
    /// Whether the Pod starts without the object or the keys.
    pub is_optional: bool,
    /// Where it is read, list items by their name, such as `containers[openclaw].envFrom[0]`.
    pub place: String,
}

/// Returns every need of `value`, a Pod spec or a part of one, in its order.
pub fn needs(value: &Value) -> Vec<Need> {
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

fn walk(value: &Value, place: &str, found: &mut Vec<Need>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let name = item.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
                let name = name.map_or_else(|| index.to_string(), str::to_owned);
                walk(item, &format!("{place}[{name}]"), found);
            }
        }
        Value::Object(map) => {
            for (key, child) in map {
                let below = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                if key == "imagePullSecrets" {
                    let items = child.as_array().into_iter().flatten();
                    items.for_each(|item| add(Kind::Secret, item.get("name"), item, &below, found));
                } else if let Some((kind, name)) = named(key, child) {
                    add(kind, name, child, place, found);
                }
                walk(child, &below, found);
            }
        }
        _ => {}
    }
}

/// The object that a field of a Pod names.
fn named<'a>(key: &str, child: &'a Value) -> Option<(Kind, Option<&'a Value>)> {
    Some(match key {
        "secretKeyRef" | "secretRef" | "nodePublishSecretRef" => (Kind::Secret, child.get("name")),
        // A Secret volume names it `secretName`, a projected source `name`.
        "secret" => (Kind::Secret, child.get("secretName").or_else(|| child.get("name"))),
        "azureFile" => (Kind::Secret, child.get("secretName")),
        "configMapKeyRef" | "configMapRef" | "configMap" => (Kind::ConfigMap, child.get("name")),
        _ => return None,
    })
}

fn add(kind: Kind, name: Option<&Value>, source: &Value, place: &str, found: &mut Vec<Need>) {
    let Some(name) = name.and_then(Value::as_str).filter(|name| !name.is_empty()) else { return };
    let items = source.get("items").and_then(Value::as_array).into_iter().flatten();
    let keys = items.chain([source]).filter_map(|item| item.get("key")).filter_map(Value::as_str);
    found.push(Need {
        kind,
        name: name.to_owned(),
        keys: keys.map(str::to_owned).collect(),
        is_optional: source.get("optional") == Some(&Value::Bool(true)),
        place: place.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod() -> Value {
        json!({
            "imagePullSecrets": [{"name": "pull"}],
            "containers": [{
                "name": "main",
                "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "env", "key": "k"}}},
                    {"valueFrom": {"configMapKeyRef": {"name": "cm-env", "key": "k"}}}],
                "envFrom": [{"secretRef": {"name": "from", "optional": true}},
                    {"configMapRef": {"name": "cm-from"}}],
            }],
            "volumes": [{"secret": {"secretName": "volume", "items": [{"key": "a"}, {"key": "b"}]}},
                {"projected": {"sources": [{"secret": {"name": "projected"}},
                    {"configMap": {"name": "cm-projected"}}]}},
                {"csi": {"driver": "d", "nodePublishSecretRef": {"name": "csi"}}},
                {"name": "files", "azureFile": {"secretName": "azure"}},
                {"configMap": {"name": "cm-volume"}}],
        })
    }

    #[test]
    fn every_way_to_name_a_secret_is_found() {
        let mut references = References::default();
        references.walk(&pod());
        let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(names(&references.secrets), "azure csi env from projected pull volume");
        assert_eq!(names(&references.config_maps), "cm-env cm-from cm-projected cm-volume");
    }

    #[test]
    fn each_need_says_what_is_read_and_where() {
        let told: Vec<String> = needs(&pod())
            .iter()
            .map(|need| {
                let keys: Vec<&str> = need.keys.iter().map(String::as_str).collect();
                let optional = if need.is_optional { " optional" } else { "" };
                format!("{} {}{optional} at {}", need.name, keys.join(","), need.place)
            })
            .collect();
        assert_eq!(
            told,
            [
                "env k at containers[main].env[A].valueFrom",
                "cm-env k at containers[main].env[1].valueFrom",
                "from  optional at containers[main].envFrom[0]",
                "cm-from  at containers[main].envFrom[1]",
                "pull  at imagePullSecrets",
                "volume a,b at volumes[0]",
                "projected  at volumes[1].projected.sources[0]",
                "cm-projected  at volumes[1].projected.sources[1]",
                "csi  at volumes[2].csi",
                "azure  at volumes[files]",
                "cm-volume  at volumes[4]",
            ]
        );
    }
}
