//! Whether data may be lost, or is not where the Pod looks for it.

use serde_json::Value;

use super::{Sides, code, list, quoted};
use crate::names;
use crate::validate::grammar::quantity;

/// Annotations that keep a claim when its file goes, and what of their value does.
const KEPT: [(&str, &str); 2] = [
    ("argocd.argoproj.io/sync-options", "Prune=false"),
    ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
];

/// Returns what puts data at risk.
pub(super) fn data(sides: Sides) -> Vec<String> {
    match sides.kind() {
        "PersistentVolumeClaim" => claim(sides),
        "StatefulSet" => set(sides),
        _ => instance(sides),
    }
}

fn claim(sides: Sides) -> Vec<String> {
    let mut found = Vec::new();
    if let (Some(old), None) = (sides.old, sides.new) {
        found.push(if KEPT.iter().all(|kept| is_kept(old, *kept)) {
            "its file goes; Argo CD and Flux leave the claim in the cluster, and `kubectl delete` or `kubectl apply --prune` would delete it with its data".to_owned()
        } else {
            "the claim is deleted, and its data with it where the volume is reclaimed by `Delete`".to_owned()
        });
    }
    if let Some([old, new]) = sides.both() {
        for kept in KEPT {
            if is_kept(old, kept) && !is_kept(new, kept) {
                found.push(format!(
                    "without `{}: {}` it is deleted when its file goes",
                    kept.0, kept.1
                ));
            }
        }
        let sizes = sides.at("/spec/resources/requests/storage");
        let [from, to] = sizes.map(|size| size.as_str().and_then(quantity));
        if from > to && to.is_some() {
            let [from, to] = sizes.map(quoted);
            found.push(format!("a volume cannot shrink from {from} to {to}; copy the data into a smaller claim and name that in `existingClaim`"));
        }
    }
    if let Some(new) = sides.new {
        let owners = list(&new["metadata"]["ownerReferences"]);
        if owners.into_iter().any(|owner| owner["kind"] == names::KIND) {
            found.push("the instance owns it: when that is deleted the claim goes too, whatever its annotations say; take the owner reference off".to_owned());
        }
    }
    found
}

fn is_kept(object: &Value, (annotation, word): (&str, &str)) -> bool {
    let value = object["metadata"]["annotations"][annotation].as_str();
    value.is_some_and(|value| value.split(',').any(|part| part.trim() == word))
}

fn set(sides: Sides) -> Vec<String> {
    let mut found = Vec::new();
    // The policy is about the claims that the set makes; those that its Pod names stay.
    let [_, made] = sides.at("/spec/volumeClaimTemplates");
    for field in ["whenDeleted", "whenScaled"] {
        let [old, new] = sides.at(&format!("/spec/persistentVolumeClaimRetentionPolicy/{field}"));
        if new == "Delete" && old != "Delete" && list(made).next().is_some() {
            found.push(format!("`{field}: Delete` deletes the claims of the set"));
        }
    }
    if sides.both().is_none() {
        return found;
    }
    let [old, new] = sides.at("/spec/template/spec/volumes").map(claims);
    for (volume, claim) in &old {
        let claim = code(claim);
        match new.iter().find(|(name, _)| name == volume) {
            Some((_, to)) if code(to) == claim => {}
            Some((_, to)) => found.push(format!(
                "the volume `{volume}` leaves its data in the claim {claim} and starts with {}",
                code(to)
            )),
            None => {
                found.push(format!("the volume `{volume}` leaves its data in the claim {claim}"));
            }
        }
    }
    found
}

/// Returns the volumes that are claims, with their claims.
fn claims(volumes: &Value) -> Vec<(&str, &str)> {
    list(volumes)
        .filter_map(|volume| {
            let claim = volume["persistentVolumeClaim"]["claimName"].as_str()?;
            Some((volume["name"].as_str()?, claim))
        })
        .collect()
}

fn instance(sides: Sides) -> Vec<String> {
    const ORPHAN: &str = "/spec/storage/persistence/orphan";
    const RESTORE: &str = "/spec/restoreFrom";
    let mut found = Vec::new();
    let [old, new] = sides.at(ORPHAN);
    if new == false && old != false {
        found.push("`orphan: false` deletes the claim with the instance".to_owned());
    }
    if old == false && sides.new.is_none() {
        found.push("the instance has `orphan: false`: its claim is deleted with it".to_owned());
    }
    let [old, new] = sides.at(RESTORE);
    if sides.old.is_some() && new.is_string() && old != new {
        found
            .push(format!("at the next start the state is replaced by the backup {}", quoted(new)));
    }
    let [old, new] = sides
        .at("/metadata/annotations")
        .map(|annotations| &annotations[names::ANNOTATION_RESTORE_SNAPSHOT]);
    if sides.old.is_some() && new.is_string() && old != new {
        let snapshot = quoted(new);
        found.push(format!("the state may be replaced by the snapshot {snapshot}, however old"));
    }
    found
}
