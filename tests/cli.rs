//! The command line: exit codes, where words and results go, and how a repository is found.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::io::Read;

use kit::{Output, Test};

const CLEAN: &str = include_str!("validate/clean.yaml");
const SETTINGS: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\n";

/// One with a warning: nothing names a provider.
fn warned() -> String {
    CLEAN.split_inclusive('\n').take(7).collect()
}

fn broken() -> String {
    CLEAN.replace("my-agent", "My_Agent")
}

/// A repository with one instance of each kind of outcome, and nothing above it.
fn sources() -> Test {
    Test::new()
        .file("clean.yaml", CLEAN)
        .file("warned.yaml", warned())
        .file("broken.yaml", broken())
        .env("OPENCLAW_CONFIG", "none")
}

fn repository(settings: &str) -> Test {
    Test::new()
        .file("openclaw.yaml", format!("{SETTINGS}{settings}"))
        .file("instances/my-agent.yaml", CLEAN)
}

#[track_caller]
fn code(test: &mut Test, args: &str) -> Output {
    test.args_of(args).run()
}

#[test]
fn every_verb_ends_with_its_exit_code() {
    let mut test = sources().stdin(CLEAN);
    for (args, expected) in [
        ("render clean.yaml", 0),
        ("render warned.yaml", 0),
        ("render --strict warned.yaml", 1),
        ("render broken.yaml", 1),
        ("render clean.yaml broken.yaml", 1),
        ("render -", 0),
        ("render -f clean.yaml", 0),
        ("render --filename=clean.yaml", 0),
        ("render nowhere.yaml", 2),
        ("render", 2),
        ("render --check clean.yaml", 2),
        ("render --check -o tree clean.yaml", 1),
        ("render --layout=flat clean.yaml", 2),
        ("render --nonsense", 2),
        ("render --config=nowhere.yaml clean.yaml", 2),
        ("render -n other clean.yaml", 0),
        ("render -n Other clean.yaml", 1),
        ("validate clean.yaml", 0),
        ("validate -", 0),
        ("validate warned.yaml", 0),
        ("validate --strict warned.yaml", 1),
        ("validate broken.yaml", 1),
        ("validate nowhere.yaml", 2),
        ("validate", 2),
        ("validate -o xml clean.yaml", 2),
        ("explain OC0012", 0),
        ("explain oc0012", 0),
        ("explain OC9999", 2),
        ("explain spec.autoUpdate", 0),
        ("explain spec.autoUpdat", 2),
        ("explain", 2),
        ("crd", 0),
        ("schema", 0),
        ("schema instance", 0),
        ("schema config", 0),
        ("schema nothing", 2),
        ("completion bash", 0),
        ("completion tcsh", 2),
        ("man", 0),
        ("man pages", 0),
        ("man clean.yaml/pages", 2),
        ("version", 0),
        ("version -o json", 0),
        ("version -o yaml", 2),
        ("--version", 0),
        ("--help", 0),
        ("help render", 0),
        ("render --help", 0),
        ("--color=sometimes version", 2),
        ("apply", 2),
        ("", 2),
    ] {
        let output = code(&mut test, args);
        assert_eq!(output.code, Some(expected), "{args}: {}", output.stderr);
        assert_eq!(output.stdout.is_empty(), expected != 0 || is_silent(args), "{args}");
        assert!(expected == 0 || !output.stderr.is_empty(), "{args} says nothing");
    }
}

#[test]
fn a_tree_may_be_printed_and_then_cannot_be_checked() {
    let mut test = repository("layout: instance\n");
    let printed = code(&mut test, "render --output-dir -").stdout;
    assert_eq!(test.tree("rendered").len(), 0);
    code(&mut test, "render");
    assert_eq!(test.tree("rendered")["default/my-agent/manifest.yaml"], printed);
    let output = code(&mut test, "render -o - --check");
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{}", output.stderr);
    assert_eq!(code(&mut test, "init --ci=jenkins").code, Some(2));
}

