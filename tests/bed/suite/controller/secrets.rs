//! Secrets: named with the field that wants them while they are missing, made where nobody else
//! makes them, and never touched again. Most of it needs no Pod, so the instances are suspended.

use std::time::Instant;

use serde_json::{Value, json};

use crate::bed::controller::{HOME, condition, installed, says, wait_for};
use crate::bed::stack::{LIGHT, SMALL, TOKEN};
use crate::bed::{
    Namespace, Stack, ensure, eventually, figure, kubectl, kubectl_with, run, steadily,
};

const VERSION: &str = "2026.9.6";
const SECRETS: &str = "SecretsReady";

fn suspended(topic: &str, spec: &str) -> Stack {
    installed();
    let stack = Stack::bare(topic);
    stack.instance(VERSION, &format!("suspended: true\n{spec}"));
    stack
}

fn says_of_secrets(stack: &Stack, start: &str) -> Value {
    wait_for(&stack.namespace.name, &stack.name, SECRETS, start, 60)
}

fn token(stack: &Stack) -> Option<Value> {
    stack.namespace.object("secret", &format!("{}-gateway-token", stack.name))
}

/// The gateway's token as somebody with the right to read it does.
pub(crate) fn decoded(secret: &Value) -> String {
    let data = secret["data"]["token"].as_str().unwrap();
    run(std::process::Command::new("sh").args(["-c", "echo $0 | base64 -d", data])).unwrap()
}

/// Events of an instance, by reason.
fn events(stack: &Stack, reason: &str) -> Vec<Value> {
    let all = stack.namespace.objects("events.events.k8s.io");
    all.into_iter().filter(|event| event["reason"] == reason).collect()
}

/// Waits until nothing of a suspended instance has changed for 5 s: each change of what the
/// controller watches is a look, and a look makes the token that is missing.
#[track_caller]
fn at_rest(stack: &Stack) {
    let versions = || {
        let kinds = ["openclawinstance", "statefulset", "pvc", "service", "pdb", "networkpolicy"];
        kinds.map(|kind| {
            let all = stack.namespace.objects(kind).into_iter();
            all.map(|one| one["metadata"]["resourceVersion"].to_string()).collect::<String>()
        })
    };
    let mut last = (Instant::now(), versions());
    eventually("nothing changes", 60, || {
        let now = versions();
        if now != last.1 {
            last = (Instant::now(), now);
        }
        ensure(last.0.elapsed().as_secs() >= 5, || format!("{:?}", last.1))
    });
}

#[test]
fn a_missing_secret_is_named_with_the_field_that_wants_it_and_clears_when_it_is_made() {
    let spec = "envFrom:\n- secretRef: {name: keys}\n- secretRef: {name: perhaps, optional: true}\nenv:\n- name: EXTRA\n  valueFrom: {secretKeyRef: {name: extra, key: word}}\n";
    let stack = suspended("missing", spec);
    stack.apply();
    let wanted = "False SecretMissing Secret `extra` does not exist, wanted by `spec.env[0].valueFrom.secretKeyRef.name`; Secret `keys` does not exist, wanted by `spec.envFrom[0].secretRef.name`";
    let instance = says_of_secrets(&stack, "False SecretMissing");
    assert_eq!(condition(&instance, SECRETS), wanted);

    // A Secret without the key is another fault than none.
    stack.namespace.secret("extra", "other", "x");
    stack.namespace.secret("keys", "ANTHROPIC_API_KEY", "x");
    // Not at once: the two appear one after the other.
    let wanted = "False SecretMissing Secret `extra` has no key `word`, wanted by `spec.env[0].valueFrom.secretKeyRef.name`";
    says(&stack.namespace.name, &stack.name, "one key is missing", 60, |instance| {
        let found = condition(instance, SECRETS);
        ensure(found == wanted, || found.clone())
    });
    let started = Instant::now();
    kubectl([
        "patch",
        "secret",
        "extra",
        "-n",
        &stack.namespace.name,
        "-p",
        r#"{"stringData": {"word": "y"}}"#,
    ])
    .unwrap();
    says_of_secrets(&stack, "True SecretsFound");
    figure(&format!(
        "a condition clears {:.1} s after kubectl began to make the Secret",
        started.elapsed().as_secs_f64()
    ));
}

#[test]
fn a_lost_token_is_made_again_when_the_instance_changes_and_never_otherwise_touched() {
    let stack = suspended("lost", "");
    stack.apply();
    says_of_secrets(&stack, "True SecretsFound");
    let first = token(&stack).expect("the token");
    at_rest(&stack);
    kubectl(["delete", "secret", "agent-gateway-token", "-n", &stack.namespace.name]).unwrap();
    steadily("nobody asks for a Secret while nothing changes", 3, || {
        ensure(token(&stack).is_none(), || "a token".to_owned())
    });
    stack.instance(VERSION, "suspended: true\nresources: {requests: {cpu: 310m}}");
    stack.apply();
    let second = eventually("another token", 60, || token(&stack).ok_or("none".to_owned()));
    assert_ne!(first["data"]["token"], second["data"]["token"]);
    let told = eventually("two events", 30, || {
        let told = events(&stack, "GatewayTokenCreated");
        ensure(!told.is_empty(), || "none".to_owned())?;
        Ok(told)
    });
    assert!(told.iter().all(|event| event["regarding"]["name"] == "agent"), "{told:#?}");
    steadily("it stays", 3, || {
        ensure(token(&stack) == Some(second.clone()), || "another one".to_owned())
    });
}

