//! What a change means: each row of the table, by an object before and after.
#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "tests fail by panicking, and a table is as long as it is"
)]

use openclaw::diff::impact::{Level, ROWS, Sides, impacts, table};
use openclaw::diff::text::sentence;
use openclaw::tree::effects;
use serde_json::{Value, json};

/// Returns what the table says, as people read it.
fn said(old: Option<&Value>, new: Option<&Value>) -> Vec<String> {
    impacts(Sides { old, new }).iter().map(sentence).collect()
}

fn object(text: &str) -> Value {
    effects::objects(text).pop().unwrap()
}

#[track_caller]
fn changes(old: &Value, new: &Value, expected: &[&str]) {
    assert_eq!(said(Some(old), Some(new)), expected);
}

/// Both ways: what opens in one narrows in the other.
#[track_caller]
fn both(old: &Value, new: &Value, there: &[&str], back: &[&str]) {
    changes(old, new, there);
    changes(new, old, back);
}

fn set(pod: &str) -> Value {
    object(&format!(
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: a, namespace: n}}\nspec:\n  serviceName: a\n  selector: {{matchLabels: {{a: b}}}}\n  podManagementPolicy: Parallel\n  template:\n    metadata:\n      annotations: {{openclaw.rocks/config-hash: h1}}\n    spec:\n      automountServiceAccountToken: false\n{pod}"
    ))
}

const SAFE: &str = "securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}";

/// A set with one container, and what is changed in it.
fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut set = set(&format!(
        "      containers:\n      - name: main\n        image: r/i:2026.9.6\n        resources: {{limits: {{memory: 1Gi}}}}\n        {SAFE}\n      volumes:\n      - name: data\n        persistentVolumeClaim: {{claimName: a-data}}\n"
    ));
    change(&mut set);
    set
}

fn plain() -> Value {
    with(|_| {})
}

fn main(set: &mut Value) -> &mut Value {
    &mut set["spec"]["template"]["spec"]["containers"][0]
}

#[test]
fn the_table_has_each_name_once_and_the_gravest_first_where_it_counts() {
    let mut names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
    assert_eq!(ROWS[0].level, Level::Danger);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ROWS.len());
    assert!(!names.contains(&"refused"), "it is the cluster's");
    let table = table();
    assert_eq!(table.lines().count(), ROWS.len() + 2);
    assert!(table.lines().all(|line| line.matches(" | ").count() == 3), "{table}");
}

#[test]
fn an_object_that_comes_or_goes_is_told() {
    let map = object("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    assert_eq!(said(None, Some(&map)), ["creates the object"]);
    assert_eq!(said(Some(&map), None), ["deletes the object"]);
    assert_eq!(
        said(Some(&plain()), None),
        ["stops the Pod: its workload is deleted", "deletes the object"]
    );
    assert_eq!(said(None, Some(&plain())), ["creates the object"]);
}

#[test]
fn a_config_map_restarts_nothing_and_its_hash_does() {
    let map = |text: &str| {
        object(&format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a: {text}}}\n"
        ))
    };
    changes(&map("x"), &map("y"), &[]);
    let hashed = with(|set| {
        set["spec"]["template"]["metadata"]["annotations"]["openclaw.rocks/config-hash"] =
            json!("h2");
    });
    changes(&plain(), &hashed, &["restarts the Pod: the configuration that is mounted"]);
}

#[test]
fn what_is_outside_the_template_restarts_nothing() {
    let labelled =
        with(|set| set["metadata"]["annotations"] = json!({"openclaw.rocks/render-hash": "1"}));
    changes(&plain(), &labelled, &[]);
    changes(&plain(), &with(|set| set["spec"]["revisionHistoryLimit"] = json!(3)), &[]);
}