/// Verbs that have no result to print.
fn is_silent(args: &str) -> bool {
    args.starts_with("validate") || args == "man pages"
}

#[test]
fn findings_are_words_for_people_and_results_for_machines() {
    let mut test = Test::new()
        .file("broken.yaml", broken())
        .file("warned.yaml", warned())
        .file("text.yaml", "kind: [\n")
        .env("OPENCLAW_CONFIG", "none");
    for format in ["json", "github", "gitlab", "sarif"] {
        let args = format!("validate -o {format} broken.yaml warned.yaml text.yaml");
        let output = code(&mut test, &args);
        assert_eq!((output.code, output.stderr.as_str()), (Some(1), ""), "{format}");
        if format == "sarif" {
            // The rules are the table of codes, which grows.
            let mut sarif: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
            let driver = &mut sarif["runs"][0]["tool"]["driver"];
            let rules = driver["rules"].as_array().unwrap();
            assert_eq!(rules.len(), openclaw::diagnostic::codes().count());
            driver["rules"] = serde_json::json!([rules[0]]);
            driver["version"] = "VERSION".into();
            kit::golden("tests/cli/findings.sarif", &format!("{sarif:#}\n"));
        } else {
            kit::golden(&format!("tests/cli/findings.{format}"), &output.stdout);
        }
    }
    let clean = Test::new().file("clean.yaml", CLEAN).env("OPENCLAW_CONFIG", "none");
    assert_eq!(clean.args(["validate", "-o", "json", "clean.yaml"]).success(), "[]\n");
}

#[test]
fn lines_of_github_hold_no_second_command() {
    let name = "a\r\n::error::b%25,c:d.yaml";
    let output = Test::new()
        .file(name, broken())
        .args(["validate", "--config=none", "-o", "github", name])
        .run();
    assert_eq!(output.stdout.lines().count(), 1, "{}", output.stdout);
    assert!(output.stdout.starts_with("::error file=a%0D%0A%3A%3Aerror%3A%3Ab%2525%2Cc%3Ad.yaml,"));
    let text = Test::new().file(name, broken()).args(["validate", "--config=none", name]).finding();
    assert!(!text.contains('\r') && !text.lines().any(|line| line.starts_with("::")), "{text}");
}

#[test]
fn explanations_are_whole() {
    let mut test = Test::new();
    for (args, name) in [
        ("explain OC0012", "explain-code"),
        ("explain OC0104", "explain-rule"),
        ("explain spec.autoUpdate", "explain-field"),
        ("explain spec.sidecars.name", "explain-item"),
        ("explain spec.config.mergeMode", "explain-choice"),
        ("explain spec.storage --recursive", "explain-recursive"),
        ("explain openclaw.yaml", "explain-settings"),
        ("explain layout", "explain-setting"),
    ] {
        let output = code(&mut test, args);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{args}");
        kit::golden(&format!("tests/cli/{name}.txt"), &output.stdout);
    }
    for (args, expected) in [
        ("explain OC9999", "error: there is no code `OC9999`; README.md lists them all\n"),
        (
            "explain spec.autoUpdate.checkIntervl",
            "error: there is no field `spec.autoUpdate.checkIntervl`; did you mean `spec.autoUpdate.checkInterval`?\n",
        ),
        ("explain nothing", "error: there is no field `nothing`\n"),
    ] {
        assert_eq!(code(&mut test, args).stderr, expected);
    }
    for row in openclaw::diagnostic::codes() {
        assert!(code(&mut test, &format!("explain {}", row.code)).stdout.contains(row.title));
    }
}

#[test]
fn shells_are_completed() {
    for (shell, needle) in [
        ("bash", "complete -o nospace -o bashdefault -F _clap_complete_openclaw openclaw\n"),
        ("zsh", "#compdef openclaw\n"),
        ("fish", "complete --keep-order --exclusive --command openclaw "),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName openclaw "),
    ] {
        let script = Test::new().args(["completion", shell]).success();
        assert!(script.contains(needle), "{shell}: {script}");
    }
}

