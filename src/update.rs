//! Which version an instance is to take next, or why it takes none: the same for
//! `openclaw update` and for the controller.
//!
//! ```text
//! Repository -stands-> Standing -candidates(tags)-> newest first -judge(release)-> the one to take
//! ```
//!
//! Each step answers with a [`Wait`] where it ends, so that there is always one reason to read.

pub mod message;

use crate::api::Loaded;
use crate::api::duration::seconds;
use crate::api::image;
use crate::names;
use crate::repository::Repository;
use crate::version::{self, Range, Refusal};

/// Why an instance takes no other version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// `spec.autoUpdate.enabled` is false.
    Disabled,
    /// A digest is pinned, which wins over every tag.
    DigestPinned,
    /// `update.hold` of openclaw.yaml, or the annotation, holds it back.
    Held,
    /// `update.window` is closed.
    OutsideWindow,
    /// Three newer versions failed.
    BreakerOpen,
    /// The tag is neither a version nor one that upstream moves.
    UnknownTag,
    /// There is no newer version.
    UpToDate,
    /// The newer ones failed before.
    FailedBefore,
    /// The newer ones lie outside `update.range`.
    OutOfRange,
    /// The newer ones are younger than `update.minimumAge`.
    TooYoung,
    /// The newer ones do not exist for every platform.
    PlatformMissing,
    /// The registry did not answer as it must.
    RegistryError,
    /// The tree is not what its sources render.
    TreeNotOurs,
    /// With the new tag the instance would have findings, or the sources have some.
    Invalid,
    /// No repository is known to the controller that could hold the instance.
    GitNotConfigured,
    /// The repository cannot be read, or takes no commit.
    GitError,
    /// Another repository or cluster holds it.
    ForeignOwner,
    /// An earlier wave is not confirmed yet.
    WaitingForWave,
    /// The version failed elsewhere in the fleet.
    FleetBreakerOpen,
    /// The registry is being asked.
    Checking,
}

impl Reason {
    /// Every reason, in the order in which they are looked for.
    pub const ALL: [Self; 20] = [
        Self::Disabled,
        Self::DigestPinned,
        Self::Held,
        Self::OutsideWindow,
        Self::BreakerOpen,
        Self::UnknownTag,
        Self::UpToDate,
        Self::FailedBefore,
        Self::OutOfRange,
        Self::TooYoung,
        Self::PlatformMissing,
        Self::RegistryError,
        Self::TreeNotOurs,
        Self::Invalid,
        Self::GitNotConfigured,
        Self::GitError,
        Self::ForeignOwner,
        Self::WaitingForWave,
        Self::FleetBreakerOpen,
        Self::Checking,
    ];

    /// Returns the word for conditions and for `-o json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disabled => "Disabled",
            Self::DigestPinned => "DigestPinned",
            Self::Held => "Held",
            Self::OutsideWindow => "OutsideWindow",
            Self::BreakerOpen => "BreakerOpen",
            Self::UnknownTag => "UnknownTag",
            Self::UpToDate => "UpToDate",
            Self::FailedBefore => "FailedBefore",
            Self::OutOfRange => "OutOfRange",
            Self::TooYoung => "TooYoung",
            Self::PlatformMissing => "PlatformMissing",
            Self::RegistryError => "RegistryError",
            Self::TreeNotOurs => "TreeNotOurs",
            Self::Invalid => "Invalid",
            Self::GitNotConfigured => "GitNotConfigured",
            Self::GitError => "GitError",
            Self::ForeignOwner => "ForeignOwner",
            Self::WaitingForWave => "WaitingForWave",
            Self::FleetBreakerOpen => "FleetBreakerOpen",
            Self::Checking => "Checking",
        }
    }
}

/// Why an instance takes no other version now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// In one word.
    pub reason: Reason,
    /// In a sentence.
    pub message: String,
}

impl Wait {
    /// Makes one.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

/// What a registry says of a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Digest of the index or manifest.
    pub digest: String,
    /// Platforms that it exists for, such as `linux/amd64`, each with the digest of its manifest.
    pub platforms: Vec<(String, String)>,
    /// When the image was made, in seconds since 1970 in UTC; none where it does not say so.
    pub created: Option<i64>,
}

/// Where an instance stands that may take another version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Image repository, with the registry that it is pulled from.
    pub image: String,
    /// The committed tag; empty when there is none.
    pub tag: String,
    /// Platforms that a version must exist for; empty for those of the committed tag.
    pub platforms: Vec<String>,
    range: Option<Range>,
    /// In seconds.
    minimum_age: u64,
    failed: Vec<String>,
}

