//! Every rendered Pod passes Pod Security `restricted`, written after the text of the standard
//! (Kubernetes 1.36): baseline first, then what restricted adds; and our own hardening on top.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::items_after_statements,
    clippy::too_many_lines,
    reason = "tests fail by panicking and read files"
)]

mod kit;

use kit::render::{Rendered, all};
use serde_json::{Value, json};

/// Cases that weaken the Pod on purpose, to render what was asked for.
const OPT_OUT: [&str; 1] = ["security-weakened"];

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|k| list(&pod[k]))
}

/// Returns what the `restricted` standard refuses about a Pod.
fn violations(pod: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut deny = |bad: bool, what: String| {
        if bad {
            found.push(what);
        }
    };
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        deny(pod[field] == true, field.to_owned());
    }
    let context = &pod["securityContext"];
    for sysctl in list(&context["sysctls"]) {
        deny(true, format!("sysctl {sysctl}"));
    }
    const VOLUMES: [&str; 9] = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
        "image",
    ];
    for volume in list(&pod["volumes"]) {
        let kinds = volume.as_object().unwrap().keys().filter(|key| *key != "name");
        for kind in kinds {
            deny(!VOLUMES.contains(&kind.as_str()), format!("volume of kind {kind}"));
        }
    }
    let seccomp = |context: &Value| context["seccompProfile"]["type"].as_str().map(str::to_owned);
    let good = |kind: Option<&str>| matches!(kind, Some("RuntimeDefault" | "Localhost"));
    for container in containers(pod) {
        let name = container["name"].as_str().unwrap();
        let own = &container["securityContext"];
        deny(own["privileged"] == true, format!("{name} is privileged"));
        deny(own["allowPrivilegeEscalation"] != false, format!("{name} may escalate"));
        let dropped = list(&own["capabilities"]["drop"]).any(|c| c == "ALL");
        deny(!dropped, format!("{name} does not drop ALL"));
        let added = list(&own["capabilities"]["add"]).any(|c| c != "NET_BIND_SERVICE");
        deny(added, format!("{name} adds capabilities"));
        let root = own["runAsNonRoot"].as_bool().or(context["runAsNonRoot"].as_bool());
        deny(root != Some(true), format!("{name} may run as root"));
        let user = own["runAsUser"].as_i64().or(context["runAsUser"].as_i64());
        deny(user == Some(0), format!("{name} runs as user 0"));
        let kind = seccomp(own).or(seccomp(context));
        deny(!good(kind.as_deref()), format!("{name} has no seccomp profile"));
        let mount = own["procMount"].as_str();
        deny(!matches!(mount, None | Some("Default")), format!("{name} unmasks /proc"));
        for port in list(&container["ports"]) {
            deny(port["hostPort"].as_i64().unwrap_or(0) != 0, format!("{name} has a host port"));
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            deny(container[probe]["httpGet"]["host"].is_string(), format!("{name} probes a host"));
        }
        deny(!own["seLinuxOptions"].is_null(), format!("{name} sets SELinux options"));
        deny(own["appArmorProfile"]["type"] == "Unconfined", format!("{name} leaves AppArmor"));
    }
    found
}

fn pods(check: impl Fn(&Rendered, &Value)) {
    all().iter().filter(|r| !OPT_OUT.contains(&r.case.as_str())).for_each(|r| check(r, r.pod()));
}

#[test]
fn every_pod_passes_restricted() {
    pods(|r, pod| assert_eq!(violations(pod), [""; 0], "{}", r.case));
}

#[test]
fn the_checker_finds_each_violation_that_is_planted() {
    let pod = all().remove(0).pod().clone();
    assert_eq!(violations(&pod), [""; 0]);
    for (pointer, value) in [
        ("/hostNetwork", json!(true)),
        ("/securityContext/sysctls", json!([{"name": "a", "value": "b"}])),
        ("/volumes/0", json!({"name": "x", "hostPath": {"path": "/"}})),
        ("/containers/0/securityContext/privileged", json!(true)),
        ("/containers/0/securityContext/allowPrivilegeEscalation", json!(true)),
        ("/initContainers/0/securityContext/capabilities", json!({})),
        ("/containers/0/securityContext/capabilities/add", json!(["SYS_ADMIN"])),
        ("/containers/0/securityContext/runAsUser", json!(0)),
        ("/containers/0/securityContext/runAsNonRoot", json!(false)),
        ("/containers/0/securityContext/seccompProfile/type", json!("Unconfined")),
        ("/containers/0/ports/0/hostPort", json!(80)),
        ("/containers/0/securityContext/procMount", json!("Unmasked")),
    ] {
        let mut bad = pod.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = bad.pointer_mut(parent).unwrap();
        match parent {
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            parent => parent[key] = value,
        }
        assert_ne!(violations(&bad), [""; 0], "{pointer}");
    }
}

#[test]
fn every_container_is_hardened_beyond_the_standard() {
    pods(|r, pod| {
        assert_eq!(pod["automountServiceAccountToken"], false, "{}", r.case);
        assert_eq!(pod["enableServiceLinks"], false, "{}", r.case);
        assert!(pod["securityContext"]["fsGroup"].is_i64(), "{}", r.case);
        for container in containers(pod) {
            let at = format!("{}: {}", r.case, container["name"]);
            let writable = container["name"] == "writable";
            let read_only = &container["securityContext"]["readOnlyRootFilesystem"];
            assert_eq!(*read_only, !writable, "{at}");
            for kind in ["requests", "limits"] {
                for name in ["cpu", "memory"] {
                    assert!(container["resources"][kind][name].is_string(), "{at} {kind} {name}");
                }
            }
        }
    });
}
