//! Two instances under a controller that lacks a right: what happens all the same, and where it
//! says what it lacks.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bed::controller::{Account, Process, condition};
use crate::bed::fleet::{Fleet, requests};
use crate::bed::{curl, ensure, eventually, kubectl, kubectl_with, run};

/// Where the controller complains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Complaint {
    /// In its log alone.
    Log,
    /// There, and it is not ready.
    Unready,
    /// In this condition of the instance.
    Condition(&'static str),
}
use Complaint::{Condition, Log, Unready};

/// What happens to both instances.
pub(crate) const EVERYTHING: &[&str] = &["agent", "later"];

/// Everything that happens with all rights. What is in a status begins with `status`.
fn all() -> BTreeSet<String> {
    let each = [
        "token",
        "status set",
        "status claim",
        "status pod",
        "status policy",
        "status secrets",
        "status config",
        "status told",
    ];
    let both = ["agent", "later"].map(|name| each.map(|what| format!("{name} {what}")));
    both.into_iter().flatten().chain(["agent made again".to_owned()]).collect()
}

/// What happens in a namespace.
#[track_caller]
fn happens(fleet: &Fleet) -> BTreeSet<String> {
    let objects = fleet.namespace.objects("openclawinstances,secrets,events.events.k8s.io");
    let mut found = BTreeSet::new();
    for object in &objects {
        let name = object["metadata"]["name"].as_str().unwrap();
        let mut put = |owner: &str, holds: bool, what: &str| {
            if holds {
                found.insert(format!("{owner} {what}"));
            }
        };
        match object["kind"].as_str().unwrap() {
            "Secret" => {
                let owner = name.strip_suffix("-gateway-token");
                put(owner.unwrap_or_default(), owner.is_some(), "token");
            }
            "Event" => {
                let owner = object["regarding"]["name"].as_str().unwrap();
                let phases = ["Pending", "Provisioning", "Suspended"];
                let is_phase = phases.iter().any(|phase| object["reason"] == *phase);
                put(owner, is_phase, "status told");
                let is_again = object["series"]["count"].as_i64() >= Some(2);
                put(owner, object["reason"] == "GatewayTokenCreated" && is_again, "made again");
            }
            _ => {
                let is = |kind: &str, start: &str| condition(object, kind).starts_with(start);
                let managed = &object["status"]["managedResources"];
                put(name, managed["statefulSet"].is_string(), "status set");
                put(name, managed["pvc"].is_string(), "status claim");
                put(name, is("StatefulSetReady", "False Stopping"), "status pod");
                put(name, is("NetworkPolicyReady", "True PolicyExists"), "status policy");
                put(name, is("SecretsReady", "True"), "status secrets");
                put(name, is("ConfigValid", "True"), "status config");
            }
        }
    }
    found
}

/// A Pod that no node gets, of the name that the instance's would have.
fn pod(name: &str) -> Value {
    let restricted = json!({
        "allowPrivilegeEscalation": false, "runAsNonRoot": true, "runAsUser": 1000,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    });
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{name}-0"), "labels": {"app.kubernetes.io/name": "openclaw"}},
        "spec": {
            "schedulerName": "nobody",
            "containers": [{"name": "openclaw", "image": "none", "securityContext": restricted}],
        },
    })
}

/// A namespace with what one row is about.
pub(crate) struct Scene {
    pub(crate) fleet: Fleet,
    pub(crate) resource: String,
    pub(crate) verb: String,
    /// Whether the right is one of the Role `N-controller`.
    pub(crate) is_own: bool,
}

impl Scene {
    /// A rule without the verb, where it is about the resource.
    fn without(&self, rule: &Value) -> Value {
        let mut rule = rule.clone();
        let resources = rule["resources"].as_array().unwrap();
        if resources.contains(&json!(self.resource)) {
            let mut others = rule.clone();
            others["resources"].as_array_mut().unwrap().retain(|one| *one != self.resource);
            rule["resources"] = json!([self.resource]);
            rule["verbs"].as_array_mut().unwrap().retain(|one| *one != self.verb);
            return json!([rule, others]);
        }
        json!([rule])
    }

    fn reduced(&self, mut role: Value) -> Value {
        let rules = role["rules"].as_array().unwrap().iter().flat_map(|rule| {
            let rules = self.without(rule);
            rules.as_array().unwrap().clone()
        });
        let is_empty = |key: &str, rule: &Value| rule[key].as_array().unwrap().is_empty();
        let rules = rules.filter(|rule| !is_empty("resources", rule) && !is_empty("verbs", rule));
        role["rules"] = rules.collect();
        role
    }

    /// Applies what belongs to an instance, and the Pod.
    #[track_caller]
    fn apply(&self, name: &str) {
        let mut text = String::new();
        for object in self.fleet.rendered(name).values() {
            let mut object = crate::kit::documents(object).remove(0);
            let is_role =
                object["kind"] == "Role" && object["metadata"]["name"] == "agent-controller";
            if self.is_own && is_role {
                object = self.reduced(object);
            }
            text.push_str(&format!("---\n{object}\n"));
        }
        text.push_str(&format!("---\n{}\n", pod(name)));
        self.fleet.namespace.apply(&text);
    }

