//! What is behind a tag.

use k8s_openapi::jiff::Timestamp;
use oci_distribution::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
};
use serde_json::Value;

use super::Fault;
use super::http::{Answer, Session};
use super::listing::is_tag;
use crate::tree;
use crate::update::Release;

/// Kinds of what names images of several platforms.
const INDEXES: [&str; 2] = [OCI_IMAGE_INDEX_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE];
/// Kinds of what is one image.
const IMAGES: [&str; 2] = [OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE];
/// Entries of an index.
const MOST: usize = 1_000;

/// What a manifest is.
enum Kind {
    Index,
    Image,
}

/// Reads what is behind a tag; none where the registry has nothing there.
pub(super) async fn release(session: &mut Session, tag: &str) -> Result<Option<Release>, Fault> {
    if !is_tag(tag) {
        return Ok(None);
    }
    let Some((answer, digest)) = manifest(session, tag).await? else { return Ok(None) };
    let value = answer.json()?;
    let platforms = match kind(&answer, &value)? {
        Kind::Image => {
            let config = config(session, &value).await?;
            let config =
                config.ok_or_else(|| Fault::Hostile("its config is missing".to_owned()))?;
            let platform = platform(&config);
            let platform =
                platform.ok_or_else(|| Fault::Hostile("it names no platform".to_owned()))?;
            let created = created(&config);
            let platforms = vec![(platform, digest.clone())];
            return Ok(Some(Release { digest, platforms, created }));
        }
        Kind::Index => platforms(&value)?,
    };
    let mut created_at = None;
    if let Some((_, first)) = platforms.first()
        && let Some((answer, _)) = manifest(session, first).await?
    {
        let image = answer.json()?;
        if !matches!(kind(&answer, &image)?, Kind::Image) {
            return Err(Fault::Hostile("an index in an index".to_owned()));
        }
        created_at = config(session, &image).await?.as_ref().and_then(created);
    }
    Ok(Some(Release { digest, platforms, created: created_at }))
}

/// Reads a manifest by tag or digest, with the digest of its bytes.
async fn manifest(
    session: &mut Session,
    reference: &str,
) -> Result<Option<(Answer, String)>, Fault> {
    let accept = [INDEXES, IMAGES].concat().join(", ");
    let url = session.url(&format!("manifests/{reference}"))?;
    let answer = match session.get(url, &accept, true).await {
        Err(Fault::Missing(_)) => return Ok(None),
        other => other?,
    };
    let digest = digest_of(&answer.body);
    let mut told = answer.all("docker-content-digest");
    if reference.contains(':') {
        told.push(reference.to_owned());
    }
    match told.iter().find(|told| told.starts_with("sha256:") && **told != digest) {
        Some(_) => Err(Fault::Hostile("a manifest that its digest is not of".to_owned())),
        None => Ok(Some((answer, digest))),
    }
}

/// What a manifest says that it is, in its body first: a header may be anybody's.
fn kind(answer: &Answer, value: &Value) -> Result<Kind, Fault> {
    let header = answer.all("content-type");
    let header = header.first().and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    let said = value["mediaType"].as_str().unwrap_or(header);
    match said {
        said if INDEXES.contains(&said) && value["manifests"].is_array() => Ok(Kind::Index),
        said if IMAGES.contains(&said) && value["config"].is_object() => Ok(Kind::Image),
        _ => Err(Fault::Hostile("no manifest of an image".to_owned())),
    }
}

/// Reads the platforms of an index; what has none, such as an attestation, is left out.
fn platforms(index: &Value) -> Result<Vec<(String, String)>, Fault> {
    let entries = index["manifests"].as_array().map(Vec::as_slice).unwrap_or_default();
    if entries.len() > MOST {
        return Err(Fault::Hostile(format!("an index of more than {MOST} entries")));
    }
    let mut found = Vec::new();
    for entry in entries {
        let Some(platform) = platform(&entry["platform"]) else { continue };
        let digest = entry["digest"].as_str().filter(|digest| is_digest(digest));
        let digest = digest.ok_or_else(|| Fault::Hostile("an entry without digest".to_owned()))?;
        found.push((platform, digest.to_owned()));
    }
    Ok(found)
}

/// The digest of bytes.
fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", tree::hash(bytes))
}

fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Reads `os/architecture`, with the variant where it matters, as `linux/arm/v7`.
fn platform(value: &Value) -> Option<String> {
    let word = |key: &str| {
        let word = value[key].as_str()?;
        let is_word = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        (!word.is_empty() && word != "unknown" && word.len() <= 32 && word.bytes().all(is_word))
            .then_some(word)
    };
    let (os, architecture) = (word("os")?, word("architecture")?);
    match word("variant").filter(|_| architecture == "arm") {
        Some(variant) => Some(format!("{os}/{architecture}/{variant}")),
        None => Some(format!("{os}/{architecture}")),
    }
}

/// Reads the configuration of an image; none where the registry does not have it.
async fn config(session: &mut Session, image: &Value) -> Result<Option<Value>, Fault> {
    let digest = image["config"]["digest"].as_str().filter(|digest| is_digest(digest));
    let digest = digest.ok_or_else(|| Fault::Hostile("an image without config".to_owned()))?;
    let url = session.url(&format!("blobs/{digest}"))?;
    let answer = match session.get(url, "*/*", true).await {
        Err(Fault::Missing(_)) => return Ok(None),
        other => other?,
    };
    if digest_of(&answer.body) != digest {
        return Err(Fault::Hostile("a config that its digest is not of".to_owned()));
    }
    answer.json().map(Some)
}

/// Reads when an image was made, in seconds since 1970 in UTC. Builds that can be repeated say the
/// year 1970, which is no age.
fn created(config: &Value) -> Option<i64> {
    let at: Timestamp = config["created"].as_str()?.parse().ok()?;
    Some(at.as_second()).filter(|seconds| *seconds > 24 * 60 * 60)
}
