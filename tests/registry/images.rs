//! Releases: manifests, indexes, configurations, and where they lie.

use crate::row::{Row, release};
use crate::server::{OTHER, Reply};
use crate::speech::{
    CONFIG, OCI_IMAGE, OCI_INDEX, Shelf, always, digest, entry, image, index, ok, ok_with, proven,
    says, text,
};

const GOOD: &str = "release: linux/amd64 of 1788220800";
const NO_MANIFEST: &str = "hostile: no manifest of an image";
const OTHER_BYTES: &str = "hostile: a manifest that its digest is not of";
const NO_DIGEST: &str = "hostile: an entry without digest";
const NO_CONFIG: &str = "hostile: an image without config";
const NO_PLATFORM: &str = "hostile: it names no platform";
const FORBIDDEN: &str = "hostile: it sends one where nobody should go";

pub fn rows() -> Vec<Row> {
    [manifests(), entries(), indexes(), configs(), times(), moves(), ways()]
        .into_iter()
        .flatten()
        .collect()
}

fn on(name: &'static str, expected: &str, shelf: Shelf) -> Row {
    release(name, expected, shelf.answer())
}

/// What is behind the tag, beside a good image.
fn tagged(name: &'static str, expected: &str, reply: Reply) -> Row {
    on(name, expected, Shelf::of(CONFIG).manifest(&image(CONFIG)).tagged(reply))
}

