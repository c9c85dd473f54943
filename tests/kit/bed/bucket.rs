//! The bucket of the bed, and the credentials that open it.

use std::process::Command;

use serde_json::Value;

use super::{Namespace, kubectl, run, variable};

/// Keys of the Secret with their values.
pub fn credentials() -> [(&'static str, String); 4] {
    [
        ("B2_BUCKET", variable("S3_BUCKET")),
        ("B2_ENDPOINT", variable("S3")),
        ("B2_KEY_ID", variable("S3_KEY")),
        ("B2_APP_KEY", variable("S3_SECRET")),
    ]
}

/// Makes the Secret in a namespace.
#[track_caller]
pub fn open(namespace: &Namespace) {
    open_with(namespace, &credentials());
}

/// Makes the Secret with other values.
#[track_caller]
pub fn open_with(namespace: &Namespace, values: &[(&str, String)]) {
    let name = "b2-backup-credentials";
    let literals = values.iter().map(|(key, value)| format!("--from-literal={key}={value}"));
    run(super::kubectl_command()
        .args(["create", "secret", "generic", name, "-n", &namespace.name])
        .args(literals))
    .unwrap();
}

/// Runs rclone; `bed:BUCKET/…` is the bucket.
pub fn rclone(args: &[&str]) -> Result<String, String> {
    run(Command::new(variable("RCLONE")).args(["--config", &variable("RCLONE_CONFIG")]).args(args))
}

/// Files below a path of the bucket.
#[track_caller]
pub fn files(path: &str) -> Vec<String> {
    let target = format!("bed:{}/{path}", variable("S3_BUCKET"));
    let listed = rclone(&["lsf", "-R", "--files-only", &target]).unwrap_or_default();
    let mut files: Vec<String> = listed.lines().map(str::to_owned).collect();
    files.sort();
    files
}

/// The manifest of a backup.
#[track_caller]
pub fn manifest(path: &str) -> Value {
    let target = format!("bed:{}/{path}/manifest.json", variable("S3_BUCKET"));
    serde_json::from_str(&rclone(&["cat", &target]).unwrap()).unwrap()
}

/// Where the backups of a namespace lie.
#[track_caller]
pub fn home(namespace: &Namespace) -> String {
    let format = "jsonpath={.metadata.uid}";
    let uid = kubectl(["get", "namespace", &namespace.name, "-o", format]).unwrap();
    format!("openclaw/{uid}")
}
