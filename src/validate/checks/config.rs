//! openclaw.json: what the application would refuse.

use serde_json::Value;

use crate::api::auth::{Auth, raw};
use crate::api::spec::{ConfigFormat, MergeMode};
use crate::validate::config_schema::{self, ConfigFinding, Kind, Refused, Segment};
use crate::validate::grammar::{is_subdomain, prefix};
use crate::validate::{Findings, Subject, key_path};

const RAW: &str = "spec.config.raw";

/// JSON5 is read by the application's own module, which only the Pod has.
pub(in crate::validate) fn json5_source(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let config = &subject.spec.config;
    if config.format == ConfigFormat::Json5 && config.config_map_ref.is_none() {
        findings.advise(
            "spec.config.format",
            "found `json5` without `configMapRef`, allowed: `json`",
            "inline configuration is plain JSON; keep JSON5 in a ConfigMap and name it in `configMapRef`",
        );
    }
}

/// Merging needs a document that is read before the Pod starts.
pub(in crate::validate) fn json5_merge(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let config = &subject.spec.config;
    if config.format == ConfigFormat::Json5 && config.merge_mode == MergeMode::Merge {
        findings.advise(
            "spec.config.mergeMode",
            "found `merge` with `format: json5`, allowed: `overwrite`",
            "write the ConfigMap as JSON to merge it",
        );
    }
}

/// Forced paths only mean something when two documents meet.
pub(in crate::validate) fn force_paths(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let config = &subject.spec.config;
    if !config.force_paths.is_empty() && config.merge_mode != MergeMode::Merge {
        findings.advise(
            "spec.config.forcePaths",
            "found with `mergeMode: overwrite`, allowed with `merge`",
            "remove it, as overwriting keeps nothing of the volume's file, or merge",
        );
    }
    for (index, path) in config.force_paths.iter().enumerate() {
        let word = |segment: &str| {
            !segment.is_empty()
                && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
        };
        if path.len() > 253 || !path.split('.').all(word) {
            findings.add(
                format!("spec.config.forcePaths[{index}]"),
                format!(
                    "found `{path}`, allowed: words of letters, digits, `_` and `-` joined by `.`"
                ),
            );
        }
    }
}

/// Both at once: the inline one is ignored.
pub(in crate::validate) fn two_sources(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let config = &subject.spec.config;
    if config.raw.is_some() && config.config_map_ref.is_some() {
        findings.advise(
            RAW,
            "ignored, as `configMapRef` takes precedence",
            "remove one of the two",
        );
    }
}

/// Keys and types that no version of the application accepts.
pub(in crate::validate) fn refused(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for finding in schema_findings(subject).filter(|f| is_error(subject, f)) {
        tell(findings, finding);
    }
}

/// Keys that the target lacks, or of which nothing is certain.
pub(in crate::validate) fn doubtful(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for finding in schema_findings(subject).filter(|f| !is_error(subject, f)) {
        tell(findings, finding);
    }
}

fn target<'a>(subject: &Subject<'a>) -> Option<&'a str> {
    let image = &subject.spec.image;
    if image.digest.is_some() { None } else { image.tag.as_deref() }
}

fn schema_findings(subject: &Subject<'_>) -> impl Iterator<Item = ConfigFinding> {
    let target = target(subject);
    raw(subject.spec).map(|raw| config_schema::check(raw, target)).unwrap_or_default().into_iter()
}

/// A wrong type stays wrong; an unknown key may have been added by a version that is newer than
/// what we know.
fn is_error(subject: &Subject<'_>, finding: &ConfigFinding) -> bool {
    finding.refused_by == Refused::EveryVersion
        && (finding.kind == Kind::WrongType || config_schema::covered(target(subject)))
}

fn tell(findings: &mut Findings<'_>, finding: ConfigFinding) {
    let path = finding.path.iter().fold(RAW.to_owned(), |path, segment| match segment {
        Segment::Key(key) => key_path(&path, key),
        Segment::Index(index) => format!("{path}[{index}]"),
    });
    match (finding.kind, finding.hint) {
        (Kind::UnknownKey, hint) => findings.add_key(path, finding.message, hint.as_deref()),
        (_, Some(hint)) => findings.advise(path, finding.message, hint),
        (_, None) => findings.add(path, finding.message),
    }
}

/// The application drops the list in silence when both exist.
pub(in crate::validate) fn two_agent_lists(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(agents) = raw(subject.spec).and_then(|raw| raw.get("agents")) else { return };
    if agents.get("list").is_some() && agents.get("entries").is_some() {
        findings.advise(
            "spec.config.raw.agents.list",
            "found beside `entries`: the application then ignores `list`",
            "move its agents into `entries`, keyed by their id",
        );
    }
}

