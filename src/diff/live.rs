//! What is compared of an object that an API server returns, and what is asked of it.

use serde_json::{Map, Value};

use crate::names::LABEL_INSTANCE;

/// Where client-side apply keeps what it applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Who applies where nothing tells: the name that kubectl uses.
pub const MANAGER: &str = "kubectl";

/// What the server writes into every object.
const SERVERS: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// What GitOps tools write into each object that they apply, to know it again.
const MARKS: [(&str, &str); 5] = [
    ("annotations", "argocd.argoproj.io/installation-id"),
    ("annotations", "argocd.argoproj.io/tracking-id"),
    ("labels", "argocd.argoproj.io/instance"),
    ("labels", "kustomize.toolkit.fluxcd.io/name"),
    ("labels", "kustomize.toolkit.fluxcd.io/namespace"),
];

/// Every kind that an instance may be rendered into: what is looked for when it is rendered no
/// more.
pub const KINDS: [(&str, &str); 14] = [
    ("openclaw.rocks/v1alpha1", "OpenClawInstance"),
    ("v1", "ServiceAccount"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("v1", "ConfigMap"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Service"),
    ("policy/v1", "PodDisruptionBudget"),
    ("apps/v1", "StatefulSet"),
    ("traefik.io/v1alpha1", "Middleware"),
    ("networking.k8s.io/v1", "Ingress"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("monitoring.coreos.com/v1", "ServiceMonitor"),
];

/// Takes out what the server writes: nobody who applies an object says it.
pub fn bare(mut object: Value) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return object;
    };
    SERVERS.iter().for_each(|field| drop(metadata.remove(*field)));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    object
}

/// Returns the name under which an object was applied: a dry run under another one would keep the
/// fields that are applied no more.
pub fn manager(live: &Value) -> &str {
    let entries = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    let mut applied =
        entries.filter(|entry| entry["operation"] == "Apply" && entry["subresource"].is_null());
    // The controller applies nothing but the status.
    applied.find_map(|entry| entry["manager"].as_str()).unwrap_or(MANAGER)
}

/// Adds the marks that the live object bears: the tool that applies it writes them again.
pub fn marked(wanted: &Value, live: &Value) -> Value {
    let mut wanted = wanted.clone();
    for (part, name) in MARKS {
        let mark = &live["metadata"][part][name];
        if !mark.is_null() && wanted["metadata"].is_object() {
            wanted["metadata"][part][name] = mark.clone();
        }
    }
    wanted
}

/// Takes out of the result of a dry run what client-side apply would: what it applied last and
/// would apply no more. Server-side apply keeps that, as its fields are somebody else's.
pub fn prune(mut result: Value, live: &Value, wanted: &Value) -> Value {
    let applied = live["metadata"]["annotations"][LAST_APPLIED].as_str();
    let applied = applied.and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(applied) = applied {
        remove(&mut result, &applied, wanted);
    }
    result
}

fn remove(result: &mut Value, applied: &Value, wanted: &Value) {
    match (result, applied, wanted) {
        (Value::Object(result), Value::Object(applied), Value::Object(wanted)) => {
            remove_keys(result, applied, wanted);
        }
        (Value::Array(result), Value::Array(applied), Value::Array(wanted)) => {
            let names = [&*result, applied, wanted];
            // Other lists are applied as a whole.
            if !names.iter().all(|list| list.iter().all(|item| item["name"].is_string())) {
                return;
            }
            let find = |list: &[Value], name: &Value| {
                list.iter().find(|item| item["name"] == *name).cloned()
            };
            result.retain(|item| {
                let name = &item["name"];
                find(applied, name).is_none() || find(wanted, name).is_some()
            });
            for item in result {
                let name = item["name"].clone();
                if let (Some(applied), Some(wanted)) = (find(applied, &name), find(wanted, &name)) {
                    remove(item, &applied, &wanted);
                }
            }
        }
        _ => {}
    }
}

fn remove_keys(
    result: &mut Map<String, Value>,
    applied: &Map<String, Value>,
    wanted: &Map<String, Value>,
) {
    for (key, before) in applied {
        match wanted.get(key) {
            None => drop(result.remove(key)),
            Some(after) => {
                if let Some(found) = result.get_mut(key) {
                    remove(found, before, after);
                }
            }
        }
    }
}

/// Takes out the ports of nodes that neither side names: the server chooses them when the change is
/// made, and what a dry run answers are others.
pub fn unchosen(mut result: Value, live: Option<&Value>, wanted: &Value) -> Value {
    if result["kind"] != "Service" {
        return result;
    }
    let sides = live.into_iter().chain([wanted]);
    let named: Vec<&Value> = sides
        .flat_map(|side| side["spec"]["ports"].as_array().into_iter().flatten())
        .map(|port| &port["nodePort"])
        .collect();
    let ports = result.pointer_mut("/spec/ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        if port.get("nodePort").is_some_and(|number| !named.contains(&number)) {
            port.remove("nodePort");
        }
    }
    result
}

