//! Whether the process does its work: for the kubelet and for whoever rolls it out.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a watch may fail before the process counts as not ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// After how long a failure that was not seen again is over: a watch that works says nothing
/// while nothing happens, and one that fails is tried again sooner. Where nobody answers that takes
/// the client's 100 s and then up to 30 s between two attempts.
const OVER: Duration = Duration::from_secs(150);

/// How long it may fail before a fresh process is worth a try.
const LAST: Duration = Duration::from_secs(15 * 60);

/// The state of every watch.
#[derive(Debug, Default)]
pub struct Pulse {
    watches: Mutex<BTreeMap<String, Watch>>,
}

#[derive(Debug, Default)]
struct Watch {
    is_listed: bool,
    failing_since: Option<Instant>,
    failed_last: Option<Instant>,
    /// What the API server said last.
    why: String,
    /// Whether that was that there is no right to ask.
    is_forbidden: bool,
}

impl Watch {
    fn fails_longer_than(&self, time: Duration) -> bool {
        self.fails() && self.failing_since.is_some_and(|since| since.elapsed() > time)
    }

    fn fails(&self) -> bool {
        self.failed_last.is_some_and(|last| last.elapsed() < OVER)
    }
}

impl Pulse {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Watch>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Expects a watch to tell everything there is.
    pub fn expect(&self, watch: &str) {
        self.lock().entry(watch.to_owned()).or_default();
    }

    /// A watch has told everything there is.
    pub fn listed(&self, watch: &str) {
        self.lock().entry(watch.to_owned()).or_default().is_listed = true;
    }

    /// A watch works.
    pub fn recovered(&self, watch: &str) {
        if let Some(watch) = self.lock().get_mut(watch) {
            *watch = Watch { is_listed: watch.is_listed, ..Watch::default() };
        }
    }

    /// A watch fails, and why; a right that is missing does not come back by itself.
    pub fn failing(&self, watch: &str, why: &str, is_forbidden: bool) {
        if let Some(watch) = self.lock().get_mut(watch) {
            if !watch.fails() {
                watch.failing_since = None;
            }
            watch.failing_since.get_or_insert_with(Instant::now);
            watch.failed_last = Some(Instant::now());
            why.clone_into(&mut watch.why);
            watch.is_forbidden = is_forbidden;
        }
    }

    /// Whether every watch has told everything there is.
    pub fn is_listed(&self) -> bool {
        let watches = self.lock();
        !watches.is_empty() && watches.values().all(|watch| watch.is_listed)
    }

    /// Returns which watch has failed for so long that a fresh process may do better.
    pub fn death(&self) -> Option<String> {
        let watches = self.lock();
        let dead = watches.iter().find(|(_, watch)| watch.fails_longer_than(LAST));
        dead.map(|(name, _)| format!("{name}: the watch fails for {} minutes", LAST.as_secs() / 60))
    }

    /// Returns why the process is not ready; nothing when it is.
    pub fn fault(&self) -> Option<String> {
        let watches = self.lock();
        if watches.is_empty() {
            return Some("no watch has started".to_owned());
        }
        watches.iter().find_map(|(name, watch)| match watch {
            watch if watch.is_forbidden && watch.fails() => Some(format!("{name}: {}", watch.why)),
            watch if !watch.is_listed => Some(format!("{name}: not listed yet {}", watch.why)),
            watch if watch.fails_longer_than(PATIENCE) => {
                Some(format!("{name}: the watch fails: {}", watch.why))
            }
            _ => None,
        })
    }
}
