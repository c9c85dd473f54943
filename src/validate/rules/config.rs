//! Rules about `config.raw` as a policy evaluates them, in CEL: a rule of the CRD does not see into
//! it. See [`super::warnings`] for what is common to them.

use super::{Cel, ask};

/// The application's sections that every known version takes as objects alone.
macro_rules! sections {
    () => {
        "['agents', 'approvals', 'auth', 'broadcast', 'browser', 'channels', 'commands', 'cron', \
         'diagnostics', 'discovery', 'env', 'gateway', 'hooks', 'logging', 'memory', 'messages', \
         'meta', 'models', 'nodeHost', 'plugins', 'session', 'skills', 'talk', 'tools', 'ui', \
         'update', 'wizard']"
    };
}

pub(in crate::validate) const CONFIG_SHAPE: Cel = Cel::Part(
    &[
        ask(
            "spec.config.raw",
            concat!(sections!(), ".all(s, !(s in variables.raw) || type(variables.raw[s]) == map)"),
            "found another type in a section; the application expects an object",
        ),
        ask(
            "spec.config.raw.agents.defaults",
            "!has(variables.agents.defaults) || type(variables.agents.defaults) == map && \
             (!has(variables.agents.defaults.sandbox) || type(variables.agents.defaults.sandbox) == map)",
            "found another type in it, or in its `sandbox`; the application expects an object",
        ),
    ],
    "the application's key tree is larger than a policy may be; its sections are asked",
);

pub(in crate::validate) const TWO_AGENT_LISTS: Cel = Cel::Policy(&[ask(
    "spec.config.raw.agents.list",
    "!has(variables.agents.list) || !has(variables.agents.entries)",
    "found beside `entries`: the application then ignores `list`",
)]);

pub(in crate::validate) const REFUSED_START: Cel = Cel::Policy(&[
    ask(
        "spec.config.raw.gateway.auth.mode",
        "!has(variables.auth.mode) || variables.auth.mode != 'none' || \
         has(variables.gateway.bind) && variables.gateway.bind == 'loopback'",
        "found `none`: the application refuses to listen beyond loopback without auth",
    ),
    ask(
        "spec.config.raw.gateway.mode",
        "!has(variables.gateway.mode) || type(variables.gateway.mode) != string || \
         variables.gateway.mode == 'local'",
        "allowed: `local`, as the gateway runs in this Pod",
    ),
]);

const UNTRUSTED: &str =
    "`gateway.trustedProxies` is empty: the application answers 403 to every request of a proxy";

pub(in crate::validate) const UNTRUSTED_PROXY: Cel = Cel::Policy(&[
    ask(
        "spec.networking.ingress.enabled",
        "!variables.hasIngress || object.?spec.?config.?configMapRef.hasValue() || \
         size(variables.proxies) > 0",
        UNTRUSTED,
    ),
    ask(
        "spec.networking.httpRoute.enabled",
        "variables.hasIngress || !variables.hasRoute || \
         object.?spec.?config.?configMapRef.hasValue() || size(variables.proxies) > 0",
        UNTRUSTED,
    ),
]);

// An address of IPv6 is known by its colons and digits; a reader of addresses came later than 1.30.
pub(in crate::validate) const BROAD_PROXY: Cel = Cel::Policy(&[ask(
    "spec.config.raw.gateway.trustedProxies[]",
    "variables.proxies.all(p, !string(p).matches('^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\
     ([.](25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}/([0-9]|1[0-5])|\
     [0-9A-Fa-f.]*:[0-9A-Fa-f:.]*/([0-9]|[123][0-9]|4[0-7]))$'))",
    "when it holds the node's address, readiness answers 403 for ever",
)]);

const WRITTEN_OUT: &str = "a secret is written out and will be in Git and in a ConfigMap";

pub(in crate::validate) const SECRET_IN_CONFIG: Cel = Cel::Policy(&[
    ask(
        "spec.config.raw.gateway.auth.token",
        "!has(variables.auth.token) || type(variables.auth.token) != string || \
         variables.auth.token.startsWith('${')",
        WRITTEN_OUT,
    ),
    ask(
        "spec.config.raw.gateway.auth.password",
        "!has(variables.auth.password) || type(variables.auth.password) != string || \
         variables.auth.password.startsWith('${')",
        WRITTEN_OUT,
    ),
]);

pub(in crate::validate) const LOOPBACK_BIND: Cel = Cel::Policy(&[ask(
    "spec.config.raw.gateway.bind",
    "!has(variables.gateway.bind) || type(variables.gateway.bind) != string || \
     variables.gateway.bind in ['lan', '0.0.0.0']",
    "probes and Service reach the gateway on the Pod's address",
)]);

pub(in crate::validate) const PLUGIN_ALLOW: Cel = Cel::Policy(&[ask(
    "spec.config.raw.plugins.allow",
    "!variables.metrics.?enabled.orValue(variables.metrics.?serviceMonitor.?enabled.orValue(false)) || \
     !has(variables.raw.plugins) || type(variables.raw.plugins) != map || \
     !has(variables.raw.plugins.allow) || type(variables.raw.plugins.allow) != list || \
     variables.raw.plugins.allow.exists(p, p == 'diagnostics-otel')",
    "`diagnostics-otel` is missing: the metrics are sent by that plugin",
)]);

pub(in crate::validate) const TWO_SOURCES: Cel = Cel::Policy(&[ask(
    "spec.config.raw",
    "!object.?spec.?config.?raw.hasValue() || !object.?spec.?config.?configMapRef.hasValue()",
    "ignored, as `configMapRef` takes precedence",
)]);

/// Whether a reference names no ConfigMap that the instance renders.
macro_rules! foreign {
    ($parent:literal) => {
        concat!(
            $parent,
            ".?configMapRef.?name.orValue('') != object.metadata.name + '-config' && \
             (size(object.?spec.?workspace.?initialFiles.orValue({})) == 0 || ",
            $parent,
            ".?configMapRef.?name.orValue('') != object.metadata.name + '-workspace')"
        )
    };
}

// A rule of the CRD would have to stand at the root to see the name, and what stands there is
// asked again whenever the metadata changes.
pub(in crate::validate) const OWN_CONFIG_MAP: Cel = Cel::Policy(&[
    ask("spec.config.configMapRef.name", foreign!("object.?spec.?config"), OWN),
    ask("spec.workspace.configMapRef.name", foreign!("object.?spec.?workspace"), OWN),
]);

const OWN: &str = "is the name of a ConfigMap that this instance renders";
