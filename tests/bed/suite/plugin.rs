//! The tool inside Argo CD: nothing that is rendered is committed, and the plugin of
//! `examples/argocd-plugin` renders it, asked by the real repo-server.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::bed::repository::Repository;
use crate::bed::sidecar::{Sidecar, example};
use crate::bed::stack::{Webhook, difference, synced};
use crate::bed::{Namespace, eventually, kubectl_with, object, run};
use crate::kit;

/// A repository of sources alone, and the Application of the example for it.
struct Sources {
    namespace: Namespace,
    repository: Repository,
}

impl Sources {
    #[track_caller]
    fn new(spec: &str) -> Self {
        let namespace = Namespace::new("plugin");
        let repository = Repository::new(&namespace.name);
        let settings = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: {}\n",
            namespace.name
        );
        repository.write("openclaw.yaml", &settings);
        let sources = Self { namespace, repository };
        sources.instance(spec);
        sources
    }

    /// Writes the instance, which never starts a Pod.
    fn instance(&self, spec: &str) {
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: agent\nspec:\n  image:\n    tag: \"2026.9.6\"\n  suspended: true\n{spec}"
        );
        self.repository.write("instances/agent.yaml", &text);
    }

    #[track_caller]
    fn hand_to_argocd(&self) {
        let name = &self.namespace.name;
        let text = example("application.yaml")
            .replace("https://git.example.com/acme/agents.git", &self.repository.url())
            .replace("\n  name: openclaw\n", &format!("\n  name: {name}\n"))
            .replace("\n    namespace: agents\n", &format!("\n    namespace: {name}\n"));
        kubectl_with(["apply", "--server-side"], &text).unwrap();
    }

    /// What the command of the plugin says here: what it prints, or what is wrong.
    fn rendered(&self) -> Result<String, String> {
        let plugin: Value = serde_yaml::from_str(&example("plugin.yaml")).unwrap();
        let words = plugin["spec"]["generate"]["command"].as_array().unwrap();
        let output = Command::new(kit::binary())
            .args(words[1..].iter().map(|word| word.as_str().unwrap()))
            .current_dir(self.repository.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    fn application(&self) -> Value {
        object("argocd", "application.argoproj.io", &self.namespace.name).expect("the Application")
    }

    /// Demands that Argo CD keeps what is rendered and nothing else, and the cluster has it so.
    #[track_caller]
    fn are_live(&self) {
        let text = self.rendered().unwrap();
        let of_file = |one: &Value| [one["kind"].clone(), one["metadata"]["name"].clone()];
        let of_status = |one: &Value| [one["kind"].clone(), one["name"].clone()];
        let names = |list: &[Value], of: fn(&Value) -> [Value; 2]| -> BTreeSet<String> {
            list.iter().map(|one| of(one).map(|word| word.to_string()).join(" ")).collect()
        };
        let application = self.application();
        let status = &application["status"];
        assert_eq!(status["sourceType"], "Plugin");
        let kept = status["resources"].as_array().unwrap();
        assert_eq!(names(kept, of_status), names(&kit::documents(&text), of_file));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rendered.yaml"), text).unwrap();
        assert_eq!(difference(folder.path().to_str().unwrap()), "");
    }

    /// Waits until Argo CD says why it cannot compare.
    #[track_caller]
    fn error(&self, commit: &str) -> String {
        let mut webhook = Webhook::application(&self.namespace.name);
        eventually("Argo CD says what is wrong", 180, || {
            webhook.call();
            let status = &self.application()["status"];
            let list = status["conditions"].as_array().cloned().unwrap_or_default();
            let found = list.into_iter().find(|one| one["type"] == "ComparisonError");
            let message = found.map(|one| one["message"].as_str().unwrap().to_owned());
            message.ok_or_else(|| format!("{commit}: {}", status["sync"]))
        })
    }
}

#[test]
fn argo_cd_renders_what_is_not_committed_and_says_what_is_wrong_with_it() {
    let started = std::time::Instant::now();
    let _sidecar = Sidecar::start();
    let sources = Sources::new("");
    let name = sources.namespace.name.clone();
    let commit = sources.repository.push("Add the agent");
    sources.hand_to_argocd();
    synced(&name, &commit, 300);
    sources.are_live();
    let set = sources.namespace.object("statefulset", "agent").unwrap();
    assert!(sources.namespace.object("networkpolicy", "agent").is_some());

    sources.instance("  storage:\n    persistence:\n      size: ten\n");
    let wrong = sources.rendered().unwrap_err();
    assert!(wrong.contains("--> instances/agent.yaml:11:13\n"), "{wrong}");
    let commit = sources.repository.push("Ask for a volume of ten");
    let told = sources.error(&commit);
    let command = "`/usr/local/bin/openclaw render --output-dir=-` failed exit status 1: ";
    let (_, finding) = told.split_once(command).unwrap_or_else(|| panic!("{told}"));
    assert_eq!(finding, wrong.trim());
    let kept = sources.namespace.object("statefulset", "agent").unwrap();
    assert_eq!(kept["metadata"]["uid"], set["metadata"]["uid"]);
    assert_eq!(kept["metadata"]["generation"], set["metadata"]["generation"]);

    sources.instance("  security:\n    networkPolicy:\n      enabled: false\n");
    let commit = sources.repository.push("Ask for no volume and no policy");
    synced(&name, &commit, 180);
    sources.are_live();
    assert!(sources.namespace.object("networkpolicy", "agent").is_none(), "it is pruned");
    assert!(sources.application()["status"]["conditions"].is_null());
    let files = run(Command::new("git").arg("-C").arg(sources.repository.path()).arg("ls-files"));
    assert_eq!(files.unwrap(), "instances/agent.yaml\nopenclaw.yaml\n");
    crate::bed::figure(&format!(
        "plugin of Argo CD: rendered, refused and mended in {:.0} s",
        started.elapsed().as_secs_f64()
    ));
}
