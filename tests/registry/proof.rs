//! Who we are: challenges, servers of tokens, and what is sent to whom.

use crate::row::{BASIC, Row, TOKEN, tags};
use crate::server::{Asked, OTHER, Reply};
use crate::speech::{LISTING, NEXT, always, in_turn, ok, ok_with, proven, says};

const GOOD: &str = "tags: 1.0.0 1.1.0";
const NO_PROOF: &str = "denied: it does not say how to prove who one is";
const REFUSED: &str = "denied: `team/agent`: 401 Unauthorized";
const NO_TOKEN: &str = "hostile: the server of tokens gives none";
const NO_SERVER: &str = "hostile: it names no server of tokens";

pub fn rows() -> Vec<Row> {
    [challenges(), realms(), tokens(), good()].into_iter().flatten().collect()
}

/// A registry that believes a token alone.
fn with_token(challenge: &str, token: Reply) -> impl Fn(&Asked) -> Reply + Send + Sync {
    proven(challenge, token, |asked: &Asked| {
        let is_token = asked.authorization == Some(format!("Bearer {TOKEN}"));
        if is_token { ok(LISTING) } else { says("403 Forbidden", "", "") }
    })
}

/// What asks for a proof, whatever one says.
fn wants(name: &'static str, expected: &str, header: &str) -> Row {
    let headers = format!("WWW-Authenticate: {header}\r\n");
    tags(name, expected, always(says("401 Unauthorized", &headers, "")))
}

fn challenges() -> Vec<Row> {
    let noise = "Negotiate, NTLM, ".repeat(500);
    let equals = format!("Bearer {}", "a=,".repeat(30_000));
    let basic_first = "Basic realm=\"x\"\r\nWWW-Authenticate: Bearer service=\"x\"";
    vec![
        tags("401 without a challenge", NO_PROOF, always(says("401 Unauthorized", "", ""))),
        wants("an empty challenge", NO_PROOF, ""),
        wants("a challenge of another kind", NO_PROOF, "Negotiate"),
        wants("many challenges of other kinds", NO_PROOF, &noise),
        wants("401 for ever", REFUSED, "Basic realm=\"x\""),
        wants("a name and a password of nobody", "denied: it wants a name and a password", {
            "Basic realm=\"x\""
        })
        .by_nobody(),
        wants("tokens from nowhere", NO_SERVER, "Bearer"),
        wants("tokens from an empty realm", NO_SERVER, "Bearer realm=\"\""),
        wants("tokens from a path", NO_SERVER, "Bearer realm=\"/token\""),
        wants("a realm that does not end", NO_SERVER, "Bearer realm=\"http"),
        wants("30,000 parameters", NO_SERVER, &equals),
        wants("a password rather than a token", NO_SERVER, basic_first),
        tags("403", "denied: `team/agent`: 403 Forbidden", always(says("403 Forbidden", "", ""))),
        tags("a proof that is worth one page", REFUSED, {
            let no = says("401 Unauthorized", "WWW-Authenticate: Basic\r\n", "");
            in_turn(vec![no.clone(), ok_with(NEXT, LISTING), no])
        }),
    ]
}

/// A server of tokens that is none of the registry's.
fn realm(name: &'static str, host: &str, realm: &str) -> Row {
    let expected = format!("hostile: `{host}` is not its server of tokens");
    wants(name, &expected, &format!("Bearer realm=\"{realm}\",service=\"s\""))
}

fn realms() -> Vec<Row> {
    let dots = format!("https://{}example/token", "a.".repeat(5000));
    let link_local = "169.254.169.254";
    vec![
        realm("tokens from another port", "127.0.0.1", &format!("http://{OTHER}/token")),
        realm("tokens from another host", "evil.example", "https://evil.example/token"),
        realm("tokens over plain HTTP", "evil.example", "http://evil.example/token"),
        realm("tokens from the metadata of a cloud", link_local, "http://169.254.169.254/latest"),
        realm("the same, with TLS", link_local, "https://169.254.169.254/latest"),
        realm("tokens from the machine", "localhost", "https://localhost/token"),
        realm("tokens from a file", "", "file:///etc/passwd"),
        realm("tokens from data", "", "data:application/json,{}"),
        realm("tokens of a name", "127.0.0.1", &format!("http://robot:x@{OTHER}/token")),
        realm("tokens of 10,000 dots", &"a.".repeat(50), &dots),
    ]
}