#[test]
fn a_restart_says_what_in_the_template_causes_it() {
    let new = with(|set| {
        main(set)["env"] = json!([{"name": "a", "value": "b"}]);
        main(set)["args"] = json!(["x"]);
        let pod = &mut set["spec"]["template"];
        pod["spec"]["nodeSelector"] = json!({"a": "b"});
        pod["metadata"]["labels"] = json!({"l": "v"});
    });
    changes(
        &plain(),
        &new,
        &["restarts the Pod: `args`, `env` of `main`; label `l`; `spec.nodeSelector`"],
    );
    let two = with(|set| {
        let second = json!({"name": "second", "image": "r/s:1"});
        let list = &mut set["spec"]["template"]["spec"]["initContainers"];
        *list = json!([second]);
        let context = main(set)["securityContext"].clone();
        set["spec"]["template"]["spec"]["initContainers"][0]["securityContext"] = context;
    });
    both(
        &plain(),
        &two,
        &["restarts the Pod: new container `second`", "new image: `second` runs `r/s:1`"],
        &["restarts the Pod: without container `second`"],
    );
    let mut turned = two.clone();
    let all = &mut turned["spec"]["template"]["spec"];
    let first = all["initContainers"][0].clone();
    all["containers"].as_array_mut().unwrap().insert(0, first);
    let mut other = turned.clone();
    other["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap().reverse();
    changes(&turned, &other, &["restarts the Pod: its template differs"]);
    let delete = |set: &mut Value| set["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    let new = with(|set| {
        delete(set);
        main(set)["args"] = json!(["x"]);
    });
    changes(
        &with(delete),
        &new,
        &[
            "restarts the Pod: `args` of `main`; only when somebody deletes it: `updateStrategy` is `OnDelete`",
        ],
    );
}

#[test]
fn a_set_without_a_pod_is_stopped_and_started_and_never_restarted() {
    let stopped = with(|set| set["spec"]["replicas"] = json!(0));
    both(&plain(), &stopped, &["stops the Pod: `replicas: 0`"], &["starts the Pod"]);
    let also = with(|set| {
        set["spec"]["replicas"] = json!(0);
        main(set)["args"] = json!(["x"]);
    });
    changes(&stopped, &also, &[]);
    changes(&plain(), &also, &["stops the Pod: `replicas: 0`"]);
    assert_eq!(said(Some(&stopped), None), ["deletes the object"]);
}

#[test]
fn another_image_is_named_and_an_older_version_called_so() {
    let newer = with(|set| main(set)["image"] = json!("r/i:2026.9.7-1"));
    both(
        &plain(),
        &newer,
        &[
            "restarts the Pod: `image` of `main`",
            "new image: `main` from `r/i:2026.9.6` to `r/i:2026.9.7-1`",
        ],
        &[
            "restarts the Pod: `image` of `main`",
            "new image: `main` from `r/i:2026.9.7-1` to `r/i:2026.9.6`, an older version",
        ],
    );
    let digest = with(|set| main(set)["image"] = json!("r:5000/i@sha256:aa"));
    changes(
        &plain(),
        &digest,
        &[
            "restarts the Pod: `image` of `main`",
            "new image: `main` from `r/i:2026.9.6` to `r:5000/i@sha256:aa`",
        ],
    );
}

#[test]
fn resources_are_named_with_what_they_were() {
    let new = with(|set| {
        main(set)["resources"] = json!({"limits": {"memory": "2Gi"}, "requests": {"cpu": "1"}});
    });
    changes(
        &plain(),
        &new,
        &[
            "restarts the Pod: `resources` of `main`",
            "changes requests or limits: `requests.cpu` of `main` from nothing to `1`; `limits.memory` of `main` from `1Gi` to `2Gi`",
        ],
    );
}

#[test]
fn a_field_that_nobody_may_change_is_told_with_the_way_out() {
    let way = "put the old value back, or run `kubectl -n n delete statefulset a --cascade=orphan` and sync again: the Pod runs on meanwhile";
    for (field, value, words) in [
        ("serviceName", json!("b"), "`spec.serviceName` from `a` to `b`"),
        (
            "selector",
            json!({"matchLabels": {"a": "c"}}),
            "`spec.selector` from `{\"matchLabels\":{\"a\":\"b\"}}` to `{\"matchLabels\":{\"a\":\"c\"}}`",
        ),
        (
            "podManagementPolicy",
            json!("OrderedReady"),
            "`spec.podManagementPolicy` from `Parallel` to `OrderedReady`",
        ),
        ("volumeClaimTemplates", json!([]), "`spec.volumeClaimTemplates` from nothing to `[]`"),
    ] {
        let new = with(|set| set["spec"][field] = value);
        changes(&plain(), &new, &[&format!("changes an immutable field: {words}; {way}")]);
    }
    let binding = |role: &str| {
        object(&format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: a, namespace: n}}\nroleRef: {{kind: Role, name: {role}}}\n"
        ))
    };
    changes(
        &binding("a"),
        &binding("b"),
        &[
            "changes an immutable field: `roleRef` from `{\"kind\":\"Role\",\"name\":\"a\"}` to `{\"kind\":\"Role\",\"name\":\"b\"}`; put the old value back, or run `kubectl -n n delete rolebinding a` and sync again",
        ],
    );
    let map = |text: &str| {
        object(&format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: n}}\nimmutable: true\ndata: {{a: {text}}}\n"
        ))
    };
    changes(
        &map("x"),
        &map("y"),
        &[
            "changes an immutable field: `data` of an object that is `immutable`; put the old value back, or run `kubectl -n n delete configmap a` and sync again",
        ],
    );
}

