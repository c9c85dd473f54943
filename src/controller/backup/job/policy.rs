//! The policy of a Job: nobody reaches its Pod, and it reaches the store alone.

use serde_json::{Value, json};

use super::Request;
use crate::controller::backup::Task;
use crate::names;

pub(super) fn policy(request: &Request<'_>, metadata: &Value, name: &str) -> Value {
    let mut egress = Vec::new();
    if request.task == Task::Upload {
        egress.push(json!({"ports":
            [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}));
        egress.push(to_store(&request.store.endpoint));
        if request.pod.service_account.is_some() {
            // Where the keys of a ServiceAccount are fetched: the node, and a cloud's own service.
            egress.push(json!({"ports": [{"protocol": "TCP", "port": 443}]}));
            egress.push(json!({"to": [{"ipBlock": {"cidr": "169.254.0.0/16"}}]}));
        }
    }
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": {
            "podSelector": {"matchLabels": {names::LABEL_JOB_NAME: name}},
            "policyTypes": ["Ingress", "Egress"],
            "egress": egress,
        },
    })
}

/// The store's port, and its address where that is one and no name.
fn to_store(endpoint: &str) -> Value {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok()),
        _ => (authority, None),
    };
    let port = port.unwrap_or(if scheme == "http" { 80 } else { 443 });
    let mut rule = json!({"ports": [{"protocol": "TCP", "port": port}]});
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<std::net::IpAddr>() {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        rule["to"] = json!([{"ipBlock": {"cidr": format!("{address}/{bits}")}}]);
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_leads_to_the_store_alone() {
        let rule = |endpoint| to_store(endpoint).to_string();
        let port = |port| format!(r#"{{"ports":[{{"port":{port},"protocol":"TCP"}}]}}"#);
        assert_eq!(rule("https://s3.eu-central-003.backblazeb2.com"), port(443));
        assert_eq!(rule("s3.example.com"), port(443));
        assert_eq!(rule("http://minio.storage.svc:9000/"), port(9000));
        assert_eq!(rule("http://minio"), port(80));
        let to = |cidr: &str, port: u16| {
            format!(
                r#"{{"ports":[{{"port":{port},"protocol":"TCP"}}],"to":[{{"ipBlock":{{"cidr":"{cidr}"}}}}]}}"#
            )
        };
        assert_eq!(rule("http://10.0.0.5:9000"), to("10.0.0.5/32", 9000));
        assert_eq!(rule("https://[fd00::1]:8443"), to("fd00::1/128", 8443));
        assert_eq!(rule("https://[fd00::1]"), to("fd00::1/128", 443));
    }
}
