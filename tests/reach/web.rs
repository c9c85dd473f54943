//! The evaluator itself: hosts, paths, TLS, and the annotations of the controllers.

use k8s_openapi::api::networking::v1::Ingress;

use crate::kit;
use crate::kit::reach::{Cluster, web};

#[test]
fn hosts_and_paths_match_as_kubernetes_says() {
    for (written, host, expected) in [
        ("a.example.com", "a.example.com", true),
        ("a.example.com", "b.a.example.com", false),
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "b.a.example.com", false),
        ("*.example.com", "example.com", false),
    ] {
        assert_eq!(web::is_host(written, host), expected, "{written} {host}");
    }
    for (kind, written, path, expected) in [
        ("Prefix", "/", "/anything/at/all", true),
        ("Prefix", "/foo", "/foo/bar", true),
        ("Prefix", "/foo", "/foobar", false),
        ("Prefix", "/foo/", "/foo", true),
        ("Exact", "/foo", "/foo", true),
        ("Exact", "/foo", "/foo/", false),
        ("ImplementationSpecific", "/", "/foo", true),
    ] {
        assert_eq!(web::is_path(kind, written, path), expected, "{kind} {written} {path}");
    }
}

fn ingress(class: &str, annotations: &str) -> Ingress {
    let text = format!(
        "metadata: {{annotations: {annotations}}}\nspec:\n  ingressClassName: {class}\n  rules:\n  \
         - host: '*.example.com'\n    http: {{paths: [{}, {}, {}]}}\n  \
         - host: a.example.com\n    http: {{paths: [{}]}}\n  \
         defaultBackend: {{service: {{name: default}}}}\n  \
         tls: [{{hosts: ['*.example.com', a.example.com], secretName: s}}]\n",
        "{path: /, pathType: Prefix, backend: {service: {name: all}}}",
        "{path: /x, pathType: Prefix, backend: {service: {name: prefix}}}",
        "{path: /x, pathType: Exact, backend: {service: {name: exact}}}",
        "{path: /, pathType: Prefix, backend: {service: {name: one}}}",
    );
    serde_yaml::from_str(&text).unwrap()
}

#[test]
fn the_most_exact_rule_of_an_ingress_wins() {
    let ingress = ingress("nginx", "{}");
    for (host, path, expected) in [
        ("b.example.com", "/", "all"),
        ("b.example.com", "/x/y", "prefix"),
        ("b.example.com", "/x", "exact"),
        ("a.example.com", "/x", "one"),
        ("example.com", "/", "default"),
    ] {
        let found = web::backend(&ingress, host, path).unwrap().service.unwrap().name;
        assert_eq!(found, expected, "{host}{path}");
    }
    assert!(web::covered(&ingress, "b.example.com").yes);
    assert!(!web::covered(&ingress, "example.com").yes);
}

/// What annotations mean, in short, or what is wrong with them.
fn meaning(class: &str, annotations: &str, extra: &str) -> String {
    let cluster = Cluster::of(kit::documents(extra));
    match cluster.meaning(&ingress(class, annotations)) {
        Err(wrong) => format!("wrong: {}", wrong.join("; ")),
        Ok(m) => {
            let silence = m.silence.map_or("ever".to_owned(), |seconds| seconds.to_string());
            let websocket = if m.upgrades { silence } else { "none".to_owned() };
            let redirect = m.redirect.unwrap_or_else(|| "served".to_owned());
            let (hsts, limit) = (m.hsts.is_some(), m.limit.unwrap_or_default());
            format!("{redirect}, hsts {hsts}, limit {limit:?}, websocket {websocket}")
        }
    }
}

