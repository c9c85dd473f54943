//! What goes wrong below the answer: connections, heads and lengths.

use crate::row::{Row, tags};
use crate::server::Reply;
use crate::speech::{LISTING, always, bytes, in_turn, ok, ok_with, says, text};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const OPEN: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
const LONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
const NO_HTTP: &str = "unavailable: it does not speak HTTP as it should...";
const BROKEN: &str = "unavailable: its answer broke off...";
const TOO_LATE: &str = "unavailable: it took more than 1.5 s";
const TOO_LARGE: &str = "hostile: more than 4194304 bytes";

pub fn rows() -> Vec<Row> {
    [connections(), heads(), lengths(), bodies()].into_iter().flatten().collect()
}

fn connections() -> Vec<Row> {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let slow = |first: &str, again: &str| always(Reply::Slow(first.into(), again.into()));
    let reset = |first: &str| always(Reply::Reset(first.into()));
    let two = format!("{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{}}", whole(LISTING));
    vec![
        tags("nobody listens", "unavailable: it cannot be reached...", always(ok(""))).at(&closed),
        tags("silence", TOO_LATE, always(Reply::Silence)).for_a_while(),
        tags("a head, a byte a second", TOO_LATE, slow("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"))
            .for_a_while(),
        tags("a body, a byte a second", TOO_LATE, slow(LONG, " ")).for_a_while(),
        tags("chunks, a byte a second", TOO_LATE, slow(CHUNKED, "1\r\n \r\n")).for_a_while(),
        tags("closes at once", "unavailable: ...", always(text(""))),
        tags("resets at once", "unavailable: ...", reset("")),
        tags("resets in the head", "unavailable: ...", reset("HTTP/1.1 200 OK\r\nX-")),
        tags("resets in the body", "unavailable: ...", reset(&format!("{LONG}{{\"tags\""))),
        tags("two answers to one question", "tags: 1.0.0 1.1.0", always(text(&two))),
        tags("a good answer", "tags: 1.0.0 1.1.0", always(ok(LISTING))),
    ]
}

