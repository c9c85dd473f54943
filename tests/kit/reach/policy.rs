//! What NetworkPolicies let through.
//!
//! A Pod that no policy selects for a direction is open in it; once one does, only what some rule of
//! some policy names goes through. Both ends must agree. Answers to a connection are never asked
//! about: policies are about who may open one.

use std::net::IpAddr;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::address::within;
use super::selector::{selects, written};
use super::{Cluster, Party, Pod, Verdict, number};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    fn word(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }
}

/// A connection that somebody wants to open. The port is the one on `to` itself.
#[derive(Clone, Copy)]
struct Connection<'a> {
    from: Party<'a>,
    to: Party<'a>,
    port: u16,
    protocol: &'a str,
}

impl Cluster {
    /// Whether `from` may open a connection to a port of `to`. The port of a Service is translated
    /// before any policy looks, so it is the one of the Pod behind it.
    pub fn may_reach(&self, from: &Party, to: &Party, port: u16, protocol: &str) -> Verdict {
        let connection = Connection { from: *from, to: *to, port, protocol };
        if let (Party::Pod(a), Party::Pod(b)) = (from, to)
            && (&a.namespace, &a.name) == (&b.namespace, &b.name)
        {
            return Verdict::yes("inside one Pod nothing is governed");
        }
        for (pod, other) in [(to, from), (from, to)] {
            if let (Party::Pod(pod), Some(node)) = (pod, other.node())
                && !pod.node.is_empty()
                && pod.node == node
            {
                return Verdict::yes("a Pod and its own node always reach each other");
            }
        }
        let out = self.one_way(connection, Direction::Egress);
        if !out.yes {
            return out;
        }
        let inward = self.one_way(connection, Direction::Ingress);
        match (inward.yes, out.why.as_str(), inward.why.as_str()) {
            (false, ..) | (true, "", _) => inward,
            (true, _, "") => out,
            (true, a, b) => Verdict::yes(format!("{a}; {b}")),
        }
        .or("nothing governs it")
    }

    /// What the policies of one end say; the reason is empty where none governs it.
    fn one_way(&self, connection: Connection<'_>, direction: Direction) -> Verdict {
        let Connection { from, to, port, protocol } = connection;
        let (here, there) = match direction {
            Direction::Ingress => (to, from),
            Direction::Egress => (from, to),
        };
        // Whose address is its node's is not told apart from the node.
        let pod = match here {
            Party::Pod(pod) if !pod.is_on_host_network() => pod,
            _ => return Verdict::yes(""),
        };
        let policies = self.governing(pod, direction);
        if policies.is_empty() {
            return Verdict::yes("");
        }
        let word = direction.word().to_lowercase();
        let mut names = Vec::new();
        for (name, spec) in &policies {
            for (at, (peers, ports)) in rules(spec, direction).iter().enumerate() {
                let Some(peer) = self.peer(peers, &pod.namespace, there) else { continue };
                let Some(port) = admitted(ports, to, port, protocol) else { continue };
                return Verdict::yes(format!("{word}[{at}] of {name}: {peer}, {port}"));
            }
            names.push(name.as_str());
        }
        Verdict::no(format!("no {word} rule of {}", names.join(", ")))
    }

    /// The policies that select a Pod for a direction, by name.
    fn governing(&self, pod: &Pod, direction: Direction) -> Vec<(String, NetworkPolicySpec)> {
        let policies: Vec<NetworkPolicy> = self.all("NetworkPolicy", &pod.namespace);
        let named = policies.into_iter().map(|policy| {
            (policy.metadata.name.unwrap_or_default(), policy.spec.unwrap_or_default())
        });
        named
            .filter(|(_, spec)| {
                let selector = spec.pod_selector.clone().unwrap_or_default();
                is_of(spec, direction) && selects(&selector, &pod.labels)
            })
            .collect()
    }

    /// The first peer of a rule that is `party`; a rule without peers is about everybody.
    fn peer(&self, peers: &[NetworkPolicyPeer], namespace: &str, party: Party) -> Option<String> {
        if peers.is_empty() {
            return Some("anybody".to_owned());
        }
        peers.iter().find_map(|peer| self.is_peer(peer, namespace, party))
    }

