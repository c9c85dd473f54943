//! Security contexts, NetworkPolicy, RBAC and CA bundle.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::NetworkPolicyEgressRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Security contexts, NetworkPolicy, RBAC and CA bundle.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Security {
    /// User and groups of the Pod.
    pub pod_security_context: PodSecurityContext,
    /// Rights of the main container.
    pub container_security_context: ContainerSecurityContext,
    /// Who may reach the agent and what the agent may reach.
    pub network_policy: NetworkPolicy,
    /// ServiceAccount and Role.
    pub rbac: Rbac,
    /// Certificates trusted by every container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_bundle: Option<CaBundle>,
}

/// User and groups of the Pod.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PodSecurityContext {
    /// User id; 0 is refused.
    pub run_as_user: i64,
    /// Group id.
    pub run_as_group: i64,
    /// Group that owns the data volume.
    pub fs_group: i64,
    /// Refuses images that run as root.
    pub run_as_non_root: bool,
    /// When the kubelet changes the volume's owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fs_group_change_policy: Option<FsGroupChangePolicy>,
}

impl Default for PodSecurityContext {
    fn default() -> Self {
        Self {
            run_as_user: 1000,
            run_as_group: 1000,
            fs_group: 1000,
            run_as_non_root: true,
            fs_group_change_policy: None,
        }
    }
}

/// When the kubelet changes the volume's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum FsGroupChangePolicy {
    /// Only when the root of the volume has another owner.
    OnRootMismatch,
    /// At each mount.
    Always,
}

/// Rights of the main container.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ContainerSecurityContext {
    /// Lets a process gain more rights than its parent.
    pub allow_privilege_escalation: bool,
    /// Mounts the image read-only.
    pub read_only_root_filesystem: bool,
    /// Linux capabilities.
    pub capabilities: Capabilities,
}

impl Default for ContainerSecurityContext {
    fn default() -> Self {
        Self {
            allow_privilege_escalation: false,
            read_only_root_filesystem: true,
            capabilities: Capabilities::default(),
        }
    }
}

/// Linux capabilities.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Capabilities {
    /// Capabilities granted.
    pub add: Vec<String>,
    /// Capabilities taken away.
    pub drop: Vec<String>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self { add: Vec::new(), drop: vec!["ALL".to_owned()] }
    }
}

/// Who may reach the agent and what the agent may reach.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NetworkPolicy {
    /// Renders the NetworkPolicy.
    pub enabled: bool,
    /// CIDRs that may reach the gateway.
    #[serde(rename = "allowedIngressCIDRs")]
    pub allowed_ingress_cidrs: Vec<String>,
    /// Namespaces that may reach the gateway besides the instance's own.
    pub allowed_ingress_namespaces: Vec<String>,
    /// CIDRs that the agent may reach on any port; a wide one leaves out the metadata servers.
    #[serde(rename = "allowedEgressCIDRs")]
    pub allowed_egress_cidrs: Vec<String>,
    /// Lets the agent ask DNS.
    #[serde(rename = "allowDNS")]
    pub allow_dns: bool,
    /// Further egress rules as Kubernetes writes them.
    pub additional_egress: Vec<NetworkPolicyEgressRule>,
}

impl Default for NetworkPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            allowed_ingress_cidrs: Vec::new(),
            allowed_ingress_namespaces: Vec::new(),
            allowed_egress_cidrs: Vec::new(),
            allow_dns: true,
            additional_egress: Vec::new(),
        }
    }
}

/// ServiceAccount and Role.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Rbac {
    /// Renders ServiceAccount, Role and RoleBinding.
    pub create_service_account: bool,
    /// Name of the ServiceAccount; the instance's name when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Annotations of the ServiceAccount, such as a cloud identity.
    pub service_account_annotations: BTreeMap<String, String>,
    /// Further rules of the Role.
    pub additional_rules: Vec<PolicyRule>,
}

impl Default for Rbac {
    fn default() -> Self {
        Self {
            create_service_account: true,
            service_account_name: None,
            service_account_annotations: BTreeMap::new(),
            additional_rules: Vec::new(),
        }
    }
}

/// A rule of the Role.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyRule {
    /// API groups; the core group is the empty string.
    pub api_groups: Vec<String>,
    /// Resources.
    pub resources: Vec<String>,
    /// Verbs.
    pub verbs: Vec<String>,
}

/// Certificates trusted by every container; exactly one of the names is set.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CaBundle {
    /// A ConfigMap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_map_name: Option<String>,
    /// A Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
    /// Key in it; `ca-bundle.crt` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}