/// Puts an object over the live one: what the result would look like if the server took it.
pub fn overlay(live: &Value, wanted: &Value) -> Value {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            let mut all = live.clone();
            for (key, value) in wanted {
                let under = live.get(key).unwrap_or(&Value::Null);
                all.insert(key.clone(), overlay(under, value));
            }
            Value::Object(all)
        }
        (Value::Array(live), Value::Array(wanted)) if live.len() == wanted.len() => Value::Array(
            live.iter().zip(wanted).map(|(live, wanted)| overlay(live, wanted)).collect(),
        ),
        (_, wanted) => wanted.clone(),
    }
}

/// Returns the instance of a live object if it is one of these, and nothing owns the object: one
/// with an owner comes and goes with that.
pub fn instance(live: &Value, known: &[&str]) -> Option<String> {
    let metadata = &live["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&metadata["labels"][LABEL_INSTANCE]);
    let own = format!("{}/{name}", text(&metadata["namespace"]));
    let has_owner = metadata["ownerReferences"].as_array().is_some_and(|all| !all.is_empty());
    (known.contains(&own.as_str()) && !has_owner).then_some(own)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_server_writes_is_not_compared() {
        let live = json!({
            "kind": "A", "spec": {"a": 1}, "status": {"ready": 1},
            "metadata": {
                "name": "n", "uid": "u", "resourceVersion": "1", "generation": 2,
                "creationTimestamp": "t", "managedFields": [], "selfLink": "s",
                "annotations": {LAST_APPLIED: "{}"}, "finalizers": ["f"],
            },
        });
        assert_eq!(
            bare(live),
            json!({"kind": "A", "spec": {"a": 1}, "metadata": {"name": "n", "finalizers": ["f"]}})
        );
        assert_eq!(bare(json!("text")), json!("text"));
    }

    #[test]
    fn who_applied_it_applies_it_again() {
        let managed = |entries: Value| json!({"metadata": {"managedFields": entries}});
        let entry =
            |manager: &str, operation: &str| json!({"manager": manager, "operation": operation});
        for (entries, expected) in [
            (
                json!([
                    entry("argocd-controller", "Apply"),
                    entry("kube-controller-manager", "Update")
                ]),
                "argocd-controller",
            ),
            (json!([entry("kubectl-client-side-apply", "Update")]), "kubectl"),
            (
                json!([{"manager": "openclaw-controller", "operation": "Apply", "subresource": "status"}, entry("kustomize-controller", "Apply")]),
                "kustomize-controller",
            ),
            (json!(null), "kubectl"),
        ] {
            assert_eq!(manager(&managed(entries)), expected);
        }
    }

    #[test]
    fn the_marks_of_a_gitops_tool_stay() {
        let live = json!({"metadata": {
            "annotations": {"argocd.argoproj.io/tracking-id": "a:b", "other": "x"},
            "labels": {"kustomize.toolkit.fluxcd.io/name": "f", "l": "v"},
        }});
        let wanted = json!({"kind": "A", "metadata": {"labels": {"own": "1"}}});
        let annotations = json!({"argocd.argoproj.io/tracking-id": "a:b"});
        let labels = json!({"kustomize.toolkit.fluxcd.io/name": "f", "own": "1"});
        let expected = json!({"annotations": annotations, "labels": labels});
        assert_eq!(marked(&wanted, &live)["metadata"], expected);
        assert_eq!(marked(&wanted, &json!({"metadata": {}})), wanted);
    }

    #[test]
    fn what_client_side_apply_would_take_out_is_out() {
        let applied = json!({"data": {"a": "1", "b": "2"}, "list": [{"name": "x", "env": [{"name": "p"}, {"name": "q"}], "image": "i"}, {"name": "y"}], "set": [1, 2]});
        let live = json!({"metadata": {"annotations": {LAST_APPLIED: applied.to_string()}}});
        let wanted = json!({"data": {"a": "1"}, "list": [{"name": "x", "env": [{"name": "q"}], "image": "i"}], "set": [1]});
        let result = json!({"data": {"a": "1", "b": "2", "somebody": "else's"}, "list": [{"name": "x", "env": [{"name": "p"}, {"name": "q"}], "image": "i", "default": true}, {"name": "y"}, {"name": "injected"}], "set": [1]});
        let expected = json!({"data": {"a": "1", "somebody": "else's"}, "list": [{"name": "x", "env": [{"name": "q"}], "image": "i", "default": true}, {"name": "injected"}], "set": [1]});
        assert_eq!(prune(result.clone(), &live, &wanted), expected);
        assert_eq!(prune(result.clone(), &json!({}), &wanted), result);
    }

    #[test]
    fn a_port_of_nodes_is_told_where_somebody_has_named_it() {
        let service = |numbers: [Option<u16>; 3]| {
            let ports = numbers.map(|number| match number {
                Some(number) => json!({"port": 80, "nodePort": number}),
                None => json!({"port": 80}),
            });
            json!({"kind": "Service", "spec": {"ports": ports}})
        };
        let (live, wanted) = ([Some(30_001), None, None], [None, Some(30_002), None]);
        let answer = [Some(30_001), Some(30_002), Some(32_769)];
        let of = |live: Option<&Value>, wanted| unchosen(service(answer), live, &service(wanted));
        let expected = [Some(30_001), Some(30_002), None];
        assert_eq!(of(Some(&service(live)), wanted), service(expected));
        assert_eq!(of(None, [None; 3]), service([None; 3]));
    }

    #[test]
    fn a_refused_object_lies_over_the_live_one() {
        let live = json!({"spec": {"serviceName": "a", "default": 1, "list": [{"name": "x", "default": 2}], "args": ["a"]}});
        let wanted =
            json!({"spec": {"serviceName": "b", "list": [{"name": "x"}], "args": ["a", "b"]}});
        assert_eq!(
            overlay(&live, &wanted),
            json!({"spec": {"serviceName": "b", "default": 1, "list": [{"name": "x", "default": 2}], "args": ["a", "b"]}})
        );
    }

    #[test]
    fn an_object_is_ours_by_namespace_and_label_and_where_nothing_owns_it() {
        let live = |namespace: &str, owners: Value| json!({"metadata": {"namespace": namespace, "labels": {"app.kubernetes.io/instance": "i"}, "ownerReferences": owners}});
        assert_eq!(instance(&live("n", json!([])), &["n/i"]).as_deref(), Some("n/i"));
        assert_eq!(instance(&live("n", json!(null)), &["m/j", "n/i"]).as_deref(), Some("n/i"));
        assert_eq!(instance(&live("m", json!([])), &["n/i"]), None);
        assert_eq!(instance(&live("n", json!([{"kind": "Job"}])), &["n/i"]), None);
    }
}
