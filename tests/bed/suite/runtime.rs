//! pnpm, Python with uv, and skills: installed when the Pod starts first, and there without any
//! network when it starts again.
//!
//! One server stands in for what cannot be reached from here. It speaks, with TLS that only the
//! bundle of `spec.security.caBundle` vouches for,
//!
//! - as clawhub.ai, the API that the real client of ClawHub calls;
//! - as codeload.github.com, one archive of a repository;
//! - as a mirror in a closed network, the npm registry (passed on to the real one) and uv's list
//!   of Python builds. The build is a real CPython 3.12 in the layout of
//!   python-build-standalone; that project's own archives are in no package registry, and uv
//!   knows only their digests by heart, hence the list.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::bed::pod::status;
use crate::bed::stack::SMALL;
use crate::bed::web::authority;
use crate::bed::{Stack, Web, eventually, figure, folder, run, variable};

const MIRROR: &str = "mirror.corp.example";
const NAMES: [&str; 3] = ["clawhub.ai", "codeload.github.com", MIRROR];

/// Names that only the init containers look up; the application asks clawhub.ai itself.
const SOURCES: [&str; 3] = ["codeload.github.com", "astral.sh", MIRROR];

const SPEC: &str = "security:
  caBundle:
    configMapName: corporate-ca
skills:
  - \"@acme/calendar@1.2.0\"
  - npm:is-number@7.0.0
  - pack:acme/skills/packs/triage@v1.4.0
runtimeDeps:
  pnpm: true
  python: true
env:
  - name: NPM_CONFIG_REGISTRY
    value: https://mirror.corp.example/
  - name: COREPACK_NPM_REGISTRY
    value: https://mirror.corp.example
  - name: COREPACK_INTEGRITY_KEYS
    value: \"0\"
  - name: UV_PYTHON_DOWNLOADS_JSON_URL
    value: https://mirror.corp.example/python/list.json";

fn skill(name: &str) -> String {
    format!(
        "---\nname: {name}\ndescription: Looks after the {name} of the team.\n---\n\n# {name}\n"
    )
}

/// The answers of ClawHub to `clawhub install @acme/calendar --version 1.2.0`.
fn serve_clawhub(web: &Web, work: &Path) {
    let named = json!({"slug": "calendar", "displayName": "Calendar", "summary": "Dates.",
        "tags": {"latest": "1.2.0"}, "stats": {}, "createdAt": 1, "updatedAt": 2});
    let version = json!({"version": "1.2.0", "createdAt": 2, "changelog": "First.", "files": []});
    let found = json!({"skill": named, "latestVersion": version, "metadata": null,
        "owner": {"handle": "acme"}, "moderation": null});
    web.serve("/.well-known/clawhub.json", json!({"apiBase": "https://clawhub.ai"}).to_string());
    web.serve("/api/v1/skills/calendar", found.to_string());
    let one = json!({"skill": named, "version": version});
    web.serve("/api/v1/skills/calendar/versions/1.2.0", one.to_string());
    std::fs::write(work.join("SKILL.md"), skill("calendar")).unwrap();
    let zip = ["-m", "zipfile", "-c", "calendar.zip", "SKILL.md"];
    run(Command::new("python3").current_dir(work).args(zip)).unwrap();
    web.serve("/api/v1/download", std::fs::read(work.join("calendar.zip")).unwrap());
}

/// The answer of GitHub to the download of a repository at a tag.
fn serve_github(web: &Web, work: &Path) {
    let packs = work.join("skills-1.4.0/packs/triage");
    std::fs::create_dir_all(&packs).unwrap();
    std::fs::write(packs.join("SKILL.md"), skill("triage")).unwrap();
    let pack = ["-czf", "skills.tar.gz", "skills-1.4.0"];
    run(Command::new("tar").current_dir(work).args(pack)).unwrap();
    let archive = std::fs::read(work.join("skills.tar.gz")).unwrap();
    web.serve("/acme/skills/tar.gz/v1.4.0", archive);
}

/// The list of builds that uv reads, and the one build in it.
fn serve_python(web: &Web) {
    let archive = variable("PYTHON");
    let sum = run(Command::new("sha256sum").arg(&archive)).unwrap();
    let arch = if cfg!(target_arch = "aarch64") { "aarch64" } else { "x86_64" };
    let path = "/python/cpython-3.12.1-install_only.tar.gz";
    let build = json!({"name": "cpython", "arch": {"family": arch, "variant": null}, "os": "linux",
        "libc": "gnu", "major": 3, "minor": 12, "patch": 1, "prerelease": "", "variant": null,
        "url": format!("https://{MIRROR}{path}"), "build": "20240107",
        "sha256": sum.split_whitespace().next().unwrap()});
    let key = format!("cpython-3.12.1-linux-{arch}-gnu");
    web.serve("/python/list.json", json!({key: build}).to_string());
    web.serve(path, std::fs::read(archive).unwrap());
}

fn sources() -> Web {
    let registry = run(Command::new("npm").args(["config", "get", "registry"])).unwrap();
    let web = Web::secure_before(443, &NAMES, Some(registry.trim()));
    let work = tempfile::tempdir().unwrap();
    serve_clawhub(&web, work.path());
    serve_github(&web, work.path());
    serve_python(&web);
    web
}

