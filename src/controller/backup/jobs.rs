//! The Jobs of a backup as they are seen, with the last words of their Pods.

use super::{Backup, Failure, Job, State, Task, job};
use crate::controller::observed::{self, Observed, PodFacts};

/// What a state has a Job for.
pub(super) fn task(state: &State) -> Option<(Task, &Backup)> {
    match state {
        State::Copying(backup, _) => Some((Task::Copy, backup)),
        State::Uploading(backup, _) => Some((Task::Upload, backup)),
        State::Idle | State::Stopping(..) | State::Releasing(_) | State::Leaving(_) => None,
    }
}

/// The Job of a state as it is seen.
pub(super) fn seen(observed: &Observed, state: &State) -> Job {
    if let (State::Stopping(..), Some(why)) = (state, &observed.backup.refusal) {
        return Job::Refused(why.clone());
    }
    let Some((task, backup)) = task(state) else { return Job::Absent };
    let name = job::name(&observed.instance, task, backup);
    let Some(facts) = observed.backup.jobs.get(&name) else {
        if let Some(why) = &observed.backup.refusal {
            return Job::Refused(why.clone());
        }
        let is_known = observed.instance.status.backup_job_name.as_ref() == Some(&name);
        return if is_known { Job::Gone } else { Job::Absent };
    };
    let mut pods = observed.backup.pods.iter();
    let is_its = |pod: &str| pod.rsplit_once('-').is_some_and(|(job, _)| job == name);
    let pod = pods.find(|(pod, _)| is_its(pod)).map(|(_, facts)| facts);
    match &facts.failed {
        Some(condition) => Job::Failed(failure(task, condition, pod)),
        None if !facts.is_complete && pod.is_none_or(|pod| !is_started(pod)) => {
            Job::Waiting(pod.and_then(waits))
        }
        None if !facts.is_complete => Job::Running,
        // Of the two watches this one was quicker: the last word of the Pod is on its way.
        None if task == Task::Upload && pod.is_some_and(|pod| word(pod, "upload").is_none()) => {
            Job::Running
        }
        None => Job::Done(pod.and_then(|pod| word(pod, "upload")).and_then(|text| bytes(&text))),
    }
}

fn bytes(message: &str) -> Option<i64> {
    serde_json::from_str::<serde_json::Value>(message).ok()?["bytes"].as_i64()
}

/// How a container ended, in its own words.
fn word(pod: &PodFacts, name: &str) -> Option<String> {
    let container = pod.containers.iter().find(|container| container.name == name)?;
    match &container.state {
        observed::State::Ended(ended) => Some(ended.message.clone()),
        observed::State::Waiting { .. } | observed::State::Running { .. } => None,
    }
}

/// Whether a container has started: then all is there that it mounts.
fn is_started(pod: &PodFacts) -> bool {
    pod.containers.iter().any(|one| !matches!(one.state, observed::State::Waiting { .. }))
}

/// What keeps a Pod from starting.
fn waits(pod: &PodFacts) -> Option<String> {
    if let Some(why) = &pod.unschedulable {
        return Some(why.clone());
    }
    pod.containers.iter().find_map(|container| match &container.state {
        observed::State::Waiting { reason, message } if !reason.is_empty() => {
            const PASSING: [&str; 2] = ["PodInitializing", "ContainerCreating"];
            let text = format!("{}: {reason} {message}", container.name);
            (!PASSING.contains(&reason.as_str())).then(|| text.trim_end().to_owned())
        }
        _ => None,
    })
}

fn failure(task: Task, condition: &str, pod: Option<&PodFacts>) -> Failure {
    let name = match task {
        Task::Copy => "SnapshotFailed",
        Task::Upload => "UploadFailed",
    };
    if condition.starts_with("DeadlineExceeded") {
        let why = pod.and_then(waits).map(|why| format!("; {why}")).unwrap_or_default();
        let message = format!("the Job took longer than it may{why}");
        return Failure::new("DeadlineExceeded", message);
    }
    if let Some(evicted) = pod.and_then(|pod| pod.failed.as_ref()).filter(|text| !text.is_empty()) {
        return Failure::new("PodFailed", evicted.clone());
    }
    let containers = pod.into_iter().flat_map(|pod| &pod.containers);
    let mut ended = containers.filter_map(|container| match &container.state {
        observed::State::Ended(ended) if ended.code != 0 => Some((container, ended)),
        _ => None,
    });
    match ended.next() {
        Some((container, ended)) => {
            let text = if ended.message.trim().is_empty() { &ended.reason } else { &ended.message };
            let text = format!("{} ended with {}: {}", container.name, ended.code, text.trim());
            Failure::new(if container.name == "archive" { "ArchiveFailed" } else { name }, text)
        }
        None => Failure::new(name, condition.to_owned()),
    }
}
