//! The words of the tables: what becomes of one value, and the rows that charts share.

/// Rows below one path of the values, which go below one path of the spec.
pub(super) struct Group {
    /// Path in the values.
    pub(super) from: &'static str,
    /// Path in the spec.
    pub(super) to: &'static str,
    /// With which image they hold.
    pub(super) image: Image,
    /// The rows.
    pub(super) rows: &'static [Row],
}

/// Which image of a chart something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Image {
    /// Whichever runs.
    Any,
    /// The one that only the chart can start.
    Own,
    /// Any other.
    Foreign,
}

/// A value, and what becomes of it.
pub(super) struct Row {
    /// Path in the values, below that of the group.
    pub(super) from: &'static str,
    /// Path in the spec, below that of the group.
    pub(super) to: &'static str,
    /// What becomes of it; rows of what is carried over are applied in their order.
    pub(super) take: Take,
}

/// What becomes of a value.
#[derive(Clone, Copy)]
pub(super) enum Take {
    /// Carried over as it is.
    Same,
    /// Carried over as a text, where people may write a number.
    Text,
    /// Carried over as a list of one.
    One,
    /// A version; where it is empty, only the chart knows it.
    Tag,
    /// Environment variables, as a mapping or a list.
    Env,
    /// One environment variable.
    EnvOf(&'static str),
    /// Sources of environment variables.
    EnvFrom,
    /// openclaw.json, or the part of it that the path of the row names.
    Config,
    /// openclaw.json as a text.
    ConfigText,
    /// A secret that is written out, and the environment variable that the chart makes of it.
    Secret(&'static str),
    /// Secrets by their keys, read by the chart's own function.
    Secrets,
    /// The token of the gateway, written out.
    Token,
    /// The port of the Service.
    Port,
    /// Hosts of the Ingress, whose paths may name a port.
    Hosts,
    /// Passed over with all that is below, unless its `enabled` is true.
    Gate,
    /// Read together with others by the chart's own function.
    Read,
    /// What is made here without being asked, or what nothing is lost with.
    Own,
    /// Stays behind; nothing is lost with what is empty, switched off, or one of these, as JSON.
    Left { unless: &'static [&'static str], why: &'static str, hint: Option<&'static str> },
}

pub(super) const fn to(from: &'static str, take: Take, to: &'static str) -> Row {
    Row { from, to, take }
}

pub(super) const fn same(from: &'static str, to: &'static str) -> Row {
    Row { from, to, take: Take::Same }
}

/// A value that is carried over under its own name.
pub(super) const fn kept(name: &'static str) -> Row {
    same(name, name)
}

pub(super) const fn read(from: &'static str) -> Row {
    Row { from, to: "", take: Take::Read }
}

pub(super) const fn own(from: &'static str) -> Row {
    Row { from, to: "", take: Take::Own }
}

pub(super) const fn gate(from: &'static str) -> Row {
    Row { from, to: "", take: Take::Gate }
}

pub(super) const fn secret(from: &'static str, env: &'static str) -> Row {
    Row { from, to: "", take: Take::Secret(env) }
}

pub(super) const fn left(
    from: &'static str,
    unless: &'static [&'static str],
    why: &'static str,
    hint: &'static str,
) -> Row {
    Row { from, to: "", take: Take::Left { unless, why, hint: Some(hint) } }
}

pub(super) const fn lost(
    from: &'static str,
    unless: &'static [&'static str],
    why: &'static str,
) -> Row {
    Row { from, to: "", take: Take::Left { unless, why, hint: None } }
}

pub(super) const fn group(from: &'static str, to: &'static str, rows: &'static [Row]) -> Group {
    Group { from, to, image: Image::Any, rows }
}

/// One writer a volume.
pub(super) const WRITER: &str = "an agent is a single writer, which one Pod runs";
/// How a Pod is replaced.
pub(super) const STRATEGY: &str = "a StatefulSet stops its Pod before the next starts";
/// What is said of a claim and cannot be here.
pub(super) const CLAIM: &str = "the claim has no such field here";
/// The address that the gateway listens on.
pub(super) const BIND: &str = "the gateway listens on the Pod's address";
/// Labels of the Pod.
pub(super) const LABELS: &str = "the labels of the Pod are those that Service and policy select";

