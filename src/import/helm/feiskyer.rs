//! feiskyer/openclaw-kubernetes: a StatefulSet of an image of its own, a desktop with the agent in
//! it, whose volume is the whole home, beside a proxy for models.

use serde_json::{Value, json};

use super::draft::Draft;
use super::rows::{
    ACCOUNT, CONTAINER_CONTEXT, EXTRAS, Group, INGRESS, Image, PERSISTENCE, POD_CONTEXT, PROBE,
    RESOURCES, Row, SCHEDULING, Take, WRITER, group, kept, left, lost, own, read, same, secret, to,
};
use super::{Chart, Drop, Volume};
use crate::api::auth::TOKEN_ENV;

const IMAGE: &str = "ghcr.io/feiskyer/openclaw-gateway";
const OF_IMAGE: &str =
    "it belongs to the desktop in the chart's own image, which is not started here";
const ACCESS: &str = "what the chart makes of it in openclaw.json depends on its version";
const IN_CHANNELS: &str = "write it below `channels` in `spec.config.raw`";
const IN_SKILLS: &str = "write it below `skills.load` in `spec.config.raw`";

const ROWS: &[Row] = &[
    lost("replicaCount", &["1"], WRITER),
    kept("image.pullPolicy"),
    same("imagePullSecrets", "image.pullSecrets"),
    left(
        "serviceAccount.role",
        &[],
        "no ClusterRole is bound, and the token of the ServiceAccount is never mounted",
        "say in `spec.security.rbac.additionalRules` what it needs",
    ),
    lost("serviceAccount.automountServiceAccountToken", &[], "the token is never mounted"),
    read("azureWorkloadIdentity.enabled"),
    read("azureWorkloadIdentity.clientId"),
    kept("podAnnotations"),
    same("service.type", "networking.service.type"),
    to("service.port", Take::Port, ""),
    lost("service.targetPort", &["18789"], "the gateway listens on 18789"),
    lost("service.nodePort", &[], "the cluster chooses the port of the nodes"),
    same("service.annotations", "networking.service.annotations"),
    left("novnc.ingress.enabled", &[], OF_IMAGE, "use `spec.chromium` for a browser"),
    own("novnc.ingress.pathPrefix"),
    left("ttyd.enabled", &[], OF_IMAGE, "use `kubectl exec`; its rights are in RBAC"),
    left("ttyd.ingress.enabled", &[], OF_IMAGE, "use `kubectl exec`; its rights are in RBAC"),
    own("ttyd"),
    lost("autoscaling", &[], WRITER),
    same("topologySpreadConstraints", "availability.topologySpreadConstraints"),
    to("extraEnv", Take::Env, ""),
    to("extraEnvFrom", Take::EnvFrom, ""),
    kept("initContainers"),
    kept("sidecars"),
    lost("persistence.existingClaim", &[], "its root is the home, of which the state is a folder"),
    left(
        "persistence.retainPolicy",
        &[r#""Retain""#],
        "deleting the StatefulSet of the release deletes its claim",
        "take a snapshot before the release goes",
    ),
    own("persistence.useStatefulSetVolumeClaim"),
    to("openclaw.config", Take::Config, "config.raw"),
    left("openclaw.dmAccess.policy", &[r#""pairing""#], ACCESS, IN_CHANNELS),
    left("openclaw.dmAccess.allowFrom.slack", &[], ACCESS, IN_CHANNELS),
    left("openclaw.dmAccess.allowFrom.telegram", &[], ACCESS, IN_CHANNELS),
    left("openclaw.dmAccess.allowFrom.discord", &[], ACCESS, IN_CHANNELS),
    left("openclaw.dmAccess.allowFrom.feishu", &[], ACCESS, IN_CHANNELS),
    left("openclaw.dmAccess.allowFrom.msteams", &[], ACCESS, IN_CHANNELS),
    own("openclaw.memorySearch.model"),
    left("openclaw.memorySearch.extraPaths", &[], ACCESS, "name an embedding provider of your own"),
    left("openclaw.skills.load.extraDirs", &[], ACCESS, IN_SKILLS),
    left("openclaw.skills.load.watch", &["true"], ACCESS, IN_SKILLS),
    left("openclaw.skills.load.watchDebounceMs", &["250"], ACCESS, IN_SKILLS),
    left("openclaw.skills.volumes", &[], ACCESS, "mount it with `spec.extraVolumes`"),
    read("secrets.existingSecret"),
    lost("secrets.annotations", &[], "no Secret is rendered"),
    secret("secrets.anthropicApiKey", "ANTHROPIC_API_KEY"),
    secret("secrets.openaiApiKey", "OPENAI_API_KEY"),
    secret("secrets.discordBotToken", "DISCORD_BOT_TOKEN"),
    secret("secrets.telegramBotToken", "TELEGRAM_BOT_TOKEN"),
    secret("secrets.slackBotToken", "SLACK_BOT_TOKEN"),
    secret("secrets.slackAppToken", "SLACK_APP_TOKEN"),
    secret("secrets.feishuAppId", "FEISHU_APP_ID"),
    secret("secrets.feishuAppSecret", "FEISHU_APP_SECRET"),
    secret("secrets.msteamsAppId", "MSTEAMS_APP_ID"),
    secret("secrets.msteamsAppPassword", "MSTEAMS_APP_PASSWORD"),
    secret("secrets.msteamsTenantId", "MSTEAMS_TENANT_ID"),
    secret("secrets.braveApiKey", "BRAVE_API_KEY"),
    secret("secrets.perplexityApiKey", "PERPLEXITY_API_KEY"),
    to("secrets.openclawGatewayToken", Take::Token, ""),
    left(
        "secrets.telegramTokenFile",
        &[],
        ACCESS,
        "write `channels.telegram.tokenFile` into `spec.config.raw`",
    ),
    left(
        "litellm",
        &[],
        "a proxy for models is not rendered, nor are the models that lead to it",
        "name your provider in `spec.config.raw`, and its key in `spec.envFrom`",
    ),
    lost(
        "networkPolicy.enabled",
        &["true"],
        "the policy is always on, without the metadata server",
    ),
    same("podDisruptionBudget.enabled", "availability.podDisruptionBudget.enabled"),
    same("podDisruptionBudget.maxUnavailable", "availability.podDisruptionBudget.maxUnavailable"),
    left(
        "podDisruptionBudget.minAvailable",
        &["1"],
        "with one Pod it would forbid every eviction",
        "set `spec.availability.podDisruptionBudget.maxUnavailable`",
    ),
    own("nameOverride"),
    own("fullnameOverride"),
];

const OWN_IMAGE: &[Row] = &[
    left(
        "image.repository",
        &[],
        OF_IMAGE,
        "set `spec.image.tag` to the version of the application in it",
    ),
    left("image.tag", &[], OF_IMAGE, "set `spec.image.tag` to the version that runs"),
    left("podSecurityContext", &[], OF_IMAGE, "the Pod runs as 1000, on a read-only root"),
    left("securityContext", &[], OF_IMAGE, "the Pod runs as 1000, on a read-only root"),
];

const FOREIGN_IMAGE: &[Row] = &[kept("image.repository"), to("image.tag", Take::Tag, "image.tag")];

pub(super) const CHART: Chart = Chart {
    id: "feiskyer/openclaw-kubernetes",
    name: "openclaw",
    marks: &["litellm", "openclaw.config", "secrets.openclawGatewayToken", "ttyd", "novnc"],
    state_dir: "/home/vibe/.openclaw",
    image: Some(IMAGE),
    volume: Volume {
        path: "persistence",
        claim: "data-{}-0",
        is_same: false,
        place: "the state is in `.openclaw`, beside the rest of the home",
    },
    merge_mode: Some("merge"),
    about: [
        "`openclaw.config`, merged over the one on the volume; the chart writes it once",
        "`secrets.existingSecret`, or a Secret to be made",
    ],
    needs: &["persistence.size", "resources", "openclaw.config"],
    groups: &[
        group("", "", ROWS),
        Group { from: "", to: "", image: Image::Own, rows: OWN_IMAGE },
        Group { from: "", to: "", image: Image::Foreign, rows: FOREIGN_IMAGE },
        Group {
            from: "podSecurityContext",
            to: "security.podSecurityContext",
            image: Image::Foreign,
            rows: POD_CONTEXT,
        },
        Group {
            from: "securityContext",
            to: "security",
            image: Image::Foreign,
            rows: CONTAINER_CONTEXT,
        },
        group("ingress", "networking.ingress", INGRESS),
        group("serviceAccount", "security.rbac", ACCOUNT),
        group("persistence", "storage.persistence", PERSISTENCE),
        group("resources", "resources", RESOURCES),
        group("", "availability", SCHEDULING),
        group("livenessProbe", "probes.liveness", PROBE),
        group("readinessProbe", "probes.readiness", PROBE),
        group("startupProbe", "probes.startup", PROBE),
        group("", "", EXTRAS),
    ],
    drops: &[Drop {
        key: "browser",
        image: Image::Own,
        why: OF_IMAGE,
        hint: "set `spec.chromium.enabled`",
    }],
    is_templated: false,
    finish,
    notes: &[super::rows::ONCE, super::rows::NETWORK],
};

/// What the chart reads from a Secret that exists, where it has it.
const OPTIONAL: [&str; 13] = [
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "DISCORD_BOT_TOKEN",
    "TELEGRAM_BOT_TOKEN",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "FEISHU_APP_ID",
    "FEISHU_APP_SECRET",
    "MSTEAMS_APP_ID",
    "MSTEAMS_APP_PASSWORD",
    "MSTEAMS_TENANT_ID",
    "BRAVE_API_KEY",
    "PERPLEXITY_API_KEY",
];

/// Channels that the chart switches on when the values hold all of their secrets.
const CHANNELS: [(&str, &[&str]); 5] = [
    ("telegram", &["secrets.telegramBotToken"]),
    ("slack", &["secrets.slackBotToken", "secrets.slackAppToken"]),
    ("discord", &["secrets.discordBotToken"]),
    ("feishu", &["secrets.feishuAppId", "secrets.feishuAppSecret"]),
    ("msteams", &["secrets.msteamsAppId", "secrets.msteamsAppPassword"]),
];

fn finish(draft: &mut Draft<'_>) {
    draft.set_account();
    if draft.is_on("azureWorkloadIdentity.enabled")
        && let Some(client) = draft.text("azureWorkloadIdentity.clientId")
    {
        let annotation = json!({"azure.workload.identity/client-id": client});
        draft.merge("security.rbac.serviceAccountAnnotations", annotation);
    }
    // A flag of the chart's command beats it.
    draft.remove("config.raw.gateway.bind");
    if let Some(secret) = draft.text("secrets.existingSecret") {
        draft.push_reference(TOKEN_ENV, &secret, TOKEN_ENV, false);
        for env in OPTIONAL {
            draft.push_reference(env, &secret, env, true);
        }
        return;
    }
    for (channel, secrets) in CHANNELS {
        if secrets.iter().all(|path| draft.text(path).is_some()) {
            let path = format!("config.raw.plugins.entries.{channel}.enabled");
            draft.put(&path, Value::Bool(true));
        }
    }
    let search = [("perplexity", "secrets.perplexityApiKey"), ("brave", "secrets.braveApiKey")];
    let found = search.into_iter().find(|(_, path)| draft.text(path).is_some());
    if let Some((provider, _)) = found {
        let search = json!({"enabled": true, "provider": provider});
        draft.merge("config.raw.tools.web.search", search);
    }
}
