//! Requests to merge a branch: what each host's API is asked, and what is made of its answers. The
//! stand-in keeps requests as the real ones do, and refuses whatever they would refuse.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

#[path = "forge/host.rs"]
mod host;
mod kit;

use std::time::{Duration, Instant};

use host::{Host, TOKEN};
use openclaw::api::controller_config::{Provider, PullRequests, Repository};
use openclaw::forge::{Fault, Forge, Request, Wanted};

const PROVIDERS: [Provider; 3] = [Provider::GitHub, Provider::GitLab, Provider::Gitea];

fn forge(host: &Host, provider: Provider, secret: &tempfile::TempDir) -> Forge {
    let mut source = Repository::new("fleet", "https://git.example/team/fleet.git");
    source.pull_requests = Some(PullRequests { provider, api: Some(host.url()) });
    Forge::new(&source, secret.path().to_owned()).unwrap().unwrap()
}

fn secret(key: &str, value: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(key), value).unwrap();
    folder
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn wanted(branch: &str) -> Wanted {
    Wanted {
        branch: branch.to_owned(),
        base: "main".to_owned(),
        title: "my-agent: update openclaw 2026.9.4 to 2026.9.6".to_owned(),
        body: "Openclaw-Action: bump".to_owned(),
        instead_of: "openclaw/agents/my-agent/".to_owned(),
    }
}

#[test]
fn a_request_is_opened_once_and_takes_the_place_of_the_one_before() {
    for provider in PROVIDERS {
        let host = Host::start(provider);
        let secret = secret("api-token", &format!("{TOKEN}\n"));
        let forge = forge(&host, provider, &secret);
        let find = |branch: &str| wait(forge.find(branch, "main")).unwrap();
        // Another instance's, and a person's, stay as they are.
        host.add("openclaw/agents/my-agent-two/2026.9.5-1", "main");
        host.add("feature", "main");
        host.add("openclaw/agents/my-agent/2026.9.5-1", "release");

        let first = "openclaw/agents/my-agent/2026.9.5-1";
        assert_eq!(find(first), None, "{provider:?}: one to another branch is none of ours");
        let opened = wait(forge.open(&wanted(first))).unwrap();
        assert!(opened.is_open, "{opened:?}");
        assert_eq!(find(first), Some(opened.clone()));

        let second = "openclaw/agents/my-agent/2026.9.6-2";
        let newer = wait(forge.open(&wanted(second))).unwrap();
        assert_ne!(newer.url, opened.url);
        assert_eq!(find(first), Some(Request { is_open: false, ..opened }));
        let open = host.open();
        let expected = [
            "openclaw/agents/my-agent-two/2026.9.5-1",
            "feature",
            "openclaw/agents/my-agent/2026.9.5-1",
            second,
        ];
        assert_eq!(open, expected, "{provider:?}");
        let (title, body) = host.text(second);
        assert_eq!(title, wanted(second).title);
        assert_eq!(body, wanted(second).body);
        assert_eq!(host.refused(), Vec::<String>::new(), "{provider:?}");
    }
}

#[test]
fn a_request_is_found_behind_many_others() {
    for provider in PROVIDERS {
        let host = Host::start(provider);
        let secret = secret("token", TOKEN);
        let forge = forge(&host, provider, &secret);
        let branch = "openclaw/agents/my-agent/2026.9.5-1";
        host.add(branch, "main");
        for number in 0..230 {
            host.add(&format!("feature-{number}"), "main");
        }
        let found = wait(forge.find(branch, "main")).unwrap();
        assert!(found.is_some_and(|one| one.is_open), "{provider:?}");
        // And the one before is closed, though it is on another page than the new one.
        wait(forge.open(&wanted("openclaw/agents/my-agent/2026.9.6-2"))).unwrap();
        let found = wait(forge.find(branch, "main")).unwrap();
        assert!(found.is_some_and(|one| !one.is_open), "{provider:?}");
    }
}

#[test]
fn what_a_host_refuses_is_said_without_the_token() {
    for provider in PROVIDERS {
        let host = Host::start(provider);
        let wrong = secret("api-token", "wrong-and-secret");
        let Err(Fault(said)) = wait(forge(&host, provider, &wrong).find("a", "main")) else {
            panic!("{provider:?} let a stranger in");
        };
        assert!(said.contains("401 Unauthorized: Bad credentials"), "{said}");
        assert!(!said.contains("secret"), "{said}");

        let none = tempfile::tempdir().unwrap();
        let found = wait(forge(&host, provider, &none).find("a", "main"));
        let said = "the credentials Secret has neither `api-token`, `token` nor `password`";
        assert_eq!(found, Err(Fault(said.to_owned())));

        // A branch that nobody has pushed.
        let right = secret("password", TOKEN);
        let found = wait(forge(&host, provider, &right).open(&wanted("missing")));
        let Err(Fault(said)) = found else { panic!("{found:?}") };
        assert!(said.contains("422") && said.ends_with("no such branch"), "{said}");
    }
}

#[test]
fn hosts_that_lie_are_left_in_time_and_not_followed() {
    let secret = secret("token", TOKEN);
    for path in ["endless", "nothing", "html", "object", "redirect", "broken"] {
        let host = Host::start(Provider::GitHub);
        let mut source = Repository::new("fleet", "https://git.example/team/fleet.git");
        let api = Some(format!("{}/lies/{path}", host.url()));
        source.pull_requests = Some(PullRequests { provider: Provider::GitHub, api });
        let forge = Forge::new(&source, secret.path().to_owned()).unwrap().unwrap();
        let started = Instant::now();
        let found = wait(forge.find("a", "main"));
        assert!(found.is_err(), "{path}: {found:?}");
        assert!(started.elapsed() < Duration::from_secs(45), "{path}");
        assert!(!host.was_followed(), "{path}");
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut source = Repository::new("fleet", "https://git.example/team/fleet.git");
    let api = Some(format!("http://{closed}"));
    source.pull_requests = Some(PullRequests { provider: Provider::Gitea, api });
    let forge = Forge::new(&source, secret.path().to_owned()).unwrap().unwrap();
    let said = "the API at `127.0.0.1` cannot be reached";
    assert_eq!(wait(forge.find("a", "main")), Err(Fault(said.to_owned())));
}