fn claim(size: &str, more: &str) -> Value {
    object(&format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: a-data\n  namespace: n\n  annotations:\n    argocd.argoproj.io/sync-options: Prune=false,Delete=false\n    kustomize.toolkit.fluxcd.io/prune: disabled\nspec:\n  resources: {{requests: {{storage: {size}}}}}\n{more}"
    ))
}

#[test]
fn a_claim_that_goes_shrinks_or_loses_its_protection_is_data_at_risk() {
    let small = claim("10Gi", "");
    changes(&small, &claim("20Gi", ""), &[]);
    changes(&small, &claim("10240Mi", ""), &[]);
    changes(
        &small,
        &claim("5Gi", ""),
        &[
            "puts data at risk: a volume cannot shrink from `10Gi` to `5Gi`; copy the data into a smaller claim and name that in `existingClaim`",
        ],
    );
    assert_eq!(
        said(Some(&small), None),
        [
            "puts data at risk: its file goes; Argo CD and Flux leave the claim in the cluster, and `kubectl delete` or `kubectl apply --prune` would delete it with its data",
            "deletes the object",
        ]
    );
    let mut bare = small.clone();
    bare["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] = json!("Delete=false");
    changes(
        &small,
        &bare,
        &[
            "puts data at risk: without `argocd.argoproj.io/sync-options: Prune=false` it is deleted when its file goes",
        ],
    );
    assert_eq!(
        said(Some(&bare), None)[0],
        "puts data at risk: the claim is deleted, and its data with it where the volume is reclaimed by `Delete`"
    );
    changes(
        &small,
        &claim("10Gi", "  storageClassName: fast\n"),
        &[
            "changes an immutable field: `spec.storageClassName` from nothing to `fast`; put the old value back; to move, copy the data into a claim of your own and name it in `existingClaim`",
        ],
    );
    let mut owned = claim("20Gi", "");
    owned["metadata"]["ownerReferences"] = json!([{"kind": "OpenClawInstance", "name": "a"}]);
    let words = "puts data at risk: the instance owns it: when that is deleted the claim goes too, whatever its annotations say; take the owner reference off";
    changes(&small, &owned, &[words]);
}

#[test]
fn a_set_that_deletes_claims_or_leaves_its_volume_is_data_at_risk() {
    let retain = |set: &mut Value, word: &str| {
        set["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "own"}}]);
        set["spec"]["persistentVolumeClaimRetentionPolicy"] = json!({"whenDeleted": word});
    };
    both(
        &with(|set| retain(set, "Retain")),
        &with(|set| retain(set, "Delete")),
        &["puts data at risk: `whenDeleted: Delete` deletes the claims of the set"],
        &[],
    );
    let more = |set: &mut Value| {
        retain(set, "Delete");
        set["spec"]["revisionHistoryLimit"] = json!(3);
    };
    changes(&with(|set| retain(set, "Delete")), &with(more), &[]);
    // Without claims of its own there is nothing that it would delete.
    let without = |word: &str| {
        with(|set| {
            retain(set, word);
            set["spec"]["volumeClaimTemplates"] = json!([]);
        })
    };
    changes(&without("Retain"), &without("Delete"), &[]);
    let volume = |value: Value| with(|set| set["spec"]["template"]["spec"]["volumes"][0] = value);
    changes(
        &plain(),
        &volume(json!({"name": "data", "persistentVolumeClaim": {"claimName": "other"}})),
        &[
            "puts data at risk: the volume `data` leaves its data in the claim `a-data` and starts with `other`",
            "restarts the Pod: `spec.volumes`",
        ],
    );
    changes(
        &plain(),
        &volume(json!({"name": "data", "emptyDir": {}})),
        &[
            "puts data at risk: the volume `data` leaves its data in the claim `a-data`",
            "restarts the Pod: `spec.volumes`",
        ],
    );
    changes(
        &volume(json!({"name": "data", "emptyDir": {}})),
        &plain(),
        &["restarts the Pod: `spec.volumes`"],
    );
}

#[test]
fn an_instance_that_takes_its_claim_along_or_restores_is_data_at_risk() {
    let instance = |spec: &str| {
        object(&format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {{name: a}}\nspec: {{{spec}}}\n"
        ))
    };
    let (kept, taken) = (instance(""), instance("storage: {persistence: {orphan: false}}"));
    both(
        &kept,
        &taken,
        &["puts data at risk: `orphan: false` deletes the claim with the instance"],
        &[],
    );
    assert_eq!(
        said(Some(&taken), None),
        [
            "puts data at risk: the instance has `orphan: false`: its claim is deleted with it",
            "deletes the object",
        ]
    );
    assert_eq!(said(Some(&kept), None), ["deletes the object"]);
    let restored = instance("restoreFrom: b/1");
    changes(
        &kept,
        &restored,
        &["puts data at risk: at the next start the state is replaced by the backup `b/1`"],
    );
    assert_eq!(said(None, Some(&restored)), ["creates the object"]);
    let mut consents = kept.clone();
    consents["metadata"]["annotations"] = json!({"openclaw.rocks/restore-snapshot": "a..b"});
    both(
        &kept,
        &consents,
        &["puts data at risk: the state may be replaced by the snapshot `a..b`, however old"],
        &[],
    );
}

const WEAKENS: &str = "weakens the Pod's security: ";

#[test]
fn what_the_pod_says_for_its_containers_counts() {
    let whole = |user: u32, is_bound: bool| {
        with(|set| {
            let own = &mut main(set)["securityContext"];
            own["runAsNonRoot"] = json!(null);
            own["seccompProfile"] = json!(null);
            let context = json!({"runAsNonRoot": is_bound, "runAsUser": user, "seccompProfile": {"type": "RuntimeDefault"}});
            set["spec"]["template"]["spec"]["securityContext"] = context;
        })
    };
    let weakens = |new: &Value| {
        let found = said(Some(&whole(1000, true)), Some(new));
        found.into_iter().find_map(|line| line.strip_prefix(WEAKENS).map(str::to_owned))
    };
    let found = said(Some(&plain()), Some(&whole(1000, true))).join("\n");
    assert!(!found.contains("weakens"), "{found}");
    // A kubelet starts no root where that is forbidden.
    assert_eq!(weakens(&whole(0, true)), None);
    let words = "`main`: `runAsNonRoot` is not `true`";
    assert_eq!(weakens(&whole(1000, false)).as_deref(), Some(words));
    let words = format!("{words}; `main`: runs as root");
    assert_eq!(weakens(&whole(0, false)), Some(words));
    let strong = said(Some(&whole(0, false)), Some(&whole(1000, false))).join("\n");
    assert!(!strong.contains("weakens"), "{strong}");
}

#[test]
fn what_the_pod_may_do_more_is_told() {
    for (at, value, words) in [
        ("/hostNetwork", json!(true), "`hostNetwork`"),
        (
            "/automountServiceAccountToken",
            json!(true),
            "the token of the service account is mounted",
        ),
        (
            "/automountServiceAccountToken",
            json!(null),
            "the token of the service account is mounted unless the account forbids it",
        ),
        (
            "/volumes/0",
            json!({"name": "h", "hostPath": {"path": "/etc"}}),
            "the path `/etc` of the node",
        ),
        ("/containers/0/securityContext/privileged", json!(true), "`main`: privileged"),
        (
            "/containers/0/securityContext/allowPrivilegeEscalation",
            json!(null),
            "`main`: may gain privileges",
        ),
        (
            "/containers/0/securityContext/readOnlyRootFilesystem",
            json!(false),
            "`main`: writable root",
        ),
        (
            "/containers/0/securityContext/runAsNonRoot",
            json!(null),
            "`main`: `runAsNonRoot` is not `true`; `main`: may run as root",
        ),
        (
            "/containers/0/securityContext/seccompProfile",
            json!({"type": "Unconfined"}),
            "`main`: no seccomp profile",
        ),
        (
            "/containers/0/securityContext/capabilities/drop",
            json!([]),
            "`main`: keeps capabilities",
        ),
        (
            "/containers/0/securityContext/capabilities/add",
            json!(["NET_ADMIN"]),
            "`main`: capability `NET_ADMIN`",
        ),
        ("/containers/0/ports", json!([{"hostPort": 80}]), "`main`: port `80` of the node"),
    ] {
        let new = with(|set| {
            let (parent, key) = at.rsplit_once('/').unwrap();
            let pod = &mut set["spec"]["template"]["spec"];
            let place = pod.pointer_mut(parent).unwrap();
            match place.as_array_mut() {
                Some(list) => list[0] = value,
                None => place[key] = value,
            }
        });
        let found = said(Some(&plain()), Some(&new));
        let expected = format!("{WEAKENS}{words}");
        assert!(found.contains(&expected), "{at}: {found:?}");
        let back = said(Some(&new), Some(&plain()));
        assert!(!back.iter().any(|line| line.starts_with("weakens")), "{at}: {back:?}");
    }
}

fn policy(spec: &str) -> Value {
    object(&format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: a}}\nspec:\n  podSelector: {{matchLabels: {{a: b}}}}\n  policyTypes: [Ingress, Egress]\n{spec}"
    ))
}

