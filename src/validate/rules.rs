//! Rules as the API server evaluates them, in CEL.
//!
//! A pattern is RE2 and matches anywhere unless it is anchored. A rule that fails while it runs
//! refuses the instance without our message, so each asks first whether it can answer. What a rule
//! reads is bounded by a cap of [`super::admission`]: the API server refuses a CRD whose rules may
//! take too long.

pub(super) mod config;
pub(super) mod quantities;
pub(super) mod warnings;

use super::{Cel, Question};

const fn rule(at: &'static str, rule: &'static str, message: &'static str) -> Cel {
    Cel::Rule { at, rule, message }
}

const fn ask(path: &'static str, rule: &'static str, message: &'static str) -> Question {
    Question { path, rule, message }
}

/// A DNS label; its length is a cap, or asked beside it.
macro_rules! label {
    () => {
        "matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')"
    };
}

/// A DNS subdomain, such as the name of a Secret; its length is a cap.
macro_rules! subdomain {
    () => {
        "matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')"
    };
}

/// A host name, perhaps with a leading wildcard; its length is a cap.
macro_rules! host {
    () => {
        "matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')"
    };
}

/// A duration as Go reads it; the API server's own reader refuses what is too long.
macro_rules! duration {
    ($field:literal, $low:literal, $high:literal) => {
        concat!(
            "!has(self.",
            $field,
            ") || (self.",
            $field,
            ".matches('^[+]?(([0-9]+[.]?[0-9]*|[.][0-9]+)(ns|us|\u{b5}s|\u{3bc}s|ms|s|m|h))+$') && ",
            "duration(self.",
            $field,
            ") >= duration('",
            $low,
            "') && duration(self.",
            $field,
            ") <= duration('",
            $high,
            "'))"
        )
    };
}

/// Names of containers of ours.
macro_rules! reserved {
    () => {
        "['init-state', 'init-restore', 'init-config', 'init-pnpm', 'init-python', 'init-skills', \
         'openclaw', 'chromium', 'otel-collector']"
    };
}

/// Whether the container `c` declares no port of ours.
macro_rules! free_ports {
    () => {
        "(!has(c.ports) || c.ports.all(p, (has(p.protocol) && p.protocol != 'TCP') || \
         !(p.containerPort == 18789 || \
         (has(self.chromium) && has(self.chromium.enabled) && self.chromium.enabled && \
         p.containerPort == 9222) || \
         (has(self.observability) && has(self.observability.metrics) && \
         (has(self.observability.metrics.enabled) ? self.observability.metrics.enabled : \
         (has(self.observability.metrics.serviceMonitor) && \
         has(self.observability.metrics.serviceMonitor.enabled) && \
         self.observability.metrics.serviceMonitor.enabled)) && (p.containerPort == 4318 || \
         p.containerPort == (has(self.observability.metrics.port) ? \
         self.observability.metrics.port : 9090))))))"
    };
}

/// A path that leaves the workspace, or that two readers would take for different ones.
macro_rules! bad_path {
    () => {
        "(size(p) > 253 || p.contains('\\\\') || p.matches('^/|//|/$|^$|(^|/)[.][.]?(/|$)'))"
    };
}

/// At the name and not at the root: nothing at the root counts as unchanged once anything in
/// `metadata` changes, so an instance stored under a longer name could not lose its finalizer.
pub(super) const NAME: Cel = rule(
    "metadata.name",
    concat!("size(self) <= 40 && self.", label!()),
    "must be a DNS label of at most 40 characters",
);

pub(super) const USERS: Cel = rule(
    "spec.security.podSecurityContext",
    "(!has(self.runAsUser) || (self.runAsUser > 0 && self.runAsUser <= 2147483647)) && \
     (!has(self.runAsGroup) || (self.runAsGroup >= 0 && self.runAsGroup <= 2147483647)) && \
     (!has(self.fsGroup) || (self.fsGroup >= 0 && self.fsGroup <= 2147483647))",
    "runAsUser must not be 0; user and groups end at 2147483647",
);

