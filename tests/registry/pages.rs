//! Listings: what is in a page, and where the next one is.

use std::fmt::Write;

use crate::row::{Row, tags};
use crate::server::{Asked, OTHER, Reply};
use crate::speech::{LISTING, NEXT, always, bytes, in_turn, ok, ok_with};

const NO_TAG: &str = "hostile: a tag that is none";
const NO_TAGS: &str = "hostile: a listing without tags";
const NO_JSON: &str = "hostile: no JSON: ...";
const TOO_LARGE: &str = "hostile: more than 4194304 bytes";
const TOO_MANY: &str = "hostile: more values than any answer has";
const ELSEWHERE: &str = "hostile: a next page that is none of the same listing";
const UNREAD: &str = "hostile: a `Link` that cannot be read";

pub fn rows() -> Vec<Row> {
    [bodies(), words(), sizes(), links(), places(), rounds()].into_iter().flatten().collect()
}

fn said(name: &'static str, expected: &str, body: impl AsRef<[u8]>) -> Row {
    tags(name, expected, always(ok(body)))
}

fn bodies() -> Vec<Row> {
    vec![
        said("a list", NO_TAGS, "[]"),
        said("a number", NO_TAGS, "7"),
        said("null", NO_TAGS, "null"),
        said("an empty object", NO_TAGS, "{}"),
        said("an error with 200", NO_TAGS, r#"{"errors":[{"code":"DENIED"}]}"#),
        said("tags are an object", NO_TAGS, r#"{"name":"a","tags":{"1.0.0":1}}"#),
        said("tags are a text", NO_TAGS, r#"{"name":"a","tags":"1.0.0"}"#),
        said("no tags and no name", NO_TAGS, r#"{"tags":null}"#),
        said("no tags, and a name that is none", NO_TAGS, r#"{"name":7,"tags":null}"#),
        said("no tags, and a name", "tags: ", r#"{"name":"a","tags":null}"#),
        said("tags are missing", "tags: ", r#"{"name":"a"}"#),
        said("two values", NO_JSON, format!("{LISTING}{LISTING}")),
        said("half a value", NO_JSON, &LISTING[..30]),
        said("nested without end", NO_JSON, "[".repeat(10_000)),
        said("nested 200 deep", NO_JSON, "[".repeat(200) + &"]".repeat(200)),
        said("a mark of order first", NO_JSON, format!("\u{feff}{LISTING}")),
        said("UTF-16", NO_JSON, [0xff, 0xfe, b'{', 0, b'}', 0]),
        said("no UTF-8", NO_JSON, b"{\"name\":\"a\",\"tags\":[\"1.\xff\"]}"),
        said("half a surrogate", NO_JSON, r#"{"name":"a","tags":["1.\ud800"]}"#),
    ]
}

fn listing(tag: &str) -> String {
    format!(r#"{{"name":"a","tags":["1.0.0",{tag}]}}"#)
}

fn words() -> Vec<Row> {
    let long = |length: usize| listing(&format!("\"{}\"", "a".repeat(length)));
    vec![
        said("a tag is a number", NO_TAG, listing("2")),
        said("a tag is null", NO_TAG, listing("null")),
        said("a tag is a list", NO_TAG, listing("[\"2.0.0\"]")),
        said("an empty tag", NO_TAG, listing("\"\"")),
        said("a tag with a slash", NO_TAG, listing("\"../../other\"")),
        said("a tag with a new line", NO_TAG, listing(r#""2.0.0\nimage: evil""#)),
        said("a tag with NUL", NO_TAG, listing(r#""2.0.0\u0000""#)),
        said("a tag with a space", NO_TAG, listing("\"2.0.0 \"")),
        said("a tag with a digest", NO_TAG, listing("\"2.0.0@sha256:00\"")),
        said("a tag with a look-alike", NO_TAG, listing("\"2.0.\u{ff10}\"")),
        said("a tag that turns around", NO_TAG, listing("\"2.0.\u{202e}0\"")),
        said("a tag that starts with a dash", NO_TAG, listing("\"-2.0.0\"")),
        said("a tag of 128 bytes", &format!("tags: 1.0.0 {}", "a".repeat(128)), long(128)),
        said("a tag of 129 bytes", NO_TAG, long(129)),
        said("a tag of 3 MB", NO_TAG, long(3_000_000)),
        said("a tag of 10 MB", TOO_LARGE, long(10_000_000)),
        said("tags out of order", "tags: 2.0.0 1.0.0 1.10.0 1.9.0 latest", {
            r#"{"name":"a","tags":["2.0.0","1.0.0","1.10.0","1.9.0","latest"]}"#
        }),
        said("tags twice", "tags: 1.0.0", listing("\"1.0.0\",\"1.0.0\"")),
    ]
}

fn numbered(count: usize) -> String {
    let mut body = r#"{"name":"a","tags":["0""#.to_owned();
    (1..count).for_each(|at| write!(body, ",\"{at}\"").unwrap());
    body + "]}"
}

/// A listing of a value that is small when written, again and again.
fn filled(value: &str) -> String {
    let mut body = "{\"name\":\"a\",\"tags\":[".to_owned();
    while body.len() + value.len() < (4 << 20) - 100 {
        body += value;
        body.push(',');
    }
    body + "0]}"
}

fn sizes() -> Vec<Row> {
    let keys: String = (0..300_000).map(|at| format!("\"{at}\":0,")).collect();
    let objects = format!("{{\"name\":\"a\",\"tags\":[{}0]}}", "{\"a\":0},".repeat(18_000));
    let once = ok_with(NEXT, " ".repeat(600) + LISTING);
    let pages = |asked: &Asked| {
        let link = format!("Link: <?last={}>; rel=next\r\n", asked.before);
        ok_with(&link, format!(r#"{{"name":"a","tags":["{}"]}}"#, asked.before))
    };
    vec![
        said("a million tags", TOO_LARGE, numbered(1_000_000)),
        said("100,000 tags", "tags: 100000 of them", numbered(100_000)),
        said("100,001 tags", "hostile: more than 100000 tags", numbered(100_001)),
        said("a million of one tag", TOO_MANY, filled("\"\"")),
        said("two million numbers", TOO_MANY, filled("0")),
        said("a million lists", TOO_MANY, filled("[0]")),
        said("a million objects", TOO_MANY, filled("{\"a\":0}")),
        said("as many objects as may be", NO_TAG, objects),
        said("300,000 keys", TOO_MANY, format!("{{{keys}\"name\":\"a\"}}")),
        tags("a few tags on each page", "hostile: more than 20 tags", pages)
            .within(|limits| limits.tags = 20),
        tags("pages without end", "hostile: more than 30 pages", pages)
            .within(|limits| limits.pages = 30),
        tags("the last page that may be", "tags: 30 of them", move |asked: &Asked| {
            if asked.before < 29 { pages(asked) } else { ok(r#"{"name":"a","tags":["last"]}"#) }
        })
        .within(|limits| limits.pages = 30),
        tags("pages that are too large together", "hostile: more than 300 bytes", {
            in_turn(vec![once.clone(), ok_with("Link: <?last=y>; rel=next\r\n", LISTING), once])
        })
        .within(|limits| limits.total = 900 + 2 * LISTING.len()),
    ]
}

fn link(name: &'static str, expected: &str, value: &str) -> Row {
    let first = ok_with(&format!("Link: {value}\r\n"), LISTING);
    let second = ok(r#"{"name":"team/agent","tags":["1.1.0","1.2.0"]}"#);
    tags(name, expected, in_turn(vec![first, second]))
}

fn links() -> Vec<Row> {
    let both = "tags: 1.0.0 1.1.0 1.2.0";
    let next = "</v2/team/agent/tags/list?last=x>";
    let long = format!("<?last={}>; rel=next", "x".repeat(60_000));
    let second = format!("<?first>; rel=first\r\nLink: {next}; rel=next");
    let other = format!("{next}; rel=next\r\nLink: <?last=y>; rel=next");
    vec![
        link("a next page that repeats a tag", both, &format!("{next}; rel=\"next\"")),
        link("a relation in single quotes", both, &format!("{next}; rel='next'")),
        link("a next page among others", both, &format!("<?a,b>; rel=first, {next}; rel=next")),
        link("a next page in the second `Link`", both, &second),
        link("no next page", "tags: 1.0.0 1.1.0", "<?last=x>; rel=prev"),
        link("two next pages", "hostile: two next pages", &other),
        link("a `Link` without brackets", UNREAD, "/v2/team/agent/tags/list?last=x; rel=next"),
        link("a `Link` that does not end", UNREAD, "</v2/team/agent/tags/list?last=x; rel=next"),
        link("a `Link` of nothing but quotes", UNREAD, "\"\"\"\"\""),
        link("a `Link` that is no ASCII", UNREAD, "<?last=\u{e4}>; rel=next"),
        link("a next page of 60,000 bytes", "hostile: a next page whose address is too long", {
            &long
        }),
        link(
            "a next page that is no address",
            "hostile: a next page whose address cannot be read",
            "<http://[::1>; rel=next",
        ),
        tags("a `Link` that is no text", UNREAD, always(latin())),
    ]
}

/// A next page whose address has a byte that is no UTF-8.
fn latin() -> Reply {
    let mut said = b"HTTP/1.1 200 OK\r\nLink: <?last=\xff>; rel=next\r\n".to_vec();
    said.extend(format!("Content-Length: {}\r\n\r\n{LISTING}", LISTING.len()).as_bytes());
    bytes(said)
}

fn places() -> Vec<Row> {
    let path = "/v2/team/agent/tags/list?last=x";
    let to = |name, target: &str| link(name, ELSEWHERE, &format!("<{target}>; rel=next"));
    vec![
        to("a next page on another port", &format!("http://{OTHER}{path}")),
        to("a next page on another host", &format!("http://evil.example{path}")),
        to("a next page on a host without scheme", &format!("//{OTHER}{path}")),
        to("a next page behind backslashes", &format!("\\\\{OTHER}{path}")),
        to("a next page of another scheme", &format!("https://127.0.0.1{path}")),
        to("a next page of another repository", "/v2/team/secret/tags/list?last=x"),
        to("a next page above", "../../../../token"),
        to("a next page that is a file", "file:///etc/passwd"),
        to("a next page that is data", "data:application/json,{}"),
        to("a next page at the metadata of a cloud", "http://169.254.169.254/latest"),
    ]
}

fn rounds() -> Vec<Row> {
    let round = "hostile: its pages go round";
    let page = |last: &str| ok_with(&format!("Link: <?last={last}>; rel=next\r\n"), LISTING);
    let own = ok_with("Link: <?n=1000>; rel=next\r\n", LISTING);
    let user = |asked: &Asked| {
        let link = "Link: <http://robot@127.0.0.1/v2/team/agent/tags/list>; rel=next\r\n";
        ok_with(link, format!(r#"{{"name":"a","tags":["{}"]}}"#, asked.before))
    };
    vec![
        tags("a next page that is this one", round, always(own)),
        tags("a next page that is itself", round, always(page("x"))),
        tags("two pages that follow each other", round, {
            in_turn(vec![page("a"), page("b"), page("a")])
        }),
        tags("a next page with a name", ELSEWHERE, user),
        tags("a next page with nothing on it", "tags: 1.0.0 1.1.0", {
            in_turn(vec![page("a"), ok(r#"{"name":"a","tags":[]}"#)])
        }),
        tags("a page that breaks off", "hostile: no JSON: ...", in_turn(vec![page("a"), ok("{")])),
        tags("a page that is not there", "missing: `team/agent` in `registry.example`", {
            in_turn(vec![page("a"), crate::speech::says("404 Not Found", "", "")])
        }),
    ]
}
