//! Warnings as a ValidatingAdmissionPolicy evaluates them, in CEL.
//!
//! `object` is what is written; `variables` are those of [`super::super::policies`]. True is good.
//! A rule that fails while it runs says nothing, so each asks first what it reads. The libraries
//! are those of Kubernetes 1.29, because 1.30 compiles a policy with what the release before had.
//! A message is the end of what `validate` says there.

use super::{Cel, ask};

pub(in crate::validate) const OPEN_NETWORK: Cel = Cel::Policy(&[ask(
    "spec.security.networkPolicy.enabled",
    "variables.networkPolicy.?enabled.orValue(true) == true",
    "found `false`: every Pod of the cluster may reach the agent, and it may reach everything",
)]);

pub(in crate::validate) const NO_TLS: Cel = Cel::Policy(&[
    ask(
        "spec.networking.ingress",
        "!variables.hasIngress || size(variables.ingress.?tls.orValue([])) > 0",
        "`tls` is missing: the token travels in the clear",
    ),
    ask(
        "spec.networking.ingress.security.forceHTTPS",
        "!variables.hasIngress || variables.ingress.?security.?forceHTTPS.orValue(true)",
        "found `false`: plain HTTP is served too",
    ),
]);

pub(in crate::validate) const BROWSER_DIGEST: Cel = Cel::Policy(&[ask(
    "spec.chromium",
    "!object.?spec.?chromium.?enabled.orValue(false) || \
     object.?spec.?chromium.?image.?digest.hasValue()",
    "the browser's image is pinned by tag, not by digest",
)]);

pub(in crate::validate) const DIGEST_UPDATE: Cel = Cel::Policy(&[ask(
    "spec.autoUpdate.enabled",
    "!object.?spec.?autoUpdate.?enabled.orValue(false) || !variables.image.?digest.hasValue()",
    "has no effect: `image.digest` overrides every update",
)]);

pub(in crate::validate) const WRITABLE_ROOT: Cel = Cel::Policy(&[ask(
    "spec.security.containerSecurityContext.readOnlyRootFilesystem",
    "variables.context.?readOnlyRootFilesystem.orValue(true) == true",
    "found `false`: the image can be changed while it runs",
)]);

pub(in crate::validate) const NO_PROVIDER: Cel = Cel::Policy(&[ask(
    "spec",
    "size(object.?spec.?envFrom.orValue([])) > 0 || variables.env.exists(e, \
     e.name.matches('^(ANTHROPIC|OPENAI|GOOGLE|GEMINI|AZURE_OPENAI|AWS|MISTRAL|COHERE|TOGETHER|\
     GROQ|FIREWORKS|DEEPSEEK|OPENROUTER|XAI|BEDROCK)_'))",
    "no key of an AI provider is in sight: neither `env` nor `envFrom` has one",
)]);

pub(in crate::validate) const MOVING_TAG: Cel = Cel::Policy(&[
    ask(
        "spec.image",
        "variables.image.?digest.hasValue() || variables.image.?tag.hasValue()",
        "`latest` moves: a restart may start another version",
    ),
    ask(
        "spec.image.tag",
        "variables.image.?digest.hasValue() || !(variables.image.?tag.orValue('') in \
         ['latest', 'main', 'slim', 'stable', 'extended-stable'])",
        "moves: a restart may start another version",
    ),
]);

/// The limit, where it is a quantity, against the floor of the version.
macro_rules! memory {
    ($versions:literal, $floor:literal) => {
        concat!(
            $versions,
            " || object.?spec.?resources.?limits.?memory.optMap(m, !isQuantity(m) || \
             !quantity(m).isLessThan(quantity('",
            $floor,
            "'))).orValue(true)"
        )
    };
}

pub(in crate::validate) const MEMORY_FLOOR: Cel = Cel::Policy(&[
    ask(
        "spec.resources.limits.memory",
        memory!("variables.isOld", "1Gi"),
        "this version is killed at its start below `1Gi`",
    ),
    ask(
        "spec.resources.limits.memory",
        memory!("!variables.isOld", "2Gi"),
        "this version is killed at its start below `2Gi`",
    ),
]);

pub(in crate::validate) const EXTENDED_LINE: Cel = Cel::Policy(&[ask(
    "spec.image.tag",
    "size(variables.version) != 3 || variables.version[2] < 33",
    "belongs to the extended line: a patch number of 33 or more",
)]);

pub(in crate::validate) const WEAKENED: Cel = Cel::Policy(&[
    ask(
        "spec.security.containerSecurityContext.allowPrivilegeEscalation",
        "!variables.context.?allowPrivilegeEscalation.orValue(false)",
        "found `true`: a process may gain more rights",
    ),
    ask(
        "spec.security.podSecurityContext.runAsNonRoot",
        "object.?spec.?security.?podSecurityContext.?runAsNonRoot.orValue(true) == true",
        "found `false`: an image may run as root",
    ),
    ask(
        "spec.security.containerSecurityContext.capabilities.drop",
        "variables.context.?capabilities.?drop.orValue(['ALL']).exists(c, c == 'ALL')",
        "`ALL` is missing: the container keeps capabilities",
    ),
    ask(
        "spec.security.containerSecurityContext.capabilities.add",
        "variables.context.?capabilities.?add.orValue([]).all(c, c == 'NET_BIND_SERVICE')",
        "found capabilities beyond `NET_BIND_SERVICE`",
    ),
]);

