//! README.md says nothing that is not so: its files validate, its commands run, its flags, fields,
//! codes, links and images exist, its tables are the binary's, and its screens are what it prints.
//!
//! `UPDATE=1 cargo test --test readme` writes the generated parts anew.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;
#[path = "readme/picture.rs"]
mod picture;
#[path = "readme/screens.rs"]
mod screens;
#[path = "cluster/server.rs"]
mod server;

use std::collections::BTreeSet;

use kit::Test;
use openclaw::model::images;
use openclaw::validate::refused::REFUSED;

/// Programs of others: their commands are not run, and their flags not looked up.
const OTHERS: [&str; 12] = [
    "buildah",
    "cargo",
    "find",
    "git",
    "helm",
    "kind",
    "kubectl",
    "kustomize",
    "mkdir",
    "sed",
    "set",
    "tests/run",
];

/// What looks at a cluster.
const OF_A_CLUSTER: [&str; 4] =
    ["openclaw diff --live", "openclaw status", "openclaw tree", "openclaw import -n"];

fn committed() -> String {
    std::fs::read_to_string(kit::root().join("README.md")).unwrap()
}

/// The document; while it is blessed, as it will be.
fn readme() -> String {
    if kit::blessing() { fresh(&committed()) } else { committed() }
}

/// A fenced block: its language, its text without the indentation of a list, its line.
struct Block {
    language: String,
    text: String,
    line: usize,
}

/// Splits the document into blocks and the lines of prose.
fn parts(text: &str) -> (Vec<Block>, Vec<(usize, String)>) {
    let mut blocks: Vec<Block> = Vec::new();
    let mut prose = Vec::new();
    let mut indent: Option<usize> = None;
    for (index, line) in text.lines().enumerate() {
        let bare = line.trim_start();
        match (bare.strip_prefix("```"), indent) {
            (Some(language), None) => {
                indent = Some(line.len() - bare.len());
                let language = language.to_owned();
                blocks.push(Block { language, text: String::new(), line: index + 2 });
            }
            (Some(_), Some(_)) => indent = None,
            (None, Some(indent)) => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line.get(indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, None) => prose.push((index + 1, line.to_owned())),
        }
    }
    assert_eq!(indent, None, "a block does not end");
    (blocks, prose)
}

/// Code spans of the prose.
fn spans(text: &str) -> Vec<(usize, String)> {
    let (_, prose) = parts(text);
    let mut found = Vec::new();
    for (line, text) in prose {
        let inside = text.split('`').skip(1).step_by(2);
        found.extend(inside.map(|span| (line, span.to_owned())));
    }
    found
}

