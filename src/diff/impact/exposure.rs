//! From where a Service or a route can be reached, and where it leads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::addresses::Addresses;
use super::{Sides, code, list, quoted};

/// Types of a Service, from the narrowest to the widest.
const TYPES: [&str; 4] = ["ExternalName", "ClusterIP", "NodePort", "LoadBalancer"];

/// Returns where it can be reached from now.
pub(super) fn widens(sides: Sides) -> Vec<String> {
    more(sides.kind(), sides.old, sides.new)
}

/// Returns where it cannot be reached from any more.
pub(super) fn narrows(sides: Sides) -> Vec<String> {
    more(sides.kind(), sides.new, sides.old)
}

fn more(kind: &str, base: Option<&Value>, than: Option<&Value>) -> Vec<String> {
    let Some(than) = than else { return Vec::new() };
    let places = if kind == "Service" { service } else { route };
    let old = base.map(places).unwrap_or_default();
    let mut found: Vec<String> =
        places(than).into_iter().filter(|one| !old.contains(one)).collect();
    if kind == "Service" {
        found.extend(service_type(base, than));
        found.extend(base.and_then(|base| ranges(base, than)));
    }
    found
}

/// A Service that is new is told where it is more than what its Pods can be reached by anyway.
fn service_type(base: Option<&Value>, than: &Value) -> Option<String> {
    let rank = |service: &Value| {
        let word = service["spec"]["type"].as_str().unwrap_or("ClusterIP");
        TYPES.iter().position(|known| *known == word).unwrap_or(1)
    };
    let (old, new) = (base.map_or(1, rank), rank(than));
    (new > old).then(|| format!("`type: {}` and not `{}`", TYPES[new], TYPES[old]))
}

/// Compares the addresses that a load balancer takes; none listed means all.
fn ranges(base: &Value, than: &Value) -> Option<String> {
    let of = |service: &Value| {
        let listed: Vec<&str> =
            list(&service["spec"]["loadBalancerSourceRanges"]).filter_map(Value::as_str).collect();
        let all = if listed.is_empty() { vec!["0.0.0.0/0", "::/0"] } else { listed };
        let mut addresses = Addresses::default();
        all.iter().for_each(|cidr| addresses.add(&Addresses::of(cidr.trim())));
        (addresses, all.join(", "))
    };
    let ((old, _), (new, text)) = (of(base), of(than));
    (!new.without(&old).is_empty()).then(|| format!("the load balancer takes {}", code(&text)))
}

fn service(service: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for port in list(&service["spec"]["ports"]) {
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        found.insert(format!("port {protocol} {}", port["port"]));
        if let Some(number) = port["nodePort"].as_i64().filter(|number| *number > 0) {
            found.insert(format!("port {protocol} {number} of every node"));
        }
    }
    for address in list(&service["spec"]["externalIPs"]).filter_map(Value::as_str) {
        found.insert(format!("the address {}", code(address)));
    }
    found
}

/// Hosts with their paths; a host of an Ingress without TLS is one more way.
fn route(route: &Value) -> BTreeSet<String> {
    let spec = &route["spec"];
    let mut found = BTreeSet::new();
    let secure: Vec<&Value> = list(&spec["tls"]).flat_map(|tls| list(&tls["hosts"])).collect();
    let is_ingress = route["kind"] == "Ingress";
    for rule in list(&spec["rules"]).filter(|_| is_ingress) {
        let host = rule["host"].as_str().unwrap_or("*");
        for path in list(&rule["http"]["paths"]) {
            let path = path["path"].as_str().unwrap_or("/");
            found.insert(code(&format!("{host}{path}")));
        }
        if !secure.iter().any(|secure| **secure == host) {
            found.insert(format!("{} without TLS", code(host)));
        }
    }
    for host in list(&spec["hostnames"]).filter_map(Value::as_str) {
        found.insert(code(host));
    }
    if !is_ingress && list(&spec["hostnames"]).next().is_none() {
        found.insert("every host of its parents".to_owned());
    }
    found
}

/// Returns where it leads now and did not.
pub(super) fn routes(sides: Sides) -> Vec<String> {
    let Some([old, new]) = sides.both() else { return Vec::new() };
    let mut found = Vec::new();
    for (word, pointer) in [
        ("selector", "/spec/selector"),
        ("class", "/spec/ingressClassName"),
        ("parents", "/spec/parentRefs"),
    ] {
        let [old, new] = sides.at(pointer);
        if old != new {
            found.push(format!("{word} from {} to {}", quoted(old), quoted(new)));
        }
    }
    let [before, after] = [old, new].map(targets);
    for target in after.iter().filter(|target| !before.contains(target)) {
        found.push(format!("to {}", quoted(target)));
    }
    if sides.kind() == "Ingress" {
        let [old, new] = sides.at("/metadata/annotations");
        let keys = |side: &Value| -> BTreeSet<String> {
            side.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
        };
        for key in
            keys(old).union(&keys(new)).filter(|key| !key.starts_with(crate::names::OWN_PREFIX))
        {
            if old.get(key) != new.get(key) {
                found.push(format!("annotation {}", code(key)));
            }
        }
    }
    found
}

/// What traffic ends at, by what it is asked for.
fn targets(object: &Value) -> Vec<Value> {
    let spec = &object["spec"];
    let ports = list(&spec["ports"]).filter(|port| !port["targetPort"].is_null());
    let mut found: Vec<Value> =
        ports.map(|port| json!({"port": port["port"], "targetPort": port["targetPort"]})).collect();
    for rule in list(&spec["rules"]) {
        for path in list(&rule["http"]["paths"]) {
            found.push(path["backend"]["service"].clone());
        }
        found.extend(list(&rule["backendRefs"]).cloned());
    }
    found
}
