//! Users' containers: every field that they set stays, hardening that they left out is filled in.

use serde_json::{Map, Value, json};

use super::pod::Trust;
use crate::api::spec::Resources;

/// CPU and memory that a container has where nothing is written.
pub(super) struct Share {
    /// Requests: CPU and memory.
    pub(super) requests: (&'static str, &'static str),
    /// Limits: CPU and memory.
    pub(super) limits: (&'static str, &'static str),
}

/// The main container.
pub(super) const MAIN: Share = Share { requests: ("500m", "1Gi"), limits: ("2000m", "4Gi") };
/// The browser.
pub(super) const BROWSER: Share = Share { requests: ("250m", "512Mi"), limits: ("1000m", "2Gi") };
/// A container of the user that names none.
pub(super) const GUEST: Share = Share { requests: ("50m", "64Mi"), limits: ("1000m", "1Gi") };

/// Returns the resources of one of our containers: what is written, else the share.
pub(super) fn resources(wanted: &Resources, share: &Share) -> Value {
    let or =
        |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
    json!({
        "requests": {
            "cpu": or(&wanted.requests.cpu, share.requests.0),
            "memory": or(&wanted.requests.memory, share.requests.1),
        },
        "limits": {
            "cpu": or(&wanted.limits.cpu, share.limits.0),
            "memory": or(&wanted.limits.memory, share.limits.1),
        },
    })
}

/// Returns a user's container with the hardening that it left out.
///
/// # Errors
/// Never for what was read from a file; the type serializes to an object.
pub(super) fn harden(mut container: Value, trust: &Trust) -> Value {
    let Value::Object(map) = &mut container else { return container };
    harden_security(map);
    fill_resources(map);
    if let Some(mount) = &trust.mount {
        append_unless(map, "volumeMounts", "mountPath", mount);
    }
    for env in &trust.env {
        append_unless(map, "env", "name", env);
    }
    container
}

fn object<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    let child = map.entry(key).or_insert_with(|| json!({}));
    if child.is_null() {
        *child = json!({});
    }
    child.as_object_mut()
}

fn harden_security(map: &mut Map<String, Value>) {
    let Some(security) = object(map, "securityContext") else { return };
    let privileged = security.get("privileged") == Some(&Value::Bool(true));
    let escalates = ["SYS_ADMIN", "CAP_SYS_ADMIN"].iter().any(|name| {
        let added = security.get("capabilities").and_then(|c| c.get("add"));
        added.and_then(Value::as_array).is_some_and(|list| list.contains(&json!(name)))
    });
    // The API server refuses these rights together with a denied escalation.
    if !privileged && !escalates {
        security.entry("allowPrivilegeEscalation").or_insert(json!(false));
    }
    security.entry("readOnlyRootFilesystem").or_insert(json!(true));
    if let Some(capabilities) = object(security, "capabilities") {
        capabilities.entry("drop").or_insert(json!(["ALL"]));
    }
}

fn fill_resources(map: &mut Map<String, Value>) {
    let Some(resources) = object(map, "resources") else { return };
    // A request above our limit, or a limit below our request, would be refused: each half is
    // filled from the other where the user wrote one of them.
    let written = resources.clone();
    for (kind, other, share) in
        [("requests", "limits", GUEST.requests), ("limits", "requests", GUEST.limits)]
    {
        let opposite = written.get(other).cloned().unwrap_or_default();
        let Some(list) = object(resources, kind) else { continue };
        for (name, default) in [("cpu", share.0), ("memory", share.1)] {
            let value = opposite.get(name).cloned().unwrap_or_else(|| json!(default));
            list.entry(name).or_insert(value);
        }
    }
}

fn append_unless(map: &mut Map<String, Value>, list: &str, key: &str, item: &Value) {
    let entries = map.entry(list).or_insert_with(|| json!([]));
    if entries.is_null() {
        *entries = json!([]);
    }
    let Value::Array(entries) = entries else { return };
    if !entries.iter().any(|entry| entry.get(key) == item.get(key)) {
        entries.push(item.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_set_stays_and_the_rest_is_hardened() {
        let trust = Trust::default();
        let container = json!({"name": "p", "image": "i", "securityContext":
            {"readOnlyRootFilesystem": false, "capabilities": {"add": ["NET_BIND_SERVICE"]}},
            "resources": {"limits": {"memory": "32Mi"}}});
        assert_eq!(
            harden(container, &trust),
            json!({"name": "p", "image": "i",
                "securityContext": {"allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": false,
                    "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}},
                "resources": {"requests": {"cpu": "50m", "memory": "32Mi"},
                    "limits": {"cpu": "1000m", "memory": "32Mi"}}})
        );
    }
}
