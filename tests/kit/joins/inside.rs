//! Joins inside a Pod: volumes, names, keys, and what it names outside.

use std::collections::{BTreeMap, BTreeSet};

use openclaw::names;
use serde_json::Value;

use super::{Objects, title};
use crate::kit::restricted::{self, list};

pub fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    restricted::containers(pod)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Every mount has its volume, no path is mounted twice, and every volume of ours is mounted.
pub fn volumes(objects: &Objects) -> Vec<String> {
    let mut broken = Vec::new();
    for (set, template) in objects.sets() {
        let mut say = |what: String| broken.push(format!("{}: {what}", title(set)));
        let mut volumes = BTreeSet::new();
        for volume in list(&template["spec"]["volumes"]) {
            if !volumes.insert(text(&volume["name"])) {
                say(format!("volume {} is there twice", volume["name"]));
            }
        }
        let mut mounted = BTreeSet::new();
        for container in containers(&template["spec"]) {
            let mut paths = BTreeSet::new();
            for mount in list(&container["volumeMounts"]) {
                let name = text(&mount["name"]);
                if !volumes.contains(name) || !paths.insert(text(&mount["mountPath"])) {
                    say(format!("{} mounts {mount}", container["name"]));
                }
                mounted.insert(name);
            }
        }
        for volume in names::VOLUMES.iter().filter(|name| volumes.contains(**name)) {
            if !mounted.contains(*volume) {
                say(format!("nobody mounts {volume}"));
            }
        }
    }
    broken
}

/// Names of containers, variables and ports are there once, and probes name a port of theirs.
pub fn names_inside(objects: &Objects) -> Vec<String> {
    let mut broken = Vec::new();
    for (set, template) in objects.sets() {
        let mut say = |what: String| broken.push(format!("{}: {what}", title(set)));
        let (mut names, mut ports) = (BTreeSet::new(), BTreeSet::new());
        for container in containers(&template["spec"]) {
            let name = text(&container["name"]);
            if !names.insert(name) {
                say(format!("container {name} is there twice"));
            }
            let mut variables = BTreeSet::new();
            for variable in list(&container["env"]).map(|env| text(&env["name"])) {
                if !variables.insert(variable) {
                    say(format!("{name} has {variable} twice"));
                }
            }
            let mut named = BTreeSet::new();
            for port in list(&container["ports"]) {
                if !ports.insert(port["containerPort"].as_i64()) {
                    say(format!("port {port} is there twice"));
                }
                named.insert(text(&port["name"]));
            }
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                let port = container[probe]["httpGet"]["port"].as_str();
                if port.is_some_and(|port| !named.contains(port)) {
                    say(format!("{probe} of {name} names a port that it has not"));
                }
            }
        }
    }
    broken
}

/// The ConfigMap behind a volume of a Pod.
fn mounted<'a>(objects: &'a Objects, set: &Value, volume: &str) -> Option<&'a Value> {
    let mut volumes = list(&set["spec"]["template"]["spec"]["volumes"]);
    let volume = volumes.find(|v| v["name"] == volume)?;
    objects.beside(set, "ConfigMap", text(&volume["configMap"]["name"]))
}

/// Our ConfigMaps hold every key that a command, an item, a setting or a script reads.
pub fn keys(objects: &Objects) -> Vec<String> {
    let mut broken = Vec::new();
    for (set, template) in objects.sets() {
        let mut say = |what: String| broken.push(format!("{}: {what}", title(set)));
        let Some(config) = mounted(objects, set, names::VOLUME_CONFIG) else {
            say("its ConfigMap is not there".to_owned());
            continue;
        };
        let empty = serde_json::Map::new();
        let data = config["data"].as_object().unwrap_or(&empty);
        for container in containers(&template["spec"]) {
            for word in list(&container["args"]).chain(list(&container["command"])) {
                let script = text(word).strip_prefix("/etc/openclaw/");
                if script.is_some_and(|script| !data.contains_key(script)) {
                    say(format!("no key for {word}"));
                }
            }
        }
        for volume in list(&template["spec"]["volumes"]) {
            let source = &volume["configMap"];
            if source["name"] == config["metadata"]["name"] {
                let missing = list(&source["items"]).find(|i| !data.contains_key(text(&i["key"])));
                missing.into_iter().for_each(|item| say(format!("no key for {item}")));
            }
        }
        let init = data.get(names::KEY_INIT_JSON).map(text).unwrap_or_default();
        let init: Value = serde_json::from_str(init).unwrap_or_default();
        let source = text(&init["config"]["source"]);
        let key = source.strip_prefix("/etc/openclaw/");
        if source.is_empty() || key.is_some_and(|key| !data.contains_key(key)) {
            say(format!("no key for the source {source:?}"));
        }
        let seeds = mounted(objects, set, names::VOLUME_WORKSPACE);
        for file in list(&init["workspace"]["files"]) {
            let key = text(&file["from"]).strip_prefix("/etc/openclaw-workspace/");
            let there = seeds.and_then(|seeds| seeds["data"].get(key?));
            if there.is_none() {
                say(format!("no key for {file}"));
            }
        }
        for (key, script) in data {
            for import in text(script).lines().filter_map(|l| l.split_once("from './")) {
                let name = import.1.split('\'').next().unwrap_or_default();
                if !data.contains_key(name) {
                    say(format!("{key} imports {name}"));
                }
            }
        }
    }
    broken
}

