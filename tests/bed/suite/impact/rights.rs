//! What the accounts of an agent may do. The API server is asked as each of them.

use super::agent::Agent;
use super::{Scene, play};
use crate::bed::{ensure, eventually, kubectl_command};

pub(super) const SCENES: &[Scene] = &[
    Scene { rows: &["widens-rbac", "narrows-rbac"], play: roles },
    Scene { rows: &["cloud-identity"], play: identity },
];

#[test]
fn an_account_may_do_what_it_is_said_to() {
    // Nothing here is about a Pod but for the one that keeps its identity.
    play(&Agent::new("impact-rights", ""), SCENES);
}

/// Whether the account `name` may do that in the namespace; kubectl's words.
fn may(agent: &Agent, name: &str, words: &str) -> bool {
    let namespace = &agent.namespace().name;
    let user = format!("system:serviceaccount:{namespace}:{name}");
    let mut command = kubectl_command();
    command.args(["auth", "can-i", "-q", "-n", namespace, "--as", &user]);
    command.args(words.split(' ')).status().unwrap().success()
}

/// Roles take effect when the API server has seen them itself.
#[track_caller]
fn becomes(agent: &Agent, name: &str, words: &str, wanted: bool) {
    eventually(&format!("{name} may {words}: {wanted}"), 20, || {
        ensure(may(agent, name, words) == wanted, || "not yet".to_owned())
    });
}

fn roles(agent: &Agent) {
    let rules = |verbs: &[&str]| {
        let rule =
            |verbs: &&str| format!("{{apiGroups: [''], resources: [pods], verbs: [{verbs}]}}");
        let rules: Vec<String> = verbs.iter().map(rule).collect();
        agent.with(&format!("security: {{rbac: {{additionalRules: [{}]}}}}", rules.join(", ")));
    };
    assert!(!may(agent, "agent", "list pods"));
    rules(&["get, list"]);
    agent.changes(&["Role widens-rbac: `get, list` on `pods` of every name"]);
    becomes(agent, "agent", "list pods", true);
    assert!(!may(agent, "agent", "delete pods") && !may(agent, "agent", "get secrets"));

    // The same rights, in other words.
    rules(&["list", "get"]);
    agent.changes(&["Role changed"]);
    assert!(may(agent, "agent", "get pods") && may(agent, "agent", "list pods"));

    rules(&["get"]);
    agent.changes(&["Role narrows-rbac: `list` on `pods` of every name"]);
    becomes(agent, "agent", "list pods", false);
    assert!(may(agent, "agent", "get pods"));

    let namespace = agent.namespace().name.clone();
    agent.template(
        "role-binding.yaml.j2",
        "subjects:\n",
        "subjects:\n- kind: ServiceAccount\n  name: guest\n  namespace: {{ namespace }}\n",
    );
    assert!(!may(agent, "guest", "get pods"));
    let told =
        format!("RoleBinding widens-rbac: `agent` for the ServiceAccount `{namespace}/guest`");
    agent.changes(&[&told]);
    becomes(agent, "guest", "get pods", true);
}

/// Which role a cloud gives is the cloud's: its admission webhook or its metadata server reads the
/// annotation, and neither is here. What both read is the account of the Pod that runs.
fn identity(agent: &Agent) {
    let role = |name: &str| format!("arn:aws:iam::123456789012:role/{name}");
    let key = "eks.amazonaws.com/role-arn";
    let with = |name: &str| {
        let annotations = format!("{{{key}: '{}'}}", role(name));
        agent.with(&format!("security: {{rbac: {{serviceAccountAnnotations: {annotations}}}}}"));
    };
    let of_the_pod = || {
        let pod = agent.pod().get().unwrap();
        let account = pod["spec"]["serviceAccountName"].as_str().unwrap();
        let account = agent.namespace().object("serviceaccount", account).unwrap();
        account["metadata"]["annotations"][key].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(of_the_pod(), "");
    for (before, after) in [("nothing".to_owned(), "one"), (format!("`{}`", role("one")), "two")] {
        with(after);
        let told =
            format!("ServiceAccount cloud-identity: `{key}` from {before} to `{}`", role(after));
        agent.changes(&[&told]);
        assert_eq!(of_the_pod(), role(after));
    }
}
