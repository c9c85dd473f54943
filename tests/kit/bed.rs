//! The test bed for tests: a cluster with a Git server, a registry and a GitOps tool, started
//! by `tests/bed/bed up`.
//!
//! Everything is asked through the programs that a user has: kubectl, git, curl. A test gets a
//! [`Namespace`] of its own; when it fails, what the namespace held is written to a folder that
//! the output names.

pub mod bucket;
pub mod controller;
pub mod fleet;
pub mod namespace;
pub mod plane;
pub mod pod;
pub mod prometheus;
pub mod readme;
pub mod registry;
pub mod repository;
pub mod sidecar;
pub mod stack;
pub mod volume;
pub mod web;

pub use namespace::Namespace;
pub use stack::Stack;
pub use volume::SmallVolume;
pub use web::Web;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A variable that the bed exports, by the rest of its name.
#[track_caller]
pub fn variable(name: &str) -> String {
    let variable = format!("OPENCLAW_BED_{name}");
    std::env::var(&variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: this test runs under `tests/run all`, which starts the bed")
    })
}

/// Runs a command to its end: what it printed, or what it said when it failed.
pub fn run(command: &mut Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}\n{said}{text}", output.status))
}

/// kubectl as the administrator.
pub fn kubectl<const N: usize>(args: [&str; N]) -> Result<String, String> {
    run(kubectl_command().args(args))
}

/// kubectl, to be given more.
pub fn kubectl_command() -> Command {
    let mut command = Command::new(crate::kit::tool("KUBECTL"));
    command.arg("--kubeconfig").arg(variable("KUBECONFIG"));
    command
}

/// kubectl with text on its standard input.
pub fn kubectl_with<const N: usize>(args: [&str; N], stdin: &str) -> Result<String, String> {
    use std::io::Write;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("objects.yaml");
    let mut file = std::fs::File::create(&path).map_err(|error| error.to_string())?;
    file.write_all(stdin.as_bytes()).map_err(|error| error.to_string())?;
    run(kubectl_command().args(args).arg("-f").arg(&path))
}

/// How many times slower than an idle machine a busy one may be.
const PATIENCE: u64 = 3;

/// Asks until the answer is one: `ask` says what is still missing. Panics with the last of
/// these when an idle machine would have had it for long: after `seconds`, times the patience.
#[track_caller]
pub fn eventually<T>(what: &str, seconds: u64, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let seconds = seconds * PATIENCE;
    let started = Instant::now();
    let mut pause = Duration::from_millis(250);
    loop {
        pause = (pause * 3 / 2).min(Duration::from_secs(2));
        match ask() {
            Ok(found) => return found,
            Err(missing) if started.elapsed() > Duration::from_secs(seconds) => {
                panic!("{what}: not after {seconds} s, last seen: {missing}")
            }
            // Each question is a process: asked less often the longer it takes.
            Err(_) => std::thread::sleep(pause),
        }
    }
}

/// Demands that the answer stays for `seconds`.
#[track_caller]
pub fn steadily(what: &str, seconds: u64, mut ask: impl FnMut() -> Result<(), String>) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(seconds) {
        if let Err(found) = ask() {
            panic!("{what}: not any more after {:.0?}: {found}", started.elapsed());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Says no when the condition does not hold.
pub fn ensure(holds: bool, found: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(found()) }
}

/// An object as JSON; none when it is not there.
#[track_caller]
pub fn object(namespace: &str, kind: &str, name: &str) -> Option<Value> {
    let found =
        kubectl(["get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found"]).unwrap();
    if found.trim().is_empty() { None } else { Some(serde_json::from_str(&found).unwrap()) }
}

/// An object as its type.
#[track_caller]
pub fn typed<T: k8s_openapi::Resource + serde::de::DeserializeOwned>(
    namespace: &str,
    name: &str,
) -> Option<T> {
    object(namespace, T::KIND, name).map(|value| serde_json::from_value(value).unwrap())
}

/// The folder that the test bed runs in.
pub fn folder() -> PathBuf {
    PathBuf::from(variable("RUN"))
}

/// Makes the cluster know our kind, once for all tests.
#[track_caller]
pub fn install_crd() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let crd = crate::kit::root().join("crds/openclawinstances.openclaw.rocks.yaml");
        kubectl(["apply", "--server-side", "--force-conflicts", "-f", crd.to_str().unwrap()])
            .unwrap();
        eventually("the kind is served", 30, || kubectl(["get", "openclawinstances", "-A"]));
    });
}

/// What an HTTP server said.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// Asks an HTTP server by curl; `args` are curl's.
pub fn curl<const N: usize>(url: &str, args: [&str; N]) -> Result<Answer, String> {
    let text = run(Command::new("curl")
        .args(["-sS", "--max-time", "20", "--noproxy", "*", "-w", "\n%{http_code}"])
        .args(args)
        .arg(url))?;
    let (body, status) = text.rsplit_once('\n').ok_or_else(|| text.clone())?;
    let status = status.parse().map_err(|_| format!("no status: {text}"))?;
    Ok(Answer { status, body: body.to_owned() })
}

/// Prints a figure that `tests/run all` shows at its end.
pub fn figure(text: &str) {
    use std::io::Write;
    let path = folder().join("figures");
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    writeln!(file, "{text}").unwrap();
}
