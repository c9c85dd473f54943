//! Fields of the Go operator that we do not support: refused by name, never ignored.

/// A field that is refused.
pub struct Refused {
    /// Path of the parent below the root, list items as `[]`.
    pub parent: &'static str,
    /// Name of the field.
    pub field: &'static str,
    /// What to do instead.
    pub hint: &'static str,
}

const fn refused(parent: &'static str, field: &'static str, hint: &'static str) -> Refused {
    Refused { parent, field, hint }
}

/// Every such field.
pub const REFUSED: &[Refused] = &[
    refused("spec", "ollama", "run Ollama as a sidecar in `spec.sidecars`, or beside the instance"),
    refused(
        "spec",
        "plugins",
        "let the application install them: `plugins.entries` in openclaw.json",
    ),
    refused("spec", "selfConfigure", "an agent changes its instance through a pull request"),
    refused("spec", "shareProcessNamespace", "the image's own init reaps processes; remove it"),
    refused(
        "spec",
        "skillPackUpdatePolicy",
        "pin a pack with `@ref`; the pinned content is installed",
    ),
    refused("spec", "tailscale", "run Tailscale as a sidecar in `spec.sidecars`"),
    refused("spec", "webTerminal", "use `kubectl exec`; its rights are in RBAC"),
    refused("spec.availability", "autoScaling", "an agent is a single writer; remove it"),
    refused(
        "spec.backup",
        "failedHistoryLimit",
        "backup Jobs are removed after their time to live",
    ),
    refused("spec.backup", "historyLimit", "backup Jobs are removed after their time to live"),
    refused("spec.backup", "retentionDays", "set a lifecycle rule on the bucket"),
    refused("spec.backup", "schedule", "scheduled backups are not supported yet"),
    refused("spec.chromium", "extraArgs", "run a browser of your own in `spec.sidecars`"),
    refused("spec.chromium", "extraEnv", "run a browser of your own in `spec.sidecars`"),
    refused("spec.chromium", "persistence", "the browser's profile lives as long as the Pod"),
    refused("spec.gateway", "enabled", "the gateway has no proxy in front of it; remove it"),
    refused(
        "spec.networking.ingress.hosts[].paths[]",
        "port",
        "name the port in `spec.networking.service.ports`",
    ),
    refused(
        "spec.networking.ingress.security",
        "basicAuth",
        "use the annotations of your ingress controller",
    ),
    refused(
        "spec.observability.metrics",
        "grafanaDashboard",
        "the dashboard comes with the controller",
    ),
    refused("spec.observability.metrics", "prometheusRule", "the alerts come with the controller"),
    refused("spec.probes", "diskReadiness", "watch the volume with an alert on its usage"),
    refused(
        "spec.security.containerSecurityContext",
        "runAsNonRoot",
        "set `spec.security.podSecurityContext.runAsNonRoot`",
    ),
    refused(
        "spec.security.containerSecurityContext",
        "runAsUser",
        "set `spec.security.podSecurityContext.runAsUser`",
    ),
    refused("spec.workspace", "additionalWorkspaces", "one instance has one workspace"),
    refused("spec.workspace", "bootstrap", "seed BOOTSTRAP.md with `spec.workspace.initialFiles`"),
];
