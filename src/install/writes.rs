//! What the controller's account may write: less than its rights say, as a role narrows neither
//! `create` to a name nor a change to a field. ValidatingAdmissionPolicies do.

use serde_json::{Value, json};

use crate::controller::backup::store;
use crate::model::scripts;
use crate::names;

/// A kind that the account writes, and what holds of it then.
struct Policy {
    /// Ends the name of the policy.
    word: &'static str,
    /// Its group, version and resource.
    resource: [&'static str; 3],
    /// What is done to it.
    operation: &'static str,
    /// Conditions in CEL, each with what the controller does.
    holds: fn() -> Vec<(String, String)>,
}

/// One row a kind.
const POLICIES: [Policy; 5] = [
    Policy {
        word: "secrets",
        resource: ["", "v1", "secrets"],
        operation: "CREATE",
        holds: secrets,
    },
    Policy { word: "jobs", resource: ["batch", "v1", "jobs"], operation: "CREATE", holds: jobs },
    Policy {
        word: "job-deletions",
        resource: ["batch", "v1", "jobs"],
        operation: "DELETE",
        holds: deletions,
    },
    Policy {
        word: "network-policies",
        resource: ["networking.k8s.io", "v1", "networkpolicies"],
        operation: "CREATE",
        holds: network_policies,
    },
    Policy {
        word: "instances",
        resource: [names::GROUP, "*", "openclawinstances"],
        operation: "UPDATE",
        holds: instances,
    },
];

/// Returns name, rules, conditions and validations of each policy for the account in a namespace.
pub fn policies(namespace: &str) -> Vec<Value> {
    let account = format!("system:serviceaccount:{namespace}:{}", names::CONTROLLER);
    let policy = |policy: &Policy| {
        let [group, version, resource] = policy.resource;
        let validations: Vec<Value> = (policy.holds)()
            .into_iter()
            .map(|(expression, what)| {
                json!({"expression": expression, "message": format!("the controller {what}")})
            })
            .collect();
        json!({
            // The policies of the API are there once; these are there once for each controller.
            "name": format!("{}-{}-{namespace}", names::CONTROLLER, policy.word),
            "rules": [{
                "apiGroups": [group],
                "apiVersions": [version],
                "operations": [policy.operation],
                "resources": [resource],
                // The default, written out: client-side apply would find it missing for ever.
                "scope": "*",
            }],
            "conditions": [{
                "name": "is-the-controller",
                "expression": format!("request.userInfo.username == '{account}'"),
            }],
            "validations": validations,
        })
    };
    POLICIES.iter().map(policy).collect()
}

/// The name is there with `generateName` too, but nobody makes one so.
const NAME: &str = "object.metadata.?name.orValue('')";

fn is_of_a_backup(name: &str) -> String {
    format!("{name}.matches('{}[0-9a-f]{{8}}(-copy)?$')", names::backup_job(""))
}

fn is_owned_by(kind: &str, version: &str) -> String {
    format!(
        "object.metadata.?ownerReferences.orValue([]).exists(owner, owner.kind == '{kind}' && owner.apiVersion.startsWith('{version}'))"
    )
}

fn has_keys(keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("'{key}'")).collect();
    format!("object.?data.orValue({{}}).all(key, key in [{}])", keys.join(", "))
}

/// One kind of Secret: how its name is told, whose it is, and what it holds.
struct Kind {
    is_named: String,
    is_owned: String,
    keys: String,
}