/// What a script of a shell is answered when the last of these words is completed.
fn candidates(test: Test, shell: &str, words: &str) -> Vec<String> {
    let index = words.split(' ').count() - 1;
    let mut test =
        test.env("OPENCLAW_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", &index.to_string());
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    test.set_words(&[vec!["--".to_owned()], words].concat());
    test.success().lines().map(str::to_owned).collect()
}

#[test]
fn values_that_only_a_run_knows_are_completed() {
    let check = |words: &str, expected: &[&str]| {
        let test = repository("namespace: agents\n")
            .file("instances/one.yaml", CLEAN.replace("my-agent", "my-one"))
            .file(
                "instances/two.yaml",
                CLEAN.replace("name: my-agent", "name: my-two\n  namespace: a"),
            )
            .file(
                "instances/three.yaml",
                CLEAN.replace("name: my-agent", "name: my-two\n  namespace: b"),
            )
            .file("instances/broken.yaml", "kind: [\n");
        let found = candidates(test, "bash", words);
        assert_eq!(found, expected, "{words}");
    };
    check("openclaw update my-", &["my-agent", "my-one"]);
    check("openclaw update a/", &["a/my-two"]);
    check("openclaw tree my-", &["my-agent", "my-one"]);
    check(
        "openclaw explain oc000",
        &["OC0001", "OC0002", "OC0003", "OC0004", "OC0005", "OC0006", "OC0007", "OC0008"],
    );
    check(
        "openclaw explain spec.image.",
        &[
            "spec.image.digest",
            "spec.image.pullPolicy",
            "spec.image.pullSecrets",
            "spec.image.repository",
            "spec.image.tag",
        ],
    );
    check(
        "openclaw explain spec.sidecars.livenessProbe.h",
        &["spec.sidecars.livenessProbe.httpGet"],
    );
    check("openclaw explain update.w", &["update.waves", "update.window"]);
    check("openclaw explain nothing.", &[]);
    check("openclaw render inst", &["instances/"]);
    check("openclaw diff inst", &["instances/"]);
    // A hidden verb is not offered.
    check("openclaw re", &["render"]);
    for shell in ["zsh", "fish", "powershell"] {
        let found = candidates(Test::new(), shell, "openclaw explain OC0001");
        assert_eq!(found.len(), 1, "{shell}: {found:?}");
        assert!(
            found[0].starts_with("OC0001") && found[0].ends_with("syntax of YAML"),
            "{shell}: {found:?}"
        );
    }
}

#[test]
fn the_manual_is_one_page_or_a_folder() {
    let page = Test::new().args(["man"]).success();
    assert!(page.contains(".TH openclaw 1") && page.contains("openclaw"), "{page}");
    let test = Test::new().args(["man", "pages"]);
    test.success();
    let pages: Vec<String> = test.tree("pages").into_keys().collect();
    assert!(pages.contains(&"openclaw.1".to_owned()), "{pages:?}");
    assert!(pages.contains(&"openclaw-render.1".to_owned()), "{pages:?}");
}

#[test]
fn the_version_is_told() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(Test::new().args(["version"]).success(), format!("openclaw {version}\n"));
    assert_eq!(Test::new().args(["--version"]).success(), format!("openclaw {version}\n"));
    let json = Test::new().args(["version", "-o", "json"]).success();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["version"], version);
    assert_eq!(json["apiVersion"], "openclaw.rocks/v1alpha1");
}

