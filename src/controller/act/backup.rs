//! Does what a backup asks for.

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::Status;
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Actor, Done, MANAGER};
use crate::controller::backup::job::{self, Objects};
use crate::controller::backup::{Effect, Task};
use crate::controller::decide::Event;
use crate::controller::object::Object;
use crate::controller::observed::{BackupFacts, InstanceFacts};
use crate::controller::watch;
use crate::names;

/// What the API server does not do, and a decision must know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The namespace is being deleted.
    NamespaceEnding,
    /// The right to delete the claim is gone, in its words.
    Claim(String),
    /// It takes no such Job, in its words.
    Job(String),
    /// The agent cannot be stopped, in its words.
    Scale(String),
}

impl Denial {
    /// Notes it for another decision.
    pub fn note(self, facts: &mut BackupFacts) {
        match self {
            Self::NamespaceEnding => facts.is_namespace_ending = true,
            Self::Claim(_) => facts.is_claim_denied = true,
            Self::Scale(why) | Self::Job(why) => facts.refusal = Some(why),
        }
    }
}

impl Actor {
    /// Does one thing.
    pub(super) async fn back_up(
        &self,
        instance: &InstanceFacts,
        effect: Effect,
        objects: Option<Box<Objects>>,
    ) -> kube::Result<Done> {
        match (effect, objects) {
            (Effect::Scale(replicas), _) => self.scale(instance, replicas).await,
            (Effect::Run(..), Some(objects)) => self.make_job(instance, *objects).await,
            (Effect::Run(..), None) => Ok(Done::Yes),
            (Effect::Cancel(task, backup), _) => {
                self.cancel(instance, &job::name(instance, task, &backup), task).await
            }
            (Effect::Hold, _) => {
                let mut list = instance.finalizers.clone();
                list.push(names::FINALIZER.to_owned());
                self.set_finalizers(instance, &list).await
            }
            (Effect::Release, _) => {
                let kept = instance.finalizers.iter().filter(|one| *one != names::FINALIZER);
                self.set_finalizers(instance, &kept.cloned().collect::<Vec<_>>()).await
            }
            (Effect::DeleteClaim { uid }, _) => self.delete_claim(instance, &uid).await,
        }
    }

    /// Through the subresource, which no manifest in Git speaks of.
    async fn scale(&self, instance: &InstanceFacts, replicas: i32) -> kube::Result<Done> {
        let api: Api<StatefulSet> = Api::namespaced(self.client.clone(), &instance.namespace);
        // Applied: of a merge the API server does not note who has set the replicas, and without
        // that nobody knows later who is to set them back.
        let parameters = PatchParams::apply(MANAGER).force();
        let patch = Patch::Apply(json!({
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {"name": instance.name},
            "spec": {"replicas": replicas},
        }));
        match api.patch_scale(&instance.name, &parameters, &patch).await {
            Ok(_) => {
                tracing::info!(
                    instance = instance.name,
                    namespace = instance.namespace,
                    replicas,
                    "scaled the StatefulSet"
                );
                Ok(Done::Yes)
            }
            Err(kube::Error::Api(answer)) if answer.code == 404 => Ok(Done::Yes),
            // To start it is asked for until it is done.
            Err(kube::Error::Api(answer)) if answer.code == 403 && replicas == 0 => {
                Ok(Done::Denied(Denial::Scale(answer.message.clone())))
            }
            Err(error) => Err(error),
        }
    }

