//! Says in one word how an object of the cluster is.

use serde_json::Value;

use super::{condition, list, word};

/// Returns how an object is, by its kind; what has no state of its own is just present.
pub fn state(kind: &str, object: &Value) -> String {
    if object["metadata"]["deletionTimestamp"].is_string() {
        return "ending".to_owned();
    }
    match kind {
        "StatefulSet" => set(object).to_owned(),
        "Pod" => pod(object),
        "PersistentVolumeClaim" => word(&object["status"]["phase"]).to_lowercase(),
        "Service" if object["spec"]["type"] == "LoadBalancer" => address(object).to_owned(),
        "Ingress" => address(object).to_owned(),
        "HTTPRoute" => route(object).to_owned(),
        "Job" => job(object).to_owned(),
        _ => "present".to_owned(),
    }
}

fn set(object: &Value) -> &'static str {
    let (spec, status) = (&object["spec"], &object["status"]);
    // The API server always fills it in.
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let count = |field: &str| status[field].as_i64().unwrap_or_default();
    if wanted == 0 {
        if count("replicas") > 0 { "stopping" } else { "stopped" }
    } else if status["observedGeneration"] != object["metadata"]["generation"]
        || count("updatedReplicas") < wanted
    {
        "updating"
    } else if count("readyReplicas") < wanted {
        "starting"
    } else {
        "ready"
    }
}

fn pod(object: &Value) -> String {
    let status = &object["status"];
    if let Some(reason) = status["reason"].as_str() {
        return super::plain(reason).to_lowercase();
    }
    let is_true = |kind: &str| condition(object, kind).is_some_and(|one| one["status"] == "True");
    let scheduled = condition(object, "PodScheduled");
    if is_true("Ready") {
        "ready".to_owned()
    } else if scheduled.is_some_and(|one| one["status"] == "False") {
        "unschedulable".to_owned()
    } else {
        word(&status["phase"]).to_lowercase()
    }
}

fn address(object: &Value) -> &'static str {
    let addresses = &object["status"]["loadBalancer"]["ingress"];
    if list(addresses).next().is_some() { "ready" } else { "waiting" }
}

fn route(object: &Value) -> &'static str {
    let parents = list(&object["status"]["parents"]);
    let accepted: Vec<&Value> = parents
        .flat_map(|parent| list(&parent["conditions"]))
        .filter(|condition| condition["type"] == "Accepted")
        .map(|condition| &condition["status"])
        .collect();
    if accepted.is_empty() {
        "waiting"
    } else if accepted.iter().all(|status| *status == "True") {
        "accepted"
    } else {
        "refused"
    }
}

fn job(object: &Value) -> &'static str {
    let is_true = |kind: &str| condition(object, kind).is_some_and(|one| one["status"] == "True");
    if is_true("Complete") {
        "done"
    } else if is_true("Failed") {
        "failed"
    } else if object["spec"]["suspend"] == true {
        "suspended"
    } else {
        "running"
    }
}

/// The containers of a Pod in the order of their start, each with its state.
pub fn containers(pod: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (spec, status, what) in [
        ("initContainers", "initContainerStatuses", "init container"),
        ("containers", "containerStatuses", "container"),
    ] {
        for container in list(&pod["spec"][spec]) {
            let name = &container["name"];
            let seen = list(&pod["status"][status]).find(|one| one["name"] == *name);
            found.push((format!("{what} {}", word(name)), container_state(seen)));
        }
    }
    found
}

/// How a container is; one that was started before says how often.
fn container_state(status: Option<&Value>) -> String {
    let Some(status) = status else { return "waiting".to_owned() };
    let state = &status["state"];
    let is_running = state["running"].is_object();
    let word = if is_running && status["ready"] == true {
        "ready".to_owned()
    } else if is_running {
        "running".to_owned()
    } else if state["terminated"].is_object() {
        match state["terminated"]["exitCode"].as_i64() {
            Some(0) => "done".to_owned(),
            _ => word(&state["terminated"]["reason"]),
        }
    } else {
        match state["waiting"]["reason"].as_str() {
            Some(reason) => super::plain(reason),
            None => "waiting".to_owned(),
        }
    };
    match status["restartCount"].as_i64() {
        Some(1) => format!("{word}, 1 restart"),
        Some(count) if count > 1 => format!("{word}, {count} restarts"),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_kind_has_its_words() {
        let set = |replicas: i64, status: Value| {
            let mut status = status;
            status["observedGeneration"] = json!(2);
            json!({"metadata": {"generation": 2}, "spec": {"replicas": replicas}, "status": status})
        };
        let conditions = |list: Value| json!({"status": {"conditions": list}});
        let accepted = |status: &str| json!({"status": {"parents": [{"conditions": [{"type": "Accepted", "status": status}]}]}});
        for (kind, object, expected) in [
            ("StatefulSet", set(1, json!({"updatedReplicas": 1, "readyReplicas": 1})), "ready"),
            ("StatefulSet", set(1, json!({"updatedReplicas": 1})), "starting"),
            ("StatefulSet", set(1, json!({"readyReplicas": 1})), "updating"),
            ("StatefulSet", set(0, json!({"replicas": 1})), "stopping"),
            ("StatefulSet", set(0, json!({})), "stopped"),
            ("Pod", json!({"status": {"phase": "Failed", "reason": "Evicted"}}), "evicted"),
            ("Pod", json!({"status": {"phase": "Pending"}}), "pending"),
            (
                "Pod",
                conditions(json!([{"type": "PodScheduled", "status": "False"}])),
                "unschedulable",
            ),
            ("Pod", conditions(json!([{"type": "Ready", "status": "True"}])), "ready"),
            ("Pod", json!({"metadata": {"deletionTimestamp": "x"}}), "ending"),
            ("PersistentVolumeClaim", json!({"status": {"phase": "Bound"}}), "bound"),
            ("PersistentVolumeClaim", json!({}), "-"),
            ("Service", json!({"spec": {"type": "ClusterIP"}}), "present"),
            ("Service", json!({"spec": {"type": "LoadBalancer"}}), "waiting"),
            ("Ingress", json!({"status": {"loadBalancer": {"ingress": [{}]}}}), "ready"),
            ("HTTPRoute", json!({}), "waiting"),
            ("HTTPRoute", accepted("True"), "accepted"),
            ("HTTPRoute", accepted("False"), "refused"),
            ("Job", conditions(json!([{"type": "Complete", "status": "True"}])), "done"),
            ("Job", conditions(json!([{"type": "Failed", "status": "True"}])), "failed"),
            ("Job", json!({"spec": {"suspend": true}}), "suspended"),
            ("Job", json!({}), "running"),
            ("ConfigMap", json!({}), "present"),
        ] {
            assert_eq!(state(kind, &object), expected, "{kind} {object}");
        }
    }

    #[test]
    fn a_container_says_why_it_does_not_run() {
        for (status, expected) in [
            (json!({"state": {"running": {}}, "ready": true}), "ready"),
            (json!({"state": {"running": {}}, "restartCount": 1}), "running, 1 restart"),
            (json!({"state": {"terminated": {"exitCode": 0}}}), "done"),
            (json!({"state": {"terminated": {"exitCode": 75, "reason": "Error"}}}), "Error"),
            (
                json!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 4}),
                "CrashLoopBackOff, 4 restarts",
            ),
            (json!({"state": {"waiting": {}}}), "waiting"),
        ] {
            assert_eq!(container_state(Some(&status)), expected, "{status}");
        }
        assert_eq!(container_state(None), "waiting");
    }
}