    fn is_peer(&self, peer: &NetworkPolicyPeer, home: &str, party: Party) -> Option<String> {
        if let Some(block) = &peer.ip_block {
            let is_inside = !self.blocks_take_pods && matches!(party, Party::Pod(_));
            let addresses = if is_inside { Vec::new() } else { party.addresses() };
            return addresses.into_iter().find_map(|a| in_block(block, a));
        }
        let pod = match party {
            Party::Pod(pod) if !pod.is_on_host_network() => pod,
            _ => return None,
        };
        let pods = peer.pod_selector.as_ref();
        let is_pod = pods.is_none_or(|selector| selects(selector, &pod.labels));
        let pods = pods.map(|selector| format!("Pods {}", written(selector)));
        let (is_namespace, text) = match (&peer.namespace_selector, pods) {
            (Some(selector), pods) => {
                let namespaces = format!("namespaces {}", written(selector));
                let text =
                    pods.map_or(namespaces.clone(), |pods| format!("{pods} in {namespaces}"));
                (selects(selector, self.namespace(&pod.namespace)), text)
            }
            (None, Some(pods)) => (pod.namespace == home, format!("{pods} in {home}")),
            // The API server refuses a peer that says nothing.
            (None, None) => (false, String::new()),
        };
        (is_pod && is_namespace).then_some(text)
    }
}

impl Verdict {
    fn or(self, why: &str) -> Self {
        if self.why.is_empty() { Self { why: why.to_owned(), ..self } } else { self }
    }
}

/// Whether a policy is about a direction. Without `policyTypes` it is about ingress, and about
/// egress only where it has rules for it: an empty list is none.
fn is_of(spec: &NetworkPolicySpec, direction: Direction) -> bool {
    match spec.policy_types.as_deref() {
        Some(types) if !types.is_empty() => types.iter().any(|t| t == direction.word()),
        _ => direction == Direction::Ingress || spec.egress.as_ref().is_some_and(|r| !r.is_empty()),
    }
}

type Rule = (Vec<NetworkPolicyPeer>, Vec<NetworkPolicyPort>);

/// The rules of a direction; absent and empty lists inside a rule mean the same.
fn rules(spec: &NetworkPolicySpec, direction: Direction) -> Vec<Rule> {
    let spec = spec.clone();
    match direction {
        Direction::Ingress => spec
            .ingress
            .unwrap_or_default()
            .into_iter()
            .map(|rule| (rule.from.unwrap_or_default(), rule.ports.unwrap_or_default()))
            .collect(),
        Direction::Egress => spec
            .egress
            .unwrap_or_default()
            .into_iter()
            .map(|rule| (rule.to.unwrap_or_default(), rule.ports.unwrap_or_default()))
            .collect(),
    }
}

fn in_block(block: &IPBlock, address: IpAddr) -> Option<String> {
    let except = block.except.as_deref().unwrap_or_default();
    let is_in = within(&block.cidr, address) && !except.iter().any(|out| within(out, address));
    let but = if except.is_empty() { "" } else { " but " };
    is_in.then(|| format!("{}{but}{}", block.cidr, except.join(" ")))
}

/// The first port of a rule that is meant; a rule without ports is about all of them. A name is one
/// of the Pod that is connected to, and an address outside has no names.
fn admitted(ports: &[NetworkPolicyPort], to: Party, asked: u16, protocol: &str) -> Option<String> {
    if ports.is_empty() {
        return Some("any port".to_owned());
    }
    ports.iter().find_map(|port| {
        let own = port.protocol.as_deref().unwrap_or("TCP");
        let text = match &port.port {
            None => format!("any port {own}"),
            Some(IntOrString::Int(first)) => {
                let last = port.end_port.unwrap_or(*first);
                if !(number(*first)..=number(last)).contains(&asked) {
                    return None;
                }
                if last == *first {
                    format!("{own} {first}")
                } else {
                    format!("{own} {first}-{last}")
                }
            }
            Some(IntOrString::String(name)) => {
                let Party::Pod(pod) = to else { return None };
                if !pod.named(name, own).contains(&asked) {
                    return None;
                }
                format!("{own} {name}={asked}")
            }
        };
        (own == protocol).then_some(text)
    })
}
