//! What the container may do to its node, and which Secrets it reads: its process says.

use super::agent::Agent;
use super::{Scene, play};
use crate::bed::pod::status;
use crate::bed::{ensure, eventually, kubectl};

pub(super) const SCENES: &[Scene] = &[
    Scene { rows: &["weakens-security"], play: weaknesses },
    Scene { rows: &["secret-reference"], play: secrets },
];

#[test]
fn a_pod_is_as_weak_as_it_is_said() {
    play(&Agent::new("impact-security", ""), &SCENES[..1]);
}

#[test]
fn a_pod_reads_the_secrets_that_are_said() {
    play(&Agent::new("impact-secret", ""), &SCENES[1..]);
}

fn weaknesses(agent: &Agent) {
    let strong = agent.process();
    let fields = ["Uid", "NoNewPrivs", "Seccomp", "CapBnd"];
    let of = |process: &super::process::Process| fields.map(|field| process.field(field));
    assert_eq!(of(&strong), ["1000", "1", "2", "0000000000000000"]);
    assert!(!strong.may_write_root());

    // Pod Security allows that one.
    agent.with("security: {containerSecurityContext: {readOnlyRootFilesystem: false}}");
    agent.changes(&[
        "StatefulSet restarts-pod: `securityContext` of `openclaw`",
        "StatefulSet weakens-security: `openclaw`: writable root",
    ]);
    assert!(agent.process().may_write_root());

    // Whether the token is mounted the account decides, where the Pod leaves it out.
    let token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    agent.set("      automountServiceAccountToken: false\n", "");
    agent.changes(&[
        "StatefulSet restarts-pod: `spec.automountServiceAccountToken`",
        "StatefulSet weakens-security: the token of the service account is mounted unless the account forbids it",
    ]);
    assert_eq!(agent.process().file(token), None);

    of_its_own(agent, token);
    of_the_node(agent);
    root(agent);
}

/// What a container takes back of its own isolation.
fn of_its_own(agent: &Agent, token: &str) {
    let namespace = agent.namespace().name.clone();
    agent.set(
        "      enableServiceLinks: false\n",
        "      enableServiceLinks: false\n      automountServiceAccountToken: true\n      shareProcessNamespace: true\n",
    );
    agent.container(
        "securityContext: {{ pod.main_security }}",
        "securityContext: {runAsUser: 0, runAsNonRoot: false, capabilities: {add: [NET_ADMIN]}, seccompProfile: {type: Unconfined}}",
    );
    assert_eq!(
        agent.told(),
        [
            "StatefulSet restarts-pod: `securityContext` of `openclaw`; `spec.automountServiceAccountToken`; `spec.shareProcessNamespace`",
            "StatefulSet weakens-security: `openclaw`: `runAsNonRoot` is not `true`; `openclaw`: capability `NET_ADMIN`; `openclaw`: keeps capabilities; `openclaw`: may gain privileges; `openclaw`: no seccomp profile; `openclaw`: runs as root; `shareProcessNamespace`; the token of the service account is mounted",
        ]
    );
    agent.apply(&[]);
    // The namespace forbids it: the old Pod is gone, and there is no new one.
    eventually("the Pod is refused", 30, || {
        let events = kubectl(["get", "events", "-n", &namespace]).unwrap();
        let is_refused = events.contains("violates PodSecurity \"restricted:latest\"");
        ensure(is_refused && agent.pod().get().is_err(), || events)
    });
    let label = "pod-security.kubernetes.io/enforce=privileged";
    kubectl(["label", "--overwrite", "namespace", &namespace, label]).unwrap();
    // Its controller would wait longer after each refusal.
    kubectl(["annotate", "statefulset", "agent", "-n", &namespace, "look=again"]).unwrap();
    let process = agent.process();
    assert_eq!(process.field("Uid"), "0");
    assert_eq!(process.field("NoNewPrivs"), "0");
    assert_eq!(process.field("Seccomp"), "0");
    let capabilities = u64::from_str_radix(&process.field("CapBnd"), 16).unwrap();
    let [net_admin, chown] = [12, 0].map(|bit| capabilities & (1 << bit) != 0);
    assert!(net_admin && chown, "{capabilities:x}");
    assert!(process.may_write_root());
    assert!(process.file(token).is_some());
    assert_ne!(process.own_number(), "1", "another process is the first one");
}

