//! Fields that are passed through and that the repository's Kubernetes does not know yet.

use serde_json::Value;

use crate::validate::grammar::kubernetes_version;
use crate::validate::{Findings, Subject, key_path};

/// A field and the first Kubernetes that honors it without a feature gate.
struct Newer {
    /// Path below `spec`: `[]` are the items of a list, `|` separates names.
    path: &'static str,
    /// Minor version of Kubernetes 1.
    since: u32,
    /// What comes of it in an older one.
    below: &'static str,
}

const fn newer(path: &'static str, since: u32, below: &'static str) -> Newer {
    Newer { path, since, below }
}

const REFUSED: &str = "it is dropped, and the Pod is refused for what is then missing";

/// What is rendered without being asked for needs none of these.
const NEWER: &[Newer] = &[
    newer("initContainers[].restartPolicy", 29, "the Pod waits until the container ends"),
    newer("sidecars[].restartPolicy", 35, "the Pod is refused"),
    newer("initContainers|sidecars[].restartPolicyRules", 35, "each exit is treated alike"),
    newer(
        "initContainers|sidecars[].securityContext.appArmorProfile",
        30,
        "the container runs under the default profile",
    ),
    newer("initContainers|sidecars[].lifecycle.preStop|postStart.sleep", 30, REFUSED),
    newer("initContainers|sidecars[].resizePolicy", 33, "it is dropped and shows as drift"),
    newer("env[].valueFrom.fileKeyRef", 35, REFUSED),
    newer("initContainers|sidecars[].env[].valueFrom.fileKeyRef", 35, REFUSED),
    newer("extraVolumeMounts[].recursiveReadOnly", 31, "mounts below it stay writable"),
    newer(
        "initContainers|sidecars[].volumeMounts[].recursiveReadOnly",
        31,
        "mounts below it stay writable",
    ),
    newer("extraVolumes|sidecarVolumes[].image", 35, REFUSED),
    newer(
        "extraVolumes|sidecarVolumes[].ephemeral.volumeClaimTemplate.spec.volumeAttributesClassName",
        34,
        "the volume has the parameters of its storage class alone",
    ),
    newer("extraVolumes|sidecarVolumes[].projected.sources[].clusterTrustBundle", 37, REFUSED),
    newer(
        "availability.affinity.podAffinity|podAntiAffinity.\
         requiredDuringSchedulingIgnoredDuringExecution[].matchLabelKeys|mismatchLabelKeys",
        31,
        "the term compares with Pods whatever these labels say",
    ),
    newer(
        "availability.affinity.podAffinity|podAntiAffinity.\
         preferredDuringSchedulingIgnoredDuringExecution[].podAffinityTerm.\
         matchLabelKeys|mismatchLabelKeys",
        31,
        "the term compares with Pods whatever these labels say",
    ),
];

/// Fields that the Kubernetes of openclaw.yaml would drop or refuse.
pub(in crate::validate) fn newer_fields(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let version = subject.settings.kubernetes_version.as_deref();
    let Some((major, minor)) = version.and_then(kubernetes_version) else { return };
    for Newer { path, since, below } in NEWER {
        if (major, minor) >= (1, *since) {
            continue;
        }
        let mut found = Vec::new();
        let segments: Vec<&str> = path.split('.').collect();
        used("spec", &subject.loaded.spec_value, &segments, &mut found);
        for path in found {
            findings.add_key(
                path,
                format!("needs Kubernetes 1.{since}, `kubernetesVersion` is {major}.{minor}: {below}"),
                Some("leave it out, or raise `kubernetesVersion` in openclaw.yaml when the cluster is newer"),
            );
        }
    }
}

/// Adds the paths below `value` that `segments` lead to.
fn used(path: &str, value: &Value, segments: &[&str], found: &mut Vec<String>) {
    let Some((segment, rest)) = segments.split_first() else {
        if !value.is_null() {
            found.push(path.to_owned());
        }
        return;
    };
    for name in segment.trim_end_matches("[]").split('|') {
        let Some(child) = value.get(name) else { continue };
        let path = key_path(path, name);
        if segment.ends_with("[]") {
            for (index, item) in child.as_array().into_iter().flatten().enumerate() {
                used(&format!("{path}[{index}]"), item, rest, found);
            }
        } else {
            used(&path, child, rest, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every path that the schema knows below `schema`, of those that `segments` may lead to.
    fn known(schema: &Value, segments: &[&str]) -> usize {
        let Some((segment, rest)) = segments.split_first() else { return 1 };
        let names = segment.trim_end_matches("[]").split('|');
        names
            .map(|name| {
                let child = &schema["properties"][name];
                let child = if segment.ends_with("[]") { &child["items"] } else { child };
                assert!(child.is_object(), "{segments:?}: no `{name}`");
                known(child, rest)
            })
            .sum()
    }

    #[test]
    fn every_path_of_the_table_is_one_of_the_schema() {
        let schema = crate::validate::admission::instance_schema();
        for row in NEWER {
            let segments: Vec<&str> = row.path.split('.').collect();
            assert!(known(&schema["properties"]["spec"], &segments) > 0);
        }
    }
}