    /// The Job first, which owns the rest; the Secret last, without which its Pod does not start.
    async fn make_job(&self, instance: &InstanceFacts, objects: Objects) -> kube::Result<Done> {
        let Objects { name, owner, job, mut policy, mut secret, shares_credentials } = objects;
        let uid = match owner {
            Some(uid) => uid,
            None => match self.create::<Job>(instance, job).await? {
                Created::New(uid) => {
                    tracing::info!(
                        instance = instance.name,
                        namespace = instance.namespace,
                        job = name,
                        "made a backup Job"
                    );
                    uid
                }
                // The watch tells of it.
                Created::Present => return Ok(Done::Yes),
                Created::Denied(denial) => return Ok(Done::Denied(denial)),
            },
        };
        let owners = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid}]);
        policy["metadata"]["ownerReferences"] = owners.clone();
        secret["metadata"]["ownerReferences"] = owners;
        if shares_credentials {
            for (key, value) in self.bucket.values() {
                secret["stringData"][key] = Value::String(value);
            }
        }
        if let Created::Denied(denial) = self.create::<NetworkPolicy>(instance, policy).await? {
            return Ok(Done::Denied(denial));
        }
        match self.create::<Secret>(instance, secret).await? {
            Created::Denied(denial) => Ok(Done::Denied(denial)),
            Created::New(_) | Created::Present => Ok(Done::Yes),
        }
    }

    /// Makes a Secret that goes with the Pod: the start that finds none is tried again.
    pub(super) async fn lend(&self, instance: &InstanceFacts, pod: &str) -> kube::Result<Done> {
        let values: serde_json::Map<String, Value> = self
            .bucket
            .values()
            .map(|(key, value)| (key.to_owned(), Value::String(value)))
            .collect();
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": names::restore_secret(&instance.name),
                "namespace": instance.namespace,
                "labels": {
                    names::LABEL_MANAGED_BY: names::MANAGED_BY,
                    names::LABEL_OWN_INSTANCE: instance.name,
                },
                "ownerReferences": [{
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "name": names::pod(&instance.name),
                    "uid": pod,
                }],
            },
            "type": "Opaque",
            "immutable": true,
            "stringData": values,
        });
        // What is refused leaves the Pod without it, which its condition and its exit code tell.
        if let Created::Denied(denial) = self.create::<Secret>(instance, secret).await? {
            tracing::warn!(instance = instance.name, ?denial, "credentials are not lent");
        }
        Ok(Done::Yes)
    }

    async fn create<T>(&self, instance: &InstanceFacts, object: Value) -> kube::Result<Created>
    where
        T: Resource<Scope = k8s_openapi::NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + Serialize
            + std::fmt::Debug,
        T: Resource<DynamicType = ()>,
    {
        let object: T = serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
        let api: Api<T> = Api::namespaced(self.client.clone(), &instance.namespace);
        let parameters =
            PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        match api.create(&parameters, &object).await {
            Ok(made) => Ok(Created::New(made.meta().uid.clone().unwrap_or_default())),
            Err(kube::Error::Api(answer)) if answer.code == 409 => Ok(Created::Present),
            Err(kube::Error::Api(answer)) if is_ending(&answer) => {
                Ok(Created::Denied(Denial::NamespaceEnding))
            }
            Err(kube::Error::Api(answer)) if [403, 422].contains(&answer.code) => {
                Ok(Created::Denied(Denial::Job(answer.message.clone())))
            }
            Err(error) => Err(error),
        }
    }

    async fn cancel(&self, instance: &InstanceFacts, name: &str, task: Task) -> kube::Result<Done> {
        let api: Api<Job> = Api::namespaced(self.client.clone(), &instance.namespace);
        match api.delete(name, &DeleteParams::background()).await {
            Ok(_) => {
                tracing::info!(job = name, task = ?task, "deleted a backup Job");
                Ok(Done::Yes)
            }
            Err(kube::Error::Api(answer)) if answer.code == 404 => Ok(Done::Yes),
            Err(error) => Err(error),
        }
    }

    async fn set_finalizers(
        &self,
        instance: &InstanceFacts,
        list: &[String],
    ) -> kube::Result<Done> {
        let api = Api::<Object>::namespaced_with(
            self.client.clone(),
            &instance.namespace,
            &watch::resource(watch::WATCHED[0]),
        );
        // Of the version that was read, so that nobody else's finalizer is lost.
        let patch = json!({"metadata": {
            "uid": instance.uid,
            "resourceVersion": instance.resource_version,
            "finalizers": list,
        }});
        let parameters =
            PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        match api.patch(&instance.name, &parameters, &Patch::Merge(patch)).await {
            Ok(_) => Ok(Done::Yes),
            Err(kube::Error::Api(answer)) if [404, 409, 422].contains(&answer.code) => {
                Ok(Done::Conflict)
            }
            Err(error) => Err(error),
        }
    }

    async fn delete_claim(&self, instance: &InstanceFacts, uid: &str) -> kube::Result<Done> {
        let api: Api<PersistentVolumeClaim> =
            Api::namespaced(self.client.clone(), &instance.namespace);
        let name = names::claim(&instance.name);
        let preconditions = Preconditions { uid: Some(uid.to_owned()), ..Preconditions::default() };
        let parameters =
            DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        let (is_warning, reason, message, done) = match api.delete(&name, &parameters).await {
            Ok(_) => (false, "ClaimDeleted", format!("deleted the claim `{name}`"), Done::Yes),
            Err(kube::Error::Api(answer)) if [404, 409].contains(&answer.code) => {
                return Ok(Done::Yes);
            }
            Err(kube::Error::Api(answer)) if answer.code == 403 => {
                let message = format!(
                    "the claim `{name}` stays, as the right to delete it is gone: delete it by hand"
                );
                (true, "ClaimKept", message, Done::Denied(Denial::Claim(answer.message.clone())))
            }
            Err(error) => return Err(error),
        };
        self.tell(instance, &Event { is_warning, reason: reason.to_owned(), message }).await;
        Ok(done)
    }
}

/// What came of a creation.
enum Created {
    /// It is there now, with this UID.
    New(String),
    /// It was there.
    Present,
    /// It will not be there.
    Denied(Denial),
}

/// Whether nothing can be made in the namespace any more.
fn is_ending(answer: &Status) -> bool {
    let causes = answer.details.iter().flat_map(|details| &details.causes);
    answer.code == 403 && causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating")
}
