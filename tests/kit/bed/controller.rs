//! The controller on the bed: in the cluster, installed as a user installs it, or as a process of
//! one test with the rights that are shipped and no others.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::repository::Repository;
use super::stack::synced;
use super::{Namespace, ensure, eventually, kubectl, kubectl_with, run, variable};

/// Its own namespace in the cluster.
pub const HOME: &str = "openclaw-operator-system";

/// Commits what `openclaw install` prints and lets Argo CD sync it, once for all tests.
#[track_caller]
pub fn installed() {
    static DONE: OnceLock<bool> = OnceLock::new();
    // Who comes later need not wait for what has failed once.
    let done = DONE.get_or_init(|| std::panic::catch_unwind(install).is_ok());
    assert!(done, "the controller could not be installed; another test says why");
}

fn install() {
    super::install_crd();
    let repository = Repository::new("controller");
    repository.write("controller/install.yaml", &printed(&[]));
    let commit = repository.push("Install the controller");
    let example = |file: &str| {
        let path = crate::kit::root().join("examples/gitops-argocd/argocd").join(file);
        std::fs::read_to_string(path).unwrap()
    };
    kubectl_with(["apply", "--server-side"], &example("health.yaml")).unwrap();
    let text = example("controller.yaml")
        .replace("https://git.example.com/acme/agents.git", &repository.url());
    kubectl_with(["apply", "--server-side"], &text).unwrap();
    synced("openclaw-controller", &commit, 180);
    let deployment = "deployment/openclaw-controller";
    let wait = ["rollout", "status", "-n", HOME, deployment, "--timeout=180s"];
    kubectl(wait).unwrap();
    eventually("the controller holds the Lease", 60, || {
        let lease = super::object(HOME, "lease", "openclaw-controller").ok_or("no Lease")?;
        ensure(lease["spec"]["holderIdentity"].is_string(), || lease["spec"].to_string())
    });
}

/// What `openclaw install` prints with these flags.
#[track_caller]
pub fn printed(flags: &[&str]) -> String {
    run(Command::new(crate::kit::binary()).arg("install").args(flags)).unwrap()
}

/// The account of a controller that looks after one namespace from within it, with a kubeconfig.
pub struct Account {
    folder: TempDir,
    namespace: String,
}

impl Account {
    /// Makes the account and the Roles that `openclaw install --namespaces` prints.
    #[track_caller]
    pub fn new(namespace: &Namespace) -> Self {
        Self::with(namespace, |rules| rules)
    }

    /// The same with other rules: `change` gets each Role with its name.
    #[track_caller]
    pub fn with(namespace: &Namespace, change: impl Fn(Value) -> Value) -> Self {
        let name = &namespace.name;
        let text = printed(&["--namespace", name, "--namespaces", name, "--metrics", "none"]);
        let mut wanted = String::new();
        for object in crate::kit::documents(&text) {
            let kind = object["kind"].as_str().unwrap();
            if ["ServiceAccount", "Role", "RoleBinding"].contains(&kind) {
                let object = if kind == "Role" { change(object) } else { object };
                wanted.push_str(&format!("---\n{object}\n"));
            }
        }
        kubectl_with(["apply", "--server-side", "--force-conflicts"], &wanted).unwrap();
        let account = Self { folder: tempfile::tempdir().unwrap(), namespace: name.clone() };
        account.write_kubeconfig();
        account
    }

    /// Where the kubeconfig lies.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    #[track_caller]
    fn write_kubeconfig(&self) {
        let name = "openclaw-controller";
        let token = kubectl(["create", "token", name, "-n", &self.namespace]).unwrap();
        let admin = std::fs::read_to_string(variable("KUBECONFIG")).unwrap();
        let server = admin.split("server: \"").nth(1).unwrap().split('"').next().unwrap();
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bed",
            "clusters": [{"name": "bed", "cluster": {"server": server, "certificate-authority": variable("CA")}}],
            "users": [{"name": name, "user": {"token": token.trim()}}],
            "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": name}}],
        });
        std::fs::write(self.kubeconfig(), config.to_string()).unwrap();
    }
}

/// A controller that one test starts; it is killed when it is dropped.
pub struct Process {
    child: Child,
    folder: TempDir,
    /// Port of `/healthz` and `/readyz`.
    pub health: u16,
    /// Port of `/metrics`.
    pub metrics: u16,
}

