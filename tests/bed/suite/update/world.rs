//! An instance that updates itself: Git over HTTPS or SSH, a registry of its own, Argo CD, and a
//! controller that may be killed.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::bed::controller::{Account, Process, condition, says};
use crate::bed::fleet::CLUSTER;
use crate::bed::registry::Images;
use crate::bed::stack::{LIGHT, SMALL, Webhook};
use crate::bed::{Stack, ensure, eventually, run, variable};

/// How the controller speaks to the Git server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Https,
    Ssh,
}

/// What its Pod asks for: no less than the init containers do.
pub const LITTLE: &str = "resources: {requests: {cpu: 50m, memory: 64Mi}}";

/// What starts a controller, in whatever thread.
pub struct Starter {
    kubeconfig: PathBuf,
    flags: Vec<String>,
}

impl Starter {
    #[track_caller]
    pub fn start(&self) -> Process {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        Process::start_with(&self.kubeconfig, &flags)
    }
}

/// All of it.
pub struct World {
    pub stack: Stack,
    pub images: Images,
    pub account: Account,
    folder: TempDir,
    way: Way,
    /// What its Pod asks for.
    room: &'static str,
}

impl World {
    /// Makes an instance of a version of the application, which Argo CD syncs.
    #[track_caller]
    pub fn new(topic: &str, version: &str, way: Way) -> Self {
        let world = Self::empty(topic, way, SMALL);
        world.images.push(version, version);
        world.settings("");
        world.instance(version, "");
        world
    }

    /// The same with the light image under a version.
    #[track_caller]
    pub fn light(topic: &str, version: &str) -> Self {
        let world = Self::empty(topic, Way::Https, LITTLE);
        world.images.push(LIGHT, version);
        world.settings("");
        world.instance(version, "");
        world
    }

    /// Neither an instance nor an image.
    #[track_caller]
    pub fn empty(topic: &str, way: Way, room: &'static str) -> Self {
        let stack = Stack::bare(topic);
        let images = Images::new(&stack.namespace.name);
        let account = Account::new(&stack.namespace);
        let folder = tempfile::tempdir().unwrap();
        let world = Self { stack, images, account, folder, way, room };
        world.configure();
        world
    }

