//! Many instances at once, rendered from one folder, and the controller that looks after them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::controller::{Account, Process};
use super::{Namespace, kubectl_command, run};

/// Programs that apply at the same time.
const HANDS: usize = 6;

/// The name of the cluster that a fleet is for: a controller of another one leaves it alone.
pub const CLUSTER: &str = "fleet";

/// Sources of instances, and a namespace for them.
pub struct Fleet {
    pub namespace: Namespace,
    folder: TempDir,
}

impl Fleet {
    /// Makes a namespace and an empty folder of sources.
    #[track_caller]
    pub fn new(topic: &str) -> Self {
        let namespace = Namespace::new(topic);
        let folder = tempfile::tempdir().unwrap();
        let fleet = Self { namespace, folder };
        let name = &fleet.namespace.name;
        let settings = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: {name}\ncluster: {{name: {CLUSTER}, controller: {name}/openclaw-controller}}\n"
        );
        std::fs::write(fleet.folder.path().join("openclaw.yaml"), settings).unwrap();
        std::fs::create_dir(fleet.folder.path().join("instances")).unwrap();
        fleet
    }

    /// Writes the source of one instance.
    #[track_caller]
    pub fn write(&self, name: &str, spec: &str) {
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        );
        std::fs::write(self.folder.path().join(format!("instances/{name}.yaml")), text).unwrap();
    }

    /// Renders everything.
    #[track_caller]
    pub fn render(&self) {
        run(Command::new(crate::kit::binary()).arg("render").current_dir(self.folder.path()))
            .unwrap();
    }

    /// Returns the rendered objects of an instance, as text by file.
    #[track_caller]
    pub fn rendered(&self, name: &str) -> BTreeMap<String, String> {
        let folder = format!("rendered/{}/{name}", self.namespace.name);
        let files = std::fs::read_dir(self.folder.path().join(folder)).unwrap();
        let files = files.map(|entry| entry.unwrap().path());
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let files = files.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
        files.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
    }

    /// Applies what each of these says, by several programs at the same time.
    #[track_caller]
    pub fn apply(&self, texts: &[String]) {
        let size = texts.len().div_ceil(HANDS).max(1);
        let failed: Vec<String> = std::thread::scope(|scope| {
            let hands: Vec<_> = texts
                .chunks(size)
                .enumerate()
                .map(|(hand, texts)| {
                    let file = self.folder.path().join(format!("hand-{hand}"));
                    std::fs::write(&file, texts.join("\n---\n")).unwrap();
                    scope.spawn(move || apply(&file))
                })
                .collect();
            hands.into_iter().filter_map(|hand| hand.join().unwrap().err()).collect()
        });
        assert!(failed.is_empty(), "{}", failed.concat());
    }

    /// Starts the controller of this fleet, which logs each request that it makes.
    #[track_caller]
    pub fn start(&self, account: &Account) -> Process {
        let name = self.namespace.name.as_str();
        let flags = ["--namespace", name, "--namespaces", name, "--cluster-name", CLUSTER];
        let filter = "openclaw=info,error,kube_client::client::builder=debug";
        Process::start_in(&account.kubeconfig(), &flags, &[("RUST_LOG", filter)])
    }
}

fn apply(file: &PathBuf) -> Result<String, String> {
    let args = ["apply", "--server-side", "--force-conflicts", "--validate=ignore", "-f"];
    run(kubectl_command().args(args).arg(file))
}

/// A request of a controller, as its log tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// Such as `PATCH`.
    pub method: String,
    /// Resource and subresource, such as `openclawinstances/status`.
    pub resource: String,
    /// Name of the object, or nothing for a list.
    pub name: String,
    pub is_watch: bool,
}

impl Request {
    /// Whether it changes something.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

/// Returns every request that a log tells of.
#[track_caller]
pub fn requests(log: &str) -> Vec<Request> {
    // The last line may not be whole yet.
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines().filter(|line| line.contains("\"requesting\""));
    lines.map(|line| request(&serde_json::from_str(line).unwrap())).collect()
}

#[track_caller]
fn request(line: &Value) -> Request {
    let text = |key: &str| line["span"][key].as_str().unwrap_or_else(|| panic!("{line}"));
    let (address, query) = text("http.url").split_once('?').unwrap_or((text("http.url"), ""));
    let path = address.split("/namespaces/").nth(1).unwrap_or_else(|| panic!("{line}"));
    let parts: Vec<&str> = path.split('/').collect();
    let (resource, name) = match parts[..] {
        [_, resource] => (resource.to_owned(), ""),
        [_, resource, name] => (resource.to_owned(), name),
        [_, resource, name, sub] => (format!("{resource}/{sub}"), name),
        _ => panic!("{line}"),
    };
    let is_watch = query.split('&').any(|pair| pair == "watch=true");
    Request { method: text("http.method").to_owned(), resource, name: name.to_owned(), is_watch }
}
