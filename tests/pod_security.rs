//! Every rendered Pod passes Pod Security `restricted`, and our own hardening on top.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and read files"
)]

mod kit;

use kit::render::{Rendered, all};
use kit::restricted::{containers, list, violations};
use openclaw::validate::grammar::quantity;
use serde_json::{Value, json};

/// Cases that weaken the Pod on purpose, with exactly what `restricted` then refuses.
const OPT_OUTS: [(&str, &[&str]); 2] = [
    (
        "security-weakened",
        &[
            "openclaw: privilege escalation",
            "openclaw: not ALL dropped",
            "openclaw: may run as root",
        ],
    ),
    (
        "guests-weakened",
        &[
            "volume hostPath",
            "chown: user 0",
            "chown: not ALL dropped",
            "chown: may run as root",
            "tunnel: privileged",
            "tunnel: privilege escalation",
            "tunnel: capabilities",
        ],
    ),
];

/// Containers of cases that ask for a writable root.
const WRITABLE: [&str; 2] = ["guests/writable", "security-weakened/openclaw"];

fn template(rendered: &Rendered) -> &Value {
    &rendered.object("StatefulSet").unwrap()["spec"]["template"]
}

#[test]
fn every_pod_passes_restricted_but_for_what_was_asked_for() {
    let all = all();
    for (case, _) in OPT_OUTS {
        assert!(all.iter().any(|r| r.case == case), "{case}");
    }
    for r in &all {
        let expected = OPT_OUTS.iter().find(|(case, _)| *case == r.case).map_or(&[][..], |o| o.1);
        assert_eq!(violations(template(r)), expected, "{}", r.case);
    }
}

#[test]
fn the_checker_finds_each_violation_that_is_planted() {
    let good = template(&all().remove(0)).clone();
    assert_eq!(violations(&good), [""; 0]);
    let pod = [
        json!({"hostNetwork": true}),
        json!({"hostPID": true}),
        json!({"hostIPC": true}),
        json!({"volumes": [{"name": "x", "hostPath": {"path": "/"}}]}),
        json!({"volumes": [{"name": "x", "nfs": {"server": "s", "path": "/"}}]}),
        json!({"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}),
    ];
    let contexts = [
        json!({"windowsOptions": {"hostProcess": true}}),
        json!({"runAsUser": 0}),
        json!({"seccompProfile": {"type": "Unconfined"}}),
        json!({"appArmorProfile": {"type": "Unconfined"}}),
        json!({"seLinuxOptions": {"type": "spc_t"}}),
        json!({"seLinuxOptions": {"user": "system_u"}}),
        json!({"seLinuxOptions": {"role": "system_r"}}),
    ];
    let own = [
        json!({"privileged": true}),
        json!({"allowPrivilegeEscalation": true}),
        json!({"allowPrivilegeEscalation": null}),
        json!({"capabilities": {"drop": []}}),
        json!({"capabilities": {"drop": ["KILL"]}}),
        json!({"capabilities": {"add": ["SYS_ADMIN"]}}),
        json!({"runAsNonRoot": false}),
        json!({"procMount": "Unmasked"}),
    ];
    let fields = [
        json!({"ports": [{"containerPort": 80, "hostPort": 80}]}),
        json!({"livenessProbe": {"httpGet": {"host": "10.0.0.1"}}}),
        json!({"startupProbe": {"tcpSocket": {"host": "10.0.0.1"}}}),
        json!({"lifecycle": {"preStop": {"httpGet": {"host": "10.0.0.1"}}}}),
    ];
    let in_pod = pod.into_iter().chain(contexts.clone().map(|c| json!({"securityContext": c})));
    for bad in in_pod {
        assert_ne!(violations(&planted(&good, "", &bad)), [""; 0], "{bad}");
    }
    let in_container =
        contexts.into_iter().chain(own).map(|c| json!({"securityContext": c})).chain(fields);
    for bad in in_container {
        for kind in ["initContainers", "containers", "ephemeralContainers"] {
            assert_eq!(violations(&planted(&good, kind, &bad)).len(), 1, "{kind} {bad}");
        }
    }
    let mut bad = good;
    let key = "container.apparmor.security.beta.kubernetes.io/openclaw";
    bad["metadata"]["annotations"][key] = json!("unconfined");
    assert_eq!(violations(&bad).len(), 1);
    bad["spec"]["securityContext"].as_object_mut().unwrap().remove("seccompProfile");
    bad["spec"]["containers"][0]["securityContext"]["seccompProfile"] = Value::Null;
    assert_eq!(violations(&bad).len(), 2);
}

/// The Pod with `change` merged into it, or into a container of `kind`.
fn planted(good: &Value, kind: &str, change: &Value) -> Value {
    let mut bad = good.clone();
    if kind.is_empty() {
        merge(&mut bad["spec"], change);
    } else {
        let mut container = good["spec"]["containers"][0].clone();
        container["name"] = json!("planted");
        merge(&mut container, change);
        if bad["spec"].get(kind).is_none() {
            bad["spec"][kind] = json!([]);
        }
        bad["spec"][kind].as_array_mut().unwrap().push(container);
    }
    bad
}

fn merge(value: &mut Value, change: &Value) {
    match change {
        Value::Object(entries) if value.is_object() => {
            entries.iter().for_each(|(key, child)| merge(&mut value[key], child));
        }
        _ => *value = change.clone(),
    }
}

#[test]
fn every_container_is_hardened_beyond_the_standard() {
    for r in &all() {
        let pod = r.pod();
        assert_eq!(pod["automountServiceAccountToken"], false, "{}", r.case);
        assert_eq!(pod["enableServiceLinks"], false, "{}", r.case);
        assert!(pod["securityContext"]["fsGroup"].is_i64(), "{}", r.case);
        assert_ne!(pod["shareProcessNamespace"], true, "{}", r.case);
        for container in containers(pod) {
            let at = format!("{}/{}", r.case, container["name"].as_str().unwrap());
            let read_only = &container["securityContext"]["readOnlyRootFilesystem"];
            assert_eq!(*read_only, !WRITABLE.contains(&at.as_str()), "{at}");
            for kind in ["requests", "limits"] {
                for name in ["cpu", "memory"] {
                    assert!(container["resources"][kind][name].is_string(), "{at} {kind} {name}");
                }
            }
            for name in ["cpu", "memory"] {
                let [request, limit] = ["requests", "limits"]
                    .map(|kind| quantity(container["resources"][kind][name].as_str().unwrap()));
                assert!(request.unwrap() <= limit.unwrap(), "{at} {name}");
            }
        }
    }
}

#[test]
fn the_agents_own_programs_never_stand_before_the_images() {
    for r in &all() {
        for name in ["init-state", "init-restore", "init-config"] {
            let Some(container) = containers(r.pod()).find(|c| c["name"] == name) else { continue };
            let is_path = |env: &&Value| env["name"] == "PATH";
            assert_eq!(list(&container["env"]).find(is_path), None, "{}: {name}", r.case);
        }
        for container in containers(r.pod()).filter(|c| c["name"] != "init-restore") {
            let sources = list(&container["envFrom"]).map(|s| &s["secretRef"]["name"]);
            let bucket = sources.filter(|name| *name == "b2-backup-credentials").count();
            assert_eq!(bucket, 0, "{}: {}", r.case, container["name"]);
        }
    }
}