/// What a Pod names outside of itself: kind and name, with the keys that must be there.
pub type Named = BTreeMap<(&'static str, String), BTreeSet<String>>;

fn add(named: &mut Named, kind: &'static str, name: &Value, keys: &[&Value]) {
    if let Some(name) = name.as_str() {
        let keys = keys.iter().filter_map(|key| key.as_str()).map(str::to_owned);
        named.entry((kind, name.to_owned())).or_default().extend(keys);
    }
}

/// Everything that a Pod names; without `optional` only what must be there.
pub fn named(pod: &Value, optional: bool) -> Named {
    let mut found = Named::new();
    let is_meant = |source: &Value| optional || source["optional"] != true;
    for secret in list(&pod["imagePullSecrets"]) {
        // The kubelet goes on without one.
        if optional {
            add(&mut found, "Secret", &secret["name"], &[]);
        }
    }
    let mut volume = |source: &Value, kind: &'static str, field: &str| {
        let keys: Vec<&Value> = list(&source["items"]).map(|item| &item["key"]).collect();
        if is_meant(source) {
            add(&mut found, kind, &source[field], &keys);
        }
    };
    for each in list(&pod["volumes"]) {
        volume(&each["secret"], "Secret", "secretName");
        volume(&each["csi"]["nodePublishSecretRef"], "Secret", "name");
        volume(&each["configMap"], "ConfigMap", "name");
        volume(&each["persistentVolumeClaim"], "PersistentVolumeClaim", "claimName");
        for source in list(&each["projected"]["sources"]) {
            volume(&source["secret"], "Secret", "name");
            volume(&source["configMap"], "ConfigMap", "name");
        }
    }
    for container in containers(pod) {
        for env in list(&container["env"]).map(|env| &env["valueFrom"]) {
            for (field, kind) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
                let source = &env[field];
                if is_meant(source) {
                    add(&mut found, kind, &source["name"], &[&source["key"]]);
                }
            }
        }
        for env in list(&container["envFrom"]) {
            for (field, kind) in [("secretRef", "Secret"), ("configMapRef", "ConfigMap")] {
                if is_meant(&env[field]) {
                    add(&mut found, kind, &env[field]["name"], &[]);
                }
            }
        }
    }
    add(&mut found, "ServiceAccount", &pod["serviceAccountName"], &[]);
    found
}

/// What Pods of a cluster name is there, with its keys; of a renderer's, what it renders itself.
pub fn existing(objects: &Objects) -> Vec<String> {
    let mut broken = Vec::new();
    for (set, template) in objects.sets() {
        let is_live = set["metadata"]["uid"].is_string();
        for ((kind, name), keys) in named(&template["spec"], false) {
            let Some(object) = objects.beside(set, kind, &name) else {
                if is_live {
                    broken.push(format!("{}: there is no {kind} {name}", title(set)));
                }
                continue;
            };
            for key in keys {
                let has =
                    ["data", "binaryData", "stringData"].map(|f| object[f].get(&key).is_some());
                if !has.contains(&true) {
                    broken.push(format!("{}: {kind} {name} has no key {key}", title(set)));
                }
            }
        }
    }
    for ingress in objects.ours("Ingress").filter(|i| i["metadata"]["uid"].is_string()) {
        for secret in list(&ingress["spec"]["tls"]).map(|tls| text(&tls["secretName"])) {
            if objects.beside(ingress, "Secret", secret).is_none() {
                broken.push(format!("{}: there is no Secret {secret}", title(ingress)));
            }
        }
    }
    broken
}
