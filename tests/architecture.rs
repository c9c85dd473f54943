//! The shape of the sources: layers, owners of libraries, sizes, names, and what templates may do.
//! Each rule is a function over text, and has a test that plants a violation.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_collect,
    clippy::too_many_lines,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Lowest first; a file names only its own layer and lower ones.
const LAYERS: [&[&str]; 10] = [
    &["names", "diagnostic", "version", "api::duration", "api::image"],
    &["api"],
    &["validate"],
    &["model"],
    &["render"],
    &["tree", "bump"],
    &["repository"],
    &["update", "diff"],
    // What decides, and what is printed about it; then whoever touches the world.
    &["controller", "import", "install", "overview", "starter", "function"],
    &[
        "cli",
        "cluster",
        "main",
        "forge",
        "git",
        "registry",
        "controller::act",
        "controller::awaiting",
        "controller::bucket",
        "controller::catalog",
        "controller::lease",
        "controller::ledger",
        "controller::meters",
        "controller::namespaces",
        "controller::prober",
        "controller::pulse",
        "controller::queue",
        "controller::read",
        "controller::reconcile",
        "controller::run",
        "controller::serve",
        "controller::survey",
        "controller::watch",
    ],
];

/// The files that may touch the world; each says so at its top.
const SHELL: [&str; 18] = [
    "cli.rs",
    "cli/backup/remote.rs",
    "cli/cluster.rs",
    "cli/color.rs",
    "cli/controller.rs",
    "cli/diff/external.rs",
    "cli/files.rs",
    "cli/progress.rs",
    "cli/project.rs",
    "cli/staging.rs",
    "cli/update/push.rs",
    "cli/update/search.rs",
    "controller/bucket.rs",
    "git/cache.rs",
    "git/call.rs",
    "git/secrets.rs",
    "git/worker.rs",
    "registry/credentials.rs",
];

/// The files that wait for the world: they reach it through a client, a channel, a socket or a
/// child alone.
const WAITING: &[&str] = &[
    "cli/cluster.rs",
    "cli/controller.rs",
    "cli/diff/live.rs",
    "cli/update/search.rs",
    "cluster.rs",
    "controller/act.rs",
    "controller/act/backup.rs",
    "controller/awaiting.rs",
    "controller/bucket.rs",
    "controller/catalog.rs",
    "controller/lease.rs",
    "controller/ledger.rs",
    "controller/ledger/derive.rs",
    "controller/ledger/pace.rs",
    "controller/ledger/propose.rs",
    "controller/namespaces.rs",
    "controller/prober.rs",
    "controller/pulse.rs",
    "controller/queue.rs",
    "controller/read.rs",
    "controller/reconcile.rs",
    "controller/run.rs",
    "controller/serve.rs",
    "controller/watch.rs",
    "forge.rs",
    "git/cache.rs",
    "git/call.rs",
    "registry.rs",
    "registry/http.rs",
    "registry/listing.rs",
    "registry/release.rs",
];

