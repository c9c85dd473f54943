//! Users' containers and volumes.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, Volume, VolumeMount};

use crate::names;
use crate::validate::grammar::{is_label, quantity};
use crate::validate::{Findings, Subject};

/// Names of containers: ours are taken, and no two are alike.
pub(in crate::validate) fn names_of(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    let mut seen = BTreeSet::new();
    for (index, container) in spec.init_containers.iter().enumerate() {
        let path = format!("spec.initContainers[{index}].name");
        name(&path, &container.name, &mut seen, findings);
    }
    for (index, container) in spec.sidecars.iter().enumerate() {
        let path = format!("spec.sidecars[{index}].name");
        name(&path, &container.name, &mut seen, findings);
    }
}

fn name<'a>(path: &str, name: &'a str, seen: &mut BTreeSet<&'a str>, findings: &mut Findings<'_>) {
    let ours = [names::CONTAINER_MAIN, names::CONTAINER_BROWSER, names::CONTAINER_COLLECTOR];
    if names::INIT_CONTAINERS.contains(&name) || ours.contains(&name) {
        findings.advise(
            path,
            format!("`{name}` is reserved for a container of ours"),
            "choose another name",
        );
    } else if !is_label(name, 63) {
        findings.add(
            path,
            format!("found `{name}`, allowed: at most 63 lower-case letters, digits and `-`"),
        );
    } else if !seen.insert(name) {
        findings.add(path, format!("`{name}` is the name of another container too"));
    }
}

/// No two entries of a list by name are alike: the API server refuses them.
pub(in crate::validate) fn duplicates(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    twice("spec.env", "name", spec.env.iter().map(|env| env.name.as_str()), findings);
    for (index, env) in spec.env.iter().enumerate() {
        if env.name.is_empty() || env.name.contains('=') {
            findings.add(
                format!("spec.env[{index}].name"),
                "found no usable name, allowed: printable characters but `=`",
            );
        }
    }
    let mut volumes: BTreeMap<&str, &str> = BTreeMap::new();
    for (list, path) in
        [(&spec.sidecar_volumes, "spec.sidecarVolumes"), (&spec.extra_volumes, "spec.extraVolumes")]
    {
        for (index, volume) in list.iter().enumerate() {
            volume_name(&format!("{path}[{index}].name"), volume, &mut volumes, findings);
        }
    }
    let mounts = spec.extra_volume_mounts.iter().map(|mount| mount.mount_path.as_str());
    twice("spec.extraVolumeMounts", "mountPath", mounts, findings);
}

fn twice<'a>(
    base: &str,
    key: &str,
    items: impl Iterator<Item = &'a str>,
    findings: &mut Findings<'_>,
) {
    let mut seen = BTreeSet::new();
    for (index, item) in items.enumerate() {
        if !seen.insert(item) {
            findings
                .add(format!("{base}[{index}].{key}"), format!("`{item}` is in this list already"));
        }
    }
}

fn volume_name<'a>(
    path: &str,
    volume: &'a Volume,
    seen: &mut BTreeMap<&'a str, &'a str>,
    findings: &mut Findings<'_>,
) {
    let name = volume.name.as_str();
    if names::VOLUMES.contains(&name) {
        findings.advise(
            path,
            format!("`{name}` is a volume of ours"),
            "mount that one, or choose another name",
        );
    } else if !is_label(name, 63) {
        findings.add(
            path,
            format!("found `{name}`, allowed: at most 63 lower-case letters, digits and `-`"),
        );
    } else if seen.insert(name, name).is_some() {
        findings.add(path, format!("`{name}` is the name of another volume too"));
    }
}

/// Mounts name a volume of the Pod and keep out of our paths.
pub(in crate::validate) fn mounts(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    let users = spec.sidecar_volumes.iter().chain(&spec.extra_volumes);
    let mut known: BTreeSet<&str> = users.map(|volume| volume.name.as_str()).collect();
    known.extend(names::VOLUMES);
    let check = |path: String, mount: &VolumeMount, findings: &mut Findings<'_>| {
        if !known.contains(mount.name.as_str()) {
            findings.advise(
                format!("{path}.name"),
                format!("`{}` is no volume of the Pod", mount.name),
                "add it to `spec.extraVolumes` or `spec.sidecarVolumes`",
            );
        }
        let escapes = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| text.split('/').any(|part| part == ".."))
        };
        if escapes(&mount.sub_path) || escapes(&mount.sub_path_expr) {
            findings
                .add(format!("{path}.subPath"), "found `..`, allowed: a path inside the volume");
        }
    };
    for (index, mount) in spec.extra_volume_mounts.iter().enumerate() {
        let path = format!("spec.extraVolumeMounts[{index}]");
        let taken = [names::STATE_DIR, names::CONFIG_PATH, "/tmp", names::MOUNT_CONFIG];
        if taken.contains(&mount.mount_path.trim_end_matches('/')) {
            findings.add(
                format!("{path}.mountPath"),
                format!("`{}` is mounted already", mount.mount_path),
            );
        }
        check(path, mount, findings);
    }
    for (list, base) in
        [(&spec.init_containers, "spec.initContainers"), (&spec.sidecars, "spec.sidecars")]
    {
        for (at, container) in list.iter().enumerate() {
            for (index, mount) in container.volume_mounts.iter().flatten().enumerate() {
                check(format!("{base}[{at}].volumeMounts[{index}]"), mount, findings);
            }
        }
    }
}

