//! The objects of a tree, as it is stored and as it is rendered, and which of them belong together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Pair;
use crate::api::settings::{Layout, Settings};
use crate::render::Manifest;
use crate::tree::{self, Lock, Present, Wanted, effects};

/// One object of a tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Namespace and name of its instance.
    pub instance: String,
    /// Its file below the tree.
    pub file: String,
    /// All of it.
    pub value: Value,
}

/// What makes two objects the same one: group, kind, namespace, name. Not the version of the API,
/// which is another way to write the same object.
pub type Key = [String; 4];

/// Returns the key of an object.
pub fn key(value: &Value) -> Key {
    let text = |pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let version = text("/apiVersion");
    let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
    [group, text("/kind"), text("/metadata/namespace"), text("/metadata/name")]
}

/// Returns the objects of an instance as it is rendered.
pub fn rendered(instance: &str, manifests: Vec<Manifest>, settings: &Settings) -> Vec<Object> {
    let one = |manifest: Manifest| {
        let name = match settings.layout {
            Layout::Resource => manifest.file_name(),
            Layout::Instance => "manifest.yaml".to_owned(),
        };
        let file = format!("{instance}/{name}");
        Object { instance: instance.to_owned(), file, value: manifest.value }
    };
    manifests.into_iter().map(one).collect()
}

/// Returns the objects of a file of the tree; none where it cannot be read as YAML, or where it
/// tells kustomize and no cluster what to do.
pub fn stored(file: &str, text: &str) -> Vec<Object> {
    let instance = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let values = effects::objects(text).into_iter();
    let objects = values.filter(|value| value["metadata"]["name"].is_string());
    objects
        .map(|value| Object { instance: instance.to_owned(), file: file.to_owned(), value })
        .collect()
}

/// Whether a file tells kustomize what to do.
pub fn is_for_kustomize(text: &str) -> bool {
    effects::objects(text).iter().any(|value| value["kind"] == "Kustomization")
}

/// Which files of a stored tree can hold an object that differs from what is rendered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Stored files to be read.
    pub read: BTreeSet<String>,
    /// Files whose bytes are what is rendered.
    pub same: BTreeSet<String>,
}

/// Sorts the files of a stored tree: those that its locks list, and those that lie where something
/// is rendered. With `only`, no other instance counts.
pub fn files(wanted: &Wanted, present: &Present, only: Option<&BTreeSet<String>>) -> Files {
    let mut found = Files::default();
    let counts = |folder: &str| only.is_none_or(|only| only.contains(folder));
    let listed = present.locks.iter().filter(|(folder, _)| counts(folder)).flat_map(names);
    for path in listed.chain(wanted.keys().cloned()) {
        let Some(hash) = present.files.get(&path).filter(|_| !path.ends_with(tree::LOCK)) else {
            continue;
        };
        let side = if wanted.get(&path) == Some(hash) { &mut found.same } else { &mut found.read };
        side.insert(path);
    }
    found
}

fn names((folder, lock): (&String, &Lock)) -> Vec<String> {
    let names = lock.files.keys().chain(lock.pending.keys());
    names.map(|name| format!("{folder}/{name}")).collect()
}