fn headings(text: &str) -> Vec<(usize, String)> {
    let (_, prose) = parts(text);
    let heading = |(_, line): (usize, String)| {
        let level = line.find(|c| c != '#').filter(|level| *level > 0)?;
        Some((level, line[level..].trim().to_owned()))
    };
    prose.into_iter().filter_map(heading).collect()
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

fn contents(text: &str) -> String {
    let mut out = String::new();
    for (level, heading) in headings(text) {
        if level > 1 && heading != "Contents" {
            let indent = "  ".repeat(level - 2);
            out.push_str(&format!("{indent}- [{heading}](#{})\n", anchor(&heading)));
        }
    }
    out
}

fn refused() -> String {
    let mut out = "| field | instead |\n| --- | --- |\n".to_owned();
    for field in REFUSED {
        out.push_str(&format!("| `{}.{}` | {} |\n", field.parent, field.field, field.hint));
    }
    out
}

/// What belongs between the markers of `name`.
fn generated(name: &str, text: &str) -> String {
    match name {
        "contents" => contents(text),
        "refused" => refused(),
        command => {
            let words: Vec<&str> = command.split_whitespace().collect();
            match words[..] {
                ["screen", name] => screens::screen(name),
                ["openclaw", "reference", table] => {
                    Test::new().args(["reference", table]).success()
                }
                _ => panic!("nothing makes `{name}`"),
            }
        }
    }
}

/// The document with its generated parts made anew.
fn fresh(text: &str) -> String {
    let mut new = String::new();
    let mut rest = text;
    let mut count = 0;
    while let Some((before, after)) = rest.split_once("<!-- generated: ") {
        let (name, after) = after.split_once(" -->\n").unwrap();
        let (_, after) = after.split_once("<!-- end -->").unwrap();
        let part = generated(name, text);
        new.push_str(&format!("{before}<!-- generated: {name} -->\n\n{part}\n<!-- end -->"));
        rest = after;
        count += 1;
    }
    new.push_str(rest);
    assert_eq!(count, 8 + screens::COUNT, "markers");
    new
}

#[test]
fn the_generated_parts_are_what_the_binary_gives() {
    kit::golden("README.md", &fresh(&committed()));
}

#[test]
fn the_picture_is_what_a_terminal_shows() {
    kit::golden(".github/diff.svg", &screens::picture());
}

/// The document that a block stands for: itself, or a spec inside an instance that is fit to run.
fn whole(block: &Block) -> String {
    if !block.text.starts_with("spec:\n") {
        return block.text.clone();
    }
    let mut text = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: my-agent\n".to_owned();
    text.push_str(&block.text);
    if !block.text.contains("\n  image:\n") {
        text.push_str("  image:\n    tag: \"2026.9.6\"\n");
    }
    if !block.text.contains("\n  envFrom:\n") {
        text.push_str("  envFrom:\n    - secretRef:\n        name: openclaw-api-keys\n");
    }
    text
}

/// Findings that a block may have because it is only a part: the browser's digest is the
/// reader's to look up, and the namespaces of Prometheus are said in openclaw.yaml.
const PARTIAL: [&str; 2] = ["OC0203", "OC0216"];

#[test]
fn every_yaml_block_loads_and_validates() {
    let (blocks, _) = parts(&readme());
    let (mut instances, mut settings) = (0, 0);
    for block in blocks.iter().filter(|block| block.language == "yaml") {
        let document = whole(block);
        let mut test = Test::new();
        if document.contains("kind: UpdateRecord\n") {
            let path = "agents/my-agent.yaml";
            let (record, report) =
                openclaw::validate::record::read(path, path, document.as_bytes());
            assert!(record.is_some(), "line {}: {:?}", block.line, report.findings());
            continue;
        }
        if document.contains("kind: RenderConfig\n") {
            settings += 1;
            let own = "spec:\n  gateway:\n    existingSecret: my-agent-token\n";
            let own = Block { language: String::new(), text: own.to_owned(), line: 0 };
            test = test.file("openclaw.yaml", &document).file("instances/a.yaml", whole(&own));
            if document.contains("templates: templates\n") {
                let service = kit::root().join("templates/service.yaml.j2");
                test.write("templates/service.yaml.j2", std::fs::read(service).unwrap());
            }
            test.set_args(["render"]);
        } else if document.contains("kind: ControllerConfig\n") {
            test = test.file("controller.yaml", &document);
            test.set_args(["install", "--controller-config", "controller.yaml"]);
        } else {
            assert!(
                document.contains("kind: OpenClawInstance\n"),
                "line {}: what is it?",
                block.line
            );
            instances += 1;
            test = test.file("instances/a.yaml", &document);
            test.set_args(["validate", "instances/a.yaml"]);
        }
        let found = test.run();
        assert_eq!(found.code, Some(0), "line {}: {}", block.line, found.stderr);
        for line in found.stderr.lines().filter(|line| line.starts_with("warning[")) {
            let is_known = PARTIAL.iter().any(|code| line.contains(code));
            assert!(is_known, "line {}: {}", block.line, found.stderr);
        }
    }
    assert!(instances > 12 && settings > 2, "{instances} instances, {settings} settings");
}

#[test]
fn what_a_pipeline_takes_from_this_project_is_there() {
    let (blocks, _) = parts(&readme());
    let read = |path: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(kit::root().join(path)).unwrap();
        serde_yaml::from_str(&text).unwrap()
    };
    let mut count = 0;
    for block in blocks.iter().filter(|block| block.text.contains("OWNER/openclaw")) {
        let value: serde_json::Value = serde_yaml::from_str(&block.text).unwrap();
        for step in value["steps"].as_array().into_iter().flatten() {
            let uses = step["uses"].as_str().unwrap().split('@').next().unwrap();
            let Some(folder) = uses.strip_prefix("OWNER/openclaw/") else { continue };
            let action = read(&format!("{folder}/action.yml"));
            for input in step["with"].as_object().unwrap().keys() {
                assert!(action["inputs"].get(input).is_some(), "line {}: {input}", block.line);
                count += 1;
            }
        }
        for hook in value["repos"][0]["hooks"].as_array().into_iter().flatten() {
            let offered = read(".pre-commit-hooks.yaml");
            let is_it = |one: &serde_json::Value| one["id"] == hook["id"];
            assert!(offered.as_array().unwrap().iter().any(is_it), "{hook}");
            count += 1;
        }
        for include in value["include"].as_array().into_iter().flatten() {
            let path = include["file"].as_str().unwrap();
            assert!(read(path.trim_start_matches('/'))["openclaw"]["script"].is_array(), "{path}");
            count += 1;
        }
    }
    assert_eq!(count, 6);
}