pub(super) const CONTAINERS: Cel = rule(
    "spec",
    concat!(
        "(!has(self.initContainers) || self.initContainers.all(c, !(c.name in ",
        reserved!(),
        ") && c.name.",
        label!(),
        " && self.initContainers.exists_one(o, o.name == c.name) && (!has(self.sidecars) || \
         !self.sidecars.exists(o, o.name == c.name)))) && (!has(self.sidecars) || \
         self.sidecars.all(c, !(c.name in ",
        reserved!(),
        ") && c.name.",
        label!(),
        " && self.sidecars.exists_one(o, o.name == c.name)))"
    ),
    "names of containers must be DNS labels, unique, and not names of ours",
);

pub(super) const SKILLS: Cel = rule(
    "spec",
    "!has(self.skills) || self.skills.all(s, \
     s.matches('^(npm:|pack:)?[A-Za-z0-9_@][A-Za-z0-9_@./-]*$') && \
     !s.matches('(^|[:/])[.][.](/|$)') && self.skills.exists_one(o, o == s) && \
     (!s.startsWith('pack:') || s.matches('^pack:[^/@]*/[^/@]*/')))",
    "a skill is a slug, @owner/slug, npm:package or pack:owner/repo/path@ref, once",
);

pub(super) const CA_BUNDLE: Cel = rule(
    "spec.security.caBundle",
    concat!(
        "(has(self.configMapName) && self.configMapName != '') != \
         (has(self.secretName) && self.secretName != '') && \
         (!has(self.configMapName) || self.configMapName == '' || self.configMapName.",
        subdomain!(),
        ") && (!has(self.secretName) || self.secretName == '' || self.secretName.",
        subdomain!(),
        ") && (!has(self.key) || (self.key.matches('^[-._a-zA-Z0-9]+$') && self.key != '.' && \
         !self.key.startsWith('..')))"
    ),
    "exactly one of configMapName and secretName must be set, to the name of an object",
);

pub(super) const JSON5_SOURCE: Cel = rule(
    "spec.config",
    "!has(self.format) || self.format != 'json5' || has(self.configMapRef)",
    "format json5 needs configMapRef",
);

pub(super) const JSON5_MERGE: Cel = rule(
    "spec.config",
    "!has(self.format) || self.format != 'json5' || !has(self.mergeMode) || self.mergeMode != 'merge'",
    "format json5 cannot be merged",
);

pub(super) const CHECK_INTERVAL: Cel = rule(
    "spec.autoUpdate",
    duration!("checkInterval", "1h", "168h"),
    "checkInterval must be a duration of 1h to 168h",
);

pub(super) const HEALTH_CHECK: Cel = rule(
    "spec.autoUpdate",
    duration!("healthCheckTimeout", "2m", "30m"),
    "healthCheckTimeout must be a duration of 2m to 30m",
);

pub(super) const FORCE_PATHS: Cel = rule(
    "spec.config",
    "!has(self.forcePaths) || size(self.forcePaths) == 0 || (has(self.mergeMode) && \
     self.mergeMode == 'merge' && \
     self.forcePaths.all(p, p.matches('^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)*$')))",
    "forcePaths are dotted words and need mergeMode merge",
);

pub(super) const FIXED_ENV: Cel = rule(
    "spec",
    "!has(self.env) || self.env.all(e, !(e.name in ['HOME', 'OPENCLAW_STATE_DIR', \
     'OPENCLAW_CONFIG_PATH', 'OPENCLAW_GATEWAY_PORT', 'OPENCLAW_DISABLE_BONJOUR', \
     'XDG_CACHE_HOME', 'NPM_CONFIG_CACHE']))",
    "HOME, state, configuration, cache and port variables are fixed",
);

pub(super) const PATHS: Cel = rule(
    "spec.workspace",
    concat!(
        "(!has(self.initialFiles) || self.initialFiles.all(p, !",
        bad_path!(),
        ")) && (!has(self.initialDirectories) || self.initialDirectories.all(p, !",
        bad_path!(),
        ")) && (!has(self.configMapRef) || self.configMapRef.name.",
        subdomain!(),
        ")"
    ),
    "paths of the workspace are relative, without empty segments, . and ..; \
     configMapRef names a ConfigMap",
);

