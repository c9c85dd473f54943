//! Says who reaches whom, from the objects alone.
//!
//! It is written after the text of Kubernetes' documentation and knows nothing of the renderer, so
//! that it can prove what a NetworkPolicy, a Service or an Ingress means where no cluster enforces
//! it. It reads rendered objects and objects that `kubectl get -o json` gives back alike: a list of
//! kind List is taken apart, and a workload stands for its first Pod until that Pod is there.
//!
//! - `policy`: NetworkPolicy, both ways
//! - `service`: from a port of a Service to a container that listens
//! - `web`, `controllers`: Ingress with the annotations of its controller, HTTPRoute
//! - `monitor`: ServiceMonitor
//! - `world`, `scene`, `questions`: who stands around an agent, and what is asked about it

pub mod address;
pub mod controllers;
pub mod monitor;
pub mod policy;
pub mod questions;
pub mod scene;
pub mod selector;
pub mod service;
pub mod web;
pub mod world;

use std::collections::BTreeMap;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::{Container, PodSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::de::DeserializeOwned;
use serde_json::Value;

use selector::Labels;

/// Every namespace has it; the API server sets it.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// A Pod that runs, or that a workload would start.
#[derive(Clone, Debug)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    pub labels: Labels,
    pub annotations: Labels,
    pub addresses: Vec<IpAddr>,
    pub node: String,
    pub spec: PodSpec,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub enum Party<'a> {
    Pod(&'a Pod),
    /// A node, by name and address.
    Node(&'a str, IpAddr),
    Outside(IpAddr),
}

/// Whether something holds, and the rule that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub yes: bool,
    pub why: String,
}

impl Verdict {
    pub fn yes(why: impl Into<String>) -> Self {
        Self { yes: true, why: why.into() }
    }

    pub fn no(why: impl Into<String>) -> Self {
        Self { yes: false, why: why.into() }
    }
}

/// The objects that decide.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub objects: Vec<Value>,
    pub pods: Vec<Pod>,
    /// Whether an `ipBlock` takes Pods by their address. Kubernetes leaves it to the network plugin;
    /// Calico and kube-router do it, Cilium keeps blocks to what is outside the cluster.
    pub blocks_take_pods: bool,
    namespaces: BTreeMap<String, Labels>,
}

impl Cluster {
    /// Reads objects, whatever their order; Lists are taken apart.
    pub fn of(objects: Vec<Value>) -> Self {
        let objects = flat(objects);
        let mut pods: Vec<Pod> =
            objects.iter().filter(|o| o["kind"] == "Pod").map(|o| pod(o, o, "")).collect();
        for workload in objects.iter().filter(|o| o["spec"]["template"]["spec"].is_object()) {
            let first = pod(workload, &workload["spec"]["template"], "-0");
            let is_there = |p: &Pod| {
                p.namespace == first.namespace
                    && p.name.starts_with(&format!("{}-", text(&workload["metadata"]["name"])))
                    && first.labels.iter().all(|(key, value)| p.labels.get(key) == Some(value))
            };
            if !pods.iter().any(is_there) {
                pods.push(first);
            }
        }
        let mut namespaces: BTreeMap<String, Labels> = BTreeMap::new();
        for object in objects.iter().filter(|o| o["kind"] == "Namespace") {
            let labels = labels(&object["metadata"]["labels"]);
            namespaces.insert(text(&object["metadata"]["name"]), labels);
        }
        for pod in &pods {
            namespaces.entry(pod.namespace.clone()).or_default();
        }
        for (name, labels) in &mut namespaces {
            labels.insert(NAMESPACE_NAME.to_owned(), name.clone());
        }
        Self { objects, pods, blocks_take_pods: true, namespaces }
    }

    /// The labels of a namespace.
    pub fn namespace(&self, name: &str) -> &Labels {
        self.namespaces.get(name).unwrap_or_else(|| panic!("no namespace {name}"))
    }

    pub fn namespaces(&self) -> impl Iterator<Item = &String> {
        self.namespaces.keys()
    }

    /// A Pod by its name.
    pub fn pod(&self, namespace: &str, name: &str) -> &Pod {
        self.pods
            .iter()
            .find(|p| p.namespace == namespace && p.name == name)
            .unwrap_or_else(|| panic!("no Pod {namespace}/{name}"))
    }

