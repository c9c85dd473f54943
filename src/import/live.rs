//! What runs beside an instance and is not in its export: the version, the volume, the token.

use serde_json::Value;

use crate::names;

/// Tags that move, so that they do not say what runs.
const MOVING: [&str; 5] = ["latest", "main", "slim", "stable", "extended-stable"];

/// What a cluster says about one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// The image that the main container runs.
    pub image: Option<String>,
    /// The claims of the namespace.
    pub claims: Vec<Claim>,
    /// Whether the Secret with the token exists that the Go operator makes.
    pub has_token: bool,
}

/// A claim, with what the cluster refuses to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    name: String,
    class: Option<String>,
    size: Option<String>,
    modes: Vec<String>,
}

impl Live {
    /// Reads the Pod, the StatefulSet and the claims as the API server has them.
    pub fn new(
        pod: Option<&Value>,
        set: Option<&Value>,
        claims: &[Value],
        has_token: bool,
    ) -> Self {
        let main = |spec: &Value| {
            let containers = spec["containers"].as_array().into_iter().flatten();
            let mut main = containers.filter(|one| one["name"] == names::CONTAINER_MAIN);
            main.find_map(|one| one["image"].as_str().map(str::to_owned))
        };
        let running = pod.and_then(|pod| main(&pod["spec"]));
        let wanted = || set.and_then(|set| main(&set["spec"]["template"]["spec"]));
        let claims = claims.iter().map(Claim::new).collect();
        Self { image: running.or_else(wanted), claims, has_token }
    }

    fn claim(&self, name: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.name == name)
    }
}