/// What the charts leave open, as a note.
pub(super) const NETWORK: &str = "the NetworkPolicy is on: the agent reaches DNS and port 443, and is reached from its namespace; spec.security.networkPolicy opens more";
/// How the charts that write it once treat openclaw.json, as a note.
pub(super) const ONCE: &str = "the chart writes openclaw.json once and never again; here it is merged over the one on the volume at each start";

/// Requests and limits.
pub(super) const RESOURCES: &[Row] = &[
    to("requests.cpu", Take::Text, "requests.cpu"),
    to("requests.memory", Take::Text, "requests.memory"),
    to("limits.cpu", Take::Text, "limits.cpu"),
    to("limits.memory", Take::Text, "limits.memory"),
    left("", &[], "only cpu and memory can be asked for", "run what needs more in `spec.sidecars`"),
];

const CONTEXT: &str = "the spec has no such field";
const SECCOMP: &[&str] = &[r#"{"type":"RuntimeDefault"}"#];
const SECCOMP_TYPE: &[&str] = &[r#""RuntimeDefault""#];

/// The security context of the Pod.
pub(super) const POD_CONTEXT: &[Row] = &[
    kept("runAsUser"),
    kept("runAsGroup"),
    kept("fsGroup"),
    kept("runAsNonRoot"),
    kept("fsGroupChangePolicy"),
    lost("seccompProfile", SECCOMP, "the profile is always `RuntimeDefault`"),
    lost("", &[], CONTEXT),
];

/// The security context of the main container; its user is that of the Pod here, and comes after
/// the Pod's own, which it overrides for Kubernetes too.
pub(super) const CONTAINER_CONTEXT: &[Row] = &[
    same("runAsUser", "podSecurityContext.runAsUser"),
    same("runAsGroup", "podSecurityContext.runAsGroup"),
    same("runAsNonRoot", "podSecurityContext.runAsNonRoot"),
    same("allowPrivilegeEscalation", "containerSecurityContext.allowPrivilegeEscalation"),
    same("readOnlyRootFilesystem", "containerSecurityContext.readOnlyRootFilesystem"),
    same("capabilities.add", "containerSecurityContext.capabilities.add"),
    same("capabilities.drop", "containerSecurityContext.capabilities.drop"),
    lost("seccompProfile.type", SECCOMP_TYPE, "the profile is always `RuntimeDefault`"),
    lost("", &[], CONTEXT),
];

/// Other ways to ask whether the gateway lives.
pub(super) const HANDLER: &str = "the probes ask the gateway over HTTP";

/// A probe with the words of Kubernetes.
pub(super) const PROBE: &[Row] = &[
    kept("enabled"),
    kept("initialDelaySeconds"),
    kept("periodSeconds"),
    kept("timeoutSeconds"),
    kept("failureThreshold"),
    lost("successThreshold", &["1"], HANDLER),
    lost("tcpSocket", &[r#"{"port":"gateway"}"#, r#"{"port":18789}"#], HANDLER),
    lost("exec", &[], HANDLER),
    lost("httpGet", &[], HANDLER),
];

/// An Ingress with the words of `helm create`.
pub(super) const INGRESS: &[Row] = &[
    gate(""),
    kept("enabled"),
    kept("className"),
    kept("annotations"),
    to("hosts", Take::Hosts, "hosts"),
    kept("tls"),
];

/// A claim with the words of most charts.
pub(super) const PERSISTENCE: &[Row] = &[
    kept("enabled"),
    kept("storageClass"),
    to("accessMode", Take::One, "accessModes"),
    kept("size"),
    lost("annotations", &[], CLAIM),
];

/// A ServiceAccount with the words of `helm create`; `Draft::set_account` reads two of them.
pub(super) const ACCOUNT: &[Row] =
    &[read("create"), read("name"), same("annotations", "serviceAccountAnnotations")];

/// Where the Pod may run.
pub(super) const SCHEDULING: &[Row] =
    &[kept("nodeSelector"), kept("tolerations"), kept("affinity")];

/// What is added to the Pod.
pub(super) const EXTRAS: &[Row] = &[kept("extraVolumes"), kept("extraVolumeMounts")];
