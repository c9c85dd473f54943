//! Statuses, redirects of a listing, and when to come back.

use crate::row::{Row, tags};
use crate::server::OTHER;
use crate::speech::{LISTING, always, says};

/// A day, which is the longest that anybody waits.
const DAY: &str = "throttled for 86400 s";

pub fn rows() -> Vec<Row> {
    [statuses(), later(), dates()].into_iter().flatten().collect()
}

fn status(name: &'static str, expected: &str, headers: &str) -> Row {
    tags(name, expected, always(says(name, headers, LISTING)))
}

fn statuses() -> Vec<Row> {
    let away = format!("Location: http://{OTHER}/v2/team/agent/tags/list\r\n");
    let near = "Location: /v2/team/agent/tags/list?moved\r\n";
    vec![
        status("301 Moved", "hostile: the status 301 Moved Permanently", &away),
        status("302 Found", "hostile: the status 302 Found", near),
        status("304 Same", "hostile: the status 304 Not Modified", ""),
        status("307 Again", "hostile: the status 307 Temporary Redirect", &away),
        status("308 Again", "hostile: the status 308 Permanent Redirect", near),
        status("400 Bad", "hostile: the status 400 Bad Request", ""),
        status("404 No", "missing: `team/agent` in `registry.example`", ""),
        status("407 Proxy", "hostile: the status 407 Proxy Authentication Required", ""),
        status("418 Teapot", "hostile: the status 418 I'm a teapot", ""),
        status("500 No", "unavailable: 500 Internal Server Error", ""),
        status("502 No", "unavailable: 502 Bad Gateway", ""),
        status("503 No", "unavailable: 503 Service Unavailable", ""),
        status("599 No", "unavailable: 599 <unknown status code>", ""),
        status("999 No", "unavailable: 999 <unknown status code>", ""),
    ]
}

fn wait(name: &'static str, expected: &str, value: &str) -> Row {
    let headers = format!("Retry-After: {value}\r\n");
    tags(name, expected, always(says("429 Too Many Requests", &headers, "")))
}

fn later() -> Vec<Row> {
    vec![
        tags("429 without a time", "throttled", always(says("429 No", "", ""))),
        tags("503 with a time", "throttled for 9 s", {
            always(says("503 No", "Retry-After: 9\r\n", ""))
        }),
        tags("500 with a time", "unavailable: 500 Internal Server Error", {
            always(says("500 No", "Retry-After: 9\r\n", ""))
        }),
        tags("503 with a time that is none", "unavailable: 503 Service Unavailable", {
            always(says("503 No", "Retry-After: soon\r\n", ""))
        }),
        wait("at once", "throttled for 0 s", "0"),
        wait("in a minute", "throttled for 60 s", "60"),
        wait("in 10^9 seconds", DAY, "1000000000"),
        wait("in 20 digits of seconds", DAY, "99999999999999999999"),
        wait("in 1,000 digits of seconds", DAY, &"9".repeat(1000)),
        wait("a second ago", "throttled", "-1"),
        wait("in half a second", "throttled", "0.5"),
        wait("soon", "throttled", "soon"),
        wait("in nothing", "throttled", ""),
        wait("in digits of another script", "throttled", "\u{663}"),
        wait("two times", "throttled for 5 s", "5\r\nRetry-After: 100000"),
    ]
}

fn dates() -> Vec<Row> {
    vec![
        wait("a date of the past", "throttled for 0 s", "Wed, 21 Oct 2015 07:28:00 GMT"),
        wait("a date of the first century", "throttled...", "Sat, 01 Jan 0001 00:00:00 GMT"),
        wait("a date of the future", DAY, "Tue, 01 Jan 2999 00:00:00 GMT"),
        wait("a date after all time", "throttled", "Fri, 31 Dec 9999 23:59:59 GMT"),
        wait("a date that is none", "throttled", "Wed, 99 Oct 2015 07:28:00 GMT"),
        wait("a date of another form", "throttled", "2999-01-01T00:00:00Z"),
    ]
}
