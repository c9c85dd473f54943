//! Runs the child that speaks to the server.
#![expect(clippy::disallowed_methods, reason = "it leaves files for the child, and starts it")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use super::address::{Way, way};
use super::cache::local;
use super::worker::{Answer, Request, Task};
use super::{Fault, Limits, Remote, host};

/// Longest answer that is read, in bytes.
const LONGEST: u64 = 1 << 16;
/// Where systems keep the certificates that they trust.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where a child finds things.
pub(super) struct Place<'p> {
    pub(super) program: &'p Path,
    /// Folder for the files that are made for it.
    pub(super) folder: &'p Path,
    /// The repository.
    pub(super) bare: &'p Path,
}

/// Has a child do a task. It is dead when this returns, and dies when this is dropped.
pub(super) async fn call(
    place: Place<'_>,
    remote: &Remote,
    limits: Limits,
    task: Task,
) -> Result<Answer, Fault> {
    let is_push = matches!(task, Task::Push { .. });
    let request = Request {
        folder: place.bare.to_owned(),
        url: remote.url.clone(),
        branch: remote.branch.clone(),
        way: way(remote)?,
        secrets: remote.secrets.clone(),
        known_hosts: remote.known_hosts.clone().unwrap_or_default(),
        limits,
        task,
    };
    let request = serde_json::to_vec(&request)
        .map_err(|error| Fault::Local(format!("the request: {error}")))?;
    let mut child = start(&place, remote)?;
    let talk = tokio::time::timeout(limits.wall, talk(&mut child, &request)).await;
    let Ok(answer) = talk else {
        // Killed and waited for: nobody else would.
        child.kill().await.map_err(|error| local("the child", &error))?;
        return Err(Fault::TimedOut(limits.wall.as_secs()));
    };
    let answer = answer.map_err(|error| local("the child", &error))?;
    serde_json::from_slice::<Result<Answer, Fault>>(&answer).unwrap_or_else(|_| {
        let what = "the child that speaks to the server died".to_owned();
        Err(if is_push { Fault::Unknown(what) } else { Fault::Local(what) })
    })
}

fn start(place: &Place, remote: &Remote) -> Result<Child, Fault> {
    let of = |error: std::io::Error| local("the cache", &error);
    let home = place.folder.join("home");
    std::fs::create_dir_all(home.join(".ssh")).map_err(of)?;
    let pins = host::pins(remote.known_hosts.as_deref().unwrap_or_default());
    std::fs::write(home.join(".ssh/known_hosts"), pins).map_err(of)?;
    let mut command = Command::new(place.program);
    command
        .arg("git-worker")
        .env_clear()
        .env("HOME", &home)
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    if way(remote)? == Way::Https {
        command.envs(bundle(place.folder, remote)?.map(|file| ("SSL_CERT_FILE", file)));
    }
    command.spawn().map_err(|error| local("the child", &error))
}

/// Returns the certificates that are trusted, as a file.
fn bundle(folder: &Path, remote: &Remote) -> Result<Option<PathBuf>, Fault> {
    let named = std::env::var_os("SSL_CERT_FILE").into_iter();
    let mut places = named.chain(BUNDLES.map(OsString::from)).map(PathBuf::from);
    let system = places.find(|file| file.is_file());
    let Some(own) = &remote.ca_bundle else { return Ok(system) };
    let mut text = match system {
        Some(file) => std::fs::read(file).map_err(|error| local("the certificates", &error))?,
        None => Vec::new(),
    };
    text.push(b'\n');
    text.extend_from_slice(own.as_bytes());
    let file = folder.join("certificates.pem");
    std::fs::write(&file, text).map_err(|error| local("the cache", &error))?;
    // The child's working folder is another one.
    std::path::absolute(file).map(Some).map_err(|error| local("the cache", &error))
}

async fn talk(child: &mut Child, request: &[u8]) -> std::io::Result<Vec<u8>> {
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(request).await {
            // It died before it read; its answer, which is none, says so.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    let mut answer = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(LONGEST).read_to_end(&mut answer).await?;
    }
    child.wait().await?;
    Ok(answer)
}
