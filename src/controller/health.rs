//! Reads from a Pod why it does not become ready.

use super::observed::{ContainerFacts, Ended, PodFacts, State};
use crate::names;

/// Exit code of the application when it refuses its configuration (`EX_CONFIG`).
const EX_CONFIG: i32 = 78;
/// Starts after which a container that ends is not expected to stay.
const MANY: i32 = 3;
/// Most lines of a last word.
const LINES: usize = 4;
/// Most characters of it.
const LENGTH: usize = 400;
/// Fewest characters of a key or a token.
const KEY: usize = 20;
/// Fewest characters of what is nothing but random in it.
const RANDOM: usize = 12;
/// Characters of it that are shown.
const SHOWN: usize = 4;

/// Why a Pod does not become ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// In one word, for conditions.
    pub reason: &'static str,
    /// What is known; `None` when the kubelet says nothing at this moment, though it did before.
    pub message: Option<String>,
    /// Whether waiting alone will not help.
    pub is_final: bool,
}

impl Trouble {
    fn new(reason: &'static str, is_final: bool, message: impl Into<String>) -> Self {
        let message = Some(message.into()).filter(|message| !message.is_empty());
        Self { reason, message, is_final }
    }
}

/// Returns the first trouble of a Pod that is not ready, in the order in which it starts.
///
/// What ended before counts until the Pod is ready: a crash loop is one state and not two that
/// take turns.
pub fn trouble(pod: &PodFacts) -> Option<Trouble> {
    if pod.is_ready {
        return None;
    }
    if let Some(why) = &pod.unschedulable {
        return Some(Trouble::new("Unschedulable", false, why.as_str()));
    }
    if let Some(why) = &pod.failed {
        return Some(Trouble::new("PodFailed", false, format!("the Pod ended: {why}")));
    }
    pod.containers.iter().find_map(container)
}

fn container(container: &ContainerFacts) -> Option<Trouble> {
    let name = &container.name;
    if let State::Waiting { reason, message } = &container.state {
        match reason.as_str() {
            "ErrImagePull"
            | "ImagePullBackOff"
            | "InvalidImageName"
            | "ErrImageNeverPull"
            | "RegistryUnavailable"
            | "ImageInspectError" => {
                return Some(pull(container, reason, message));
            }
            "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
                let message = format!("`{name}` cannot be started: {}", words(message));
                return Some(Trouble::new("ContainerNotStarted", false, message));
            }
            _ => {}
        }
    }
    let ended = match &container.state {
        State::Ended(ended) => Some(ended),
        // An init container that succeeded after all is done, and its past with it.
        State::Waiting { .. } | State::Running { .. } => container.last.as_ref(),
    };
    let ended = ended.filter(|ended| ended.code != 0)?;
    Some(crash(container, ended))
}

fn pull(container: &ContainerFacts, reason: &str, message: &str) -> Trouble {
    // While it waits for the next attempt the kubelet may leave the cause out.
    let cause = message.split_once("ErrImagePull: ").map(|(_, cause)| cause);
    let cause = cause.or((reason != "ImagePullBackOff").then_some(message));
    let told =
        cause.map(|cause| format!("`{}` cannot be pulled: {}", container.image, words(cause)));
    Trouble { reason: "ImagePullFailed", message: told, is_final: true }
}

fn crash(container: &ContainerFacts, ended: &Ended) -> Trouble {
    let name = &container.name;
    let last_words = match last_words(ended) {
        none if none.is_empty() => none,
        some => format!(": {some}"),
    };
    let is_final = container.restarts >= MANY;
    if ended.reason == "OOMKilled" {
        let message = format!("`{name}` was killed because it used more memory than its limit");
        return Trouble::new("OutOfMemory", is_final, message);
    }
    if container.is_init {
        let message = format!("`{name}` exited with {}{last_words}", ended.code);
        return Trouble::new("InitContainerFailed", is_final, message);
    }
    if name == names::CONTAINER_MAIN && ended.code == EX_CONFIG {
        let message = format!("its configuration is refused{last_words}");
        return Trouble::new("ConfigRefused", true, message);
    }
    let message = format!("`{name}` exited with {}{last_words}", ended.code);
    Trouble::new("CrashLooping", is_final, message)
}

/// What a container that ended said last, without what may be a key.
pub fn last_words(ended: &Ended) -> String {
    words(&masked(&ended.message))
}

/// The last lines that say something, bounded: a condition is not a log.
fn words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(LINES)..].join("; ");
    let start = last.char_indices().rev().nth(LENGTH - 1).map_or(0, |(at, _)| at);
    last[start..].to_owned()
}

/// A text without what may be a key or a token: a container that fails may print what it was
/// given, and more may read a status than a log. What has no such form, as a password, stays.
fn masked(text: &str) -> String {
    let is_inside = |char: char| char.is_ascii_alphanumeric() || "-_+".contains(char);
    let mut rest = text;
    let mut result = String::with_capacity(text.len());
    while let Some(start) = rest.find(is_inside) {
        let (before, word) = rest.split_at(start);
        let (word, after) = word.split_at(word.find(|char| !is_inside(char)).unwrap_or(word.len()));
        result.push_str(before);
        if is_key(word) {
            result.push_str(&word[..SHOWN]);
            result.push('…');
        } else {
            result.push_str(word);
        }
        rest = after;
    }
    result + rest
}

/// Whether a word without spaces may be a key: long, with a part that no name of a model or an
/// image has.
fn is_key(word: &str) -> bool {
    let is_random = |part: &str| {
        part.len() >= RANDOM
            && part.contains(|char: char| char.is_ascii_digit())
            && part.contains(|char: char| char.is_ascii_alphabetic())
    };
    word.len() >= KEY && word.split(['-', '_', '+']).any(is_random)
}
