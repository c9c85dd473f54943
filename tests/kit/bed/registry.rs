//! The bed's registry, to which tests push images under names of their own.

use std::process::Command;

use serde_json::{Value, json};

use super::{run, variable};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const KINDS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// The images that the bed makes of the application.
pub const OPENCLAW: &str = "openclaw/openclaw";
/// The program that holds a Pod's namespaces, and does nothing else.
const PAUSE: (&str, &str) = ("pause", "1");

fn url(rest: &str) -> String {
    format!("http://{}/v2/{rest}", variable("REGISTRY"))
}

#[track_caller]
fn ask(args: &[&str], rest: &str) -> String {
    run(Command::new("curl").args(["-sSf", "--noproxy", "*"]).args(args).arg(url(rest))).unwrap()
}

/// A repository of images for one test.
pub struct Images {
    /// Its name as manifests have it.
    pub image: String,
    name: String,
}

impl Images {
    /// Names one; nothing is there until something is pushed.
    pub fn new(name: &str) -> Self {
        let name = format!("{name}/openclaw");
        Self { image: format!("ghcr.io/{name}"), name }
    }

    /// Takes a tag away, as somebody does who has pushed it too early.
    #[track_caller]
    pub fn remove(&self, tag: &str) {
        let accept = format!("Accept: {KINDS}");
        let path = format!("{}/manifests/{tag}", self.name);
        let head = ask(&["-I", "-H", &accept], &path);
        let digest = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("docker-content-digest").then(|| value.trim().to_owned())
        });
        let path = format!("{}/manifests/{}", self.name, digest.unwrap());
        ask(&["-X", "DELETE", "-o", "/dev/null"], &path);
    }

    /// Pushes one of the bed's images under a tag.
    #[track_caller]
    pub fn push(&self, version: &str, tag: &str) {
        let manifest = self.take(OPENCLAW, version);
        let kind = manifest["mediaType"].as_str().unwrap_or(MANIFEST).to_owned();
        // To the byte: a node names what it has from two repositories by either of their digests.
        let accept = format!("Accept: {KINDS}");
        let text = ask(&["-H", &accept], &format!("{OPENCLAW}/manifests/{version}"));
        self.put(tag, &kind, &text);
    }

    /// Pushes an index with one of the bed's images for another platform alone.
    #[track_caller]
    pub fn push_for(&self, platform: &str, version: &str, tag: &str) {
        let text = self.take(OPENCLAW, version).to_string();
        let digest = format!("sha256:{}", sha256(&text));
        self.put(&digest, MANIFEST, &text);
        let (os, architecture) = platform.split_once('/').unwrap();
        let index = json!({
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [{
                "mediaType": MANIFEST, "digest": digest, "size": text.len(),
                "platform": {"os": os, "architecture": architecture},
            }],
        });
        self.put(tag, INDEX, &index.to_string());
    }

    /// Pushes a program that sleeps, of a few kilobytes; each tag is an image of its own.
    #[track_caller]
    pub fn push_pause(&self, tag: &str) {
        let (from, version) = PAUSE;
        let mut manifest = self.take(from, version);
        let digest = manifest["config"]["digest"].as_str().unwrap();
        let config = ask(&[], &format!("{}/blobs/{digest}", self.name));
        let mut config: Value = serde_json::from_str(&config).unwrap();
        config["config"]["Labels"] = json!({"version": tag});
        let config = config.to_string();
        let digest = format!("sha256:{}", sha256(&config));
        self.put_blob(&digest, &config);
        manifest["config"]["digest"] = json!(digest);
        manifest["config"]["size"] = json!(config.len());
        let kind = manifest["mediaType"].as_str().unwrap_or(MANIFEST).to_owned();
        self.put(tag, &kind, &manifest.to_string());
    }

    /// Copies the blobs of an image, and returns its manifest.
    #[track_caller]
    fn take(&self, from: &str, version: &str) -> Value {
        let accept = format!("Accept: {KINDS}");
        let text = ask(&["-H", &accept], &format!("{from}/manifests/{version}"));
        let manifest: Value = serde_json::from_str(&text).unwrap();
        let layers = manifest["layers"].as_array().unwrap().iter().chain([&manifest["config"]]);
        for layer in layers {
            let digest = layer["digest"].as_str().unwrap();
            let mount = format!("{}/blobs/uploads/?mount={digest}&from={from}", self.name);
            ask(&["-X", "POST", "-o", "/dev/null"], &mount);
        }
        manifest
    }

    #[track_caller]
    fn put_blob(&self, digest: &str, text: &str) {
        let uploads = format!("{}/blobs/uploads/", self.name);
        let head = ask(&["-X", "POST", "-D", "-", "-o", "/dev/null"], &uploads);
        let place = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
        });
        // It already bears a query.
        let place = format!("{}&digest={digest}", place.unwrap());
        let header = "Content-Type: application/octet-stream";
        let put = ["-sSf", "--noproxy", "*", "-X", "PUT", "-H", header, "--data-binary", text];
        run(Command::new("curl").args(put).arg(place)).unwrap();
    }

    #[track_caller]
    fn put(&self, reference: &str, kind: &str, body: &str) {
        let header = format!("Content-Type: {kind}");
        let target = format!("{}/manifests/{reference}", self.name);
        ask(&["-X", "PUT", "-H", &header, "--data-binary", body], &target);
    }
}

fn sha256(text: &str) -> String {
    openclaw::tree::hash(text.as_bytes()).trim_start_matches("sha256:").to_owned()
}