#[test]
fn tool_chains_and_skills_are_installed_once_and_need_no_network_again() {
    let (stack, web) = (Stack::new("runtime"), sources());
    authority(&stack.namespace);
    stack.instance("2026.9.6", &format!("{SMALL}\n{SPEC}"));

    let started = Instant::now();
    stack.apply();
    let pod = eventually("the main container runs", 400, || {
        stack.pod().exec("openclaw", ["true"])?;
        stack.pod().get()
    });
    let first = started.elapsed().as_secs_f64();
    were_fetched(&web);
    assert!(!looked_up(&pod, 0).is_empty(), "the log of the resolver says what a Pod looks up");
    can_be_used(&stack);
    let installed = state(&stack);

    // Nothing listens, and no name leads anywhere.
    drop(web);
    let before = log().len();
    let started = Instant::now();
    let pod = stack.pod().restart(600);
    let second = started.elapsed().as_secs_f64();
    figure(&format!(
        "pnpm, Python and three skills: installed in {first:.0} s, Ready offline in {second:.0} s"
    ));
    assert_eq!(state(&stack), installed);
    can_be_used(&stack);
    for each in ["init-pnpm", "init-python", "init-skills"] {
        assert_eq!(status(&pod, each)["restartCount"], 0, "{each}");
    }
    assert_eq!(looked_up(&pod, before), [""; 0]);
}

/// The log of the resolver that Pods have.
fn log() -> String {
    std::fs::read_to_string(folder().join("logs/dns")).unwrap()
}

/// What a Pod asked the resolver of the sources' names, from that length of the log on.
fn looked_up(pod: &Value, from: usize) -> Vec<String> {
    let by = format!(" from {}", pod["status"]["podIP"].as_str().unwrap());
    let asks = |line: &&str| {
        line.contains("query[")
            && line.ends_with(&by)
            && SOURCES.iter().any(|name| line.contains(name))
    };
    log()[from..].lines().filter(asks).map(str::to_owned).collect()
}

/// Each source was asked, under its own name and by the program that a user has.
fn were_fetched(web: &Web) {
    let requests = web.requests();
    for (host, path) in [
        ("clawhub.ai", "/api/v1/skills/calendar/versions/1.2.0?ownerHandle=acme"),
        ("clawhub.ai", "/api/v1/download?slug=calendar&ownerHandle=acme&version=1.2.0"),
        ("codeload.github.com", "/acme/skills/tar.gz/v1.4.0"),
        (MIRROR, "/is-number"),
        (MIRROR, "/pnpm/-/pnpm-12.21.0.tgz"),
        (MIRROR, "/python/list.json"),
        (MIRROR, "/python/cpython-3.12.1-install_only.tar.gz"),
    ] {
        let found = requests.iter().any(|each| each["host"] == host && each["path"] == path);
        assert!(found, "no {path} of {host} in {requests:#?}");
    }
}

/// What the main container can do with all of it.
fn can_be_used(stack: &Stack) {
    let pod = stack.pod();
    assert_eq!(pod.exec("openclaw", ["pnpm", "--version"]).unwrap().trim(), "12.21.0");
    let program = "import ssl, sys; print(sys.version.split()[0], sys.prefix)";
    let said = pod
        .exec(
            "openclaw",
            ["uv", "run", "--offline", "--no-project", "--python", "3.12", "python", "-c", program],
        )
        .unwrap();
    let home = "/home/openclaw/.openclaw/.local/share/uv/python/cpython-3.12";
    assert!(said.starts_with("3.12.1 ") && said.contains(home), "{said}");
    let number =
        "console.log(require('/home/openclaw/.openclaw/.local/lib/node_modules/is-number')(5))";
    assert_eq!(pod.exec("openclaw", ["node", "-e", number]).unwrap().trim(), "true");
    let listed = eventually("the application lists its skills", 120, || {
        pod.exec("openclaw", ["node", "openclaw.mjs", "skills", "list", "--json"])
    });
    let start = listed.find('{').unwrap();
    let list: Value = serde_json::from_str(&listed[start..]).unwrap();
    for name in ["calendar", "triage"] {
        let found = list["skills"].as_array().unwrap().iter().find(|each| each["name"] == name);
        let found = found.unwrap_or_else(|| panic!("{name} is not in {listed}"));
        assert_eq!(found["eligible"], true, "{found}");
    }
}

/// Which files were written when: a second installation would show.
fn state(stack: &Stack) -> String {
    let find = [
        "find",
        ".local/bin",
        ".local/share/uv/python",
        ".local/lib",
        "workspace/skills",
        ".openclaw-skills.json",
    ];
    let mut args = find
        .map(|each| match each {
            "find" => each.to_owned(),
            path => format!("/home/openclaw/.openclaw/{path}"),
        })
        .to_vec();
    args.extend(
        ["-type", "f", "-not", "-name", "*.pyc", "-printf", "%p %i %T@\\n"].map(str::to_owned),
    );
    let script = args.iter().map(|each| format!("'{each}'")).collect::<Vec<_>>().join(" ");
    let text = stack.pod().exec("openclaw", ["sh", "-c", &format!("{script} | sort")]).unwrap();
    assert!(text.lines().count() > 100, "{text}");
    text
}
