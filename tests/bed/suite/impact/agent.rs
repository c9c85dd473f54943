//! An agent that is rendered like every other one, and whose container starts in a moment: templates
//! of the project leave out what would take long.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::process::Process;
use crate::bed::pod::{Pod, status};
use crate::bed::{Namespace, Stack, ensure, eventually, kubectl, run, variable};
use crate::kit;

/// The version that runs where a scene is not about versions.
pub(crate) const VERSION: &str = "2026.9.6";

/// What every agent says beside its image.
pub(crate) const SPEC: &str = "resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 100m, memory: 64Mi}}\nstorage: {persistence: {enabled: false}}";

/// Words of a restart that waits for somebody.
const LATER: &str = "only when somebody deletes it";

/// An agent `agent` in a namespace and a repository of its own.
pub(crate) struct Agent {
    pub(crate) stack: Stack,
    /// Rows that were told since the scene began.
    heard: RefCell<BTreeSet<String>>,
    /// What its source says beside the image, between scenes.
    pub(super) spec: String,
    is_applied: Cell<bool>,
}

impl Agent {
    /// Makes one of which nothing is applied yet; `more` are lines of its spec.
    #[track_caller]
    pub(crate) fn new(topic: &str, more: &str) -> Self {
        let stack = Stack::new(topic);
        let settings = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: {}\ntemplates: templates\ncluster: {{ingressNamespaces: [ingress-nginx, gateways]}}\n",
            stack.namespace.name
        );
        stack.repository.write("openclaw.yaml", &settings);
        let spec = if more.is_empty() { SPEC.to_owned() } else { format!("{SPEC}\n{more}") };
        let agent = Self { stack, heard: RefCell::default(), spec, is_applied: Cell::new(false) };
        agent.put_back();
        agent
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.stack.namespace
    }

    pub(crate) fn pod(&self) -> Pod {
        self.stack.pod()
    }

    /// Goes back to what it was when it was made, whatever the last scene did.
    #[track_caller]
    pub(crate) fn reset(&self) {
        self.heard.borrow_mut().clear();
        self.put_back();
        let is_first = !self.is_applied.replace(true);
        let told = if is_first { Vec::new() } else { self.told_quietly() };
        if is_first || !told.is_empty() {
            self.apply(&told);
        }
        eventually("the agent is as it was made", 60, || {
            let set = self.namespace().object("statefulset", "agent").ok_or("no StatefulSet")?;
            if set["spec"]["replicas"] == 0 {
                return ensure(self.pod().get().is_err(), || "its Pod is there".to_owned());
            }
            let (pod, status) = (self.pod().get()?, &set["status"]);
            let runs = &pod["metadata"]["labels"]["controller-revision-hash"];
            let is_new = status["observedGeneration"] == set["metadata"]["generation"]
                && status["updateRevision"] == *runs
                && crate::bed::pod::is_ready(&pod);
            ensure(is_new, || Pod::state(&pod))
        });
    }

    /// What `openclaw diff --live` says: a line for each row that an object has, or one that it
    /// changes; the instance itself is left out where no row is about it.
    #[track_caller]
    pub(crate) fn told(&self) -> Vec<String> {
        let told = self.told_quietly();
        let row = |line: &String| line.split([' ', ':']).nth(1).unwrap().to_owned();
        self.heard.borrow_mut().extend(told.iter().map(row));
        told
    }

    #[track_caller]
    fn told_quietly(&self) -> Vec<String> {
        let output = Command::new(kit::binary())
            .args(["diff", "--live", "-o", "json", "--exit-zero"])
            .current_dir(self.stack.repository.path())
            .env("KUBECONFIG", variable("KUBECONFIG"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let instances = found["instances"].as_array().unwrap().iter();
        let objects = instances.flat_map(|instance| instance["objects"].as_array().unwrap());
        objects.flat_map(lines).collect()
    }

    /// Whether a row was told since the scene began.
    pub(crate) fn heard(&self, row: &str) -> bool {
        self.heard.borrow().contains(row)
    }

    /// Demands that this is said of the change, makes it, and demands of the Pod what was said.
    #[track_caller]
    pub(crate) fn changes(&self, expected: &[&str]) {
        let told = self.told();
        assert_eq!(told, expected);
        self.makes(&told);
    }

    /// Makes the change of which this was said, and demands of the Pod what was.
    #[track_caller]
    pub(crate) fn makes(&self, told: &[String]) {
        let before = Standing::of(self);
        self.apply(told);
        self.does_as_told(&before, told);
    }

    /// Applies what is rendered, and deletes what a GitOps tool prunes.
    #[track_caller]
    pub(crate) fn apply(&self, told: &[String]) {
        self.stack.render();
        if self.stack.repository.path().join(self.stack.folder()).exists() {
            self.stack.apply();
        }
        let gone = told.iter().filter_map(|line| line.strip_suffix(" deletes"));
        // What is kept from pruning is.
        let gone: Vec<String> = gone
            .filter(|object| !object.starts_with("PersistentVolumeClaim"))
            .map(
                |object| {
                    if object.contains('/') { object.into() } else { format!("{object}/agent") }
                },
            )
            .collect();
        if !gone.is_empty() {
            let delete = ["delete", "-n", &self.namespace().name, "--wait=false"];
            run(crate::bed::kubectl_command().args(delete).args(gone)).unwrap();
        }
    }

    /// What is said of the Pod happens to it, and nothing else does.
    #[track_caller]
    fn does_as_told(&self, before: &Standing, told: &[String]) {
        let says = |row: &str| {
            let start = format!("StatefulSet {row}");
            told.iter().any(|line| line.starts_with(&start) && !line.contains(LATER))
        };
        if says("stops-pod") {
            eventually("the Pod is gone", 30, || {
                ensure(self.pod().get().is_err(), || "it is there".to_owned())
            });
        } else if says("starts-pod") || says("creates") {
            assert_eq!(before.pod, "", "there was one already");
            self.pod().ready(60);
        } else if says("restarts-pod") {
            eventually("there is another Pod", 30, || {
                let uid = self.pod().uid();
                ensure(!uid.is_empty() && uid != before.pod, || uid)
            });
        } else {
            self.stays(before);
        }
    }

    /// The Pod is the same one when everybody has seen what changed.
    #[track_caller]
    fn stays(&self, before: &Standing) {
        eventually("the change of the StatefulSet is seen", 30, || {
            let Some(set) = self.namespace().object("statefulset", "agent") else { return Ok(()) };
            let [seen, now] =
                [&set["status"]["observedGeneration"], &set["metadata"]["generation"]];
            ensure(seen == now, || format!("{seen} of {now}"))
        });
        assert_eq!(Standing::of(self), *before, "nothing was said of the Pod");
    }

    /// The process of its container, when it is Ready.
    #[track_caller]
    pub(crate) fn process(&self) -> Process {
        Process::of(&self.pod().ready(60), "openclaw")
    }

    /// Everything in its namespace that decides who reaches it, as the cluster holds it.
    #[track_caller]
    pub(crate) fn around(&self) -> Vec<Value> {
        let space = kubectl(["get", "namespace", &self.namespace().name, "-o", "json"]).unwrap();
        let kinds = "pods,services,networkpolicies,ingresses,httproutes";
        let mut found = self.namespace().objects(kinds);
        found.push(serde_json::from_str(&space).unwrap());
        found
    }
}

/// Which Pod there is, and whether it is the one that was there.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    pod: String,
    is_ending: bool,
    restarts: u64,
}

impl Standing {
    fn of(agent: &Agent) -> Self {
        let pod = agent.pod().get().unwrap_or_default();
        Self {
            pod: pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned(),
            is_ending: !pod["metadata"]["deletionTimestamp"].is_null(),
            restarts: status(&pod, "openclaw")["restartCount"].as_u64().unwrap_or(0),
        }
    }
}

/// What is said of one object.
fn lines(object: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let kind = text(&object["kind"]);
    let name = match text(&object["name"]).as_str() {
        "agent" => kind.clone(),
        name => format!("{kind}/{name}"),
    };
    let impacts = object["impacts"].as_array().unwrap();
    if impacts.is_empty() && kind != "OpenClawInstance" {
        return vec![format!("{name} {}", text(&object["change"]))];
    }
    let one = |impact: &Value| {
        let details: Vec<String> = impact["details"].as_array().unwrap().iter().map(text).collect();
        let details =
            if details.is_empty() { String::new() } else { format!(": {}", details.join("; ")) };
        format!("{name} {}{details}", text(&impact["name"]))
    };
    impacts.iter().map(one).collect()
}
