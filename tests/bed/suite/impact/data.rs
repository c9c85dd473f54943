//! What happens to data, what a drain may evict, and what the API server does not let be changed.
//!
//! That a backup or a snapshot replaces the state, and that `orphan: false` takes the claim along, is
//! what the scripts of the Pod and the controller do; the tests of both show it with the real
//! application.

use serde_json::json;

use super::agent::{Agent, SPEC, VERSION};
use super::{Scene, play};
use crate::bed::pod::Pod;
use crate::bed::stack::synced;
use crate::bed::{Namespace, ensure, eventually, kubectl, kubectl_with};
use openclaw::diff::impact::{Sides, impacts};
use openclaw::diff::text::sentence;

pub(super) const SCENES: &[Scene] = &[
    Scene { rows: &["immutable-field"], play: fixed },
    Scene { rows: &["disruption"], play: budget },
    Scene { rows: &["data-at-risk"], play: claims },
];

#[test]
fn data_is_at_risk_where_it_is_said() {
    play(&Agent::new("impact-data", ""), SCENES);
}

/// The spec of one with a volume.
fn volume(lines: &str) -> String {
    SPEC.replace("enabled: false", lines)
}

/// Every kind with such fields is in another test, with the words of the server.
fn fixed(agent: &Agent) {
    agent.set("podManagementPolicy: Parallel", "podManagementPolicy: OrderedReady");
    let told = agent.told();
    let start = "StatefulSet immutable-field: `spec.podManagementPolicy` from ";
    assert!(told.iter().any(|line| line.starts_with(start)), "{told:#?}");
    agent.stack.render();
    let folder = agent.stack.repository.path().join(agent.stack.folder());
    let apply = ["apply", "--server-side", "--force-conflicts", "-f", folder.to_str().unwrap()];
    let refused = kubectl(apply).unwrap_err();
    assert!(refused.contains("updates to statefulset spec for fields other than"), "{refused}");
}

fn budget(agent: &Agent) {
    let namespace = agent.namespace().name.clone();
    let eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": "agent-0", "namespace": namespace},
        "deleteOptions": {"dryRun": ["All"]},
    });
    let path = format!("/api/v1/namespaces/{namespace}/pods/agent-0/eviction");
    let evicts = |wanted: bool| {
        eventually(&format!("the Pod may be evicted: {wanted}"), 30, || {
            let answer = kubectl_with(["create", "--raw", &path], &eviction.to_string());
            let is_refused =
                answer.as_ref().is_err_and(|error| error.contains("disruption budget"));
            ensure(if wanted { answer.is_ok() } else { is_refused }, || format!("{answer:?}"))
        });
    };
    let with =
        |lines: &str| agent.with(&format!("availability: {{podDisruptionBudget: {{{lines}}}}}"));
    evicts(true);
    with("maxUnavailable: 0");
    agent.changes(&["PodDisruptionBudget disruption: `maxUnavailable` from `1` to `0`"]);
    evicts(false);
    with("enabled: false");
    agent.changes(&[
        "PodDisruptionBudget deletes",
        "PodDisruptionBudget disruption: nothing bounds it any more",
    ]);
    evicts(true);
}

