//! Who stands around an agent: the Pods, nodes and addresses that questions are asked about.

use serde_json::{Value, json};

use super::{Cluster, Party, Pod};

/// The agent's own node, and another one.
pub const NODES: [(&str, &str); 2] = [("node-a", "192.168.1.10"), ("node-b", "192.168.1.11")];

/// Namespaces and their one Pod. The name that every namespace bears cannot be chosen freely, but
/// any other label can: `lookalike` claims to be an Ingress controller by all of those.
const OTHERS: [(&str, &str, &str, u16); 8] = [
    ("tenant", "stranger", "10.244.3.10", 8080),
    ("lookalike", "controller", "10.244.3.11", 8443),
    ("ingress-nginx", "controller", "10.244.3.12", 8443),
    ("traefik", "controller", "10.244.3.13", 8443),
    ("gateways", "proxy", "10.244.3.14", 8443),
    ("monitoring", "prometheus", "10.244.3.15", 9090),
    ("kube-system", "coredns", "10.244.3.16", 53),
    ("openshift-dns", "dns", "10.244.3.17", 5353),
];

/// The Pod that stands in the agent's own namespace.
pub const NEIGHBOR: &str = "neighbor";
/// A Pod of another namespace with all labels of the agent.
pub const IMPOSTOR: &str = "impostor";

/// The objects, with a world around every agent among them.
pub fn around(objects: Vec<Value>) -> Cluster {
    let mut objects = super::flat(objects);
    let agents: Vec<Pod> = agents(&Cluster::of(objects.clone())).into_iter().cloned().collect();
    for (name, pod, address, port) in OTHERS {
        let labels = match name {
            "lookalike" => {
                json!({"name": "ingress-nginx", "app.kubernetes.io/name": "ingress-nginx"})
            }
            _ => json!({}),
        };
        if !objects.iter().any(|o| o["kind"] == "Namespace" && o["metadata"]["name"] == name) {
            let metadata = json!({"name": name, "labels": labels});
            objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
        }
        objects.push(stand_in(name, pod, &json!({"app": pod}), address, port));
    }
    let mut spaces: Vec<&String> = agents.iter().map(|agent| &agent.namespace).collect();
    spaces.dedup();
    for (at, space) in spaces.into_iter().enumerate() {
        let address = format!("10.244.2.{}", 10 + at);
        objects.push(stand_in(space, NEIGHBOR, &json!({"app": NEIGHBOR}), &address, 8080));
    }
    for agent in &agents {
        let name = format!("{IMPOSTOR}-{}", agent.name);
        objects.push(stand_in("tenant", &name, &json!(agent.labels), "10.244.3.9", 8080));
    }
    let mut cluster = Cluster::of(objects);
    for pod in &mut cluster.pods {
        if pod.addresses.is_empty() {
            pod.addresses.push([10, 244, 2, 100].into());
        }
        if is_agent(pod) && pod.node.is_empty() {
            NODES[0].0.clone_into(&mut pod.node);
        }
    }
    cluster
}

fn stand_in(space: &str, name: &str, labels: &Value, address: &str, port: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "labels": labels},
        "spec": {
            "nodeName": NODES[1].0,
            "containers": [{"name": "main", "ports": [
                {"containerPort": port, "protocol": "TCP"},
                {"containerPort": port, "protocol": "UDP"},
            ]}],
        },
        "status": {"podIP": address},
    })
}

/// The agents among the Pods.
pub fn agents(cluster: &Cluster) -> Vec<&Pod> {
    cluster.pods.iter().filter(|pod| is_agent(pod)).collect()
}

/// Whether a Pod is an agent, and not one that bears its labels.
pub fn is_agent(pod: &Pod) -> bool {
    let is_named = pod.labels.get("app.kubernetes.io/name").is_some_and(|name| name == "openclaw");
    is_named
        && pod.labels.contains_key("app.kubernetes.io/instance")
        && pod.spec.containers.iter().any(|container| container.name == "openclaw")
}

/// The name of the instance that an agent belongs to.
pub fn instance(agent: &Pod) -> &str {
    &agent.labels["app.kubernetes.io/instance"]
}

pub fn outside(address: &str) -> Party<'static> {
    Party::Outside(address.parse().unwrap())
}

/// The node that an agent runs on.
pub fn own_node(agent: &Pod) -> Party<'_> {
    Party::Node(&agent.node, NODES[0].1.parse().unwrap())
}

pub fn node(at: usize) -> Party<'static> {
    Party::Node(NODES[at].0, NODES[at].1.parse().unwrap())
}
