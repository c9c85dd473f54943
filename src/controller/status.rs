//! Derives the status from the judgements: a fixed point, so that nothing is written twice.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::backup;
use super::conditions::{self, Judgement, Verdict};
use super::observed::{Observed, State, Wants};
use crate::api::auth::Auth;
use crate::api::status::{
    AutoUpdateStatus, BackupStatus, ManagedResources, OpenClawInstanceStatus, Phase,
};
use crate::names;

/// Returns where the instance is in its life. Every phase is explained by a condition.
pub fn phase(observed: &Observed, judgements: &[Judgement]) -> Phase {
    if observed.instance.is_deleted {
        return Phase::Terminating;
    }
    let Some(set) = find(judgements, names::CONDITION_STATEFUL_SET) else { return Phase::Pending };
    match (set.verdict, set.reason.as_str()) {
        (_, "NotSynced") => Phase::Pending,
        (_, "BackingUp") => Phase::BackingUp,
        _ if is_restoring(observed) => Phase::Restoring,
        (Verdict::Yes, "Suspended") => Phase::Suspended,
        (Verdict::Yes, _) if judgements.iter().any(|one| one.verdict == Verdict::No) => {
            Phase::Degraded
        }
        (Verdict::Yes, _) => Phase::Running,
        (Verdict::No, _) => Phase::Failed,
        (Verdict::NotYet | Verdict::Unknown, _) => Phase::Provisioning,
    }
}

/// Whether a backup is being fetched onto the volume.
fn is_restoring(observed: &Observed) -> bool {
    let containers = observed.pod.iter().flat_map(|pod| &pod.containers);
    let mut fetching = containers.filter(|one| one.name == names::INIT_RESTORE);
    fetching.any(|one| matches!(one.state, State::Running { .. }))
}

/// While a version is being judged, that is what its life is about.
pub fn updating(phase: Phase, is_busy: bool) -> Phase {
    match phase {
        Phase::Terminating | Phase::Suspended => phase,
        _ if is_busy => Phase::Updating,
        _ => phase,
    }
}

/// While the agent is stopped for a backup, that is what its life is about.
pub fn stopping(phase: Phase, is_stopping: bool) -> Phase {
    match phase {
        Phase::Terminating | Phase::Suspended => phase,
        _ if is_stopping => Phase::BackingUp,
        _ => phase,
    }
}

/// Adds what came of the backups.
pub fn backed_up(
    status: &mut OpenClawInstanceStatus,
    looked: &backup::look::Looked,
    now: Timestamp,
) {
    let is_empty = looked.status == BackupStatus::default();
    status.backup = (!is_empty).then(|| looked.status.clone());
    status.backup_job_name.clone_from(&looked.job);
    let Some((path, reason)) = &looked.stored else { return };
    status.last_backup_path = Some(path.clone());
    status.last_backup_time = Some(Time(now));
    if *reason == backup::Reason::Update {
        let update = status.auto_update.get_or_insert_default();
        update.pre_update_backup_path = Some(path.clone());
    }
}

fn find<'a>(judgements: &'a [Judgement], kind: &str) -> Option<&'a Judgement> {
    judgements.iter().find(|judgement| judgement.kind == kind)
}

/// Puts the summaries that kstatus and people read first before the judgements. `Reconciling` and
/// `Stalled` are there only while they are true, and `Ready` is not there while the instance is
/// suspended: kstatus takes `False` for a change that is on its way, and would wait for ever.
pub fn summarized(phase: Phase, judgements: Vec<Judgement>) -> Vec<Judgement> {
    let kind = names::CONDITION_STATEFUL_SET;
    let unknown = Judgement::unknown(kind, "NotSynced", "nothing is known");
    let set = find(&judgements, kind).unwrap_or(&unknown);
    let ready = Judgement { kind: names::CONDITION_READY, ..set.clone() };
    let ready = match phase {
        Phase::Terminating => {
            Judgement::no(ready.kind, "Terminating", "the instance is being deleted")
        }
        _ => ready,
    };
    let worst = judgements.iter().find(|one| one.verdict == Verdict::No);
    let waiting = judgements.iter().find(|one| one.verdict == Verdict::NotYet);
    let mut all = if phase == Phase::Suspended { Vec::new() } else { vec![ready] };
    match (phase, worst, waiting) {
        (Phase::Failed, Some(why), _) => {
            all.push(Judgement {
                kind: names::CONDITION_STALLED,
                verdict: Verdict::Yes,
                ..why.clone()
            });
        }
        (Phase::Terminating, _, _) => {
            let message = "the instance is being deleted";
            all.push(Judgement::yes(names::CONDITION_RECONCILING, "Terminating", message));
        }
        (_, _, Some(why)) => {
            all.push(Judgement {
                kind: names::CONDITION_RECONCILING,
                verdict: Verdict::Yes,
                ..why.clone()
            });
        }
        _ => {}
    }
    all.extend(judgements);
    all
}

/// Returns the whole status. What other deciders own is taken over from the status before.
pub fn status(
    observed: &Observed,
    phase: Phase,
    judgements: &[Judgement],
    mut auto_update: AutoUpdateStatus,
    now: Timestamp,
) -> OpenClawInstanceStatus {
    let instance = &observed.instance;
    let before = &instance.status;
    let is_seen = before.observed_generation == Some(instance.generation);
    let host = format!("{}.{}.svc", instance.name, instance.namespace);
    if let Some(version) = observed.set.as_ref().and_then(|set| set.version.clone()) {
        auto_update.current_version = Some(version);
    }
    OpenClawInstanceStatus {
        phase: Some(phase),
        conditions: conditions::write(judgements, &before.conditions, instance.generation, now),
        gateway_endpoint: Some(format!("{host}:{}", names::PORT_GATEWAY)),
        canvas_endpoint: Some(format!("{host}:{}", names::PORT_CANVAS)),
        observed_generation: Some(instance.generation),
        last_reconcile_time: match &before.last_reconcile_time {
            Some(time) if is_seen => Some(time.clone()),
            _ => Some(Time(now)),
        },
        managed_resources: Some(managed(observed)),
        auto_update: Some(auto_update).filter(|update| *update != AutoUpdateStatus::default()),
        ..before.clone()
    }
}

fn managed(observed: &Observed) -> ManagedResources {
    let name = &observed.instance.name;
    let is_synced = observed.set.is_some();
    let wants = observed.instance.wants.as_ref();
    let own = |is_there: bool| (is_synced && is_there).then(|| name.clone());
    let wanted = |ask: fn(&Wants) -> bool| own(wants.is_some_and(ask));
    let token = wants.and_then(|wants| match &wants.auth {
        Auth::Secret { name, .. } => Some(name.clone()),
        _ => None,
    });
    ManagedResources {
        stateful_set: own(true),
        deployment: None,
        service: own(true),
        config_map: own(true).map(|name| names::config_map(&name)),
        pvc: wants.and_then(|wants| wants.claim.clone()).filter(|_| observed.claim.is_some()),
        network_policy: observed.has_policy.then(|| name.clone()),
        pod_disruption_budget: wanted(|wants| wants.has_disruption_budget),
        service_account: None,
        role: None,
        role_binding: None,
        gateway_token_secret: token,
    }
}
