//! A private CA: every container of the Pod that speaks TLS trusts a server that only the
//! bundle of `spec.security.caBundle` vouches for, and none does without it.
//!
//! Each asks a path of its own, so what the server was asked is the proof: a handshake that
//! failed leaves no request.

use crate::bed::stack::SMALL;
use crate::bed::web::authority;
use crate::bed::{Stack, Web, ensure, eventually, variable};

/// Prints what the server said, or why Node.js did not believe it.
const FETCH: &str =
    "fetch(process.argv[1]).then((it) => it.text(), (it) => it.cause.code).then(console.log)";

/// The application by Node.js and curl, an init container by Node.js and one by uv, and a
/// sidecar by curl.
fn spec(web: &Web, bundle: &str) -> String {
    let image = "ghcr.io/openclaw/openclaw:2026.9.6";
    let ask = |path: &str| web.url(path);
    format!(
        "{SMALL}
{bundle}
initContainers:
  - name: first
    image: {image}
    command: [node, -e, \"{FETCH}\", \"{first}\"]
  - name: builds
    image: ghcr.io/astral-sh/uv:0.13.9-bookworm-slim
    command: [sh, -c, \"uv python install 3.12 2>&1 || true\"]
    env:
      - {{name: HOME, value: /data/tmp/trust}}
      - {{name: UV_PYTHON_DOWNLOADS_JSON_URL, value: {list}}}
    volumeMounts:
      - {{name: data, mountPath: /data}}
sidecars:
  - name: beside
    image: {image}
    command: [sh, -c, \"curl -sS --max-time 20 {beside} 2>&1; echo; sleep 100000\"]",
        first = ask("/first"),
        list = ask("/list"),
        beside = ask("/beside"),
    )
}

/// Starts the instance; returns what each container said: first, builds, beside, and the
/// main one by Node.js and by curl.
fn asked(stack: &Stack, web: &Web, bundle: &str) -> [String; 5] {
    for path in ["/first", "/beside", "/main", "/curl"] {
        web.serve(path, format!("hello from {path}"));
    }
    web.serve("/list", "{}");
    stack.instance("2026.9.6", &spec(web, bundle));
    stack.apply();
    let pod = stack.pod();
    let (main, curl) = (web.url("/main"), web.url("/curl"));
    let by_node = eventually("the main container runs", 240, || {
        pod.exec("openclaw", ["node", "-e", FETCH, &main])
    });
    let by_curl = pod
        .exec("openclaw", ["curl", "-sS", "--max-time", "20", &curl])
        .unwrap_or_else(|refused| refused);
    let beside = eventually("the sidecar has asked", 60, || {
        let said = pod.logs("beside", false);
        ensure(!said.trim().is_empty() && !said.contains("Error from server"), || said.clone())?;
        Ok(said)
    });
    [pod.logs("first", false), pod.logs("builds", false), beside, by_node, by_curl]
}

fn is_trusted(stack: &Stack, web: &Web, bundle: &str) {
    let [first, builds, beside, by_node, by_curl] = asked(stack, web, bundle);
    assert_eq!(first.trim(), "hello from /first");
    assert_eq!(beside.trim(), "hello from /beside");
    assert_eq!(by_node.trim(), "hello from /main");
    assert_eq!(by_curl.trim(), "hello from /curl");
    // The list of builds is empty, which uv can only know from the server.
    assert!(builds.contains("No download found for request: cpython-3.12"), "{builds}");
    let mut paths: Vec<String> =
        web.requests().iter().map(|each| each["path"].as_str().unwrap().to_owned()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/beside", "/curl", "/first", "/list", "/main"]);
}

#[test]
fn a_bundle_from_a_config_map_is_trusted_by_every_container() {
    let (stack, web) = (Stack::new("trust"), Web::secure(0, &[]));
    authority(&stack.namespace);
    is_trusted(&stack, &web, "security:\n  caBundle:\n    configMapName: corporate-ca");
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn a_bundle_from_a_secret_is_trusted_by_every_container() {
    let (stack, web) = (Stack::new("trust"), Web::secure(0, &[]));
    let text = std::fs::read_to_string(variable("CA")).unwrap();
    stack.namespace.secret("corporate-ca", "root.pem", &text);
    let bundle = "security:\n  caBundle:\n    secretName: corporate-ca\n    key: root.pem";
    is_trusted(&stack, &web, bundle);
}

#[test]
fn without_a_bundle_no_container_trusts_a_private_ca() {
    let (stack, web) = (Stack::new("trust"), Web::secure(0, &[]));
    let [first, builds, beside, by_node, by_curl] = asked(&stack, &web, "");
    let unknown = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
    assert_eq!(first.trim(), unknown);
    assert_eq!(by_node.trim(), unknown);
    assert!(builds.contains("invalid peer certificate: UnknownIssuer"), "{builds}");
    assert!(beside.contains("unable to get local issuer certificate"), "{beside}");
    assert!(by_curl.contains("unable to get local issuer certificate"), "{by_curl}");
    assert_eq!(web.requests().len(), 0);
}
