//! Decides whether everything is there that a Pod reads from outside of Git.

use k8s_openapi::jiff::Timestamp;

use super::conditions::Judgement;
use super::observed::{Held, Observed, Reading, State};
use super::token::Token;
use crate::model::references::{Kind, Need};
use crate::names;

/// Most objects that one message names.
const MOST: usize = 10;

/// Every need of the instance: of its Pod, and of what leads to it.
pub fn needs(observed: &Observed) -> impl Iterator<Item = &Need> {
    // The controller makes that one itself, and may not read it.
    let own = names::restore_secret(&observed.instance.name);
    let pod = observed.set.iter().flat_map(|set| &set.needs).filter(move |need| need.name != own);
    pod.chain(observed.instance.wants.iter().flat_map(|wants| &wants.needs))
}

/// Judges the Secrets.
pub fn judge(observed: &Observed, token: &Token) -> Judgement {
    let kind = names::CONDITION_SECRETS;
    if let Token::Refused(reason, message) = token {
        return Judgement::no(kind, reason, message.clone());
    }
    match missing(observed, Kind::Secret) {
        Found::Missing(list) => Judgement::no(kind, "SecretMissing", list),
        Found::Denied => denied(kind, observed, "Secret"),
        Found::Unread => Judgement::unknown(kind, "NotRead", "not every Secret was read"),
        Found::All => match stale(observed) {
            Some(names) => Judgement::yes(
                kind,
                "RestartNeeded",
                format!("{names} changed after the Pod started; delete the Pod to use it"),
            ),
            None => Judgement::yes(kind, "SecretsFound", "every Secret exists"),
        },
    }
}

/// Judges the ConfigMaps that lie outside of Git; `None` when nothing is wrong with them.
pub fn config_maps(kind: &'static str, observed: &Observed) -> Option<Judgement> {
    match missing(observed, Kind::ConfigMap) {
        Found::Missing(list) => Some(Judgement::no(kind, "ConfigMapMissing", list)),
        Found::Denied => Some(denied(kind, observed, "ConfigMap")),
        Found::Unread | Found::All => None,
    }
}

fn denied(kind: &'static str, observed: &Observed, what: &str) -> Judgement {
    let role = names::controller_role(&observed.instance.name);
    let message = format!("the Role `{role}` is not synced, without which no {what} can be read");
    Judgement::unknown(kind, "NotSynced", message)
}

enum Found {
    All,
    Missing(String),
    Denied,
    Unread,
}

fn missing(observed: &Observed, kind: Kind) -> Found {
    let mut lines: Vec<String> = Vec::new();
    let (mut is_denied, mut is_unread) = (false, false);
    for need in needs(observed).filter(|need| need.kind == kind && !need.is_optional) {
        let key = (kind, need.name.clone());
        let what = if kind == Kind::Secret { "Secret" } else { "ConfigMap" };
        let line = match observed.readings.get(&key) {
            // Rendered ConfigMaps are nobody's to read.
            None if kind == Kind::ConfigMap => continue,
            None | Some(Reading::Unread | Reading::Failed) => {
                is_unread = true;
                continue;
            }
            Some(Reading::Denied) => {
                is_denied = true;
                continue;
            }
            Some(Reading::Absent) => {
                let place = place(observed, need);
                format!("{what} `{}` does not exist, wanted by `{place}`", need.name)
            }
            Some(Reading::Held(held)) => match need.keys.difference(&held.keys).next() {
                None => continue,
                Some(missing) => {
                    let place = place(observed, need);
                    format!("{what} `{}` has no key `{missing}`, wanted by `{place}`", need.name)
                }
            },
        };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if !lines.is_empty() {
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        let end = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Found::Missing(lines.join("; ") + &end);
    }
    match (is_denied, is_unread) {
        (true, _) => Found::Denied,
        (false, true) => Found::Unread,
        (false, false) => Found::All,
    }
}

/// The field of the spec that names an object; else the place in the Pod.
fn place<'a>(observed: &'a Observed, need: &'a Need) -> &'a str {
    let places = observed.instance.wants.iter().flat_map(|wants| &wants.places);
    let mut found = places.filter(|((kind, name), _)| *kind == need.kind && *name == need.name);
    found.next().map_or(need.place.as_str(), |(_, place)| place.as_str())
}

/// Secrets that are environment of the running container and were written after its start; files
/// follow by themselves.
fn stale(observed: &Observed) -> Option<String> {
    let pod = observed.pod.as_ref().filter(|pod| pod.is_ready)?;
    let main = pod.containers.iter().find(|container| container.name == names::CONTAINER_MAIN)?;
    let State::Running { since: Some(since) } = &main.state else { return None };
    let is_environment = |need: &&Need| need.place.starts_with("containers[openclaw].env");
    let mut names: Vec<String> = Vec::new();
    for need in needs(observed).filter(|need| need.kind == Kind::Secret).filter(is_environment) {
        let reading = observed.readings.get(&(Kind::Secret, need.name.clone()));
        let Some(Reading::Held(held)) = reading else { continue };
        let name = format!("Secret `{}`", need.name);
        if is_newer(held, *since) && !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

fn is_newer(held: &Held, since: Timestamp) -> bool {
    held.written.is_some_and(|written| written > since)
}