#[test]
fn a_secret_of_somebody_else_is_refused_until_the_instance_names_it() {
    let stack = suspended("foreign", "");
    stack.namespace.secret("agent-gateway-token", "token", TOKEN);
    let before = token(&stack);
    stack.apply();
    let instance = says_of_secrets(&stack, "False TokenNotOurs");
    assert!(condition(&instance, SECRETS).contains("existingSecret"), "{instance:#}");
    assert_eq!(token(&stack), before);
    stack.instance(VERSION, "suspended: true\ngateway: {existingSecret: agent-gateway-token}");
    stack.apply();
    says_of_secrets(&stack, "True SecretsFound");
    assert_eq!(token(&stack), before);
}

#[test]
fn no_token_is_made_where_it_comes_from_somewhere_else() {
    let cases = [
        ("existing", "gateway: {existingSecret: own}"),
        ("config", "config: {raw: {gateway: {auth: {mode: token, token: \"${OWN}\"}}}}"),
        ("environment", "env: [{name: OPENCLAW_GATEWAY_TOKEN, value: 0123456789abcdef01234567}]"),
        ("password", "config: {raw: {gateway: {auth: {mode: password, password: \"${OWN}\"}}}}"),
    ];
    for (name, spec) in cases {
        let stack = suspended(name, &format!("{spec}\nenvFrom: [{{secretRef: {{name: own}}}}]"));
        stack.namespace.secret("own", "token", TOKEN);
        stack.apply();
        says(&stack.namespace.name, "agent", "is looked after", 60, |instance| {
            let found = condition(instance, SECRETS);
            ensure(found.starts_with("True SecretsFound"), || found.clone())
        });
        steadily(name, 2, || ensure(token(&stack).is_none(), || "a token".to_owned()));
    }
}

#[test]
fn without_its_role_an_instance_waits_and_gets_no_token() {
    let stack = suspended("unsynced", "");
    let name = &stack.namespace.name;
    let role = format!("{}/role-agent-controller.yaml", stack.folder());
    let role = stack.repository.path().join(role);
    let text = std::fs::read_to_string(&role).unwrap();
    std::fs::remove_file(&role).unwrap();
    stack.apply();
    let instance = wait_for(name, "agent", SECRETS, "Unknown NotSynced", 60);
    assert!(condition(&instance, SECRETS).contains("`agent-controller`"), "{instance:#}");
    assert_eq!(token(&stack), None);
    stack.namespace.apply(&text);
    wait_for(name, "agent", SECRETS, "True SecretsFound", 90);
    assert!(token(&stack).is_some());
}

#[test]
fn a_token_that_somebody_rotates_is_used_after_the_restart_that_the_status_asks_for() {
    installed();
    let stack = Stack::bare("rotate");
    stack.instance(LIGHT, SMALL);
    stack.apply_and_wait();
    let name = stack.namespace.name.clone();
    wait_for(&name, "agent", SECRETS, "True SecretsFound", 60);
    let patch = format!(r#"{{"stringData": {{"token": "{TOKEN}"}}}}"#);
    let secret = "agent-gateway-token";
    let old = decoded(&token(&stack).unwrap());
    kubectl(["patch", "secret", secret, "-n", &name, "-p", &patch]).unwrap();
    // Whatever changes next makes the Secrets be read again; this leaves the Pod alone.
    let spec = format!("{SMALL}\navailability: {{podDisruptionBudget: {{enabled: false}}}}");
    stack.instance(LIGHT, &spec);
    stack.apply();
    let instance = wait_for(&name, "agent", SECRETS, "True RestartNeeded", 60);
    assert!(condition(&instance, SECRETS).contains(secret), "{instance:#}");
    assert_eq!(stack.invoke(Some(&old)).unwrap().status, 200);
    kubectl(["delete", "pod", "agent-0", "-n", &name]).unwrap();
    stack.pod().ready(300);
    wait_for(&name, "agent", SECRETS, "True SecretsFound", 60);
    assert_eq!(stack.invoke(Some(TOKEN)).unwrap().status, 200);
    assert_eq!(stack.invoke(Some(&old)).unwrap().status, 401);
}

#[test]
fn the_account_can_make_a_token_and_no_other_secret() {
    installed();
    let namespace = Namespace::new("account");
    let account = format!("system:serviceaccount:{HOME}:openclaw-controller");
    let owner = json!([{
        "apiVersion": "openclaw.rocks/v1alpha1", "kind": "OpenClawInstance", "name": "x", "uid": "1",
    }]);
    let make = |secret: Value| {
        let mut object = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque"});
        let name = secret["name"].as_str().unwrap_or("a-gateway-token");
        let owners = if secret["is_free"] == true { json!([]) } else { owner.clone() };
        object["metadata"] = json!({
            "name": name,
            "namespace": namespace.name,
            "ownerReferences": owners,
            "annotations": secret["annotations"],
        });
        object["stringData"] = json!({"token": "x"});
        for (key, value) in secret.as_object().unwrap() {
            if ["type", "stringData"].contains(&key.as_str()) {
                object[key] = value.clone();
            }
        }
        kubectl_with(["create", "--dry-run=server", "--as", &account], &object.to_string())
    };
    assert!(make(json!({})).is_ok(), "{:?}", make(json!({})));
    let stolen = json!({
        "type": "kubernetes.io/service-account-token",
        "annotations": {"kubernetes.io/service-account.name": "default"},
    });
    for (secret, word) in [
        (stolen, "another type than Opaque"),
        (json!({"name": "keys"}), "another name than `N-gateway-token`"),
        (json!({"is_free": true}), "belongs to no OpenClawInstance"),
        (json!({"stringData": {"password": "x"}}), "with other keys than its name says"),
    ] {
        let refused = make(secret.clone()).expect_err(&secret.to_string());
        assert!(refused.contains(word), "{secret}: {refused}");
    }
}
