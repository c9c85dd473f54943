//! waTeim/openclaw-helm: a StatefulSet whose volume holds the home and the workspace side by side.

use serde_json::{Value, json};

use super::draft::Draft;
use super::rows::{
    ACCOUNT, BIND, CLAIM, CONTAINER_CONTEXT, EXTRAS, LABELS, PERSISTENCE, POD_CONTEXT, PROBE,
    RESOURCES, Row, SCHEDULING, Take, WRITER, group, kept, left, lost, own, read, same, to,
};
use super::{Chart, Volume};
use crate::api::auth::TOKEN_ENV;

const FLAG: &str = "the arguments of the gateway are fixed";
const BRIDGE: &str = "the application has no bridge port any more";

const ROWS: &[Row] = &[
    read("image.registry"),
    read("image.repository"),
    to("image.tag", Take::Tag, "image.tag"),
    kept("image.pullPolicy"),
    same("imagePullSecrets", "image.pullSecrets"),
    lost("replicaCount", &["1"], WRITER),
    lost("serviceAccount.automount", &[], "the token of the ServiceAccount is never mounted"),
    read("rbac.create"),
    read("rbac.rules"),
    kept("podAnnotations"),
    lost("podLabels", &[], LABELS),
    lost("gateway.bind", &[r#""lan""#], BIND),
    lost("gateway.port", &["18789"], "the gateway listens on 18789"),
    lost("gateway.bridgePort", &["18790"], BRIDGE),
    left("gateway.allowUnconfigured", &[], FLAG, "write openclaw.json into `spec.config.raw`"),
    left("gateway.extraArgs", &[], FLAG, "say it in `spec.config.raw`"),
    lost("onboarding.enabled", &[], "openclaw.json and the Secrets say what the wizard would ask"),
    own("onboarding"),
    to("env", Take::Env, ""),
    read("auth.providers"),
    read("secrets.create"),
    read("secrets.existingSecret"),
    to("secrets.data", Take::Secrets, ""),
    read("config.create"),
    own("config.existingConfigMap"),
    read("config.data"),
    left("persistence.selector", &[], CLAIM, "make the claim, and name it in `existingClaim`"),
    same("service.type", "networking.service.type"),
    to("service.port", Take::Port, ""),
    lost("service.bridgePort", &["18790"], BRIDGE),
    lost("service.bridgeEnabled", &[], BRIDGE),
    same("service.annotations", "networking.service.annotations"),
    read("ingress.enabled"),
    read("ingress.className"),
    read("ingress.domain"),
    read("ingress.tls.enabled"),
    read("ingress.tls.secretName"),
    read("ingress.tls.certManager.enabled"),
    read("ingress.tls.certManager.issuer"),
    read("ingress.annotations"),
    read("ingress.hosts"),
    lost("lifecycle", &[], "the Pod has 330 seconds to stop, and no hook"),
    kept("initContainers"),
    same("extraContainers", "sidecars"),
    own("nameOverride"),
    own("fullnameOverride"),
];

pub(super) const CHART: Chart = Chart {
    id: "waTeim/openclaw-helm",
    name: "openclaw",
    marks: &["onboarding", "gateway.bridgePort", "secrets.data", "config.data", "auth.providers"],
    state_dir: "/home/node/.openclaw",
    image: None,
    volume: Volume {
        path: "persistence",
        claim: "data-{}-0",
        is_same: false,
        place: "the state is in `openclaw-home/.openclaw`, its workspace in `openclaw-workspace`",
    },
    merge_mode: Some("merge"),
    about: [
        "`config.data`, merged over the one on the volume; the chart replaces it when it changes",
        "`secrets.existingSecret`; else made anew, as the chart does at each upgrade",
    ],
    needs: &["image.tag", "persistence.size", "resources", "config.data"],
    groups: &[
        group("", "", ROWS),
        group("serviceAccount", "security.rbac", ACCOUNT),
        group("persistence", "storage.persistence", PERSISTENCE),
        group("resources", "resources", RESOURCES),
        group("", "availability", SCHEDULING),
        group("podSecurityContext", "security.podSecurityContext", POD_CONTEXT),
        group("securityContext", "security", CONTAINER_CONTEXT),
        group("startupProbe", "probes.startup", PROBE),
        group("readinessProbe", "probes.readiness", PROBE),
        group("livenessProbe", "probes.liveness", PROBE),
        group("", "", EXTRAS),
    ],
    drops: &[],
    is_templated: false,
    finish,
    notes: &[
        "the chart replaces openclaw.json when its values change; here it is merged over the one on the volume at each start",
        super::rows::NETWORK,
    ],
};

/// What the chart knows of a provider: its name, the key in the Secret, the variable, and whether
/// openclaw.json has a profile of it.
const PROVIDERS: [(&str, &str, &str, bool); 5] = [
    ("openai", "openaiApiKey", "OPENAI_API_KEY", true),
    ("anthropic", "anthropicApiKey", "ANTHROPIC_API_KEY", true),
    ("openrouter", "openrouterApiKey", "OPENROUTER_API_KEY", true),
    ("gemini", "geminiApiKey", "GEMINI_API_KEY", true),
    ("brave", "braveApiKey", "BRAVE_API_KEY", false),
];

/// What it passes whichever the providers are.
const ALWAYS: [(&str, &str); 3] = [
    ("claudeSessionKey", "CLAUDE_AI_SESSION_KEY"),
    ("claudeWebKey", "CLAUDE_WEB_SESSION_KEY"),
    ("claudeWebCookie", "CLAUDE_WEB_COOKIE"),
];

fn finish(draft: &mut Draft<'_>) {
    if let Some(repository) = draft.text("image.repository") {
        let registry = draft.text("image.registry");
        let whole = registry.map_or(repository.clone(), |host| format!("{host}/{repository}"));
        draft.put("image.repository", whole.into());
    }
    draft.set_account();
    if draft.is_on("rbac.create") {
        let rules = draft.at("rbac.rules").clone();
        if draft.has("security.rbac.createServiceAccount") {
            let why = "no Role is rendered for a ServiceAccount that is made elsewhere";
            draft.left("rbac.rules", why, Some("grant the rights beside the instance"));
        } else {
            draft.put("security.rbac.additionalRules", rules);
        }
    }
    set_config(draft);
    set_secrets(draft);
    if draft.is_on("ingress.enabled") {
        set_ingress(draft);
    }
}

fn set_config(draft: &mut Draft<'_>) {
    let data = draft.at("config.data").clone();
    if draft.at("config.create") == &Value::Bool(false) {
        draft.left("config.data", "the chart does not use it, as `config.create` is off", None);
        return;
    }
    if !data.is_object() {
        return;
    }
    super::config::carry(draft, "config.data", "config.raw", data);
    // A flag of the chart's command beats it.
    draft.remove("config.raw.gateway.bind");
    for (provider, .., has_profile) in PROVIDERS {
        if has_profile && is_listed(draft, provider) {
            let profile = json!({"mode": "token", "provider": provider});
            let profiles = json!({format!("{provider}:default"): profile});
            draft.merge("config.raw.auth.profiles", profiles);
        }
    }
}

fn is_listed(draft: &Draft<'_>, provider: &str) -> bool {
    let providers = draft.at("auth.providers").as_array();
    providers.is_some_and(|all| all.iter().any(|one| one == provider))
}

fn set_secrets(draft: &mut Draft<'_>) {
    let existing = draft.text("secrets.existingSecret");
    let mut passed: Vec<(&str, &str)> = ALWAYS.to_vec();
    for (provider, key, env, _) in PROVIDERS {
        if is_listed(draft, provider) {
            passed.push((key, env));
        }
    }
    if let Some(secret) = existing {
        draft.push_reference(TOKEN_ENV, &secret, "gatewayToken", false);
        passed.iter().for_each(|(key, env)| draft.push_reference(env, &secret, key, true));
        return;
    }
    let data = draft.at("secrets.data").as_object().cloned().unwrap_or_default();
    for (key, value) in data {
        let path = format!("secrets.data.{key}");
        let env = passed.iter().find(|(passed, _)| *passed == key);
        match env {
            _ if value.as_str() == Some("") || value.is_null() => {}
            _ if key == "gatewayToken" => draft.set_token(&path),
            Some((_, env)) => draft.set_secret(&path, env),
            None => draft.left(&path, "the chart passes it to no container", None),
        }
    }
}

/// The chart has words of its own for one host and its certificate.
fn set_ingress(draft: &mut Draft<'_>) {
    draft.put("networking.ingress.enabled", true.into());
    if let Some(class) = draft.text("ingress.className") {
        draft.put("networking.ingress.className", class.into());
    }
    let mut annotations = draft.at("ingress.annotations").as_object().cloned().unwrap_or_default();
    let mut hosts: Vec<Value> = Vec::new();
    if let Some(domain) = draft.text("ingress.domain") {
        hosts.push(json!({"host": domain, "paths": [{"path": "/", "pathType": "Prefix"}]}));
    }
    hosts.extend(draft.at("ingress.hosts").as_array().cloned().unwrap_or_default());
    let names: Vec<Value> = hosts.iter().map(|host| host["host"].clone()).collect();
    draft.put("networking.ingress.hosts", hosts.into());
    if draft.is_on("ingress.tls.enabled") {
        let is_issued = draft.is_on("ingress.tls.certManager.enabled");
        if let Some(issuer) = draft.text("ingress.tls.certManager.issuer").filter(|_| is_issued) {
            annotations.insert("cert-manager.io/cluster-issuer".to_owned(), issuer.into());
        }
        let of_chart = draft.full_name().unwrap_or_else(|| draft.wanted.name.to_owned());
        let secret = draft.text("ingress.tls.secretName");
        if secret.is_none() && !is_issued && draft.wanted.release.is_none() {
            let hint = "check `spec.networking.ingress.tls`, or name the release with `--release`";
            let why = "it is empty, and the chart makes the name of that of the release";
            draft.left("ingress.tls.secretName", why, Some(hint));
        }
        let secret = secret.unwrap_or_else(|| format!("{of_chart}-tls"));
        draft.put("networking.ingress.tls", json!([{"hosts": names, "secretName": secret}]));
    }
    if !annotations.is_empty() {
        draft.put("networking.ingress.annotations", annotations.into());
    }
}