pub(super) const BACKUP_TIMEOUT: Cel = rule(
    "spec.backup",
    duration!("timeout", "5m", "24h"),
    "timeout must be a duration of 5m to 24h",
);

pub(super) const BACKUP_SCHEDULE: Cel = rule(
    "spec.backup",
    "(!has(self.schedule) || self.schedule.matches('^(@[a-z]+|[0-9A-Za-z*,/?#-]+( [0-9A-Za-z*,/?#-]+){4})$')) && \
     (!has(self.retentionDays) || (self.retentionDays >= 1 && self.retentionDays <= 365)) && \
     (!has(self.historyLimit) || (self.historyLimit >= 1 && self.historyLimit <= 100))",
    "schedule has the five fields of cron or is a name such as @daily; retentionDays is 1 to 365, \
     historyLimit 1 to 100",
);

pub(super) const INGRESS: Cel = rule(
    "spec.networking.ingress",
    concat!(
        "(!has(self.enabled) || !self.enabled || (has(self.hosts) && size(self.hosts) > 0)) && \
         (!has(self.hosts) || self.hosts.all(h, h.host.",
        host!(),
        " && (!has(h.paths) || h.paths.all(p, !has(p.path) || p.path.startsWith('/'))))) && \
         (!has(self.tls) || self.tls.all(t, (!has(t.hosts) || t.hosts.all(h, h.",
        host!(),
        ")) && (!has(t.secretName) || t.secretName.",
        subdomain!(),
        "))) && (!has(self.className) || self.className.",
        subdomain!(),
        ")"
    ),
    "an enabled ingress needs hosts; hosts, className and secretName are DNS names, paths start with /",
);

pub(super) const HTTP_ROUTE: Cel = rule(
    "spec.networking.httpRoute",
    concat!(
        "(!has(self.enabled) || !self.enabled || (has(self.parentRefs) && \
         size(self.parentRefs) > 0)) && (!has(self.hostnames) || self.hostnames.all(h, h.",
        host!(),
        ")) && (!has(self.parentRefs) || self.parentRefs.all(p, p.name.",
        subdomain!(),
        " && (!has(p.__namespace__) || p.__namespace__.",
        label!(),
        ") && (!has(p.sectionName) || p.sectionName.",
        subdomain!(),
        ")))"
    ),
    "an enabled httpRoute needs parentRefs; its names and hostnames are DNS names",
);

pub(super) const RESTORE: Cel = rule(
    "spec",
    "!has(self.restoreFrom) || (self.restoreFrom.matches('^[A-Za-z0-9_.:=+@-]+(/[A-Za-z0-9_.:=+@-]+)*$') && \
     !self.restoreFrom.matches('(^|/)[.][.]?(/|$)') && (!has(self.storage) || \
     !has(self.storage.persistence) || !has(self.storage.persistence.enabled) || \
     self.storage.persistence.enabled))",
    "restoreFrom is a path inside the bucket and needs persistence",
);

pub(super) const UNBOUND: Cel = rule(
    "spec.security.rbac",
    "!has(self.createServiceAccount) || self.createServiceAccount || \
     ((!has(self.additionalRules) || size(self.additionalRules) == 0) && \
     (!has(self.serviceAccountAnnotations) || size(self.serviceAccountAnnotations) == 0))",
    "additionalRules and serviceAccountAnnotations need createServiceAccount",
);

pub(super) const CONTAINER_PORTS: Cel = rule(
    "spec",
    concat!(
        "(!has(self.sidecars) || self.sidecars.all(c, ",
        free_ports!(),
        ")) && (!has(self.initContainers) || self.initContainers.all(c, \
         !has(c.restartPolicy) || c.restartPolicy != 'Always' || ",
        free_ports!(),
        "))"
    ),
    "containers of a Pod share one network, and ports of ours are taken",
);
