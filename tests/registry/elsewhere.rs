//! Who is asked at all, and what goes with a question to another server.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use openclaw::registry::{Access, Limits};

use crate::row::{Call, IMAGE, TOKEN, credentials, told};
use crate::server::{Asked, Reply, Server};
use crate::speech::{CONFIG, digest, image, ok, says};

/// Set for the process that asks.
const ASKS: &str = "OPENCLAW_TEST_ASKS";

#[test]
fn a_host_that_is_no_public_address_is_asked_only_where_it_is_configured() {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in [
        "127.0.0.1",
        "127.1",
        "0.0.0.0",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "2130706433",
        "localhost",
        "registry.localhost",
        "10.0.0.1",
        "100.100.100.200",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        let image = format!("{host}:{port}/team/agent");
        let access = Access { credentials: Some(credentials()), ..Access::default() };
        for call in [Call::Tags, Call::Release("1.2.3")] {
            let expected = format!(
                "forbidden: `{host}:{port}` is no public address: name its `endpoint` in \
                 `registries` of the controller's configuration, or with `--mirror`"
            );
            assert_eq!(told(Limits::default(), &image, call, &access), expected);
        }
    }
    for image in ["[::1]:5000/team/agent", "[fe80::1]/team/agent", "a@127.0.0.1/team/agent"] {
        let told = told(Limits::default(), image, Call::Tags, &Access::default());
        assert!(told.starts_with("missing: "), "{told}");
    }
    let connection = listener.accept().map(|(_, peer)| peer);
    assert_eq!(connection.unwrap_err().kind(), ErrorKind::WouldBlock, "somebody was asked");
}

#[test]
fn a_tag_that_is_none_is_not_asked_for() {
    let server = Server::new(0, Arc::new(|_: &Asked| ok(image(CONFIG))));
    let access = Access { endpoint: Some(server.endpoint()), ..Access::default() };
    for tag in ["", ".", "..", "../../secret/tags/list", "a/b", "a?b", "a#b", "%2e%2e", "a\nb"] {
        assert_eq!(told(Limits::default(), IMAGE, Call::Release(tag), &access), "nothing", "{tag}");
    }
    assert_eq!(server.received(), Vec::<String>::new());
}

/// A world of three servers behind one proxy, which tells them apart by their names.
fn world(asked: &Asked) -> Reply {
    let to = |place: &str| says("307 Temporary", &format!("Location: {place}\r\n"), "");
    let bearer = "WWW-Authenticate: Bearer realm=\"http://registry.example/token\"\r\n";
    let (good, other) = (image(CONFIG), image(&CONFIG.replace("amd64", "arm64")));
    let path = asked.path.strip_prefix("http://").unwrap_or_default();
    let below = path.strip_prefix("registry.example/v2/team/agent/");
    match (path, below, &asked.authorization) {
        ("registry.example/token?scope=repository%3Ateam%2Fagent%3Apull", ..) => {
            ok(format!(r#"{{"token":"{TOKEN}"}}"#))
        }
        (_, Some(_), None) => says("401 No", bearer, ""),
        (_, Some("manifests/good"), _) => ok(good),
        (_, Some("manifests/other"), _) => ok(other),
        (_, Some(blob), _) if blob == format!("blobs/{}", digest(CONFIG)) => {
            to("http://blobs.example/good")
        }
        (_, Some(_), _) => to("http://blobs.example/other"),
        ("blobs.example/good", ..) => to("http://cdn.example/good"),
        ("cdn.example/good", ..) => ok(CONFIG),
        // It wants to know who we are, too.
        _ => says("401 No", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""),
    }
}

/// Runs in a process of its own, because the proxy is read from the environment: so names of the
/// world lead to this machine.
#[test]
fn a_blob_elsewhere_is_fetched_by_nobody() {
    const NAME: &str = "elsewhere::a_blob_elsewhere_is_fetched_by_nobody";
    if std::env::var_os(ASKS).is_some() {
        let endpoint = Some("http://registry.example".to_owned());
        let access = Access { endpoint, credentials: Some(credentials()), certificates: None };
        let told = |tag| told(Limits::default(), IMAGE, Call::Release(tag), &access);
        assert_eq!(told("good"), "release: linux/amd64 of 1788220800");
        assert_eq!(told("other"), "denied: `team/agent`: 401 Unauthorized");
        return;
    }
    let proxy = Server::new(0, Arc::new(world));
    let mut child = Command::new(std::env::current_exe().unwrap());
    for name in ["no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "HTTP_PROXY", "REQUEST_METHOD"] {
        child.env_remove(name);
    }
    child.args(["--exact", NAME]).env(ASKS, "1").env("http_proxy", proxy.endpoint());
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let received = proxy.received();
    let to = |host: &str| {
        let start = format!("GET http://{host}/");
        received.iter().filter(move |head| head.starts_with(&start)).collect::<Vec<_>>()
    };
    assert_eq!((to("blobs.example").len(), to("cdn.example").len()), (2, 1), "{received:?}");
    for head in [to("blobs.example"), to("cdn.example")].concat() {
        let head = head.to_lowercase();
        assert!(!head.contains("authorization") && !head.contains("marked"), "{head}");
    }
    // Were nothing proven anywhere, the rest would prove nothing.
    let is_proven = |head: &&&String| head.contains(&format!("Bearer {TOKEN}"));
    assert_eq!(to("registry.example").iter().filter(is_proven).count(), 4, "{received:?}");
}