/// A clone of an example with the rest of the project's examples beside it.
fn scratch() -> Test {
    let test = Test::new();
    for (path, text) in kit::tree(&kit::root().join("examples")) {
        test.write(&format!("examples/{path}"), &text);
        if let Some(path) = path.strip_prefix("gitops-argocd/") {
            test.write(path, &text);
        }
    }
    test.write(".openclaw/.keep", "");
    let values = kit::root().join("tests/helm/thepagent-production.yaml");
    test.write("values.yaml", std::fs::read(values).unwrap());
    test
}

/// Runs a command of ours as a shell would find it.
fn shell(test: &Test, command: &str) -> std::process::Output {
    let folder = kit::binary().parent().unwrap().to_owned();
    let path = std::env::join_paths(
        std::iter::once(folder).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    std::process::Command::new("sh")
        .args(["-c", command])
        .current_dir(test.path())
        .env("PATH", path.unwrap())
        .output()
        .unwrap()
}

#[test]
fn every_command_of_ours_runs() {
    let (blocks, _) = parts(&readme());
    let mut count = 0;
    for block in blocks.iter().filter(|block| block.language == "sh") {
        let test = scratch();
        for line in block.text.lines().filter(|line| !line.is_empty()) {
            let command = line.trim_start_matches("UPDATE=1 ");
            let program = command.split_whitespace().next().unwrap();
            if let Some(arguments) = command.strip_prefix("cargo run --release --quiet -- ") {
                // In a checkout of this project, which is no repository of instances.
                let name = arguments.split_whitespace().last().unwrap();
                let checkout =
                    Test::new().file(name, std::fs::read(kit::root().join(name)).unwrap());
                let found = shell(&checkout, &format!("openclaw {arguments}"));
                assert!(found.status.success() && !found.stdout.is_empty(), "{line}");
            } else if let Some(name) = command.strip_prefix("cargo test --test ") {
                assert!(kit::root().join(format!("tests/{name}.rs")).is_file(), "{line}");
            } else if program == "tests/run" {
                let script = std::fs::read_to_string(kit::root().join("tests/run")).unwrap();
                let word = command.strip_prefix("tests/run").unwrap().trim();
                assert!(word.is_empty() || script.contains(&format!("\n  {word})\n")), "{line}");
            } else if program == "tests/bed/bed" {
                // The gate runs it; here, that the script knows the word.
                let script = std::fs::read_to_string(kit::root().join(program)).unwrap();
                let word = command.split_whitespace().nth(1).unwrap();
                assert!(script.contains(&format!("\n#   tests/bed/bed {word} ")), "{line}");
            } else if command.starts_with("openclaw controller ") {
                // It runs for ever; here, that it takes the flags and looks for a cluster.
                let found = shell(&test, &format!("KUBECONFIG=none {command}"));
                assert_eq!(found.status.code(), Some(2), "{line}");
                let words = String::from_utf8_lossy(&found.stderr);
                assert!(words.starts_with("error: found no cluster"), "{line}: {words}");
            } else if OF_A_CLUSTER.iter().any(|verb| command.starts_with(verb)) {
                // tests/cluster.rs and the bed have one; here, that the flags are taken.
                let found = shell(&test, &format!("KUBECONFIG=none {command}"));
                assert_eq!(found.status.code(), Some(2), "{line}");
                let words = String::from_utf8_lossy(&found.stderr);
                assert!(words.starts_with("error: found no cluster"), "{line}: {words}");
            } else if command.starts_with("openclaw diff --git ") {
                let git = "git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm a && git update-ref refs/remotes/origin/main HEAD";
                let found = shell(&test, &format!("{git} && {command}"));
                let words = String::from_utf8_lossy(&found.stderr);
                assert!(found.status.success(), "line {}: {line}: {words}", block.line);
            } else if command == "openclaw update --commit --push" {
                // It needs a checkout with a server and a registry.
                let test = std::fs::read_to_string(kit::root().join("tests/all_command.rs"));
                assert!(test.unwrap().contains("&[\"--commit\", \"--push\"]"), "{line}");
            } else if command.starts_with("openclaw backup ") {
                // The bed runs it, which has a bucket.
                let path = "tests/bed/suite/backup/story.rs";
                let test = std::fs::read_to_string(kit::root().join(path)).unwrap();
                assert!(test.contains("follow(\"openclaw backup list\""), "{line}");
            } else if program == ".image/build" {
                // The bed runs it, and builds from what it makes as the next line does.
                assert!(kit::root().join(program).is_file(), "{line}");
            } else if program == "openclaw" {
                let found = shell(&test, command);
                let words = String::from_utf8_lossy(&found.stderr);
                assert!(found.status.success(), "line {}: {line}: {words}", block.line);
                count += 1;
            } else {
                assert!(OTHERS.contains(&program), "{line}: run it, or list it as not run");
            }
        }
    }
    assert!(count > 12, "{count} commands");
}

/// The verbs and flags that the binary has.
fn help() -> (BTreeSet<String>, BTreeSet<String>) {
    let root = Test::new().args(["--help"]).success();
    let verbs: BTreeSet<String> = root
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .collect();
    let mut texts = root;
    for verb in verbs.iter().filter(|verb| *verb != "help") {
        texts.push_str(&Test::new().args([verb, "--help"]).success());
    }
    let words = texts.split(|c: char| c.is_whitespace() || "[],=`<>".contains(c));
    let flags = words.filter(|word| word.starts_with('-')).map(str::to_owned).collect();
    (verbs, flags)
}

#[test]
fn every_verb_and_flag_that_is_named_exists() {
    let text = readme();
    let (verbs, flags) = help();
    let (_, prose) = parts(&text);
    for verb in verbs.iter().filter(|verb| *verb != "help") {
        let row = format!("| `openclaw {verb}` |");
        assert!(prose.iter().any(|(_, line)| line.starts_with(&row)), "no row for {verb}");
    }
    let mut count = 0;
    for (line, span) in spans(&text) {
        let mut words = span.split_whitespace();
        match words.next() {
            Some("openclaw") => {
                let verb = words.next().unwrap_or("reference");
                assert!(verbs.contains(verb) || verb == "reference", "line {line}: `{span}`");
            }
            Some(word) if word.starts_with('-') && word != "-" => {}
            _ => continue,
        }
        for flag in span.split_whitespace().filter(|word| word.starts_with('-') && *word != "-") {
            let is_of_kubectl = ["--cascade=orphan", "--prune", "--server-side"].contains(&flag);
            assert!(flags.contains(flag) || is_of_kubectl, "line {line}: `{flag}`");
            count += 1;
        }
    }
    assert!(count > 8, "{count} flags");
}

#[test]
fn every_link_leads_somewhere() {
    let text = readme();
    let anchors: Vec<String> = headings(&text).iter().map(|(_, h)| anchor(h)).collect();
    assert_eq!(anchors.iter().collect::<BTreeSet<_>>().len(), anchors.len(), "two alike headings");
    let (_, prose) = parts(&text);
    let mut count = 0;
    for (line, text) in prose {
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            let exists = match target.strip_prefix('#') {
                Some(name) => anchors.iter().any(|anchor| anchor == name),
                None => target.starts_with("https://") || kit::root().join(target).exists(),
            };
            assert!(exists, "line {line}: {target}");
            count += 1;
        }
    }
    assert!(count > 40, "{count} links");
}

