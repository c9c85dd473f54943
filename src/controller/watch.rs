//! Watches what decisions need, and keeps the facts alone.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::api::ApiResource;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, Resource};
use serde_json::Value;

use super::facts;
use super::object::{self, Object};
use super::run::Shared;
use super::world::{Fact, Key, Place, Watched};
use crate::names;

/// Objects of one page of a list: what bounds the memory at a start.
const PAGE: u32 = 20;

/// Every kind that is watched: its group, version, kind and plural.
pub const WATCHED: [(Watched, &str, &str, &str, &str); 7] = [
    (Watched::Instance, names::GROUP, "v1alpha1", names::KIND, "openclawinstances"),
    (Watched::StatefulSet, "apps", "v1", "StatefulSet", "statefulsets"),
    (Watched::Pod, "", "v1", "Pod", "pods"),
    (Watched::Claim, "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    (Watched::Policy, "networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    (Watched::Job, "batch", "v1", "Job", "jobs"),
    (Watched::JobPod, "", "v1", "Pod", "pods"),
];

/// How long the API server keeps a watch, in seconds; then it is asked for anew. Thus one that
/// went silent, as a connection does when a machine between is lost, is found out.
pub const KEPT: u32 = 90;

/// Watches one kind, in one namespace or in all, for as long as the process lives.
pub async fn watch(
    client: Client,
    row: (Watched, &'static str, &'static str, &'static str, &'static str),
    namespace: Option<String>,
    shared: Arc<Shared>,
) {
    let (kind, ..) = row;
    let resource = resource(row);
    let api: Api<Object> = match &namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    };
    let mut config = watcher::Config::default().page_size(PAGE).timeout(KEPT);
    match kind {
        Watched::Instance => {}
        Watched::Job | Watched::JobPod => {
            config = config.labels(&format!("{}={}", names::LABEL_JOB, names::JOB_BACKUP));
        }
        Watched::StatefulSet | Watched::Pod | Watched::Claim | Watched::Policy => {
            config = config.labels(&format!("{}={}", names::LABEL_NAME, names::APP));
        }
    }
    let mut stream = watcher(api, config).default_backoff().boxed();
    let name = format!("{kind:?} in {}", namespace.as_deref().unwrap_or("every namespace"));
    shared.pulse.expect(&name);
    let mut listed = HashSet::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => {
                if matches!(event, watcher::Event::InitDone) {
                    shared.pulse.listed(&name);
                }
                take(kind, namespace.as_deref(), event, &mut listed, &shared);
                shared.pulse.recovered(&name);
            }
            Err(error) => {
                let (why, is_forbidden) = cause(&error);
                shared.pulse.failing(&name, &why, is_forbidden);
                tracing::warn!(watch = name, error = why, "the watch failed");
            }
        }
    }
}

/// What the API server said, and whether it was that the right is missing.
fn cause(error: &watcher::Error) -> (String, bool) {
    use watcher::Error::{InitialListFailed, WatchError, WatchFailed, WatchStartFailed};
    let (InitialListFailed(kube::Error::Api(answer))
    | WatchStartFailed(kube::Error::Api(answer))
    | WatchFailed(kube::Error::Api(answer))
    | WatchError(answer)) = error
    else {
        return (error.to_string(), false);
    };
    (answer.message.clone(), answer.code == 403)
}

/// How the API server calls a kind.
pub fn resource(row: (Watched, &str, &str, &str, &str)) -> ApiResource {
    let (_, group, version, kind, plural) = row;
    object::resource(group, version, kind, plural)
}

fn take(
    kind: Watched,
    namespace: Option<&str>,
    event: watcher::Event<Object>,
    listed: &mut HashSet<Place>,
    shared: &Shared,
) {
    match event {
        watcher::Event::Init => listed.clear(),
        watcher::Event::InitApply(object) => {
            if let Some(place) = place(kind, &object) {
                listed.insert(place.clone());
                put(kind, place, &object, shared);
            }
        }
        watcher::Event::Apply(object) => {
            if let Some(place) = place(kind, &object) {
                put(kind, place, &object, shared);
            }
        }
        watcher::Event::Delete(object) => {
            if let Some(place) = place(kind, &object) {
                let is_changed = shared.world().remove(&place, kind);
                shared.look(place.0, is_changed);
            }
        }
        watcher::Event::InitDone => {
            let gone = shared.world().keep(kind, namespace, &std::mem::take(listed));
            gone.into_iter().for_each(|key| shared.look(key, true));
        }
    }
}

fn put(kind: Watched, (key, name): Place, object: &Object, shared: &Shared) {
    // Whatever an object holds, it must not take the watch down with it.
    let fact = std::panic::catch_unwind(|| fact(kind, name, &object.value()));
    match fact {
        Ok(fact) => {
            let is_changed = shared.world().put(&key, fact);
            shared.look(key, is_changed);
        }
        Err(_) => tracing::error!(instance = %key, kind = ?kind, "the object cannot be read"),
    }
}

fn fact(kind: Watched, name: String, value: &Value) -> Fact {
    match kind {
        Watched::Instance => Fact::Instance(Box::new(facts::instance(value))),
        Watched::StatefulSet => Fact::StatefulSet(facts::set(value)),
        Watched::Pod => Fact::Pod(facts::pod(value)),
        Watched::Claim => Fact::Claim(facts::claim(value)),
        Watched::Policy => Fact::Policy,
        Watched::Job => Fact::Job(name, facts::job(value)),
        Watched::JobPod => Fact::JobPod(name, facts::pod(value)),
    }
}

/// The instance that an object belongs to, by its name, and that of a Job by its label; `None` when
/// it is none's.
fn place(kind: Watched, object: &Object) -> Option<Place> {
    let meta = object.meta();
    let name = meta.name.as_deref()?;
    let instance = match kind {
        Watched::Instance | Watched::StatefulSet | Watched::Policy => name,
        Watched::Pod => name.strip_suffix("-0")?,
        Watched::Claim => name.strip_suffix("-data")?,
        Watched::Job | Watched::JobPod => meta.labels.as_ref()?.get(names::LABEL_OWN_INSTANCE)?,
    };
    let key = Key { namespace: meta.namespace.clone()?, name: instance.to_owned() };
    Some((key, name.to_owned()))
}

/// Waits until a Secret or ConfigMap is there in another version than the one that was read;
/// watches it alone, by its name.
pub async fn changes(api: Api<Object>, name: &str, read: Option<&str>) {
    let config = watcher::Config::default().fields(&format!("metadata.name={name}")).timeout(KEPT);
    let mut stream = watcher(api, config).default_backoff().boxed();
    let mut is_told = false;
    while let Some(event) = stream.next().await {
        match event {
            Ok(watcher::Event::InitApply(object) | watcher::Event::Apply(object)) => {
                if read.is_none() || object.meta().resource_version.as_deref() != read {
                    return;
                }
            }
            Ok(_) => {}
            // Without the right there is nothing to see; once is enough to say so.
            Err(error) => {
                if !std::mem::replace(&mut is_told, true) {
                    tracing::warn!(name, error = cause(&error).0, "what is missing is not watched");
                }
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}
