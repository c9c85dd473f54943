//! How the agent is reached: Service, Ingress, HTTPRoute and the NetworkPolicy that admits them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::pod::without_empty_lists;
use crate::api::OpenClawInstanceSpec;
use crate::api::settings::Settings;
use crate::api::spec::{Ingress, IngressController, Protocol};
use crate::names;
use crate::validate::grammar::is_larger;

/// Annotation of a Google service account; its metadata server must be reachable.
pub const GKE_IDENTITY: &str = "iam.gke.io/gcp-service-account";
/// Annotation of an Azure managed identity; its webhook looks for a label of the Pod.
pub const AZURE_IDENTITY: &str = "azure.workload.identity/client-id";

/// Addresses that hand out cloud credentials or belong to the node itself.
///
/// The metadata servers of Alibaba (100.100.100.200), EC2, GCE and Scaleway, and the credentials
/// of EKS Pod Identity, as their documentation gives them.
const CLOSED_V4: [&str; 2] = ["169.254.0.0/16", "100.100.100.200/32"];
const CLOSED_V6: [&str; 5] =
    ["fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128", "fd00:42::42/128", "fe80::/10"];

/// Ports of the Service.
pub fn service_ports(spec: &OpenClawInstanceSpec, metrics: bool) -> Vec<Value> {
    let port = |name: &str, port: i32, target: i32, protocol: &str| json!({"name": name, "port": port, "targetPort": target, "protocol": protocol});
    let own = &spec.networking.service.ports;
    let mut ports: Vec<Value> = if own.is_empty() {
        vec![
            port(names::PORT_NAME_GATEWAY, names::PORT_GATEWAY, names::PORT_GATEWAY, "TCP"),
            port(names::PORT_NAME_CANVAS, names::PORT_CANVAS, names::PORT_GATEWAY, "TCP"),
        ]
    } else {
        own.iter()
            .map(|p| port(&p.name, p.port, p.target_port.unwrap_or(p.port), protocol(p.protocol)))
            .collect()
    };
    if metrics {
        let number = spec.observability.metrics.port;
        ports.push(port(names::PORT_NAME_METRICS, number, number, "TCP"));
    }
    ports
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    }
}

/// Rules of the NetworkPolicy, both ways.
pub struct Rules {
    /// Who may reach the Pod.
    pub ingress: Vec<Value>,
    /// What the Pod may reach.
    pub egress: Vec<Value>,
}

/// Returns the rules of the NetworkPolicy.
///
/// Ports are given per peer: whoever may talk to the gateway may not scrape metrics by that.
pub fn rules(
    namespace: &str,
    spec: &OpenClawInstanceSpec,
    settings: &Settings,
    metrics: bool,
) -> Rules {
    let policy = &spec.security.network_policy;
    let mut clients: Vec<Value> = Vec::new();
    let mut namespaces = vec![namespace];
    namespaces.extend(policy.allowed_ingress_namespaces.iter().map(String::as_str));
    let networking = &spec.networking;
    if networking.ingress.enabled || networking.http_route.enabled {
        namespaces.extend(settings.cluster.ingress_namespaces.iter().map(String::as_str));
    }
    // It asks the gateway of a new version whether it answers.
    if spec.auto_update.enabled {
        namespaces.extend(settings.cluster.controller().map(|(namespace, _)| namespace));
    }
    let mut seen = Vec::new();
    for name in namespaces {
        if !seen.contains(&name) {
            seen.push(name);
            clients.push(namespace_peer(name));
        }
    }
    clients.extend(policy.allowed_ingress_cidrs.iter().map(|cidr| block(cidr, &[])));
    let mut ingress = vec![json!({"from": clients, "ports": gateway_ports(spec)})];
    if metrics && !settings.cluster.monitoring_namespaces.is_empty() {
        let from: Vec<Value> =
            settings.cluster.monitoring_namespaces.iter().map(|n| namespace_peer(n)).collect();
        let port = spec.observability.metrics.port;
        ingress.push(json!({"from": from, "ports": [{"port": port, "protocol": "TCP"}]}));
    }
    Rules { ingress, egress: egress(spec) }
}

