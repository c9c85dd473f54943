//! Asks registries which version each instance is to take, as the controller does.
#![expect(clippy::disallowed_methods, reason = "the shell reads the clock and the environment")]

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

use crate::api::{Loaded, image};
use crate::registry::{self, Access, Client};
use crate::repository::Repository;
use crate::update::{Reason, Release, Standing, Wait, stands};

/// Looks for versions; each image is listed once.
pub(super) struct Search {
    runtime: tokio::runtime::Runtime,
    client: Client,
    /// Hosts of images, and who is asked instead.
    mirrors: Vec<(String, String)>,
    /// Docker's file with credentials, where there is one.
    docker: Option<Vec<u8>>,
    listings: HashMap<String, Result<Vec<String>, Wait>>,
    releases: HashMap<(String, String), Result<Option<Release>, Wait>>,
    now: i64,
}

impl Search {
    /// Prepares; `mirrors` are values of `--mirror`.
    pub(super) fn new(mirrors: &[String]) -> anyhow::Result<Self> {
        let mut known = Vec::new();
        for text in mirrors {
            let (host, url) = text.split_once('=').unwrap_or_default();
            let is_url = url.starts_with("https://") || url.starts_with("http://");
            anyhow::ensure!(
                !host.is_empty() && is_url,
                "--mirror: found `{text}`, allowed: `HOST=URL`, such as `ghcr.io=https://mirror.example`"
            );
            known.push((host.to_owned(), url.to_owned()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("failed to start the runtime")?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Self {
            runtime,
            client: Client::new(),
            mirrors: known,
            docker: docker().and_then(|path| std::fs::read(path).ok()),
            listings: HashMap::new(),
            releases: HashMap::new(),
            now: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        })
    }

    /// Returns the version that an instance is to take. One that was named by the user need not
    /// have updates enabled.
    pub(super) fn next(
        &mut self,
        repository: &Repository,
        loaded: &Loaded,
        is_named: bool,
    ) -> Result<String, Wait> {
        let standing = stands(repository, loaded, is_named, self.now)?;
        let image =
            image::with_registry(&loaded.spec.image.repository, loaded.spec.registry.as_deref());
        let candidates = standing.candidates(&self.tags(&image)?)?;
        let platforms = self.platforms(&standing, &image)?;
        let mut first = None;
        for tag in candidates {
            let release = self.release(&image, &tag)?;
            match standing.judge(&tag, release.as_ref(), &platforms, None, self.now) {
                Ok(()) => return Ok(tag),
                Err(wait) => drop(first.get_or_insert(wait)),
            }
        }
        Err(first.unwrap_or_else(|| Wait::new(Reason::UpToDate, "nothing is newer")))
    }

    /// Those of openclaw.yaml, or else those of the version that is committed.
    fn platforms(&mut self, standing: &Standing, image: &str) -> Result<Vec<String>, Wait> {
        if !standing.platforms.is_empty() || standing.tag.is_empty() {
            return Ok(standing.platforms.clone());
        }
        let running = self.release(image, &standing.tag)?.unwrap_or_default();
        Ok(running.platforms.into_iter().map(|(name, _)| name).collect())
    }

    fn tags(&mut self, image: &str) -> Result<Vec<String>, Wait> {
        if let Some(known) = self.listings.get(image) {
            return known.clone();
        }
        let access = self.access(image);
        let found = self.runtime.block_on(self.client.tags(image, &access));
        let found = found.map_err(|fault| Wait::new(Reason::RegistryError, fault.to_string()));
        self.listings.insert(image.to_owned(), found.clone());
        found
    }

    fn release(&mut self, image: &str, tag: &str) -> Result<Option<Release>, Wait> {
        let key = (image.to_owned(), tag.to_owned());
        if let Some(known) = self.releases.get(&key) {
            return known.clone();
        }
        let access = self.access(image);
        let found = self.runtime.block_on(self.client.release(image, tag, &access));
        let found = found.map_err(|fault| Wait::new(Reason::RegistryError, fault.to_string()));
        self.releases.insert(key, found.clone());
        found
    }

    fn access(&self, image: &str) -> Access {
        let host = image.split('/').next().unwrap_or_default();
        let mirror = self.mirrors.iter().find(|(known, _)| known == host);
        let docker = self.docker.as_deref();
        Access {
            endpoint: mirror.map(|(_, url)| url.clone()),
            credentials: docker.and_then(|bytes| registry::credentials(bytes, image)),
            certificates: None,
        }
    }
}

/// Where Docker and its like keep credentials.
fn docker() -> Option<PathBuf> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".docker"));
    Some(folder.or_else(home)?.join("config.json"))
}
