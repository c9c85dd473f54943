//! Hostile and careless texts: each ends at once with a finding, and nothing is written.
//!
//! The printed report of each lies in `tests/source/`.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::time::{Duration, Instant};

use kit::Test;

const CLEAN: &str = "\
apiVersion: openclaw.rocks/v1alpha1
kind: OpenClawInstance
metadata:
  name: my-agent
spec:
  image:
    tag: \"2026.9.6\"
  envFrom:
    - secretRef:
        name: my-keys
";

/// A text below `spec.config.raw`, where every key and type may stand.
fn raw(lines: &str) -> Vec<u8> {
    format!("{CLEAN}  config:\n    raw:\n{lines}").into_bytes()
}

fn env(value: &str) -> Vec<u8> {
    format!("{CLEAN}  env:\n    - name: A\n      value: {value}\n").into_bytes()
}

fn named(name: &str) -> Vec<u8> {
    CLEAN.replace("my-agent", name).into_bytes()
}

fn utf16(order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(CLEAN.encode_utf16()).flat_map(order).collect()
}

fn with(text: &[u8], at: &str, insert: &[u8]) -> Vec<u8> {
    let place = text.windows(at.len()).position(|window| window == at.as_bytes()).unwrap();
    [&text[..place], insert, &text[place..]].concat()
}

/// Nine lists of nine aliases each: 9^9 values if anybody expanded them.
fn alias_bomb() -> Vec<u8> {
    let mut lines = "      a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let list = vec![format!("*a{}", level - 1); 9].join(", ");
        lines.push_str(&format!("      a{level}: &a{level} [{list}]\n"));
    }
    raw(&lines)
}

/// Repeats a line until the text has `bytes`.
fn long(line: &str, bytes: usize) -> String {
    line.repeat(bytes / line.len() + 1)
}