    /// Every object of a kind in a namespace, as its type.
    pub fn all<T: DeserializeOwned>(&self, kind: &str, namespace: &str) -> Vec<T> {
        let is_meant = |o: &&Value| o["kind"] == kind && namespace_of(o) == namespace;
        self.objects.iter().filter(is_meant).map(|o| typed(o)).collect()
    }

    /// The object of a kind and name in a namespace.
    pub fn object(&self, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        let is_meant = |o: &&Value| {
            o["kind"] == kind && namespace_of(o) == namespace && o["metadata"]["name"] == name
        };
        self.objects.iter().find(is_meant)
    }
}

/// The type of a value; a field of a wrong type is a mistake of the object's maker.
pub fn typed<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// Takes every List apart.
pub fn flat(objects: Vec<Value>) -> Vec<Value> {
    let mut found = Vec::new();
    for mut object in objects {
        match object["items"].take() {
            Value::Array(items) => found.extend(flat(items)),
            _ => {
                if let Some(fields) = object.as_object_mut() {
                    fields.remove("items");
                }
                found.push(object);
            }
        }
    }
    found
}

pub fn namespace_of(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or("default")
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn labels(value: &Value) -> Labels {
    value.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), text(v))).collect()
}

fn pod(owner: &Value, template: &Value, suffix: &str) -> Pod {
    let single = std::slice::from_ref(&template["status"]["podIP"]);
    let many: Vec<&Value> =
        template["status"]["podIPs"].as_array().into_iter().flatten().map(|a| &a["ip"]).collect();
    let addresses = if many.is_empty() { single.iter().collect() } else { many };
    Pod {
        namespace: namespace_of(owner).to_owned(),
        name: format!("{}{suffix}", text(&owner["metadata"]["name"])),
        labels: labels(&template["metadata"]["labels"]),
        annotations: labels(&template["metadata"]["annotations"]),
        addresses: addresses.iter().filter_map(|a| a.as_str()?.parse().ok()).collect(),
        node: text(&template["spec"]["nodeName"]),
        spec: typed(&template["spec"]),
    }
}

impl Pod {
    pub fn is_on_host_network(&self) -> bool {
        self.spec.host_network == Some(true)
    }

    /// The containers that run while the Pod does: init containers only where they are sidecars.
    pub fn running(&self) -> impl Iterator<Item = &Container> {
        let sidecars = self.spec.init_containers.iter().flatten();
        let sidecars = sidecars.filter(|c| c.restart_policy.as_deref() == Some("Always"));
        sidecars.chain(&self.spec.containers)
    }

    /// The numbers of the ports that running containers give a name.
    pub fn named(&self, name: &str, protocol: &str) -> Vec<u16> {
        self.running()
            .flat_map(|c| c.ports.iter().flatten())
            .filter(|p| p.name.as_deref() == Some(name))
            .filter(|p| p.protocol.as_deref().unwrap_or("TCP") == protocol)
            .map(|p| number(p.container_port))
            .collect()
    }

    /// The container that declares a port.
    pub fn listener(&self, port: u16, protocol: &str) -> Option<&str> {
        let declares = |c: &&Container| {
            c.ports.iter().flatten().any(|p| {
                number(p.container_port) == port
                    && p.protocol.as_deref().unwrap_or("TCP") == protocol
            })
        };
        self.running().find(declares).map(|c| c.name.as_str())
    }
}

/// The number that a port of a probe or of a Service means on a Pod.
pub fn target(port: &IntOrString, pod: &Pod) -> Option<u16> {
    match port {
        IntOrString::Int(port) => Some(number(*port)),
        IntOrString::String(name) => pod.named(name, "TCP").first().copied(),
    }
}

/// A port as Kubernetes' types carry it.
pub fn number(port: i32) -> u16 {
    u16::try_from(port).unwrap_or_else(|_| panic!("{port} is no port"))
}

impl<'a> Party<'a> {
    /// The addresses by which a rule may name this end.
    pub fn addresses(self) -> Vec<IpAddr> {
        match self {
            Self::Pod(pod) => pod.addresses.clone(),
            Self::Node(_, address) | Self::Outside(address) => vec![address],
        }
    }

    pub fn node(self) -> Option<&'a str> {
        match self {
            Self::Node(name, _) => Some(name),
            Self::Pod(pod) if pod.is_on_host_network() => Some(&pod.node),
            _ => None,
        }
    }
}
