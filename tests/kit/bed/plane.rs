//! A control plane of one test, to be stopped, killed and compacted at will: etcd and an API server
//! with the bed's certificates. There is no kubelet and no other controller; a test plays them.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::controller::free_port;
use super::{ensure, eventually, run, variable};

/// An API server and its data.
pub struct Plane {
    folder: TempDir,
    etcd: Child,
    server: Option<Child>,
    etcd_port: u16,
    port: u16,
}

impl Plane {
    /// Starts one that knows our kind.
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [etcd_port, peer_port, port] = [free_port(), free_port(), free_port()];
        let [client, peer] = [etcd_port, peer_port].map(|port| format!("http://127.0.0.1:{port}"));
        let etcd = quiet(&variable("ETCD"), &folder.path().join("etcd.log"))
            .arg("--data-dir")
            .arg(folder.path().join("etcd"))
            .args(["--unsafe-no-fsync", "--log-level", "error"])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}")])
            .spawn()
            .unwrap();
        let mut plane = Self { folder, etcd, server: None, etcd_port, port };
        plane.serve();
        let crd = crate::kit::root().join("crds/openclawinstances.openclaw.rocks.yaml");
        plane.kubectl(["apply", "--server-side", "-f", crd.to_str().unwrap()]).unwrap();
        eventually("the kind is served", 30, || plane.kubectl(["get", "openclawinstances"]));
        plane
    }

    /// Starts the API server, and waits until it is ready.
    #[track_caller]
    pub fn serve(&mut self) {
        let pki = PathBuf::from(variable("RUN")).join("pki");
        let file = |name: &str| pki.join(name).to_str().unwrap().to_owned();
        let log = self.folder.path().join("server.log");
        let server = quiet(&variable("APISERVER"), &log)
            .args(["--etcd-servers", &format!("http://127.0.0.1:{}", self.etcd_port)])
            .args(["--bind-address", "127.0.0.1", "--secure-port", &self.port.to_string()])
            .args(["--endpoint-reconciler-type", "none", "--authorization-mode", "RBAC"])
            .args(["--service-cluster-ip-range", "10.97.0.0/24"])
            .args(["--client-ca-file", &file("ca.crt")])
            .args(["--tls-cert-file", &file("apiserver.crt")])
            .args(["--tls-private-key-file", &file("apiserver.key")])
            .args(["--service-account-issuer", "https://kubernetes.default.svc"])
            .args(["--service-account-key-file", &file("service-account.pub")])
            .args(["--service-account-signing-key-file", &file("service-account.key")])
            .spawn()
            .unwrap();
        self.server = Some(server);
        self.write_kubeconfig("kubeconfig", &format!("https://127.0.0.1:{}", self.port));
        eventually("the API server is ready", 90, || {
            self.kubectl(["get", "--raw", "/readyz"])?;
            self.kubectl(["get", "namespace", "default"])
        });
    }

    /// Ends the API server without a farewell.
    pub fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().ok();
            server.wait().ok();
        }
    }

    /// Forgets every past version of everything: a watch that asks for one is told that it is gone.
    #[track_caller]
    pub fn compact(&self) {
        let url = format!("http://127.0.0.1:{}/v3/kv", self.etcd_port);
        let ask = |path: &str, body: &str| {
            super::curl(&format!("{url}{path}"), ["-d", body]).unwrap().body
        };
        let range: Value = serde_json::from_str(&ask("/range", r#"{"key": "AA=="}"#)).unwrap();
        let revision = range["header"]["revision"].as_str().unwrap();
        let done =
            ask("/compaction", &format!(r#"{{"revision": "{revision}", "physical": true}}"#));
        assert!(done.contains("header"), "{done}");
    }

    /// kubectl as the administrator.
    pub fn kubectl<const N: usize>(&self, args: [&str; N]) -> Result<String, String> {
        let mut command = Command::new(crate::kit::tool("KUBECTL"));
        run(command.arg("--kubeconfig").arg(self.kubeconfig()).args(args))
    }

    /// Applies objects.
    #[track_caller]
    pub fn apply(&self, objects: &str) {
        let file = self.folder.path().join("objects.yaml");
        std::fs::write(&file, objects).unwrap();
        self.kubectl(["apply", "--server-side", "--force-conflicts", "-f", file.to_str().unwrap()])
            .unwrap();
    }

    /// An object as JSON; none when it is not there.
    pub fn object(&self, namespace: &str, kind: &str, name: &str) -> Option<Value> {
        let args = ["get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found"];
        serde_json::from_str(&self.kubectl(args).ok()?).ok()
    }

    /// Objects of a kind.
    #[track_caller]
    pub fn objects(&self, namespace: &str, kind: &str) -> Vec<Value> {
        let text = self.kubectl(["get", kind, "-n", namespace, "-o", "json"]).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// Where the administrator's kubeconfig lies.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// The kubeconfig of whoever asks through a proxy.
    #[track_caller]
    pub fn through(&self, faults: &Faults) -> PathBuf {
        self.write_kubeconfig("proxied", &format!("http://127.0.0.1:{}", faults.port))
    }

    fn write_kubeconfig(&self, name: &str, server: &str) -> PathBuf {
        let pki = PathBuf::from(variable("RUN")).join("pki");
        let mut cluster = json!({"server": server});
        let mut user = json!({});
        if server.starts_with("https") {
            cluster["certificate-authority"] = json!(pki.join("ca.crt"));
            user = json!({"client-certificate": pki.join("admin.crt"), "client-key": pki.join("admin.key")});
        }
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "plane",
            "clusters": [{"name": "plane", "cluster": cluster}],
            "users": [{"name": "admin", "user": user}],
            "contexts": [{"name": "plane", "context": {"cluster": "plane", "user": "admin"}}],
        });
        let path = self.folder.path().join(name);
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        self.kill();
        self.etcd.kill().ok();
        self.etcd.wait().ok();
    }
}

/// A proxy before a plane that makes faults; see tests/bed/web/faults.mjs.
pub struct Faults {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl Faults {
    /// Starts one that makes none yet.
    #[track_caller]
    pub fn before(plane: &Plane) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pki = PathBuf::from(variable("RUN")).join("pki");
        let script = crate::kit::root().join("tests/bed/web/faults.mjs");
        let process = Command::new(crate::kit::tool("NODE24"))
            .arg(script)
            .arg(folder.path())
            .arg(format!("https://127.0.0.1:{}", plane.port))
            .args(["admin.crt", "admin.key", "ca.crt"].map(|name| pki.join(name)))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut faults = Self { process, folder, port: 0 };
        faults.port = eventually("the proxy listens", 20, || {
            let text = std::fs::read_to_string(faults.folder.path().join("port"));
            text.map_err(|error| error.to_string())?.parse().map_err(|_| "no number".to_owned())
        });
        faults
    }

    /// Makes these faults from now on.
    #[track_caller]
    pub fn make(&self, faults: &Value) {
        let [new, path] = ["faults.new", "faults"].map(|name| self.folder.path().join(name));
        std::fs::write(&new, faults.to_string()).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    /// Requests so far: `method`, `url`, and the `fault` that each met.
    #[track_caller]
    pub fn requests(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("requests")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until a fault of a kind was met.
    #[track_caller]
    pub fn met(&self, kind: &str) {
        eventually(&format!("a fault `{kind}`"), 120, || {
            let is_met = self.requests().iter().any(|request| request["fault"] == kind);
            ensure(is_met, || "none".to_owned())
        });
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A command that writes to a log alone.
fn quiet(program: &str, log: &Path) -> Command {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command
}
