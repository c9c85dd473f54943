//! What the annotations of an Ingress mean to the controller that its class names.
//!
//! After the documentation of ingress-nginx ("Annotations", "ConfigMap") and of Traefik
//! ("Kubernetes Ingress", "RedirectScheme", "Headers", "RateLimit"). A key of a controller that is
//! not in its table is refused, and so is a key of the controller that will not read it.

use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;

use super::{Cluster, text, web};

const NGINX: &str = "nginx.ingress.kubernetes.io/";
const TRAEFIK: &str = "traefik.ingress.kubernetes.io/";

/// Prefixes that no Ingress controller reads.
const OTHERS: [&str; 5] = [
    "openclaw.rocks/",
    "cert-manager.io/",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// What a request meets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    pub controller: &'static str,
    /// What answers a request without TLS.
    pub redirect: Option<String>,
    /// The header that keeps browsers on HTTPS.
    pub hsts: Option<String>,
    /// Requests in a second from one address, and how many may come at once.
    pub limit: Option<(u64, u64)>,
    /// Seconds of silence after which a WebSocket is cut; none where nothing cuts it.
    pub silence: Option<u64>,
    /// Whether a connection may be upgraded at all.
    pub upgrades: bool,
}

/// One annotation: its key, and what its value does.
type Row = (&'static str, fn(&mut Settings, &str) -> Option<()>);

/// What annotations of ingress-nginx set, before its defaults.
#[derive(Default)]
struct Settings {
    http_version: Option<String>,
    read: Option<u64>,
    send: Option<u64>,
    redirect: Option<bool>,
    force: bool,
    rate: Option<u64>,
    burst: Option<u64>,
}

/// Values are texts; a number is in seconds, without a unit.
const NGINX_TABLE: [Row; 7] = [
    ("proxy-http-version", |s, v| {
        s.http_version = Some(v.to_owned());
        matches!(v, "1.0" | "1.1").then_some(())
    }),
    ("proxy-read-timeout", |s, v| {
        s.read = Some(v.parse().ok()?);
        Some(())
    }),
    ("proxy-send-timeout", |s, v| {
        s.send = Some(v.parse().ok()?);
        Some(())
    }),
    ("ssl-redirect", |s, v| {
        s.redirect = Some(v.parse().ok()?);
        Some(())
    }),
    ("force-ssl-redirect", |s, v| {
        s.force = v.parse().ok()?;
        Some(())
    }),
    ("limit-rps", |s, v| {
        s.rate = Some(v.parse().ok()?);
        Some(())
    }),
    ("limit-burst-multiplier", |s, v| {
        s.burst = Some(v.parse().ok()?);
        Some(())
    }),
];

impl Cluster {
    /// What the annotations of an Ingress mean, or what is wrong with them.
    pub fn meaning(&self, ingress: &Ingress) -> Result<Meaning, Vec<String>> {
        let class = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.clone());
        let class = class.unwrap_or_default();
        let mine = match class.as_str() {
            "nginx" => NGINX,
            "traefik" => TRAEFIK,
            _ => "",
        };
        let annotations = ingress.metadata.annotations.clone().unwrap_or_default();
        let mut wrong = Vec::new();
        let mut own: Vec<(&str, &str)> = Vec::new();
        for (key, value) in &annotations {
            match key.strip_prefix(mine) {
                Some(rest) if !mine.is_empty() => own.push((rest, value)),
                _ if OTHERS.iter().any(|prefix| key.starts_with(prefix)) => {}
                _ => wrong.push(format!("{key}: no reader for the class `{class}`")),
            }
        }
        let meaning = match mine {
            NGINX => nginx(ingress, &own, &mut wrong),
            TRAEFIK => self.traefik(&own, &mut wrong),
            _ => Meaning { controller: "unknown", ..Meaning::default() },
        };
        if wrong.is_empty() { Ok(meaning) } else { Err(wrong) }
    }

    /// Traefik takes everything from Middlewares, in their order; one that does not exist takes
    /// the whole router away. `tls` gives it the certificate alone: that it is used is a setting of
    /// the entry point, which its chart and k3s have for HTTPS.
    fn traefik(&self, own: &[(&str, &str)], wrong: &mut Vec<String>) -> Meaning {
        // Upgrades need no setting, and an upgraded connection has no timeout.
        let mut meaning = Meaning { controller: "Traefik", upgrades: true, ..Meaning::default() };
        for (key, value) in own {
            if *key != "router.middlewares" {
                wrong.push(format!("{TRAEFIK}{key}: not in the table"));
                continue;
            }
            for name in value.split(',') {
                match self.middleware(name) {
                    Some(middleware) => apply(&mut meaning, &middleware["spec"], wrong),
                    None => wrong.push(format!("there is no Middleware {name}")),
                }
            }
        }
        meaning
    }

    /// A reference is `NAMESPACE-NAME@kubernetescrd`.
    fn middleware(&self, reference: &str) -> Option<&Value> {
        let joined = reference.strip_suffix("@kubernetescrd")?;
        self.objects.iter().filter(|o| o["kind"] == "Middleware").find(|o| {
            let metadata = &o["metadata"];
            format!("{}-{}", super::namespace_of(o), text(&metadata["name"])) == joined
        })
    }
}