pub(in crate::validate) const UNPINNED: Cel = Cel::Policy(&[ask(
    "spec.skills[]",
    "object.?spec.?skills.orValue([]).all(s, s.matches('^(npm|pack):') ? \
     s.matches('^[a-z]+:..*@') : s.matches('^..*@'))",
    "is not pinned: whatever is newest is installed",
)]);

pub(in crate::validate) const CHROMIUM_URL: Cel = Cel::Policy(&[ask(
    "spec.env[].name",
    "variables.env.all(e, e.name != 'CHROMIUM_URL')",
    "no version of the application reads `CHROMIUM_URL`",
)]);

pub(in crate::validate) const SECRET_IN_ENV: Cel = Cel::Policy(&[ask(
    "spec.env[].value",
    "variables.env.all(e, !e.name.matches('_(KEY|TOKEN|SECRET|PASSWORD)$') || \
     e.?value.orValue('') == '' || e.value.contains('$('))",
    "is written out and will be in Git",
)]);

pub(in crate::validate) const UNKNOWN_CLASS: Cel = Cel::Policy(&[ask(
    "spec.networking.ingress.className",
    "!variables.hasIngress || variables.ingress.?className.orValue('').matches('nginx|traefik')",
    "the class names neither nginx nor Traefik: redirect, HSTS, rate limit and WebSocket timeouts are not set",
)]);

pub(in crate::validate) const MONITOR_WITHOUT_METRICS: Cel = Cel::Policy(&[ask(
    "spec.observability.metrics.serviceMonitor.enabled",
    "variables.metrics.?enabled.orValue(true) || \
     !variables.metrics.?serviceMonitor.?enabled.orValue(false)",
    "is not rendered: `metrics.enabled` is `false`",
)]);

pub(in crate::validate) const BLOCKING_BUDGET: Cel = Cel::Policy(&[ask(
    "spec.availability.podDisruptionBudget.maxUnavailable",
    "!object.?spec.?availability.?podDisruptionBudget.?enabled.orValue(true) || \
     object.?spec.?availability.?podDisruptionBudget.?maxUnavailable.orValue(1) != 0",
    "found `0`: no node that runs the agent can be drained",
)]);

pub(in crate::validate) const CLOSED_SERVICE: Cel = Cel::Policy(&[ask(
    "spec.networking.service.type",
    "object.?spec.?networking.?service.?type.orValue('ClusterIP') == 'ClusterIP' || \
     !variables.networkPolicy.?enabled.orValue(true) || \
     size(variables.networkPolicy.?allowedIngressCIDRs.orValue([])) > 0",
    "the NetworkPolicy admits no address from outside the cluster",
)]);

/// A question to the security context of each container of a list.
macro_rules! context {
    ($list:literal, $good:literal, $message:literal) => {
        ask(
            concat!("spec.", $list, "[].securityContext"),
            concat!(
                "object.?spec.?",
                $list,
                ".orValue([]).all(c, !has(c.securityContext) || ",
                $good,
                ")"
            ),
            $message,
        )
    };
}

/// A question to each volume of a list.
macro_rules! no_host_path {
    ($list:literal) => {
        ask(
            concat!("spec.", $list, "[].hostPath"),
            concat!("object.?spec.?", $list, ".orValue([]).all(v, !has(v.hostPath))"),
            "a path of the node is mounted",
        )
    };
}

macro_rules! contexts {
    ($($good:literal, $message:literal;)+) => {
        &[
            $(context!("initContainers", $good, $message), context!("sidecars", $good, $message),)+
            no_host_path!("sidecarVolumes"),
            no_host_path!("extraVolumes"),
        ]
    };
}

pub(in crate::validate) const POD_SECURITY: Cel = Cel::Policy(contexts! {
    "!c.securityContext.?privileged.orValue(false)", "`privileged` is true";
    "!c.securityContext.?allowPrivilegeEscalation.orValue(false)", "`allowPrivilegeEscalation` is true";
    "c.securityContext.?runAsUser.orValue(1) != 0", "`runAsUser` is 0";
    "c.securityContext.?runAsNonRoot.orValue(true)", "`runAsNonRoot` is false";
    "c.securityContext.?capabilities.?add.orValue([]).all(a, a == 'NET_BIND_SERVICE')",
    "capabilities beyond `NET_BIND_SERVICE` are added";
    "c.securityContext.?capabilities.?drop.orValue(['ALL']).exists(d, d == 'ALL')",
    "`capabilities.drop` lacks `ALL`";
    "c.securityContext.?seccompProfile.?type.orValue('') != 'Unconfined'",
    "`seccompProfile` is `Unconfined`";
});

pub(in crate::validate) const EPHEMERAL: Cel = Cel::Policy(&[ask(
    "spec.storage.persistence.enabled",
    "object.?spec.?storage.?persistence.?enabled.orValue(true) == true",
    "found `false`: memory, sessions and pairings are gone with every restart of the Pod",
)]);
