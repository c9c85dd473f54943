//! A cluster as its API server tells of it: an object as it is, and what it would make of one that
//! is applied. Nothing is ever written: what is applied is a dry run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use kube::api::{ApiResource, GroupVersionKind, ListParams, Patch, PatchParams};
use kube::config::KubeConfigOptions;
use kube::core::Status;
use kube::error::DiscoveryError;
use kube::{Api, Client, Config};
use serde_json::Value;

use crate::controller::object::Object;
use crate::diff::live;
use crate::names;

/// Requests at the same time.
const AT_ONCE: usize = 8;
/// How long one answer may take.
const LONGEST: Duration = Duration::from_secs(30);

/// The cluster does not answer, or not what it is asked for.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    what: String,
    #[source]
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl Fault {
    fn new(what: String, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { what, cause: Box::new(cause) }
    }

    /// An answer of the API server is its words; the library adds how it holds them.
    fn of(what: String, error: kube::Error) -> Self {
        match error {
            kube::Error::Api(answer) => Self::new(what, *answer),
            other => Self::new(what, other),
        }
    }
}

/// What the cluster says of an object that is to be applied.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The object as it is; none when it is not there.
    pub live: Option<Value>,
    /// What it would be.
    pub applied: Applied,
}

/// What an object would be after it is applied.
#[derive(Clone, Debug)]
pub enum Applied {
    /// This.
    Taken(Value),
    /// What it was: the API server refuses it, in these words.
    Refused(String),
}

/// Finds a cluster as kubectl does: by the kubeconfig, with `context` another one of its contexts,
/// or from inside by the account of the Pod.
///
/// # Errors
/// When there is none; `none` says so.
pub async fn config(context: Option<&str>, none: &str) -> Result<Config, Fault> {
    let Some(name) = context else {
        return Config::infer().await.map_err(|error| Fault::new(none.to_owned(), error));
    };
    let options = KubeConfigOptions { context: Some(name.to_owned()), ..Default::default() };
    let found = Config::from_kubeconfig(&options).await;
    found.map_err(|error| Fault::new(none.to_owned(), error))
}

/// A connection to a cluster.
pub struct Cluster {
    client: Client,
    /// What the kinds that were asked for are called in URLs; none that is not known.
    kinds: BTreeMap<(String, String), Option<ApiResource>>,
}

impl Cluster {
    /// Connects to the cluster that [`config`] finds.
    ///
    /// # Errors
    /// When there is no cluster to connect to.
    pub async fn connect(context: Option<&str>) -> Result<Self, Fault> {
        const NONE: &str = "found no cluster to compare with";
        let mut config = config(context, NONE).await?;
        config.read_timeout = Some(LONGEST);
        let client = Client::try_from(config);
        let client = client.map_err(|error| Fault::new(NONE.to_owned(), error))?;
        Ok(Self { client, kinds: BTreeMap::new() })
    }