fn text_cases() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", Vec::new()),
        ("only-spaces", b"  \n\n".to_vec()),
        ("only-comments", b"# one\n# two\n".to_vec()),
        ("only-marks", b"---\n---\n...\n".to_vec()),
        ("only-mark-of-order", "\u{feff}".as_bytes().to_vec()),
        ("null-document", b"null\n".to_vec()),
        ("text-document", b"my-agent\n".to_vec()),
        ("list-document", format!("- {}", CLEAN.replace('\n', "\n  ")).into_bytes()),
        ("bad-utf8", with(CLEAN.as_bytes(), "agent", b"\xff")),
        ("cut-utf8", [CLEAN.as_bytes(), b"# \xe2\x82"].concat()),
        ("overlong-utf8", with(CLEAN.as_bytes(), "agent", b"\xc0\xaf")),
        ("surrogate", with(CLEAN.as_bytes(), "agent", b"\xed\xa0\x80")),
        ("utf16-little", utf16(u16::to_le_bytes)),
        ("utf16-big", utf16(u16::to_be_bytes)),
        ("latin1", with(CLEAN.as_bytes(), "agent", b"\xe9")),
        ("nul", with(CLEAN.as_bytes(), "agent", b"\0")),
        ("escape-raw", with(CLEAN.as_bytes(), "agent", b"\x1b[31m")),
        ("delete-raw", with(CLEAN.as_bytes(), "agent", b"\x7f")),
        ("next-line-raw", with(CLEAN.as_bytes(), "agent", "\u{85}".as_bytes())),
        ("line-separator-raw", with(CLEAN.as_bytes(), "agent", "\u{2028}".as_bytes())),
        ("paragraph-separator-raw", with(CLEAN.as_bytes(), "agent", "\u{2029}".as_bytes())),
        ("mark-of-order-inside", with(CLEAN.as_bytes(), "agent", "\u{feff}".as_bytes())),
        ("nul-escape", env(r#""a\0b""#)),
        ("escape-escape", env(r#""a\eb""#)),
        ("bell-escape", env(r#""a\x07b""#)),
        ("next-line-escape", env(r#""a\Nb""#)),
        ("line-separator-escape", env(r#""a\Lb""#)),
        ("paragraph-separator-escape", env(r#""a\u2029b""#)),
        ("key-escape", raw("      \"a\\u2028\": b\n")),
        ("surrogate-escape", env(r#""\ud800""#)),
        ("huge-escape", env(r#""\UFFFFFFFF""#)),
        ("unknown-escape", env(r#""\q""#)),
    ]
}

fn syntax_cases() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("tab", CLEAN.replace("  name", "\tname").into_bytes()),
        ("tab-after-spaces", CLEAN.replace("    tag", "  \ttag").into_bytes()),
        ("open-bracket", format!("{CLEAN}  skills: [a\n").into_bytes()),
        ("open-quote", format!("{CLEAN}  restoreFrom: \"a\n").into_bytes()),
        ("open-brace", b"{apiVersion: openclaw.rocks/v1alpha1, kind: OpenClawInstance\n".to_vec()),
        ("colon-in-text", CLEAN.replace("my-agent", "my: agent").into_bytes()),
        ("indentation", CLEAN.replace("    tag", "   tag: a\n    tag").into_bytes()),
        ("percent", CLEAN.replace("my-agent", "%my-agent").into_bytes()),
        ("at-sign", CLEAN.replace("my-agent", "@my-agent").into_bytes()),
        ("backtick", CLEAN.replace("my-agent", "`my-agent`").into_bytes()),
        ("binary", (0..=255).collect()),
        ("key-twice", format!("{CLEAN}metadata:\n  name: other\n").into_bytes()),
        ("key-twice-quoted", raw("      session: {}\n      \"session\": {}\n")),
        ("anchor", CLEAN.replace("my-agent", "&a my-agent").into_bytes()),
        ("anchor-alone", raw("      session: &a\n        scope: per-sender\n")),
        ("alias", CLEAN.replace("my-agent", "&a my-agent\n  namespace: *a").into_bytes()),
        ("alias-unknown", CLEAN.replace("my-agent", "*nowhere").into_bytes()),
        ("alias-bomb", alias_bomb()),
        ("alias-in-itself", raw("      a: &a [*a]\n")),
        ("merge-key", raw("      <<: {session: {}}\n")),
        ("merge-alias", raw("      a: &a {session: {}}\n      b:\n        <<: *a\n")),
        ("tag-text", CLEAN.replace("my-agent", "!!str my-agent").into_bytes()),
        ("tag-binary", CLEAN.replace("my-agent", "!!binary bXktYWdlbnQ=").into_bytes()),
        ("tag-own", CLEAN.replace("my-agent", "!secret my-agent").into_bytes()),
        ("tag-mapping", CLEAN.replace("metadata:", "metadata: !!map").into_bytes()),
        ("tag-bare", CLEAN.replace("my-agent", "! my-agent").into_bytes()),
        ("directive", format!("%YAML 1.1\n---\n{CLEAN}").into_bytes()),
        ("directive-tag", format!("%TAG ! tag:example.com,2026:\n---\n{CLEAN}").into_bytes()),
        ("key-is-list", raw("      ? [a, b]\n      : c\n")),
        ("key-is-mapping", raw("      ? {a: b}\n      : c\n")),
        ("key-is-alias", raw("      a: &a b\n      *a : c\n")),
        ("nested-lists", raw(&format!("      a: {}{}\n", "[".repeat(20_000), "]".repeat(20_000)))),
        ("nested-open", raw(&format!("      a: {}\n", "[".repeat(20_000)))),
        ("nested-mappings", raw(&format!("      a: {}\n", "{a: ".repeat(20_000)))),
        ("nested-dashes", raw(&format!("      a:\n        {}x\n", "- ".repeat(20_000)))),
        ("nested-keys", raw(&format!("      a:\n        {}x\n", "? ".repeat(20_000)))),
        ("five-megabytes", format!("{CLEAN}{}", long("# filler\n", 5 << 20)).into_bytes()),
        ("many-values", raw(&long("      - {}\n", 3 << 20))),
        ("many-look-alikes", raw(&format!("      a: [{}]\n", long("no, ", 700_000)))),
        ("many-unknown", format!("{CLEAN}{}", numbered("  f", ": {}\n", 50_000)).into_bytes()),
        ("many-duplicates", raw(&long("      a: 1\n", 500_000))),
        ("many-documents", format!("{CLEAN}---\n").repeat(2_000).into_bytes()),
        ("long-line", raw(&format!("      a: {}\n      b: no\n", "x".repeat(3 << 20)))),
    ]
}

fn numbered(before: &str, after: &str, count: usize) -> String {
    let lines: Vec<String> = (0..count).map(|number| format!("{before}{number}{after}")).collect();
    lines.concat()
}

/// Plain scalars that readers take for different things.
fn look_alikes() -> Vec<(&'static str, Vec<u8>)> {
    let words = "no Yes ON off y N 1_000 12:30 190:20:30 014 0o14 0x1F 0b11 1e3 2026-01-01 \
                 2026-01-01T10:00:00Z .inf -.INF .NaN = 99999999999999999999 1_0.5e+3";
    let mut values = String::new();
    let mut keys = String::new();
    for (at, word) in words.split_whitespace().enumerate() {
        values.push_str(&format!("      k{at}: {word}\n"));
        keys.push_str(&format!("      {word}: a\n"));
    }
    for key in ["null", "true", "8080", "1.5", "~"] {
        keys.push_str(&format!("      {key}: a\n"));
    }
    vec![("look-alike-values", raw(&values)), ("look-alike-keys", raw(&keys))]
}

fn shape_cases() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("unknown-field", format!("{CLEAN}  storge: {{}}\n").into_bytes()),
        ("unknown-at-root", format!("{CLEAN}Spec: {{}}\n").into_bytes()),
        ("unknown-in-container", format!("{CLEAN}  sidecars:\n    - name: a\n      image: a:1\n      comand: [a]\n").into_bytes()),
        ("wrong-types", format!("{CLEAN}  suspended: \"true\"\n  skills: a\n  env: {{}}\n  storage: []\n  restoreFrom: 1\n  chromium: yes please\n").into_bytes()),
        ("null-items", format!("{CLEAN}  skills: [~]\n  sidecars:\n    -\n").into_bytes()),
        ("name-missing", CLEAN.replace("  name: my-agent\n", "  labels: {}\n").into_bytes()),
        ("name-null", CLEAN.replace("my-agent\n", "\n").into_bytes()),
        ("name-number", named("1")),
        ("name-dots", named("..")),
        ("name-path", named("../../etc/my-agent")),
        ("name-slash", named("a/b")),
        ("name-backslash", named("a\\b")),
        ("name-dot", named("my.agent")),
        ("name-upper-case", named("My-Agent")),
        ("name-look-alike", named("my-\u{430}gent")),
        ("name-reversed", named("my-\u{202e}tnega")),
        ("name-long", named(&"a".repeat(41))),
        ("name-very-long", named(&"a".repeat(100_000))),
        ("name-empty", named("\"\"")),
        ("name-dash", named("\"-a\"")),
        ("namespace-path", named("my-agent\n  namespace: ../kube-system")),
        ("secret", b"apiVersion: v1\nkind: Secret\nmetadata: {name: my-keys}\n".to_vec()),
        ("deployment", b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n".to_vec()),
        ("list-of-kubernetes", b"apiVersion: v1\nkind: List\nitems: []\n".to_vec()),
        ("second-is-secret", format!("{CLEAN}---\nkind: Secret\n").into_bytes()),
        ("second-is-broken", format!("{CLEAN}---\na: [\n").into_bytes()),
        ("two-alike", format!("{CLEAN}---\n{CLEAN}").into_bytes()),
        ("kind-is-list", CLEAN.replace("OpenClawInstance", "[OpenClawInstance]").into_bytes()),
        ("other-version", CLEAN.replace("v1alpha1", "v1").into_bytes()),
    ]
}

#[track_caller]
fn check(case: &str, bytes: &[u8]) {
    let test = Test::new().file("my-agent.yaml", bytes).args([
        "render",
        "--config=none",
        "-o",
        "tree",
        "my-agent.yaml",
    ]);
    let start = Instant::now();
    let report = test.run();
    let took = start.elapsed();
    assert_eq!(report.code, Some(1), "{case}: {}", report.stderr);
    assert_eq!(report.stdout, "", "{case}");
    assert!(report.stderr.contains("error[OC"), "{case}: {}", report.stderr);
    assert!(took < Duration::from_secs(20), "{case} took {took:?}");
    let plain = |c: char| !c.is_control() || c == '\n';
    assert!(report.stderr.chars().all(plain), "{case} drives the terminal");
    assert!(report.stderr.len() < 200_000, "{case} told {} bytes", report.stderr.len());
    assert!(!test.path().join("tree").exists(), "{case} wrote something");
    kit::golden(&format!("tests/source/{case}.out"), &report.stderr);
}

#[test]
fn texts_that_are_no_text_are_refused() {
    text_cases().iter().for_each(|(case, bytes)| check(case, bytes));
}

#[test]
fn yaml_that_means_more_than_it_shows_is_refused() {
    syntax_cases().iter().for_each(|(case, bytes)| check(case, bytes));
}

#[test]
fn documents_of_a_wrong_shape_are_refused() {
    shape_cases().iter().chain(&look_alikes()).for_each(|(case, bytes)| check(case, bytes));
}

#[test]
fn one_bad_source_keeps_the_others_from_being_written() {
    let test = Test::new()
        .file("instances/bad.yaml", named("My_Agent"))
        .file("instances/good.yaml", CLEAN)
        .args(["render", "--config=none", "-o", "tree", "instances"]);
    test.finding();
    assert!(!test.path().join("tree").exists());
}

/// Renders a source that has to be as good as the plain one.
fn rendered(bytes: impl AsRef<[u8]>) -> String {
    Test::new()
        .file("my-agent.yaml", bytes)
        .args(["render", "--config=none", "my-agent.yaml"])
        .success()
}

#[test]
fn what_editors_do_to_a_file_changes_nothing() {
    let plain = rendered(CLEAN);
    for (case, text) in [
        ("byte order mark", format!("\u{feff}{CLEAN}")),
        ("CRLF", CLEAN.replace('\n', "\r\n")),
        ("no line end at the end", CLEAN.trim_end().to_owned()),
        ("trailing spaces", CLEAN.replace('\n', "  \n")),
        ("comments", CLEAN.replace('\n', " # \u{e9}\n")),
        ("document marks", format!("---\n{CLEAN}...\n")),
        ("empty documents", format!("---\n---\n{CLEAN}---\n# nothing\n---\n")),
        ("fields without a value", format!("{CLEAN}  probes:\n  storage: ~\n")),
        ("status of a cluster", format!("{CLEAN}status:\n  phase: Running\n")),
        ("JSON", serde_yaml::from_str::<serde_json::Value>(CLEAN).unwrap().to_string()),
        ("single quotes", CLEAN.replace('"', "'")),
    ] {
        assert!(rendered(&text) == plain, "{case}");
    }
}

#[test]
fn several_documents_are_several_instances() {
    let two = rendered(format!("{CLEAN}---\n{}", CLEAN.replace("my-agent", "other")));
    let names = |text: &str| text.matches("kind: StatefulSet").count();
    assert_eq!((names(&rendered(CLEAN)), names(&two)), (1, 2));
}

#[test]
fn texts_of_other_languages_are_kept() {
    let text = "Grüße, 世界 🦀 \u{a0}\u{200d}\u{202e}";
    let stream =
        rendered(format!("{CLEAN}  workspace:\n    initialFiles:\n      a.md: \"{text}\"\n"));
    let found = kit::documents(&stream).into_iter().any(|document| {
        document["data"].as_object().is_some_and(|d| d.values().any(|v| v == text))
    });
    assert!(found);
}
