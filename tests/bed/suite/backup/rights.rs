//! Each right that backups need is needed: without it they stop at a place, and somebody is told.

use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;

use crate::bed::bucket;
use crate::bed::controller::{Account, Process, condition};
use crate::bed::fleet::Fleet;
use crate::bed::{ensure, eventually, kubectl, kubectl_command, run};

/// Scenes that are played at the same time.
const STAGES: usize = 4;

/// An instance whose Pod never starts, so that nothing of it is quicker than the test.
const SPEC: &str = "{image: {repository: nowhere.invalid/openclaw, tag: \"2026.9.6\"}, envFrom: [{secretRef: {name: keys}}], storage: {persistence: {orphan: false}}}";

/// What happens one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The finalizer is put on the instance.
    Held,
    /// A demand scales the agent to zero.
    Stopped,
    /// The Job that copies is there.
    Job,
    /// So is its policy.
    Policy,
    /// So is its Secret.
    Secret,
    /// The instance is deleted, and the Job that copies is too.
    Cancelled,
    /// Somebody skips the backup, and the claim is deleted.
    Claim,
    /// The instance is gone.
    Gone,
}

const STAGES_OF_A_LIFE: [Stage; 8] = [
    Stage::Held,
    Stage::Stopped,
    Stage::Job,
    Stage::Policy,
    Stage::Secret,
    Stage::Cancelled,
    Stage::Claim,
    Stage::Gone,
];

/// Resource and verb, whether of the instance's own Role, and what does not happen without it.
pub(crate) const ROWS: &[(&str, &str, bool, Stage)] = &[
    ("openclawinstances", "patch", false, Stage::Held),
    ("statefulsets/scale", "patch", true, Stage::Stopped),
    ("namespaces", "get", false, Stage::Job),
    ("jobs", "create", false, Stage::Job),
    ("networkpolicies", "create", false, Stage::Policy),
    ("secrets", "create", false, Stage::Secret),
    ("jobs", "delete", false, Stage::Cancelled),
    ("persistentvolumeclaims", "delete", true, Stage::Claim),
];

struct Life {
    // Dropped first: it would hold what is deleted.
    process: Process,
    fleet: Fleet,
}

impl Life {
    #[track_caller]
    fn begin(row: Option<(&str, &str, bool)>) -> Self {
        let fleet = Fleet::new("lives");
        fleet.write("agent", SPEC);
        fleet.render();
        fleet.namespace.secret("keys", "ANTHROPIC_API_KEY", "x");
        fleet.namespace.secret("agent-gateway-token", "token", &"0f".repeat(32));
        bucket::open(&fleet.namespace);
        let without = |role: Value, is_own: bool| match row {
            Some((resource, verb, own)) if own == is_own => reduced(role, resource, verb),
            _ => role,
        };
        let account = Account::with(&fleet.namespace, |role| without(role, false));
        let mut text = String::new();
        for object in fleet.rendered("agent").values() {
            let object = crate::kit::documents(object).remove(0);
            let is_own = object["metadata"]["name"] == "agent-controller";
            let is_role = is_own && object["kind"] == "Role";
            let object = if is_role { without(object, true) } else { object };
            text.push_str(&format!("---\n{object}\n"));
        }
        fleet.namespace.apply(&text);
        let process = fleet.start(&account);
        process.leads();
        Self { process, fleet }
    }

    fn find(&self, kind: &str, ends: &str) -> Option<Value> {
        let objects = self.fleet.namespace.objects(kind);
        let name = |object: &Value| object["metadata"]["name"].as_str().unwrap().to_owned();
        objects
            .into_iter()
            .find(|one| name(one).starts_with("agent-backup-") && name(one).ends_with(ends))
    }

