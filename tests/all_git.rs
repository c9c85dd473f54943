//! A branch of a real Git server: over HTTPS with a private CA, and over SSH. It needs the programs
//! git, openssl, python3, sshd and ssh-keygen.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::format_collect,
    reason = "tests are shell and fail by panicking"
)]

mod kit;
#[path = "git/race.rs"]
mod race;
#[path = "git/servers.rs"]
mod servers;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use openclaw::git::{Author, Cache, Fault, Limits, Pushed, Remote};
use openclaw::repository::Edits;
use servers::{Https, PASSWORD, Ssh, Upstream, certificates, run};

const NOW: i64 = 1_789_372_800;

fn cache(upstream: &Upstream, remote: Remote) -> Cache {
    with(upstream, remote, Limits::default())
}

/// A cache of its own, as several tests of one server would share one otherwise.
fn with(upstream: &Upstream, remote: Remote, limits: Limits) -> Cache {
    let folder = tempfile::tempdir_in(upstream.scratch.path()).unwrap().keep();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_openclaw"));
    Cache::open_with(&folder, remote, program, limits).unwrap()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn author() -> Author {
    Author { name: "openclaw".to_owned(), email: "openclaw@example.com".to_owned() }
}

fn change(path: &str, text: &str) -> Edits {
    Edits::from([(path.to_owned(), Some(text.as_bytes().to_vec()))])
}

fn upstream() -> Upstream {
    Upstream::new(&[("a.yaml", "a: 1\n")])
}

/// Fetches, changes a file and pushes, and has the real program look at what came of it.
#[track_caller]
fn round_trip(upstream: &Upstream, remote: Remote) {
    let cache = cache(upstream, remote);
    let first = wait(cache.fetch()).unwrap();
    assert_eq!(first, upstream.head());
    assert_eq!(cache.files(&first).unwrap()["a.yaml"], b"a: 1\n");
    let next = cache.commit(&first, &change("a.yaml", "a: 2\n"), "x\n", &author(), NOW).unwrap();
    assert_eq!(wait(cache.push(&first, &next, None)), Ok(Pushed::Done));
    assert_eq!(upstream.head(), next);
    assert_eq!(run(&upstream.bare(), "git", &["show", "main:a.yaml"]), "a: 2\n");
    run(&upstream.bare(), "git", &["fsck", "--strict"]);
    // A person is faster.
    let work = upstream.clone_as("faster");
    std::fs::write(work.join("a.yaml"), "a: 3\n").unwrap();
    run(&work, "git", &["commit", "--quiet", "-am", "faster"]);
    run(&work, "git", &["push", "--quiet"]);
    let late = cache.commit(&next, &change("b", "late"), "x\n", &author(), NOW).unwrap();
    assert_eq!(wait(cache.push(&next, &late, None)), Ok(Pushed::Lost));
    let theirs = wait(cache.fetch()).unwrap();
    assert_eq!(theirs, upstream.head());
    assert_ne!(theirs, late);
}

#[test]
fn https_with_a_private_ca_and_a_token() {
    let upstream = upstream();
    let server = Https::start(&upstream);
    let secret = Some(upstream.secret(&[("token", &format!("{PASSWORD}\n"))]));
    round_trip(&upstream, server.remote("", secret));
    let log = server.log();
    assert!(log.contains("POST /fleet.git/git-receive-pack git"), "{log}");
}

#[test]
fn https_with_a_user_and_a_password() {
    let upstream = upstream();
    let server = Https::start(&upstream);
    let secret = Some(upstream.secret(&[("username", "robot"), ("password", PASSWORD)]));
    round_trip(&upstream, server.remote("", secret));
    assert!(server.log().contains("POST /fleet.git/git-receive-pack robot"));
}

#[test]
fn https_refuses_and_is_refused() {
    let upstream = upstream();
    let server = Https::start(&upstream);
    let right = Some(upstream.secret(&[("token", PASSWORD)]));
    let wrong = Some(upstream.secret(&[("token", "wrong-and-secret")]));
    let fetch = |remote: Remote| wait(cache(&upstream, remote).fetch());

    let found = fetch(server.remote("", wrong));
    assert!(matches!(&found, Err(Fault::Denied(why)) if !why.contains("secret")), "{found:?}");
    for secret in [None, Some(upstream.secret(&[])), Some(PathBuf::from("/nowhere"))] {
        let found = fetch(server.remote("", secret));
        assert!(matches!(found, Err(Fault::Denied(_))), "{found:?}");
    }
    // Another CA, and none: nothing was asked, and nothing told.
    let before = server.log();
    let folder = upstream.scratch.path().join("other");
    std::fs::create_dir(&folder).unwrap();
    for ca_bundle in [Some(certificates(&folder)), None] {
        let found = fetch(Remote { ca_bundle, ..server.remote("", right.clone()) });
        assert!(matches!(found, Err(Fault::Host(_))), "{found:?}");
    }
    assert_eq!(server.log(), before);
    let found = fetch(server.remote("/broken", right.clone()));
    assert!(matches!(found, Err(Fault::Unavailable(_))), "{found:?}");
    let found = fetch(server.remote("/missing", right.clone()));
    assert!(matches!(found, Err(Fault::Missing(_))), "{found:?}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = fetch(Remote {
        url: format!("https://{closed}/a.git"),
        ..server.remote("", right.clone())
    });
    assert!(matches!(found, Err(Fault::Unavailable(_))), "{found:?}");

    let limits = Limits { received: 100, ..Limits::default() };
    let found = wait(with(&upstream, server.remote("", right), limits).fetch());
    assert!(matches!(found, Err(Fault::Unsupported(_))), "{found:?}");
}