fn egress(rules: &str) -> Value {
    policy(&format!("  egress: {rules}\n"))
}

#[test]
fn a_policy_opens_by_what_it_allows_and_not_by_how_it_is_written() {
    let whole = egress("[{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 443}]}]");
    let halves = egress(
        "[{to: [{ipBlock: {cidr: 10.128.0.0/9}}], ports: [{port: 443, protocol: TCP}]}, {to: [{ipBlock: {cidr: 10.0.0.0/9}}], ports: [{protocol: TCP, port: 443, endPort: 443}]}]",
    );
    both(&whole, &halves, &[], &[]);
    let wider = egress("[{to: [{ipBlock: {cidr: 10.0.0.0/7}}], ports: [{port: 443}]}]");
    both(
        &whole,
        &wider,
        &["opens the network: egress to `10.0.0.0/7` on TCP 443"],
        &["narrows the network: egress to `10.0.0.0/7` on TCP 443"],
    );
    let except = egress(
        "[{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 443}]}]",
    );
    both(
        &whole,
        &except,
        &["narrows the network: egress to `10.0.0.0/8` on TCP 443"],
        &["opens the network: egress to `10.0.0.0/8` on TCP 443"],
    );
    let elsewhere = egress("[{to: [{ipBlock: {cidr: 11.0.0.0/8}}], ports: [{port: 443}]}]");
    changes(
        &whole,
        &elsewhere,
        &[
            "opens the network: egress to `11.0.0.0/8` on TCP 443",
            "narrows the network: egress to `10.0.0.0/8` on TCP 443",
        ],
    );
}