    /// Writes openclaw.yaml with further lines.
    #[track_caller]
    pub fn settings(&self, lines: &str) {
        let name = &self.stack.namespace.name;
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: {name}\ncluster: {{name: {CLUSTER}, controller: {name}/openclaw-controller}}\n{lines}\n"
        );
        self.stack.repository.write("openclaw.yaml", &text);
    }

    /// Writes an instance whose images are those of this test.
    #[track_caller]
    pub fn instance(&self, version: &str, spec: &str) {
        let text = format!(
            "# what people write stays\napiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: agent\nspec:\n  image:\n    repository: {}\n    tag: \"{version}\" # of this line one word\n  autoUpdate:\n    enabled: true\n    healthCheckTimeout: 2m\n{}",
            self.images.image,
            indented(&format!("{}\n{spec}", self.room))
        );
        self.stack.repository.write("instances/agent.yaml", &text);
        self.stack.render();
    }

    /// Writes what the controller is told, and the credentials as they are mounted.
    #[track_caller]
    fn configure(&self) {
        let name = &self.stack.namespace.name;
        let (url, proof) = match self.way {
            Way::Https => {
                let (user, host) = credentials();
                self.credential("username", &user.0);
                self.credential("password", &user.1);
                let ca = std::fs::read_to_string(variable("CA")).unwrap();
                (format!("https://{host}/{name}.git"), format!("  caBundle: |\n{}", block(&ca)))
            }
            Way::Ssh => {
                let key = std::fs::read_to_string(variable("SSH_KEY")).unwrap();
                self.credential("ssh-privatekey", &key);
                let known = std::fs::read_to_string(variable("SSH_KNOWN_HOSTS")).unwrap();
                let url = format!("{}/{name}.git", variable("GIT_SSH"));
                (url, format!("  knownHosts: |\n{}", block(&known)))
            }
        };
        let registry = variable("REGISTRY");
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: ControllerConfig\nclusterName: {CLUSTER}\nrepositories:\n- name: fleet\n  url: {url}\n{proof}\nregistries:\n- name: bed\n  host: ghcr.io\n  endpoint: http://{registry}\n"
        );
        std::fs::write(self.file("config.yaml"), text).unwrap();
    }

    #[track_caller]
    fn credential(&self, key: &str, value: &str) {
        let folder = self.file("credentials/fleet");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(key), value).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Pushes the first commit, hands the repository to Argo CD and waits for the Pod.
    #[track_caller]
    pub fn begin(&self) {
        self.stack.repository.push("Add the agent");
        self.stack.hand_to_argocd("applicationset.yaml");
    }

    /// Starts the controller.
    #[track_caller]
    pub fn controller(&self) -> Process {
        self.starter().start()
    }

    /// What starts the controller.
    pub fn starter(&self) -> Starter {
        let name = self.stack.namespace.name.clone();
        let file = |name: &str| self.file(name).to_str().unwrap().to_owned();
        let flags = [
            ("--namespace", name.clone()),
            ("--namespaces", name),
            ("--config", file("config.yaml")),
            ("--cache", file("cache")),
            ("--credentials", file("credentials")),
            // Whoever comes after one that was killed need not wait for its Lease to end.
            ("--identity", "tests".to_owned()),
        ];
        let flags = flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect();
        Starter { kubeconfig: self.account.kubeconfig(), flags }
    }

    /// Offers another image, which a controller that starts anew sees at once.
    #[track_caller]
    pub fn offer(&self, process: Process, image: &str, tag: &str) -> Process {
        self.images.push(image, tag);
        drop(process);
        self.controller()
    }

    /// Waits until a version is confirmed.
    #[track_caller]
    pub fn confirms(&self, process: &Process, version: &str, seconds: u64) -> Value {
        self.update_is(process, "True UpToDate", version, seconds)
    }

    /// Waits for a condition `UpdateReady` at a version, while Argo CD is told of what is pushed.
    #[track_caller]
    pub fn update_is(&self, process: &Process, start: &str, version: &str, seconds: u64) -> Value {
        let mut webhook = Webhook::application(&self.stack.application());
        let name = self.stack.namespace.name.clone();
        let started = Instant::now();
        let what = format!("UpdateReady is {start} at {version}");
        says(&name, "agent", &what, seconds, |instance| {
            webhook.call();
            let found = condition(instance, "UpdateReady");
            let current = &instance["status"]["autoUpdate"]["currentVersion"];
            let log =
                || format!("{found} {current} {:.0?} {}", started.elapsed(), last(&process.log()));
            ensure(found.starts_with(start) && current == version, log)?;
            Ok(instance.clone())
        })
    }

    /// Fetches what was pushed by others.
    #[track_caller]
    pub fn pull(&self) {
        self.stack.repository.git(["fetch", "-q", "origin"]);
        self.stack.repository.git(["reset", "-q", "--hard", "origin/main"]);
    }

    /// Subjects of the commits, the newest first.
    #[track_caller]
    pub fn subjects(&self) -> Vec<String> {
        self.pull();
        let log = self.stack.repository.git(["log", "--format=%s"]);
        log.lines().map(str::to_owned).collect()
    }

    /// Waits until the newest commit is one with this subject.
    #[track_caller]
    pub fn commits(&self, subject: &str, seconds: u64) {
        eventually(&format!("the commit `{subject}`"), seconds, || {
            let subjects = self.subjects();
            ensure(subjects.first().is_some_and(|first| first == subject), || subjects.join(", "))
        });
    }

    /// What the record notes, the oldest first: version and reason.
    #[track_caller]
    pub fn failed(&self) -> Vec<(String, String)> {
        self.pull();
        let path = self.stack.repository.path().join(self.record());
        let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
        let record = crate::kit::documents(&text).remove(0);
        let word = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let failed = record["failed"].as_array().unwrap();
        failed.iter().map(|one| (word(one, "version"), word(one, "reason"))).collect()
    }

    /// Where the record lies.
    pub fn record(&self) -> String {
        format!("updates/{}/agent.yaml", self.stack.namespace.name)
    }

    /// The tree is what its sources render.
    #[track_caller]
    pub fn is_rendered(&self) {
        let check = Command::new(crate::kit::binary())
            .args(["render", "--check"])
            .current_dir(self.stack.repository.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&check.stderr);
        assert!(check.status.success(), "{said}");
    }

    /// Waits for the Pod of a version.
    #[track_caller]
    pub fn runs(&self, version: &str, seconds: u64) {
        let mut webhook = Webhook::application(&self.stack.application());
        eventually(&format!("{version} runs"), seconds, || {
            webhook.call();
            let pod = self.stack.pod().get()?;
            let image = pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
            ensure(image.ends_with(version) && crate::bed::pod::is_ready(&pod), || {
                format!("{image}: {}", crate::bed::pod::Pod::state(&pod))
            })
        });
    }
}

/// Name and password of the Git server, and its address.
fn credentials() -> ((String, String), String) {
    let url = variable("GIT_HTTPS");
    let (user, host) = url.strip_prefix("https://").unwrap().split_once('@').unwrap();
    let (name, password) = user.split_once(':').unwrap();
    ((name.to_owned(), password.to_owned()), host.to_owned())
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

fn block(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// The last lines of a log.
fn last(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains("\"DEBUG\"")).collect();
    lines[lines.len().saturating_sub(6)..].join("\n")
}

/// What is counted of updates.
#[track_caller]
pub fn counted(process: &Process, metric: &str) -> String {
    let series = process.series().unwrap();
    let line = series.lines().find(|line| line.starts_with(metric)).unwrap_or_default();
    line.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// Events of the instance by their reasons.
#[track_caller]
pub fn events(world: &World) -> Vec<String> {
    let events = world.stack.namespace.objects("events.events.k8s.io");
    let own = events.iter().filter(|event| event["regarding"]["name"] == "agent");
    own.map(|event| event["reason"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Runs something in a folder, for its output.
#[track_caller]
pub fn shell(world: &World, text: &str) -> String {
    run(Command::new("sh").arg("-c").arg(text).current_dir(world.stack.repository.path())).unwrap()
}
