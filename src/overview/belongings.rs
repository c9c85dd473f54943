//! Turns what a cluster holds of one instance into the tree of what belongs together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::drawing::Node;
use super::{condition, list, plain, states, word};
use crate::names;

/// A kind of object that may belong to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its API group; the core one is empty.
    pub group: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its name.
    pub kind: &'static str,
    /// How it is called in addresses.
    pub plural: &'static str,
    /// The label that names the instance.
    pub label: &'static str,
}

const fn kind(group: &'static str, kind: &'static str, plural: &'static str) -> Kind {
    Kind { group, version: "v1", kind, plural, label: names::LABEL_INSTANCE }
}

/// Every such kind, in the order of the tree; Secrets are named and not listed.
pub const KINDS: [Kind; 9] = [
    kind("apps", "StatefulSet", "statefulsets"),
    kind("", "Pod", "pods"),
    CLAIM,
    kind("", "Service", "services"),
    kind("", "ConfigMap", "configmaps"),
    kind("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    kind("networking.k8s.io", "Ingress", "ingresses"),
    kind("gateway.networking.k8s.io", "HTTPRoute", "httproutes"),
    // Argo CD would prune what carries the other label.
    Kind { label: names::LABEL_OWN_INSTANCE, ..kind("batch", "Job", "jobs") },
];

/// Claims, which may be those of others.
pub const CLAIM: Kind = kind("", "PersistentVolumeClaim", "persistentvolumeclaims");

/// What is known of a Secret, of which nothing is read but that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It exists.
    Present,
    /// It does not.
    Missing,
    /// It does not, and need not.
    Absent,
    /// The cluster does not say.
    Denied,
}

impl Presence {
    /// The same of a Secret that may be left out.
    #[must_use]
    pub fn where_optional(self) -> Self {
        if self == Self::Missing { Self::Absent } else { self }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Missing => "missing",
            Self::Absent => "absent, optional",
            Self::Denied => "unreadable",
        }
    }
}

/// What a cluster holds of one instance.
#[derive(Clone, Debug, Default)]
pub struct Belongings {
    /// The instance; none where nothing but its objects is rendered.
    pub instance: Option<Value>,
    /// Objects by the name of their kind.
    pub objects: Vec<(&'static str, Value)>,
    /// Claims that the Pod names and the cluster does not have.
    pub lost_claims: Vec<String>,
    /// Secrets that are named.
    pub secrets: Vec<(String, Presence)>,
}

impl Belongings {
    /// Whether there is anything at all.
    pub fn is_empty(&self) -> bool {
        self.instance.is_none() && self.objects.is_empty()
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |(other, _)| *other == kind).map(|(_, object)| object)
    }

    /// What runs, or is to run: the Pods, and the template that they are made from.
    fn pods(&self) -> impl Iterator<Item = &Value> {
        let templates = self.of("StatefulSet").map(|set| &set["spec"]["template"]["spec"]);
        self.of("Pod").map(|pod| &pod["spec"]).chain(templates)
    }

    /// Names of the claims that Pods mount.
    pub fn claims(&self) -> BTreeSet<String> {
        let volumes = self.pods().flat_map(|pod| list(&pod["volumes"]));
        let claims = volumes.filter_map(|one| one["persistentVolumeClaim"]["claimName"].as_str());
        claims.map(str::to_owned).collect()
    }

    /// Names of the Secrets that the instance, its Pods and its Ingress name, each with whether all
    /// of them do without it.
    pub fn secrets(&self) -> BTreeMap<String, bool> {
        let mut found = BTreeMap::new();
        let instance = self.instance.iter().map(|object| &object["spec"]);
        let ingresses = self.of("Ingress").map(|object| &object["spec"]);
        for part in instance.chain(self.pods()).chain(ingresses) {
            named(part, &mut found);
        }
        found
    }

    /// Returns the tree.
    pub fn tree(&self, namespace: &str, name: &str) -> Node {
        let mut children: Vec<Node> = Vec::new();
        let mut owned = BTreeSet::new();
        for set in self.of("StatefulSet") {
            let mut node = leaf("StatefulSet", set);
            for pod in self.of("Pod").filter(|pod| is_owned(pod, set)) {
                owned.insert(word(&pod["metadata"]["name"]));
                node.children.push(pod_node(pod));
            }
            children.push(node);
        }
        for kind in &KINDS[1..] {
            for object in self.of(kind.kind) {
                match kind.kind {
                    "Pod" if owned.contains(&word(&object["metadata"]["name"])) => {}
                    "Pod" => children.push(pod_node(object)),
                    kind => children.push(leaf(kind, object)),
                }
            }
            if kind.plural == CLAIM.plural {
                let lost = self.lost_claims.iter();
                children.extend(lost.map(|name| leaf_of(CLAIM.kind, name, "missing")));
            }
            if kind.kind == "ConfigMap" {
                let secrets = self.secrets.iter();
                children.extend(secrets.map(|(name, is)| leaf_of("Secret", name, is.word())));
            }
        }
        let state = match &self.instance {
            Some(object) => root_state(object),
            None => "absent".to_owned(),
        };
        Node {
            name: format!("OpenClawInstance {}/{}", plain(namespace), plain(name)),
            state,
            children,
        }
    }
}

fn pod_node(pod: &Value) -> Node {
    let mut node = leaf("Pod", pod);
    let containers = states::containers(pod).into_iter();
    node.children = containers.map(|(name, state)| Node::leaf(name, state)).collect();
    node
}

/// The phase, and why the instance is not ready where it is not.
fn root_state(object: &Value) -> String {
    let phase = match object["status"]["phase"].as_str() {
        Some(phase) => plain(phase),
        None => "present".to_owned(),
    };
    match condition(object, names::CONDITION_READY) {
        Some(ready) if ready["status"] != "True" => format!("{phase}, {}", word(&ready["reason"])),
        _ => phase,
    }
}

fn leaf(kind: &str, object: &Value) -> Node {
    leaf_of(kind, &word(&object["metadata"]["name"]), &states::state(kind, object))
}

fn leaf_of(kind: &str, name: &str, state: &str) -> Node {
    Node::leaf(format!("{kind} {}", plain(name)), state)
}

fn is_owned(pod: &Value, set: &Value) -> bool {
    list(&pod["metadata"]["ownerReferences"]).any(|owner| owner["uid"] == set["metadata"]["uid"])
}

/// Adds the names of Secrets wherever Kubernetes or an instance names one; openclaw.json is the
/// application's and names none.
fn named(value: &Value, found: &mut BTreeMap<String, bool>) {
    let map = match value {
        Value::Array(items) => return items.iter().for_each(|item| named(item, found)),
        Value::Object(map) => map,
        _ => return,
    };
    for (key, child) in map {
        match key.as_str() {
            "secretRef" | "secretKeyRef" | "secret" if child["name"].is_string() => {
                add(&child["name"], child, found);
            }
            "secretName" | "existingSecret" => add(child, value, found),
            "imagePullSecrets" | "pullSecrets" => {
                list(child).for_each(|one| add(&one["name"], one, found));
            }
            "raw" => {}
            _ => named(child, found),
        }
    }
}

/// Adds a name that somebody may do without where the holder of the name says so.
fn add(name: &Value, holder: &Value, found: &mut BTreeMap<String, bool>) {
    if let Some(name) = name.as_str().filter(|name| !name.is_empty()) {
        let is_optional = holder["optional"] == true;
        found.entry(name.to_owned()).and_modify(|all| *all &= is_optional).or_insert(is_optional);
    }
}
