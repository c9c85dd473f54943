//! When something is tried again that failed.

use std::time::Duration;

use tokio::time::Instant;

/// First wait after a fault, and the longest.
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(300);

/// When the next try is due; each fault in a row makes the wait longer.
pub(super) struct Pace {
    pub(super) due: Instant,
    wait: Duration,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { due: Instant::now(), wait: FIRST }
    }

    /// It went well, and is due again after a while.
    pub(super) fn good(&mut self, next: Duration) {
        *self = Self { due: Instant::now() + next, wait: FIRST };
    }

    /// It failed.
    pub(super) fn bad(&mut self) {
        let wait = (self.wait * 2).min(LONGEST);
        *self = Self { due: Instant::now() + self.wait, wait };
    }
}
