//! How the Pod of a committed version does: what may be its fault, and what is the world's.

use super::{Answer, Health, Verdict};
use crate::controller::health::{self, Trouble};
use crate::controller::observed::{ContainerFacts, Ended, Observed, PodFacts, State};
use crate::names;

/// Exit code of `init-state` for every fault of its own, which blames no version.
const EX_TEMPFAIL: i32 = 75;
/// The init container that says so.
const INIT_STATE: &str = "init-state";

/// What a kubelet says of an image that will not come, however long one waits.
const ABSENT: [&str; 9] = [
    "not found",
    "manifest unknown",
    "name unknown",
    "no match for platform",
    "no matching manifest",
    "unauthorized",
    "access denied",
    "denied:",
    "invalid reference",
];
/// What says of those that the world is at fault after all.
const PASSING: [&str; 5] =
    ["toomanyrequests", "too many requests", "429", "timeout", "no such host"];
/// What a container runtime says of a program that this machine cannot run.
const FOREIGN: [&str; 3] = ["exec format error", "no such file or directory", "permission denied"];

/// Returns how the Pod does. `digests` are those of the version's image, index and manifests;
/// none where nobody knows them.
pub fn health(observed: &Observed, digests: &[String], answer: Option<Answer>) -> Health {
    let Some(set) = &observed.set else { return Health::Coming };
    if set.observed_generation < set.generation {
        return Health::Coming;
    }
    let Some(pod) = observed.pod.as_ref().filter(|pod| !pod.is_deleted) else {
        return Health::Coming;
    };
    if pod.revision != set.update_revision {
        if pod.is_ready {
            return Health::Coming;
        }
        let since = pod.ready_changed.map(k8s_openapi::jiff::Timestamp::as_second);
        return Health::Stuck { uid: pod.uid.clone(), since: since.unwrap_or_default() };
    }
    if let Some(held) = held(pod) {
        return held;
    }
    let Some(main) = pod.containers.iter().find(|one| one.name == names::CONTAINER_MAIN) else {
        return Health::Coming;
    };
    if let Some(message) = is_another_image(main, digests) {
        return verdict("ImageUnmatched", message, Health::Held);
    }
    match health::trouble(pod) {
        Some(trouble) => troubled(trouble, main),
        None if pod.is_ready => Health::Ready { restarts: main.restarts, answer },
        None => starting(main),
    }
}

/// Returns what `init-state` did with the data, where it did something.
pub fn prepared(observed: &Observed) -> Option<String> {
    let pod = observed.pod.as_ref()?;
    let init = pod.containers.iter().find(|one| one.name == INIT_STATE)?;
    let State::Ended(Ended { code: 0, message, .. }) = &init.state else { return None };
    Some(message.trim().to_owned()).filter(|message| !message.is_empty())
}

fn starting(main: &ContainerFacts) -> Health {
    if matches!(main.state, State::Running { .. }) { Health::Starting } else { Health::Coming }
}

fn verdict(reason: &str, message: String, kind: fn(Verdict) -> Health) -> Health {
    kind(Verdict { reason: reason.to_owned(), message })
}

/// Whether `init-state` keeps the version from starting: no space for the snapshot, or no consent
/// to an old one.
fn held(pod: &PodFacts) -> Option<Health> {
    let init = pod.containers.iter().find(|one| one.name == INIT_STATE)?;
    let ended = match &init.state {
        State::Ended(ended) => Some(ended),
        State::Waiting { .. } => init.last.as_ref(),
        State::Running { .. } => None,
    };
    let ended = ended.filter(|ended| ended.code == EX_TEMPFAIL)?;
    Some(verdict("StateHeld", health::last_words(ended), Health::Held))
}

/// Why what runs is not what was committed: another image under the same tag blames no version.
fn is_another_image(main: &ContainerFacts, digests: &[String]) -> Option<String> {
    // An image that was loaded on the node has no digest of a registry.
    let (repository, digest) = main.image_id.rsplit_once('@')?;
    // A node that has the same content from two repositories names it by either, and the digest of
    // the other's manifest says nothing about the version's.
    let after = main.image.strip_prefix(repository)?;
    if !after.is_empty() && !after.starts_with([':', '@']) {
        return None;
    }
    let is_known = digests.is_empty() || digests.iter().any(|known| known == digest);
    (!is_known).then(|| format!("the Pod runs `{digest}`, which is none of the version's images"))
}

fn troubled(trouble: Trouble, main: &ContainerFacts) -> Health {
    let Trouble { reason, message, is_final } = trouble;
    let text = message.clone().unwrap_or_default();
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let failed = |message| verdict(reason, message, Health::Failed);
    match reason {
        // While it waits for the next attempt the kubelet may leave the cause out.
        "ImagePullFailed" if message.is_none() => Health::Coming,
        "ImagePullFailed" if says(&ABSENT) && !says(&PASSING) => failed(text),
        "ContainerNotStarted" if says(&FOREIGN) => failed(text),
        "ConfigRefused" => failed(text),
        "OutOfMemory" if is_final || main.restarts >= 2 => failed(text),
        "CrashLooping" | "InitContainerFailed" if is_final => failed(text),
        "OutOfMemory" | "CrashLooping" => starting_again(main),
        "InitContainerFailed" => Health::Coming,
        _ => verdict(reason, text, Health::Held),
    }
}

/// Between two starts its clock goes on.
fn starting_again(main: &ContainerFacts) -> Health {
    match starting(main) {
        Health::Coming if main.restarts > 0 || main.last.is_some() => Health::Starting,
        Health::Coming if matches!(main.state, State::Ended(_)) => Health::Starting,
        other => other,
    }
}