fn gateway_ports(spec: &OpenClawInstanceSpec) -> Vec<Value> {
    let own = &spec.networking.service.ports;
    if own.is_empty() {
        return vec![json!({"port": names::PORT_GATEWAY, "protocol": "TCP"})];
    }
    let mut ports: Vec<Value> = Vec::new();
    for port in own {
        let target = port.target_port.unwrap_or(port.port);
        let entry = json!({"port": target, "protocol": protocol(port.protocol)});
        if !ports.contains(&entry) {
            ports.push(entry);
        }
    }
    ports
}

fn egress(spec: &OpenClawInstanceSpec) -> Vec<Value> {
    let policy = &spec.security.network_policy;
    let mut rules = Vec::new();
    if policy.allow_dns {
        rules.push(json!({"ports": [
            {"port": 53, "protocol": "UDP"},
            {"port": 53, "protocol": "TCP"},
        ]}));
    }
    rules.push(json!({
        "to": [outside("0.0.0.0/0"), outside("::/0")],
        "ports": [{"port": 443, "protocol": "TCP"}],
    }));
    if spec.security.rbac.service_account_annotations.contains_key(GKE_IDENTITY) {
        rules.push(json!({
            "to": [block("169.254.169.254/32", &[])],
            "ports": [{"port": 80, "protocol": "TCP"}],
        }));
        rules.push(json!({
            "to": [block("169.254.169.252/32", &[])],
            "ports": [{"port": 988, "protocol": "TCP"}],
        }));
    }
    for cidr in &policy.allowed_egress_cidrs {
        rules.push(json!({"to": [outside(cidr)]}));
    }
    rules.extend(policy.additional_egress.iter().map(|rule| without_empty_lists(json!(rule))));
    rules
}

fn namespace_peer(name: &str) -> Value {
    json!({"namespaceSelector": {"matchLabels": {names::LABEL_NAMESPACE_NAME: name}}})
}

/// A range without the closed addresses in it. Who names one of those alone means it.
fn outside(cidr: &str) -> Value {
    let closed = CLOSED_V4.iter().chain(&CLOSED_V6);
    let except: Vec<&str> = closed.copied().filter(|inner| is_larger(cidr, inner)).collect();
    block(cidr, &except)
}

fn block(cidr: &str, except: &[&str]) -> Value {
    if except.is_empty() {
        return json!({"ipBlock": {"cidr": cidr}});
    }
    json!({"ipBlock": {"cidr": cidr, "except": except}})
}

/// Returns the Traefik middlewares that an Ingress refers to, in their order: suffix of the name
/// and spec. Only what is rendered beside it is ever referred to.
pub fn middlewares(ingress: &Ingress) -> Vec<(&'static str, Value)> {
    if !ingress.enabled || ingress.controller() != IngressController::Traefik {
        return Vec::new();
    }
    let mut middlewares = Vec::new();
    if ingress.security.force_https {
        middlewares
            .push(("redirect", json!({"redirectScheme": {"permanent": true, "scheme": "https"}})));
    }
    if ingress.security.enable_hsts {
        let headers = json!({"stsSeconds": 31_536_000, "stsIncludeSubdomains": true});
        middlewares.push(("hsts", json!({ "headers": headers })));
    }
    if ingress.security.rate_limiting.enabled {
        let average = ingress.security.rate_limiting.requests_per_second;
        let limit = json!({"average": average, "burst": average.saturating_mul(5)});
        middlewares.push(("rate-limit", json!({ "rateLimit": limit })));
    }
    middlewares
}

