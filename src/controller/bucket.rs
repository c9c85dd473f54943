//! The credentials of the bucket that the controller shares: a Secret beside it, mounted as files.
#![expect(clippy::disallowed_methods, reason = "the shell reads files")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::backup::store;
use super::observed::StoreFacts;
use super::run::Shared;
use crate::api::controller_config::{ControllerConfig, RestoreGrant};

/// How often the files are looked at; the kubelet brings them up to date within a minute or two.
const LOOK: Duration = Duration::from_secs(20);

/// Where the credentials are.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Their folder; none where they are not to be shared.
    pub folder: Option<PathBuf>,
    /// Who may restore more than the own backups.
    pub grants: Vec<RestoreGrant>,
}

impl Bucket {
    /// The bucket whose credentials are in a folder, where the configuration lets them be shared.
    pub fn new(config: &ControllerConfig, folder: &Path) -> Self {
        let folder = config.backup.share_credentials.then(|| folder.to_owned());
        Self { folder, grants: config.restore_grants.clone() }
    }

    fn value(&self, key: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.as_ref()?.join(key)).ok()?;
        Some(text).filter(|text| !text.trim().is_empty())
    }

    /// What they open; none where there are none.
    pub fn facts(&self) -> Option<StoreFacts> {
        let is_there = store::credentials().any(|key| self.value(key).is_some());
        is_there.then(|| store::facts(|key| self.value(key)))
    }

    /// What a namespace may restore besides its own.
    pub fn grants(&self, namespace: &str) -> Vec<String> {
        let own = self.grants.iter().filter(|grant| grant.namespace == namespace);
        own.map(|grant| grant.prefix.clone()).collect()
    }

    /// The values by their keys, for the Secret of a Job and for nobody else.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        store::credentials().filter_map(|key| self.value(key).map(|value| (key, value)))
    }

    /// Has every instance looked at when the credentials come, change or go. Never returns.
    pub async fn watch(self, shared: Arc<Shared>) {
        let mut before = self.facts();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.facts();
            if now != before {
                tracing::info!(is_there = now.is_some(), "the credentials of the bucket changed");
                before = now;
                let keys = shared.world().keys();
                keys.into_iter().for_each(|key| shared.queue.add(key, Duration::ZERO));
            }
        }
    }
}
