//! Objects of one instance as an API server gives them, rendered by the binary.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::jiff::Timestamp;
use openclaw::controller::decide::{self, Action, Event, Plan};
use openclaw::controller::facts;
use openclaw::controller::observed::{BackupFacts, Held, Observed, Reading, UpdateFacts};
use openclaw::model::references::Kind;
use serde_json::{Value, json};

use crate::kit::{self, Test};

pub const NOW: &str = "2026-11-01T12:00:00Z";
pub const UID: &str = "0b1e7a52-0000-4000-8000-000000000001";

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// The live objects around one instance.
#[derive(Clone)]
pub struct World {
    pub instance: Value,
    pub set: Option<Value>,
    pub pod: Option<Value>,
    pub claim: Option<String>,
    pub has_policy: bool,
    pub readings: BTreeMap<(Kind, String), Reading>,
    pub refusal: Option<String>,
    pub update: UpdateFacts,
    pub backup: BackupFacts,
}

impl World {
    /// What is there right after the GitOps tool has synced a spec: objects, and no Secret.
    pub fn synced(spec: &str) -> Self {
        let text = format!(
            "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata: {{name: my-agent, namespace: agents}}\nspec: {spec}\n"
        );
        let stream = Test::new().file("my-agent.yaml", &text).args(["render", "my-agent.yaml"]);
        let objects = kit::documents(&stream.success());
        let find = |kind: &str| objects.iter().find(|o| o["kind"] == kind).cloned();
        let mut instance = find("OpenClawInstance").unwrap();
        instance["metadata"]["uid"] = json!(UID);
        instance["metadata"]["generation"] = json!(1);
        instance["metadata"]["resourceVersion"] = json!("7");
        let mut set = find("StatefulSet").unwrap();
        set["metadata"]["generation"] = json!(1);
        set["metadata"]["managedFields"] = json!([{
            "manager": "argocd-controller", "operation": "Apply", "fieldsV1": {
                "f:metadata": {"f:annotations": {"f:openclaw.rocks/render-hash": {}}},
                "f:spec": {"f:template": {}},
            },
        }]);
        set["status"] = json!({"observedGeneration": 1, "updateRevision": "my-agent-1"});
        let mut world = Self {
            instance,
            set: Some(set),
            pod: None,
            claim: Some("Bound".to_owned()),
            has_policy: find("NetworkPolicy").is_some(),
            readings: BTreeMap::new(),
            refusal: None,
            update: UpdateFacts::default(),
            backup: BackupFacts::default(),
        };
        for key in decide::reads(&world.observed()) {
            world.readings.insert(key, Reading::Absent);
        }
        world
    }

    pub fn observed(&self) -> Observed {
        Observed {
            instance: facts::instance(&self.instance),
            set: self.set.as_ref().map(facts::set),
            pod: self.pod.as_ref().map(facts::pod),
            claim: self.claim.as_ref().map(|phase| {
                facts::claim(&json!({"metadata": {"uid": "claim-1"}, "status": {"phase": phase}}))
            }),
            has_policy: self.has_policy,
            readings: self.readings.clone(),
            refusal: self.refusal.clone(),
            update: self.update.clone(),
            backup: self.backup.clone(),
        }
    }

    /// Makes a Secret with a good value for every key.
    pub fn secret(&mut self, name: &str, keys: &[&str]) {
        let value = "0123456789abcdef0123456789abcdef";
        let data: Vec<(String, ByteString)> = keys
            .iter()
            .map(|key| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())))
            .collect();
        let metadata = json!({"ownerReferences": [{"uid": UID}]});
        let held = facts::secret(&metadata, &data);
        self.hold(name, held);
    }

    pub fn hold(&mut self, name: &str, held: Held) {
        self.readings.insert((Kind::Secret, name.to_owned()), Reading::Held(held));
    }

    /// A Pod of the newest revision, whose main container is in a state.
    pub fn pod(&mut self, is_ready: bool, main: &Value) {
        self.pod = Some(json!({
            "metadata": {"uid": "pod-1", "labels": {"controller-revision-hash": "my-agent-1"}},
            "spec": {"containers": [{"name": "openclaw", "image": "openclaw:1"}]},
            "status": {
                "conditions": [{"type": "Ready", "status": if is_ready { "True" } else { "False" }}],
                "containerStatuses": [main],
            },
        }));
    }

    /// A Pod that is ready.
    pub fn ready(&mut self) {
        let state = json!({"running": {"startedAt": "2026-11-01T11:00:00Z"}});
        self.pod(true, &json!({"name": "openclaw", "state": state, "restartCount": 0}));
    }

    pub fn plan(&self) -> Plan {
        decide::decide(&self.observed(), now())
    }

    /// Decides once, takes the status over, and tells what happened: phase, conditions, events.
    pub fn step(&mut self) -> String {
        let plan = self.plan();
        let mut told = String::new();
        for action in plan.actions {
            match action {
                Action::MakeToken { secret } => {
                    told.push_str(&format!("make {secret}\n"));
                    self.secret(&secret, &["token"]);
                }
                Action::Update(effect) => told.push_str(&format!("do {effect:?}\n")),
                Action::Lend { pod } => told.push_str(&format!("lend {pod}\n")),
                Action::Backup { effect, .. } => told.push_str(&format!("do {effect:?}\n")),
                Action::WriteStatus { status, events } => {
                    told.push_str(&format!("phase {:?}\n", status.phase.unwrap()));
                    for one in &status.conditions {
                        let line = format!(
                            "  {}={} {}: {}\n",
                            one.type_, one.status, one.reason, one.message
                        );
                        told.push_str(&line);
                    }
                    events.iter().for_each(|event| told.push_str(&event_line(event)));
                    self.instance["status"] = serde_json::to_value(*status).unwrap();
                }
            }
        }
        for awaited in plan.awaited {
            told.push_str(&format!("await {}\n", awaited.name));
        }
        told
    }
}

fn event_line(event: &Event) -> String {
    let kind = if event.is_warning { "Warning" } else { "Normal" };
    format!("event {kind} {}: {}\n", event.reason, event.message)
}