    fn happened(&self, stage: Stage) -> bool {
        let instance = self.fleet.namespace.object("openclawinstance", "agent");
        let has_finalizer = |one: &Value| {
            one["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty())
        };
        match stage {
            Stage::Held => instance.as_ref().is_some_and(has_finalizer),
            Stage::Stopped => {
                let namespace = self.fleet.namespace.name.as_str();
                let get = ["get", "statefulset", "agent", "-n", namespace, "-o", "json"];
                let text = run(kubectl_command().args(get).arg("--show-managed-fields")).unwrap();
                let set: Value = serde_json::from_str(&text).unwrap();
                // Who has stopped it, so that somebody knows who is to start it. It may run again by
                // now: a Pod that waited for room is gone at once, and without a right so is the backup.
                let fields = set["metadata"]["managedFields"].as_array();
                let owners = fields
                    .into_iter()
                    .flatten()
                    .filter(|entry| entry["fieldsV1"]["f:spec"].get("f:replicas").is_some());
                let owners: Vec<&Value> = owners.map(|entry| &entry["manager"]).collect();
                owners == ["openclaw-controller"]
            }
            Stage::Job => self.find("jobs", "-copy").is_some(),
            Stage::Policy => self.find("networkpolicies", "-copy").is_some(),
            Stage::Secret => self.find("secrets", "-copy").is_some(),
            Stage::Cancelled => self.find("jobs", "-copy").is_none(),
            Stage::Claim => {
                let claim = self.fleet.namespace.object("pvc", "agent-data");
                // A Pod that is gone only in name may still hold it.
                claim.is_none_or(|claim| claim["metadata"]["deletionTimestamp"].is_string())
            }
            Stage::Gone => instance.is_none(),
        }
    }

    /// What people do before a stage.
    #[track_caller]
    fn bring_about(&self, stage: Stage) {
        let namespace = self.fleet.namespace.name.as_str();
        let note = |note: &str| {
            kubectl(["annotate", "openclawinstance", "agent", "-n", namespace, note]).unwrap();
        };
        match stage {
            Stage::Stopped => note("openclaw.rocks/backup=now"),
            Stage::Cancelled => {
                let delete = ["delete", "openclawinstance", "agent", "-n", namespace];
                run(kubectl_command().args(delete).arg("--wait=false")).unwrap();
            }
            Stage::Claim => note("openclaw.rocks/skip-backup=true"),
            _ => {}
        }
    }

    /// Everything that people can read.
    fn told(&self) -> String {
        let instance = self.fleet.namespace.object("openclawinstance", "agent");
        let condition = instance.map(|one| condition(&one, "BackupReady")).unwrap_or_default();
        let log = self.process.log();
        let lines = log.lines().filter(|line| !line.contains("\"DEBUG\""));
        let log: String = lines.map(|line| format!("{line}\n")).collect();
        format!("{condition}\n{}", log.replace("\\\"", "\"").replace("\\\\\"", "\""))
    }
}

fn reduced(mut role: Value, resource: &str, verb: &str) -> Value {
    for rule in role["rules"].as_array_mut().unwrap() {
        let resources = rule["resources"].as_array().unwrap();
        if resources.iter().any(|one| one == resource) {
            rule["verbs"].as_array_mut().unwrap().retain(|one| *one != verb);
        }
    }
    let rules = role["rules"].as_array_mut().unwrap();
    rules.retain(|rule| !rule["verbs"].as_array().unwrap().is_empty());
    role
}

#[track_caller]
fn play(row: Option<&(&str, &str, bool, Stage)>) {
    let life = Life::begin(row.map(|(resource, verb, own, _)| (*resource, *verb, *own)));
    for stage in STAGES_OF_A_LIFE {
        life.bring_about(stage);
        let Some((resource, verb, _, stops)) = row.filter(|row| row.3 == stage) else {
            eventually(&format!("{stage:?} without {row:?}"), 60, || {
                ensure(life.happened(stage), || life.told())
            });
            continue;
        };
        let words = format!("cannot {verb} resource \"{resource}\"");
        eventually(&format!("it says that it {words}"), 60, || {
            ensure(life.told().contains(&words), || life.told())
        });
        assert!(!life.happened(*stops), "{stops:?} happens without {verb} {resource}");
        // Whoever lacks the right to delete a claim lets the instance go all the same.
        if *stops == Stage::Claim {
            eventually("the instance goes", 60, || {
                ensure(life.happened(Stage::Gone), || life.told())
            });
        }
        return;
    }
}

#[test]
fn with_all_rights_an_instance_is_held_stopped_copied_and_let_go() {
    play(None);
}

#[test]
fn each_right_of_a_backup_is_needed_and_missed_aloud() {
    let rows = Mutex::new(ROWS.iter());
    std::thread::scope(|scope| {
        for _ in 0..STAGES {
            scope.spawn(|| {
                loop {
                    let row = rows.lock().unwrap().next();
                    let Some(row) = row else { return };
                    play(Some(row));
                }
            });
        }
    });
}

/// What the admission policies keep the account from, whatever its rights say.
#[test]
fn the_account_writes_what_backups_need_and_nothing_else() {
    let life = Life::begin(None);
    eventually("the finalizer is there", 60, || ensure(life.happened(Stage::Held), || life.told()));
    let namespace = life.fleet.namespace.name.clone();
    // The policies of this namespace's account, as `openclaw install` prints them.
    let text = crate::bed::controller::printed(&["--namespace", &namespace]);
    let mut policies = String::new();
    for object in crate::kit::documents(&text) {
        let name = object["metadata"]["name"].as_str().unwrap();
        let is_policy = object["kind"].as_str().unwrap().starts_with("ValidatingAdmission");
        if is_policy && name.ends_with(&namespace) {
            policies.push_str(&format!("---\n{object}\n"));
        }
    }
    assert_eq!(policies.matches("\"ValidatingAdmissionPolicy\"").count(), 5);
    crate::bed::kubectl_with(["apply", "--server-side", "-f", "-"], &policies).unwrap();
    let account = format!("--as=system:serviceaccount:{namespace}:openclaw-controller");
    let dry = ["--dry-run=server", "-n", &namespace];
    let as_controller = |args: &[&str], stdin: &str| -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), stdin).unwrap();
        let mut command: Command = kubectl_command();
        command.args(args).args(dry).arg(&account);
        if !stdin.is_empty() {
            command.arg("-f").arg(file.path());
        }
        run(&mut command)
    };
    let secret = |name: &str, key: &str, kind: &str, version: &str| {
        format!(
            r#"{{"apiVersion": "v1", "kind": "Secret", "metadata": {{"name": "{name}", "ownerReferences": [{{"apiVersion": "{version}", "kind": "{kind}", "name": "x", "uid": "x"}}]}}, "stringData": {{"{key}": "x"}}}}"#
        )
    };
    let job = |name: &str, pod: &str| {
        format!(
            r#"{{"apiVersion": "batch/v1", "kind": "Job", "metadata": {{"name": "{name}"}}, "spec": {{"template": {{"spec": {{"restartPolicy": "Never", "securityContext": {{"runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {{"type": "RuntimeDefault"}}}}, "containers": [{{"name": "a", "image": "a", "securityContext": {{"allowPrivilegeEscalation": false, "capabilities": {{"drop": ["ALL"]}}}}}}]{pod}}}}}}}}}"#
        )
    };
    let tokenless = ", \"automountServiceAccountToken\": false";
    let api = "openclaw.rocks/v1alpha1";
    let accepted = [
        secret("agent-gateway-token", "token", "OpenClawInstance", api).replace("agent-g", "b-g"),
        secret("agent-restore-credentials", "B2_BUCKET", "Pod", "v1"),
        secret("agent-backup-0123abcd", "init.json", "Job", "batch/v1"),
        job("agent-backup-0123abcd-copy", tokenless),
    ];
    // Policies that were just made are not asked at once.
    let refused = [
        (secret("any", "token", "OpenClawInstance", api), "of another name"),
        (secret("b-gateway-token", "token", "Pod", "v1"), "each as its name says"),
        (secret("b-gateway-token", "password", "OpenClawInstance", api), "other keys"),
        (secret("agent-backup-0123abcd", "other", "Job", "batch/v1"), "other keys"),
        (job("agent-backup-0123abcd", ""), "the token of an account"),
        (job("cleanup", tokenless), "of another name"),
        (
            job("agent-backup-0123abcd", &format!("{tokenless}, \"hostNetwork\": true")),
            "of its node",
        ),
    ];
    for (object, why) in &refused {
        eventually(&format!("a policy refuses what is {why}"), 60, || {
            let answer = as_controller(&["create"], object);
            ensure(answer.as_ref().is_err_and(|error| error.contains(why)), || {
                format!("{answer:?}")
            })
        });
    }
    for object in &accepted {
        as_controller(&["create"], object).unwrap();
    }
    // kubectl reads what it patches, which the account need not.
    let subject = format!("--serviceaccount={namespace}:openclaw-controller");
    for args in [
        ["create", "role", "reads", "--verb=get", "--resource=openclawinstances.openclaw.rocks"],
        ["create", "rolebinding", "reads", "--role=reads", &subject],
    ] {
        run(kubectl_command().args(args).args(["-n", &namespace])).unwrap();
    }
    let patch = |patch: &str| {
        as_controller(&["patch", "openclawinstance", "agent", "--type=merge", "-p", patch], "")
    };
    for change in [
        r#"{"spec": {"suspended": true}}"#,
        r#"{"metadata": {"labels": {"a": "b"}}}"#,
        r#"{"metadata": {"annotations": {"a": "b"}}}"#,
    ] {
        let answer = patch(change).unwrap_err();
        assert!(answer.contains("but its finalizers and its status"), "{answer}");
    }
    patch(r#"{"metadata": {"finalizers": ["openclaw.rocks/finalizer", "a.example/b"]}}"#).unwrap();
}