/// Puts the objects of two trees together: those of the new one in their order, then those that
/// only the old one has. `base` is the folder of the tree, for the names of files.
pub fn pairs(old: Vec<Object>, new: Vec<Object>, base: &str) -> Vec<Pair> {
    let mut left: BTreeMap<Key, Object> =
        old.into_iter().map(|object| (key(&object.value), object)).collect();
    let path =
        |file: &str| Some(if base.is_empty() { file.to_owned() } else { format!("{base}/{file}") });
    let mut pairs: Vec<Pair> = Vec::new();
    for Object { instance, file, value } in new {
        let old = left.remove(&key(&value)).map(|object| object.value);
        pairs.push(Pair { instance, file: path(&file), old, new: Some(value), refusal: None });
    }
    for Object { instance, file, value } in left.into_values() {
        let file = path(&file);
        pairs.push(Pair { instance, file, old: Some(value), new: None, refusal: None });
    }
    pairs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(instance: &str, file: &str, value: Value) -> Object {
        Object { instance: instance.to_owned(), file: file.to_owned(), value }
    }

    #[test]
    fn an_object_is_the_same_in_another_version_or_file_and_another_under_another_name() {
        let one = json!({"apiVersion": "policy/v1beta1", "kind": "A", "metadata": {"name": "n"}});
        let two = json!({"apiVersion": "policy/v1", "kind": "A", "metadata": {"name": "n"}});
        let other = json!({"apiVersion": "policy/v1", "kind": "A", "metadata": {"name": "m"}});
        let found = pairs(
            vec![object("n/i", "n/i/old.yaml", one.clone())],
            vec![
                object("n/i", "n/i/m.yaml", other.clone()),
                object("n/i", "n/i/n.yaml", two.clone()),
            ],
            "rendered",
        );
        let sides: Vec<_> = found
            .iter()
            .map(|pair| (pair.file.as_deref(), pair.old.clone(), pair.new.clone()))
            .collect();
        assert_eq!(
            sides,
            [
                (Some("rendered/n/i/m.yaml"), None, Some(other)),
                (Some("rendered/n/i/n.yaml"), Some(one.clone()), Some(two)),
            ]
        );
        let gone = pairs(vec![object("n/i", "n/i/old.yaml", one.clone())], Vec::new(), "");
        assert_eq!(
            (gone[0].file.as_deref(), &gone[0].old, &gone[0].new),
            (Some("n/i/old.yaml"), &Some(one), &None)
        );
    }

    #[test]
    fn files_are_read_that_are_ours_and_differ() {
        let lock = |name: &str, files: &[&str]| Lock {
            instance: name.to_owned(),
            files: files.iter().map(|file| ((*file).to_owned(), String::new())).collect(),
            ..Lock::default()
        };
        let mut present = Present::default();
        for path in [
            "n/a/same.yaml",
            "n/a/stale.yaml",
            "n/a/foreign.yaml",
            "n/a/left.yaml",
            "n/b/left.yaml",
            "n/a/.openclaw.lock",
            "n/a/in-our-place.yaml",
        ] {
            present.add(path, b"text");
        }
        present.locks.insert(
            "n/a".to_owned(),
            lock("n/a", &["same.yaml", "stale.yaml", "left.yaml", "missing.yaml"]),
        );
        present.locks.insert("n/b".to_owned(), lock("n/b", &["left.yaml"]));
        let wanted: Wanted =
            [("same", "text"), ("stale", "new"), ("come", "new"), ("in-our-place", "new")]
                .map(|(name, text)| (format!("n/a/{name}.yaml"), tree::hash(text.as_bytes())))
                .into();
        let set = |names: &[&str]| names.iter().map(|name| format!("n/{name}.yaml")).collect();
        let found = files(&wanted, &present, None);
        assert_eq!(
            found,
            Files {
                read: set(&["a/in-our-place", "a/left", "a/stale", "b/left"]),
                same: set(&["a/same"])
            }
        );
        let only = BTreeSet::from(["n/a".to_owned()]);
        assert_eq!(
            files(&wanted, &present, Some(&only)).read,
            set(&["a/in-our-place", "a/left", "a/stale"])
        );
    }

    #[test]
    fn what_is_for_kustomize_is_no_object() {
        assert_eq!(
            stored(
                "n/a/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n"
            ),
            []
        );
        assert_eq!(stored("n/a/broken.yaml", "a: [\n"), []);
        let found = stored("n/a/b.yaml", "kind: A\nmetadata:\n  name: b\n");
        assert_eq!(
            found,
            [object("n/a", "n/a/b.yaml", json!({"kind": "A", "metadata": {"name": "b"}}))]
        );
    }
}
