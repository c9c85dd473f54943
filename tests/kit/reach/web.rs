//! From a host and a path, by an Ingress or an HTTPRoute, to a port of a Service.

use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::{Cluster, Party, Verdict, namespace_of, service, text};

/// The backend of an Ingress for a request: the most exact host, then the longest path, and an
/// exact path before a prefix.
pub fn backend(ingress: &Ingress, host: &str, path: &str) -> Option<IngressBackend> {
    let spec = ingress.spec.as_ref()?;
    let mut found: Vec<((bool, usize, bool), IngressBackend)> = Vec::new();
    for rule in spec.rules.iter().flatten() {
        let own = rule.host.as_deref().unwrap_or_default();
        if !own.is_empty() && !is_host(own, host) {
            continue;
        }
        for one in rule.http.iter().flat_map(|http| &http.paths) {
            let written = one.path.as_deref().unwrap_or("/");
            if is_path(&one.path_type, written, path) {
                let weight = (own == host, written.len(), one.path_type == "Exact");
                found.push((weight, one.backend.clone()));
            }
        }
    }
    let best = found.into_iter().max_by_key(|(weight, _)| *weight).map(|(_, backend)| backend);
    best.or_else(|| spec.default_backend.clone())
}

/// `*.a.b` is any host with exactly one more label; everything else is itself.
pub fn is_host(written: &str, host: &str) -> bool {
    match written.strip_prefix("*.") {
        Some(parent) => {
            host.split_once('.').is_some_and(|(one, rest)| !one.is_empty() && rest == parent)
        }
        None => written == host,
    }
}

/// Prefixes are compared element by element, as Kubernetes asks; Traefik compares texts unless it is
/// told otherwise. `ImplementationSpecific` is a prefix for both controllers that we know.
pub fn is_path(kind: &str, written: &str, path: &str) -> bool {
    let elements = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    match kind {
        "Exact" => written == path,
        "Prefix" | "ImplementationSpecific" => elements(path).starts_with(&elements(written)),
        other => panic!("the API server refuses the path type {other}"),
    }
}

/// Whether a Secret covers a host.
pub fn covered(ingress: &Ingress, host: &str) -> Verdict {
    let tls = ingress.spec.iter().flat_map(|spec| spec.tls.iter().flatten());
    for entry in tls {
        let hosts = entry.hosts.as_deref().unwrap_or_default();
        let secret = entry.secret_name.as_deref().unwrap_or_default();
        if !secret.is_empty() && hosts.iter().any(|written| is_host(written, host)) {
            return Verdict::yes(format!("Secret {secret} for {host}"));
        }
    }
    Verdict::no(format!("no Secret covers {host}"))
}

impl Cluster {
    /// Whether a request that the controller at `from` takes in arrives at a container.
    pub fn by_ingress(&self, from: &Party, ingress: &Ingress, host: &str, path: &str) -> Verdict {
        let namespace = ingress.metadata.namespace.as_deref().unwrap_or("default");
        let Some(backend) = backend(ingress, host, path) else {
            return Verdict::no(format!("no rule for {host}{path}"));
        };
        let Some(backend) = backend.service else {
            return Verdict::no("the backend is no Service");
        };
        let port = backend.port.unwrap_or_default();
        let wanted = match (port.number, port.name) {
            (Some(number), None) => IntOrString::Int(number),
            (None, Some(name)) => IntOrString::String(name),
            _ => return Verdict::no("the backend names no port, or two"),
        };
        self.to_service(from, namespace, &backend.name, &wanted)
    }

    fn to_service(&self, from: &Party, space: &str, name: &str, wanted: &IntOrString) -> Verdict {
        let Some(service) = self.service(space, name) else {
            return Verdict::no(format!("there is no Service {space}/{name}"));
        };
        match service::port(&service, wanted) {
            Some(port) => self.through(from, &service, port),
            None => Verdict::no(format!("the Service has no port {wanted:?}")),
        }
    }

    /// Whether a request that a Gateway's proxy at `from` takes in arrives at a container.
    pub fn by_route(&self, from: &Party, route: &Value, host: &str, path: &str) -> Verdict {
        let hosts = route["spec"]["hostnames"].as_array();
        let is_ours = hosts.is_none_or(|list| list.iter().any(|h| is_gateway_host(&text(h), host)));
        if !is_ours {
            return Verdict::no(format!("no hostname for {host}"));
        }
        let rules = route["spec"]["rules"].as_array();
        let rule = rules.into_iter().flatten().find(|rule| is_matched(rule, path));
        let Some(rule) = rule else { return Verdict::no(format!("no rule for {path}")) };
        let backends = rule["backendRefs"].as_array();
        let Some(backend) = backends.and_then(|list| list.first()) else {
            return Verdict::no("no backend");
        };
        let is_service = matches!(backend["kind"].as_str(), None | Some("Service"))
            && backend["group"].as_str().unwrap_or_default().is_empty();
        let own = namespace_of(route);
        // Another namespace would need a ReferenceGrant.
        if !is_service || backend["namespace"].as_str().is_some_and(|other| other != own) {
            return Verdict::no("the backend is no Service of the route's namespace");
        }
        let Some(port) = backend["port"].as_i64() else {
            return Verdict::no("a backend of kind Service needs a port");
        };
        let port = IntOrString::Int(i32::try_from(port).unwrap());
        self.to_service(from, own, &text(&backend["name"]), &port)
    }
}

/// In the Gateway API a wildcard stands for one or more labels.
fn is_gateway_host(written: &str, host: &str) -> bool {
    match written.strip_prefix('*') {
        Some(parent) => host.len() > parent.len() && host.ends_with(parent),
        None => written == host,
    }
}

/// Whether a rule of an HTTPRoute takes a path; without matches it takes all.
fn is_matched(rule: &Value, path: &str) -> bool {
    let matches = rule["matches"].as_array().filter(|list| !list.is_empty());
    matches.is_none_or(|list| {
        list.iter().any(|one| {
            let written = one["path"]["value"].as_str().unwrap_or("/");
            let only_path = one.as_object().unwrap().keys().all(|key| key == "path");
            let kind = match one["path"]["type"].as_str() {
                None | Some("PathPrefix") => "Prefix",
                Some("Exact") => "Exact",
                Some(other) => panic!("{other} is not evaluated"),
            };
            assert!(only_path, "only paths are evaluated: {one}");
            is_path(kind, written, path)
        })
    })
}
