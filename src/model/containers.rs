//! Users' containers: every field that they set stays, hardening that they left out is filled in.

use serde_json::{Map, Value, json};

use super::pod::Trust;
use crate::api::spec::Resources;
use crate::validate::grammar::quantity;

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
///
/// The API server refuses a request above its limit, so a default gives way to what is written.
pub(super) fn resources(wanted: &Resources, share: &Share) -> Value {
    let (requests, limits) = (&wanted.requests, &wanted.limits);
    let cpu = pair(requests.cpu.as_ref(), limits.cpu.as_ref(), share.requests.0, share.limits.0);
    let memory =
        pair(requests.memory.as_ref(), limits.memory.as_ref(), share.requests.1, share.limits.1);
    json!({
        "requests": {"cpu": cpu.0, "memory": memory.0},
        "limits": {"cpu": cpu.1, "memory": memory.1},
    })
}

fn pair<'a>(
    request: Option<&'a String>,
    limit: Option<&'a String>,
    least: &'a str,
    most: &'a str,
) -> (&'a str, &'a str) {
    match (request, limit) {
        (Some(request), Some(limit)) => (request, limit),
        (Some(request), None) => (request, larger(request, most)),
        (None, Some(limit)) if larger(least, limit) == limit => (least, limit),
        (None, Some(limit)) => (limit, limit),
        (None, None) => (least, most),
    }
}

/// Returns the larger of two quantities, the second where they are equal.
fn larger<'a>(a: &'a str, b: &'a str) -> &'a str {
    if quantity(a) > quantity(b) { a } else { b }
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
    let written = resources.clone();
    let text = |kind: &str, name: &str| -> Option<String> {
        written.get(kind).and_then(|list| list.get(name)).and_then(Value::as_str).map(str::to_owned)
    };
    for (name, least, most) in
        [("cpu", GUEST.requests.0, GUEST.limits.0), ("memory", GUEST.requests.1, GUEST.limits.1)]
    {
        let (request, limit) = (text("requests", name), text("limits", name));
        // As Kubernetes does it, a limit alone is the request too.
        let wanted = pair(request.as_ref().or(limit.as_ref()), limit.as_ref(), least, most);
        for (kind, value) in [("requests", wanted.0), ("limits", wanted.1)] {
            if let Some(list) = object(resources, kind) {
                list.entry(name).or_insert_with(|| json!(value));
            }
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

    #[test]
    fn a_default_gives_way_to_what_is_written() {
        let filled = |wanted: Value| resources(&serde_json::from_value(wanted).unwrap(), &MAIN);
        assert_eq!(
            filled(json!({"requests": {"cpu": "3", "memory": "8Gi"}})),
            json!({"requests": {"cpu": "3", "memory": "8Gi"},
                "limits": {"cpu": "3", "memory": "8Gi"}})
        );
        assert_eq!(
            filled(json!({"limits": {"cpu": "250m", "memory": "512Mi"}})),
            json!({"requests": {"cpu": "250m", "memory": "512Mi"},
                "limits": {"cpu": "250m", "memory": "512Mi"}})
        );
        assert_eq!(
            filled(json!({"requests": {"cpu": "250m"}, "limits": {"memory": "8Gi"}})),
            json!({"requests": {"cpu": "250m", "memory": "1Gi"},
                "limits": {"cpu": "2000m", "memory": "8Gi"}})
        );
        let container =
            json!({"name": "p", "resources": {"requests": {"cpu": "10m", "memory": "2Gi"}}});
        assert_eq!(
            harden(container, &Trust::default())["resources"],
            json!({"requests": {"cpu": "10m", "memory": "2Gi"},
                "limits": {"cpu": "1000m", "memory": "2Gi"}})
        );
    }
}