    /// Learns which of these kinds the cluster knows, as pairs of `apiVersion` and kind.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn learn(&mut self, kinds: BTreeSet<(String, String)>) -> Result<(), Fault> {
        let client = &self.client;
        let one = |pair: (String, String)| async move {
            let (group, version) = pair.0.split_once('/').unwrap_or(("", &pair.0));
            let kind = GroupVersionKind::gvk(group, version, &pair.1);
            match kube::discovery::pinned_kind(client, &kind).await {
                Ok((resource, _)) => Ok((pair, Some(resource))),
                Err(error) if is_unknown(&error) => Ok((pair, None)),
                Err(error) => {
                    Err(Fault::of(format!("failed to ask for the kind {}", pair.1), error))
                }
            }
        };
        let found: BTreeMap<_, _> =
            stream::iter(kinds).map(one).buffer_unordered(AT_ONCE).try_collect().await?;
        self.kinds.extend(found);
        Ok(())
    }

    /// Asks what each object is and would be, in the order of the objects. With `manager` it is
    /// applied under that name, else under that of whoever applied it before.
    ///
    /// # Errors
    /// When the cluster does not answer, or does not let us ask.
    pub async fn ask(
        &self,
        objects: &[&Value],
        manager: Option<&str>,
    ) -> Result<Vec<Answer>, Fault> {
        let one = |object| async move { self.ask_one(object, manager).await };
        stream::iter(objects).map(|object| one(*object)).buffered(AT_ONCE).try_collect().await
    }

    async fn ask_one(&self, object: &Value, manager: Option<&str>) -> Result<Answer, Fault> {
        let Some(api) = self.api(object) else {
            let words = "the cluster does not know this kind: install its CRD first".to_owned();
            return Ok(Answer { live: None, applied: Applied::Refused(words) });
        };
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let title = || format!("{} `{name}`", object["kind"].as_str().unwrap_or_default());
        let live = api.get_opt(name).await;
        let live = live.map_err(|error| Fault::of(format!("failed to read {}", title()), error))?;
        let live = live.map(|live| live.value());
        let manager = manager.or_else(|| live.as_ref().map(live::manager));
        // GitOps tools force as well: what Git says wins.
        let parameters = PatchParams::apply(manager.unwrap_or(live::MANAGER)).force().dry_run();
        let marked = live.as_ref().map(|live| live::marked(object, live));
        let object = marked.as_ref().unwrap_or(object);
        let applied = match api.patch(name, &parameters, &Patch::Apply(object)).await {
            Ok(result) => {
                let result = result.value();
                let result = match &live {
                    Some(live) => live::prune(result, live, object),
                    None => result,
                };
                Applied::Taken(result)
            }
            Err(kube::Error::Api(answer)) if is_refusal(&answer) => {
                Applied::Refused(answer.message.clone())
            }
            Err(error) => {
                return Err(Fault::of(format!("failed to apply {} as a dry run", title()), error));
            }
        };
        Ok(Answer { live, applied })
    }

    /// Reads an object; none when it is not there, or its kind is not known.
    ///
    /// # Errors
    /// When the cluster does not answer, or does not let us ask.
    pub async fn read(&self, object: &Value) -> Result<Option<Value>, Fault> {
        let Some(api) = self.api(object) else { return Ok(None) };
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let found = api.get_opt(name).await;
        let found = found.map_err(|error| Fault::of(format!("failed to read `{name}`"), error))?;
        Ok(found.map(|found| found.value()))
    }

    /// Returns what of a namespace bears our labels, of every kind that an instance can have.
    ///
    /// # Errors
    /// When the cluster does not answer, or does not let us ask.
    pub async fn labelled(&self, namespace: &str) -> Result<Vec<Value>, Fault> {
        let labels = format!("{}={}", names::LABEL_MANAGED_BY, names::MANAGED_BY);
        let parameters = ListParams::default().labels(&labels);
        let mut found = Vec::new();
        for (version, kind) in live::KINDS {
            let known = self.kinds.get(&(version.to_owned(), kind.to_owned()));
            let Some(resource) = known.and_then(Option::as_ref) else { continue };
            let api = Api::<Object>::namespaced_with(self.client.clone(), namespace, resource);
            let failed = |error| Fault::of(format!("failed to list {kind} in {namespace}"), error);
            for object in api.list(&parameters).await.map_err(failed)? {
                let mut object = object.value();
                // A list says them once, and not of each item.
                object["apiVersion"] = Value::from(version);
                object["kind"] = Value::from(kind);
                found.push(object);
            }
        }
        Ok(found)
    }

    fn api(&self, object: &Value) -> Option<Api<Object>> {
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let resource = self.kinds.get(&(text("apiVersion"), text("kind")))?.as_ref()?;
        let client = self.client.clone();
        Some(match object["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(client, namespace, resource),
            None => Api::all_with(client, resource),
        })
    }
}

fn is_unknown(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(answer) => answer.code == 404,
        kube::Error::Discovery(
            DiscoveryError::MissingKind(_)
            | DiscoveryError::MissingResource(_)
            | DiscoveryError::MissingApiGroup(_),
        ) => true,
        _ => false,
    }
}

/// Whether an answer is about the object and not about us: who lacks a right has seen nothing.
fn is_refusal(answer: &Status) -> bool {
    let lacks_right = answer.code == 403 && answer.message.contains(" cannot ");
    (400..500).contains(&answer.code) && ![401, 408, 429].contains(&answer.code) && !lacks_right
}
