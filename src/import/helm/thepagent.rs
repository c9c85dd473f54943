//! thepagent/openclaw-helm: a Deployment of the application's own image, with a claim of its own.

use serde_json::Value;

use super::draft::Draft;
use super::rows::{
    EXTRAS, POD_CONTEXT, RESOURCES, Row, SCHEDULING, STRATEGY, Take, WRITER, group, kept, left,
    lost, own, read, same, to,
};
use super::{Chart, Volume};
use crate::api::auth::TOKEN_ENV;

const ROWS: &[Row] = &[
    kept("image.repository"),
    to("image.tag", Take::Tag, "image.tag"),
    read("image.digest"),
    kept("image.pullPolicy"),
    lost("replicas", &["1"], WRITER),
    lost("strategy", &[r#"{"type":"Recreate"}"#], STRATEGY),
    read("nodeOptions.maxOldSpaceSize"),
    same("service.type", "networking.service.type"),
    to("service.port", Take::Port, ""),
    lost("persistence.enabled", &["true"], "the chart makes the claim all the same"),
    same("persistence.storageClass", "storage.persistence.storageClass"),
    same("persistence.size", "storage.persistence.size"),
    to("config", Take::Config, "config.raw"),
    kept("skills"),
    read("gateway.token.generate"),
    read("gateway.token.secretName"),
    to("env", Take::Env, ""),
    to("envFrom", Take::EnvFrom, ""),
    same("extraInitContainers", "initContainers"),
    same("extraContainers", "sidecars"),
    left(
        "browser",
        &[],
        "libraries of a browser are not installed into the Pod",
        "set `spec.chromium.enabled`",
    ),
    own("nameOverride"),
    own("fullnameOverride"),
];

pub(super) const CHART: Chart = Chart {
    id: "thepagent/openclaw-helm",
    name: "openclaw-helm",
    marks: &["gateway.token", "nodeOptions", "extraInitContainers"],
    state_dir: "/home/node/.openclaw",
    image: None,
    volume: Volume {
        path: "persistence",
        claim: "{}",
        is_same: true,
        place: "the claim of the release, with `--release`",
    },
    merge_mode: Some("merge"),
    about: [
        "`config`, merged over the one on the volume; the chart writes it once",
        "kept with `--release`; else made anew",
    ],
    needs: &["image.tag", "persistence.size", "resources", "config"],
    groups: &[
        group("", "", ROWS),
        group("resources", "resources", RESOURCES),
        group("", "availability", SCHEDULING),
        group("podSecurityContext", "security.podSecurityContext", POD_CONTEXT),
        group("", "", EXTRAS),
    ],
    drops: &[],
    is_templated: false,
    finish,
    notes: &[super::rows::ONCE, super::rows::NETWORK],
};

fn finish(draft: &mut Draft<'_>) {
    if let Some(digest) = draft.text("image.digest") {
        let is_whole = digest.contains(':');
        let digest = if is_whole { digest } else { format!("sha256:{digest}") };
        draft.put("image.digest", digest.into());
    }
    let size = draft.at("nodeOptions.maxOldSpaceSize").as_i64().filter(|size| *size > 0);
    let has_own = !draft.at("env.NODE_OPTIONS").is_null();
    if let Some(size) = size.filter(|_| !has_own) {
        let value: Value = format!("--max-old-space-size={size}").into();
        draft.push_env(serde_json::json!({"name": "NODE_OPTIONS", "value": value}));
    }
    set_token(draft);
}

/// Each key of its Secret is a variable, and the token is the one of its own name.
fn set_token(draft: &mut Draft<'_>) {
    if draft.is_on("gateway.token.generate") {
        match draft.full_name() {
            Some(name) => {
                let secret = format!("{name}-gateway-token");
                draft.push_reference(TOKEN_ENV, &secret, TOKEN_ENV, false);
                draft.note(format!("set {TOKEN_ENV} from the Secret `{secret}`: keeps the token"));
            }
            None => draft.left(
                "gateway.token.generate",
                "the chart draws the token; the controller makes another",
                Some("name the release with `--release` to keep it"),
            ),
        }
    } else if let Some(secret) = draft.text("gateway.token.secretName") {
        draft.push_reference(TOKEN_ENV, &secret, TOKEN_ENV, false);
        draft.push("envFrom", serde_json::json!({"secretRef": {"name": secret}}));
    }
}
