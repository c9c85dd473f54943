//! Who acts: one process at a time, by a Lease. It only spares work; what is written is guarded
//! by its own preconditions.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::time::{Instant, sleep, timeout};

use crate::names;

/// Name of the Lease.
const NAME: &str = names::CONTROLLER;
/// How long a holder that says nothing keeps it.
const DURATION: Duration = Duration::from_secs(15);
/// How often the holder says that it lives.
const RENEWAL: Duration = Duration::from_secs(5);
/// How often the others look.
const LOOK: Duration = Duration::from_secs(2);

/// A claim to be the one who acts.
pub struct Claim {
    api: Api<Lease>,
    identity: String,
    /// The Lease as it was seen last, and when it changed by the own clock: clocks of others are
    /// not trusted.
    seen: Option<(String, Instant)>,
}

impl Claim {
    /// Prepares a claim under a name that no other process has.
    pub fn new(client: Client, namespace: &str, identity: String) -> Self {
        Self { api: Api::namespaced(client, namespace), identity, seen: None }
    }

    /// Waits until the Lease is ours.
    pub async fn acquire(&mut self) {
        loop {
            match timeout(RENEWAL, self.attempt()).await {
                Ok(Ok(true)) => return,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the Lease cannot be taken"),
                Err(_) => tracing::warn!("the API server is slow to give the Lease"),
            }
            sleep(LOOK).await;
        }
    }

    /// Keeps the Lease; returns when it is lost.
    pub async fn keep(&mut self) {
        let mut kept = Instant::now();
        while kept.elapsed() + RENEWAL < DURATION {
            sleep(RENEWAL).await;
            match timeout(RENEWAL, self.attempt()).await {
                Ok(Ok(true)) => kept = Instant::now(),
                Ok(Ok(false)) => return,
                Ok(Err(error)) => tracing::warn!(%error, "the Lease cannot be renewed"),
                Err(_) => tracing::warn!("the API server is slow to renew the Lease"),
            }
        }
    }

    /// Gives the Lease back, so that the next one need not wait.
    pub async fn release(&mut self) {
        let Ok(Some(mut lease)) = self.api.get_opt(NAME).await else { return };
        let Some(spec) = lease
            .spec
            .as_mut()
            .filter(|spec| spec.holder_identity.as_ref() == Some(&self.identity))
        else {
            return;
        };
        spec.holder_identity = None;
        self.api.replace(NAME, &PostParams::default(), &lease).await.ok();
    }

    /// Takes or renews the Lease if it is free, ours or abandoned.
    async fn attempt(&mut self) -> kube::Result<bool> {
        let now = MicroTime(Timestamp::now());
        let Some(mut lease) = self.api.get_opt(NAME).await? else {
            let lease = Lease {
                metadata: ObjectMeta { name: Some(NAME.to_owned()), ..ObjectMeta::default() },
                spec: Some(self.spec(None, &now)),
            };
            return settle(self.api.create(&PostParams::default(), &lease).await);
        };
        let version = lease.metadata.resource_version.clone().unwrap_or_default();
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != version) {
            self.seen = Some((version, Instant::now()));
        }
        let spec = lease.spec.take().unwrap_or_default();
        let holder = spec.holder_identity.clone().unwrap_or_default();
        let is_abandoned = self.seen.as_ref().is_some_and(|(_, at)| at.elapsed() > DURATION);
        if !holder.is_empty() && holder != self.identity && !is_abandoned {
            return Ok(false);
        }
        lease.spec = Some(self.spec(Some(&spec), &now));
        settle(self.api.replace(NAME, &PostParams::default(), &lease).await)
    }

    fn spec(&self, before: Option<&LeaseSpec>, now: &MicroTime) -> LeaseSpec {
        let is_ours =
            before.is_some_and(|spec| spec.holder_identity.as_ref() == Some(&self.identity));
        let transitions = before.and_then(|spec| spec.lease_transitions).unwrap_or_default();
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            acquire_time: before
                .filter(|_| is_ours)
                .and_then(|spec| spec.acquire_time.clone())
                .or_else(|| Some(now.clone())),
            renew_time: Some(now.clone()),
            lease_transitions: Some(if is_ours { transitions } else { transitions + 1 }),
            ..LeaseSpec::default()
        }
    }
}

/// Somebody was quicker: that is an answer, not a fault.
fn settle(result: kube::Result<Lease>) -> kube::Result<bool> {
    match result {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}
