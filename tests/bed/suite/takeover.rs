//! Instances as the Go operator left them in a cluster: the runbook of README.md, command by
//! command, takes their objects over, and the Pod keeps its data and restarts once.

use serde_json::{Value, json};

use super::removal::everything;
use crate::bed::readme::follow;
use crate::bed::stack::TOKEN;
use crate::bed::{Stack, ensure, eventually, kubectl, kubectl_with};

const INSTANCE: &str = include_str!("../takeover/instance.yaml");
const OBJECTS: &str = include_str!("../takeover/objects.yaml");
const KEPT: &str = "/home/openclaw/.openclaw/workspace/kept";
/// What the runbook begins with: the claims that are at risk.
const AT_RISK: &str = "@.metadata.ownerReferences[0].kind==\"OpenClawInstance\"";
const OPERATOR: &str =
    "app.kubernetes.io/managed-by=openclaw-operator,app.kubernetes.io/instance=agent";

/// Fills the objects of the Go operator for an instance of that UID.
fn objects(namespace: &str, uid: &str, replicas: u32) -> String {
    let selector =
        json!({"app.kubernetes.io/name": "openclaw", "app.kubernetes.io/instance": "agent"});
    let mut labels = selector.clone();
    labels["app.kubernetes.io/managed-by"] = json!("openclaw-operator");
    let metadata = |name: &str| {
        json!({
            "name": name,
            "namespace": namespace,
            "labels": labels,
            "annotations": if name == "agent-data" {
                json!({"openclaw.rocks/backup-enabled": "true"})
            } else {
                json!({})
            },
            "ownerReferences": [{
                "apiVersion": "openclaw.rocks/v1alpha1",
                "kind": "OpenClawInstance",
                "name": "agent",
                "uid": uid,
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        })
        .to_string()
    };
    let hard = json!({
        "allowPrivilegeEscalation": false,
        "readOnlyRootFilesystem": true,
        "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]},
    });
    let mut text = OBJECTS
        .replace("@NAMESPACE@", namespace)
        .replace("@TOKEN@", TOKEN)
        .replace("@REPLICAS@", &replicas.to_string())
        .replace("@SELECTOR@", &selector.to_string())
        .replace("@LABELS@", &labels.to_string())
        .replace("@HARD@", &hard.to_string());
    while let Some((before, after)) = text.split_once("@METADATA ") {
        let (name, after) = after.split_once('@').unwrap();
        text = format!("{before}{}{after}", metadata(name));
    }
    text
}

/// A namespace as the Go operator leaves it, with a repository that has nothing rendered yet.
fn left_by_the_operator(topic: &str, replicas: u32) -> Stack {
    let stack = Stack::new(topic);
    let namespace = stack.namespace.name.clone();
    // The operator's Secret comes with the rest.
    kubectl(["delete", "secret", "agent-gateway-token", "-n", &namespace]).unwrap();
    let manager = "--field-manager=manager";
    kubectl_with(["create", manager], &INSTANCE.replace("@NAMESPACE@", &namespace)).unwrap();
    let live = stack.namespace.object("openclawinstance", "agent").unwrap();
    let uid = live["metadata"]["uid"].as_str().unwrap();
    kubectl_with(["create", manager], &objects(&namespace, uid, replicas)).unwrap();
    // There is none to stop, but the runbook's command must find one.
    let operator = "apiVersion: v1\nkind: Namespace\nmetadata: {name: openclaw-operator-system}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: openclaw-operator, namespace: openclaw-operator-system}\nspec:\n  selector: {matchLabels: {app: operator}}\n  template:\n    metadata: {labels: {app: operator}}\n    spec: {containers: [{name: manager, image: \"operator:none\"}]}\n  replicas: 0\n";
    kubectl_with(["apply", "--server-side", "--force-conflicts"], operator).unwrap();
    stack
}

/// Step 2 of the runbook: imports and renders.
fn import(stack: &Stack) {
    let path = stack.repository.path().join("openclaw.yaml");
    let settings = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{settings}cluster: {{controller: none}}\n")).unwrap();
    follow("openclaw import -n agents", stack).unwrap();
    let claim = stack.namespace.object("pvc", "agent-data").unwrap();
    let class = claim["spec"]["storageClassName"].as_str().unwrap();
    let written = std::fs::read_to_string(stack.repository.path().join("instances/agent.yaml"));
    let expected = format!(
        "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: agent\n  namespace: {}\nspec:\n  config:\n    raw:\n      session:\n        scope: per-sender\n  gateway:\n    existingSecret: agent-gateway-token\n  image:\n    tag: \"2026.9.6\"\n  resources:\n    requests:\n      cpu: 20m\n      memory: 128Mi\n  storage:\n    persistence:\n      accessModes:\n      - ReadWriteOnce\n      size: 5Gi\n      storageClass: {class}\n",
        stack.namespace.name
    );
    assert_eq!(written.unwrap(), expected);
    stack.render();
}

/// What is drawn of the agent that the Go operator runs.
fn is_drawn(stack: &Stack) {
    let drawn = follow("openclaw tree -n agents my-agent", stack).unwrap();
    let lines: Vec<String> =
        drawn.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    // A controller of ours may have looked at it, and then has a word for it.
    let root = format!("OpenClawInstance {}/agent ", stack.namespace.name);
    assert!(lines[0].starts_with(&root), "{drawn}");
    for line in [
        "├── StatefulSet agent ready",
        "│ └── Pod agent-0 ready",
        "│ ├── init container init-plugin-runtime-deps done",
        "│ ├── container openclaw ready",
        "├── PersistentVolumeClaim agent-data bound",
        "├── ConfigMap agent-config present",
        "├── Secret agent-gateway-token present",
        "└── NetworkPolicy agent present",
    ] {
        assert!(lines.contains(&line.to_owned()), "{line}\n{drawn}");
    }
    assert!(!drawn.contains(TOKEN), "{drawn}");
}

fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap()
}

fn cron(stack: &Stack, arguments: &str) -> String {
    let command = format!("node openclaw.mjs cron {arguments} --token \"$OPENCLAW_GATEWAY_TOKEN\"");
    eventually("the application does as it is told", 120, || {
        stack.pod().exec("openclaw", ["sh", "-c", &command])
    })
}

/// How often the Pod was made, by what the cluster wrote down.
fn times_made(stack: &Stack) -> u64 {
    let events = stack.namespace.objects("events");
    let made = events.iter().filter(|event| {
        event["reason"] == "SuccessfulCreate"
            && event["message"].as_str().is_some_and(|text| text.contains("Pod agent-0"))
    });
    made.map(|event| event["count"].as_u64().unwrap_or(1)).sum()
}

/// Applied straight over them, ours would be merged into the operator's objects.
fn a_merge_would_keep_what_contradicts(stack: &Stack) {
    let file = stack.repository.path().join(stack.folder()).join("statefulset-agent.yaml");
    let file = file.to_str().unwrap();
    let over = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-o", "json"];
    let merged = kubectl([over[0], over[1], over[2], over[3], over[4], over[5], "-f", file]);
    // No field that cannot be changed clashes: it is refused for nothing.
    let merged: Value = serde_json::from_str(&merged.unwrap()).unwrap();
    let pod = &merged["spec"]["template"]["spec"];
    let names = |list: &str| -> Vec<String> {
        let each = pod[list].as_array().unwrap().iter();
        each.map(|container| container["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names("containers").contains(&"gateway-proxy".to_owned()), "{pod}");
    assert!(names("initContainers").contains(&"init-uv".to_owned()), "{pod}");
    let main = pod["containers"].as_array().unwrap().iter().find(|c| c["name"] == "openclaw");
    assert!(main.unwrap()["lifecycle"]["postStart"].is_object(), "{pod}");
}

/// Follows the runbook up to where ours is brought to the cluster by `bring`.
fn takes_over(topic: &str, bring: impl FnOnce(&Stack)) {
    let stack = left_by_the_operator(topic, 1);
    let namespace = stack.namespace.name.clone();
    eventually("the Pod exists", 60, || stack.pod().get());
    let before = stack.pod().ready(600);
    let script = format!("echo mine > {KEPT}");
    stack.pod().exec("openclaw", ["sh", "-c", &script]).unwrap();
    cron(&stack, "add --name probe --every 24h --message hello --session isolated");
    let claim = stack.namespace.object("pvc", "agent-data").unwrap();
    let service = stack.namespace.object("service", "agent").unwrap();
    assert!(follow(AT_RISK, &stack).unwrap().contains(&format!("{namespace}/agent-data\n")));

    is_drawn(&stack);
    import(&stack);
    a_merge_would_keep_what_contradicts(&stack);
    follow("scale deployment --all --replicas=0", &stack).unwrap();
    follow("delete openclawinstance my-agent --cascade=orphan", &stack).unwrap();
    eventually("nothing is at risk", 60, || {
        let listed = follow(AT_RISK, &stack)?;
        ensure(!listed.contains(&format!("{namespace}/")), || listed)
    });
    follow("horizontalpodautoscaler", &stack).unwrap();
    let between = stack.pod().get().unwrap();
    assert_eq!(uid(&between), uid(&before), "the Pod runs on");
    bring(&stack);
    stack.pod().replaced(uid(&before), 600);
    follow("delete configmap,service,poddisruptionbudget", &stack).unwrap();

    assert_eq!(times_made(&stack), 2, "one restart");
    assert_eq!(stack.pod().read(KEPT), "mine\n");
    let jobs = cron(&stack, "list");
    assert!(jobs.contains("probe"), "{jobs}");
    assert_eq!(stack.invoke(Some(TOKEN)).unwrap().status, 200);
    let after = stack.namespace.object("pvc", "agent-data").unwrap();
    assert_eq!(uid(&after), uid(&claim));
    assert_eq!(after["spec"]["volumeName"], claim["spec"]["volumeName"]);
    nothing_contradicts(&stack);
    let now = stack.namespace.object("service", "agent").unwrap();
    assert_eq!(now["spec"]["clusterIP"], service["spec"]["clusterIP"]);
    assert_eq!(stack.difference(), "");
}

/// What is left is ours, owned by nobody, and holds nothing of the operator's.
fn nothing_contradicts(stack: &Stack) {
    let mut left = everything(stack, OPERATOR);
    // The new set holds the revision before as its own history.
    left.retain(|object| !object.starts_with("controllerrevision.apps/"));
    assert_eq!(left, ["secret/agent-gateway-token"], "the Secret is the user's now");
    let kinds = "statefulsets,services,configmaps,secrets,serviceaccounts,roles,rolebindings,\
                 networkpolicies,poddisruptionbudgets,persistentvolumeclaims";
    for object in stack.namespace.objects(kinds) {
        let owners = &object["metadata"]["ownerReferences"];
        assert!(owners.is_null(), "{}: {owners}", object["metadata"]["name"]);
    }
    let pod = stack.pod().get().unwrap();
    let names = |list: &str| -> Vec<String> {
        let each = pod["spec"][list].as_array().unwrap().iter();
        each.map(|container| container["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("containers"), ["openclaw"]);
    assert_eq!(names("initContainers"), ["init-state", "init-config"]);
    assert!(pod["spec"]["containers"][0]["lifecycle"].is_null(), "{pod}");
    let config = stack.namespace.object("configmap", "agent-config").unwrap();
    assert!(!config.to_string().contains(TOKEN), "the token is out of the ConfigMap");
    let keys = config["data"].as_object().unwrap();
    assert!(!keys.contains_key("nginx.conf"), "{:?}", keys.keys());
    let service = stack.namespace.object("service", "agent").unwrap();
    let ports = service["spec"]["ports"].as_array().unwrap();
    let ports: Vec<&Value> = ports.iter().map(|port| &port["port"]).collect();
    assert_eq!(ports, [18789, 18793]);
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn what_the_go_operator_left_is_taken_over_by_kubectl_with_one_restart() {
    takes_over("takeover", |stack| {
        follow("kubectl apply --server-side --force-conflicts -R -f rendered/", stack).unwrap();
    });
}

#[test]
fn what_the_go_operator_left_is_taken_over_by_argo_cd_with_one_restart() {
    takes_over("adopted", |stack| {
        let commit = stack.repository.push("Take the agent over");
        stack.hand_to_argocd("applicationset.yaml");
        stack.synced(&commit, 120);
    });
}

#[test]
fn before_the_runbook_deleting_the_instance_destroys_the_volume_and_the_list_says_so() {
    let stack = left_by_the_operator("doomed", 0);
    let namespace = stack.namespace.name.clone();
    import(&stack);
    // Ours over theirs: the annotations that keep the claim from pruning are no help.
    let claim = stack.repository.path().join(stack.folder());
    let claim = claim.join("persistentvolumeclaim-agent-data.yaml");
    let claim = claim.to_str().unwrap();
    kubectl(["apply", "--server-side", "--force-conflicts", "-f", claim]).unwrap();
    let listed = follow(AT_RISK, &stack).unwrap();
    assert!(listed.contains(&format!("{namespace}/agent-data\n")), "{listed}");
    let none = r#"{"metadata":{"finalizers":null}}"#;
    let instance = ["openclawinstance", "agent", "-n", &namespace];
    let [kind, name, flag, value] = instance;
    kubectl(["patch", kind, name, flag, value, "--type=merge", "-p", none]).unwrap();
    kubectl(["delete", kind, name, flag, value]).unwrap();
    eventually("the claim is destroyed", 60, || {
        let found = stack.namespace.object("pvc", "agent-data");
        ensure(found.is_none(), || "it is there".to_owned())
    });
    eventually("and all the rest", 60, || {
        let found = everything(&stack, OPERATOR);
        ensure(found.is_empty(), || format!("{found:?}"))
    });
}
