//! An editor knows the files that `openclaw init` writes: the language server that editors use for
//! YAML follows the first line of a file to its schema, completes, documents and finds mistakes.
//! Runs under `tests/run all`, which installs it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and start programs"
)]

mod kit;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use kit::Test;
use serde_json::{Value, json};

/// A repository that is open in an editor.
struct Editor {
    test: Test,
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    last: u64,
}

impl Editor {
    fn start() -> Self {
        let test = Test::new().args(["init", "--gitops", "none", "--ci", "none"]);
        test.success();
        let mut server = Command::new(kit::tool("NODE24"))
            .args([&kit::tool("YAML_LANGUAGE_SERVER"), "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = server.stdin.take().unwrap();
        let output = BufReader::new(server.stdout.take().unwrap());
        let mut editor = Self { test, server, input, output, last: 0 };
        editor.ask(
            "initialize",
            &json!({
                "processId": null,
                "rootUri": editor.uri(""),
                "capabilities": {"workspace": {"configuration": true}},
            }),
        );
        editor.send(&json!({"method": "initialized", "params": {}}));
        editor
    }

    fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.test.path().display())
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// Returns the next message that is an answer or tells something; what the server asks is
    /// answered as by an editor without settings.
    fn next(&mut self) -> Value {
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                assert!(self.output.read_line(&mut line).unwrap() > 0, "the server has ended");
                if line.trim().is_empty() {
                    break;
                }
                if let Some(text) = line.strip_prefix("Content-Length: ") {
                    length = text.trim().parse().unwrap();
                }
            }
            let mut bytes = vec![0; length];
            self.output.read_exact(&mut bytes).unwrap();
            let message: Value = serde_json::from_slice(&bytes).unwrap();
            if message.get("id").is_none() || message.get("method").is_none() {
                return message;
            }
            let nothing: Vec<Value> = match message["params"]["items"].as_array() {
                Some(items) => items.iter().map(|_| json!({})).collect(),
                None => Vec::new(),
            };
            self.send(&json!({"id": message["id"], "result": nothing}));
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let id = self.last;
        self.send(&json!({"id": id, "method": method, "params": params}));
        loop {
            let message = self.next();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{message}");
                return message["result"].clone();
            }
        }
    }

    /// Opens a new file beside `path`; returns its address, and what is wrong with it.
    fn open(&mut self, path: &str, text: &str) -> (String, Vec<String>) {
        self.last += 1;
        let uri = self.uri(&path.replace(".yaml", &format!("-{}.yaml", self.last)));
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.send(&json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
        loop {
            let message = self.next();
            if message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
            {
                let found = message["params"]["diagnostics"].as_array().unwrap();
                let place = |one: &Value| one["range"]["start"]["line"].as_u64().unwrap() + 1;
                let told =
                    |one: &Value| format!("{}: {}", place(one), one["message"].as_str().unwrap());
                return (uri, found.iter().map(told).collect());
            }
        }
    }

    /// Asks about the place that `|` marks in a text.
    fn at(&mut self, method: &str, path: &str, marked: &str) -> Value {
        let (before, after) = marked.split_once('|').unwrap();
        let (uri, _) = self.open(path, &format!("{before}{after}"));
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap().len();
        let position = json!({"line": line, "character": character});
        let document = json!({"uri": uri});
        self.ask(method, &json!({"textDocument": document, "position": position}))
    }

    fn completed(&mut self, path: &str, marked: &str) -> Vec<String> {
        let found = self.at("textDocument/completion", path, marked);
        let items = found["items"].as_array().unwrap().iter();
        let mut words: Vec<String> =
            items.map(|item| item["label"].as_str().unwrap().to_owned()).collect();
        words.sort();
        words
    }

    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.test.path().join(path)).unwrap()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

const INSTANCE: &str = "instances/my-agent.yaml";

#[test]
fn what_init_writes_is_right_and_a_wrong_field_is_told_at_its_line() {
    let mut editor = Editor::start();
    for path in ["openclaw.yaml", INSTANCE] {
        let text = editor.text(path);
        assert_eq!(editor.open(path, &text).1, Vec::<String>::new(), "{path}");
    }
    let wrong = editor.text(INSTANCE).replace("envFrom:", "envForm:");
    let line = wrong.lines().position(|line| line.contains("envForm")).unwrap() + 1;
    assert_eq!(
        editor.open(INSTANCE, &wrong).1,
        [format!("{line}: Property envForm is not allowed.")]
    );
    let wrong = editor.text("openclaw.yaml").replace("output: rendered", "layout: flat");
    let (_, found) = editor.open("openclaw.yaml", &wrong);
    assert!(found.len() == 1 && found[0].contains("\"resource\""), "{found:?}");
}

#[test]
fn fields_and_words_are_completed() {
    let mut editor = Editor::start();
    let head = editor.text(INSTANCE);
    let found = editor.completed(INSTANCE, &format!("{head}  autoUpdate:\n    |\n"));
    let expected = [
        "backupBeforeUpdate",
        "checkInterval",
        "enabled",
        "healthCheckTimeout",
        "rollbackOnFailure",
    ];
    assert_eq!(found, expected);
    let found = editor.completed(INSTANCE, &format!("{head}  config:\n    mergeMode: |\n"));
    assert_eq!(found, ["merge", "overwrite"]);
    let head = editor.text("openclaw.yaml");
    let found = editor.completed("openclaw.yaml", &format!("{head}update:\n  mode: |\n"));
    assert_eq!(found, ["branch", "direct"]);
}

#[test]
fn a_field_is_documented_under_the_pointer() {
    let mut editor = Editor::start();
    let marked = editor.text(INSTANCE).replace("envFrom:", "env|From:");
    let found = editor.at("textDocument/hover", INSTANCE, &marked);
    let text = found["contents"]["value"].as_str().unwrap().to_owned();
    let schema: Value =
        serde_json::from_str(&editor.text(".openclaw/instance.schema.json")).unwrap();
    let expected = &schema["properties"]["spec"]["properties"]["envFrom"]["description"];
    assert!(text.contains(expected.as_str().unwrap()), "{text}");
}