/// Quantities that Kubernetes would refuse, and requests above their limits.
pub(in crate::validate) fn quantities(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    for (base, resources) in
        [("spec.resources", &spec.resources), ("spec.chromium.resources", &spec.chromium.resources)]
    {
        let pairs = [
            ("cpu", &resources.requests.cpu, &resources.limits.cpu),
            ("memory", &resources.requests.memory, &resources.limits.memory),
        ];
        for (name, request, limit) in pairs {
            let least = measure(&format!("{base}.requests.{name}"), request, findings);
            let most = measure(&format!("{base}.limits.{name}"), limit, findings);
            if let (Some(least), Some(most)) = (least, most)
                && least > most
            {
                let written = limit.as_deref().unwrap_or_default();
                findings.add(
                    format!("{base}.requests.{name}"),
                    format!("found more than the limit, allowed: at most `{written}`"),
                );
            }
        }
    }
    let size = Some(spec.storage.persistence.size.clone());
    if measure("spec.storage.persistence.size", &size, findings) == Some(0) {
        findings.add("spec.storage.persistence.size", "found `0`, allowed: more");
    }
}

fn measure(path: &str, text: &Option<String>, findings: &mut Findings<'_>) -> Option<i128> {
    let text = text.as_deref()?;
    let value = quantity(text).filter(|value| *value >= 0);
    if value.is_none() {
        findings.advise(
            path,
            format!("found `{text}`, allowed: a quantity of Kubernetes"),
            "write it like `500m`, `2` or `4Gi`",
        );
    }
    value
}

/// What Pod Security `restricted` refuses in users' containers and volumes.
pub(in crate::validate) fn pod_security(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    let hint = "a namespace that enforces Pod Security `restricted` refuses the Pod";
    for (list, base) in
        [(&spec.init_containers, "spec.initContainers"), (&spec.sidecars, "spec.sidecars")]
    {
        for (index, container) in list.iter().enumerate() {
            for fault in weaknesses(container) {
                findings.advise(format!("{base}[{index}].securityContext"), fault, hint);
            }
        }
    }
    for (list, base) in
        [(&spec.sidecar_volumes, "spec.sidecarVolumes"), (&spec.extra_volumes, "spec.extraVolumes")]
    {
        for (index, volume) in list.iter().enumerate() {
            if volume.host_path.is_some() {
                findings.advise(
                    format!("{base}[{index}].hostPath"),
                    "a path of the node is mounted",
                    hint,
                );
            }
        }
    }
}

fn weaknesses(container: &Container) -> Vec<&'static str> {
    let Some(context) = &container.security_context else { return Vec::new() };
    let capabilities = context.capabilities.as_ref();
    let added = capabilities.and_then(|c| c.add.as_ref());
    let dropped = capabilities.and_then(|c| c.drop.as_ref());
    let faults = [
        (context.privileged == Some(true), "`privileged` is true"),
        (context.allow_privilege_escalation == Some(true), "`allowPrivilegeEscalation` is true"),
        (context.run_as_user == Some(0), "`runAsUser` is 0"),
        (context.run_as_non_root == Some(false), "`runAsNonRoot` is false"),
        (
            added.is_some_and(|list| list.iter().any(|name| name != "NET_BIND_SERVICE")),
            "capabilities beyond `NET_BIND_SERVICE` are added",
        ),
        (
            dropped.is_some_and(|list| !list.iter().any(|name| name == "ALL")),
            "`capabilities.drop` lacks `ALL`",
        ),
        (
            context.seccomp_profile.as_ref().is_some_and(|p| p.type_ == "Unconfined"),
            "`seccompProfile` is `Unconfined`",
        ),
    ];
    faults.into_iter().filter(|(is_weak, _)| *is_weak).map(|(_, text)| text).collect()
}

/// A tag of the browser moves.
pub(in crate::validate) fn browser_digest(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let chromium = &subject.spec.chromium;
    if chromium.enabled && chromium.image.digest.is_none() {
        findings.advise(
            "spec.chromium",
            "the browser's image is pinned by tag, not by digest",
            "add `image.digest`, which cannot move",
        );
    }
}
