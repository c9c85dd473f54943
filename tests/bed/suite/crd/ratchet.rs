//! An instance that was stored before a rule existed can still be labelled and can go.

use serde_json::{Value, json};

use super::server::{Namespace, Variant, done, established, refused, wait};

/// Takes every rule out of a CRD.
fn without_rules(node: &mut Value) {
    match node {
        Value::Object(map) => {
            map.remove("x-kubernetes-validations");
            map.values_mut().for_each(without_rules);
        }
        Value::Array(list) => list.iter_mut().for_each(without_rules),
        _ => {}
    }
}

/// An instance that a rule of today refuses.
struct Stored {
    name: &'static str,
    /// The same for whoever comes newly.
    anew: &'static str,
    spec: Value,
    code: &'static str,
    /// A change that does not put it right, and is refused for that.
    change: Option<Value>,
}

fn stored() -> [Stored; 5] {
    let suspended = || Some(json!({"spec": {"suspended": true}}));
    [
        Stored {
            name: "at-field",
            anew: "new-at-field",
            spec: json!({"config": {"format": "json5"}}),
            code: "OC0108",
            change: Some(json!({"spec": {"config": {"mergeMode": "overwrite"}}})),
        },
        Stored {
            name: "at-spec",
            anew: "new-at-spec",
            spec: json!({"env": [{"name": "HOME", "value": "/"}]}),
            code: "OC0113",
            change: suspended(),
        },
        Stored {
            name: "a-name-that-the-go-operator-took-and-that-is-too-long",
            anew: "a-name-that-the-go-operator-took-and-that-is-as-long",
            spec: json!({}),
            code: "OC0101",
            change: None,
        },
        Stored {
            name: "own-map",
            anew: "own-map-new",
            spec: json!({
                "config": {"configMapRef": {"name": "own-map-config"}},
                "workspace": {"configMapRef": {"name": "own-map-new-config"}},
            }),
            code: "OC0139",
            change: suspended(),
        },
        Stored {
            name: "in-raw",
            anew: "new-in-raw",
            spec: json!({"config": {"raw": {"gateway": {"mode": "remote"}}}}),
            code: "OC0129",
            change: suspended(),
        },
    ]
}

fn document(variant: &Variant, name: &str, spec: &Value) -> String {
    let kind = variant.word[..1].to_uppercase() + &variant.word[1..];
    let metadata = json!({"name": name, "finalizers": ["openclaw.rocks/test"]});
    json!({
        "apiVersion": "openclaw.rocks/v1alpha1",
        "kind": format!("OpenClaw{kind}"),
        "metadata": metadata,
        "spec": spec,
    })
    .to_string()
}

#[test]
fn a_stored_instance_that_is_invalid_today_loses_its_finalizer_and_goes() {
    let variant = Variant::new("past");
    let namespace = Namespace::new("crd-past");
    let resource = variant.resource();
    let kubectl = |args: &[&str], stdin: &str| {
        let args: Vec<&str> = ["-n", namespace.0].into_iter().chain(args.iter().copied()).collect();
        done(&args, stdin)
    };
    let mut past: Value = serde_yaml::from_str(&variant.crd).unwrap();
    without_rules(&mut past);
    kubectl(&["apply", "--server-side", "-f", "-"], &past.to_string());
    established(&resource);
    for Stored { name, spec, .. } in stored() {
        kubectl(&["create", "-f", "-"], &document(&variant, name, &spec));
    }
    for text in [&variant.crd, &variant.policies] {
        kubectl(&["apply", "--server-side", "-f", "-"], text);
    }
    for Stored { name, anew, spec, code, change } in stored() {
        let new = document(&variant, anew, &spec);
        wait("the rules of today", || {
            let args = ["-n", namespace.0, "create", "--dry-run=server", "-f", "-"];
            let output = super::server::kubectl(&args, &new);
            (output.code == Some(1))
                .then(|| assert!(output.stderr.contains(code), "{}", output.stderr))
        });
        let object = format!("{resource}/{name}");
        kubectl(&["label", &object, "team=a"], "");
        if let Some(change) = change {
            let patch = change.to_string();
            let args = ["-n", namespace.0, "patch", &object, "--type=merge", "-p", &patch];
            let said = refused(&args, "");
            assert!(said.contains(code), "{code}: {said}");
        }
        kubectl(&["delete", &object, "--wait=false"], "");
        let json = kubectl(&["get", &object, "-o", "json"], "");
        assert!(json.contains("\"deletionTimestamp\""), "{json}");
        let mut last = json!({"metadata": {"finalizers": null}});
        if name == "in-raw" {
            // A policy holds nothing back that is being deleted, whatever else changes.
            last["spec"] = json!({"suspended": true});
        }
        kubectl(&["patch", &object, "--type=merge", "-p", &last.to_string()], "");
    }
    assert_eq!(kubectl(&["get", &resource, "-o", "name"], ""), "");
}
