//! What an agent's repository says: its instance, and the templates that it replaces.

use std::sync::OnceLock;

use super::agent::{Agent, VERSION};
use crate::bed::registry::Images;
use crate::kit;

/// An older version than that of every scene that is not about versions.
pub(crate) const OLDER: &str = "2026.9.4";

const SET: &str = "stateful-set.yaml.j2";
const MAIN: &str = "pod/main.yaml.j2";

impl Agent {
    /// Writes the sources as they were.
    pub(super) fn put_back(&self) {
        let folder = self.stack.repository.path().join("templates");
        std::fs::remove_dir_all(folder).ok();
        for name in [SET, MAIN] {
            self.stack.repository.write(&format!("templates/{name}"), &shipped(name));
        }
        self.write(VERSION, &self.spec);
    }

    /// Writes the source with this spec and no other.
    pub(crate) fn write(&self, version: &str, spec: &str) {
        let lines: String = spec.lines().map(|line| format!("  {line}\n")).collect();
        let image = &images().image;
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {{name: agent}}\nspec:\n  image: {{repository: {image}, tag: \"{version}\"}}\n{lines}"
        );
        self.stack.repository.write("instances/agent.yaml", &text);
    }

    /// Writes the source with these lines beside what every agent says.
    pub(crate) fn with(&self, more: &str) {
        self.write(VERSION, &format!("{}\n{more}", self.spec));
    }

    /// Replaces a text of a template, which the user may do for what an instance cannot say.
    #[track_caller]
    pub(crate) fn template(&self, name: &str, from: &str, to: &str) {
        let path = format!("templates/{name}");
        let file = self.stack.repository.path().join(&path);
        let text = std::fs::read_to_string(file).unwrap_or_else(|_| shipped(name));
        self.stack.repository.write(&path, &replaced(name, &text, from, to));
    }

    /// Replaces a text of the template of its StatefulSet.
    #[track_caller]
    pub(crate) fn set(&self, from: &str, to: &str) {
        self.template(SET, from, to);
    }

    /// Replaces a text of the template of its container.
    #[track_caller]
    pub(crate) fn container(&self, from: &str, to: &str) {
        self.template(MAIN, from, to);
    }

    /// Removes the instance from the repository, which still renders.
    pub(crate) fn remove(&self) {
        let nothing = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: none}\ndata: {}\n";
        self.stack.repository.write("instances/agent.yaml", nothing);
    }
}

/// The images of these tests, pushed once.
fn images() -> &'static Images {
    static IMAGES: OnceLock<Images> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let images = Images::new("impact");
        for tag in [VERSION, OLDER] {
            images.push_pause(tag);
        }
        images
    })
}

/// A template as it is shipped, without what takes long to start or to end.
#[track_caller]
fn shipped(name: &str) -> String {
    let text = std::fs::read_to_string(kit::root().join("templates").join(name)).unwrap();
    match name {
        SET => {
            let text = replaced(name, &text, "      initContainers: {{ init_containers }}\n", "");
            let [long, short] = [330, 1].map(|s| format!("terminationGracePeriodSeconds: {s}\n"));
            replaced(name, &text, &long, &short)
        }
        MAIN => {
            let text = replaced(name, &text, "args: [node, /etc/openclaw/start.mjs]\n", "");
            let (head, rest) = text.split_once("{% if pod.startup is not none %}").unwrap();
            let (_, tail) = rest.split_once("volumeMounts:").unwrap();
            format!("{head}volumeMounts:{tail}")
        }
        _ => text,
    }
}

#[track_caller]
fn replaced(name: &str, text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{name} has no `{from}`");
    text.replacen(from, to, 1)
}