/// Whether the schema has a field; the `[]` of lists may be left out.
fn has_field(schema: &serde_json::Value, path: &str) -> bool {
    let step = |node: &'_ serde_json::Value, name: &str| {
        let inner = if node["items"].is_object() { &node["items"] } else { node };
        inner["properties"].get(name.trim_end_matches("[]")).cloned()
    };
    path.split('.').try_fold(schema.clone(), |node, name| step(&node, name)).is_some()
}

#[test]
fn every_field_and_code_that_is_named_exists() {
    let text = readme();
    let schema = Test::new().args(["schema"]).success();
    let schema = serde_json::from_str(&schema).unwrap();
    let mut fields = 0;
    for (line, span) in spans(&text) {
        let is_field = span.starts_with("spec.")
            && span.chars().all(|c| c.is_ascii_alphanumeric() || ".[]".contains(c));
        if is_field {
            assert!(has_field(&schema, &span), "line {line}: `{span}`");
            fields += 1;
        }
    }
    let table = Test::new().args(["reference", "findings"]).success();
    let (_, prose) = parts(&text);
    let mut codes = 0;
    for (line, text) in prose {
        for (at, _) in text.match_indices("OC0") {
            let code = &text[at..at + 6];
            assert!(table.contains(&format!("| {code} |")), "line {line}: {code}");
            codes += 1;
        }
    }
    assert!(codes > 60 && fields > 120, "{codes} codes, {fields} fields");
}

