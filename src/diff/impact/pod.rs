//! What happens to the Pod of a workload.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Sides, code, list, quoted};
use crate::names::ANNOTATION_CONFIG_HASH;
use crate::version;

const TEMPLATE: &str = "/spec/template";
/// Lists of containers in a Pod.
pub(super) const LISTS: [&str; 2] = ["initContainers", "containers"];

fn is_stopped(object: Option<&Value>) -> bool {
    object.is_some_and(|object| object["spec"]["replicas"] == 0)
}

/// Returns why the Pod stops.
pub(super) fn stops(sides: Sides) -> Vec<String> {
    let runs = sides.old.is_some() && !is_stopped(sides.old);
    match sides.new {
        None if runs => vec!["its workload is deleted".to_owned()],
        Some(_) if runs && is_stopped(sides.new) => vec!["`replicas: 0`".to_owned()],
        _ => Vec::new(),
    }
}

/// Returns why the Pod starts.
pub(super) fn starts(sides: Sides) -> Vec<String> {
    let starts = is_stopped(sides.old) && sides.new.is_some() && !is_stopped(sides.new);
    super::here(starts)
}

/// Returns what in the template makes the Pod another one.
pub(super) fn restarts(sides: Sides) -> Vec<String> {
    let [old, new] = sides.at(TEMPLATE);
    if sides.both().is_none() || old == new || is_stopped(sides.old) || is_stopped(sides.new) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let differs = containers(old, new).into_iter().filter_map(|one| one.differs());
    found.extend(together(differs).into_iter().map(|(what, names)| format!("{what} {names}")));
    let metadata = |side: &Value, part: &str| side["metadata"][part].clone();
    for (part, word) in [("annotations", "annotation"), ("labels", "label")] {
        for key in changed_keys(&metadata(old, part), &metadata(new, part)) {
            found.push(if key == ANNOTATION_CONFIG_HASH {
                "the configuration that is mounted".to_owned()
            } else {
                format!("{word} {}", code(&key))
            });
        }
    }
    for key in changed_keys(&old["spec"], &new["spec"]) {
        if !LISTS.contains(&key.as_str()) {
            found.push(code(&format!("spec.{key}")));
        }
    }
    if found.is_empty() {
        // Such as the order of containers.
        found.push("its template differs".to_owned());
    }
    let strategy = sides.new.map(|new| &new["spec"]["updateStrategy"]["type"]);
    if strategy.is_some_and(|strategy| strategy == "OnDelete") {
        found.push("only when somebody deletes it: `updateStrategy` is `OnDelete`".to_owned());
    }
    found
}

/// Returns the keys whose values differ.
fn changed_keys(old: &Value, new: &Value) -> Vec<String> {
    let keys =
        |side: &Value| side.as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
    let [mut all, more]: [Vec<String>; 2] = [old, new].map(keys);
    all.extend(more);
    all.sort();
    all.dedup();
    all.retain(|key| old.get(key) != new.get(key));
    all
}

/// A container before and after.
struct Container<'c> {
    name: String,
    old: Option<&'c Value>,
    new: Option<&'c Value>,
}

impl Container<'_> {
    /// Says in what it differs, and its name.
    fn differs(&self) -> Option<(String, String)> {
        let what = match (self.old, self.new) {
            (Some(old), Some(new)) if old != new => {
                let fields = changed_keys(old, new);
                let fields: Vec<String> = fields.iter().map(|field| code(field)).collect();
                format!("{} of", fields.join(", "))
            }
            (None, Some(_)) => "new container".to_owned(),
            (Some(_), None) => "without container".to_owned(),
            _ => return None,
        };
        Some((what, code(&self.name)))
    }
}

/// Says once what holds of several, in the order in which it was said first.
fn together(said: impl Iterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (what, name) in said {
        match found.iter_mut().find(|(known, _)| *known == what) {
            Some((_, names)) => {
                names.push_str(", ");
                names.push_str(&name);
            }
            None => found.push((what, name)),
        }
    }
    found
}

/// Returns the containers of two templates by their names, init containers first.
fn containers<'c>(old: &'c Value, new: &'c Value) -> Vec<Container<'c>> {
    let mut found: Vec<Container> = Vec::new();
    for part in LISTS {
        let mut after: BTreeMap<&str, &Value> = BTreeMap::new();
        for one in list(&new["spec"][part]) {
            after.insert(one["name"].as_str().unwrap_or_default(), one);
        }
        for one in list(&old["spec"][part]) {
            let name = one["name"].as_str().unwrap_or_default();
            found.push(Container {
                name: name.to_owned(),
                old: Some(one),
                new: after.remove(name),
            });
        }
        let come = after.into_iter();
        found.extend(come.map(|(name, new)| Container {
            name: name.to_owned(),
            old: None,
            new: Some(new),
        }));
    }
    found
}

/// Returns the containers that run another image.
pub(super) fn images(sides: Sides) -> Vec<String> {
    let [old, new] = sides.at(TEMPLATE);
    if sides.both().is_none() {
        return Vec::new();
    }
    let said = containers(old, new).into_iter().filter_map(|Container { name, old, new }| {
        let image = |side: Option<&Value>| side.map_or(Value::Null, |side| side["image"].clone());
        let [old, new] = [image(old), image(new)];
        if new.is_null() || old == new {
            return None;
        }
        let (name, to) = (code(&name), quoted(&new));
        if old.is_null() {
            return Some((format!("runs {to}"), name));
        }
        let is_older = matches!([&old, &new].map(tag), [Some(from), Some(to)] if to < from);
        let word = if is_older { ", an older version" } else { "" };
        Some((format!("from {} to {to}{word}", quoted(&old)), name))
    });
    together(said).into_iter().map(|(what, names)| format!("{names} {what}")).collect()
}

/// Returns the version in an image; none where its tag names none.
fn tag(image: &Value) -> Option<version::Version> {
    let image = image.as_str()?.split('@').next()?;
    version::parse(image.rsplit_once(':')?.1)
}

/// Returns the requests and limits that change.
pub(super) fn resources(sides: Sides) -> Vec<String> {
    let [old, new] = sides.at(TEMPLATE);
    let mut found = Vec::new();
    for Container { name, old, new } in containers(old, new) {
        let (Some(old), Some(new)) = (old, new) else { continue };
        for part in ["requests", "limits"] {
            let [old, new] = [old, new].map(|side| &side["resources"][part]);
            for key in changed_keys(old, new) {
                let side = |side: &Value| quoted(side.get(&key).unwrap_or(&Value::Null));
                found.push(format!(
                    "`{part}.{key}` of {} from {} to {}",
                    code(&name),
                    side(old),
                    side(new)
                ));
            }
        }
    }
    found
}

/// Returns what changes in a budget.
pub(super) fn disruption(sides: Sides) -> Vec<String> {
    let fields = ["maxUnavailable", "minAvailable", "selector", "unhealthyPodEvictionPolicy"];
    if sides.old.is_some() && sides.new.is_none() {
        return vec!["nothing bounds it any more".to_owned()];
    }
    if sides.both().is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for field in fields {
        let [old, new] = sides.at(&format!("/spec/{field}"));
        if old != new {
            found.push(format!("`{field}` from {} to {}", quoted(old), quoted(new)));
        }
    }
    found
}