#[test]
fn colors_follow_what_was_said() {
    let check = |args: &str, env: &[(&str, &str)], expected: bool| {
        let mut test = sources();
        for (name, value) in env {
            test = test.env(name, value);
        }
        let colored = code(&mut test, args).stderr.contains('\u{1b}');
        assert_eq!(colored, expected, "{args} {env:?}");
    };
    check("validate broken.yaml", &[], false);
    check("validate --color=always broken.yaml", &[], true);
    check("validate broken.yaml", &[("CLICOLOR_FORCE", "1")], true);
    check("validate broken.yaml", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false);
    check("validate broken.yaml", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")], true);
    check("validate --color=always broken.yaml", &[("NO_COLOR", "1")], true);
    check("validate --color=never broken.yaml", &[("CLICOLOR_FORCE", "1")], false);
    check("validate broken.yaml", &[("OPENCLAW_COLOR", "always")], true);
}

#[test]
fn colors_change_no_word() {
    let mut test = sources();
    let plain = code(&mut test, "validate broken.yaml warned.yaml").stderr;
    let colored = code(&mut test, "validate --color=always broken.yaml warned.yaml").stderr;
    let mut bare = String::new();
    let mut parts = colored.split('\u{1b}');
    bare.push_str(parts.next().unwrap());
    parts.for_each(|part| bare.push_str(part.split_once('m').unwrap().1));
    let trimmed = |text: &str| text.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(trimmed(&bare), trimmed(&plain));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let test = sources().args(["render", "clean.yaml"]);
    for args in [&["render", "clean.yaml"][..], &["crd"], &["schema"], &["completion", "zsh"]] {
        let mut command = test.command();
        let mut child = std::process::Command::new(command.get_program())
            .args(args)
            .current_dir(test.path())
            .env("OPENCLAW_CONFIG", "none")
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        command.args(args);
        drop(child.stdout.take());
        let mut words = String::new();
        child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        assert_eq!((child.wait().unwrap().code(), words.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn words_that_nobody_reads_are_no_failure() {
    let test = sources();
    let mut child = std::process::Command::new(kit::binary())
        .args(["validate", "broken.yaml"])
        .current_dir(test.path())
        .env("OPENCLAW_CONFIG", "none")
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_source_that_cannot_be_read_is_a_failure_of_the_world() {
    let mut test = sources();
    let missing = code(&mut test, "validate nowhere.yaml").stderr;
    assert!(missing.starts_with("error: failed to read nowhere.yaml\n  caused by: "), "{missing}");
    // Root reads everything, so the unreadable file is one that no one can read.
    let below = code(&mut test, "validate clean.yaml/instance.yaml");
    assert_eq!(below.code, Some(2), "{}", below.stderr);
    #[cfg(target_os = "linux")]
    {
        let memory = code(&mut test, "validate /proc/self/mem");
        assert_eq!(memory.code, Some(2), "{}", memory.stderr);
    }
}

#[test]
fn nothing_named_and_no_repository_is_wrong_usage() {
    let output = Test::new().args(["render", "--config=none"]).run();
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (
            Some(2),
            "error: no file was named and no openclaw.yaml was found; name files or folders, or `-` for stdin\n"
        )
    );
}

#[test]
fn a_folder_without_sources_never_empties_the_tree() {
    let mut test = sources().file("instances/README.md", "");
    code(&mut test, "render -o tree clean.yaml");
    let tree = test.tree("tree");
    let output = code(&mut test, "render -o tree instances");
    let words = "error: instances holds no source; their names end in .yaml, .yml or .json\n";
    assert_eq!((output.code, output.stderr.as_str()), (Some(2), words));
    assert_eq!(test.tree("tree"), tree);
}

#[test]
fn stdin_is_a_source_without_a_path() {
    let test = sources().stdin(CLEAN).args(["render", "-"]);
    let stream = test.success();
    assert!(!stream.contains("openclaw.rocks/source"), "{stream}");
    let report = sources().stdin(broken()).args(["validate", "-"]).finding();
    assert!(report.contains(" --> <stdin>:4:9"), "{report}");
}

#[test]
fn files_folders_and_flags_name_sources_alike() {
    let mut test = repository("");
    let mut render = |args: &str| {
        let output = code(&mut test, args);
        assert_eq!(output.code, Some(0), "{args}: {}", output.stderr);
        output.stdout
    };
    let plain = render("render instances/my-agent.yaml");
    for args in [
        "render instances",
        "render ./instances/",
        "render -f instances",
        "render -f instances/my-agent.yaml",
        "render instances/../instances/my-agent.yaml",
    ] {
        assert!(render(args) == plain, "{args}");
    }
}

#[test]
fn a_repository_is_found_from_everywhere_below_it() {
    let trees: Vec<_> = ["", "instances", "docs/deep/er"]
        .into_iter()
        .map(|below| {
            let mut test = repository("").file("docs/deep/er/README.md", "");
            test = test.cwd(below);
            assert_eq!(code(&mut test, "render").code, Some(0));
            assert_eq!(code(&mut test, "render --check").code, Some(0));
            test.tree("")
        })
        .collect();
    let rendered = |tree: &std::collections::BTreeMap<String, String>| {
        tree.iter()
            .filter(|(path, _)| path.starts_with("rendered/"))
            .map(|(path, text)| (path.clone(), text.clone()))
            .collect::<Vec<_>>()
    };
    assert!(rendered(&trees[0]).len() > 5);
    assert!(trees.iter().all(|tree| rendered(tree) == rendered(&trees[0])));
    let stream = |cwd: &str, path: &str| {
        repository("").file("docs/x", "").cwd(cwd).args(["render", path]).success()
    };
    assert_eq!(stream("", "instances"), stream("docs", "../instances"));
}

#[test]
fn settings_are_checked_before_anything_is_rendered() {
    for (settings, finding) in [
        ("source: [a]\n", "error[OC0010]: source: unknown field `source`"),
        ("cluster: {nam: a}\n", "error[OC0010]: cluster.nam: unknown field `nam`"),
        ("requires: '>=99'\n", "error[OC0311]: requires: this repository wants openclaw `>=99`"),
        ("requires: '<0.1'\n", "error[OC0311]: "),
        ("output: ../elsewhere\n", "error[OC0312]: output: found `../elsewhere`"),
        ("output: instances\n", "error[OC0305]: "),
        ("output: .\n", "error[OC0305]: "),
        ("layout: 1\n", "error[OC0011]: layout: "),
        ("---\na: b\n", "error[OC0312]: found a second document"),
        ("namespace: no\n", "error[OC0005]: "),
    ] {
        for verb in ["render", "validate"] {
            let test = repository(settings).args([verb]);
            let report = test.finding();
            assert!(report.contains(finding), "{settings}{report}");
            assert!(report.contains("--> openclaw.yaml:"), "{settings}{report}");
            assert!(!test.path().join("rendered").exists(), "{settings}");
        }
    }
    let wrong = Test::new().file("openclaw.yaml", CLEAN).args(["render"]).finding();
    assert!(wrong.contains("error[OC0012]: kind: found `OpenClawInstance`"), "{wrong}");
}

#[test]
fn settings_may_be_named() {
    let named =
        repository("namespace: team-a\n").args(["render", "--config=openclaw.yaml", "instances"]);
    assert!(
        named.success().contains("namespace: \"team-a\"")
            || named.success().contains("namespace: team-a")
    );
    let none = repository("namespace: team-a\n").args(["render", "--config=none", "instances"]);
    assert!(!none.success().contains("team-a"));
    let fits = repository(&format!("requires: \"={}\"\n", env!("CARGO_PKG_VERSION")));
    fits.args(["render"]).success();
}

#[test]
fn without_a_controller_the_token_needs_a_secret() {
    let report = repository("cluster: {controller: none}\n").args(["render"]).finding();
    assert!(report.contains("error[OC0117]: spec.gateway: "), "{report}");
    let test = repository("cluster: {controller: none}\n")
        .file(
            "instances/my-agent.yaml",
            format!("{CLEAN}  gateway: {{existingSecret: my-token}}\n"),
        )
        .args(["render"]);
    test.success();
    let tree = test.tree("rendered");
    assert!(tree.len() > 5);
    let mentions = |word: &str| tree.values().any(|text| text.contains(word));
    assert!(!mentions("kind: OpenClawInstance") && !mentions("openclaw-operator-system"));
}

#[test]
fn a_namespace_that_contradicts_the_file_is_refused() {
    let file = CLEAN.replace("name: my-agent", "name: my-agent\n  namespace: team-a");
    let test = |args: &[&str]| {
        let mut test = Test::new().file("a.yaml", &file).env("OPENCLAW_CONFIG", "none");
        code(&mut test, &args.join(" "))
    };
    assert_eq!(test(&["render", "a.yaml", "-n", "team-a"]).code, Some(0));
    let refused = test(&["render", "a.yaml", "-n", "team-b"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused
            .stderr
            .contains("error[OC0102]: metadata.namespace: found `team-a`, asked for `team-b`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn help_names_every_visible_verb_and_the_exit_codes() {
    kit::golden("tests/cli/help.txt", &Test::new().args(["--help"]).success());
    for verb in ["render", "diff", "install"] {
        let help = Test::new().args([verb, "--help"]).success();
        let help = help.replace(&format!(":{}]", env!("CARGO_PKG_VERSION")), ":VERSION]");
        kit::golden(&format!("tests/cli/help-{verb}.txt"), &help);
    }
}

#[test]
fn quiet_says_errors_alone_and_verbose_what_is_read_and_written() {
    let mut test = repository("").file("instances/warned.yaml", warned().replace("my-agent", "b"));
    let loud = code(&mut test, "validate").stderr;
    assert!(loud.starts_with("warning[OC0206]"), "{loud}");
    for args in ["validate -q", "--quiet validate", "render --quiet", "render --check -q"] {
        let output = code(&mut test, args);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{args}");
    }
    // What fails is told.
    let strict = code(&mut test, "validate -q --strict");
    assert_eq!((strict.code, strict.stderr), (Some(1), loud));
    test.write("rendered/default/b/.openclaw.lock", "{}");
    let stale = code(&mut test, "render --check -q");
    assert!(stale.code == Some(1) && stale.stderr.contains("stale: "), "{}", stale.stderr);
    let mut test = repository("layout: instance\n");
    assert_eq!(
        code(&mut test, "render -v").stderr,
        "read instances/my-agent.yaml
wrote rendered/default/my-agent/.openclaw.lock
wrote rendered/default/my-agent/manifest.yaml
"
    );
    std::fs::rename(
        test.path().join("instances/my-agent.yaml"),
        test.path().join("instances/other.yaml"),
    )
    .unwrap();
    test.write("instances/other.yaml", CLEAN.replace("my-agent", "other"));
    let output = code(&mut test, "render --verbose");
    assert!(output.stderr.ends_with("removed rendered/default/my-agent/manifest.yaml\n"));
    assert_eq!(code(&mut test, "render -q -v").code, Some(2));
}

#[test]
fn progress_is_a_bar_or_plain_lines_or_nothing() {
    let mut test = repository("").file("instances/b.yaml", CLEAN.replace("my-agent", "b"));
    let line = "rendering 1 of 2 instances";
    for (args, expected) in [
        // The next plain line would come ten seconds later.
        ("--progress plain", format!("{line}\n")),
        ("--progress bar", format!("\r\u{1b}[K{line}\r\u{1b}[K")),
        ("--progress never", String::new()),
        ("--progress bar --quiet", String::new()),
        // What is done at once shows nothing, and nobody sits at a terminal here.
        ("", String::new()),
    ] {
        for verb in ["render", "render --output-dir -", "render --check"] {
            let found = code(&mut test, &format!("{verb} {args}"));
            assert_eq!(found.code, Some(0), "{}", found.stderr);
            // A slow machine draws the bar again.
            let stderr = found.stderr.replace("\r\u{1b}[Krendering 2 of 2 instances", "");
            assert_eq!(stderr, expected, "{verb} {args}");
        }
    }
    let found = code(&mut test, "validate --progress plain").stderr;
    assert_eq!(found, "validating 1 of 2 instances\n");
}