/// Returns where an instance stands. What somebody asked for by name is neither disabled nor
/// outside the window, but held, pinned or broken off it stays.
///
/// # Errors
/// With the reason why no version is looked for.
pub fn stands(
    repository: &Repository,
    loaded: &Loaded,
    is_asked: bool,
    now: i64,
) -> Result<Standing, Wait> {
    let (spec, update) = (&loaded.spec, &repository.settings().update);
    let wait = |reason, message: String| Err(Wait::new(reason, message));
    if !spec.auto_update.enabled && !is_asked {
        return wait(Reason::Disabled, "`spec.autoUpdate.enabled` is false".to_owned());
    }
    if let Some(digest) = &spec.image.digest {
        let message = format!("`spec.image.digest` pins `{digest}`");
        return wait(Reason::DigestPinned, message);
    }
    if update.hold {
        return wait(Reason::Held, "`update.hold` of openclaw.yaml is true".to_owned());
    }
    if loaded.annotations.contains_key(names::ANNOTATION_UPDATE) {
        let message = format!("the annotation `{}` says so", names::ANNOTATION_UPDATE);
        return wait(Reason::Held, message);
    }
    if let Some(window) = update.window.as_ref().filter(|window| !is_asked && !window.is_open(now))
    {
        return wait(Reason::OutsideWindow, format!("the window is `{window}`"));
    }
    let tag = spec.image.tag.clone().unwrap_or_default();
    let failures = repository.failed(&loaded.namespace, &loaded.name);
    let failed: Vec<String> = failures.iter().map(|failure| failure.version.clone()).collect();
    if version::is_breaker_open(&tag, &failed) {
        let message = format!(
            "three versions newer than `{tag}` failed: look at the record below `{}`, and commit a newer tag or take entries out",
            repository.settings().updates
        );
        return wait(Reason::BreakerOpen, message);
    }
    Ok(Standing {
        image: image::with_registry(&spec.image.repository, spec.registry.as_deref()),
        tag,
        platforms: repository.settings().platforms.clone(),
        range: update.range.as_deref().and_then(|range| range.parse().ok()),
        minimum_age: update.minimum_age.as_deref().and_then(seconds).unwrap_or_default(),
        failed,
    })
}

impl Standing {
    /// Returns the newer versions that may be taken, newest first, out of every tag that the
    /// registry has.
    ///
    /// # Errors
    /// When there is none.
    pub fn candidates(&self, tags: &[String]) -> Result<Vec<String>, Wait> {
        let tag = &self.tag;
        let tags = tags.iter().map(String::as_str);
        let Some(choice) = version::choose(tag, tags, self.range.as_ref(), &self.failed) else {
            let message = format!("nothing is known to be newer than `{tag}`");
            return Err(Wait::new(Reason::UnknownTag, message));
        };
        if !choice.allowed.is_empty() {
            return Ok(choice.allowed.into_iter().map(str::to_owned).collect());
        }
        Err(match choice.refused.first() {
            None => Wait::new(Reason::UpToDate, format!("nothing is newer than `{tag}`")),
            Some((newest, Refusal::FailedBefore)) => {
                Wait::new(Reason::FailedBefore, format!("`{newest}` failed before"))
            }
            Some((newest, Refusal::OutOfRange)) => {
                let message = format!("`{newest}` lies outside `update.range`");
                Wait::new(Reason::OutOfRange, message)
            }
        })
    }

    /// Judges what the registry says of a candidate; `platforms` are those that it must exist for.
    /// `seen` is when the tag was first seen, for an image that does not say when it was made.
    ///
    /// # Errors
    /// With the reason why this one is not taken; an older candidate may do.
    pub fn judge(
        &self,
        tag: &str,
        release: Option<&Release>,
        platforms: &[String],
        seen: Option<i64>,
        now: i64,
    ) -> Result<(), Wait> {
        let Some(release) = release.filter(|release| !release.platforms.is_empty()) else {
            let message = format!("`{tag}` is listed, and there is no image");
            return Err(Wait::new(Reason::PlatformMissing, message));
        };
        let has = |wanted: &&String| release.platforms.iter().any(|(name, _)| name == *wanted);
        if let Some(missing) = platforms.iter().find(|wanted| !has(wanted)) {
            let message = format!("`{tag}` does not exist for `{missing}`");
            return Err(Wait::new(Reason::PlatformMissing, message));
        }
        if self.minimum_age == 0 {
            return Ok(());
        }
        // An image from the future, and one that was never seen, is as young as can be.
        let born = release.created.or(seen).unwrap_or(now);
        let age = u64::try_from(now.saturating_sub(born)).unwrap_or_default();
        if age < self.minimum_age {
            let hours = (self.minimum_age - age).div_ceil(3600);
            let message = format!("`{tag}` is younger than `update.minimumAge` for {hours} h more");
            return Err(Wait::new(Reason::TooYoung, message));
        }
        Ok(())
    }
}
