//! UIDs of namespaces, which are part of every path in a bucket.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};

/// Those that were asked for, each by its name and the UID of an instance in it: a namespace that
/// is made anew is another one.
pub struct Namespaces {
    client: Client,
    known: Mutex<HashMap<(String, String), String>>,
}

impl Namespaces {
    /// Knows none yet.
    pub fn new(client: Client) -> Self {
        Self { client, known: Mutex::default() }
    }

    /// UID of the namespace in which the instance of this UID is.
    ///
    /// # Errors
    ///
    /// What the API server answers to who asks for the namespace.
    pub async fn uid(&self, name: &str, instance: &str) -> kube::Result<Option<String>> {
        let place = (name.to_owned(), instance.to_owned());
        let known = self.known().get(&place).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let api: Api<Namespace> = Api::all(self.client.clone());
        let uid = api.get_metadata(name).await?.metadata.uid;
        if let Some(uid) = &uid {
            self.known().insert(place, uid.clone());
        }
        Ok(uid)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(String, String), String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
