//! chrisbattarbee/openclaw-helm: a Deployment whose volume is the state, as it is here.

use serde_json::json;

use super::draft::Draft;
use super::rows::{
    ACCOUNT, BIND, CONTAINER_CONTEXT, EXTRAS, INGRESS, LABELS, PERSISTENCE, POD_CONTEXT, PROBE,
    RESOURCES, Row, SCHEDULING, Take, gate, group, kept, lost, own, read, same, secret, to,
};
use super::{Chart, Volume};
use crate::api::auth::TOKEN_ENV;
use crate::names;

const ROWS: &[Row] = &[
    kept("image.repository"),
    to("image.tag", Take::Tag, "image.tag"),
    kept("image.pullPolicy"),
    same("imagePullSecrets", "image.pullSecrets"),
    lost("openclaw.bind", &[r#""lan""#], BIND),
    to("openclaw.timezone", Take::EnvOf("TZ"), ""),
    same("openclaw.configMode", "config.mergeMode"),
    same("openclaw.skills", "skills"),
    to("openclaw.agents", Take::Config, "config.raw.agents"),
    to("openclaw.configOverrides", Take::Config, "config.raw"),
    secret("credentials.anthropicApiKey", "ANTHROPIC_API_KEY"),
    secret("credentials.openaiApiKey", "OPENAI_API_KEY"),
    to("credentials.gatewayToken", Take::Token, ""),
    read("credentials.existingSecret"),
    gate("chromium"),
    kept("chromium.enabled"),
    kept("chromium.image.repository"),
    to("chromium.image.tag", Take::Text, "chromium.image.tag"),
    own("chromium.image.pullPolicy"),
    own("chromium.securityContext"),
    same("persistence.existingClaim", "storage.persistence.existingClaim"),
    same("service.type", "networking.service.type"),
    to("service.port", Take::Port, ""),
    lost("service.canvasPort", &["18793"], "the canvas is on the port of the gateway"),
    same("service.annotations", "networking.service.annotations"),
    kept("podAnnotations"),
    lost("podLabels", &[], LABELS),
    own("revisionHistoryLimit"),
    own("nameOverride"),
    own("fullnameOverride"),
];

pub(super) const CHART: Chart = Chart {
    id: "chrisbattarbee/openclaw-helm",
    name: "openclaw",
    marks: &["credentials", "openclaw.configMode", "openclaw.configOverrides"],
    state_dir: names::STATE_DIR,
    image: None,
    volume: Volume {
        path: "persistence",
        claim: "{}",
        is_same: true,
        place: "`persistence.existingClaim`, or the claim of the release, with `--release`",
    },
    merge_mode: None,
    about: [
        "`openclaw.agents` and `openclaw.configOverrides`, merged or not as `openclaw.configMode` says",
        "`credentials.existingSecret`, or a Secret to be made; else made anew",
    ],
    needs: &[
        "image.tag",
        "persistence.size",
        "resources",
        "chromium.enabled",
        "openclaw.configMode",
    ],
    groups: &[
        group("", "", ROWS),
        group("chromium.resources", "chromium.resources", RESOURCES),
        group("ingress", "networking.ingress", INGRESS),
        group("serviceAccount", "security.rbac", ACCOUNT),
        group("persistence", "storage.persistence", PERSISTENCE),
        group("resources", "resources", RESOURCES),
        group("podSecurityContext", "security.podSecurityContext", POD_CONTEXT),
        group("securityContext", "security", CONTAINER_CONTEXT),
        group("", "availability", SCHEDULING),
        group("probes.liveness", "probes.liveness", PROBE),
        group("probes.readiness", "probes.readiness", PROBE),
        group("probes.startup", "probes.startup", PROBE),
        group("", "", EXTRAS),
    ],
    drops: &[],
    is_templated: false,
    finish,
    notes: &[super::rows::NETWORK],
};

fn finish(draft: &mut Draft<'_>) {
    draft.set_account();
    // A flag of the chart's command beats it.
    draft.remove("config.raw.gateway.bind");
    if let Some(secret) = draft.text("credentials.existingSecret") {
        draft.push_reference(TOKEN_ENV, &secret, TOKEN_ENV, false);
        draft.push("envFrom", json!({"secretRef": {"name": secret}}));
    }
}
