//! Reads the Secrets and ConfigMaps that an instance names, one by one, and keeps no value.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client};
use serde_json::Value;

use super::facts;
use super::observed::{Held, Reading};
use crate::model::references::Kind;

/// Requests at the same time for one instance.
const AT_ONCE: usize = 4;

/// Reads each object.
pub async fn all(
    client: &Client,
    namespace: &str,
    list: Vec<(Kind, String)>,
) -> BTreeMap<(Kind, String), Reading> {
    stream::iter(list)
        .map(|(kind, name)| async move {
            let reading = one(client, namespace, kind, &name).await;
            ((kind, name), reading)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// Reads one object.
pub async fn one(client: &Client, namespace: &str, kind: Kind, name: &str) -> Reading {
    let held = match kind {
        Kind::Secret => {
            let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
            api.get_opt(name).await.map(|found| found.map(secret))
        }
        Kind::ConfigMap => {
            let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
            api.get_opt(name).await.map(|found| found.map(config_map))
        }
    };
    match held {
        Ok(Some(held)) => Reading::Held(held),
        Ok(None) => Reading::Absent,
        Err(kube::Error::Api(status)) if status.code == 403 => Reading::Denied,
        Err(error) => {
            tracing::warn!(namespace, name, %error, "an object cannot be read");
            Reading::Failed
        }
    }
}

fn secret(secret: Secret) -> Held {
    let metadata = serde_json::to_value(&secret.metadata).unwrap_or(Value::Null);
    let data: Vec<_> = secret.data.unwrap_or_default().into_iter().collect();
    facts::secret(&metadata, &data)
}

fn config_map(map: ConfigMap) -> Held {
    let metadata = serde_json::to_value(&map.metadata).unwrap_or(Value::Null);
    let data = map.data.unwrap_or_default().into_keys();
    facts::config_map(&metadata, data.chain(map.binary_data.unwrap_or_default().into_keys()))
}