/// A server of tokens that belongs to the registry, and says this.
fn token(name: &'static str, expected: &str, reply: Reply) -> Row {
    tags(name, expected, move |asked: &Asked| {
        if asked.path.starts_with("/token") {
            return reply.clone();
        }
        // The registry knows its own address from the request alone.
        let challenge = format!("Bearer realm=\"http://{}/token\"", asked.host);
        with_token(&challenge, reply.clone())(asked)
    })
}

fn tokens() -> Vec<Row> {
    let given = |value: &str| ok(format!(r#"{{"token":{value}}}"#));
    let open = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    let moved = says("302 Found", &format!("Location: http://{OTHER}/token\r\n"), "");
    let large = says("200 OK", "X: y\r\n", vec![b' '; 300 << 10]);
    let no_json = "hostile: the server of tokens says no JSON...";
    vec![
        token("tokens: 500", "unavailable: tokens: 500 Internal Server Error", {
            says("500 No", "", "")
        }),
        token("tokens: 401", "denied: tokens: 401 Unauthorized", says("401 No", "", "")),
        token("tokens: 404", "denied: tokens: 404 Not Found", says("404 No", "", "")),
        token("tokens: 429", "throttled for 7 s", says("429 No", "Retry-After: 7\r\n", "")),
        token("tokens: 503", "unavailable: 503 Service Unavailable", says("503 No", "", "")),
        token("tokens: a page of HTML", no_json, ok("<!doctype html>")),
        token("tokens: nothing", no_json, ok("")),
        token("tokens: a body without end", "hostile: more than 262144 bytes", {
            Reply::Endless(open.clone(), vec![b' '; 4096])
        }),
        token("tokens: 300 KiB", "hostile: more than 262144 bytes", large),
        token("tokens: a redirect", "hostile: the server of tokens sends one on", moved),
        token("tokens: silence", "unavailable: it took more than 1.5 s", Reply::Silence)
            .for_a_while(),
        token("tokens: a byte a second", "unavailable: it took more than 1.5 s", {
            Reply::Slow(open, b" ".to_vec())
        })
        .for_a_while(),
        token("a token that is empty", NO_TOKEN, given("\"\"")),
        token("a token that is a number", NO_TOKEN, given("7")),
        token("a token with a new line", NO_TOKEN, given(r#""a\r\nX-Other: b""#)),
        token("a token with a space", NO_TOKEN, given("\"a b\"")),
        token("a token that is no ASCII", NO_TOKEN, given("\"\u{e4}\"")),
        token("a token that is none", NO_TOKEN, ok("[]")),
        token("a token that is not believed", "denied: `team/agent`: 403 Forbidden", {
            given("\"other\"")
        }),
    ]
}

fn good() -> Vec<Row> {
    let basic = |asked: &Asked| match asked.authorization.as_deref() {
        None => says("401 No", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""),
        Some(BASIC) => ok(LISTING),
        Some(_) => says("403 No", "", ""),
    };
    // The password to the server of tokens, and the token to the registry.
    let bearer = |asked: &Asked| {
        let reply = match asked.authorization.as_deref() {
            Some(BASIC) if asked.path.starts_with("/token?") => {
                ok(format!(r#"{{"access_token":"{TOKEN}"}}"#))
            }
            _ => says("403 No", "", ""),
        };
        let scope = "repository:team/agent:pull";
        let realm = format!("http://{}/token", asked.host);
        let challenge = format!("Bearer realm=\"{realm}\",service=\"a b\",scope=\"{scope}\"");
        with_token(&challenge, reply)(asked)
    };
    let long = |asked: &Asked| {
        let realm = format!("http://{}/token?{}", asked.host, "a".repeat(10_000));
        let token = ok(format!(r#"{{"token":"{TOKEN}"}}"#));
        with_token(&format!("Bearer realm=\"{realm}\""), token)(asked)
    };
    let longest = |asked: &Asked| {
        let realm = format!("http://{}/token?{}", asked.host, "a".repeat(100_000));
        with_token(&format!("Bearer realm=\"{realm}\""), ok(""))(asked)
    };
    vec![
        tags("a name and a password", GOOD, basic),
        tags("a token", GOOD, bearer),
        tags("a realm of 10,000 bytes", GOOD, long),
        tags("a realm of 100,000 bytes", "unavailable: it does not speak HTTP...", longest),
    ]
}