#[test]
fn annotations_of_nginx_mean_what_it_documents() {
    let key = |rest: &str| format!("{{nginx.ingress.kubernetes.io/{rest}}}");
    let plain = "308 to https, hsts true, limit (0, 0), websocket 60";
    for (annotations, expected) in [
        ("{}".to_owned(), plain),
        ("{cert-manager.io/cluster-issuer: x}".to_owned(), plain),
        (key("ssl-redirect: 'false'"), "served, hsts true, limit (0, 0), websocket 60"),
        (
            "{nginx.ingress.kubernetes.io/ssl-redirect: 'false', \
             nginx.ingress.kubernetes.io/force-ssl-redirect: 'true'}"
                .to_owned(),
            plain,
        ),
        (key("proxy-http-version: '1.0'"), "308 to https, hsts true, limit (0, 0), websocket none"),
        (key("limit-rps: '7'"), "308 to https, hsts true, limit (7, 35), websocket 60"),
        (
            "{nginx.ingress.kubernetes.io/limit-rps: '7', \
             nginx.ingress.kubernetes.io/limit-burst-multiplier: '2'}"
                .to_owned(),
            "308 to https, hsts true, limit (7, 14), websocket 60",
        ),
        // The shorter of both cuts the connection.
        (key("proxy-read-timeout: '3600'"), plain),
        (
            key("proxy-read-timeout: 1h"),
            "wrong: nginx.ingress.kubernetes.io/proxy-read-timeout: no value is `1h`",
        ),
        (key("hsts: 'true'"), "wrong: nginx.ingress.kubernetes.io/hsts: not in the table"),
        (
            "{traefik.ingress.kubernetes.io/router.tls: 'true'}".to_owned(),
            "wrong: traefik.ingress.kubernetes.io/router.tls: no reader for the class `nginx`",
        ),
    ] {
        assert_eq!(meaning("nginx", &annotations, "kind: X"), expected, "{annotations}");
    }
}

#[test]
fn annotations_of_traefik_mean_what_its_middlewares_say() {
    let middleware = |spec: &str| {
        format!("kind: Middleware\nmetadata: {{name: m, namespace: a}}\nspec: {{{spec}}}\n")
    };
    let named = "{traefik.ingress.kubernetes.io/router.middlewares: a-m@kubernetescrd}";
    for (annotations, spec, expected) in [
        ("{}", "", "served, hsts false, limit (0, 0), websocket ever"),
        (
            named,
            "redirectScheme: {scheme: https, permanent: true}",
            "301 or 308 to https, hsts false, limit (0, 0), websocket ever",
        ),
        (
            named,
            "redirectScheme: {scheme: http}",
            "wrong: a Middleware of redirectScheme is not in the table",
        ),
        (named, "headers: {stsSeconds: 1}", "served, hsts true, limit (0, 0), websocket ever"),
        (named, "headers: {stsSeconds: 0}", "served, hsts false, limit (0, 0), websocket ever"),
        (named, "rateLimit: {average: 5}", "served, hsts false, limit (5, 1), websocket ever"),
        (
            named,
            "rateLimit: {average: 5, period: 1m}",
            "wrong: rateLimit.period of a Middleware is not in the table",
        ),
        (
            "{traefik.ingress.kubernetes.io/router.middlewares: b-m@kubernetescrd}",
            "rateLimit: {average: 5}",
            "wrong: there is no Middleware b-m@kubernetescrd",
        ),
        (
            "{traefik.ingress.kubernetes.io/router.tls: 'true'}",
            "",
            "wrong: traefik.ingress.kubernetes.io/router.tls: not in the table",
        ),
        (
            "{nginx.ingress.kubernetes.io/limit-rps: '1'}",
            "",
            "wrong: nginx.ingress.kubernetes.io/limit-rps: no reader for the class `traefik`",
        ),
    ] {
        assert_eq!(
            meaning("traefik", annotations, &middleware(spec)),
            expected,
            "{annotations} {spec}"
        );
    }
}

#[test]
fn a_class_that_nobody_knows_reads_nothing() {
    let known = "{openclaw.rocks/source: x}";
    let nothing = "served, hsts false, limit (0, 0), websocket none";
    assert_eq!(meaning("alb", known, "kind: X"), nothing);
    let found = meaning("alb", "{nginx.ingress.kubernetes.io/limit-rps: '1'}", "kind: X");
    let expected = "wrong: nginx.ingress.kubernetes.io/limit-rps: no reader for the class `alb`";
    assert_eq!(found, expected);
}
