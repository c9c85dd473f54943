//! What the Pod may do to its node and to itself.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pod::LISTS;
use super::{Sides, code, list};

const MOUNTED: &str = "the token of the service account is mounted";
const MAYBE_MOUNTED: &str =
    "the token of the service account is mounted unless the account forbids it";

/// Returns what the new Pod may do that the old one might not.
pub(super) fn weaker(sides: Sides) -> Vec<String> {
    let [mut old, new] = sides.at("/spec/template/spec").map(weaknesses);
    if old.contains(MOUNTED) {
        old.insert(MAYBE_MOUNTED.to_owned());
    }
    new.into_iter().filter(|weakness| !old.contains(weakness)).collect()
}

fn weaknesses(pod: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if pod.is_null() {
        return found;
    }
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"] {
        if pod[field] == true {
            found.insert(code(field));
        }
    }
    match &pod["automountServiceAccountToken"] {
        Value::Bool(false) => false,
        Value::Bool(true) => found.insert(MOUNTED.to_owned()),
        _ => found.insert(MAYBE_MOUNTED.to_owned()),
    };
    for volume in list(&pod["volumes"]) {
        if let Some(path) = volume["hostPath"]["path"].as_str() {
            found.insert(format!("the path {} of the node", code(path)));
        }
    }
    for container in LISTS.iter().flat_map(|part| list(&pod[*part])) {
        let name = code(container["name"].as_str().unwrap_or_default());
        for weakness in of_container(&pod["securityContext"], container) {
            found.insert(format!("{name}: {weakness}"));
        }
    }
    found
}

fn of_container(pod: &Value, container: &Value) -> Vec<String> {
    let own = &container["securityContext"];
    // What the container leaves out it takes from the Pod.
    let field = |name: &str| if own[name].is_null() { &pod[name] } else { &own[name] };
    let mut found = Vec::new();
    let mut check = |is_weak: bool, words: &str| {
        if is_weak {
            found.push(words.to_owned());
        }
    };
    check(own["privileged"] == true, "privileged");
    check(own["allowPrivilegeEscalation"] != false, "may gain privileges");
    check(own["readOnlyRootFilesystem"] != true, "writable root");
    // A user of the manifest wins over that of the image; with `runAsNonRoot` root is not started.
    let (user, may_be_root) = (field("runAsUser"), field("runAsNonRoot") != true);
    check(may_be_root, "`runAsNonRoot` is not `true`");
    check(may_be_root && user.is_null(), "may run as root");
    check(may_be_root && *user == 0, "runs as root");
    let profile = &field("seccompProfile")["type"];
    check(profile.is_null() || profile == "Unconfined", "no seccomp profile");
    check(!list(&own["capabilities"]["drop"]).any(|one| one == "ALL"), "keeps capabilities");
    for capability in list(&own["capabilities"]["add"]).filter_map(Value::as_str) {
        check(true, &format!("capability {}", code(capability)));
    }
    for port in list(&container["ports"]).filter(|port| port["hostPort"].as_i64().unwrap_or(0) > 0)
    {
        check(true, &format!("port `{}` of the node", port["hostPort"]));
    }
    found
}