impl Process {
    /// Starts one that looks after `namespace` from within it.
    #[track_caller]
    pub fn start(kubeconfig: &Path, namespace: &str) -> Self {
        Self::start_with(kubeconfig, &["--namespace", namespace, "--namespaces", namespace])
    }

    /// Starts one with flags.
    #[track_caller]
    pub fn start_with(kubeconfig: &Path, flags: &[&str]) -> Self {
        Self::start_in(kubeconfig, flags, &[])
    }

    /// Starts one with flags and variables.
    #[track_caller]
    pub fn start_in(kubeconfig: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [health, metrics] = [free_port(), free_port()];
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(crate::kit::binary())
            .arg("controller")
            .args(flags)
            .args(["--health-address", &format!("127.0.0.1:{health}")])
            .args(["--metrics-address", &format!("127.0.0.1:{metrics}")])
            .env("KUBECONFIG", kubeconfig)
            .env_remove("RUST_LOG")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, folder, health, metrics }
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it has logged.
    #[track_caller]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Waits until it has nothing to tell any more, and reads nothing. Its Lease is kept and its
    /// watches are opened again for ever, so of the requests only those for one object count.
    #[track_caller]
    pub fn rests(&self) {
        let counts = |line: &&str| {
            !line.contains("\"level\":\"DEBUG\"")
                || ["/secrets/", "/configmaps/"].iter().any(|path| line.contains(path))
        };
        let mut before = 0;
        eventually("the controller rests", 60, || {
            std::thread::sleep(std::time::Duration::from_secs(4));
            let log = self.log();
            let now = log.lines().filter(counts).count();
            let is_same = std::mem::replace(&mut before, now) == now;
            ensure(is_same, || log)
        });
    }

    /// Everything that it exposes.
    pub fn series(&self) -> Result<String, String> {
        let answer = super::curl(&format!("http://127.0.0.1:{}/metrics", self.metrics), [])?;
        ensure(answer.status == 200, || answer.body.clone())?;
        Ok(answer.body)
    }

    /// Waits until every watch has told what there is.
    #[track_caller]
    pub fn ready(&self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.health);
        eventually("the controller is ready", 60, || {
            let answer =
                super::curl(&url, []).map_err(|error| format!("{error} {}", self.log()))?;
            ensure(answer.status == 200, || answer.body.clone())
        });
    }

    /// Waits until it acts.
    #[track_caller]
    pub fn leads(&self) {
        eventually("the controller took the Lease", 60, || {
            ensure(self.log().contains("took the Lease"), || self.log())
        });
    }

    /// Sends a signal, such as `TERM` or `STOP`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        run(Command::new("kill").args([&format!("-{name}"), &self.id().to_string()])).unwrap();
    }

    /// Waits so long for its end; returns the exit code, or none when it goes on.
    pub fn ended_within(&mut self, time: std::time::Duration) -> Option<i32> {
        let started = std::time::Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().or(Some(-1));
            }
            if started.elapsed() > time {
                return None;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    /// Waits for its end; returns the exit code, or none when a signal ended it.
    #[track_caller]
    pub fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            let lines = log.lines().filter(|line| !line.contains("\"DEBUG\""));
            let tail: Vec<&str> = lines.rev().take(30).collect();
            for line in tail.iter().rev() {
                eprintln!("{line}");
            }
        }
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A condition of an instance as `status reason message`.
pub fn condition(instance: &Value, kind: &str) -> String {
    let list = instance["status"]["conditions"].as_array();
    let found = list.into_iter().flatten().find(|one| one["type"] == kind);
    let Some(found) = found else { return "none".to_owned() };
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", text("status"), text("reason"), text("message"))
}

/// Waits until an instance of a namespace says so: `ask` gets the instance.
#[track_caller]
pub fn says<T>(
    namespace: &str,
    name: &str,
    what: &str,
    seconds: u64,
    mut ask: impl FnMut(&Value) -> Result<T, String>,
) -> T {
    eventually(&format!("{name}: {what}"), seconds, || {
        let instance = super::object(namespace, "openclawinstance", name).ok_or("no instance")?;
        ask(&instance)
    })
}

/// Waits for a condition whose `status reason message` begins with a text.
#[track_caller]
pub fn wait_for(namespace: &str, name: &str, kind: &str, start: &str, seconds: u64) -> Value {
    says(namespace, name, &format!("{kind} is {start}"), seconds, |instance| {
        let found = condition(instance, kind);
        ensure(found.starts_with(start), || found.clone())?;
        Ok(instance.clone())
    })
}