/// What it takes of its node.
fn of_the_node(agent: &Agent) {
    let secret = agent.stack.repository.path().join("of-the-node");
    std::fs::write(&secret, "seen").unwrap();
    let folder = agent.stack.repository.path().to_str().unwrap().to_owned();
    agent.set(
        "      shareProcessNamespace: true\n",
        "      hostNetwork: true\n      hostPID: true\n      hostIPC: true\n",
    );
    agent.set(
        "volumes: {{ pod.volumes }}",
        &format!(
            "volumes: [{{name: tmp, emptyDir: {{}}}}, {{name: node, hostPath: {{path: {folder}}}}}]"
        ),
    );
    agent.container(
        "volumeMounts: {{ pod.mounts }}",
        "volumeMounts: [{name: node, mountPath: /node}]",
    );
    agent.changes(&[
        "StatefulSet restarts-pod: `volumeMounts` of `openclaw`; `spec.hostIPC`; `spec.hostNetwork`; `spec.hostPID`; `spec.shareProcessNamespace`; `spec.volumes`",
        &format!("StatefulSet weakens-security: `hostIPC`; `hostNetwork`; `hostPID`; the path `{folder}` of the node"),
    ]);
    let process = agent.process();
    for namespace in ["net", "pid", "ipc"] {
        assert!(process.shares_with_the_node(namespace), "{namespace}");
    }
    assert_eq!(process.file("/node/of-the-node").as_deref(), Some("seen"));
}

/// Who may be root is not always who is.
fn root(agent: &Agent) {
    let context = |words: &str| {
        agent.put_back();
        agent.container(
            "securityContext: {{ pod.main_security }}",
            &format!("securityContext: {{{words}, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {{drop: [ALL]}}}}"),
        );
    };
    agent.reset();
    let restarts = "StatefulSet restarts-pod: `securityContext` of `openclaw`";
    context("runAsNonRoot: false");
    let weakens = "StatefulSet weakens-security: `openclaw`: `runAsNonRoot` is not `true`";
    agent.changes(&[restarts, weakens]);
    assert_eq!(agent.process().field("Uid"), "1000");
    context("runAsNonRoot: true, runAsUser: 0");
    agent.changes(&[restarts]);
    waits(agent, "breaks non-root policy");
}

/// The container is not started, and the kubelet says why.
fn waits(agent: &Agent, words: &str) {
    eventually("the container is not started", 30, || {
        let pod = agent.pod().get()?;
        let waiting = &status(&pod, "openclaw")["state"]["waiting"];
        let is_it = waiting["reason"] == "CreateContainerConfigError"
            && waiting["message"].as_str().is_some_and(|text| text.contains(words));
        ensure(is_it, || pod["status"].to_string())
    });
}

fn secrets(agent: &Agent) {
    let namespace = agent.namespace();
    agent.with("envFrom: [{secretRef: {name: keys}}]");
    agent.changes(&[
        "Role/agent-controller widens-rbac: `get, list, watch` on `secrets` of `keys`",
        "StatefulSet restarts-pod: `envFrom` of `openclaw`",
        "StatefulSet secret-reference: reads Secret `keys`",
    ]);
    waits(agent, "secret \"keys\" not found");
    namespace.secret("keys", "API_KEY", "s3cret");
    assert_eq!(agent.process().variable("API_KEY").as_deref(), Some("s3cret"));

    agent.with("env: [{name: KEY, valueFrom: {secretKeyRef: {name: keys, key: OTHER}}}]");
    agent.changes(&[
        "StatefulSet restarts-pod: `env`, `envFrom` of `openclaw`",
        "StatefulSet secret-reference: reads Secret `keys` key `OTHER`; does not read Secret `keys` any more",
    ]);
    waits(agent, "couldn't find key OTHER in Secret");

    // It needs it no more.
    kubectl(["delete", "secret", "keys", "-n", &namespace.name]).unwrap();
    agent.with("");
    agent.changes(&[
        "Role/agent-controller narrows-rbac: `get, list, watch` on `secrets` of `keys`",
        "StatefulSet restarts-pod: `env` of `openclaw`",
        "StatefulSet secret-reference: does not read Secret `keys` key `OTHER` any more",
    ]);
    assert_eq!(agent.process().variable("API_KEY"), None);
}