/// Returns the annotations of the Ingress: those of its controller, then the user's, which win.
pub fn ingress_annotations(
    namespace: &str,
    instance: &str,
    ingress: &Ingress,
) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    let security = &ingress.security;
    match ingress.controller() {
        IngressController::Nginx => {
            let mut add = |key: &str, value: String| {
                annotations.insert(format!("nginx.ingress.kubernetes.io/{key}"), value);
            };
            add("proxy-http-version", "1.1".to_owned());
            add("proxy-read-timeout", "3600".to_owned());
            add("proxy-send-timeout", "3600".to_owned());
            add("ssl-redirect", security.force_https.to_string());
            add("force-ssl-redirect", security.force_https.to_string());
            if security.rate_limiting.enabled {
                add("limit-rps", security.rate_limiting.requests_per_second.to_string());
            }
        }
        IngressController::Traefik => {
            let names: Vec<String> = middlewares(ingress)
                .iter()
                .map(|(suffix, _)| format!("{namespace}-{instance}-{suffix}@kubernetescrd"))
                .collect();
            if !names.is_empty() {
                annotations.insert(
                    "traefik.ingress.kubernetes.io/router.middlewares".to_owned(),
                    names.join(","),
                );
            }
        }
        IngressController::Other => {}
    }
    annotations.extend(ingress.annotations.clone());
    annotations
}

/// Returns the rules of the Ingress.
pub fn ingress_rules(instance: &str, spec: &OpenClawInstanceSpec) -> Vec<Value> {
    let backend = json!({"service": {"name": instance, "port": {"number": web_port(spec)}}});
    spec.networking
        .ingress
        .hosts
        .iter()
        .map(|host| {
            let default = [crate::api::spec::IngressPath::default()];
            let paths = if host.paths.is_empty() { &default[..] } else { &host.paths[..] };
            let paths: Vec<Value> = paths
                .iter()
                .map(|p| json!({"path": p.path, "pathType": p.path_type, "backend": backend}))
                .collect();
            json!({"host": host.host, "http": {"paths": paths}})
        })
        .collect()
}

/// Port of the Service that browsers are led to: the one behind which the gateway listens, else
/// the first that speaks TCP.
pub fn web_port(spec: &OpenClawInstanceSpec) -> i32 {
    let own = &spec.networking.service.ports;
    own.iter()
        .find(|port| port.target_port.unwrap_or(port.port) == names::PORT_GATEWAY)
        .or_else(|| own.iter().find(|port| port.protocol == Protocol::Tcp))
        .map_or(names::PORT_GATEWAY, |port| port.port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_range_leaves_out_what_hands_out_credentials_and_a_narrow_one_means_it() {
        let block = |cidr| outside(cidr)["ipBlock"].clone();
        let v4 = json!({"cidr": "0.0.0.0/0", "except": CLOSED_V4});
        assert_eq!(block("0.0.0.0/0"), v4);
        assert_eq!(block("::/0"), json!({"cidr": "::/0", "except": CLOSED_V6}));
        let shared = json!({"cidr": "100.64.0.0/10", "except": ["100.100.100.200/32"]});
        assert_eq!(block("100.64.0.0/10"), shared);
        assert_eq!(block("169.254.170.23/32"), json!({"cidr": "169.254.170.23/32"}));
    }

    #[test]
    fn browsers_are_led_to_the_gateway_whatever_its_place_in_the_list() {
        let port = |ports: Value| {
            let spec = json!({"networking": {"service": {"ports": ports}}});
            web_port(&serde_json::from_value(spec).unwrap())
        };
        assert_eq!(port(json!([])), 18789);
        let web = json!({"name": "web", "port": 80, "targetPort": 18789});
        let hook = json!({"name": "gateway", "port": 8443, "targetPort": 9443});
        let udp = json!({"name": "udp", "port": 9999, "protocol": "UDP"});
        assert_eq!(port(json!([udp, hook, web])), 80);
        assert_eq!(port(json!([udp, hook])), 8443);
    }
}
