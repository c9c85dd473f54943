//! The same questions of objects as a cluster gives them back: Lists, Pods beside their workload,
//! and everything that the API server adds. The answers are those about the files.

use serde_json::{Value, json};

use crate::examples::objects;
use crate::kit::reach::questions::{answer, table};
use crate::kit::reach::{flat, world};

/// What `kubectl get -o json` adds.
fn read_back(mut object: Value) -> Value {
    let metadata = &mut object["metadata"];
    metadata["uid"] = json!("0b1e7a52-0000-4000-8000-000000000000");
    metadata["resourceVersion"] = json!("1");
    metadata["creationTimestamp"] = json!("2026-11-01T00:00:00Z");
    metadata["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = json!("{}");
    metadata["annotations"]["argocd.argoproj.io/tracking-id"] = json!("app:/Kind:namespace/name");
    metadata["managedFields"] = json!([{"manager": "kubectl", "operation": "Apply"}]);
    match object["kind"].as_str().unwrap() {
        "Service" => {
            object["spec"]["clusterIP"] = json!("10.96.0.20");
            object["spec"]["sessionAffinity"] = json!("None");
            object["status"] = json!({"loadBalancer": {}});
        }
        "StatefulSet" => {
            object["spec"]["replicas"] = json!(1);
            object["status"] = json!({"replicas": 1, "readyReplicas": 1});
        }
        "Ingress" => object["status"] = json!({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}),
        _ => {}
    }
    object
}

/// The Pod that a StatefulSet has started.
fn started(set: &Value) -> Value {
    let template = &set["spec"]["template"];
    let mut labels = template["metadata"]["labels"].clone();
    labels["controller-revision-hash"] = json!("x");
    labels["statefulset.kubernetes.io/pod-name"] = json!("x");
    let mut spec = template["spec"].clone();
    spec["nodeName"] = json!(world::NODES[0].0);
    let name = format!("{}-0", set["metadata"]["name"].as_str().unwrap());
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": set["metadata"]["namespace"], "labels": labels},
        "spec": spec,
        "status": {"podIP": "10.244.2.100", "podIPs": [{"ip": "10.244.2.100"}], "phase": "Running"},
    })
}

#[test]
fn objects_read_back_from_a_cluster_give_the_same_answers() {
    for (example, files) in objects() {
        let pods: Vec<Value> =
            files.iter().filter(|o| o["kind"] == "StatefulSet").map(started).collect();
        let namespaces = files.iter().map(|o| o["metadata"]["namespace"].clone());
        let namespaces = namespaces.filter(Value::is_string).map(|name| {
            let labels = json!({"kubernetes.io/metadata.name": name});
            json!({"kind": "Namespace", "metadata": {"name": name, "labels": labels}})
        });
        let items: Vec<Value> =
            files.iter().cloned().map(read_back).chain(pods).chain(namespaces).collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
        let other = json!({"apiVersion": "v1", "kind": "List", "items": [list]});
        assert_eq!(flat(vec![other.clone()]).len(), items.len());
        assert_eq!(table(&answer(vec![other])), table(&answer(files)), "{example}");
    }
}
