//! Requests to merge a branch, on the host of a repository: pull requests of GitHub, Gitea and
//! Forgejo, merge requests of GitLab.
//!
//! ```text
//! Repository -new-> Forge -find(branch)-> the request that is there | -open(Wanted)-> a new one
//! ```
//!
//! The host is told a branch that was pushed before, and nothing else: whoever merges it decides.
//! Its answers are bounded in time and bytes, it leads nobody elsewhere, and the token goes to its
//! API alone.

mod provider;

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use reqwest::{Certificate, Method, Url};
use serde_json::Value;

use crate::api::controller_config::Repository;
use crate::git;
use crate::registry;
use provider::{Call, Listed, Project};

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(15);
/// Most bytes of an answer.
const MOST: usize = 4 << 20;
/// Most pages of a listing.
const PAGES: usize = 20;
/// Keys of the credentials Secret that may hold the token, the first one that is there.
const KEYS: [&str; 3] = ["api-token", "token", "password"];

/// The API of a host, for one repository.
pub struct Forge {
    http: reqwest::Client,
    project: Project,
    secrets: PathBuf,
}

/// A request that is to be opened.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The branch that was pushed.
    pub branch: String,
    /// The branch that it is to be merged into.
    pub base: String,
    /// First line.
    pub title: String,
    /// What people read.
    pub body: String,
    /// Open requests of other branches that begin so are closed: this one takes their place.
    pub instead_of: String,
}

/// A request that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where people find it.
    pub url: String,
    /// Whether it is neither merged nor closed.
    pub is_open: bool,
}

/// Why a host did not do what it was asked, in a sentence without a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

impl Forge {
    /// Prepares to ask the host of a repository; `None` where its configuration names none.
    /// `secrets` is the folder of its credentials, which are read at each call.
    ///
    /// # Errors
    /// When the address of the API, or the certificates, cannot be used.
    pub fn new(source: &Repository, secrets: PathBuf) -> Result<Option<Self>, Fault> {
        let Some(settings) = &source.pull_requests else { return Ok(None) };
        registry::prepare();
        let project = Project::new(settings, &source.url)?;
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(project.api.scheme() == "https")
            .connect_timeout(LIMIT / 3)
            .timeout(LIMIT);
        if let Some(bundle) = &source.ca_bundle {
            let own = Certificate::from_pem_bundle(bundle.as_bytes());
            let own = own.map_err(|_| Fault("its certificates cannot be read".to_owned()))?;
            builder = builder.tls_certs_merge(own);
        }
        let http = builder.build().map_err(|error| Fault(error.to_string()))?;
        Ok(Some(Self { http, project, secrets }))
    }

    /// Returns the request of a branch, an open one before one that is closed.
    ///
    /// # Errors
    /// When the host does not answer as it must.
    pub async fn find(&self, branch: &str, base: &str) -> Result<Option<Request>, Fault> {
        let mut found = self.list(branch, base, false).await?;
        found.retain(|one| one.branch == branch);
        found.sort_by_key(|one| !one.request.is_open);
        Ok(found.into_iter().next().map(|one| one.request))
    }

    /// Opens a request, and closes those whose place it takes.
    ///
    /// # Errors
    /// When the host does not answer as it must; one that was opened all the same is found by
    /// [`Forge::find`].
    pub async fn open(&self, wanted: &Wanted) -> Result<Request, Fault> {
        let answer = self.call(self.project.create(wanted)).await?;
        let opened = self.project.read(&answer);
        let opened = opened.ok_or_else(|| Fault("the host opened no request".to_owned()))?;
        for other in self.list(&wanted.branch, &wanted.base, true).await? {
            if other.branch.starts_with(&wanted.instead_of) && other.branch != wanted.branch {
                self.call(self.project.close(&other)).await?;
            }
        }
        Ok(opened.request)
    }

    /// Reads page after page: of the requests of a branch, or of all open ones.
    async fn list(&self, branch: &str, base: &str, open: bool) -> Result<Vec<Listed>, Fault> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let answer = self.call(self.project.list(branch, base, open, page)).await?;
            let entries = answer.as_array().ok_or_else(|| Fault("no list".to_owned()))?;
            let read = entries.iter().filter_map(|entry| self.project.read(entry));
            // Not every host filters as it is asked.
            all.extend(read.filter(|one| one.base == base));
            if entries.len() < self.project.page() {
                return Ok(all);
            }
        }
        Err(Fault(format!("more than {} requests", PAGES * self.project.page())))
    }

    async fn call(&self, call: Call) -> Result<Value, Fault> {
        let token = KEYS.iter().find_map(|key| git::secret(&self.secrets, key).transpose());
        let token = token.transpose().map_err(|fault| Fault(fault.to_string()))?;
        let token = token.ok_or_else(|| {
            Fault("the credentials Secret has neither `api-token`, `token` nor `password`".into())
        })?;
        let Call { method, url, body } = call;
        let (name, value) = self.project.proof(&token);
        let is_change = method != Method::GET;
        let mut request = self
            .http
            .request(method, url)
            .header(USER_AGENT, concat!("openclaw/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "application/json")
            .header(name, value);
        if is_change {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let fault = |error: &reqwest::Error| {
            let what = if error.is_connect() { "cannot be reached" } else { "did not answer" };
            Fault(format!("the API at `{}` {what}", host(&self.project.api)))
        };
        let mut answer = request.send().await.map_err(|error| fault(&error))?;
        let status = answer.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| fault(&error))? {
            if bytes.len() + chunk.len() > MOST {
                return Err(Fault(format!("more than {MOST} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(value);
        }
        let host = host(&self.project.api);
        Err(Fault(format!("the API at `{host}` says {status}{}", provider::words(&value))))
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