#[test]
fn a_policy_is_compared_port_by_port() {
    let ports = |ports: &str| {
        egress(&format!("[{{to: [{{ipBlock: {{cidr: 10.0.0.0/8}}}}], ports: {ports}}}]"))
    };
    let one = ports("[{port: 443}]");
    both(
        &one,
        &ports("[{port: 400, endPort: 500}]"),
        &["opens the network: egress to `10.0.0.0/8` on TCP 400 to 442, TCP 444 to 500"],
        &["narrows the network: egress to `10.0.0.0/8` on TCP 400 to 442, TCP 444 to 500"],
    );
    changes(
        &one,
        &ports("[{port: 443}, {port: 443, protocol: UDP}]"),
        &["opens the network: egress to `10.0.0.0/8` on UDP 443"],
    );
    changes(
        &one,
        &ports("[]"),
        &["opens the network: egress to `10.0.0.0/8` on every port but TCP 443"],
    );
    changes(
        &one,
        &ports("[{protocol: TCP}]"),
        &["opens the network: egress to `10.0.0.0/8` on TCP 0 to 442, TCP 444 to 65535"],
    );
    changes(
        &ports("[{port: 1, endPort: 9}]"),
        &ports("[{port: 1, endPort: 4}, {port: 5, endPort: 9}]"),
        &[],
    );
    let named = ports("[{port: 443}, {port: web}]");
    both(
        &one,
        &named,
        &["opens the network: egress to `10.0.0.0/8` on TCP `web`"],
        &["narrows the network: egress to `10.0.0.0/8` on TCP `web`"],
    );
    both(&ports("[{protocol: TCP}]"), &ports("[{protocol: TCP}, {port: web}]"), &[], &[]);
}

