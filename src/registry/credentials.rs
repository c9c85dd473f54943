//! Credentials of registries, as Docker, Kubernetes and mounted Secrets write them.
#![expect(clippy::disallowed_methods, reason = "a Secret is mounted as a folder")]

use std::path::Path;

use k8s_openapi::ByteString;
use serde_json::Value;

use super::Credentials;

/// Key of a Secret in Docker's form.
const DOCKER: &str = ".dockerconfigjson";
/// The names that Docker's own registry has.
const HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// Returns the credentials for an image out of a `.dockerconfigjson`: those whose key is the
/// longest that fits, as the kubelet does it.
pub fn credentials(bytes: &[u8], image: &str) -> Option<Credentials> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let auths = value["auths"].as_object()?;
    let image = whole(image);
    let mut best: Option<(usize, &Value)> = None;
    for (key, entry) in auths {
        if let Some(length) = fits(key, &image)
            && best.is_none_or(|(longest, _)| length > longest)
        {
            best = Some((length, entry));
        }
    }
    entry(best?.1)
}

/// Returns the credentials for an image out of the folder of a mounted Secret: `username` and
/// `password`, or Docker's form.
pub fn mounted(folder: &Path, image: &str) -> Option<Credentials> {
    let read = |key: &str| std::fs::read_to_string(folder.join(key)).ok();
    if let Some(password) = read("password").or_else(|| read("token")) {
        let username = read("username").unwrap_or_default().trim().to_owned();
        return Some(Credentials { username, password: password.trim().to_owned() });
    }
    credentials(read(DOCKER)?.as_bytes(), image)
}

/// The image with its registry, which a short name leaves out.
fn whole(image: &str) -> String {
    let first = image.split('/').next().unwrap_or_default();
    let has_host = image.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    match (has_host, image.contains('/')) {
        (true, _) if HUB.contains(&first) => image.replacen(first, HUB[0], 1),
        (true, _) => image.to_owned(),
        (false, true) => format!("{}/{image}", HUB[0]),
        (false, false) => format!("{}/library/{image}", HUB[0]),
    }
}

/// How many characters of a key fit an image; none where they do not.
fn fits(key: &str, image: &str) -> Option<usize> {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    let key = key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key);
    let (host, path) = key.split_once('/').map_or((key, ""), |(host, path)| (host, path));
    let host = if HUB.contains(&host) { HUB[0] } else { host };
    let (own, below) = image.split_once('/')?;
    let is_path = path.is_empty()
        || below.strip_prefix(path).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    (is_host(host, own) && is_path).then_some(key.len())
}

/// Whether a host fits, part by part, where `*` stands for one.
fn is_host(pattern: &str, host: &str) -> bool {
    let (pattern, port) =
        pattern.split_once(':').map_or((pattern, ""), |(host, port)| (host, port));
    let (host, own) = host.split_once(':').map_or((host, ""), |(host, port)| (host, port));
    let (pattern, host): (Vec<&str>, Vec<&str>) =
        (pattern.split('.').collect(), host.split('.').collect());
    port == own
        && pattern.len() == host.len()
        && pattern.iter().zip(&host).all(|(pattern, part)| *pattern == "*" || pattern == part)
}

fn entry(entry: &Value) -> Option<Credentials> {
    let text = |key: &str| entry[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    if let (Some(username), Some(password)) = (text("username"), text("password")) {
        return Some(Credentials { username, password });
    }
    let auth = String::from_utf8(decode(&text("auth")?)?).ok()?;
    let (username, password) = auth.split_once(':')?;
    Some(Credentials { username: username.to_owned(), password: password.to_owned() })
}

/// Returns the header of a name and a password.
pub(super) fn basic(credentials: &Credentials) -> String {
    let Credentials { username, password } = credentials;
    format!("Basic {}", encode(format!("{username}:{password}").as_bytes()))
}

/// Base64, as the API of Kubernetes writes bytes.
fn encode(bytes: &[u8]) -> String {
    let value = serde_json::to_value(ByteString(bytes.to_vec())).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    serde_json::from_value::<ByteString>(Value::from(text.trim())).ok().map(|bytes| bytes.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_key_that_fits_wins() {
        let config = br#"{"auths": {
            "https://index.docker.io/v1/": {"username": "hub", "password": "p"},
            "ghcr.io": {"auth": "Z2hjcjpw"},
            "ghcr.io/team-a": {"auth": "dGVhbS1hOnA6cQ=="},
            "*.example.com": {"username": "any", "password": "p"},
            "registry.example.com:5000": {"username": "port", "password": "p"},
            "broken.io": {"auth": "???"}
        }}"#;
        let name = |image: &str| credentials(config, image).map(|found| found.username);
        let found = |text: &str| Some(text.to_owned());
        assert_eq!(name("ghcr.io/openclaw/openclaw"), found("ghcr"));
        assert_eq!(name("ghcr.io/team-a/openclaw"), found("team-a"));
        assert_eq!(name("ghcr.io/team-ab/openclaw"), found("ghcr"));
        assert_eq!(name("nginx"), found("hub"));
        assert_eq!(name("docker.io/a/b"), found("hub"));
        assert_eq!(name("eu.example.com/a"), found("any"));
        assert_eq!(name("a.eu.example.com/a"), None);
        assert_eq!(name("registry.example.com:5000/a"), found("port"));
        assert_eq!(name("quay.io/a/b"), None);
        assert_eq!(name("broken.io/a"), None);
        let team = credentials(config, "ghcr.io/team-a/openclaw");
        assert_eq!(team.map(|found| found.password), found("p:q"));
        assert_eq!(credentials(b"{", "nginx"), None);
    }

    #[test]
    fn a_password_is_written_as_it_is_read_and_shown_to_nobody() {
        for text in ["", "a", "ab", "abc", "p\u{e4}ss:word", "\u{ff}\u{fe}"] {
            let coded = encode(text.as_bytes());
            assert_eq!(decode(&coded).as_deref(), Some(text.as_bytes()), "{coded}");
        }
        let secret = Credentials { username: "me".to_owned(), password: "secret".to_owned() };
        assert_eq!(basic(&secret), "Basic bWU6c2VjcmV0");
        assert!(!format!("{secret:?}").contains("secret"));
    }
}