fn claims(agent: &Agent) {
    const MARK: &str = "/home/openclaw/.openclaw/mark";
    let namespace = agent.namespace().name.clone();
    let claim = |name: &str| agent.namespace().object("pvc", name);
    agent.write(VERSION, &volume("size: 2Gi"));
    agent.changes(&[
        "Role/agent-controller widens-rbac: `patch` on `statefulsets/scale.apps` of `agent`",
        "ConfigMap/agent-config changed",
        "PersistentVolumeClaim/agent-data creates",
        "StatefulSet restarts-pod: the configuration that is mounted; `spec.volumes`",
    ]);
    std::fs::write(agent.process().path(MARK), "mine").unwrap();

    agent.write(VERSION, &volume("size: 1Gi"));
    let told = agent.told();
    let words =
        "PersistentVolumeClaim/agent-data data-at-risk: a volume cannot shrink from `2Gi` to `1Gi`";
    assert!(told.iter().any(|line| line.starts_with(words)), "{told:#?}");

    // Another volume: the old one is where it was, and the new one is empty.
    let text = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "other"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    agent.namespace().apply(&text.to_string());
    agent.write(VERSION, &volume("existingClaim: other"));
    agent.changes(&[
        "StatefulSet data-at-risk: the volume `data` leaves its data in the claim `agent-data` and starts with `other`",
        "StatefulSet restarts-pod: `spec.volumes`",
        "PersistentVolumeClaim/agent-data data-at-risk: its file goes; Argo CD and Flux leave the claim in the cluster, and `kubectl delete` or `kubectl apply --prune` would delete it with its data",
        "PersistentVolumeClaim/agent-data deletes",
    ]);
    assert_eq!(agent.process().file(MARK), None);
    let old = claim("agent-data").unwrap();
    assert_eq!(old["status"]["phase"], "Bound");
    let at = crate::bed::object("default", "pv", old["spec"]["volumeName"].as_str().unwrap());
    let at = at.unwrap()["spec"]["local"]["path"].as_str().unwrap().to_owned();
    assert_eq!(std::fs::read_to_string(format!("{at}/mark")).unwrap(), "mine");

    // `kubectl delete` takes what Argo CD and Flux leave.
    kubectl(["delete", "pvc", "agent-data", "-n", &namespace]).unwrap();
    assert!(claim("agent-data").is_none());
    agent.write(VERSION, &volume("size: 2Gi"));
    agent.changes(&[
        "PersistentVolumeClaim/agent-data creates",
        "StatefulSet data-at-risk: the volume `data` leaves its data in the claim `other` and starts with `agent-data`",
        "StatefulSet restarts-pod: `spec.volumes`",
    ]);
    owned(agent);
}

/// A claim that the instance owns goes with it, annotations or not.
fn owned(agent: &Agent) {
    let namespace = agent.namespace().name.clone();
    let instance = agent.namespace().object("openclawinstance", "agent").unwrap();
    let owner = json!({"metadata": {"ownerReferences": [{
        "apiVersion": instance["apiVersion"], "kind": instance["kind"],
        "name": "agent", "uid": instance["metadata"]["uid"],
    }]}});
    let patch = owner.to_string();
    kubectl(["patch", "pvc", "agent-data", "-n", &namespace, "--type=merge", "-p", &patch])
        .unwrap();
    let live = agent.namespace().object("pvc", "agent-data");
    let said = impacts(Sides { old: live.as_ref(), new: live.as_ref() });
    let words = "puts data at risk: the instance owns it: when that is deleted the claim goes too, whatever its annotations say";
    assert!(sentence(&said[0]).starts_with(words), "{said:?}");
    // Somebody's Pod would hold it.
    kubectl(["delete", "statefulset", "agent", "-n", &namespace]).unwrap();
    kubectl(["delete", "openclawinstance", "agent", "-n", &namespace]).unwrap();
    eventually("the claim is gone", 30, || {
        let found = agent.namespace().object("pvc", "agent-data");
        ensure(found.is_none(), || "it is there".to_owned())
    });
}