#[test]
fn every_image_and_version_that_we_choose_is_the_pinned_one() {
    let text = readme();
    for image in [images::HEADLESS_SHELL, images::COLLECTOR, images::UV, images::RCLONE] {
        let reference = format!("`{}:{}`", image.repository, image.tag);
        assert!(text.contains(&reference), "{reference}");
    }
    assert!(text.contains(&format!("pnpm is {};", images::PNPM_VERSION)));
}

#[test]
fn the_resources_and_probes_that_are_told_are_rendered() {
    let instance = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {name: a}\nspec:\n  image: {tag: \"2026.9.6\"}\n  chromium: {enabled: true}\n  observability: {metrics: {enabled: true}}\n  sidecars: [{name: yours, image: \"a:1\"}]\n";
    let test = Test::new().file("a.yaml", instance).args(["render", "a.yaml"]);
    let objects = kit::documents(&test.success());
    let set = objects.iter().find(|object| object["kind"] == "StatefulSet").unwrap();
    let containers = set["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    let document = readme();
    let mut rows = Vec::new();
    for container in containers {
        let part = |half: &str, unit: &str| {
            container["resources"][half][unit].as_str().unwrap().to_owned()
        };
        let name = match container["name"].as_str().unwrap() {
            "yours" => "yours".to_owned(),
            "otel-collector" => "`otel-collector` (fixed)".to_owned(),
            name => format!("`{name}`"),
        };
        let half = |half: &str| format!("{} | {}", part(half, "cpu"), part(half, "memory"));
        rows.push(format!("| {name} | {} | {} |", half("requests"), half("limits")));
    }
    for name in ["startup", "liveness", "readiness"] {
        let probe = &containers[0][format!("{name}Probe")];
        let field = |field: &str| probe[field].to_string();
        let [period, timeout, failures] =
            ["periodSeconds", "timeoutSeconds", "failureThreshold"].map(field);
        rows.push(format!("| `{name}` | {period} | {timeout} | {failures} |"));
    }
    assert_eq!(rows.len(), 7);
    for row in rows {
        assert!(document.contains(&row), "{row}");
    }
}

#[test]
fn the_exit_codes_are_those_of_the_help() {
    let help = Test::new().args(["--help"]).success();
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    for line in codes.lines().filter(|line| !line.trim().is_empty()) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        let row = format!("| {code} | {} |", meaning.replace("--strict", "`--strict`"));
        assert!(readme().contains(&row), "{row}");
    }
}

#[test]
fn the_difference_that_is_shown_is_the_one_that_is_printed() {
    let (blocks, _) = parts(&readme());
    let shown = blocks.iter().find(|block| block.text.contains("\n--- a/rendered/")).unwrap();
    let test = scratch();
    let path = "instances/support-agent.yaml";
    let text = std::fs::read_to_string(test.path().join(path)).unwrap();
    let more = "spec:\n  security:\n    networkPolicy:\n      allowedEgressCIDRs: [192.0.2.0/24]\n";
    test.write(path, text.replacen("spec:\n", more, 1));
    let found = test.args(["diff"]).run();
    let (head, rest) = found.stdout.split_once("\n\n").unwrap();
    let part = rest.split("\n\n").find(|part| part.contains("opens the network")).unwrap();
    assert_eq!(shown.text, format!("{head}\n\n{part}\n"));
}

#[test]
fn the_finding_that_is_shown_is_the_one_that_is_printed() {
    let (blocks, _) = parts(&readme());
    let shown = blocks.iter().find(|block| block.text.starts_with("error[")).unwrap();
    let instance = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: my-agent\nspec:\n  image:\n    tag: \"2026.9.6\"\n  envFrom:\n    - secretRef:\n        name: openclaw-api-keys\n  config: {raw: {agents: {defaults: {sandbox: true}}}}\n";
    let test = Test::new().file("instances/my-agent.yaml", instance);
    let found = test.args(["validate", "instances/my-agent.yaml"]).finding();
    assert_eq!(found, format!("{}1 error\n", shown.text));
}

#[test]
fn every_shell_has_its_line() {
    let help = Test::new().args(["completion", "--help"]).success();
    let (_, shells) = help.split_once("[possible values: ").unwrap();
    let (shells, _) = shells.split_once(']').unwrap();
    for shell in shells.split(", ") {
        assert!(readme().contains(&format!("openclaw completion {shell}")), "{shell}");
    }
}
