//! A ledger at work on a repository of instances.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use openclaw::api::controller_config::{PullRequests, Repository};
use openclaw::controller::ledger::{Intent, Ledger};
use openclaw::controller::run::{Folders, Shared};
use openclaw::controller::update::{Effect, Proposal, Update, Verdict};
use openclaw::controller::world::Key;
use tokio::runtime::Runtime;

use crate::host::TOKEN;
use crate::kit;
use crate::servers::{Https, PASSWORD, Upstream, run};

/// A ledger whose task runs until this is dropped.
pub struct Desk {
    pub bare: PathBuf,
    pub pull_requests: Option<PullRequests>,
    ledger: Arc<Ledger>,
    _runtime: Runtime,
}

pub fn key(number: usize) -> Key {
    Key { namespace: "agents".to_owned(), name: format!("a-{number}") }
}

/// The first update of an instance.
pub fn bump(number: usize) -> Update {
    Update { id: format!("{number:016}"), from: "2026.9.4".into(), to: "2026.9.6".into() }
}

fn verdict() -> Verdict {
    Verdict { reason: "CrashLooping".to_owned(), message: "it ended".to_owned() }
}

pub fn revert(update: &Update) -> Effect {
    Effect::Revert(update.clone(), verdict())
}

pub fn note(update: &Update) -> Effect {
    Effect::Note(update.clone(), verdict())
}

/// A repository of so many instances, rendered and pushed.
pub fn fleet(count: usize, settings: &str) -> Upstream {
    let upstream = Upstream::new(&[("README.md", "agents\n")]);
    let work = upstream.clone_as("owner");
    std::fs::create_dir(work.join("instances")).unwrap();
    let header = "apiVersion: openclaw.rocks/v1alpha1\nkind:";
    let text = format!("{header} RenderConfig\nnamespace: agents\n{settings}");
    std::fs::write(work.join("openclaw.yaml"), text).unwrap();
    for number in 0..count {
        let text = format!(
            "# nobody\n{header} OpenClawInstance\nmetadata:\n  name: a-{number}\nspec:\n  image:\n    tag: 2026.9.4 # one word\n  envFrom:\n    - secretRef:\n        name: keys\n  autoUpdate:\n    enabled: true\n"
        );
        std::fs::write(work.join(format!("instances/a-{number}.yaml")), text).unwrap();
    }
    run(&work, kit::binary().to_str().unwrap(), &["render"]);
    run(&work, "git", &["add", "-A"]);
    run(&work, "git", &["commit", "--quiet", "-m", "Render"]);
    run(&work, "git", &["push", "--quiet"]);
    upstream
}

#[track_caller]
pub fn wait_until(what: &str, seconds: u64, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(seconds), "{what}: not after {seconds} s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Desk {
    pub fn start(
        upstream: &Upstream,
        server: &Https,
        name: &str,
        pull_requests: Option<PullRequests>,
    ) -> Self {
        // A host has the repositories of many teams.
        std::os::unix::fs::symlink(".", upstream.root().join("team")).ok();
        let remote = server.remote("/team", None);
        let mut source = Repository::new(name, &remote.url);
        source.ca_bundle = remote.ca_bundle;
        source.pull_requests.clone_from(&pull_requests);
        let folder = tempfile::tempdir_in(upstream.scratch.path()).unwrap().keep();
        let secrets = folder.join("credentials").join(name);
        std::fs::create_dir_all(&secrets).unwrap();
        std::fs::write(secrets.join("password"), PASSWORD).unwrap();
        std::fs::write(secrets.join("api-token"), TOKEN).unwrap();
        let folders = Folders {
            program: kit::binary(),
            cache: folder.join("cache"),
            credentials: folder.join("credentials"),
            registries: folder.join("registries"),
            store: folder.join("store"),
        };
        let runtime = Runtime::new().unwrap();
        let (ledger, intents) = Ledger::new(source);
        runtime.spawn(ledger.clone().run(folders, intents, Arc::new(Shared::default())));
        let desk = Self { bare: upstream.bare(), pull_requests, ledger, _runtime: runtime };
        wait_until("the branch is read", 60, || desk.ledger.read(|view| view.held.is_some()));
        desk
    }

    pub fn ask(&self, key: &Key, effect: Effect) {
        self.ledger.ask(Intent { key: key.clone(), effect });
    }

    /// The tag that the ledger knows.
    pub fn tag(&self, key: &Key) -> String {
        self.ledger.read(|view| view.tip(key, None).map(|tip| tip.tag)).unwrap_or_default()
    }

    pub fn proposal(&self, key: &Key, update: &Update, is_back: bool) -> Option<Proposal> {
        let tip = self.ledger.read(|view| view.tip(key, Some(update)))?;
        if is_back { tip.return_proposal } else { tip.proposal }
    }

    /// Why the last push did not go through.
    pub fn refused(&self) -> Option<String> {
        self.ledger.read(|view| view.refused.clone())
    }

    /// Asks until the tag is on the branch, as the controller does.
    #[track_caller]
    pub fn until_committed(&self, key: &Key, effect: &Effect, tag: &str) {
        let mut asked: Option<Instant> = None;
        wait_until(&format!("{tag} is committed"), 120, || {
            if asked.is_none_or(|asked| asked.elapsed() > Duration::from_secs(1)) {
                asked = Some(Instant::now());
                self.ask(key, effect.clone());
            }
            self.tag(key) == tag
        });
    }

    /// The tree of the branch is what its sources render.
    #[track_caller]
    pub fn is_rendered(upstream: &Upstream) {
        let folder = tempfile::tempdir_in(upstream.scratch.path()).unwrap().keep();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned() + "-checked";
        let work = upstream.clone_as(&name);
        let check = Command::new(kit::binary())
            .args(["render", "--check"])
            .current_dir(work)
            .output()
            .unwrap();
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    }
}
