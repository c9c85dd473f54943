//! openclaw.json: what Git says, plus the leaves that the Pod needs, set only where absent.

use serde_json::{Map, Value, json};

use super::Neighbors;
use crate::api::auth::{Auth, raw};
use crate::api::spec::{IngressTls, LogFormat, LogLevel};
use crate::api::{Loaded, OpenClawInstanceSpec};
use crate::names;

/// A leaf that is set when nothing is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Keys from the root.
    pub path: &'static [&'static str],
    /// The value.
    pub value: Value,
}

/// Returns the leaves that the Pod needs, in the order in which they are set.
///
/// Each is here because the application does not start, is not reachable or does not find its
/// neighbor without it; whatever the user wrote stays.
pub fn leaves(spec: &OpenClawInstanceSpec, auth: &Auth, metrics: bool) -> Vec<Leaf> {
    let leaf = |path, value| Leaf { path, value };
    let mut leaves =
        vec![leaf(&["gateway", "mode"], json!("local")), leaf(&["gateway", "bind"], json!("lan"))];
    if auth.is_token() {
        leaves.push(leaf(&["gateway", "auth", "mode"], json!("token")));
    }
    leaves.push(leaf(&["gateway", "controlUi", "allowedOrigins"], json!(origins(spec))));
    if spec.chromium.enabled {
        let url = format!("http://127.0.0.1:{}", names::PORT_BROWSER);
        leaves.push(leaf(&["browser", "enabled"], json!(true)));
        leaves.push(leaf(&["browser", "cdpUrl"], json!(url)));
        leaves.push(leaf(&["browser", "attachOnly"], json!(true)));
        leaves.push(leaf(&["browser", "defaultProfile"], json!("openclaw")));
    }
    if metrics {
        let endpoint = format!("http://127.0.0.1:{}", names::PORT_OTLP);
        leaves.push(leaf(&["diagnostics", "enabled"], json!(true)));
        leaves.push(leaf(&["diagnostics", "otel", "enabled"], json!(true)));
        leaves.push(leaf(&["diagnostics", "otel", "endpoint"], json!(endpoint)));
        leaves.push(leaf(&["diagnostics", "otel", "protocol"], json!("http/protobuf")));
        leaves.push(leaf(&["diagnostics", "otel", "metrics"], json!(true)));
        leaves.push(leaf(&["plugins", "entries", "diagnostics-otel", "enabled"], json!(true)));
    }
    leaves.extend(logging(spec));
    leaves
}

fn logging(spec: &OpenClawInstanceSpec) -> Vec<Leaf> {
    let logging = &spec.observability.logging;
    let level = logging.level.map(|level| match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    });
    let style = logging.format.map(|format| match format {
        LogFormat::Json => "json",
        LogFormat::Text => "pretty",
    });
    level
        .map(|level| Leaf { path: &["logging", "level"], value: json!(level) })
        .into_iter()
        .chain(style.map(|style| Leaf { path: &["logging", "consoleStyle"], value: json!(style) }))
        .collect()
}

/// Decides by the content behind `configMapRef` where it is among the sources: the application
/// refuses to start when it finds a token beside `trusted-proxy`.
pub fn auth(loaded: &Loaded, neighbors: &Neighbors) -> Auth {
    let content = external(loaded, neighbors).and_then(|text| serde_json::from_str(text).ok());
    let Some(content) = content else { return Auth::decide(&loaded.name, &loaded.spec) };
    let mut spec = loaded.spec.clone();
    spec.config.config_map_ref = None;
    spec.config.raw = Some(content);
    Auth::decide(&loaded.name, &spec)
}

/// Returns the content behind `configMapRef` where the ConfigMap is among the sources.
pub fn external<'a>(loaded: &Loaded, neighbors: &'a Neighbors) -> Option<&'a str> {
    let reference = loaded.spec.config.config_map_ref.as_ref()?;
    let key = (loaded.namespace.clone(), reference.name.clone());
    neighbors.config_maps.get(&key)?.get(&reference.key).map(String::as_str)
}