fn nginx(ingress: &Ingress, own: &[(&str, &str)], wrong: &mut Vec<String>) -> Meaning {
    let mut settings = Settings::default();
    for (key, value) in own {
        match NGINX_TABLE.iter().find(|(known, _)| known == key) {
            Some((_, set)) if set(&mut settings, value).is_some() => {}
            Some(_) => wrong.push(format!("{NGINX}{key}: no value is `{value}`")),
            None => wrong.push(format!("{NGINX}{key}: not in the table")),
        }
    }
    let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
    let mut hosts = rules.filter_map(|rule| rule.host.as_deref()).peekable();
    let has_tls = hosts.peek().is_some() && hosts.all(|host| web::covered(ingress, host).yes);
    // By default it redirects where there is TLS; by force also where there is none.
    let redirects = settings.force || (has_tls && settings.redirect.unwrap_or(true));
    // `hsts` is on in its ConfigMap by default, for what comes by TLS.
    let hsts = has_tls.then(|| "max-age=31536000; includeSubDomains".to_owned());
    let silence = settings.read.unwrap_or(60).min(settings.send.unwrap_or(60));
    Meaning {
        controller: "ingress-nginx",
        redirect: redirects.then(|| "308 to https".to_owned()),
        hsts,
        limit: settings.rate.map(|rate| (rate, rate * settings.burst.unwrap_or(5))),
        silence: Some(silence),
        upgrades: settings.http_version.as_deref().unwrap_or("1.1") == "1.1",
    }
}

/// What a Middleware adds; a key that is not known here is refused.
fn apply(meaning: &mut Meaning, spec: &Value, wrong: &mut Vec<String>) {
    let entries = spec.as_object().into_iter().flatten();
    for (kind, settings) in entries {
        let known: &[&str] = match kind.as_str() {
            "redirectScheme" => &["permanent", "scheme"],
            "headers" => &["stsSeconds", "stsIncludeSubdomains"],
            "rateLimit" => &["average", "burst"],
            _ => &[],
        };
        let keys = settings.as_object().into_iter().flatten().map(|(key, _)| key);
        for key in keys.filter(|key| !known.contains(&key.as_str())) {
            wrong.push(format!("{kind}.{key} of a Middleware is not in the table"));
        }
        match kind.as_str() {
            "redirectScheme" if settings["scheme"] == "https" => {
                let code = if settings["permanent"] == true { "301 or 308" } else { "302 or 307" };
                meaning.redirect = Some(format!("{code} to https"));
            }
            // Sent with what comes by TLS only.
            "headers" => {
                let subdomains = settings["stsIncludeSubdomains"] == true;
                let rest = if subdomains { "; includeSubDomains" } else { "" };
                meaning.hsts = settings["stsSeconds"]
                    .as_u64()
                    .filter(|seconds| *seconds > 0)
                    .map(|seconds| format!("max-age={seconds}{rest}"));
            }
            // The period is one second, and the burst 1, where they are not written.
            "rateLimit" => {
                let burst = settings["burst"].as_u64().unwrap_or(1);
                meaning.limit = settings["average"].as_u64().map(|average| (average, burst));
            }
            _ => wrong.push(format!("a Middleware of {kind} is not in the table")),
        }
    }
}
