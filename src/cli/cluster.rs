//! Reads the cluster of the kubeconfig, object by object as values; writes nothing to it.
#![expect(clippy::disallowed_methods, reason = "the shell reads the clock")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::Args;
use futures::{StreamExt, TryStreamExt};
use kube::api::{ApiResource, ListParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use serde_json::Value;

use crate::controller::object::{self, Object};
use crate::names;
use crate::overview::belongings::{Kind, Presence};

/// How long the cluster may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Instances.
pub(super) const INSTANCE: Kind = Kind {
    group: names::GROUP,
    version: "v1alpha1",
    kind: names::KIND,
    plural: "openclawinstances",
    label: names::LABEL_INSTANCE,
};

/// Secrets, of which only the metadata is ever asked for.
const SECRET: Kind = Kind {
    group: "",
    version: "v1",
    kind: "Secret",
    plural: "secrets",
    label: names::LABEL_INSTANCE,
};

/// Which cluster.
#[derive(Args, Debug)]
pub(super) struct Kubeconfig {
    /// Context of the kubeconfig; without it the current one.
    #[arg(long, value_name = "NAME", env = "OPENCLAW_CONTEXT")]
    context: Option<String>,
}

/// What a watch tells.
pub(super) enum Change {
    /// An object is there, new or changed.
    There(Value),
    /// It is gone.
    Gone(Value),
    /// The list is complete; the text is why it was interrupted.
    Listed,
    /// The cluster does not answer.
    Silent(String),
}

/// A cluster.
pub(super) struct Cluster {
    runtime: tokio::runtime::Runtime,
    client: Client,
    /// The namespace of the kubeconfig's context.
    pub(super) namespace: String,
}

impl Cluster {
    /// Finds the cluster as kubectl does.
    pub(super) fn open(kubeconfig: &Kubeconfig) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("failed to start the runtime")?;
        let (client, namespace) = runtime.block_on(async {
            let context = kubeconfig.context.as_deref();
            let mut config = crate::cluster::config(context, "found no cluster").await?;
            config.connect_timeout = Some(PATIENCE);
            let namespace = config.default_namespace.clone();
            let client = Client::try_from(config).context("found no cluster")?;
            anyhow::Ok((client, namespace))
        })?;
        Ok(Self { runtime, client, namespace })
    }

    fn api(&self, kind: Kind, namespace: Option<&str>) -> Api<Object> {
        let resource = resource(kind);
        match namespace {
            Some(name) => Api::namespaced_with(self.client.clone(), name, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }

    /// Returns the objects of a kind; none when the cluster does not have the kind.
    pub(super) fn list(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        selector: Option<&str>,
    ) -> anyhow::Result<Vec<Value>> {
        let api = self.api(kind, namespace);
        let params =
            ListParams { label_selector: selector.map(str::to_owned), ..ListParams::default() };
        let found = self.wait(api.list(&params)).and_then(|answer| match answer {
            Ok(list) => Ok(list.items.iter().map(Object::value).collect()),
            Err(kube::Error::Api(answer)) if answer.code == 404 => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        });
        found.with_context(|| format!("failed to list {}", kind.plural))
    }

    /// Returns one object; none when there is none.
    pub(super) fn get(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> anyhow::Result<Option<Value>> {
        let api = self.api(kind, Some(namespace));
        let found = self.wait(api.get_opt(name)).and_then(|answer| Ok(answer?));
        let found = found.with_context(|| format!("failed to read {} {name}", kind.kind))?;
        Ok(found.map(|object| object.value()))
    }

    /// Tells whether a Secret is there, without its values.
    pub(super) fn secret(&self, namespace: &str, name: &str) -> anyhow::Result<Presence> {
        let api = self.api(SECRET, Some(namespace));
        match self.wait(api.get_metadata_opt(name))? {
            Ok(Some(_)) => Ok(Presence::Present),
            Ok(None) => Ok(Presence::Missing),
            Err(kube::Error::Api(answer)) if answer.code == 403 => Ok(Presence::Denied),
            Err(error) => Err(error).with_context(|| format!("failed to ask for Secret {name}")),
        }
    }

    fn wait<T>(&self, answer: impl Future<Output = T>) -> anyhow::Result<T> {
        let bounded = async { tokio::time::timeout(PATIENCE, answer).await };
        let silent = || format!("the cluster was silent for {} seconds", PATIENCE.as_secs());
        self.runtime.block_on(bounded).with_context(silent)
    }

    /// Tells every change of a kind, until `each` has enough.
    pub(super) fn watch(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        mut each: impl FnMut(Change) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let api = self.api(kind, namespace);
        let watching = async {
            let events = watcher(api, watcher::Config::default()).default_backoff();
            let mut events = events.into_stream().boxed_local();
            loop {
                let change = match events.try_next().await {
                    Ok(Some(watcher::Event::Apply(one) | watcher::Event::InitApply(one))) => {
                        Change::There(one.value())
                    }
                    Ok(Some(watcher::Event::Delete(one))) => Change::Gone(one.value()),
                    Ok(Some(watcher::Event::InitDone)) => Change::Listed,
                    Ok(Some(watcher::Event::Init)) => continue,
                    Ok(None) => return Ok(()),
                    Err(error) => Change::Silent(error.to_string()),
                };
                each(change)?;
            }
        };
        self.runtime.block_on(watching)
    }
}

/// How the API server calls a kind.
fn resource(kind: Kind) -> ApiResource {
    let Kind { group, version, kind, plural, .. } = kind;
    object::resource(group, version, kind, plural)
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Splits `namespace/name`; a name alone is of `otherwise`.
pub(super) fn place<'a>(name: &'a str, otherwise: &'a str) -> (&'a str, &'a str) {
    name.split_once('/').unwrap_or((otherwise, name))
}
