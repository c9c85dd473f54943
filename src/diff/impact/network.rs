//! Compares two NetworkPolicies by what they allow, however it is written.
//!
//! What is allowed is looked at port by port, where ports that all rules treat alike are one span.
//! For each span the peers of both sides are compared: addresses as sets, selectors by what they
//! demand. A named port is what only the Pod knows, so it is compared by its name.

use std::collections::BTreeSet;

use serde_json::Value;

use super::addresses::Addresses;
use super::selector::Selector;
use super::{Sides, code, list};

/// A direction: how the policy calls it, where its rules are, and where their peers.
const DIRECTIONS: [(&str, &str, &str); 2] =
    [("Ingress", "ingress", "from"), ("Egress", "egress", "to")];
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Returns what is allowed that was not.
pub(super) fn opens(sides: Sides) -> Vec<String> {
    more(sides.old, sides.new)
}

/// Returns what was allowed and is not.
pub(super) fn narrows(sides: Sides) -> Vec<String> {
    more(sides.new, sides.old)
}

/// Returns what `than` allows beyond `base`. Without a policy everything is allowed: that the Pods
/// may be selected by another one as well is not known here.
fn more(base: Option<&Value>, than: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    let selector = |side: Option<&Value>| side.map(|side| side["spec"]["podSelector"].clone());
    if let (Some(old), Some(new)) = (selector(base), selector(than))
        && old != new
    {
        found.push("other Pods are selected".to_owned());
    }
    for (kind, field, peers) in DIRECTIONS {
        let [old, new] = [base, than].map(|side| rules(side, kind, field, peers));
        for (peer, spans) in extra(&old, &new) {
            found.push(format!("{field} {peers} {peer} on {}", spans.join(", ")));
        }
    }
    found
}

/// Whom a rule lets in or out.
enum Peer {
    Anyone,
    Block {
        cidr: String,
        except: Vec<String>,
        addresses: Addresses,
    },
    /// No namespace is that of the policy.
    Selected {
        namespace: Option<Selector>,
        pod: Selector,
    },
}

/// Ports of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Port {
    Numbers(String, u32, u32),
    Name(String, String),
    /// What is no TCP, UDP or SCTP.
    Other,
}

struct Rule {
    peers: Vec<Peer>,
    /// None means all.
    ports: Vec<Port>,
}

fn rules(policy: Option<&Value>, kind: &str, field: &str, peers: &str) -> Vec<Rule> {
    let everything = || vec![Rule { peers: vec![Peer::Anyone], ports: Vec::new() }];
    let Some(spec) = policy.map(|policy| &policy["spec"]) else { return everything() };
    let isolates = match spec["policyTypes"].as_array() {
        Some(types) => types.iter().any(|one| one == kind),
        None => kind == "Ingress" || !spec[field].is_null(),
    };
    if !isolates {
        return everything();
    }
    let rule = |rule: &Value| {
        let mut all: Vec<Peer> = list(&rule[peers]).map(peer).collect();
        if all.is_empty() {
            all.push(Peer::Anyone);
        }
        Rule { peers: all, ports: list(&rule["ports"]).map(port).collect() }
    };
    list(&spec[field]).map(rule).collect()
}

fn peer(value: &Value) -> Peer {
    if let Some(cidr) = value["ipBlock"]["cidr"].as_str() {
        let except = list(&value["ipBlock"]["except"]).filter_map(Value::as_str);
        let except: Vec<String> = except.map(str::to_owned).collect();
        let mut taken = Addresses::default();
        except.iter().for_each(|cidr| taken.add(&Addresses::of(cidr)));
        let addresses = Addresses::of(cidr).without(&taken);
        return Peer::Block { cidr: cidr.to_owned(), except, addresses };
    }
    let selector = |field: &str| {
        let found = value.get(field).filter(|selector| !selector.is_null());
        found.map(Selector::of)
    };
    let pod = selector("podSelector").unwrap_or_default();
    Peer::Selected { namespace: selector("namespaceSelector"), pod }
}

fn port(value: &Value) -> Port {
    let protocol = value["protocol"].as_str().unwrap_or("TCP").to_owned();
    match &value["port"] {
        Value::String(name) => Port::Name(protocol, name.clone()),
        Value::Number(_) => {
            let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok());
            let first = number(&value["port"]).unwrap_or(0);
            Port::Numbers(protocol, first, number(&value["endPort"]).unwrap_or(first))
        }
        _ => Port::Numbers(protocol, 0, 65_535),
    }
}

/// Cuts the ports of all rules into spans that each rule has whole or not at all.
fn spans(rules: &[&[Rule]]) -> Vec<Port> {
    let ports: Vec<&Port> = rules.iter().copied().flatten().flat_map(|rule| &rule.ports).collect();
    let mut found = Vec::new();
    for protocol in PROTOCOLS {
        let mut cuts = BTreeSet::from([0, 65_536]);
        for port in &ports {
            match port {
                Port::Numbers(own, first, last) if own == protocol => {
                    cuts.extend([*first, last + 1]);
                }
                Port::Name(own, _) if own == protocol => found.push((*port).clone()),
                _ => {}
            }
        }
        let cuts: Vec<u32> = cuts.into_iter().collect();
        let numbers =
            cuts.windows(2).map(|two| Port::Numbers(protocol.to_owned(), two[0], two[1] - 1));
        found.extend(numbers);
    }
    found.push(Port::Other);
    found.sort();
    found.dedup();
    found
}

