//! What the story of the series plays with: instances, controllers, a slow API server.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::bed::controller::{Account, Process, printed};
use crate::bed::prometheus::Target;
use crate::bed::{Stack, kubectl, kubectl_with};
use crate::kit;

pub const VERSION: &str = "2026.9.6";

/// Where the controllers seem to run: the labels of their targets.
pub const HOME: &str = "openclaw-operator-system";

/// Writes instances into the repository and applies what is rendered. They are of a cluster of
/// that name, so that no other controller on the bed looks after them.
#[track_caller]
pub fn apply(stack: &Stack, instances: &[(&str, &str)]) {
    let namespace = &stack.namespace.name;
    let settings = format!(
        "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: {namespace}\ncluster: {{name: {namespace}, controller: {namespace}/openclaw-controller}}\n"
    );
    stack.repository.write("openclaw.yaml", &settings);
    for (name, spec) in instances {
        let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: {name}\nspec:\n  image: {{tag: \"{VERSION}\"}}\n{spec}"
        );
        stack.repository.write(&format!("instances/{name}.yaml"), &text);
    }
    stack.render();
    let folder = stack.repository.path().join("rendered");
    let folder = folder.to_str().unwrap();
    kubectl(["apply", "--server-side", "--force-conflicts", "-R", "-f", folder]).unwrap();
}

/// Starts a controller that looks after one namespace.
#[track_caller]
pub fn controller(account: &Account, namespace: &str) -> Process {
    let flags = ["--namespace", namespace, "--namespaces", namespace, "--cluster-name", namespace];
    Process::start_with(&account.kubeconfig(), &flags)
}

/// The controller as the target that its monitor finds.
pub fn target(process: &Process, pod: &str) -> Target {
    let labels = json!({"namespace": HOME, "pod": pod, "container": "controller"});
    Target { address: format!("127.0.0.1:{}", process.metrics), labels }
}

/// An object that `openclaw install` prints, the only one of its kind.
#[track_caller]
pub fn object(kind: &str) -> Value {
    let objects = kit::documents(&printed(&[]));
    objects.into_iter().find(|object| object["kind"] == kind).unwrap()
}

/// Makes the API server wait for six seconds before it takes the status of `slow`: it asks
/// somebody who never answers.
pub struct Slowness {
    name: String,
    _silent: TcpListener,
}

impl Slowness {
    #[track_caller]
    pub fn new(namespace: &str) -> Self {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", silent.local_addr().unwrap());
        let webhook = json!({
            "name": "slow.series.example",
            "clientConfig": {"url": url},
            "timeoutSeconds": 6,
            "failurePolicy": "Ignore",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "objectSelector": {"matchLabels": {"app.kubernetes.io/instance": "slow"}},
            "rules": [{"apiGroups": ["openclaw.rocks"], "apiVersions": ["*"], "operations": ["UPDATE"],
                "resources": ["openclawinstances/status"]}],
        });
        let object = json!({"apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration", "metadata": {"name": namespace}, "webhooks": [webhook]});
        kubectl_with(["apply", "--server-side"], &object.to_string()).unwrap();
        Self { name: namespace.to_owned(), _silent: silent }
    }
}

impl Drop for Slowness {
    fn drop(&mut self) {
        kubectl(["delete", "validatingwebhookconfiguration", &self.name]).ok();
    }
}