#[test]
fn a_redirect_takes_no_credentials_to_another_host() {
    let upstream = upstream();
    let server = Https::start(&upstream);
    let secret = Some(upstream.secret(&[("token", PASSWORD)]));
    let found = wait(cache(&upstream, server.remote("/elsewhere", secret)).fetch());
    assert!(matches!(found, Err(Fault::Unsupported(_))), "{found:?}");
    let log = server.log();
    assert!(log.contains("GET /elsewhere/fleet.git/info/refs"), "{log}");
    assert!(!log.contains("localhost"), "{log}");
}

#[test]
fn ssh_with_a_key_and_a_pinned_host() {
    let upstream = upstream();
    let server = Ssh::start(&upstream);
    let secret = Some(upstream.secret(&[("ssh-privatekey", &server.key)]));
    round_trip(&upstream, server.remote(secret, Some(&server.pin())));
}

#[test]
fn ssh_refuses_and_is_refused() {
    let upstream = upstream();
    let server = Ssh::start(&upstream);
    // Other tools call it so, and editors take the last line break away.
    let right = Some(upstream.secret(&[("identity", server.key.trim_end())]));
    let fetch = |secret: Option<&PathBuf>, known_hosts: Option<&str>| {
        wait(cache(&upstream, server.remote(secret.cloned(), known_hosts)).fetch())
    };
    let pin = server.pin();
    assert_eq!(fetch(right.as_ref(), Some(&pin)), Ok(upstream.head()));
    let noted = format!("# a note\nbroken line\n{pin}");
    assert_eq!(fetch(right.as_ref(), Some(&noted)), Ok(upstream.head()));

    let folder = upstream.scratch.path();
    run(folder, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "stranger"]);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let stranger = read("stranger.pub");
    let name = format!("[127.0.0.1]:{}", server.port);
    for pins in [
        None,
        Some(String::new()),
        Some("broken line\n".to_owned()),
        Some(format!("{name} {stranger}")),
        // The right key, of another host.
        Some(format!("git.example.com {}\n", server.host_key)),
        Some(format!("{pin}@revoked * {}\n", server.host_key)),
    ] {
        let found = fetch(right.as_ref(), pins.as_deref());
        assert!(matches!(found, Err(Fault::Host(_))), "{pins:?}: {found:?}");
    }
    for keys in [&[][..], &[("ssh-privatekey", read("stranger").as_str())], &[("token", "x")]] {
        let found = fetch(Some(&upstream.secret(keys)), Some(&pin));
        assert!(matches!(found, Err(Fault::Denied(_))), "{found:?}");
    }
    let gone = Remote {
        url: format!("{}x", server.remote(None, None).url),
        ..server.remote(right, Some(&pin))
    };
    let found = wait(cache(&upstream, gone).fetch());
    assert!(matches!(found, Err(Fault::Missing(_))), "{found:?}");
}

