//! A stand-in for the comments of GitHub and GitLab, which cannot be run here: it keeps them, and
//! gives and refuses them as those do.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::kit::http::Asked;

/// The token that it takes.
pub const TOKEN: &str = "a-token-of-the-host";
/// The request that has the comments.
pub const NUMBER: &str = "7";

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Github,
    Gitlab,
}

#[derive(Default)]
struct State {
    /// The oldest first.
    comments: Vec<String>,
    asked: Vec<String>,
}

/// The stand-in.
pub struct Host {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Host {
    /// Starts one on which people have said so much already.
    pub fn start(kind: Kind, comments: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let comments = comments.iter().map(|text| (*text).to_owned()).collect();
        let state = Arc::new(Mutex::new(State { comments, asked: Vec::new() }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, kind, port, &shared);
            }
        });
        Self { port, state }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn comments(&self) -> Vec<String> {
        self.state.lock().unwrap().comments.clone()
    }

    /// What it was asked since the last question, and what it said: methods and codes.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }
}

fn serve(mut stream: TcpStream, kind: Kind, port: u16, state: &Mutex<State>) {
    let Some(asked) = Asked::read(&mut BufReader::new(&stream)) else { return };
    let mut state = state.lock().unwrap();
    let (status, link, body) = answer(&mut state, kind, port, &asked);
    state.asked.push(format!("{} {status}", asked.method));
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} Said\r\n{link}Connection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + &body).as_bytes()).ok();
}

fn answer(state: &mut State, kind: Kind, port: u16, asked: &Asked) -> (u16, String, Value) {
    let none = String::new();
    let is_known = match kind {
        Kind::Github => asked.bears("authorization", &format!("token {TOKEN}")),
        Kind::Gitlab => asked.bears("private-token", TOKEN),
    };
    if !is_known {
        return (401, none, json!({"message": "Bad credentials"}));
    }
    let (list, one, change) = match kind {
        Kind::Github => {
            ("/repos/team/fleet/issues/7/comments", "/repos/team/fleet/issues/comments/", "PATCH")
        }
        Kind::Gitlab => {
            ("/projects/42/merge_requests/7/notes", "/projects/42/merge_requests/7/notes/", "PUT")
        }
    };
    let path = asked.path.as_str();
    let text = asked.body["body"].as_str().map(str::to_owned);
    match (asked.method.as_str(), text) {
        ("GET", None) if path == list => {
            page(state, kind, &format!("http://127.0.0.1:{port}{list}"), asked)
        }
        ("POST", Some(text)) if path == list => {
            state.comments.push(text);
            (201, none, json!({"id": 1000 + state.comments.len()}))
        }
        (method, Some(text)) if method == change => {
            let id = path.strip_prefix(one).and_then(|id| id.parse::<usize>().ok());
            let index = id.and_then(|id| id.checked_sub(1001));
            match index.and_then(|index| state.comments.get_mut(index)) {
                Some(comment) => {
                    *comment = text;
                    (200, none, json!({"id": id}))
                }
                None => (404, none, Value::Null),
            }
        }
        _ => (405, none, Value::Null),
    }
}

/// A page of comments, and the header that names those beside it.
fn page(state: &State, kind: Kind, url: &str, asked: &Asked) -> (u16, String, Value) {
    let number = |key: &str, without: usize| {
        let found = asked.pairs().find(|(known, _)| *known == key);
        found.map_or(without, |(_, value)| value.parse().unwrap())
    };
    // No host gives more than its own limit.
    let (size, page) = (number("per_page", 30).min(100), number("page", 1));
    let mut all: Vec<Value> = state
        .comments
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"id": 1001 + index, "body": text}))
        .collect();
    if kind == Kind::Gitlab {
        all.reverse();
    }
    let last = all.len().div_ceil(size).max(1);
    let link =
        |page: usize, rel: &str| format!("<{url}?per_page={size}&page={page}>; rel=\"{rel}\"");
    let mut links = Vec::new();
    if page > 1 {
        links.push(link(page - 1, "prev"));
    }
    if page < last {
        links.push(link(page + 1, "next"));
    }
    links.push(link(1, "first"));
    links.push(link(last, "last"));
    let shown: Vec<Value> = all.into_iter().skip((page - 1) * size).take(size).collect();
    (200, format!("link: {}\r\n", links.join(", ")), Value::Array(shown))
}