/// Libraries and the only places that name them.
const OWNERS: [(&str, &[&str]); 31] = [
    ("annotate_snippets", &["diagnostic/text.rs"]),
    ("anyhow", &["cli"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("croner", &["api/cron.rs"]),
    (
        "k8s_openapi",
        &[
            // Times.
            "api/cron.rs",
            "api/spec",
            "api/status.rs",
            "render/manifest.rs",
            "render/foreign.rs",
            "validate/checks",
            // Conditions, times and the bytes of a Secret.
            "controller",
            "overview/age.rs",
            // Times and base64.
            "registry",
        ],
    ),
    ("futures", WAITING),
    ("getrandom", &["controller/act.rs"]),
    ("git2", &["git"]),
    ("http_body_util", &["controller/serve.rs"]),
    ("hyper", &["controller/serve.rs"]),
    ("hyper_util", &["controller/serve.rs"]),
    (
        "kube",
        &[
            "api/spec.rs",
            "api/crd.rs",
            "cli/cluster.rs",
            "cluster.rs",
            "controller/act",
            "controller/awaiting.rs",
            "controller/catalog.rs",
            "controller/lease.rs",
            "controller/namespaces.rs",
            "controller/object.rs",
            "controller/prober.rs",
            "controller/read.rs",
            "controller/reconcile.rs",
            "controller/run.rs",
            "controller/watch.rs",
        ],
    ),
    ("minijinja", &["render/engine.rs"]),
    ("oci_distribution", &["registry/place.rs", "registry/release.rs"]),
    ("prometheus_client", &["controller/meters"]),
    ("rayon", &["cli", "repository/read.rs"]),
    ("reqwest", &["controller/prober.rs", "forge", "registry"]),
    ("rustix", &["git/worker.rs"]),
    ("rustls", &["registry.rs"]),
    ("saphyr_parser", &["api/source/builder.rs"]),
    ("schemars", &["api", "validate/settings.rs"]),
    ("semver", &["validate/settings.rs"]),
    ("serde_yaml", &["render/engine.rs"]),
    ("sha2", &["cli/backup/remote.rs", "model/scripts.rs", "render.rs", "tree.rs"]),
    ("ssh_key", &["git/commit.rs", "git/host.rs"]),
    (
        "thiserror",
        &["cluster.rs", "forge.rs", "git/fault.rs", "registry.rs", "render", "repository.rs"],
    ),
    ("tokio", WAITING),
    ("tracing", WAITING),
    ("tracing_subscriber", &["cli/controller.rs"]),
];

const LONGEST_FILE: usize = 300;
const LONGEST_FUNCTION: usize = 60;

/// Names that say nothing about what a file is for.
const EMPTY_NAMES: [&str; 8] =
    ["mod", "utils", "util", "common", "types", "helpers", "helper", "prelude"];

type Sources = BTreeMap<String, String>;

fn files(folder: &str) -> Sources {
    fn walk(folder: &Path, base: &Path, found: &mut Sources) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, base, found);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Sources::new();
    walk(&base, &base, &mut found);
    found
}

fn sources() -> Sources {
    let mut found = files("src");
    found.retain(|name, _| Path::new(name).extension().is_some_and(|ending| ending == "rs"));
    found
}

/// Returns the code of a file: without comments, and without its tests.
fn code(text: &str) -> String {
    let own = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    own.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|l| format!("{l}\n"))
        .collect()
}

fn module(file: &str) -> Vec<&str> {
    file.trim_end_matches(".rs").split('/').collect()
}

fn rank(path: &[&str]) -> Option<usize> {
    let two = path.get(..2).map(|two| two.join("::")).unwrap_or_default();
    let of = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    of(&two).or_else(|| of(path.first()?))
}

/// Returns the modules that a file names with `crate::` or `super::`, from the root, two deep.
fn named_modules(file: &str, code: &str) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    let here = module(file);
    for (start, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let before = code[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '$')) {
            continue;
        }
        let mut rest = &code[start..];
        let mut base: Vec<&str> = here.clone();
        if let Some(after) = rest.strip_prefix("crate::") {
            (rest, base) = (after, Vec::new());
        }
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop();
            rest = after;
        }
        for word in first_words(rest) {
            let path = base.iter().copied().chain(word.split("::"));
            found.insert(path.take(2).map(str::to_owned).collect());
        }
    }
    found
}

/// Returns `a::b` of `a::b::c`, and each of `{a, b::c}`.
fn first_words(text: &str) -> Vec<&str> {
    let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let word = |text: &str| text.len() - text.trim_start_matches(is_path).len();
    let Some(group) = text.strip_prefix('{') else {
        return vec![text[..word(text)].trim_end_matches("::")];
    };
    let (mut depth, mut found, mut start) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                let item = group[start..at].trim();
                found.push(item[..word(item)].trim_end_matches("::"));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

fn upward(file: &str, text: &str) -> Vec<String> {
    let here = module(file);
    if matches!(here[..], ["lib" | "main"]) {
        return Vec::new();
    }
    let Some(own) = rank(&here) else { return vec![format!("{file}: in no layer")] };
    let mut found = Vec::new();
    for path in named_modules(file, &code(text)) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match rank(&path) {
            Some(other) if other > own => found.push(format!("{file}: names {}", path.join("::"))),
            _ => {}
        }
    }
    found
}

fn foreign_libraries(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let names = |library: &str| {
        code.match_indices(&format!("{library}::")).any(|(start, _)| {
            let before = code[..start].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
        })
    };
    let owns = |places: &[&str]| {
        places.iter().any(|place| {
            let base = place.trim_end_matches(".rs");
            file == *place
                || file == format!("{base}.rs") && !place.contains('.')
                || file.starts_with(&format!("{place}/"))
        })
    };
    OWNERS
        .iter()
        .filter(|(library, places)| names(library) && !owns(places))
        .map(|(library, _)| format!("{file}: names {library}"))
        .collect()
}

fn unowned_libraries(cargo: &str) -> Vec<String> {
    // The language of every layer.
    const COMMON: [&str; 3] = ["serde", "serde_json", "similar"];
    let table = cargo.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let names = table.lines().filter_map(|line| line.split_once(" = "));
    names
        .map(|(name, _)| name.replace('-', "_"))
        .filter(|name| !COMMON.contains(&&**name) && !OWNERS.iter().any(|(owned, _)| owned == name))
        .collect()
}

