//! Fields of the Go operator that we do not support: refused by name, never ignored.

/// A field that is refused.
pub struct Refused {
    /// Path of the parent below the root, list items as `[]`.
    pub parent: &'static str,
    /// Name of the field.
    pub field: &'static str,
    /// Its shape; CEL asks nothing about a field without a type.
    pub shape: Shape,
    /// What to do instead.
    pub hint: &'static str,
}

/// What the Go operator takes as the value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A list of texts.
    Texts,
    /// A list of mappings.
    Mappings,
    /// A mapping.
    Mapping,
    /// `true` or `false`.
    Switch,
    /// A text.
    Text,
    /// A whole number.
    Whole,
}

const fn refused(
    parent: &'static str,
    field: &'static str,
    shape: Shape,
    hint: &'static str,
) -> Refused {
    Refused { parent, field, shape, hint }
}

/// Every such field.
pub const REFUSED: &[Refused] = &[
    refused(
        "spec",
        "ollama",
        Shape::Mapping,
        "run Ollama as a sidecar in `spec.sidecars`, or beside the instance",
    ),
    refused(
        "spec",
        "plugins",
        Shape::Texts,
        "let the application install them: `plugins.entries` in openclaw.json",
    ),
    refused(
        "spec",
        "selfConfigure",
        Shape::Mapping,
        "an agent changes its instance through a pull request",
    ),
    refused(
        "spec",
        "shareProcessNamespace",
        Shape::Switch,
        "the image's own init reaps processes; remove it",
    ),
    refused(
        "spec",
        "skillPackUpdatePolicy",
        Shape::Text,
        "pin a pack with `@ref`; the pinned content is installed",
    ),
    refused("spec", "tailscale", Shape::Mapping, "run Tailscale as a sidecar in `spec.sidecars`"),
    refused("spec", "webTerminal", Shape::Mapping, "use `kubectl exec`; its rights are in RBAC"),
    refused(
        "spec.availability",
        "autoScaling",
        Shape::Mapping,
        "an agent is a single writer; remove it",
    ),
    refused(
        "spec.backup",
        "failedHistoryLimit",
        Shape::Whole,
        "backup Jobs are removed after their time to live",
    ),
    refused(
        "spec.chromium",
        "extraArgs",
        Shape::Texts,
        "run a browser of your own in `spec.sidecars`",
    ),
    refused(
        "spec.chromium",
        "extraEnv",
        Shape::Mappings,
        "run a browser of your own in `spec.sidecars`",
    ),
    refused(
        "spec.chromium",
        "persistence",
        Shape::Mapping,
        "the browser's profile lives as long as the Pod",
    ),
    refused(
        "spec.gateway",
        "enabled",
        Shape::Switch,
        "the gateway has no proxy in front of it; remove it",
    ),
    refused(
        "spec.networking.ingress.hosts[].paths[]",
        "port",
        Shape::Whole,
        "name the port in `spec.networking.service.ports`",
    ),
    refused(
        "spec.networking.ingress.security",
        "basicAuth",
        Shape::Mapping,
        "use the annotations of your ingress controller",
    ),
    refused(
        "spec.observability.metrics",
        "grafanaDashboard",
        Shape::Mapping,
        "the dashboard comes with the controller",
    ),
    refused(
        "spec.observability.metrics",
        "prometheusRule",
        Shape::Mapping,
        "the alerts come with the controller",
    ),
    refused(
        "spec.probes",
        "diskReadiness",
        Shape::Mapping,
        "watch the volume with an alert on its usage",
    ),
    refused(
        "spec.security.containerSecurityContext",
        "runAsNonRoot",
        Shape::Switch,
        "set `spec.security.podSecurityContext.runAsNonRoot`",
    ),
    refused(
        "spec.security.containerSecurityContext",
        "runAsUser",
        Shape::Whole,
        "set `spec.security.podSecurityContext.runAsUser`",
    ),
    refused(
        "spec.workspace",
        "additionalWorkspaces",
        Shape::Mappings,
        "one instance has one workspace",
    ),
    refused(
        "spec.workspace",
        "bootstrap",
        Shape::Mapping,
        "seed BOOTSTRAP.md with `spec.workspace.initialFiles`",
    ),
];
