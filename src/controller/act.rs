//! Does what was decided, and nothing else.

mod backup;

use k8s_openapi::api::core::v1::{ObjectReference, Pod, Secret};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::runtime::events::{Event as Note, EventType, Recorder, Reporter};
use kube::{Api, Client, Resource};
use serde_json::json;

use super::bucket::Bucket;
use super::decide::{Action, Event};
use super::object::Object;
use super::observed::InstanceFacts;
use super::update::Effect;
use super::watch;
use crate::names;
pub use backup::Denial;

/// Name under which fields are owned and events are reported.
const MANAGER: &str = names::CONTROLLER;

/// Longest note of an event, in bytes; the API server refuses more than 1,024.
const NOTE: usize = 1_000;

/// Does it all.
#[derive(Clone)]
pub struct Actor {
    client: Client,
    recorder: Recorder,
    bucket: Bucket,
}

/// What came of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is done.
    Yes,
    /// The status is written, and the instance has this version now.
    Written(Option<String>),
    /// It is done, and what was read must be read again.
    ReadAgain,
    /// The object is another one by now; a new look will follow.
    Conflict,
    /// The API server forbids it, in these words: a right or a quota is missing.
    Refused(String),
    /// The API server does not do it, which changes the decision about a backup.
    Denied(Denial),
}

impl Actor {
    /// Prepares to act under the name of this Pod.
    pub fn new(client: Client, identity: String, bucket: Bucket) -> Self {
        let reporter = Reporter { controller: MANAGER.to_owned(), instance: Some(identity) };
        Self { recorder: Recorder::new(client.clone(), reporter), client, bucket }
    }

    /// Does one thing.
    ///
    /// # Errors
    /// When the API server does not do it; nothing is lost, and the next look decides anew.
    pub async fn act(&self, instance: &InstanceFacts, action: Action) -> kube::Result<Done> {
        match action {
            Action::MakeToken { secret } => self.make_token(instance, &secret).await,
            Action::WriteStatus { status, events } => {
                let row = watch::WATCHED[0];
                let api = Api::<Object>::namespaced_with(
                    self.client.clone(),
                    &instance.namespace,
                    &watch::resource(row),
                );
                // With the UID and the version that the decision was about.
                let object = json!({
                    "apiVersion": names::API_VERSION,
                    "kind": names::KIND,
                    "metadata": {
                        "name": instance.name,
                        "namespace": instance.namespace,
                        "uid": instance.uid,
                        "resourceVersion": instance.resource_version,
                    },
                    "status": status,
                });
                let parameters = PatchParams::apply(MANAGER).force();
                let patch = Patch::Apply(object);
                let written = match api.patch_status(&instance.name, &parameters, &patch).await {
                    Ok(written) => written.meta().resource_version.clone(),
                    Err(kube::Error::Api(answer)) if [404, 409].contains(&answer.code) => {
                        return Ok(Done::Conflict);
                    }
                    Err(error) => return Err(error),
                };
                let phase = status.phase.map(|phase| format!("{phase:?}"));
                tracing::info!(
                    instance = instance.name,
                    namespace = instance.namespace,
                    phase,
                    "wrote the status"
                );
                for event in events {
                    self.tell(instance, &event).await;
                }
                Ok(Done::Written(written))
            }
            Action::Update(Effect::DeletePod { uid }) => self.delete_pod(instance, &uid).await,
            // Commits are the ledger's, and questions the prober's.
            Action::Update(_) => Ok(Done::Yes),
            Action::Lend { pod } => self.lend(instance, &pod).await,
            Action::Backup { effect, objects } => self.back_up(instance, effect, objects).await,
        }
    }

    /// Deletes the Pod of a revision that a StatefulSet leaves as it is; nobody else's, as its UID
    /// tells.
    async fn delete_pod(&self, instance: &InstanceFacts, uid: &str) -> kube::Result<Done> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), &instance.namespace);
        let name = names::pod(&instance.name);
        let preconditions = Preconditions { uid: Some(uid.to_owned()), ..Preconditions::default() };
        let parameters =
            DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        match api.delete(&name, &parameters).await {
            Ok(_) => {
                let event = Event {
                    is_warning: false,
                    reason: "StuckPodDeleted".to_owned(),
                    message: format!("deleted `{name}`, which stayed at another revision"),
                };
                self.tell(instance, &event).await;
                Ok(Done::Yes)
            }
            Err(kube::Error::Api(answer)) if [404, 409].contains(&answer.code) => Ok(Done::Yes),
            Err(error) => Err(error),
        }
    }

    /// Creates the Secret and never changes one: who comes second takes what is there.
    async fn make_token(&self, instance: &InstanceFacts, secret: &str) -> kube::Result<Done> {
        let Some(token) = token() else {
            tracing::error!("the system gives no random bytes");
            return Ok(Done::Conflict);
        };
        let object: Secret = serde_json::from_value(json!({
            "metadata": {
                "name": secret,
                "namespace": instance.namespace,
                // Never the label by which Argo CD tracks what it prunes.
                "labels": {
                    names::LABEL_MANAGED_BY: names::MANAGED_BY,
                    names::LABEL_OWN_INSTANCE: instance.name,
                },
                "ownerReferences": [{
                    "apiVersion": names::API_VERSION,
                    "kind": names::KIND,
                    "name": instance.name,
                    "uid": instance.uid,
                }],
            },
            "type": "Opaque",
            "stringData": { names::KEY_TOKEN: token },
        }))
        .map_err(kube::Error::SerdeError)?;
        let api: Api<Secret> = Api::namespaced(self.client.clone(), &instance.namespace);
        let parameters =
            PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        match api.create(&parameters, &object).await {
            Ok(_) => {
                tracing::info!(
                    instance = instance.name,
                    namespace = instance.namespace,
                    secret,
                    "made the gateway token"
                );
                let event = Event {
                    is_warning: false,
                    reason: "GatewayTokenCreated".to_owned(),
                    message: format!("made the Secret `{secret}`"),
                };
                self.tell(instance, &event).await;
                Ok(Done::ReadAgain)
            }
            Err(kube::Error::Api(answer)) if answer.code == 409 => Ok(Done::ReadAgain),
            Err(kube::Error::Api(answer)) if answer.code == 403 => {
                Ok(Done::Refused(answer.message.clone()))
            }
            Err(error) => Err(error),
        }
    }

    /// Tells an event; one that is lost is no reason to do anything twice.
    async fn tell(&self, instance: &InstanceFacts, event: &Event) {
        let mut end = event.message.len().min(NOTE);
        while !event.message.is_char_boundary(end) {
            end -= 1;
        }
        let note = Note {
            type_: if event.is_warning { EventType::Warning } else { EventType::Normal },
            reason: event.reason.clone(),
            note: Some(event.message[..end].to_owned()),
            action: "Reconcile".to_owned(),
            secondary: None,
        };
        let reference = ObjectReference {
            api_version: Some(names::API_VERSION.to_owned()),
            kind: Some(names::KIND.to_owned()),
            name: Some(instance.name.clone()),
            namespace: Some(instance.namespace.clone()),
            uid: Some(instance.uid.clone()),
            ..ObjectReference::default()
        };
        if let Err(error) = self.recorder.publish(&note, &reference).await {
            tracing::warn!(instance = instance.name, %error, "an event is lost");
        }
    }
}

/// 32 random bytes as 64 hexadecimal digits; `None` when the system has none.
fn token() -> Option<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    Some(crate::model::scripts::hex(&bytes))
}
