//! One instance the way a user has it: a file in a Git repository, rendered beside it, and
//! synced into the cluster by Argo CD or applied by kubectl.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use super::pod::Pod;
use super::repository::Repository;
use super::{Answer, Namespace, ensure, eventually, kubectl, kubectl_with, run};

/// The token that the tests put into the Secret until a controller does.
pub const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// A request small enough that many instances fit on the node; what is done is not less.
pub const SMALL: &str = "resources: {requests: {cpu: 300m, memory: 128Mi}}";

/// The image that answers as the gateway does and is nothing else, for what the application itself
/// does not decide: its start is half a minute of a processor. The init containers are the real ones.
pub const LIGHT: &str = "2026.9.80";

/// An instance `agent` in a namespace and a repository of its own.
pub struct Stack {
    pub namespace: Namespace,
    pub repository: Repository,
    pub name: String,
}

impl Stack {
    /// Makes namespace, repository and the gateway's Secret; nothing is applied yet.
    #[track_caller]
    pub fn new(topic: &str) -> Self {
        let stack = Self::bare(topic);
        stack.namespace.secret("agent-gateway-token", "token", TOKEN);
        stack
    }

    /// Makes namespace and repository, without any Secret.
    #[track_caller]
    pub fn bare(topic: &str) -> Self {
        let namespace = Namespace::new(topic);
        let repository = Repository::new(&namespace.name);
        let stack = Self { namespace, repository, name: "agent".to_owned() };
        let settings = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: {}\n",
            stack.namespace.name
        );
        stack.repository.write("openclaw.yaml", &settings);
        stack
    }

    /// Writes the instance: a version and further lines of `spec`, each at its first column.
    #[track_caller]
    pub fn instance(&self, version: &str, spec: &str) {
        self.instance_with("", version, spec);
    }

    /// Writes the instance with annotations: lines as `key: value`.
    #[track_caller]
    pub fn instance_with(&self, annotations: &str, version: &str, spec: &str) {
        let indented = |text: &str, by: &str| -> String {
            text.lines().map(|line| format!("{by}{line}\n")).collect()
        };
        let notes = if annotations.is_empty() {
            String::new()
        } else {
            format!("  annotations:\n{}", indented(annotations, "    "))
        };
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: {}\n{notes}spec:\n  image:\n    tag: \"{version}\"\n{}",
            self.name,
            indented(spec, "  ")
        );
        self.repository.write("instances/agent.yaml", &text);
        self.render();
    }

    /// Another instance of the same repository and namespace.
    #[track_caller]
    pub fn sibling(&self, name: &str) -> Self {
        Self {
            namespace: self.namespace.borrowed(),
            repository: self.repository.clone(),
            name: name.to_owned(),
        }
    }

    /// Runs `openclaw render` in the repository; returns its warnings.
    #[track_caller]
    pub fn render(&self) -> String {
        let output = Command::new(crate::kit::binary())
            .arg("render")
            .current_dir(self.repository.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    }

    /// The rendered folder.
    pub fn folder(&self) -> String {
        format!("rendered/{}/{}", self.namespace.name, self.name)
    }

    /// A rendered file.
    #[track_caller]
    pub fn rendered(&self, file: &str) -> String {
        let path = self.repository.path().join(self.folder()).join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Applies the rendered folder as somebody without a GitOps tool does.
    #[track_caller]
    pub fn apply(&self) {
        let folder = self.repository.path().join(self.folder());
        let folder = folder.to_str().unwrap();
        kubectl(["apply", "--server-side", "--force-conflicts", "-f", folder]).unwrap();
    }

    /// Applies and waits until the Pod that then runs is Ready: the same one where nothing of
    /// it changed.
    #[track_caller]
    pub fn apply_and_wait(&self) -> Value {
        self.apply();
        self.settled(900)
    }

    /// Waits until the set's newest revision is what runs and is Ready.
    #[track_caller]
    pub fn settled(&self, seconds: u64) -> Value {
        eventually("the newest revision is Ready", seconds, || {
            let set = self.namespace.object("statefulset", &self.name).ok_or("no StatefulSet")?;
            ensure(set["status"]["observedGeneration"] == set["metadata"]["generation"], || {
                "not observed yet".to_owned()
            })?;
            let pod = self.pod().get()?;
            let revision = &set["status"]["updateRevision"];
            let runs = &pod["metadata"]["labels"]["controller-revision-hash"];
            ensure(revision == runs && super::pod::is_ready(&pod), || {
                format!("{runs} of {revision}: {}", Pod::state(&pod))
            })?;
            Ok(pod)
        })
    }

    pub fn pod(&self) -> Pod {
        Pod::new(&self.namespace.name, &format!("{}-0", self.name))
    }

    /// Where the data volume lies on the node, which is this machine.
    #[track_caller]
    pub fn volume(&self) -> PathBuf {
        let claim = self.namespace.object("pvc", &format!("{}-data", self.name)).unwrap();
        let name = claim["spec"]["volumeName"].as_str().unwrap().to_owned();
        let volume = super::object("", "pv", &name).unwrap();
        PathBuf::from(volume["spec"]["local"]["path"].as_str().unwrap())
    }

    /// Renders, commits, pushes and waits until Argo CD says Synced.
    #[track_caller]
    pub fn push_and_sync(&self, subject: &str) -> String {
        let commit = self.repository.push(subject);
        self.synced(&commit, 180);
        commit
    }

    /// Whether the gateway takes a token for a call of a tool.
    pub fn invoke(&self, token: Option<&str>) -> Result<Answer, String> {
        let call = r#"{"tool":"session_status","args":{}}"#;
        let mut header = "X-None: none".to_owned();
        if let Some(token) = token {
            header = format!("Authorization: Bearer {token}");
        }
        self.pod().http(
            18789,
            "/tools/invoke",
            ["-H", "Content-Type: application/json", "-H", &header, "-d", call],
        )
    }

    /// Tells Argo CD of the repository in the shape of examples/gitops-argocd/argocd/FILE,
    /// changed in the address alone.
    #[track_caller]
    pub fn hand_to_argocd(&self, file: &str) {
        let path = format!("examples/gitops-argocd/argocd/{file}");
        let text = std::fs::read_to_string(crate::kit::root().join(path)).unwrap();
        let text = text
            .replace("https://git.example.com/acme/agents.git", &self.repository.url())
            .replace("\n  name: openclaw\n", &format!("\n  name: {}\n", self.namespace.name))
            .replace(
                "\n    namespace: agents\n",
                &format!("\n    namespace: {}\n", self.namespace.name),
            );
        kubectl_with(["apply", "--server-side"], &text).unwrap();
    }

    /// The Application that the ApplicationSet made for this instance.
    pub fn application(&self) -> String {
        format!("{}-{}", self.namespace.name, self.name)
    }

    /// Waits until Argo CD says Synced at that commit; returns the seconds that it took.
    #[track_caller]
    pub fn synced(&self, commit: &str, seconds: u64) -> f64 {
        synced(&self.application(), commit, seconds)
    }

    /// What a dry run of the rendered folder would change: nothing, or a text.
    pub fn difference(&self) -> String {
        let folder = self.repository.path().join(self.folder());
        difference(folder.to_str().unwrap())
    }
}

/// What a server-side dry run of a folder would change in the cluster, if it were applied by
/// yet another tool: nothing, or the difference.
pub fn difference(folder: &str) -> String {
    let mut command = super::kubectl_command();
    command.args(["diff", "--server-side", "--force-conflicts", "--field-manager=tests"]);
    run(command.args(["-R", "-f", folder])).err().unwrap_or_default()
}

/// Tells Argo CD to look into Git, as the webhook of a Git server does; now and every five
/// seconds, as what it read last may be older than the push.
pub struct Webhook {
    kind: &'static str,
    name: String,
    last: Option<Instant>,
}

impl Webhook {
    pub fn application(name: &str) -> Self {
        Self { kind: "application.argoproj.io", name: name.to_owned(), last: None }
    }

    pub fn application_set(name: &str) -> Self {
        Self { kind: "applicationset.argoproj.io", name: name.to_owned(), last: None }
    }

    /// Calls, if it is time to; there may be nothing yet that hears it.
    pub fn call(&mut self) {
        if self.last.is_some_and(|last| last.elapsed().as_secs() < 5) {
            return;
        }
        self.last = Some(Instant::now());
        let note = if self.kind.starts_with("applicationset") {
            "argocd.argoproj.io/application-set-refresh=true"
        } else {
            "argocd.argoproj.io/refresh=normal"
        };
        kubectl(["annotate", self.kind, &self.name, "-n", "argocd", "--overwrite", note]).ok();
    }
}

/// Waits until Argo CD says that an Application is Synced at that commit; returns the seconds
/// that it took.
#[track_caller]
pub fn synced(application: &str, commit: &str, seconds: u64) -> f64 {
    let started = Instant::now();
    let mut webhook = Webhook::application(application);
    eventually(&format!("{application} is Synced at {commit}"), seconds, || {
        webhook.call();
        let app = super::object("argocd", "application.argoproj.io", application)
            .ok_or("no Application yet")?;
        let status = &app["status"];
        let right = status["sync"]["status"] == "Synced" && status["sync"]["revision"] == commit;
        let running = status["operationState"]["phase"] == "Running";
        ensure(right && !running, || {
            format!(
                "{} {} {}",
                status["sync"], status["conditions"], status["operationState"]["message"]
            )
        })
    });
    started.elapsed().as_secs_f64()
}