#[test]
fn a_server_that_says_nothing_is_left_in_time() {
    let upstream = upstream();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let limits = Limits { wall: Duration::from_secs(2), ..Limits::default() };
    let key = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    let known_hosts = Some(format!("a ssh-ed25519 {key}\n"));
    for (url, known_hosts) in [
        (format!("https://{address}/a.git"), None),
        (format!("ssh://git@{address}/a.git"), known_hosts),
    ] {
        let remote = Remote { url, known_hosts, branch: "main".to_owned(), ..Remote::default() };
        let started = Instant::now();
        assert_eq!(wait(with(&upstream, remote, limits).fetch()), Err(Fault::TimedOut(2)));
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

/// The children of this process that speak to servers: what `ps` would show of them.
fn children() -> Vec<(String, String, String)> {
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| std::fs::read(process.path().join(name)).unwrap_or_default();
        let text = |name: &str| String::from_utf8_lossy(&read(name)).replace('\0', "\n");
        let status = text("status");
        let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
        if parent.map(str::trim) == Some(&own) && text("cmdline").contains("git-worker") {
            let id = process.file_name().to_string_lossy().into_owned();
            found.push((id, text("cmdline"), text("environ")));
        }
    }
    found
}

#[test]
fn nobody_sees_the_credentials_of_a_child() {
    let upstream = upstream();
    let server = Https::start(&upstream);
    let secret = Some(upstream.secret(&[("token", PASSWORD)]));
    let limits = Limits { wall: Duration::from_secs(6), ..Limits::default() };
    let cache = with(&upstream, server.remote("/hang", secret), limits);
    let looked = std::thread::spawn(move || wait(cache.fetch()));
    // It has the token once the server has seen it.
    let started = Instant::now();
    while !server.log().contains("/hang/fleet.git/info/refs git") {
        assert!(started.elapsed() < Duration::from_secs(5), "{}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    // Other tests of this process have children as well.
    let url = format!("{}", upstream.scratch.path().display());
    let own = children().into_iter().find(|(_, _, environment)| environment.contains(&url));
    let (id, arguments, environment) = own.unwrap();
    assert!(arguments.ends_with("openclaw\ngit-worker\n"), "{arguments}");
    let mut names: Vec<&str> =
        environment.lines().map(|line| line.split('=').next().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["HOME", "PATH", "SSL_CERT_FILE"]);
    assert!(!environment.contains(PASSWORD));
    assert_eq!(looked.join().unwrap(), Err(Fault::TimedOut(6)));
    assert!(!PathBuf::from("/proc").join(id).exists());
}

#[test]
fn a_hook_that_refuses_is_heard() {
    let upstream = upstream();
    let server = Https::start(&upstream);
    let hook = upstream.bare().join("hooks/pre-receive");
    let words = "#!/bin/sh\nprintf 'policy: \\033[31mno robots\\033[0m\\n' >&2\nexit 1\n";
    std::fs::write(&hook, words).unwrap();
    std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    let cache = cache(&upstream, server.remote("", Some(upstream.secret(&[("token", PASSWORD)]))));
    let first = wait(cache.fetch()).unwrap();
    let next = cache.commit(&first, &change("b", "x"), "x\n", &author(), NOW).unwrap();
    let found = wait(cache.push(&first, &next, None));
    let said = "pre-receive hook declined: policy: [31mno robots [0m";
    assert_eq!(found, Err(Fault::Refused(said.to_owned())));
    assert_eq!(upstream.head(), first);
}

#[test]
fn a_race_that_the_server_decides_is_lost_and_not_refused() {
    let upstream = upstream();
    let server = Https::start(&upstream);
    let cache = cache(&upstream, server.remote("", Some(upstream.secret(&[("token", PASSWORD)]))));
    let first = wait(cache.fetch()).unwrap();
    let next = cache.commit(&first, &change("b", "x"), "x\n", &author(), NOW).unwrap();
    // Between what the server has told and what it does, the branch moves.
    let work = upstream.clone_as("faster");
    run(&work, "git", &["commit", "--quiet", "--allow-empty", "-m", "faster"]);
    run(&work, "git", &["push", "--quiet", "origin", "HEAD:refs/heads/waiting"]);
    let faster = run(&work, "git", &["rev-parse", "HEAD"]);
    let hook = upstream.bare().join("hooks/pre-receive");
    let move_it =
        format!("#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/main {faster}");
    for end in ["exit 0\n", "exit 1\n"] {
        run(&upstream.bare(), "git", &["update-ref", "refs/heads/main", &first]);
        std::fs::write(&hook, format!("{move_it}{end}")).unwrap();
        std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(wait(cache.push(&first, &next, None)), Ok(Pushed::Lost), "{end}");
        assert_eq!(upstream.head(), faster.trim());
    }
}