fn holds(rule: &Rule, span: &Port) -> bool {
    rule.ports.is_empty()
        || rule.ports.iter().any(|port| match (port, span) {
            (Port::Numbers(own, first, last), Port::Numbers(other, start, end)) => {
                own == other && first <= start && end <= last
            }
            (Port::Numbers(own, 0, 65_535), Port::Name(other, _)) => own == other,
            (port, span) => port == span,
        })
}

/// Returns whom `new` lets through beyond `old`, each with the spans where it does.
fn extra(old: &[Rule], new: &[Rule]) -> Vec<(String, Vec<String>)> {
    let spans = spans(&[old, new]);
    let mut found: Vec<(String, Vec<Port>)> = Vec::new();
    for span in &spans {
        let before: Vec<&Peer> =
            old.iter().filter(|rule| holds(rule, span)).flat_map(|rule| &rule.peers).collect();
        for peer in new.iter().filter(|rule| holds(rule, span)).flat_map(|rule| &rule.peers) {
            if is_covered(peer, &before) {
                continue;
            }
            let text = peer.text();
            match found.iter_mut().find(|(known, _)| *known == text) {
                Some((_, ports)) if ports.last() == Some(span) => {}
                Some((_, ports)) => ports.push(span.clone()),
                None => found.push((text, vec![span.clone()])),
            }
        }
    }
    found.into_iter().map(|(peer, ports)| (peer, words(&ports, &spans))).collect()
}

fn is_covered(peer: &Peer, by: &[&Peer]) -> bool {
    if by.iter().any(|peer| matches!(peer, Peer::Anyone)) {
        return true;
    }
    match peer {
        Peer::Anyone => false,
        Peer::Block { addresses, .. } => {
            let mut all = Addresses::default();
            for other in by {
                if let Peer::Block { addresses, .. } = other {
                    all.add(addresses);
                }
            }
            addresses.without(&all).is_empty()
        }
        Peer::Selected { namespace, pod } => by.iter().any(|other| match other {
            Peer::Selected { namespace: broad, pod: broader } => {
                let is_within = match (broad, namespace) {
                    (None, own) => own.is_none(),
                    (Some(broad), Some(own)) => broad.covers(own),
                    (Some(broad), None) => broad.is_everything(),
                };
                is_within && broader.covers(pod)
            }
            _ => false,
        }),
    }
}

impl Peer {
    fn text(&self) -> String {
        match self {
            Self::Anyone => "anywhere".to_owned(),
            Self::Block { cidr, except, .. } if except.is_empty() => code(cidr),
            Self::Block { cidr, except, .. } => {
                format!("{} except {}", code(cidr), code(&except.join(", ")))
            }
            Self::Selected { namespace, pod } => {
                let of = match pod {
                    pod if pod.is_everything() => "every Pod".to_owned(),
                    pod => format!("Pods {}", code(&pod.text())),
                };
                match namespace {
                    None => format!("{of} of its namespace"),
                    Some(all) if all.is_everything() => format!("{of} of every namespace"),
                    Some(some) => format!("{of} of namespaces {}", code(&some.text())),
                }
            }
        }
    }
}

/// Says ports in as few words as it takes: of all spans, what is in or what is out.
fn words(ports: &[Port], all: &[Port]) -> Vec<String> {
    // Only a rule for every port lets other protocols through.
    if !ports.contains(&Port::Other) {
        return named(ports);
    }
    let out: Vec<Port> = all.iter().filter(|port| !ports.contains(port)).cloned().collect();
    match named(&out).join(", ") {
        none if none.is_empty() => vec!["every port".to_owned()],
        some => vec![format!("every port but {some}")],
    }
}

fn named(ports: &[Port]) -> Vec<String> {
    let mut joined: Vec<Port> = Vec::new();
    for port in ports {
        match (joined.last_mut(), port) {
            (Some(Port::Numbers(own, _, end)), Port::Numbers(protocol, first, last))
                if own == protocol && *end + 1 == *first =>
            {
                *end = *last;
            }
            _ => joined.push(port.clone()),
        }
    }
    let one = |port: &Port| match port {
        Port::Numbers(protocol, 0, 65_535) => format!("every {protocol} port"),
        Port::Numbers(protocol, first, last) if first == last => format!("{protocol} {first}"),
        Port::Numbers(protocol, first, last) => format!("{protocol} {first} to {last}"),
        Port::Name(protocol, name) => format!("{protocol} {}", code(name)),
        Port::Other => "other protocols".to_owned(),
    };
    joined.iter().map(one).collect()
}
