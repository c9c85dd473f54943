//! Service, Ingress and HTTPRoute.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Service, Ingress and HTTPRoute.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Networking {
    /// The Service.
    pub service: Service,
    /// The Ingress.
    pub ingress: Ingress,
    /// The HTTPRoute of the Gateway API.
    pub http_route: HttpRoute,
}

/// The Service.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Service {
    /// How the Service is reached.
    #[serde(rename = "type")]
    pub kind: ServiceType,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Ports that replace `gateway` and `canvas`; the metrics port is added when it is used.
    pub ports: Vec<ServicePort>,
}

/// How the Service is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ServiceType {
    /// Inside the cluster.
    #[default]
    ClusterIP,
    /// Through a load balancer.
    LoadBalancer,
    /// Through a port of each node.
    NodePort,
}

/// A port of the Service.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServicePort {
    /// Its name.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// The port of the Service.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// The port of the Pod; `port` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub target_port: Option<i32>,
    /// TCP when absent.
    #[serde(default)]
    pub protocol: Protocol,
}

/// Transport of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// The Ingress.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Ingress {
    /// Renders the Ingress.
    pub enabled: bool,
    /// Class; it also decides whose annotations are rendered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_name: Option<String>,
    /// Annotations; they win over ours.
    pub annotations: BTreeMap<String, String>,
    /// Hosts.
    pub hosts: Vec<IngressHost>,
    /// Certificates.
    pub tls: Vec<IngressTls>,
    /// Redirect, HSTS and rate limit.
    pub security: IngressSecurity,
}

/// A host of the Ingress.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
pub struct IngressHost {
    /// Name of the host.
    pub host: String,
    /// Paths; `/` when absent.
    #[serde(default)]
    pub paths: Vec<IngressPath>,
}

/// A path of a host.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressPath {
    /// The path.
    pub path: String,
    /// How it matches.
    pub path_type: PathType,
}

impl Default for IngressPath {
    fn default() -> Self {
        Self { path: "/".to_owned(), path_type: PathType::default() }
    }
}

/// How a path matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum PathType {
    /// By path elements.
    #[default]
    Prefix,
    /// Exactly.
    Exact,
    /// As the class decides.
    ImplementationSpecific,
}

/// A certificate of the Ingress.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressTls {
    /// Hosts that it covers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// The Secret that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
}

/// Redirect, HSTS and rate limit, as annotations of the class's controller.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct IngressSecurity {
    /// Redirects HTTP to HTTPS.
    #[serde(rename = "forceHTTPS")]
    pub force_https: bool,
    /// Tells browsers to stay on HTTPS.
    #[serde(rename = "enableHSTS")]
    pub enable_hsts: bool,
    /// Limits requests of one client.
    pub rate_limiting: RateLimiting,
}

impl Default for IngressSecurity {
    fn default() -> Self {
        Self { force_https: true, enable_hsts: true, rate_limiting: RateLimiting::default() }
    }
}

/// Limits requests of one client.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RateLimiting {
    /// Renders the limit.
    pub enabled: bool,
    /// Requests in a second.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub requests_per_second: i32,
}

impl Default for RateLimiting {
    fn default() -> Self {
        Self { enabled: true, requests_per_second: 10 }
    }
}

/// The HTTPRoute of the Gateway API.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpRoute {
    /// Renders the HTTPRoute.
    pub enabled: bool,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Names of hosts.
    pub hostnames: Vec<String>,
    /// Gateways that it is attached to.
    pub parent_refs: Vec<HttpRouteParent>,
    /// Port of the Service; 18789 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
}

/// A Gateway that the route is attached to.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteParent {
    /// Name of the Gateway.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; the instance's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its listener.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_name: Option<String>,
}

/// Which controller's annotations an Ingress gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IngressController {
    /// ingress-nginx.
    Nginx,
    /// Traefik.
    Traefik,
    /// Another one, whose annotations we do not know.
    Other,
}

impl Ingress {
    /// Knows the controller by the name of its class.
    pub fn controller(&self) -> IngressController {
        let class = self.class_name.as_deref().unwrap_or_default();
        if class.contains("nginx") {
            IngressController::Nginx
        } else if class.contains("traefik") {
            IngressController::Traefik
        } else {
            IngressController::Other
        }
    }
}
