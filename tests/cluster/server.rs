//! An API server that only reads: objects of a file over HTTP, and a scripted watch.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::kit::Test;

struct Request {
    segments: Vec<String>,
    query: String,
    accept: String,
}

/// Answers with `objects`; a watch gets `events` and then silence. Returns the address.
pub fn start(objects: Vec<Value>, events: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Arc::new((objects, events));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || answer(stream.unwrap(), &shared.0, &shared.1));
        }
    });
    format!("http://{address}")
}

/// A run of the binary against that server, as a user with the namespace `agents`.
pub fn user_of(address: &str) -> Test {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "there",
        "clusters": [{"name": "there", "cluster": {"server": address}}],
        "users": [{"name": "me", "user": {}}],
        "contexts": [
            {"name": "there", "context": {"cluster": "there", "user": "me", "namespace": "agents"}},
            {"name": "lab", "context": {"cluster": "there", "user": "me", "namespace": "lab"}},
        ],
    });
    let test = Test::new().file("kubeconfig", config.to_string());
    let path = test.path().join("kubeconfig").to_string_lossy().into_owned();
    test.env("KUBECONFIG", &path)
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let target = first.split_whitespace().nth(1)?.to_owned();
    let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let accept = headers.iter().find(|line| line.to_lowercase().starts_with("accept:"));
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Request {
        segments: path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect(),
        query: query.to_owned(),
        accept: accept.cloned().unwrap_or_default(),
    })
}

fn plural(object: &Value) -> String {
    let kind = object["kind"].as_str().unwrap().to_lowercase();
    match kind.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with('s') => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

fn answer(mut stream: TcpStream, objects: &[Value], events: &[String]) {
    let Some(request) = read(&stream) else { return };
    if request.query.contains("watch=true") {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        for event in events {
            stream.write_all(format!("{event}\n").as_bytes()).unwrap();
        }
        stream.flush().unwrap();
        std::thread::sleep(std::time::Duration::from_secs(60));
        return;
    }
    let (code, body) = found(&request, objects);
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {code} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
}

fn failure(code: u16) -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "message": "no", "reason": if code == 404 { "NotFound" } else { "Forbidden" },
    });
    (code, status)
}

fn found(request: &Request, objects: &[Value]) -> (u16, Value) {
    let is_core = request.segments[0] == "api";
    let mut rest = request.segments.iter().skip(if is_core { 2 } else { 3 }).map(String::as_str);
    let mut next = rest.next().unwrap_or_default();
    let mut namespace = None;
    if next == "namespaces" {
        namespace = rest.next();
        next = rest.next().unwrap_or_default();
    }
    // The cluster has no Gateway API.
    if next == "httproutes" {
        return failure(404);
    }
    let is_bare = request.accept.contains("PartialObjectMetadata");
    assert!(next != "secrets" || is_bare, "a Secret was read with its values");
    let of_kind = objects.iter().filter(|object| {
        plural(object) == next
            && namespace.is_none_or(|name| object["metadata"]["namespace"] == name)
    });
    if let Some(name) = rest.next() {
        // Rights may be narrower than lists.
        if next == "secrets" && name == "corp-registry" {
            return failure(403);
        }
        let mut one = of_kind.filter(|object| object["metadata"]["name"] == name);
        return one.next().map_or_else(|| failure(404), |object| (200, object.clone()));
    }
    let selector = request.query.split('&').find_map(|part| part.strip_prefix("labelSelector="));
    let selector = selector.map(|text| text.replace("%2F", "/").replace("%3D", "="));
    let items: Vec<Value> = of_kind
        .filter(|object| {
            selector.as_ref().is_none_or(|selector| {
                let (key, value) = selector.split_once('=').unwrap();
                object["metadata"]["labels"][key] == value
            })
        })
        .cloned()
        .collect();
    (
        200,
        json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}),
    )
}
