//! What waits for objects that are missing, each by its name.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kube::Api;
use kube::api::ApiResource;
use tokio::task::AbortHandle;

use super::decide::Awaited;
use super::object::Object;
use super::reconcile::Worker;
use super::watch;
use super::world::Key;
use crate::model::references::Kind;

/// Most objects that are watched by name; beyond that a missing one is looked for.
const MOST_AWAITED: usize = 500;
/// How often, then.
const LOOK: Duration = Duration::from_secs(30);

/// What waits for a missing object, by instance.
#[derive(Debug, Default)]
pub struct Waiting(Mutex<HashMap<(Key, Awaited), AbortHandle>>);

impl Worker {
    /// Watches what is missing, each by its name, and nothing any more that is there.
    pub(super) fn wait_for(&self, key: &Key, missing: Vec<Awaited>) {
        let mut awaited = self.shared.awaited.0.lock().unwrap_or_else(PoisonError::into_inner);
        awaited.retain(|(owner, awaited), task| {
            let is_wanted = owner != key || missing.contains(awaited);
            if !is_wanted {
                task.abort();
            }
            is_wanted && !task.is_finished()
        });
        for one in missing {
            let place = (key.clone(), one.clone());
            if awaited.contains_key(&place) {
                continue;
            }
            if awaited.len() >= MOST_AWAITED {
                self.shared.world().forget_readings(key);
                self.shared.queue.add(key.clone(), LOOK);
                continue;
            }
            let resource = match one.kind {
                Kind::Secret => ApiResource::erase::<k8s_openapi::api::core::v1::Secret>(&()),
                Kind::ConfigMap => ApiResource::erase::<k8s_openapi::api::core::v1::ConfigMap>(&()),
            };
            let api: Api<Object> =
                Api::namespaced_with(self.client.clone(), &key.namespace, &resource);
            let (shared, key) = (self.shared.clone(), key.clone());
            let task = tokio::spawn(async move {
                watch::changes(api, &one.name, one.version.as_deref()).await;
                shared.world().forget_readings(&key);
                shared.queue.add(key, Duration::ZERO);
            });
            awaited.insert(place, task.abort_handle());
        }
    }
}
