//! The templates, embedded in the binary.

/// Name and text of a template.
pub type Template = (&'static str, &'static str);

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

/// Every template, by its name below `templates/`.
pub const TEMPLATES: &[Template] = templates![
    "config-map.yaml.j2",
    "controller-role-binding.yaml.j2",
    "controller-role.yaml.j2",
    "http-route.yaml.j2",
    "ingress.yaml.j2",
    "install/cluster-role-binding.yaml.j2",
    "install/cluster-role.yaml.j2",
    "install/config-map.yaml.j2",
    "install/dashboard.yaml.j2",
    "install/deployment.yaml.j2",
    "install/namespace.yaml.j2",
    "install/network-policy.yaml.j2",
    "install/pod-disruption-budget.yaml.j2",
    "install/pod-monitor.yaml.j2",
    "install/prometheus-rule.yaml.j2",
    "install/role-binding.yaml.j2",
    "install/role.yaml.j2",
    "install/service-account.yaml.j2",
    "install/service-monitor.yaml.j2",
    "install/service.yaml.j2",
    "install/write-policy-binding.yaml.j2",
    "install/write-policy.yaml.j2",
    "middleware-hsts.yaml.j2",
    "middleware-rate-limit.yaml.j2",
    "middleware-redirect.yaml.j2",
    "network-policy.yaml.j2",
    "openclaw-instance.yaml.j2",
    "persistent-volume-claim.yaml.j2",
    "pod-disruption-budget.yaml.j2",
    "pod/chromium.yaml.j2",
    "pod/init-config.yaml.j2",
    "pod/init-pnpm.yaml.j2",
    "pod/init-python.yaml.j2",
    "pod/init-restore.yaml.j2",
    "pod/init-skills.yaml.j2",
    "pod/init-state.yaml.j2",
    "pod/main.yaml.j2",
    "pod/otel-collector.yaml.j2",
    "role-binding.yaml.j2",
    "role.yaml.j2",
    "service-account.yaml.j2",
    "service-monitor.yaml.j2",
    "service.yaml.j2",
    "stateful-set.yaml.j2",
    "workspace-config-map.yaml.j2",
];
