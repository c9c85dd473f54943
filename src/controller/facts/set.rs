//! The facts of a StatefulSet.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::controller::observed::SetFacts;
use crate::model::references::needs;
use crate::names;

/// Returns the facts of a StatefulSet.
pub fn set(object: &Value) -> SetFacts {
    let (metadata, spec, status) = (&object["metadata"], &object["spec"], &object["status"]);
    let template = &spec["template"]["spec"];
    let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
    SetFacts {
        generation: metadata["generation"].as_i64().unwrap_or_default(),
        observed_generation: status["observedGeneration"].as_i64().unwrap_or_default(),
        replicas: spec["replicas"].as_i64().and_then(|n| i32::try_from(n).ok()).unwrap_or(1),
        update_revision: status["updateRevision"].as_str().unwrap_or_default().to_owned(),
        render_hash: metadata["annotations"][names::ANNOTATION_RENDER_HASH]
            .as_str()
            .map(str::to_owned),
        version: image(template).and_then(version),
        image: image(template).unwrap_or_default().to_owned(),
        needs: needs(template),
        is_owned: owners.into_iter().any(|owner| owner["kind"] == names::KIND),
        is_scaled_here: is_scaled_here(metadata),
        changed_by: changed_by(metadata),
    }
}

/// The main container's image.
fn image(template: &Value) -> Option<&str> {
    let containers = template["containers"].as_array()?;
    let main = containers.iter().find(|container| container["name"] == names::CONTAINER_MAIN)?;
    main["image"].as_str()
}

/// Longest tag that a registry takes; a digest is shorter.
const LONGEST: usize = 128;

/// Tag, or else digest.
fn version(image: &str) -> Option<String> {
    let (name, digest) = image.split_once('@').map_or((image, None), |(n, d)| (n, Some(d)));
    let last = name.rsplit('/').next().unwrap_or(name);
    let version = last.split_once(':').map(|(_, tag)| tag).or(digest);
    version.filter(|version| version.len() <= LONGEST).map(str::to_owned)
}

/// Who holds fields of the spec besides the writer of the hash: whoever edits an object takes
/// over the fields that they change. `scale` is another door, and what it changes is not in Git.
fn changed_by(metadata: &Value) -> BTreeSet<String> {
    let entries: Vec<&Value> = metadata["managedFields"].as_array().into_iter().flatten().collect();
    let hash = format!("f:{}", names::ANNOTATION_RENDER_HASH);
    let writes_hash =
        |entry: &&&Value| entry["fieldsV1"]["f:metadata"]["f:annotations"].get(&hash).is_some();
    let writers: BTreeSet<&str> =
        entries.iter().filter(writes_hash).filter_map(|entry| entry["manager"].as_str()).collect();
    if writers.is_empty() {
        return BTreeSet::new();
    }
    let others = entries.iter().filter(|entry| {
        let is_direct = entry["subresource"].as_str().unwrap_or_default().is_empty();
        is_direct && entry["fieldsV1"].get("f:spec").is_some()
    });
    let names = others.filter_map(|entry| entry["manager"].as_str());
    names.filter(|name| !writers.contains(name)).map(str::to_owned).collect()
}

/// Whether the replicas are what this controller said last. A GitOps tool that sets them takes them
/// over, and whoever else scales it does too.
fn is_scaled_here(metadata: &Value) -> bool {
    let entries = metadata["managedFields"].as_array().into_iter().flatten();
    let mut holders =
        entries.filter(|entry| entry["fieldsV1"]["f:spec"].get("f:replicas").is_some()).peekable();
    holders.peek().is_some() && holders.all(|entry| entry["manager"] == names::CONTROLLER)
}
