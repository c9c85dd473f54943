//! Joins of rights: what the controller may read is exactly what an instance names.

use std::collections::BTreeSet;

use openclaw::names;
use serde_json::Value;

use super::inside::named;
use super::{Objects, title};
use crate::kit::render::texts;
use crate::kit::restricted::list;

/// The bucket's credentials, which an instance need not name.
const BUCKET: &str = "b2-backup-credentials";

/// A Role of the controller names exactly what the Pod and the Ingress name, and every binding of
/// ours a Role that is there.
pub fn rights(objects: &Objects) -> Vec<String> {
    let mut broken = Vec::new();
    for (set, _) in objects.sets() {
        let instance = set["metadata"]["name"].as_str().unwrap_or_default();
        let name = names::controller_role(instance);
        if let Some(role) = objects.beside(set, "Role", &name) {
            broken.extend(of_controller(objects, set, role));
        }
        let own = objects.beside(set, "Role", instance);
        // Further rules are the user's.
        for name in own.into_iter().flat_map(|role| texts(&role["rules"][0]["resourceNames"])) {
            if objects.beside(set, "ConfigMap", &name).is_none() {
                broken.push(format!("Role {instance}: there is no ConfigMap {name}"));
            }
        }
    }
    for binding in objects.ours("RoleBinding") {
        let role = binding["roleRef"]["name"].as_str().unwrap_or_default();
        if objects.beside(binding, "Role", role).is_none() {
            broken.push(format!("{}: there is no Role {role}", title(binding)));
        }
    }
    broken
}

fn of_controller(objects: &Objects, set: &Value, role: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let (mut secrets, mut config_maps) = (BTreeSet::new(), BTreeSet::new());
    for ((kind, name), _) in named(&set["spec"]["template"]["spec"], true) {
        match kind {
            "Secret" => secrets.insert(name),
            "ConfigMap" => config_maps.insert(name),
            _ => false,
        };
    }
    let instance = set["metadata"]["name"].as_str().unwrap_or_default();
    let ingress = objects.beside(set, "Ingress", instance);
    let tls = ingress.into_iter().flat_map(|o| list(&o["spec"]["tls"]));
    secrets.extend(tls.filter_map(|t| t["secretName"].as_str()).map(str::to_owned));
    secrets.insert(BUCKET.to_owned());
    // The controller makes it, and need not read it.
    secrets.remove(&names::restore_secret(instance));
    for own in objects.ours("ConfigMap") {
        config_maps.remove(own["metadata"]["name"].as_str().unwrap_or_default());
    }
    let of = |resource: &str| -> BTreeSet<String> {
        let rules = list(&role["rules"]).filter(|rule| rule["resources"][0] == resource);
        rules.flat_map(|rule| texts(&rule["resourceNames"])).collect()
    };
    for (resource, named) in [("secrets", secrets), ("configmaps", config_maps)] {
        let may = of(resource);
        if may != named {
            broken.push(format!("{}: may {may:?} of {resource}, named {named:?}", title(role)));
        }
    }
    if list(&role["rules"]).any(|rule| list(&rule["resourceNames"]).count() == 0) {
        broken.push(format!("{}: a rule without names", title(role)));
    }
    broken
}