fn oversized(file: &str, text: &str) -> Vec<String> {
    let own = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    let lines: Vec<&str> = own.lines().collect();
    let mut found = Vec::new();
    if lines.len() > LONGEST_FILE {
        found.push(format!("{file}: {} lines", lines.len()));
    }
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let head = line.trim_start();
        let is_function = ["fn ", "pub fn ", "const fn ", "pub const fn "]
            .iter()
            .any(|word| head.starts_with(word))
            || (head.starts_with("pub(") && head.contains(") fn "));
        if is_function && !head.ends_with(';') && !head.ends_with('}') {
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[at..].iter().position(|line| *line == close).unwrap_or(0) + 1;
            if length > LONGEST_FUNCTION {
                found.push(format!("{file}:{}: a function of {length} lines", at + 1));
            }
        }
    }
    found
}

fn bad_words(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut found = Vec::new();
    let stem = module(file).pop().unwrap();
    if EMPTY_NAMES.contains(&stem) {
        found.push(format!("{file}: the name says nothing"));
    }
    for word in [".unwrap()", "todo!(", "dbg!(", "unimplemented!(", "#[allow(", "#![allow("] {
        let reasoned = word.contains("allow(")
            && code.matches("reason = ").count() >= code.matches(word).count();
        if code.contains(word) && !reasoned {
            found.push(format!("{file}: {word}"));
        }
    }
    let opts_out = code.lines().take(12).collect::<String>().contains("clippy::disallowed_methods");
    if opts_out != SHELL.contains(&file) {
        found.push(format!("{file}: the list of shell files and its opt-out disagree"));
    }
    let is_async = code.contains("async fn") || code.contains("async move");
    if is_async && !WAITING.contains(&file) {
        found.push(format!("{file}: a pure file waits for nothing"));
    }
    found
}

/// Writes `a["key"].b` as `a.key.b`: a key that is no word is placed like one that is.
fn without_quoted_keys(text: &str) -> String {
    let mut parts = text.split("[\"");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        match part.split_once("\"]") {
            Some((key, rest)) => plain = format!("{plain}.{}{rest}", key.replace('-', "_")),
            None => plain = format!("{plain}[\"{part}"),
        }
    }
    plain
}

/// A template chooses, repeats and places; it does not compute, join or default.
fn computing(name: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let Some(end) = rest[start..].find(close) else {
            found.push(format!("{name}: a tag without end"));
            break;
        };
        let tag = &rest[start + 2..start + end];
        let inside = tag.trim().trim_start_matches('-').trim_end_matches('-').trim();
        let inside = without_quoted_keys(inside);
        let first = inside.split_whitespace().next().unwrap_or_default();
        let is_statement = close == "%}";
        let known = ["if", "elif", "else", "endif", "for", "endfor"].contains(&first);
        let places = !is_statement
            && inside.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        let computes = ['|', '~', '+', '*', '(', '"', '\'', '%', '/', '[', '{']
            .iter()
            .any(|c| inside.contains(*c))
            || inside.contains(" - ");
        if (is_statement && (!known || computes)) || (!is_statement && !places) {
            found.push(format!("{name}: {{{inside}}}"));
        }
        rest = &rest[start + end + 2..];
    }
    found
}

fn over(check: fn(&str, &str) -> Vec<String>) -> Vec<String> {
    sources().iter().flat_map(|(file, text)| check(file, text)).collect()
}

const NONE: [String; 0] = [];

#[test]
fn no_file_names_a_higher_layer() {
    assert_eq!(over(upward), NONE);
    for (file, text) in [
        ("api/load.rs", "use crate::validate::validate;"),
        ("api/load.rs", "use crate::{names, model};"),
        ("api/load.rs", "fn a() { crate::render::yaml::write() }"),
        ("api.rs", "use super::tree;"),
        ("names/claim.rs", "use super::super::api::Loaded;"),
        ("api/duration.rs", "use crate::api::spec::Image;"),
        ("api/duration.rs", "use super::spec::Image;"),
        ("render/engine.rs", "use crate::{\n    model::{Instance, a},\n    cli,\n};"),
        ("unknown.rs", ""),
    ] {
        assert_eq!(upward(file, text).len(), 1, "{file}: {text}");
    }
    for (file, text) in [
        ("validate/checks/a.rs", "use crate::validate::Findings;\nuse crate::api::spec::Image;"),
        ("api/load.rs", "// crate::validate is above\nuse super::duration::seconds;"),
        ("api/load.rs", "use crate::names;\n\n#[cfg(test)]\nmod tests {\nuse crate::validate;\n}"),
    ] {
        assert_eq!(upward(file, text), NONE, "{file}: {text}");
    }
}

