//! Pod Security `restricted`, written after the text of the standard (Kubernetes 1.36): the controls
//! of baseline first, then what restricted adds. Where both speak of a field, the stricter counts.

use serde_json::Value;

const SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

const VOLUMES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

const SELINUX_TYPES: [&str; 5] =
    ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Every container of a Pod, whatever its kind.
pub fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(|k| list(&pod[k]))
}

/// Returns what the standard refuses about a Pod template.
pub fn violations(template: &Value) -> Vec<String> {
    let pod = &template["spec"];
    let mut found = Vec::new();
    for (key, value) in template["metadata"]["annotations"].as_object().into_iter().flatten() {
        let profile = value.as_str().unwrap_or_default();
        let allowed = profile == "runtime/default" || profile.starts_with("localhost/");
        if key.starts_with("container.apparmor.security.beta.kubernetes.io/") && !allowed {
            found.push(format!("annotation {key}"));
        }
    }
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        deny(&mut found, pod[field] == true, field);
    }
    for volume in list(&pod["volumes"]) {
        for kind in volume.as_object().unwrap().keys().filter(|key| *key != "name") {
            deny(&mut found, !VOLUMES.contains(&kind.as_str()), &format!("volume {kind}"));
        }
    }
    let context = &pod["securityContext"];
    for sysctl in list(&context["sysctls"]) {
        let name = sysctl["name"].as_str().unwrap_or_default();
        deny(&mut found, !SYSCTLS.contains(&name), &format!("sysctl {name}"));
    }
    shared(&mut found, "Pod", context);
    for each in containers(pod) {
        let name = each["name"].as_str().unwrap();
        shared(&mut found, name, &each["securityContext"]);
        container(&mut found, name, each, context);
    }
    found
}

fn deny(found: &mut Vec<String>, bad: bool, what: &str) {
    if bad {
        found.push(what.to_owned());
    }
}

/// What the standard says of the Pod's security context and of a container's alike.
fn shared(found: &mut Vec<String>, name: &str, context: &Value) {
    let mut deny = |bad, what: &str| deny(found, bad, &format!("{name}: {what}"));
    deny(context["windowsOptions"]["hostProcess"] == true, "host process");
    deny(context["runAsUser"] == 0, "user 0");
    let seccomp = context["seccompProfile"]["type"].as_str();
    deny(!matches!(seccomp, None | Some("RuntimeDefault" | "Localhost")), "seccomp profile");
    let apparmor = context["appArmorProfile"]["type"].as_str();
    deny(!matches!(apparmor, None | Some("RuntimeDefault" | "Localhost")), "AppArmor profile");
    let selinux = &context["seLinuxOptions"];
    let kind = selinux["type"].as_str().unwrap_or_default();
    deny(!SELINUX_TYPES.contains(&kind), "SELinux type");
    for field in ["user", "role"] {
        deny(!selinux[field].as_str().unwrap_or_default().is_empty(), "SELinux user or role");
    }
}

/// What the standard says of containers alone; `pod` is the Pod's security context.
fn container(found: &mut Vec<String>, name: &str, container: &Value, pod: &Value) {
    let mut deny = |bad, what: &str| deny(found, bad, &format!("{name}: {what}"));
    let own = &container["securityContext"];
    deny(own["privileged"] == true, "privileged");
    deny(own["allowPrivilegeEscalation"] != false, "privilege escalation");
    deny(!list(&own["capabilities"]["drop"]).any(|c| c == "ALL"), "not ALL dropped");
    deny(list(&own["capabilities"]["add"]).any(|c| c != "NET_BIND_SERVICE"), "capabilities");
    let root = own["runAsNonRoot"].as_bool().or(pod["runAsNonRoot"].as_bool());
    deny(root != Some(true), "may run as root");
    let seccomp = [own, pod].into_iter().find_map(|c| c["seccompProfile"]["type"].as_str());
    deny(seccomp.is_none(), "no seccomp profile");
    let mount = own["procMount"].as_str();
    deny(!matches!(mount, None | Some("" | "Default")), "proc mount");
    deny(list(&container["ports"]).any(|port| port["hostPort"].as_i64() > Some(0)), "host port");
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"].map(|k| &container[k]);
    let hooks = ["postStart", "preStop"].map(|k| &container["lifecycle"][k]);
    for handler in probes.into_iter().chain(hooks) {
        for kind in ["httpGet", "tcpSocket"] {
            let host = handler[kind]["host"].as_str().unwrap_or_default();
            deny(!host.is_empty(), "probe or hook of a host");
        }
    }
}
