//! What servers say: heads, bodies, listings and images.

use std::collections::BTreeMap;
use std::sync::Arc;

use openclaw::tree;

use crate::row::TAG;
use crate::server::{Asked, Reply};

pub const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A listing as it should be.
pub const LISTING: &str = r#"{"name":"team/agent","tags":["1.0.0","1.1.0"]}"#;
/// Where the next page is.
pub const NEXT: &str = "Link: </v2/team/agent/tags/list?last=x>; rel=\"next\"\r\n";
/// A configuration as it should be.
pub const CONFIG: &str =
    r#"{"os":"linux","architecture":"amd64","created":"2026-09-01T00:00:00Z"}"#;

/// An answer of any status, with headers that each end in a new line.
pub fn says(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    bytes([head.as_bytes(), body].concat())
}

/// A good answer.
pub fn ok(body: impl AsRef<[u8]>) -> Reply {
    says("200 OK", "Content-Type: application/json\r\n", body)
}

/// The same, with more headers.
pub fn ok_with(headers: &str, body: impl AsRef<[u8]>) -> Reply {
    says("200 OK", headers, body)
}

pub fn text(text: &str) -> Reply {
    bytes(text.as_bytes().to_vec())
}

/// What need not be an answer at all.
pub fn bytes(bytes: Vec<u8>) -> Reply {
    Reply::Says(Arc::new(bytes))
}

/// What says the same to everybody.
pub fn always(reply: Reply) -> impl Fn(&Asked) -> Reply + Send + Sync {
    move |_| reply.clone()
}

/// What says these one after the other, and the last one for ever.
pub fn in_turn(replies: Vec<Reply>) -> impl Fn(&Asked) -> Reply + Send + Sync {
    move |asked| replies[asked.before.min(replies.len() - 1)].clone()
}

/// What wants a proof for everything but its tokens.
pub fn proven(
    challenge: &str,
    token: Reply,
    inner: impl Fn(&Asked) -> Reply + Send + Sync,
) -> impl Fn(&Asked) -> Reply + Send + Sync {
    let challenge = format!("WWW-Authenticate: {challenge}\r\n");
    move |asked| match &asked.authorization {
        _ if asked.path.starts_with("/token") => token.clone(),
        None => says("401 Unauthorized", &challenge, ""),
        Some(_) => inner(asked),
    }
}

pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    format!("sha256:{}", tree::hash(bytes.as_ref()))
}

/// The manifest of an image with this configuration.
pub fn image(config: &str) -> String {
    let digest = digest(config);
    format!(r#"{{"mediaType":"{OCI_IMAGE}","config":{{"digest":"{digest}"}}}}"#)
}

/// An index of these entries.
pub fn index(entries: &[String]) -> String {
    format!(r#"{{"mediaType":"{OCI_INDEX}","manifests":[{}]}}"#, entries.join(","))
}

/// An entry of an index for `os/architecture`.
pub fn entry(platform: &str, digest: &str) -> String {
    let (os, architecture) = platform.split_once('/').unwrap();
    let platform = format!(r#"{{"os":"{os}","architecture":"{architecture}"}}"#);
    format!(r#"{{"digest":"{digest}","platform":{platform}}}"#)
}

/// A registry with a few things on it, and nothing else.
#[derive(Default)]
pub struct Shelf(BTreeMap<String, Reply>);

impl Shelf {
    /// One with an image behind the tag.
    pub fn of(config: &str) -> Self {
        Self::default().tagged(ok(image(config))).blob(config)
    }

    /// Puts an answer behind the tag.
    pub fn tagged(self, reply: Reply) -> Self {
        self.put(&format!("manifests/{TAG}"), reply)
    }

    pub fn manifest(self, text: &str) -> Self {
        let path = format!("manifests/{}", digest(text));
        self.put(&path, ok(text))
    }

    pub fn blob(self, text: &str) -> Self {
        let path = format!("blobs/{}", digest(text));
        self.put(&path, ok(text))
    }

    pub fn put(mut self, path: &str, reply: Reply) -> Self {
        self.0.insert(format!("/v2/team/agent/{path}"), reply);
        self
    }

    pub fn answer(self) -> impl Fn(&Asked) -> Reply + Send + Sync {
        move |asked| match self.0.get(&asked.path) {
            Some(reply) => reply.clone(),
            None => says("404 Not Found", "", ""),
        }
    }
}