/// Returns the origins from which a browser may open the Control UI: every exposure, sorted.
///
/// The application compares them as they are, so a wildcard would admit nobody.
fn origins(spec: &OpenClawInstanceSpec) -> Vec<String> {
    let port = names::PORT_GATEWAY;
    let mut origins = vec![format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
    let ingress = &spec.networking.ingress;
    if ingress.enabled {
        let forced = ingress.security.force_https;
        for host in ingress.hosts.iter().map(|host| host.host.as_str()).filter(|h| is_one_host(h)) {
            let has_tls = ingress.tls.iter().any(|tls| covers(tls, host));
            if forced || has_tls {
                origins.push(format!("https://{host}"));
            }
            if !forced {
                origins.push(format!("http://{host}"));
            }
        }
    }
    if spec.networking.http_route.enabled {
        let hosts = spec.networking.http_route.hostnames.iter().filter(|host| is_one_host(host));
        origins.extend(hosts.map(|host| format!("https://{host}")));
    }
    origins.extend(spec.gateway.control_ui_origins.iter().cloned());
    origins.sort();
    origins.dedup();
    origins
}

fn is_one_host(host: &str) -> bool {
    !host.is_empty() && !host.starts_with('*')
}

/// Whether a certificate is for `host`; one that names no host is for all of them.
fn covers(tls: &IngressTls, host: &str) -> bool {
    let is_named = |name: &String| match (name.strip_prefix("*."), host.split_once('.')) {
        (Some(parent), Some((_, rest))) => parent == rest,
        _ => name == host,
    };
    tls.hosts.is_empty() || tls.hosts.iter().any(is_named)
}

/// Returns openclaw.json as it is mounted: the inline configuration with the leaves set, or
/// `None` when it comes from a ConfigMap and is completed in the Pod.
pub fn rendered(spec: &OpenClawInstanceSpec, leaves: &[Leaf]) -> Option<Value> {
    if spec.config.config_map_ref.is_some() {
        return None;
    }
    let mut config = raw(spec).cloned().unwrap_or_else(|| Value::Object(Map::new()));
    for leaf in leaves {
        set_absent(&mut config, leaf.path, &leaf.value);
    }
    Some(config)
}

/// Sets a leaf where nothing is there; a parent that is not an object is the user's own mistake
/// and is left for the schema check to name.
fn set_absent(config: &mut Value, path: &[&str], value: &Value) {
    let Value::Object(map) = config else { return };
    match path {
        [] => {}
        [last] => {
            map.entry(*last).or_insert_with(|| value.clone());
        }
        [first, rest @ ..] => {
            let child = map.entry(*first).or_insert_with(|| Value::Object(Map::new()));
            set_absent(child, rest, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(value: Value) -> OpenClawInstanceSpec {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn leaves_are_set_only_where_nothing_is() {
        let spec = spec(json!({"config": {"raw": {"gateway": {"bind": "loopback",
            "auth": {"mode": "trusted-proxy"}}}}}));
        let auth = Auth::decide("a", &spec);
        let config = rendered(&spec, &leaves(&spec, &auth, false)).unwrap();
        assert_eq!(
            config,
            json!({"gateway": {"mode": "local", "bind": "loopback",
                "auth": {"mode": "trusted-proxy"},
                "controlUi": {"allowedOrigins":
                    ["http://127.0.0.1:18789", "http://localhost:18789"]}}})
        );
    }

    #[test]
    fn origins_follow_every_exposure() {
        let found = |ingress: Value| {
            let mut ingress = ingress;
            ingress["enabled"] = json!(true);
            let spec = spec(json!({"gateway": {"controlUiOrigins": ["https://ui.example"]},
                "networking": {"ingress": ingress, "httpRoute": {"enabled": true,
                    "hostnames": ["route.example", "*.route.example"]}}}));
            origins(&spec)[..].join(" ").replace("http://127.0.0.1:18789 ", "")
        };
        let always = "https://route.example https://ui.example";
        assert_eq!(
            found(json!({"hosts": [{"host": "a.example"}, {"host": "*.example"}]})),
            format!("http://localhost:18789 https://a.example {always}")
        );
        let plain = json!({"forceHTTPS": false});
        assert_eq!(
            found(json!({"hosts": [{"host": "a.example"}], "security": plain})),
            format!("http://a.example http://localhost:18789 {always}")
        );
        for tls in [json!([{"hosts": ["*.example"]}]), json!([{"secretName": "all"}])] {
            assert_eq!(
                found(json!({"hosts": [{"host": "a.example"}], "security": plain, "tls": tls})),
                format!("http://a.example http://localhost:18789 https://a.example {always}")
            );
        }
        assert_eq!(
            found(json!({"hosts": [{"host": "a.b.example"}], "security": plain,
                "tls": [{"hosts": ["*.example"]}]})),
            format!("http://a.b.example http://localhost:18789 {always}")
        );
    }
}
