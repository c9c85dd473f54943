//! The table of rules, in the order of their codes.

use super::checks::{
    config, containers, environment, exposure, identity, kubernetes, lifecycle, network,
    references, security, workspace,
};
use super::{Cel, Check, Findings, Subject, rules};

const fn rule(
    code: &'static str,
    path: &'static str,
    run: fn(&Subject<'_>, &mut Findings<'_>),
    cel: Cel,
) -> Check {
    Check { code, path, run, cel }
}

const OPAQUE: Cel = Cel::NotExpressible("the API server keeps `config.raw` opaque");
const COSTLY: Cel =
    Cel::NotExpressible("quantities and nested lists exceed the cost budget of CEL");
const ELSEWHERE: Cel = Cel::NotExpressible("the API server checks the rendered object itself");
const OUTSIDE: Cel =
    Cel::NotExpressible("it depends on openclaw.yaml, which the cluster does not see");

/// Every rule; errors from OC0101, warnings from OC0201.
pub const CHECKS: &[Check] = &[
    rule("OC0101", "metadata.name", identity::name, rules::NAME),
    rule("OC0102", "metadata.namespace", identity::namespace, ELSEWHERE),
    rule("OC0103", "spec", identity::refused, Cel::NotExpressible("one rule a field is generated")),
    rule("OC0104", "spec.security.podSecurityContext.runAsUser", security::root, rules::USERS),
    rule("OC0105", "spec.initContainers[].name", containers::names_of, rules::CONTAINERS),
    rule("OC0106", "spec.skills[]", workspace::skills, rules::SKILLS),
    rule("OC0107", "spec.security.caBundle", security::ca_bundle, rules::CA_BUNDLE),
    rule("OC0108", "spec.config.format", config::json5_source, rules::JSON5_SOURCE),
    rule("OC0109", "spec.config.mergeMode", config::json5_merge, rules::JSON5_MERGE),
    rule(
        "OC0110",
        "spec.autoUpdate.checkInterval",
        lifecycle::check_interval,
        rules::CHECK_INTERVAL,
    ),
    rule(
        "OC0111",
        "spec.autoUpdate.healthCheckTimeout",
        lifecycle::health_check,
        rules::HEALTH_CHECK,
    ),
    rule("OC0112", "spec.config.forcePaths", config::force_paths, rules::FORCE_PATHS),
    rule("OC0113", "spec.env[].name", environment::fixed_env, rules::FIXED_ENV),
    rule("OC0114", "spec.env[].name", containers::duplicates, ELSEWHERE),
    rule("OC0115", "spec.workspace", workspace::paths, rules::PATHS),
    rule("OC0116", "spec.resources", containers::quantities, COSTLY),
    rule("OC0117", "spec.gateway.existingSecret", config::token_source, OUTSIDE),
    rule("OC0118", "spec.config.raw", config::refused, OPAQUE),
    rule("OC0119", "spec.config.raw.agents.list", config::two_agent_lists, OPAQUE),
    rule("OC0120", "spec.backup.timeout", lifecycle::backup_timeout, rules::BACKUP_TIMEOUT),
    rule("OC0121", "spec.security.networkPolicy", network::peers, ELSEWHERE),
    rule("OC0122", "spec.podAnnotations", security::annotations, ELSEWHERE),
    rule("OC0123", "spec.networking.ingress", exposure::ingress, rules::INGRESS),
    rule("OC0124", "spec.networking.httpRoute", exposure::http_route, rules::HTTP_ROUTE),
    rule("OC0125", "spec.networking.service.ports", network::service_ports, ELSEWHERE),
    rule("OC0126", "spec.restoreFrom", lifecycle::restore, rules::RESTORE),
    rule("OC0127", "spec.image", identity::image, ELSEWHERE),
    rule("OC0128", "spec.workspace.initialFiles", workspace::sizes, COSTLY),
    rule("OC0129", "spec.config.raw.gateway", config::refused_start, OPAQUE),
    rule("OC0130", "spec.storage.persistence", lifecycle::persistence, ELSEWHERE),
    rule("OC0131", "spec.security.rbac", security::rbac, ELSEWHERE),
    rule("OC0132", "spec.observability.metrics.port", network::metrics_port, ELSEWHERE),
    rule("OC0133", "spec.config.configMapRef", references::config, ELSEWHERE),
    rule("OC0134", "spec.extraVolumeMounts", containers::mounts, ELSEWHERE),
    rule("OC0135", "metadata.labels", identity::metadata, ELSEWHERE),
    rule(
        "OC0136",
        "spec.observability.metrics.serviceMonitor",
        network::service_monitor,
        ELSEWHERE,
    ),
    rule("OC0137", "spec.security.rbac.additionalRules", security::unbound, rules::UNBOUND),
    rule(
        "OC0138",
        "spec.sidecars[].ports[].containerPort",
        network::container_ports,
        rules::CONTAINER_PORTS,
    ),
    rule("OC0139", "spec.config.configMapRef.name", references::own, rules::OWN_CONFIG_MAP),
    rule("OC0201", "spec.security.networkPolicy.enabled", network::open_network, Cel::Warning),
    rule("OC0202", "spec.networking.ingress.tls", exposure::no_tls, Cel::Warning),
    rule("OC0203", "spec.chromium.image.digest", containers::browser_digest, Cel::Warning),
    rule("OC0204", "spec.autoUpdate.enabled", lifecycle::digest_update, Cel::Warning),
    rule(
        "OC0205",
        "spec.security.containerSecurityContext.readOnlyRootFilesystem",
        security::writable_root,
        Cel::Warning,
    ),
    rule("OC0206", "spec.envFrom", environment::no_provider, Cel::Warning),
    rule("OC0207", "spec.config.raw", config::doubtful, Cel::Warning),
    rule("OC0208", "spec.image.tag", identity::moving_tag, Cel::Warning),
    rule("OC0209", "spec.resources.limits.memory", identity::memory_floor, Cel::Warning),
    rule("OC0210", "spec.image.tag", identity::extended_line, Cel::Warning),
    rule("OC0211", "spec.security", security::weakened, Cel::Warning),
    rule("OC0212", "spec.networking.ingress.enabled", config::untrusted_proxy, Cel::Warning),
    rule("OC0213", "spec.config.raw.gateway.trustedProxies", config::broad_proxy, Cel::Warning),
    rule("OC0214", "spec.skills[]", workspace::unpinned, Cel::Warning),
    rule("OC0215", "spec.env[].name", environment::chromium_url, Cel::Warning),
    rule("OC0216", "spec.networking", network::cluster_namespaces, Cel::Warning),
    rule("OC0217", "spec.config.raw.gateway.auth", config::secret_in_config, Cel::Warning),
    rule("OC0218", "spec.env[].value", environment::secret_in_env, Cel::Warning),
    rule("OC0219", "spec.networking.ingress.className", exposure::unknown_class, Cel::Warning),
    rule(
        "OC0220",
        "spec.observability.metrics.serviceMonitor.enabled",
        network::monitor_without_metrics,
        Cel::Warning,
    ),
    rule(
        "OC0221",
        "spec.availability.podDisruptionBudget.maxUnavailable",
        lifecycle::blocking_budget,
        Cel::Warning,
    ),
    rule("OC0222", "spec.networking.service.type", network::closed_service, Cel::Warning),
    rule("OC0223", "spec.config.raw.gateway.bind", config::loopback_bind, Cel::Warning),
    rule("OC0224", "spec.config.raw.plugins.allow", config::plugin_allow, Cel::Warning),
    rule("OC0225", "spec.sidecars[].securityContext", containers::pod_security, Cel::Warning),
    rule("OC0226", "spec.config.raw", config::two_sources, Cel::Warning),
    rule("OC0227", "spec.storage.persistence.enabled", lifecycle::ephemeral, Cel::Warning),
    rule("OC0228", "spec", kubernetes::newer_fields, Cel::Warning),
];