/// A good answer that leaves the connection open.
fn whole(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn heads() -> Vec<Row> {
    let endless = |first: &str, again: &str| always(Reply::Endless(first.into(), again.into()));
    let start = "HTTP/1.1 200 OK\r\n";
    let many: String = (0..101).map(|at| format!("X-{at}: a\r\n")).collect();
    let long = format!("X-Long: {}\r\n", "a".repeat(10_000));
    let longest = format!("X-Long: {}\r\n", "a".repeat(1 << 20));
    // Long ones: what is read at once is read to its end, whatever the time.
    let soon = format!("HTTP/1.1 100 Continue\r\nX: {}\r\n\r\n", "a".repeat(8000));
    let said = |head: &str| always(text(&format!("{head}\r\n\r\n{LISTING}")));
    vec![
        tags("speaks SSH", NO_HTTP, always(text("SSH-2.0-OpenSSH_9.9\r\n"))),
        tags("speaks TLS", NO_HTTP, always(bytes(vec![21, 3, 3, 0, 2, 2, 40]))),
        tags("speaks HTTP/2", NO_HTTP, always(bytes(vec![0, 0, 0, 4, 0, 0, 0, 0, 0]))),
        tags("another version of HTTP", NO_HTTP, said("HTTP/9.9 200 OK")),
        tags("a status that is no number", NO_HTTP, said("HTTP/1.1 good")),
        tags("a status of four digits", NO_HTTP, said("HTTP/1.1 2000 OK")),
        tags("a status below all", NO_HTTP, said("HTTP/1.1 000 OK")),
        tags("a header without colon", NO_HTTP, said("HTTP/1.1 200 OK\r\nX-Header")),
        tags("a header with NUL", NO_HTTP, said("HTTP/1.1 200 OK\r\nX: a\0b")),
        tags("headers without end", NO_HTTP, endless(start, "X-A: b\r\n")),
        tags("a header without end", NO_HTTP, endless("HTTP/1.1 200 OK\r\nX: ", "aaaaaaaa")),
        tags("a reason without end", NO_HTTP, endless("HTTP/1.1 200 ", "aaaaaaaa")),
        tags("101 headers", NO_HTTP, always(ok_with(&many, LISTING))),
        tags("a header of 10,000 bytes", "tags: 1.0.0 1.1.0", always(ok_with(&long, LISTING))),
        tags("a header of 1 MiB", NO_HTTP, always(ok_with(&longest, LISTING))),
        tags("is about to answer, for ever", TOO_LATE, endless("", &soon)).for_a_while(),
        tags(
            "another protocol",
            "hostile: the status 101 Switching Protocols",
            said("HTTP/1.1 101 Switching\r\nUpgrade: h2c"),
        ),
        tags("nothing but white space", NO_HTTP, endless("", "\r\n\r\n    ")).for_a_while(),
    ]
}

fn lengths() -> Vec<Row> {
    let said =
        |header: &str| always(text(&format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n{LISTING}")));
    let twice = "Content-Length: 3\r\nContent-Length: 45";
    vec![
        tags("more is promised than comes", BROKEN, said("Content-Length: 1000")),
        tags("a length of 10^12", TOO_LARGE, said("Content-Length: 1000000000000")),
        tags(
            "a length of 30 digits",
            NO_HTTP,
            said(&format!("Content-Length: {}", "9".repeat(30))),
        ),
        tags("a length below zero", NO_HTTP, said("Content-Length: -1")),
        tags("a length that is none", NO_HTTP, said("Content-Length: all")),
        tags("two lengths", NO_HTTP, said(twice)),
        tags("a length that cuts", "hostile: no JSON: ...", said("Content-Length: 10")),
        tags("a chunk of zz bytes", BROKEN, always(text(&format!("{CHUNKED}zz\r\n{LISTING}")))),
        tags(
            "a chunk of 2^68 bytes",
            BROKEN,
            always(text(&format!("{CHUNKED}{}\r\n{LISTING}", "f".repeat(17)))),
        ),
        tags("chunks that end early", BROKEN, always(text(&format!("{CHUNKED}2d\r\n{LISTING}")))),
        tags("compressed", "hostile: it is compressed, though nobody asked for it", {
            always(ok_with("Content-Encoding: gzip\r\n", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]))
        }),
        tags(
            "compressed on the way",
            "hostile: no JSON: ...",
            always(text(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\n\x1f\x08ab\r\n0\r\n\r\n",
            )),
        ),
    ]
}

fn bodies() -> Vec<Row> {
    let endless = |first: &str, again: &[u8]| always(Reply::Endless(first.into(), again.into()));
    let many = [b"400\r\n".as_slice(), &[b' '; 1024], b"\r\n"].concat();
    let most = 1000 + LISTING.len();
    let half = |limit: usize| ok(" ".repeat(limit / 2) + LISTING);
    vec![
        tags("a body without end", TOO_LARGE, endless(OPEN, &[b' '; 4096])),
        tags("chunks without end", TOO_LARGE, endless(CHUNKED, &many)),
        tags("a name of a chunk without end", BROKEN, endless(&format!("{CHUNKED}1;"), b"aaaa")),
        tags("trailers without end", BROKEN, endless(&format!("{CHUNKED}0\r\n"), b"X-A: b\r\n")),
        tags("an error without end", "unavailable: 500 Internal Server Error", {
            endless("HTTP/1.1 500 No\r\n\r\n", b"aaaa")
        }),
        tags("a body that just fits", "tags: 1.0.0 1.1.0", always(half(2000)))
            .within(move |limits| limits.answer = most),
        tags("a byte too many", &format!("hostile: more than {} bytes", most - 1), {
            always(half(2000))
        })
        .within(move |limits| limits.answer = most - 1),
        tags("200 without a word", "hostile: no JSON: ...", always(ok(""))),
        tags("204", "hostile: the status 204 No Content", always(says("204 No Content", "", ""))),
        tags("206", "hostile: the status 206 Partial Content", {
            always(says("206 Partial Content", "", LISTING))
        }),
        tags("a page of HTML", "hostile: no JSON: ...", {
            in_turn(vec![ok_with("Content-Type: text/html\r\n", "<!doctype html><p>Log in")])
        }),
    ]
}