#[test]
fn a_policy_is_compared_peer_by_peer() {
    let from =
        |peers: &str| policy(&format!("  ingress: [{{from: {peers}, ports: [{{port: 80}}]}}]\n"));
    let own = from("[{podSelector: {}}]");
    both(
        &own,
        &from("[{namespaceSelector: {}}]"),
        &["opens the network: ingress from every Pod of every namespace on TCP 80"],
        &["narrows the network: ingress from every Pod of every namespace on TCP 80"],
    );
    changes(&own, &from("[{podSelector: {}}, {podSelector: {matchLabels: {a: b}}}]"), &[]);
    changes(
        &own,
        &from("[{podSelector: {matchLabels: {a: b}}}]"),
        &["narrows the network: ingress from every Pod of its namespace on TCP 80"],
    );
    changes(
        &own,
        &from(
            "[{podSelector: {}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: m}}}]",
        ),
        &[
            "opens the network: ingress from every Pod of namespaces `kubernetes.io/metadata.name=m` on TCP 80",
        ],
    );
    changes(&own, &from("[]"), &["opens the network: ingress from anywhere on TCP 80"]);
}

#[test]
fn a_policy_that_does_not_isolate_allows_everything() {
    let denies = policy("  egress: []\n");
    let mut one_way = denies.clone();
    one_way["spec"]["policyTypes"] = json!(["Ingress"]);
    both(
        &denies,
        &one_way,
        &["opens the network: egress to anywhere on every port"],
        &["narrows the network: egress to anywhere on every port"],
    );
    let mut unsaid = denies.clone();
    unsaid["spec"].as_object_mut().unwrap().remove("policyTypes");
    changes(&denies, &unsaid, &[]);
    let everything = "ingress from anywhere on every port; egress to anywhere on every port";
    assert_eq!(
        said(None, Some(&denies)),
        [format!("narrows the network: {everything}"), "creates the object".to_owned()]
    );
    assert_eq!(
        said(Some(&denies), None),
        [format!("opens the network: {everything}"), "deletes the object".to_owned()]
    );
    let mut others = denies.clone();
    others["spec"]["podSelector"] = json!({});
    changes(
        &denies,
        &others,
        &[
            "opens the network: other Pods are selected",
            "narrows the network: other Pods are selected",
        ],
    );
}

#[test]
fn a_service_is_exposed_by_type_ports_and_addresses() {
    let service = |spec: &str| {
        object(&format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{selector: {{a: b}}, {spec}}}\n"
        ))
    };
    let plain = service("type: ClusterIP, ports: [{port: 80, targetPort: 80}]");
    both(
        &plain,
        &service("type: LoadBalancer, ports: [{port: 80, targetPort: 80, nodePort: 30080}]"),
        &[
            "widens the exposure: port TCP 30080 of every node; `type: LoadBalancer` and not `ClusterIP`",
        ],
        &[
            "narrows the exposure: port TCP 30080 of every node; `type: LoadBalancer` and not `ClusterIP`",
        ],
    );
    changes(&plain, &service("ports: [{port: 80, targetPort: 80}]"), &[]);
    changes(
        &plain,
        &service(
            "type: ClusterIP, ports: [{port: 80, targetPort: 80}, {port: 81}], externalIPs: [192.0.2.1]",
        ),
        &["widens the exposure: port TCP 81; the address `192.0.2.1`"],
    );
    let balanced =
        |ranges: &str| service(&format!("type: LoadBalancer, loadBalancerSourceRanges: {ranges}"));
    both(
        &balanced("[10.0.0.0/8]"),
        &balanced("[]"),
        &["widens the exposure: the load balancer takes `0.0.0.0/0, ::/0`"],
        &["narrows the exposure: the load balancer takes `0.0.0.0/0, ::/0`"],
    );
    changes(&balanced("[10.0.0.0/8]"), &balanced("[10.0.0.0/9, 10.128.0.0/9]"), &[]);
    let mut other = plain.clone();
    other["spec"]["selector"] = json!({"a": "c"});
    other["spec"]["ports"][0]["targetPort"] = json!(81);
    changes(
        &plain,
        &other,
        &[
            "changes the route: selector from `{\"a\":\"b\"}` to `{\"a\":\"c\"}`; to `{\"port\":80,\"targetPort\":81}`",
        ],
    );
    assert_eq!(
        said(None, Some(&plain)),
        ["widens the exposure: port TCP 80", "creates the object"]
    );
}

