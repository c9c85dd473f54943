//! The table of rules, in the order of their codes.

use super::checks::{
    config, containers, environment, exposure, identity, lifecycle, network, security, workspace,
};
use super::{Cel, Check, Findings, Subject};

const fn rule(
    code: &'static str,
    path: &'static str,
    run: fn(&Subject<'_>, &mut Findings<'_>),
    cel: Cel,
) -> Check {
    Check { code, path, run, cel }
}

const fn cel(at: &'static str, rule: &'static str, message: &'static str) -> Cel {
    Cel::Rule { at, rule, message }
}

const OPAQUE: Cel = Cel::NotExpressible("the API server keeps `config.raw` opaque");
const COSTLY: Cel =
    Cel::NotExpressible("quantities and nested lists exceed the cost budget of CEL");
const ELSEWHERE: Cel = Cel::NotExpressible("the API server checks the rendered object itself");
const OUTSIDE: Cel =
    Cel::NotExpressible("it depends on openclaw.yaml, which the cluster does not see");

/// Every rule; errors from OC0101, warnings from OC0201.
pub const CHECKS: &[Check] = &[
    rule(
        "OC0101",
        "metadata.name",
        identity::name,
        cel(
            "",
            "size(self.metadata.name) <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
            "metadata.name must be a DNS label of at most 40 characters",
        ),
    ),
    rule("OC0102", "metadata.namespace", identity::namespace, ELSEWHERE),
    rule("OC0103", "spec", identity::refused, Cel::NotExpressible("one rule a field is generated")),
    rule(
        "OC0104",
        "spec.security.podSecurityContext.runAsUser",
        security::root,
        cel(
            "spec.security.podSecurityContext",
            "(!has(self.runAsUser) || (self.runAsUser > 0 && self.runAsUser <= 2147483647)) \
             && (!has(self.runAsGroup) || (self.runAsGroup >= 0 && self.runAsGroup <= 2147483647)) \
             && (!has(self.fsGroup) || (self.fsGroup >= 0 && self.fsGroup <= 2147483647))",
            "runAsUser must not be 0; user and groups end at 2147483647",
        ),
    ),
    rule(
        "OC0105",
        "spec.initContainers[].name",
        containers::names_of,
        cel(
            "spec",
            "(!has(self.initContainers) || self.initContainers.all(c, !(c.name in ['init-state', \
             'init-restore', 'init-config', 'init-pnpm', 'init-python', 'init-skills', 'openclaw', \
             'chromium', 'otel-collector']) && c.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$') \
             && self.initContainers.exists_one(o, o.name == c.name) && (!has(self.sidecars) || \
             !self.sidecars.exists(o, o.name == c.name)))) && (!has(self.sidecars) || \
             self.sidecars.all(c, !(c.name in ['init-state', 'init-restore', 'init-config', \
             'init-pnpm', 'init-python', 'init-skills', 'openclaw', 'chromium', 'otel-collector']) \
             && c.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$') && \
             self.sidecars.exists_one(o, o.name == c.name)))",
            "names of containers must be DNS labels, unique, and not names of ours",
        ),
    ),
    rule(
        "OC0106",
        "spec.skills[]",
        workspace::skills,
        cel(
            "spec",
            "!has(self.skills) || self.skills.all(s, size(s) <= 128 && \
             s.matches('^(npm:|pack:)?[A-Za-z0-9_@][A-Za-z0-9_@./-]*$') && \
             !s.matches('(^|[:/])[.][.](/|$)') && self.skills.exists_one(o, o == s) && \
             (!s.startsWith('pack:') || s.matches('^pack:[^/@]*/[^/@]*/')))",
            "a skill is a slug, @owner/slug, npm:package or pack:owner/repo/path@ref, once",
        ),
    ),
    rule(
        "OC0107",
        "spec.security.caBundle",
        security::ca_bundle,
        cel(
            "spec.security.caBundle",
            "(has(self.configMapName) && self.configMapName != '') != (has(self.secretName) && self.secretName != '')",
            "exactly one of configMapName and secretName must be set",
        ),
    ),
    rule(
        "OC0108",
        "spec.config.format",
        config::json5_source,
        cel(
            "spec.config",
            "!has(self.format) || self.format != 'json5' || has(self.configMapRef)",
            "format json5 needs configMapRef",
        ),
    ),
    rule(
        "OC0109",
        "spec.config.mergeMode",
        config::json5_merge,
        cel(
            "spec.config",
            "!has(self.format) || self.format != 'json5' || !has(self.mergeMode) || self.mergeMode != 'merge'",
            "format json5 cannot be merged",
        ),
    ),
    rule(
        "OC0110",
        "spec.autoUpdate.checkInterval",
        lifecycle::check_interval,
        cel(
            "spec.autoUpdate",
            "!has(self.checkInterval) || (duration(self.checkInterval) >= duration('1h') && duration(self.checkInterval) <= duration('168h'))",
            "checkInterval must be a duration of 1h to 168h",
        ),
    ),
    rule(
        "OC0111",
        "spec.autoUpdate.healthCheckTimeout",
        lifecycle::health_check,
        cel(
            "spec.autoUpdate",
            "!has(self.healthCheckTimeout) || (duration(self.healthCheckTimeout) >= duration('2m') && duration(self.healthCheckTimeout) <= duration('30m'))",
            "healthCheckTimeout must be a duration of 2m to 30m",
        ),
    ),
    rule(
        "OC0112",
        "spec.config.forcePaths",
        config::force_paths,
        cel(
            "spec.config",
            "!has(self.forcePaths) || size(self.forcePaths) == 0 || (has(self.mergeMode) && \
             self.mergeMode == 'merge' && self.forcePaths.all(p, size(p) <= 253 && p.matches('^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$')))",
            "forcePaths are dotted words and need mergeMode merge",
        ),
    ),
    rule(
        "OC0113",
        "spec.env[].name",
        environment::fixed_env,
        cel(
            "spec",
            "!has(self.env) || self.env.all(e, !(e.name in ['HOME', 'OPENCLAW_STATE_DIR', \
             'OPENCLAW_CONFIG_PATH', 'OPENCLAW_GATEWAY_PORT', 'OPENCLAW_DISABLE_BONJOUR', \
             'XDG_CACHE_HOME', 'NPM_CONFIG_CACHE']))",
            "HOME, state, configuration, cache and port variables are fixed",
        ),
    ),
    rule("OC0114", "spec.env[].name", containers::duplicates, ELSEWHERE),
    rule(
        "OC0115",
        "spec.workspace",
        workspace::paths,
        cel(
            "spec.workspace",
            "(!has(self.initialFiles) || self.initialFiles.all(p, size(p) <= 253 && \
             !p.contains('\\\\') && !p.matches('^/|//|/$|^$|(^|/)[.][.]?(/|$)'))) && \
             (!has(self.initialDirectories) || self.initialDirectories.all(p, size(p) <= 253 && \
             !p.contains('\\\\') && !p.matches('^/|//|/$|^$|(^|/)[.][.]?(/|$)')))",
            "paths of the workspace are relative, without empty segments, . and ..",
        ),
    ),
    rule("OC0116", "spec.resources", containers::quantities, COSTLY),
    rule("OC0117", "spec.gateway.existingSecret", config::token_source, OUTSIDE),
    rule("OC0118", "spec.config.raw", config::refused, OPAQUE),
    rule("OC0119", "spec.config.raw.agents.list", config::two_agent_lists, OPAQUE),
    rule(
        "OC0120",
        "spec.backup.timeout",
        lifecycle::backup_timeout,
        cel(
            "spec.backup",
            "!has(self.timeout) || (duration(self.timeout) >= duration('5m') && duration(self.timeout) <= duration('24h'))",
            "timeout must be a duration of 5m to 24h",
        ),
    ),
    rule("OC0121", "spec.security.networkPolicy", network::peers, ELSEWHERE),
    rule("OC0122", "spec.podAnnotations", security::annotations, ELSEWHERE),
    rule(
        "OC0123",
        "spec.networking.ingress",
        exposure::ingress,
        cel(
            "spec.networking.ingress",
            "!has(self.enabled) || !self.enabled || (has(self.hosts) && size(self.hosts) > 0)",
            "an enabled ingress needs hosts",
        ),
    ),
    rule(
        "OC0124",
        "spec.networking.httpRoute",
        exposure::http_route,
        cel(
            "spec.networking.httpRoute",
            "!has(self.enabled) || !self.enabled || (has(self.parentRefs) && size(self.parentRefs) > 0)",
            "an enabled httpRoute needs parentRefs",
        ),
    ),
    rule("OC0125", "spec.networking.service.ports", network::service_ports, ELSEWHERE),
    rule(
        "OC0126",
        "spec.restoreFrom",
        lifecycle::restore,
        cel(
            "spec",
            "!has(self.restoreFrom) || (size(self.restoreFrom) <= 512 && \
             self.restoreFrom.matches('^[A-Za-z0-9_.:=+@-]+(/[A-Za-z0-9_.:=+@-]+)*$') && \
             !self.restoreFrom.matches('(^|/)[.][.]?(/|$)') && (!has(self.storage) || \
             !has(self.storage.persistence) || !has(self.storage.persistence.enabled) || \
             self.storage.persistence.enabled))",
            "restoreFrom is a path inside the bucket and needs persistence",
        ),
    ),
    rule("OC0127", "spec.image", identity::image, ELSEWHERE),
    rule("OC0128", "spec.workspace.initialFiles", workspace::sizes, COSTLY),
    rule("OC0129", "spec.config.raw.gateway", config::refused_start, OPAQUE),
    rule("OC0130", "spec.storage.persistence", lifecycle::persistence, ELSEWHERE),
    rule("OC0131", "spec.security.rbac", security::rbac, ELSEWHERE),
    rule("OC0132", "spec.observability.metrics.port", network::metrics_port, ELSEWHERE),
    rule("OC0133", "spec.config.configMapRef", config::reference, ELSEWHERE),
    rule("OC0134", "spec.extraVolumeMounts", containers::mounts, ELSEWHERE),
    rule("OC0135", "metadata.labels", identity::metadata, ELSEWHERE),
    rule(
        "OC0136",
        "spec.observability.metrics.serviceMonitor",
        network::service_monitor,
        ELSEWHERE,
    ),
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
];
