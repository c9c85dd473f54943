//! The API server of the test bed: kubectl, and plain requests through its proxy.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit;

pub const CRD: &str = "crds/openclawinstances.openclaw.rocks.yaml";
pub const POLICIES: &str = "crds/admission-policies.yaml";

/// Returns a command of kubectl that talks to the test bed.
fn command(args: &[&str]) -> Command {
    let kubeconfig = std::env::var("OPENCLAW_BED_KUBECONFIG").unwrap_or_else(|_| {
        panic!("OPENCLAW_BED_KUBECONFIG is not set: this test needs a cluster of its own, as the test bed starts one")
    });
    let mut command = Command::new(kit::tool("KUBECTL"));
    command.args(["--kubeconfig", &kubeconfig]).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs kubectl.
pub fn kubectl(args: &[&str], stdin: &str) -> kit::Output {
    let mut child = command(args).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    kit::Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs kubectl and demands success; returns stdout.
#[track_caller]
pub fn done(args: &[&str], stdin: &str) -> String {
    let output = kubectl(args, stdin);
    assert_eq!(output.code, Some(0), "kubectl {args:?}: {}", output.stderr);
    output.stdout
}

/// Runs kubectl without the kinds that it remembers, which last for hours and may be those of
/// another cluster or of a moment without the CRD; returns stdout.
pub fn fresh(args: &[&str]) -> String {
    let memory = tempfile::tempdir().unwrap();
    let folder = format!("--cache-dir={}", memory.path().display());
    kubectl(&[args, &[folder.as_str()]].concat(), "").stdout
}

/// Runs kubectl and demands that it fails; returns stderr.
#[track_caller]
pub fn refused(args: &[&str], stdin: &str) -> String {
    let output = kubectl(args, stdin);
    assert_eq!(output.code, Some(1), "kubectl {args:?}: {}", output.stdout);
    output.stderr
}

/// Asks until there is an answer.
#[track_caller]
pub fn wait<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "waited 60 s for {what}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Waits until the API server serves a CRD, which at first has no condition at all.
#[track_caller]
pub fn established(crd: &str) {
    let args = ["wait", "--for=condition=Established", "--timeout=10s", &format!("crd/{crd}")];
    wait("the CRD", || (kubectl(&args, "").code == Some(0)).then_some(()));
}

/// A namespace of one test, which goes with it.
pub struct Namespace(pub &'static str);

impl Namespace {
    pub fn new(name: &'static str) -> Self {
        done(&["delete", "namespace", name, "--ignore-not-found", "--timeout=60s"], "");
        done(&["create", "namespace", name], "");
        Self(name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        kubectl(&["delete", "namespace", self.0, "--wait=false"], "");
    }
}

/// What the API server says to one request.
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub warnings: Vec<String>,
}

impl Answer {
    /// Returns why the request is refused, a message a cause; nothing when it is not.
    pub fn messages(&self) -> Vec<String> {
        if self.status < 300 {
            return Vec::new();
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let causes = self.body["details"]["causes"].as_array();
        let one = |cause: &Value| format!("{}: {}", text(&cause["field"]), text(&cause["message"]));
        match causes {
            Some(causes) if !self.is_denied() => causes.iter().map(one).collect(),
            _ => vec![text(&self.body["message"])],
        }
    }

    /// Whether a policy refuses it, and not the CRD.
    pub fn is_denied(&self) -> bool {
        self.body["message"].as_str().is_some_and(|text| text.contains(" denied request: "))
    }
}

/// `kubectl proxy`: a request costs no process, and an answer belongs to one instance.
pub struct Server {
    proxy: Child,
    folder: TempDir,
}

impl Server {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = format!("--unix-socket={}", folder.path().join("api").display());
        let proxy = command(&["proxy", &socket]).stdout(Stdio::null()).spawn().unwrap();
        let server = Self { proxy, folder };
        wait("kubectl proxy", || server.socket().exists().then_some(()));
        server
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("api")
    }

    /// Makes an instance as `kubectl create --dry-run=server` does.
    pub fn try_create(&self, namespace: &str, instance: &Value) -> Answer {
        let path = format!(
            "/apis/openclaw.rocks/v1alpha1/namespaces/{namespace}/openclawinstances?dryRun=All&fieldValidation=Strict"
        );
        let body = instance.to_string();
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let warnings = lines.filter_map(|line| line.strip_prefix("Warning: 299 - ")).map(unquoted);
        Answer {
            status,
            warnings: warnings.collect(),
            body: serde_json::from_str(body).unwrap_or_else(|_| panic!("{text}")),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.proxy.kill().unwrap();
        self.proxy.wait().unwrap();
    }
}

/// Reads a quoted text of a header.
fn unquoted(text: &str) -> String {
    let mut characters = text.trim_matches('"').chars();
    let mut plain = String::new();
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    plain
}

/// The CRD and the policies under other names, so that a test may make and change them while others
/// use the real ones. They go with it.
pub struct Variant {
    pub word: &'static str,
    pub crd: String,
    pub policies: String,
}

impl Variant {
    pub fn new(word: &'static str) -> Self {
        let kind = word[..1].to_uppercase() + &word[1..];
        let text = |file: &str| {
            std::fs::read_to_string(kit::root().join(file))
                .unwrap()
                .replace("openclawinstance", &format!("openclaw{word}"))
                .replace("OpenClawInstance", &format!("OpenClaw{kind}"))
                .replace("- oci\n", &format!("- oc{word}\n"))
                .replace("openclaw-refuses", &format!("openclaw-refuses-{word}"))
                .replace("openclaw-warns", &format!("openclaw-warns-{word}"))
        };
        let variant = Self { word, crd: text(CRD), policies: text(POLICIES) };
        variant.remove();
        variant
    }

    /// Name of the resource.
    pub fn resource(&self) -> String {
        format!("openclaw{}s.openclaw.rocks", self.word)
    }

    fn remove(&self) {
        let delete = ["delete", "--ignore-not-found", "--timeout=60s", "-f", "-"];
        kubectl(&delete, &self.policies);
        let place =
            "jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{\"\\n\"}{end}";
        let all = kubectl(&["get", &self.resource(), "-A", "-o", place], "").stdout;
        if !all.is_empty() {
            // What a test that failed left behind would hold its namespace for ever, and a policy
            // is asked for a moment longer than it exists.
            std::thread::sleep(Duration::from_secs(3));
        }
        for line in all.lines() {
            let (namespace, name) = line.split_once(' ').unwrap();
            let object = format!("{}/{name}", self.resource());
            let patch = r#"{"metadata":{"finalizers":null}}"#;
            kubectl(&["-n", namespace, "patch", &object, "--type=merge", "-p", patch], "");
        }
        kubectl(&delete, &self.crd);
    }
}

impl Drop for Variant {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Gives the cluster the CRD and the policies, once, and waits until it asks them.
pub fn install() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let root = kit::root();
        for file in [CRD, POLICIES] {
            let file = root.join(file);
            let file = file.to_str().unwrap();
            done(&["apply", "--server-side", "--force-conflicts", "-f", file], "");
            established("openclawinstances.openclaw.rocks");
        }
        // What is served is listed a moment later.
        wait("the list of kinds", || {
            fresh(&["api-resources", "--api-group=openclaw.rocks", "-o", "name"])
                .contains("openclawinstances")
                .then_some(())
        });
        // The API server takes a changed policy over within about a second, and says nothing then.
        std::thread::sleep(Duration::from_secs(3));
        let server = Server::new();
        let instance = json!({
            "apiVersion": "openclaw.rocks/v1alpha1",
            "kind": "OpenClawInstance",
            "metadata": {"name": "first"},
            "spec": {"config": {"raw": {"gateway": {"mode": "remote", "bind": "loopback"}}}},
        });
        wait("the policies", || {
            let answer = server.try_create("default", &instance);
            (answer.is_denied() && !answer.warnings.is_empty()).then_some(())
        });
    });
}