impl Claim {
    fn new(object: &Value) -> Self {
        let spec = &object["spec"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let modes = spec["accessModes"].as_array().into_iter().flatten();
        Self {
            name: text(&object["metadata"]["name"]).unwrap_or_default(),
            class: text(&spec["storageClassName"]),
            size: text(&spec["resources"]["requests"]["storage"]),
            modes: modes.filter_map(text).collect(),
        }
    }
}

/// Writes a field of the spec, and says so if it had another value.
pub(super) fn set(spec: &mut Value, path: &str, value: Value, why: &str, notes: &mut Vec<String>) {
    let field = super::field(spec, path);
    if *field != value {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        notes.push(format!("set spec.{path} to `{shown}`: {why}"));
        *field = value;
    }
}

/// Pins the version that runs. A digest says it already; a tag that moves does not, and then the
/// Go operator's own word for it is taken.
pub(super) fn set_version(
    object: &Value,
    spec: &mut Value,
    live: Option<&Live>,
    notes: &mut Vec<String>,
) {
    if spec["image"]["digest"].as_str().is_some_and(|digest| !digest.is_empty()) {
        return;
    }
    let still = |tag: &str| !tag.is_empty() && !MOVING.contains(&tag);
    let running = live.and_then(|live| live.image.as_deref()).and_then(tag);
    let running = running.filter(|tag| still(tag));
    if let Some(tag) = running {
        set(spec, "image.tag", tag.into(), "the Pod runs it", notes);
        return;
    }
    if spec["image"]["tag"].as_str().is_some_and(still) {
        return;
    }
    let told = object["status"]["autoUpdate"]["currentVersion"].as_str();
    match told.filter(|tag| still(tag)) {
        Some(tag) => {
            set(spec, "image.tag", tag.into(), "status.autoUpdate.currentVersion", notes);
        }
        None => notes.push(
            "found no version that runs: set spec.image.tag to what `openclaw --version` says in \
             the container `openclaw`"
                .to_owned(),
        ),
    }
}

/// Returns the tag of a reference such as `host:5000/name:tag@sha256:...`.
fn tag(image: &str) -> Option<&str> {
    let name = image.split('@').next()?;
    let (_, tag) = name.rsplit_once(':')?;
    (!tag.contains('/')).then_some(tag)
}

/// Names the volume that holds the data, with what a cluster refuses to change about it.
pub(super) fn set_claim(
    object: &Value,
    spec: &mut Value,
    live: Option<&Live>,
    notes: &mut Vec<String>,
) {
    let persistence = &spec["storage"]["persistence"];
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if persistence["enabled"] == false {
        return;
    }
    let (own, scaled) = (names::claim(name), format!("data-{name}-0"));
    let has = |claim: &str| live.is_some_and(|live| live.claim(claim).is_some());
    let was_scaled = object["spec"]["availability"]["autoScaling"]["enabled"] == true;
    let names_one = persistence["existingClaim"].as_str().is_some_and(|name| !name.is_empty());
    // While it scaled, the Go operator took claims of a template and no other.
    if (was_scaled && (live.is_none() || has(&scaled)))
        || (!names_one && !has(&own) && has(&scaled))
    {
        let path = "storage.persistence.existingClaim";
        set(spec, path, scaled.into(), "the Go operator scaled", notes);
        return;
    }
    if names_one {
        return;
    }
    let Some(live) = live else {
        notes.push(format!(
            "compare storageClass, size and accessModes of spec.storage.persistence with the claim \
             `{own}`: the cluster was not asked"
        ));
        return;
    };
    let Some(claim) = live.claim(&own) else {
        notes.push(format!("found no claim `{own}`: a new volume will be made"));
        return;
    };
    let values = [
        ("storageClass", claim.class.as_ref().map(|class| class.as_str().into())),
        ("size", claim.size.as_ref().map(|size| size.as_str().into())),
        ("accessModes", (!claim.modes.is_empty()).then(|| claim.modes.clone().into())),
    ];
    for (field, value) in values {
        if let Some(value) = value {
            let path = format!("storage.persistence.{field}");
            set(spec, &path, value, "the claim has it", notes);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(image: &str, claims: &[&str]) -> Live {
        let pod = json!({"spec": {"containers": [{"name": "openclaw", "image": image}]}});
        let claim =
            |name: &&str| json!({"metadata": {"name": name}, "spec": {"storageClassName": "fast"}});
        let claims: Vec<Value> = claims.iter().map(claim).collect();
        Live::new(Some(&pod), None, &claims, true)
    }

    #[test]
    fn the_version_is_the_one_that_runs_unless_a_digest_says_it() {
        for (image, running, told, expected) in [
            (json!({"tag": "1"}), Some("a:2"), "3", json!({"tag": "2"})),
            (json!({"tag": "latest"}), Some("a:latest"), "3", json!({"tag": "3"})),
            (json!({"tag": "latest"}), None, "", json!({"tag": "latest"})),
            (json!({"tag": "1"}), Some("a:latest"), "3", json!({"tag": "1"})),
            (Value::Null, Some("a:2@sha256:0"), "", json!({"tag": "2"})),
            (json!({"digest": "sha256:0"}), Some("a:2"), "3", json!({"digest": "sha256:0"})),
        ] {
            let object = json!({"status": {"autoUpdate": {"currentVersion": told}}});
            let mut spec = json!({"image": image});
            let live = running.map(|image| live(image, &[]));
            set_version(&object, &mut spec, live.as_ref(), &mut Vec::new());
            assert_eq!(spec["image"], expected, "{image} {running:?}");
        }
    }

    #[test]
    fn the_volume_is_the_one_that_the_go_operator_mounted() {
        let (own, scaled) = (&["a-data", "data-a-0"][..], &["data-a-0"][..]);
        let existing = json!({"existingClaim": "data-a-0"});
        for (persistence, is_scaled, claims, expected) in [
            (json!({}), false, Some(own), json!({"storageClass": "fast"})),
            (json!({}), true, Some(own), existing.clone()),
            (json!({}), false, Some(scaled), existing.clone()),
            (json!({}), true, None, existing.clone()),
            (json!({}), false, None, json!({})),
            (json!({"existingClaim": "mine"}), true, Some(scaled), existing),
            (json!({"existingClaim": "mine"}), false, Some(own), json!({"existingClaim": "mine"})),
            (json!({"enabled": false}), true, Some(own), json!({"enabled": false})),
        ] {
            let spec = json!({"availability": {"autoScaling": {"enabled": is_scaled}}});
            let object = json!({"metadata": {"name": "a"}, "spec": spec});
            let mut spec = json!({"storage": {"persistence": persistence}});
            let live = claims.map(|claims| live("a:1", claims));
            set_claim(&object, &mut spec, live.as_ref(), &mut Vec::new());
            assert_eq!(spec["storage"]["persistence"], expected, "{persistence} {is_scaled}");
        }
    }

    #[test]
    fn a_tag_is_no_port_and_no_digest() {
        for (image, expected) in [
            ("ghcr.io/openclaw/openclaw:2026.9.6", Some("2026.9.6")),
            ("localhost:5000/openclaw", None),
            ("localhost:5000/openclaw:1@sha256:00", Some("1")),
            ("openclaw@sha256:00", None),
            ("openclaw", None),
        ] {
            assert_eq!(tag(image), expected, "{image}");
        }
    }
}
