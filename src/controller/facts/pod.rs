//! The facts of a Pod.

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

use crate::controller::observed::{ContainerFacts, Ended, PodFacts, State};

/// Label that a StatefulSet puts on its Pods.
const LABEL_REVISION: &str = "controller-revision-hash";

/// Returns the facts of a Pod.
pub fn pod(object: &Value) -> PodFacts {
    let (metadata, status) = (&object["metadata"], &object["status"]);
    let conditions: Vec<&Value> = list(&status["conditions"]).collect();
    let condition = |kind: &str| conditions.iter().find(|condition| condition["type"] == kind);
    let unschedulable = condition("PodScheduled").filter(|condition| {
        condition["status"] == "False" && condition["reason"] == "Unschedulable"
    });
    let failed = (status["phase"] == "Failed").then(|| {
        let words = [text(&status["reason"]), text(&status["message"])];
        words.join(" ").trim().to_owned()
    });
    let init = list(&status["initContainerStatuses"]).map(|one| container(one, true, object));
    let main = list(&status["containerStatuses"]).map(|one| container(one, false, object));
    let ready = condition("Ready");
    PodFacts {
        uid: text(&metadata["uid"]),
        ip: status["podIP"].as_str().map(str::to_owned),
        ready_changed: ready.and_then(|condition| time(&condition["lastTransitionTime"])),
        revision: text(&metadata["labels"][LABEL_REVISION]),
        is_ready: ready.is_some_and(|condition| condition["status"] == "True"),
        is_deleted: metadata["deletionTimestamp"].is_string(),
        failed,
        unschedulable: unschedulable.map(|condition| text(&condition["message"])),
        containers: init.chain(main).collect(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn container(status: &Value, is_init: bool, pod: &Value) -> ContainerFacts {
    let name = text(&status["name"]);
    let spec = if is_init { "initContainers" } else { "containers" };
    let image = list(&pod["spec"][spec]).find(|container| container["name"] == name.as_str());
    let state = &status["state"];
    let state = if let Some(ended) = ended(&state["terminated"]) {
        State::Ended(ended)
    } else if state["running"].is_object() {
        State::Running { since: time(&state["running"]["startedAt"]) }
    } else {
        let waiting = &state["waiting"];
        State::Waiting { reason: text(&waiting["reason"]), message: text(&waiting["message"]) }
    };
    ContainerFacts {
        name,
        is_init,
        image: image.map(|container| text(&container["image"])).unwrap_or_default(),
        image_id: text(&status["imageID"]),
        restarts: i32::try_from(status["restartCount"].as_i64().unwrap_or_default())
            .unwrap_or(i32::MAX),
        state,
        last: ended(&status["lastState"]["terminated"]),
    }
}

fn ended(value: &Value) -> Option<Ended> {
    value.is_object().then(|| Ended {
        code: value["exitCode"].as_i64().and_then(|code| i32::try_from(code).ok()).unwrap_or(-1),
        reason: text(&value["reason"]),
        message: text(&value["message"]),
    })
}

pub(super) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
