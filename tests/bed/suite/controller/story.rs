//! From an empty namespace to an agent that answers, told by what a user types.

use crate::bed::controller::{condition, installed};
use crate::bed::stack::SMALL;
use crate::bed::{Stack, ensure, eventually, kubectl, object};
use crate::secrets::decoded;
use crate::seen;

const VERSION: &str = "2026.9.6";
/// A Secret that nobody makes, and nobody waits for.
const SPEC: &str = "envFrom: [{secretRef: {name: extras, optional: true}}]";

#[test]
fn a_commit_becomes_an_agent_that_answers_with_a_token_that_nobody_made() {
    installed();
    let stack = Stack::bare("story");
    let namespace = stack.namespace.name.as_str();
    stack.instance(VERSION, &format!("{SMALL}\n{SPEC}"));
    let commit = stack.repository.push("Add the agent");
    stack.hand_to_argocd("applicationset.yaml");
    stack.synced(&commit, 180);
    let resource = "openclawinstance/agent";
    let wait = ["wait", "--for=condition=Ready", resource, "-n", namespace, "--timeout=600s"];
    kubectl(wait).unwrap();

    // What is printed is true.
    let endpoint = format!("agent.{namespace}.svc:18789");
    eventually("kubectl prints what runs", 60, || {
        let columns = kubectl(["get", "openclawinstance", "agent", "-n", namespace]).unwrap();
        let words: Vec<&str> = columns.lines().nth(1).unwrap().split_whitespace().collect();
        let is_true = words[..5] == ["agent", "Running", "True", VERSION, &endpoint];
        ensure(is_true, || columns.clone())
    });
    for kind in ["StatefulSetReady", "SecretsReady", "ConfigValid", "NetworkPolicyReady", "Synced"]
    {
        eventually(kind, 60, || {
            let instance = stack.namespace.object("openclawinstance", "agent").unwrap();
            let found = condition(&instance, kind);
            ensure(found.starts_with("True "), || found.clone())
        });
    }

    // The token opens the gateway, another one does not, and nobody else knows it.
    let secret = stack.namespace.object("secret", "agent-gateway-token").expect("the token");
    let token = decoded(&secret);
    assert!(token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(stack.invoke(Some(&token)).unwrap().status, 200);
    assert_eq!(stack.invoke(Some(&token.replace(&token[..4], "0000"))).unwrap().status, 401);
    let kinds = "all,configmaps,events,openclawinstances,networkpolicies";
    let all = kubectl(["get", kinds, "-n", namespace, "-o", "yaml"]).unwrap();
    assert!(!all.contains(&token), "the token is in an object that is no Secret");

    // The story is told once.
    let told = kubectl(["describe", resource, "-n", namespace]).unwrap();
    for reason in ["GatewayTokenCreated", "Running"] {
        assert_eq!(told.matches(&format!("  {reason} ")).count(), 1, "{told}");
    }

    // Argo CD reads the status: a StatefulSet of no Pods alone would count as healthy.
    argo_says(&stack, "Healthy");
    seen::as_kubectl_says(&stack);
    let mut watch = seen::Watch::start(namespace);
    watch.says("Running True");
    stack.instance(VERSION, &format!("{SMALL}\n{SPEC}\nsuspended: true"));
    stack.push_and_sync("Suspend the agent");
    argo_says(&stack, "Suspended");
    watch.says("Suspended");
    seen::as_kubectl_says(&stack);
    eventually("kubectl prints that it is suspended", 60, || {
        let columns = kubectl(["get", "openclawinstance", "agent", "-n", namespace]).unwrap();
        ensure(columns.contains("agent   Suspended "), || columns.clone())
    });
}

/// Waits for the health that Argo CD makes of the instance and of all that belongs to it.
#[track_caller]
fn argo_says(stack: &Stack, wanted: &str) {
    let application = format!("{}-agent", stack.namespace.name);
    eventually(&format!("Argo CD says {wanted}"), 180, || {
        let app = object("argocd", "application.argoproj.io", &application).unwrap();
        let health = &app["status"]["health"]["status"];
        ensure(health == wanted, || {
            let instance = stack.namespace.object("openclawinstance", "agent").unwrap();
            format!("{health} of {}, as {}", app["status"]["resources"], instance["status"])
        })
    });
}