fn secrets() -> Vec<(String, String)> {
    let (token, lent) = (names::token_secret(""), names::restore_secret(""));
    let credentials: Vec<&str> = store::credentials().collect();
    let of_a_backup: Vec<&str> = scripts::backup_scripts()
        .map(|(key, _)| key)
        .chain([names::KEY_INIT_JSON])
        .chain(credentials.iter().copied())
        .collect();
    let kinds = [
        Kind {
            is_named: format!("{NAME}.endsWith('{token}')"),
            is_owned: is_owned_by(names::KIND, &format!("{}/", names::GROUP)),
            keys: has_keys(&[names::KEY_TOKEN]),
        },
        Kind {
            is_named: format!("{NAME}.endsWith('{lent}')"),
            is_owned: is_owned_by("Pod", "v1"),
            keys: has_keys(&credentials),
        },
        Kind {
            is_named: is_of_a_backup(NAME),
            is_owned: is_owned_by("Job", "batch/"),
            keys: has_keys(&of_a_backup),
        },
    ];
    let any = |what: fn(&Kind) -> String| kinds.iter().map(what).collect::<Vec<_>>().join(" || ");
    vec![
        (
            "object.type == 'Opaque'".to_owned(),
            "makes no Secret of another type than Opaque".to_owned(),
        ),
        (
            any(|kind| kind.is_named.clone()),
            format!(
                "makes no Secret of another name than `N{token}`, `N{lent}` or that of a backup Job"
            ),
        ),
        (
            any(|kind| format!("({} && {})", kind.is_named, kind.is_owned)),
            format!(
                "makes no Secret that belongs to no {}, Pod or Job, each as its name says",
                names::KIND
            ),
        ),
        (
            any(|kind| format!("({} && {})", kind.is_named, kind.keys)),
            "makes no Secret with other keys than its name says".to_owned(),
        ),
    ]
}

fn jobs() -> Vec<(String, String)> {
    let pod = "object.spec.template.spec";
    let kinds = ["persistentVolumeClaim", "emptyDir", "secret", "configMap"]
        .map(|kind| format!("has(volume.{kind})"));
    vec![
        (is_of_a_backup(NAME), "makes no Job of another name than `N-backup-…`".to_owned()),
        (
            format!("{pod}.?automountServiceAccountToken.orValue(true) == false"),
            "makes no Job that holds the token of an account".to_owned(),
        ),
        (
            format!(
                "!{pod}.?hostNetwork.orValue(false) && !{pod}.?hostPID.orValue(false) && !{pod}.?hostIPC.orValue(false)"
            ),
            "makes no Job that is in a namespace of its node".to_owned(),
        ),
        (
            format!("{pod}.?volumes.orValue([]).all(volume, {})", kinds.join(" || ")),
            "makes no Job with another volume than a claim, a Secret, a ConfigMap or an emptyDir"
                .to_owned(),
        ),
        (
            format!(
                "({pod}.containers + {pod}.?initContainers.orValue([])).all(one, !one.?securityContext.?privileged.orValue(false) && one.?securityContext.?allowPrivilegeEscalation.orValue(true) == false)"
            ),
            "makes no Job with more privileges than the agent has".to_owned(),
        ),
    ]
}

fn deletions() -> Vec<(String, String)> {
    let what = "deletes no Job of another name than `N-backup-…`".to_owned();
    vec![(is_of_a_backup("oldObject.metadata.name"), what)]
}

fn network_policies() -> Vec<(String, String)> {
    vec![
        (
            is_of_a_backup(NAME),
            "makes no NetworkPolicy of another name than `N-backup-…`".to_owned(),
        ),
        (
            format!(
                "object.spec.podSelector.?matchLabels['{}'].orValue('') == {NAME}",
                names::LABEL_JOB_NAME
            ),
            "makes no NetworkPolicy for another Pod than that of its Job".to_owned(),
        ),
    ]
}

fn instances() -> Vec<(String, String)> {
    let is_same = |field: &str| format!("object.{field} == oldObject.{field}");
    vec![(
        [
            is_same("?spec"),
            is_same("metadata.?labels"),
            is_same("metadata.?annotations"),
            is_same("metadata.?ownerReferences"),
        ]
        .join(" && "),
        "changes nothing of an instance but its finalizers and its status".to_owned(),
    )]
}
