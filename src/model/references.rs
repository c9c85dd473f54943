//! Names every Secret and ConfigMap that a Pod reads, by walking the Pod itself: a list kept by
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
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(map) => {
                for (key, child) in map {
                    self.entry(key, child);
                    self.walk(child);
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, key: &str, child: &Value) {
        let (set, name) = match key {
            "secretKeyRef" | "secretRef" | "nodePublishSecretRef" => {
                (&mut self.secrets, child.get("name"))
            }
            // A Secret volume names it `secretName`, a projected source `name`.
            "secret" => (&mut self.secrets, child.get("secretName").or_else(|| child.get("name"))),
            "configMapKeyRef" | "configMapRef" | "configMap" => {
                (&mut self.config_maps, child.get("name"))
            }
            "imagePullSecrets" => {
                let names = child.as_array().into_iter().flatten();
                let names = names.filter_map(|item| item.get("name")).filter_map(Value::as_str);
                self.secrets.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
                return;
            }
            "azureFile" => (&mut self.secrets, child.get("secretName")),
            _ => return,
        };
        if let Some(name) = name.and_then(Value::as_str).filter(|name| !name.is_empty()) {
            set.insert(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_to_name_a_secret_is_found() {
        let mut references = References::default();
        references.walk(&json!({
            "imagePullSecrets": [{"name": "pull"}],
            "containers": [{
                "env": [{"valueFrom": {"secretKeyRef": {"name": "env", "key": "k"}}},
                    {"valueFrom": {"configMapKeyRef": {"name": "cm-env", "key": "k"}}}],
                "envFrom": [{"secretRef": {"name": "from"}}, {"configMapRef": {"name": "cm-from"}}],
            }],
            "volumes": [{"secret": {"secretName": "volume"}},
                {"projected": {"sources": [{"secret": {"name": "projected"}},
                    {"configMap": {"name": "cm-projected"}}]}},
                {"csi": {"driver": "d", "nodePublishSecretRef": {"name": "csi"}}},
                {"configMap": {"name": "cm-volume"}}],
        }));
        let names = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(names(&references.secrets), "csi env from projected pull volume");
        assert_eq!(names(&references.config_maps), "cm-env cm-from cm-projected cm-volume");
    }
}