#[test]
fn an_ingress_is_exposed_by_hosts_and_paths_and_without_tls() {
    let ingress = |host: &str, path: &str, tls: &str| {
        object(&format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{x/y: '1', openclaw.rocks/source: a}}}}\nspec:\n  ingressClassName: nginx\n  tls: [{{hosts: [{tls}], secretName: s}}]\n  rules: [{{host: {host}, http: {{paths: [{{path: {path}, backend: {{service: {{name: a, port: {{number: 80}}}}}}}}]}}}}]\n"
        ))
    };
    let plain = ingress("a.b", "/", "a.b");
    both(
        &plain,
        &ingress("a.b", "/", "c.d"),
        &["widens the exposure: `a.b` without TLS"],
        &["narrows the exposure: `a.b` without TLS"],
    );
    changes(
        &plain,
        &ingress("c.d", "/", "c.d"),
        &["widens the exposure: `c.d/`", "narrows the exposure: `a.b/`"],
    );
    let mut other = plain.clone();
    other["spec"]["ingressClassName"] = json!("traefik");
    other["metadata"]["annotations"] = json!({"x/y": "2", "openclaw.rocks/source": "b"});
    changes(
        &plain,
        &other,
        &["changes the route: class from `nginx` to `traefik`; annotation `x/y`"],
    );
    assert_eq!(said(Some(&plain), None)[0], "narrows the exposure: `a.b/`");
    let route = |hosts: &str, parent: &str| {
        object(&format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: a}}\nspec: {{hostnames: {hosts}, parentRefs: [{{name: {parent}}}]}}\n"
        ))
    };
    both(
        &route("[a.b]", "p"),
        &route("[]", "p"),
        &["widens the exposure: every host of its parents", "narrows the exposure: `a.b`"],
        &["widens the exposure: `a.b`", "narrows the exposure: every host of its parents"],
    );
    changes(
        &route("[a.b]", "p"),
        &route("[a.b]", "q"),
        &["changes the route: parents from `[{\"name\":\"p\"}]` to `[{\"name\":\"q\"}]`"],
    );
}

fn role(rules: &str) -> Value {
    object(&format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: a}}\nrules: {rules}\n"
    ))
}

#[test]
fn roles_are_compared_as_sets_of_rights() {
    let one = role(
        "[{apiGroups: [''], resources: [secrets, configmaps], verbs: [get, list], resourceNames: [a, b]}]",
    );
    let cut = role(
        "[{apiGroups: [''], resources: [secrets], verbs: [list, get], resourceNames: [b, a]}, {apiGroups: [''], resources: [configmaps], verbs: [get], resourceNames: [a, b]}, {apiGroups: [''], resources: [configmaps], verbs: [list], resourceNames: [a, b]}]",
    );
    both(&one, &cut, &[], &[]);
    let named = role(
        "[{apiGroups: [''], resources: [secrets, configmaps], verbs: [get, list], resourceNames: [a, b, c]}]",
    );
    both(
        &one,
        &named,
        &["widens RBAC: `get, list` on `configmaps` of `c`; `get, list` on `secrets` of `c`"],
        &["narrows RBAC: `get, list` on `configmaps` of `c`; `get, list` on `secrets` of `c`"],
    );
    let all = role("[{apiGroups: [''], resources: [secrets, configmaps], verbs: [get, list]}]");
    both(
        &one,
        &all,
        &[
            "widens RBAC: `get, list` on `configmaps` of every name; `get, list` on `secrets` of every name",
        ],
        &[
            "narrows RBAC: `get, list` on `configmaps` of every name; `get, list` on `secrets` of every name",
        ],
    );
    let wild = role("[{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]");
    both(
        &all,
        &wild,
        &["widens RBAC: `*` on `*.*` of every name"],
        &["narrows RBAC: `*` on `*.*` of every name"],
    );
    let pods = role("[{apiGroups: [apps], resources: ['*/scale'], verbs: [get]}]");
    changes(
        &pods,
        &role("[{apiGroups: [apps], resources: [statefulsets/scale], verbs: [get]}]"),
        &["narrows RBAC: `get` on `*/scale.apps` of every name"],
    );
    assert_eq!(
        said(None, Some(&pods)),
        ["widens RBAC: `get` on `*/scale.apps` of every name", "creates the object"]
    );
}

