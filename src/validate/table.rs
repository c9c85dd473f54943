//! The table of rules, in the order of their codes.

use super::checks::{
    config, containers, environment, exposure, identity, kubernetes, lifecycle, network,
    references, security, workspace,
};
use super::rules::{self, config as of_config, quantities as of_quantities, warnings};
use super::{Cel, Check, Findings, Subject};

const fn rule(
    code: &'static str,
    path: &'static str,
    run: fn(&Subject<'_>, &mut Findings<'_>),
    cel: Cel,
) -> Check {
    Check { code, path, run, cel }
}

const LARGE: Cel = Cel::NotExpressible("the application's key tree is larger than a policy may be");
const SIZES: Cel = Cel::NotExpressible("CEL counts no bytes and adds nothing up");
const ELSEWHERE: Cel = Cel::NotExpressible("the API server checks the rendered object itself");
const OUTSIDE: Cel =
    Cel::NotExpressible("it depends on openclaw.yaml, which the cluster does not see");
const CALENDAR: Cel = Cel::NotExpressible("CEL has no calendar");
const LIVE: Cel = Cel::NotExpressible("every object of a cluster has one");

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
    rule("OC0116", "spec.resources", containers::quantities, of_quantities::QUANTITIES),
    rule("OC0117", "spec.gateway.existingSecret", config::token_source, OUTSIDE),
    rule("OC0118", "spec.config.raw", config::refused, of_config::CONFIG_SHAPE),
    rule(
        "OC0119",
        "spec.config.raw.agents.list",
        config::two_agent_lists,
        of_config::TWO_AGENT_LISTS,
    ),
    rule("OC0120", "spec.backup.timeout", lifecycle::backup_timeout, rules::BACKUP_TIMEOUT),
    rule("OC0121", "spec.security.networkPolicy", network::peers, ELSEWHERE),
    rule("OC0122", "spec.podAnnotations", security::annotations, ELSEWHERE),
    rule("OC0123", "spec.networking.ingress", exposure::ingress, rules::INGRESS),
    rule("OC0124", "spec.networking.httpRoute", exposure::http_route, rules::HTTP_ROUTE),
    rule("OC0125", "spec.networking.service.ports", network::service_ports, ELSEWHERE),
    rule("OC0126", "spec.restoreFrom", lifecycle::restore, rules::RESTORE),
    rule("OC0127", "spec.image", identity::image, ELSEWHERE),
    rule("OC0128", "spec.workspace.initialFiles", workspace::sizes, SIZES),
    rule("OC0129", "spec.config.raw.gateway", config::refused_start, of_config::REFUSED_START),
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
    rule("OC0139", "spec.config.configMapRef.name", references::own, of_config::OWN_CONFIG_MAP),
    rule("OC0140", "spec.backup.schedule", lifecycle::backup_schedule, rules::BACKUP_SCHEDULE),
    rule("OC0141", "spec.backup.schedule", lifecycle::backup_calendar, CALENDAR),
    rule(
        "OC0201",
        "spec.security.networkPolicy.enabled",
        network::open_network,
        warnings::OPEN_NETWORK,
    ),
    rule("OC0202", "spec.networking.ingress.tls", exposure::no_tls, warnings::NO_TLS),
    rule(
        "OC0203",
        "spec.chromium.image.digest",
        containers::browser_digest,
        warnings::BROWSER_DIGEST,
    ),
    rule("OC0204", "spec.autoUpdate.enabled", lifecycle::digest_update, warnings::DIGEST_UPDATE),
    rule(
        "OC0205",
        "spec.security.containerSecurityContext.readOnlyRootFilesystem",
        security::writable_root,
        warnings::WRITABLE_ROOT,
    ),
    rule("OC0206", "spec.envFrom", environment::no_provider, warnings::NO_PROVIDER),
    rule("OC0207", "spec.config.raw", config::doubtful, LARGE),
    rule("OC0208", "spec.image.tag", identity::moving_tag, warnings::MOVING_TAG),
    rule("OC0209", "spec.resources.limits.memory", identity::memory_floor, warnings::MEMORY_FLOOR),
    rule("OC0210", "spec.image.tag", identity::extended_line, warnings::EXTENDED_LINE),
    rule("OC0211", "spec.security", security::weakened, warnings::WEAKENED),
    rule(
        "OC0212",
        "spec.networking.ingress.enabled",
        config::untrusted_proxy,
        of_config::UNTRUSTED_PROXY,
    ),
    rule(
        "OC0213",
        "spec.config.raw.gateway.trustedProxies",
        config::broad_proxy,
        of_config::BROAD_PROXY,
    ),
    rule("OC0214", "spec.skills[]", workspace::unpinned, warnings::UNPINNED),
    rule("OC0215", "spec.env[].name", environment::chromium_url, warnings::CHROMIUM_URL),
    rule("OC0216", "spec.networking", network::cluster_namespaces, OUTSIDE),
    rule(
        "OC0217",
        "spec.config.raw.gateway.auth",
        config::secret_in_config,
        of_config::SECRET_IN_CONFIG,
    ),
    rule("OC0218", "spec.env[].value", environment::secret_in_env, warnings::SECRET_IN_ENV),
    rule(
        "OC0219",
        "spec.networking.ingress.className",
        exposure::unknown_class,
        warnings::UNKNOWN_CLASS,
    ),
    rule(
        "OC0220",
        "spec.observability.metrics.serviceMonitor.enabled",
        network::monitor_without_metrics,
        warnings::MONITOR_WITHOUT_METRICS,
    ),
    rule(
        "OC0221",
        "spec.availability.podDisruptionBudget.maxUnavailable",
        lifecycle::blocking_budget,
        warnings::BLOCKING_BUDGET,
    ),
    rule(
        "OC0222",
        "spec.networking.service.type",
        network::closed_service,
        warnings::CLOSED_SERVICE,
    ),
    rule("OC0223", "spec.config.raw.gateway.bind", config::loopback_bind, of_config::LOOPBACK_BIND),
    rule("OC0224", "spec.config.raw.plugins.allow", config::plugin_allow, of_config::PLUGIN_ALLOW),
    rule(
        "OC0225",
        "spec.sidecars[].securityContext",
        containers::pod_security,
        warnings::POD_SECURITY,
    ),
    rule("OC0226", "spec.config.raw", config::two_sources, of_config::TWO_SOURCES),
    rule("OC0227", "spec.storage.persistence.enabled", lifecycle::ephemeral, warnings::EPHEMERAL),
    rule("OC0228", "spec", kubernetes::newer_fields, OUTSIDE),
    rule("OC0229", "metadata.uid", identity::exported, LIVE),
];