    /// What happens without the right, and where the controller says so.
    #[track_caller]
    pub(crate) fn play(&self, lost: &[&str], complaint: Option<Complaint>) {
        let namespace = self.fleet.namespace.name.as_str();
        let account = Account::with(&self.fleet.namespace, |role| {
            if self.is_own { role } else { self.reduced(role) }
        });
        if (self.resource.as_str(), self.verb.as_str()) == ("leases", "update") {
            // Whoever made it may hold it until the first renewal.
            let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "openclaw-controller"}});
            kubectl_with(["create", "-n", namespace], &lease.to_string()).unwrap();
        }
        self.apply("agent");
        let process = self.fleet.start(&account);
        let wanted = |is_first: bool| -> BTreeSet<String> {
            // Looking again for another reason would hide what is not told, and the Role of the
            // other instance gives the same rights.
            let left_out = |what: &String| {
                self.is_own && (what.ends_with("made again") || what.starts_with("later"))
            };
            let late = ["later", "agent status secrets", "agent status config", "agent made"];
            let is_lost = |what: &String| lost.iter().any(|start| what.starts_with(start));
            let is_late = |what: &String| late.iter().any(|start| what.starts_with(start));
            all()
                .into_iter()
                .filter(|what| !(is_lost(what) || left_out(what) || (is_first && is_late(what))))
                .collect()
        };
        if let Some(complaint) = complaint.filter(|_| lost == EVERYTHING) {
            self.complains(&process, complaint);
        }
        self.becomes(&process, &wanted(true));
        // Without the watch of instances nobody hears that the token is lost.
        let is_deaf =
            (self.resource.as_str(), self.verb.as_str()) == ("openclawinstances", "watch");
        self.go_on(&process, !self.is_own && !is_deaf);
        self.becomes(&process, &wanted(false));
        if let Some(complaint) = complaint {
            self.complains(&process, complaint);
        }
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(happens(&self.fleet), wanted(false), "{} {}", self.verb, self.resource);
        self.is_patient(&process);
    }

    /// Another instance, what was missing, and a token that is lost.
    #[track_caller]
    fn go_on(&self, process: &Process, is_made_again: bool) {
        let namespace = self.fleet.namespace.name.as_str();
        if !self.is_own {
            self.apply("later");
        }
        let secret = || self.fleet.namespace.secret("keys", "ANTHROPIC_API_KEY", "x");
        let map = || {
            let literal = "--from-literal=openclaw.json={}";
            kubectl(["create", "configmap", "outside", "-n", namespace, literal]).unwrap();
        };
        // What is found makes everything be read again, so what is not seen by itself comes last,
        // and when all that the first one brought about is over.
        let is_seen = |what: &str| {
            eventually(what, 30, || ensure(happens(&self.fleet).contains(what), String::new));
            process.rests();
        };
        match (self.is_own, self.resource.as_str()) {
            (true, "secrets") => {
                map();
                is_seen("agent status config");
                secret();
            }
            (true, _) => {
                secret();
                is_seen("agent status secrets");
                map();
            }
            (false, _) => {
                secret();
                map();
            }
        }
        if is_made_again {
            let token = "agent-gateway-token";
            kubectl(["delete", "secret", token, "-n", namespace, "--ignore-not-found"]).unwrap();
            let patch = r#"{"spec": {"resources": {"requests": {"cpu": "301m"}}}}"#;
            let instance = ["patch", "openclawinstance", "agent", "-n", namespace, "--type=merge"];
            run(crate::bed::kubectl_command().args(instance).args(["-p", patch])).unwrap();
        }
    }

    #[track_caller]
    fn becomes(&self, process: &Process, wanted: &BTreeSet<String>) {
        let what = format!("what happens without {} {}", self.verb, self.resource);
        eventually(&what, 60, || {
            let found = happens(&self.fleet);
            ensure(found == *wanted, || {
                let missing: Vec<_> = wanted.difference(&found).collect();
                let spare: Vec<_> = found.difference(wanted).collect();
                format!("{missing:?} missing, {spare:?} too much\n{}", told(process))
            })
        });
    }

    /// Resource and verb are named where somebody looks.
    #[track_caller]
    fn complains(&self, process: &Process, complaint: Complaint) {
        let words = format!("cannot {} resource \"{}\"", self.verb, self.resource);
        eventually(&format!("it says that it {words}"), 30, || {
            let is_told = told(process).replace("\\\"", "\"").contains(&words);
            match complaint {
                Log => ensure(is_told, || told(process)),
                Unready => {
                    let url = format!("http://127.0.0.1:{}/readyz", process.health);
                    let answer = curl(&url, [])?;
                    let is_said = answer.status == 503 && answer.body.contains(&words);
                    ensure(is_said && is_told, || format!("{answer:?}\n{}", told(process)))
                }
                Condition(kind) => {
                    let instance = self.fleet.namespace.object("openclawinstance", "agent");
                    let found = condition(&instance.unwrap(), kind);
                    // Without the instance's own Role nothing else is said than that.
                    let says = found.contains(&words) || found.contains("`agent-controller`");
                    ensure(says && !found.starts_with("True"), || found.clone())
                }
            }
        });
    }

    /// What is forbidden is not asked for again and again.
    #[track_caller]
    fn is_patient(&self, process: &Process) {
        let count = || requests(&process.log()).len();
        let before = count();
        std::thread::sleep(Duration::from_secs(5));
        let asked = count() - before;
        assert!(asked <= 12, "{asked} requests in 5 s without {} {}", self.verb, self.resource);
    }
}

/// What a process logs but its requests.
fn told(process: &Process) -> String {
    let log = process.log();
    let lines = log.lines().filter(|line| !line.contains("\"DEBUG\""));
    lines.map(|line| format!("{line}\n")).collect()
}
