//! A stand-in for the API of a host.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use openclaw::api::controller_config::Provider;
use serde_json::{Value, json};

use crate::kit::http::Asked;

/// The token that it takes.
pub const TOKEN: &str = "a-token-of-the-host";

#[derive(Clone)]
struct Entry {
    branch: String,
    base: String,
    title: String,
    body: String,
    is_open: bool,
}

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    refused: Vec<String>,
    was_followed: bool,
}

/// The stand-in.
pub struct Host {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Host {
    pub fn start(provider: Provider) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::default());
        let host = Self { port, state };
        let shared = host.state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, provider, port, &shared));
            }
        });
        host
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    /// Adds a request that somebody else has opened.
    pub fn add(&self, branch: &str, base: &str) {
        let (title, body) = (String::new(), String::new());
        let (branch, base) = (branch.to_owned(), base.to_owned());
        self.state.lock().unwrap().entries.push(Entry { branch, base, title, body, is_open: true });
    }

    pub fn open(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.entries.iter().filter(|one| one.is_open).map(|one| one.branch.clone()).collect()
    }

    pub fn text(&self, branch: &str) -> (String, String) {
        let state = self.state.lock().unwrap();
        let found = state.entries.iter().find(|one| one.branch == branch).unwrap();
        (found.title.clone(), found.body.clone())
    }

    pub fn refused(&self) -> Vec<String> {
        self.state.lock().unwrap().refused.clone()
    }

    pub fn was_followed(&self) -> bool {
        self.state.lock().unwrap().was_followed
    }
}

fn serve(stream: TcpStream, provider: Provider, port: u16, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(asked) = Asked::read(&mut reader) {
        if let Some(path) = asked.path.strip_prefix("/api/lies/") {
            lie(&mut stream, path.split('/').next().unwrap(), port);
            return;
        }
        let (status, body) = {
            let mut state = state.lock().unwrap();
            state.was_followed |= asked.path.contains("elsewhere");
            let (status, body) = answer(&mut state, provider, &asked);
            if status >= 400 {
                state.refused.push(format!("{status} {} {}", asked.method, asked.path));
            }
            (status, body.to_string())
        };
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n", body.len());
        if stream.write_all((head + &body).as_bytes()).is_err() {
            return;
        }
    }
}

fn lie(stream: &mut TcpStream, how: &str, port: u16) {
    let say = |stream: &mut TcpStream, text: &str| stream.write_all(text.as_bytes()).is_ok();
    match how {
        "endless" => {
            say(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while say(stream, &format!("10000\r\n{}\r\n", "[".repeat(0x10000))) {}
        }
        "nothing" => std::thread::sleep(std::time::Duration::from_secs(60)),
        "html" => drop(say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")),
        "object" => drop(say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")),
        "redirect" => {
            let place = format!("http://127.0.0.1:{port}/elsewhere");
            say(
                stream,
                &format!("HTTP/1.1 302 F\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n"),
            );
        }
        _ => drop(say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n[")),
    }
}

fn answer(state: &mut State, provider: Provider, asked: &Asked) -> (u16, Value) {
    let header = |name: &str| {
        let found = asked.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let is_known = match provider {
        Provider::GitHub => header("authorization") == format!("Bearer {TOKEN}"),
        Provider::GitLab => header("private-token") == TOKEN,
        Provider::Gitea => header("authorization") == format!("token {TOKEN}"),
    };
    if !is_known {
        return (401, json!({"message": "Bad credentials"}));
    }
    // GitHub refuses whoever does not say who they are.
    if header("user-agent").is_empty() {
        return (403, json!({"message": "no user agent"}));
    }
    let requests = match provider {
        Provider::GitLab => "/api/projects/team%2Ffleet/merge_requests",
        _ => "/api/repos/team/fleet/pulls",
    };
    let Some(rest) = asked.path.strip_prefix(requests) else { return (404, Value::Null) };
    match (asked.method.as_str(), rest.strip_prefix('/')) {
        ("GET", None) => (200, list(state, provider, asked)),
        ("POST", None) => create(state, provider, &asked.body),
        ("PATCH", Some(number)) if provider != Provider::GitLab => {
            close(state, provider, number, asked.body["state"] == "closed")
        }
        ("PUT", Some(number)) if provider == Provider::GitLab => {
            close(state, provider, number, asked.body["state_event"] == "close")
        }
        _ => (405, Value::Null),
    }
}

fn list(state: &State, provider: Provider, asked: &Asked) -> Value {
    let plain = |text: &str| text.replace("%2F", "/").replace("%3A", ":");
    let query: Vec<(&str, String)> = asked.pairs().map(|(key, text)| (key, plain(text))).collect();
    let value = |key: &str| {
        let found = query.iter().find(|(known, _)| *known == key);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let (base, branch, size, most) = match provider {
        Provider::GitHub => ("base", value("head").strip_prefix("team:"), "per_page", 100),
        Provider::GitLab => ("target_branch", Some(value("source_branch")), "per_page", 100),
        Provider::Gitea => ("", None, "limit", 50),
    };
    let branch = branch.unwrap_or_default();
    let matching = |(_, one): &(usize, &Entry)| {
        (!["open", "opened"].contains(&value("state")) || one.is_open)
            && (base.is_empty() || one.base == value(base))
            && (branch.is_empty() || one.branch == branch)
    };
    // No host gives more than its own limit.
    let size = value(size).parse().unwrap_or(30).min(most);
    let page: usize = value("page").parse().unwrap_or(1);
    let entries = state.entries.iter().enumerate().rev().filter(matching);
    let shown = entries.skip((page - 1) * size).take(size);
    shown.map(|(index, one)| told(provider, index, one)).collect()
}

fn told(provider: Provider, index: usize, one: &Entry) -> Value {
    let number = index + 1;
    let url = format!("https://git.example/team/fleet/{number}");
    let state = match (provider, one.is_open) {
        (Provider::GitLab, true) => "opened",
        (_, true) => "open",
        (_, false) => "closed",
    };
    match provider {
        Provider::GitLab => json!({
            "id": 9_000 + number,
            "iid": number,
            "source_branch": one.branch,
            "target_branch": one.base,
            "web_url": url,
            "state": state,
        }),
        _ => json!({
            "id": 9_000 + number,
            "number": number,
            "head": {"ref": one.branch},
            "base": {"ref": one.base},
            "html_url": url,
            "state": state,
        }),
    }
}

fn create(state: &mut State, provider: Provider, body: &Value) -> (u16, Value) {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let (branch, base, words) = match provider {
        Provider::GitLab => ("source_branch", "target_branch", "description"),
        _ => ("head", "base", "body"),
    };
    let (branch, base) = (text(branch), text(base));
    if branch == "missing" || branch.is_empty() || base.is_empty() {
        return (422, json!({"message": "no such branch"}));
    }
    let is_same = |one: &&Entry| one.is_open && one.branch == branch && one.base == base;
    if state.entries.iter().any(|one| is_same(&one)) {
        return (409, json!({"message": ["another one is open"]}));
    }
    let one = Entry { branch, base, title: text("title"), body: text(words), is_open: true };
    state.entries.push(one.clone());
    (201, told(provider, state.entries.len() - 1, &one))
}

fn close(state: &mut State, provider: Provider, number: &str, is_asked: bool) -> (u16, Value) {
    let index = number.parse::<usize>().unwrap_or_default().wrapping_sub(1);
    let Some(one) = state.entries.get_mut(index).filter(|_| is_asked) else {
        return (404, Value::Null);
    };
    one.is_open = false;
    let one = one.clone();
    (200, told(provider, index, &one))
}
