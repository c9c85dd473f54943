//! A namespace for one test, and what is kept of it when the test fails.

use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use super::{kubectl, kubectl_command, kubectl_with, run};

/// A namespace that enforces Pod Security `restricted`; removed when it is dropped.
pub struct Namespace {
    pub name: String,
    owned: bool,
}

impl Namespace {
    /// The same namespace, for somebody who does not remove it.
    pub fn borrowed(&self) -> Self {
        Self { name: self.name.clone(), owned: false }
    }

    /// Makes one; its name begins with `topic`.
    #[track_caller]
    pub fn new(topic: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        super::install_crd();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{topic}-{}-{number}", std::process::id());
        kubectl(["create", "namespace", &name]).unwrap();
        Self::enforce(&name);
        Self { name, owned: true }
    }

    /// Makes the one of that name, for manifests that name it.
    #[track_caller]
    pub fn named(name: &str) -> Self {
        super::install_crd();
        kubectl(["delete", "namespace", name, "--ignore-not-found", "--timeout=120s"]).unwrap();
        kubectl(["create", "namespace", name]).unwrap();
        Self::enforce(name);
        Self { name: name.to_owned(), owned: true }
    }

    #[track_caller]
    fn enforce(name: &str) {
        let labels =
            ["enforce", "warn"].map(|mode| format!("pod-security.kubernetes.io/{mode}=restricted"));
        kubectl(["label", "--overwrite", "namespace", name, &labels[0], &labels[1]]).unwrap();
    }

    /// Makes a Secret of one key.
    #[track_caller]
    pub fn secret(&self, name: &str, key: &str, value: &str) {
        let literal = format!("--from-literal={key}={value}");
        kubectl(["create", "secret", "generic", name, "-n", &self.name, &literal]).unwrap();
    }

    /// Applies objects as a user does: server-side, with every warning.
    #[track_caller]
    pub fn apply(&self, text: &str) -> String {
        kubectl_with(["apply", "--server-side", "-n", &self.name], text).unwrap()
    }

    /// An object as JSON.
    #[track_caller]
    pub fn object(&self, kind: &str, name: &str) -> Option<Value> {
        super::object(&self.name, kind, name)
    }

    /// Every object that a rendered stack has, as the cluster holds it.
    #[track_caller]
    pub fn objects(&self, kinds: &str) -> Vec<Value> {
        let text = kubectl(["get", kinds, "-n", &self.name, "-o", "json"]).unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// Takes the namespace from Argo CD, and waits: it would make it again.
    fn leave_argocd(&self) {
        for kind in ["applicationset.argoproj.io", "application.argoproj.io"] {
            let by_name = ["delete", kind, &self.name, "-n", "argocd", "--ignore-not-found"];
            run(kubectl_command().args(by_name).arg("--wait=false")).ok();
        }
        let format = "jsonpath={range .items[*]}{.spec.destination.namespace}{'\\n'}{end}";
        for _ in 0..120 {
            let list = kubectl(["get", "applications.argoproj.io", "-n", "argocd", "-o", format]);
            if list.is_ok_and(|list| list.lines().all(|line| line != self.name)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
    }

    /// Writes down what the namespace holds; returns the Pods' part of it.
    fn keep(&self, folder: &Path) -> String {
        let mut shown = String::new();
        std::fs::create_dir_all(folder).ok();
        let save = |file: &str, args: &[&str]| {
            let text = run(kubectl_command().args(["-n", &self.name]).args(args))
                .unwrap_or_else(|error| error);
            std::fs::write(folder.join(file), &text).ok();
            text
        };
        let kinds = "all,configmaps,networkpolicies,persistentvolumeclaims,openclawinstances";
        save("objects.yaml", &["get", kinds, "-o", "yaml"]);
        save("events", &["get", "events", "--sort-by=.lastTimestamp"]);
        let pods = save("pods", &["describe", "pods"]);
        let names = save("names", &["get", "pods", "-o", "name"]);
        for pod in names.lines() {
            let file = pod.replace('/', "-");
            let now = ["logs", pod, "--all-containers", "--prefix", "--tail=200"];
            let logs = save(&format!("{file}.log"), &now);
            let before = [&now[..], &["--previous"]].concat();
            save(&format!("{file}.previous.log"), &before);
            let tail: Vec<&str> = logs.lines().rev().take(15).collect();
            for line in tail.iter().rev() {
                writeln!(shown, "{line}").ok();
            }
        }
        let events: Vec<&str> = pods.lines().rev().take(12).collect();
        for line in events.iter().rev() {
            writeln!(shown, "{line}").ok();
        }
        shown
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if !self.owned {
            return;
        }
        if std::thread::panicking() {
            let folder = super::folder().with_file_name("failures").join(&self.name);
            let shown = self.keep(&folder);
            eprintln!("--- {}: all of it in {}\n{shown}---", self.name, folder.display());
        }
        self.leave_argocd();
        kubectl(["delete", "namespace", &self.name, "--wait=false"]).ok();
        // An instance with a finalizer would hold it for ever where no controller runs any more.
        let list = kubectl(["get", "openclawinstances", "-n", &self.name, "-o", "name"]);
        for one in list.unwrap_or_default().lines() {
            let none = r#"{"metadata": {"finalizers": null}}"#;
            kubectl(["patch", one, "-n", &self.name, "--type=merge", "-p", none]).ok();
        }
        kubectl(["delete", "pods", "--all", "-n", &self.name, "--grace-period=1", "--wait=false"])
            .ok();
    }
}