#[test]
fn every_library_has_one_owner() {
    assert_eq!(over(foreign_libraries), NONE);
    let cargo =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    assert_eq!(unowned_libraries(&cargo), NONE);
    for (file, text) in [
        ("model.rs", "use minijinja::Environment;"),
        ("render.rs", "fn a() -> anyhow::Result<()>"),
        ("api/spec.rs", "use saphyr_parser::Parser;"),
        ("tree.rs", "let x: serde_yaml::Value;"),
    ] {
        assert_eq!(foreign_libraries(file, text).len(), 1, "{file}: {text}");
    }
    assert_eq!(foreign_libraries("cli/render.rs", "use clap::Args; use rayon::prelude::*;"), NONE);
    assert_eq!(unowned_libraries("[dependencies]\nserde = 1\nnew-one = \"1\"\n[dev]"), ["new_one"]);
}

#[test]
fn files_and_functions_stay_short() {
    assert_eq!(over(oversized), NONE);
    let long = |lines: usize| "// a\n".repeat(lines);
    assert_eq!(oversized("a.rs", &long(301)).len(), 1);
    assert_eq!(oversized("a.rs", &long(300)), NONE);
    let tests = format!("fn a() {{}}\n\n#[cfg(test)]\nmod tests {{\n{}}}\n", long(400));
    assert_eq!(oversized("a.rs", &tests), NONE);
    let function =
        |lines: usize| format!("impl A {{\n    pub fn a() {{\n{}    }}\n}}\n", long(lines));
    assert_eq!(oversized("a.rs", &function(59)).len(), 1);
    assert_eq!(oversized("a.rs", &function(58)), NONE);
}

#[test]
fn no_file_has_an_empty_name_or_a_careless_word() {
    assert_eq!(over(bad_words), NONE);
    for (file, text) in [
        ("api/mod.rs", ""),
        ("api/utils.rs", ""),
        ("api.rs", "let a = b.unwrap();"),
        ("api.rs", "todo!()"),
        ("api.rs", "#[allow(dead_code)]"),
        ("cli/files.rs", "fn a() {}"),
        ("api.rs", "async fn a() {}"),
        ("cli/files.rs", "clippy::disallowed_methods\nasync fn a() {}"),
    ] {
        assert_eq!(bad_words(file, text).len(), 1, "{file}: {text}");
    }
    assert!(
        !bad_words("api.rs", "#![expect(clippy::disallowed_methods, reason = \"a\")]").is_empty()
    );
    assert_eq!(bad_words("api.rs", "#[allow(dead_code, reason = \"a\")]\n// todo!()"), NONE);
}

#[test]
fn templates_choose_repeat_and_place() {
    let mut templates = files("templates");
    let scripts: Vec<String> =
        templates.keys().filter(|name| name.starts_with("scripts/")).cloned().collect();
    templates.retain(|name, _| name.ends_with(".j2"));
    let found: Vec<String> =
        templates.iter().flat_map(|(name, text)| computing(name, text)).collect();
    assert_eq!(found, NONE);
    for text in [
        "{{ a | upper }}",
        "{{ a ~ b }}",
        "{{ a + 1 }}",
        "{{ a - 1 }}",
        "{{ a or b }}",
        "{{ default(a) }}",
        "{{ a.b() }}",
        "{{ \"x\" }}",
        "{% set a = 1 %}",
        "{% macro a() %}",
        "{% include \"a\" %}",
        "{%- import 'a' -%}",
        "{% for a in b | sort %}",
        "{% if a + 1 %}",
        "{{ a[0] }}",
        "{{ a",
    ] {
        assert_eq!(computing("a", text).len(), 1, "{text}");
    }
    for text in [
        "{{ a.b_c }}",
        "{{ a[\"b-c\"].d }}",
        "{%- if a is not none -%}",
        "{% for k, v in a %}",
        "{% elif not a %}",
        "{% else %}",
    ] {
        assert_eq!(computing("a", text), NONE, "{text}");
    }

    let listed: BTreeSet<&str> =
        openclaw::render::templates::TEMPLATES.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, templates.keys().map(String::as_str).collect());
    let table = &sources()["model/scripts.rs"];
    for script in scripts {
        assert!(table.contains(&format!("templates/{script}\")")), "{script} is not embedded");
    }
}
