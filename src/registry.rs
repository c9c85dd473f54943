//! What a registry of images has: every tag of a repository, and what is behind one.
//!
//! ```text
//! image -place-> host and repository -http-> bounded, proven bytes -> tags | Release
//! ```
//!
//! A registry is foreign, and so is everything that it says: bytes, pages, tags and time are
//! bounded, a listing is whole or an error, what has a digest is hashed, and credentials go to the
//! registry and to the server of tokens that belongs to it, and nowhere else.

mod challenge;
mod credentials;
mod http;
mod link;
mod listing;
mod place;
mod release;

use std::fmt;
use std::sync::Once;
use std::time::Duration;

pub use credentials::{credentials, mounted};

use crate::update::Release;
use http::Session;

/// A name and what proves it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name; empty for a token that needs none.
    pub username: String,
    /// Password or token.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// How a registry is reached.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Who is asked instead, such as `https://mirror.example` or `http://10.0.0.1:5000`; plain
    /// HTTP is spoken nowhere else.
    pub endpoint: Option<String>,
    /// Without them it is asked as nobody.
    pub credentials: Option<Credentials>,
    /// Certificates in PEM that it is trusted by, besides the system's.
    pub certificates: Option<String>,
}

/// Why a registry gave no answer, by what its caller does about it. No message holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nobody has said that it may be asked.
    #[error("the registry is not asked: {0}")]
    Forbidden(String),
    /// It wants credentials, or others.
    #[error("the registry denies access: {0}")]
    Denied(String),
    /// The repository is not there, or is not shown to us.
    #[error("not found: {0}")]
    Missing(String),
    /// It is asked too often.
    #[error("{message}")]
    Throttled {
        /// When it wants to be asked again.
        after: Option<Duration>,
        /// In a sentence.
        message: String,
    },
    /// It does not answer, or not to the end; it may later.
    #[error("the registry is unavailable: {0}")]
    Unavailable(String),
    /// It says what no registry says, or more than one may: nothing of it is believed.
    #[error("the registry's answer is refused: {0}")]
    Hostile(String),
}

/// What one question may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one answer.
    pub answer: usize,
    /// Bytes of all answers to one question.
    pub total: usize,
    /// Pages of a listing.
    pub pages: usize,
    /// Tags of it.
    pub tags: usize,
    /// How long all of it may take.
    pub wall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: 4 << 20,
            total: 16 << 20,
            pages: 1_000,
            tags: 100_000,
            wall: Duration::from_secs(30),
        }
    }
}

/// Asks registries.
#[derive(Clone, Debug, Default)]
pub struct Client {
    limits: Limits,
}

impl Client {
    /// Makes one with the usual limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes one with other limits.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits }
    }

    /// Returns every tag of an image, such as `ghcr.io/openclaw/openclaw`, in the order of the
    /// registry.
    ///
    /// # Errors
    ///
    /// When the listing is not whole: a part of it would hide the newest version.
    pub async fn tags(&self, image: &str, access: &Access) -> Result<Vec<String>, Fault> {
        self.within(async {
            let mut session = Session::new(image, access, self.limits)?;
            listing::tags(&mut session).await
        })
        .await
    }

    /// Returns what is behind a tag; none where there is nothing.
    ///
    /// # Errors
    ///
    /// When nobody knows.
    pub async fn release(
        &self,
        image: &str,
        tag: &str,
        access: &Access,
    ) -> Result<Option<Release>, Fault> {
        self.within(async {
            let mut session = Session::new(image, access, self.limits)?;
            release::release(&mut session, tag).await
        })
        .await
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let wall = self.limits.wall;
        tokio::time::timeout(wall, work).await.unwrap_or_else(|_| {
            Err(Fault::Unavailable(format!("it took more than {} s", wall.as_secs_f32())))
        })
    }
}

/// Chooses the ciphers of every client of HTTP in this process, once.
pub fn prepare() {
    static ONCE: Once = Once::new();
    // Where somebody has chosen before, theirs are as good.
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}
