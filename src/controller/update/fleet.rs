//! The order in which the instances of a repository take a version: waves, and what failed
//! elsewhere.

use crate::update::{Reason, Wait};
use crate::version;

/// So many failures of one version hold it back from everybody else.
pub const BREAKER: usize = 2;

/// What the others' look at a version needs of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Namespace and name.
    pub name: String,
    /// Its wave, from 0; what no selector matches comes last.
    pub wave: usize,
    /// Its committed tag.
    pub tag: String,
    /// Whether it takes versions by itself: neither disabled, held, pinned nor broken off.
    pub is_taking: bool,
    /// Whether an update of it is under way.
    pub is_busy: bool,
    /// Versions that its record notes.
    pub failed: Vec<String>,
}

/// Whether an instance of a wave may take a version now, as far as the others are concerned.
///
/// # Errors
/// With the reason: the version failed for two of them or in an earlier wave, or an earlier wave
/// is not confirmed yet.
pub fn may(to: &str, wave: usize, others: &[Member]) -> Result<(), Wait> {
    let has_failed = |one: &&Member| one.failed.iter().any(|failed| failed == to);
    let failed: Vec<&Member> = others.iter().filter(has_failed).collect();
    let earlier = failed.iter().find(|one| one.wave < wave);
    if failed.len() >= BREAKER || earlier.is_some() {
        let names: Vec<String> =
            failed.iter().take(5).map(|one| format!("`{}`", one.name)).collect();
        let message = format!(
            "`{to}` failed for {} of this repository, among them {}",
            failed.len(),
            names.join(", ")
        );
        return Err(Wait::new(Reason::FleetBreakerOpen, message));
    }
    let target = version::parse(to);
    let is_behind = |one: &&Member| {
        let is_older = version::parse(&one.tag) < target;
        one.wave < wave && (one.is_busy || (one.is_taking && is_older))
    };
    let behind: Vec<&Member> = others.iter().filter(is_behind).collect();
    let Some(first) = behind.iter().map(|one| one.wave).min() else { return Ok(()) };
    let count = behind.iter().filter(|one| one.wave == first).count();
    let message = format!(
        "wave {} is not confirmed yet at `{to}`: {count} to go; this one is of wave {}",
        first + 1,
        wave + 1
    );
    Err(Wait::new(Reason::WaitingForWave, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, wave: usize, tag: &str) -> Member {
        Member {
            name: name.to_owned(),
            wave,
            tag: tag.to_owned(),
            is_taking: true,
            is_busy: false,
            failed: Vec::new(),
        }
    }

    fn word(to: &str, wave: usize, others: &[Member]) -> &'static str {
        may(to, wave, others).map_or_else(|wait| wait.reason.word(), |()| "takes")
    }

    #[test]
    fn a_wave_waits_for_the_one_before_it() {
        let mut fleet = vec![member("a", 0, "2026.9.4"), member("b", 1, "2026.9.4")];
        assert_eq!(word("2026.9.6", 0, &fleet), "takes");
        assert_eq!(word("2026.9.6", 1, &fleet), "WaitingForWave");
        fleet[0].tag = "2026.9.6".to_owned();
        fleet[0].is_busy = true;
        assert_eq!(word("2026.9.6", 1, &fleet), "WaitingForWave");
        fleet[0].is_busy = false;
        assert_eq!(word("2026.9.6", 1, &fleet), "takes");
        assert_eq!(word("2026.9.6", 2, &fleet), "WaitingForWave");
        // Whoever takes no versions by itself holds nobody up.
        fleet[1].is_taking = false;
        assert_eq!(word("2026.9.6", 2, &fleet), "takes");
    }

    #[test]
    fn what_fails_for_two_or_in_an_earlier_wave_is_held_back_from_the_rest() {
        let mut fleet = vec![member("a", 0, "2026.9.4"), member("b", 0, "2026.9.4")];
        fleet[0].failed = vec!["2026.9.6".to_owned()];
        assert_eq!(word("2026.9.6", 0, &fleet), "takes");
        assert_eq!(word("2026.9.6", 1, &fleet), "FleetBreakerOpen");
        fleet[1].failed = vec!["2026.9.6".to_owned()];
        assert_eq!(word("2026.9.6", 0, &fleet), "FleetBreakerOpen");
        assert_eq!(word("2026.9.7", 0, &fleet), "takes");
    }
}
