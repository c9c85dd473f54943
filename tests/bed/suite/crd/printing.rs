//! What kubectl shows of instances and of the CRD.

use serde_json::json;

use super::server::{Namespace, done, fresh, install};
use crate::kit;

/// Writes the last column, which is an age and differs from run to run.
fn without_ages(table: &str) -> String {
    let mut lines = table.lines();
    let head = lines.next().unwrap();
    let rows = lines.map(|line| {
        let (rest, age) = line.rsplit_once(' ').unwrap();
        assert!(age.starts_with(|c: char| c.is_ascii_digit()), "{line}");
        format!("{rest} <age>\n")
    });
    format!("{head}\n{}", rows.collect::<String>())
}

#[test]
fn kubectl_lists_instances_with_what_matters() {
    install();
    let namespace = Namespace::new("crd-prints");
    for (name, tag, phase, ready, reason) in [
        ("my-agent", "2026.9.6", "Running", "True", "PodReady"),
        ("support-agent", "2026.9.4", "Provisioning", "False", "PodNotReady"),
    ] {
        let instance = json!({
            "apiVersion": "openclaw.rocks/v1alpha1",
            "kind": "OpenClawInstance",
            "metadata": {"name": name, "namespace": namespace.0},
            "spec": {"image": {"tag": tag}},
        });
        done(&["create", "-f", "-"], &instance.to_string());
        let status = json!({"status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": ready, "reason": reason, "message": "",
                            "lastTransitionTime": "2026-01-01T00:00:00Z"}],
            "gatewayEndpoint": format!("{name}.{}.svc:18789", namespace.0),
            "autoUpdate": {"currentVersion": tag},
        }});
        let (object, patch) = (format!("openclawinstance/{name}"), status.to_string());
        let args = [
            "-n",
            namespace.0,
            "patch",
            &object,
            "--subresource=status",
            "--type=merge",
            "-p",
            &patch,
        ];
        done(&args, "");
    }
    // Before a controller has looked at it.
    let unseen =
        "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {name: fresh}\n";
    done(&["-n", namespace.0, "create", "-f", "-"], unseen);
    let mut shown = String::new();
    for args in [&["get", "openclawinstances"][..], &["get", "oci", "-o", "wide"]] {
        let table = fresh(&[&["-n", namespace.0], args].concat());
        shown.push_str(&format!("$ kubectl {}\n{}\n", args.join(" "), without_ages(&table)));
    }
    kit::golden("tests/bed/golden/get.txt", &shown);
    for category in ["all", "openclaw"] {
        let names = fresh(&["-n", namespace.0, "get", category, "-o", "name"]);
        assert!(
            names.contains("openclawinstance.openclaw.rocks/my-agent\n"),
            "{category}: {names}"
        );
    }
}

#[test]
fn kubectl_explains_the_fields() {
    install();
    let mut shown = String::new();
    for field in [
        "",
        ".spec",
        ".spec.storage",
        ".spec.storage.persistence",
        ".spec.config",
        ".spec.autoUpdate",
        ".status",
    ] {
        let subject = format!("openclawinstances{field}");
        let text = done(&["explain", &subject], "");
        let lines: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        shown.push_str(&format!("$ kubectl explain {subject}\n{}\n\n", lines.trim_end()));
    }
    assert!(!shown.contains("<no description>"), "{shown}");
    kit::golden("tests/bed/golden/explain.txt", &shown);
}
