//! Rules of an instance about what has to fit together: rights, ports, references, labels.

use super::{Code, Severity};

/// Rows of the table of codes.
pub(super) const JOINS: &[Code] = &[
    Code {
        code: "OC0131",
        severity: Severity::Error,
        title: "RBAC",
        explain: "A rule needs groups, resources and verbs, and a ServiceAccount that is not rendered needs a name.",
        wrong: "rbac: {createServiceAccount: false}",
        right: "rbac: {createServiceAccount: false, serviceAccountName: agents}",
    },
    Code {
        code: "OC0132",
        severity: Severity::Error,
        title: "port of the metrics",
        explain: "The port is taken by another listener of the Pod.",
        wrong: "metrics: {enabled: true, port: 18789}",
        right: "metrics: {enabled: true, port: 9090}",
    },
    Code {
        code: "OC0133",
        severity: Severity::Error,
        title: "reference to a ConfigMap",
        explain: "The ConfigMap must have a legal name, and so must its key.",
        wrong: "configMapRef: {name: My_Config}",
        right: "configMapRef: {name: my-config}",
    },
    Code {
        code: "OC0134",
        severity: Severity::Error,
        title: "mount",
        explain: "A mount names a volume of the Pod, stays inside it, and keeps out of the paths that the Pod is built around.",
        wrong: "extraVolumeMounts: [{name: nowhere, mountPath: /x}]",
        right: "extraVolumes: [{name: x, emptyDir: {}}]",
    },
    Code {
        code: "OC0135",
        severity: Severity::Error,
        title: "labels and annotations of the instance",
        explain: "They are passed through to the object in the cluster, so they follow the grammar of Kubernetes.",
        wrong: "metadata: {labels: {a b: c}}",
        right: "metadata: {labels: {team: agents}}",
    },
    Code {
        code: "OC0136",
        severity: Severity::Error,
        title: "ServiceMonitor",
        explain: "Prometheus finds it by its labels and asks at its interval.",
        wrong: "serviceMonitor: {interval: often}",
        right: "serviceMonitor: {interval: 15s}",
    },
    Code {
        code: "OC0137",
        severity: Severity::Error,
        title: "rights for nobody",
        explain: "Rules and annotations go into the Role and the ServiceAccount that are rendered. With `createServiceAccount: false` neither is, and the Pod would run without what the file grants it.",
        wrong: "rbac: {createServiceAccount: false, serviceAccountName: agents, additionalRules: […]}",
        right: "rbac: {additionalRules: […]}",
    },
    Code {
        code: "OC0138",
        severity: Severity::Error,
        title: "port in the Pod",
        explain: "All containers of a Pod share one network: whichever binds a port second fails and restarts for ever. Taken are 18789 by the gateway, 9222 by the browser, and with metrics 4318 and the port of the metrics by the collector.",
        wrong: "sidecars: [{name: proxy, image: \"envoy:v1\", ports: [{containerPort: 18789}]}]",
        right: "sidecars: [{name: proxy, image: \"envoy:v1\", ports: [{containerPort: 8443}]}]",
    },
    Code {
        code: "OC0139",
        severity: Severity::Error,
        title: "reference to a rendered ConfigMap",
        explain: "The instance `my-agent` renders `my-agent-config`, and with `initialFiles` also `my-agent-workspace`. Another ConfigMap of that name in the namespace is replaced by them, and the Pod would look for its configuration in its own scripts.",
        wrong: "configMapRef: {name: my-agent-config}",
        right: "configMapRef: {name: my-agent-settings}",
    },
];