/// Argo CD prunes what is not kept from it, data or not.
#[test]
fn a_claim_without_its_protection_goes_with_its_file() {
    let agent = Agent::new("impact-prune", "suspended: true");
    let application = agent.namespace().name.clone();
    let claim = || agent.namespace().object("pvc", "agent-data");
    let push = |subject: &str| {
        agent.stack.render();
        agent.stack.repository.push(subject)
    };
    let spec = |lines: &str| format!("{}\nsuspended: true", volume(lines));
    agent.write(VERSION, &spec("size: 1Gi"));
    let commit = push("Add the agent");
    agent.stack.hand_to_argocd("application.yaml");
    synced(&application, &commit, 120);
    assert!(claim().is_some());

    let template = "persistent-volume-claim.yaml.j2";
    agent.template(template, "    argocd.argoproj.io/sync-options: Prune=false,Delete=false\n", "");
    agent.template(template, "    kustomize.toolkit.fluxcd.io/prune: disabled\n", "");
    assert_eq!(
        agent.told(),
        [
            "PersistentVolumeClaim/agent-data data-at-risk: without `argocd.argoproj.io/sync-options: Prune=false` it is deleted when its file goes; without `kustomize.toolkit.fluxcd.io/prune: disabled` it is deleted when its file goes"
        ]
    );
    synced(&application, &push("Leave the protection out"), 120);
    assert!(claim().is_some(), "nothing is lost yet");

    agent.write(VERSION, &spec("enabled: false"));
    let told = agent.told();
    for words in [
        "data-at-risk: the claim is deleted, and its data with it where the volume is reclaimed by `Delete`",
        "deletes",
    ] {
        let line = format!("PersistentVolumeClaim/agent-data {words}");
        assert!(told.contains(&line), "{told:#?}");
    }
    synced(&application, &push("Keep no data"), 120);
    eventually("the claim is gone", 30, || ensure(claim().is_none(), || "it is there".to_owned()));
}

/// A set that makes its claims itself, which ours never does; the user's own template might.
#[test]
fn a_set_deletes_the_claims_that_it_makes_and_no_other() {
    let namespace = Namespace::new("impact-claims");
    let storage =
        json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
    let named = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "named"},
        "spec": storage,
    });
    let set = |name: &str, makes: bool, scaled: &str, replicas: u8| {
        let templates = json!([{"metadata": {"name": "own"}, "spec": storage}]);
        let volumes = json!([{"name": "own", "persistentVolumeClaim": {"claimName": "named"}}]);
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": name, "namespace": namespace.name},
            "spec": {
                "replicas": replicas, "serviceName": name,
                "selector": {"matchLabels": {"app": name}},
                "persistentVolumeClaimRetentionPolicy": {"whenScaled": scaled},
                "volumeClaimTemplates": if makes { templates } else { json!([]) },
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {
                        "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 1,
                        "volumes": if makes { json!([]) } else { volumes },
                        "containers": [{
                            "name": "main", "image": "bed.local/pause:1",
                            "volumeMounts": [{"name": "own", "mountPath": "/own"}],
                            "securityContext": {
                                "allowPrivilegeEscalation": false, "runAsNonRoot": true,
                                "capabilities": {"drop": ["ALL"]},
                                "seccompProfile": {"type": "RuntimeDefault"},
                            },
                        }],
                    },
                },
            },
        })
    };
    let said = |name: &str, makes: bool| -> Vec<String> {
        let [old, new] = ["Retain", "Delete"].map(|word| set(name, makes, word, 1));
        impacts(Sides { old: Some(&old), new: Some(&new) }).iter().map(sentence).collect()
    };
    let risk = "puts data at risk: `whenScaled: Delete` deletes the claims of the set";
    assert_eq!(said("makes", true), [risk]);
    assert_eq!(said("names", false), [""; 0]);

    namespace.apply(&named.to_string());
    let sets = [("makes", true, "own-makes-0"), ("names", false, "named")];
    for (name, makes, _) in sets {
        namespace.apply(&set(name, makes, "Delete", 1).to_string());
    }
    for (name, _, claim) in sets {
        Pod::new(&namespace.name, &format!("{name}-0")).ready(60);
        assert_eq!(namespace.object("pvc", claim).unwrap()["status"]["phase"], "Bound");
    }
    for (name, makes, _) in sets {
        namespace.apply(&set(name, makes, "Delete", 0).to_string());
    }
    eventually("the Pods are gone, and the claim of the first set", 60, || {
        let is_there = |name: &str| Pod::new(&namespace.name, name).get().is_ok();
        let claim = namespace.object("pvc", "own-makes-0");
        let is_over = !is_there("makes-0") && !is_there("names-0") && claim.is_none();
        ensure(is_over, || format!("{claim:?}"))
    });
    let claim = namespace.object("pvc", "named").unwrap();
    assert!(claim["metadata"]["deletionTimestamp"].is_null(), "{claim}");
}