fn manifests() -> Vec<Row> {
    let typed = |kind: &str| format!("Content-Type: {kind}; charset=utf-8\r\n");
    let own = format!("Docker-Content-Digest: {}\r\n", digest(image(CONFIG)));
    let other = format!("Docker-Content-Digest: {}\r\n", digest("other"));
    let untyped = image(CONFIG).replace(&format!(r#""mediaType":"{OCI_IMAGE}","#), "");
    let unknown = image(CONFIG).replace(OCI_IMAGE, "application/vnd.other+json");
    let empty = says("200 OK", &typed(OCI_IMAGE), "");
    vec![
        tagged("a good image", GOOD, ok(image(CONFIG))),
        tagged("a good image with its digest", GOOD, ok_with(&own, image(CONFIG))),
        tagged("the digest of other bytes", OTHER_BYTES, ok_with(&other, image(CONFIG))),
        tagged("two digests", OTHER_BYTES, ok_with(&(own + &other), image(CONFIG))),
        tagged("a kind in the header alone", GOOD, ok_with(&typed(OCI_IMAGE), &untyped)),
        tagged("a header of another kind", GOOD, ok_with(&typed("text/html"), image(CONFIG))),
        tagged("no kind", NO_MANIFEST, ok_with("", untyped)),
        tagged("an unknown kind", NO_MANIFEST, ok(unknown)),
        tagged("an image that says it is an index", NO_MANIFEST, {
            ok(image(CONFIG).replace(OCI_IMAGE, OCI_INDEX))
        }),
        tagged("an index that says it is an image", NO_MANIFEST, {
            ok(index(&[]).replace(OCI_INDEX, OCI_IMAGE))
        }),
        tagged("the first schema", NO_MANIFEST, ok(r#"{"schemaVersion":1,"fsLayers":[]}"#)),
        tagged("a manifest that is a list", NO_MANIFEST, ok("[]")),
        tagged("a manifest of nothing", "hostile: no JSON: ...", empty),
        tagged("a manifest of HTML", "hostile: no JSON: ...", ok("<p>")),
        tagged("a manifest of many values", "hostile: more values than any answer has", {
            ok(format!("{{\"layers\":[{}0]}}", "{},".repeat(1_000_000)))
        }),
        tagged("no manifest", "nothing", says("404 Not Found", "", "")),
        tagged("a manifest that is not shown", "denied: `team/agent`: 403 Forbidden", {
            says("403 No", "", "")
        }),
        tagged("a manifest that is gone", "hostile: the status 410 Gone", says("410 No", "", "")),
    ]
}

/// An index behind the tag, beside a good image.
fn of(name: &'static str, expected: &str, entries: &[String]) -> Row {
    tagged(name, expected, ok(index(entries)))
}

fn entries() -> Vec<Row> {
    let own = digest(image(CONFIG));
    let good = entry("linux/amd64", &own);
    let bare = format!(r#"{{"digest":"{own}"}}"#);
    let arm = good.replace("amd64\"", "arm\",\"variant\":\"v7\"");
    let odd = |digest: &str| entry("linux/arm64", digest);
    let many = |count: usize| vec![good.clone(); count];
    let whole = format!("release: {} of 1788220800", ["linux/amd64"; 1000].join(" "));
    vec![
        of("a good index", GOOD, std::slice::from_ref(&good)),
        of("an attestation", GOOD, &[good.clone(), entry("unknown/unknown", &own)]),
        of("an entry without platform", GOOD, &[bare, good.clone()]),
        of("a variant", "release: linux/arm/v7 of 1788220800", &[arm]),
        of("a platform with a new line", GOOD, &[good.clone(), entry("linux/a\\nb", &own)]),
        of("a platform with a slash", GOOD, &[good.clone(), entry("linux/../x", &own)]),
        of("an entry without digest", NO_DIGEST, &[good.replace("digest", "other")]),
        of("a digest that is a path", NO_DIGEST, &[good.clone(), odd("../../secret")]),
        of("a digest that is short", NO_DIGEST, &[good.clone(), odd("sha256:00")]),
        of("a digest in upper case", NO_DIGEST, &[good.clone(), odd(&upper(&own))]),
        of("a digest of another kind", NO_DIGEST, &[odd(&own.replace("256", "512"))]),
        of("an entry that is a number", GOOD, &["7".to_owned(), good.clone()]),
        of("an index of 1,000 entries", &whole, &many(1000)),
        of("an index of 2,000 entries", "hostile: an index of more than 1000 entries", &many(2000)),
    ]
}

fn upper(digest: &str) -> String {
    digest.to_uppercase().replace("SHA", "sha")
}

fn indexes() -> Vec<Row> {
    let inner = index(&[entry("linux/amd64", &digest("x"))]);
    let outer = ok(index(&[entry("linux/amd64", &digest(&inner))]));
    let own = index(&[entry("linux/amd64", &digest(image(CONFIG)))]);
    let path = format!("manifests/{}", digest(image(CONFIG)));
    let at = |reply: Reply| Shelf::default().tagged(ok(&own)).put(&path, reply);
    vec![
        of("an index without entries", "release: ", &[]),
        tagged("an index without a list", NO_MANIFEST, ok(index(&[]).replace("[]", "{}"))),
        on("an index in an index", "hostile: an index in an index", {
            Shelf::default().manifest(&inner).tagged(outer)
        }),
        on("a manifest that is missing", "release: linux/amd64", at(says("404 No", "", ""))),
        on("a manifest of other bytes", OTHER_BYTES, at(ok(image("other")))),
        on("a manifest without end", "hostile: more than 4194304 bytes", {
            at(Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 4096]))
        }),
        on("a configuration that is missing behind an index", "release: linux/amd64", {
            at(ok(image(CONFIG)))
        }),
    ]
}

/// A good image with another configuration.
fn with(name: &'static str, expected: &str, config: &str) -> Row {
    on(name, expected, Shelf::of(config))
}

fn configs() -> Vec<Row> {
    let own = digest(CONFIG);
    let blob = format!("blobs/{own}");
    let named = |digest: &str| ok(image(CONFIG).replace(&own, digest));
    let at = |reply: Reply| Shelf::of(CONFIG).put(&blob, reply);
    vec![
        on("no configuration", "hostile: its config is missing", at(says("404 No", "", ""))),
        on("a configuration of other bytes", "hostile: a config that its digest is not of", {
            at(ok(CONFIG.replace("amd64", "arm64")))
        }),
        on("a configuration that breaks off", "unavailable: its answer broke off...", {
            at(text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"))
        }),
        on("silence instead of a configuration", "unavailable: it took more than 1.5 s", {
            at(Reply::Silence)
        })
        .for_a_while(),
        tagged("a configuration at a path", NO_CONFIG, named("../../../v2/x")),
        tagged("a configuration at nothing", NO_CONFIG, named("")),
        tagged("a configuration at a short digest", NO_CONFIG, named("sha256:00")),
        with("a configuration of nothing", NO_PLATFORM, "{}"),
        with("a configuration that is a text", NO_PLATFORM, "\"linux\""),
        with("no architecture", NO_PLATFORM, r#"{"os":"linux"}"#),
        with("an unknown system", NO_PLATFORM, &CONFIG.replace("linux", "unknown")),
        with("a system of 33 letters", NO_PLATFORM, &CONFIG.replace("linux", &"l".repeat(33))),
        with("a system with a new line", NO_PLATFORM, &CONFIG.replace("linux", "linux\\n")),
        with("a configuration that is no JSON", "hostile: no JSON: ...", "linux"),
    ]
}

fn times() -> Vec<Row> {
    let at = |name, created: &str, expected: &str| {
        with(name, expected, &CONFIG.replace("\"2026-09-01T00:00:00Z\"", created))
    };
    let none = "release: linux/amd64";
    vec![
        at("made in 1970", "\"1970-01-01T00:00:00Z\"", none),
        at("made before 1970", "\"1812-01-01T00:00:00Z\"", none),
        at("made in year 0", "\"0000-00-00T00:00:00Z\"", none),
        at("made on the 30th of February", "\"2026-02-30T00:00:00Z\"", none),
        at("made at a word", "\"yesterday\"", none),
        at("made at a number", "1788220800", none),
        at("made in the future", "\"2999-01-01T00:00:00Z\"", "release: linux/amd64 of 32472144000"),
        at("made in the year 99999", "\"99999-01-01T00:00:00Z\"", none),
    ]
}

/// The configuration is said to lie there.
fn moved(name: &'static str, expected: &str, headers: &str) -> Row {
    let path = format!("blobs/{}", digest(CONFIG));
    on(name, expected, Shelf::of(CONFIG).put(&path, says("307 Temporary", headers, "")))
}

fn moves() -> Vec<Row> {
    let to = |name, target: &str| moved(name, FORBIDDEN, &format!("Location: {target}\r\n"));
    let round = format!("Location: ../blobs/{}\r\n", digest(CONFIG));
    vec![
        moved("a redirect to nowhere", "hostile: it sends one nowhere", ""),
        moved(
            "a redirect to no address",
            "hostile: it sends one nowhere",
            "Location: http://[\r\n",
        ),
        moved("a redirect that goes round", "hostile: it sends one around", &round),
        to("a redirect to another port", &format!("http://{OTHER}/blob")),
        to("a redirect without a scheme", &format!("//{OTHER}/blob")),
        to("a redirect with a name", "http://robot:x@blobs.example/blob"),
        to("a redirect to the metadata of a cloud", "http://169.254.169.254/latest/meta-data/"),
        to("the same, of another cloud", "http://100.100.100.200/latest/meta-data/"),
        to("the same, in one number", "http://2852039166/latest/meta-data/"),
        to("the same, in IPv6", "http://[fd00:ec2::254]/latest/meta-data/"),
        to("the same, through a gateway", "http://[64:ff9b::a9fe:a9fe]/"),
        to("the same, by its name", "http://metadata.google.internal/"),
        to("a redirect to a private address", "https://10.0.0.1/"),
        to("a redirect to the machine", "https://localhost/"),
        to(
            "a redirect to a service of the cluster",
            "http://kubernetes.default.svc.cluster.local/",
        ),
        to("a redirect to a single name", "https://kubernetes/"),
        to("a redirect to a file", "file:///etc/passwd"),
        to("a redirect to another protocol", "ftp://blobs.example/blob"),
    ]
}

fn ways() -> Vec<Row> {
    let here = format!("blobs/{}", digest(CONFIG));
    let near = says("302 Found", "Location: /v2/team/agent/elsewhere\r\n", "");
    let basic = "Basic realm=\"x\"";
    vec![
        on("a configuration elsewhere on the registry", GOOD, {
            Shelf::of(CONFIG).put(&here, near).put("elsewhere", ok(CONFIG))
        }),
        release("an image behind a password", GOOD, {
            proven(basic, ok(""), Shelf::of(CONFIG).answer())
        }),
        release("an image of a registry that is busy", "throttled for 3 s", {
            always(says("429 No", "Retry-After: 3\r\n", ""))
        }),
        on("an image that is too large in all", "hostile: more than 60 bytes", Shelf::of(CONFIG))
            .within(|limits| limits.total = image(CONFIG).len() + 60),
    ]
}