/// What the application refuses to start with, although its schema allows it.
pub(in crate::validate) fn refused_start(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(raw) = raw(subject.spec) else { return };
    let text = |pointer: &str| raw.pointer(pointer).and_then(Value::as_str);
    if text("/gateway/auth/mode") == Some("none") && text("/gateway/bind") != Some("loopback") {
        findings.advise(
            "spec.config.raw.gateway.auth.mode",
            "found `none`: the application refuses to listen beyond loopback without auth",
            "leave it out, a token is made for it",
        );
    }
    if let Some(mode) = text("/gateway/mode")
        && mode != "local"
    {
        findings.advise(
            "spec.config.raw.gateway.mode",
            format!("found `{mode}`, allowed: `local`, as the gateway runs in this Pod"),
            "leave it out",
        );
    }
}

/// A gateway on loopback is reached by no Service and no probe.
pub(in crate::validate) fn loopback_bind(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let bind = raw(subject.spec).and_then(|raw| raw.pointer("/gateway/bind"));
    if let Some(bind) = bind.and_then(Value::as_str)
        && !matches!(bind, "lan" | "0.0.0.0")
    {
        findings.advise(
            "spec.config.raw.gateway.bind",
            format!("found `{bind}`: probes and Service reach the gateway on the Pod's address"),
            "leave it out, `lan` is set",
        );
    }
}

/// A secret written out is in Git for ever.
pub(in crate::validate) fn secret_in_config(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(raw) = raw(subject.spec) else { return };
    for (pointer, path) in [
        ("/gateway/auth/token", "spec.config.raw.gateway.auth.token"),
        ("/gateway/auth/password", "spec.config.raw.gateway.auth.password"),
    ] {
        let value = raw.pointer(pointer).and_then(Value::as_str);
        if value.is_some_and(|value| !value.starts_with("${")) {
            findings.advise(
                path,
                "a secret is written out and will be in Git and in a ConfigMap",
                "name a Secret in `spec.gateway.existingSecret`, or write `${NAME}` and set it in `spec.envFrom`",
            );
        }
    }
}

/// The token needs a place: without a controller nobody makes one.
pub(in crate::validate) fn token_source(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let auth = Auth::decide(&subject.loaded.name, subject.spec);
    if subject.settings.cluster.controller().is_none()
        && matches!(auth, Auth::Secret { generated: true, .. })
    {
        findings.advise(
            "spec.gateway",
            "`existingSecret` is missing: with `cluster.controller: none` nobody makes the token",
            "make a Secret with the key `token` and name it in `spec.gateway.existingSecret`",
        );
    }
    if let Some(secret) = &subject.spec.gateway.existing_secret
        && !is_subdomain(secret)
    {
        findings.add(
            "spec.gateway.existingSecret",
            format!("found `{secret}`, allowed: the name of a Secret"),
        );
    }
}

fn proxies(subject: &Subject<'_>) -> Vec<String> {
    let list = raw(subject.spec).and_then(|raw| raw.pointer("/gateway/trustedProxies"));
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Behind a proxy that it does not trust, the application answers 403 to everything.
pub(in crate::validate) fn untrusted_proxy(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let networking = &subject.spec.networking;
    let path = if networking.ingress.enabled {
        "spec.networking.ingress.enabled"
    } else if networking.http_route.enabled {
        "spec.networking.httpRoute.enabled"
    } else {
        return;
    };
    if subject.spec.config.config_map_ref.is_none() && proxies(subject).is_empty() {
        findings.advise(
            path,
            "`gateway.trustedProxies` is empty: the application answers 403 to every request of a proxy",
            "list the addresses of the ingress controller's Pods in `spec.config.raw.gateway.trustedProxies`",
        );
    }
}

/// A trusted peer that sends no forwarding headers gets 403, and the kubelet is such a peer.
pub(in crate::validate) fn broad_proxy(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, proxy) in proxies(subject).iter().enumerate() {
        let broad =
            prefix(proxy).is_some_and(
                |(address, length)| {
                    if address.is_ipv4() { length < 16 } else { length < 48 }
                },
            );
        if broad {
            findings.advise(
                format!("spec.config.raw.gateway.trustedProxies[{index}]"),
                format!("found `{proxy}`: when it holds the node's address, readiness answers 403 for ever"),
                "list the range of the ingress controller's Pods alone",
            );
        }
    }
}

/// The collector receives nothing while the plugin is not allowed.
pub(in crate::validate) fn plugin_allow(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if !subject.spec.observability.metrics.is_collected() {
        return;
    }
    let allow = raw(subject.spec).and_then(|raw| raw.pointer("/plugins/allow"));
    if let Some(allow) = allow.and_then(Value::as_array)
        && !allow.iter().any(|item| item == "diagnostics-otel")
    {
        findings.advise(
            "spec.config.raw.plugins.allow",
            "`diagnostics-otel` is missing: the metrics are sent by that plugin",
            "add it to the list",
        );
    }
}