#[test]
fn a_binding_widens_by_its_subjects() {
    let binding = |names: &[&str]| {
        let subjects: Vec<Value> = names
            .iter()
            .map(|name| json!({"kind": "ServiceAccount", "name": name, "namespace": "n"}))
            .collect();
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a", "namespace": "n"}, "roleRef": {"name": "r"}, "subjects": subjects})
    };
    both(
        &binding(&["a"]),
        &binding(&["b", "a"]),
        &["widens RBAC: `r` for the ServiceAccount `n/b`"],
        &["narrows RBAC: `r` for the ServiceAccount `n/b`"],
    );
}

#[test]
fn an_identity_in_a_cloud_is_told() {
    let account = |role: &str| {
        object(&format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: a, annotations: {{eks.amazonaws.com/role-arn: {role}, other: {role}}}}}\n"
        ))
    };
    changes(
        &account("a"),
        &account("b"),
        &["changes the cloud identity: `eks.amazonaws.com/role-arn` from `a` to `b`"],
    );
}

#[test]
fn every_way_to_refer_to_a_secret_is_seen() {
    for (at, value, words) in [
        (
            "env",
            json!([{"name": "a", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
            "Secret `s` key `k`",
        ),
        ("envFrom", json!([{"secretRef": {"name": "s"}}]), "Secret `s`"),
    ] {
        let new = with(|set| main(set)[at] = value);
        both(
            &plain(),
            &new,
            &[
                &format!("restarts the Pod: `{at}` of `main`"),
                &format!("changes a Secret reference: reads {words}"),
            ],
            &[
                &format!("restarts the Pod: `{at}` of `main`"),
                &format!("changes a Secret reference: does not read {words} any more"),
            ],
        );
    }
    for (at, value) in [
        ("volumes", json!([{"name": "v", "secret": {"secretName": "s"}}])),
        ("volumes", json!([{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}])),
        ("imagePullSecrets", json!([{"name": "s"}])),
    ] {
        let old = with(|set| set["spec"]["template"]["spec"]["volumes"] = json!([]));
        let mut new = old.clone();
        new["spec"]["template"]["spec"][at] = value;
        changes(
            &old,
            &new,
            &[
                &format!("restarts the Pod: `spec.{at}`"),
                "changes a Secret reference: reads Secret `s`",
            ],
        );
    }
    let monitor = |name: &str| json!({"kind": "ServiceMonitor", "spec": {"endpoints": [{"authorization": {"credentials": {"name": name, "key": "token"}}}]}});
    changes(
        &monitor("a"),
        &monitor("b"),
        &[
            "changes a Secret reference: reads Secret `b` key `token`; does not read Secret `a` key `token` any more",
        ],
    );
    let instance = |name: &str| json!({"kind": "OpenClawInstance", "spec": {"envFrom": [{"secretRef": {"name": name}}]}});
    changes(&instance("a"), &instance("b"), &[]);
}

#[test]
fn a_budget_that_changes_or_goes_is_told() {
    let budget =
        |most: u8| json!({"kind": "PodDisruptionBudget", "spec": {"maxUnavailable": most}});
    changes(
        &budget(0),
        &budget(1),
        &["changes what a drain may evict: `maxUnavailable` from `0` to `1`"],
    );
    assert_eq!(
        said(Some(&budget(1)), None),
        ["deletes the object", "changes what a drain may evict: nothing bounds it any more"]
    );
}

#[test]
fn the_words_of_an_object_end_no_line_and_no_code_span() {
    let image = with(|set| main(set)["image"] = json!("a`\n\u{1b}[31m\u{202e}:1"));
    let found = said(Some(&plain()), Some(&image)).join("");
    assert!(!found.contains(['\n', '\u{1b}', '\u{202e}']), "{found:?}");
    assert_eq!(found.matches('`').count() % 2, 0, "{found}");
}
