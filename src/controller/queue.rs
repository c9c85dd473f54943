//! Which instances are to be looked at, and when: each once, never twice at the same time.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::world::Key;

/// Instances that wait for somebody to look.
#[derive(Debug, Default)]
pub struct Queue {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    due: HashMap<Key, Instant>,
    busy: HashSet<Key>,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a look after a while; an earlier one stays.
    pub fn add(&self, key: Key, after: Duration) {
        let at = Instant::now() + after;
        self.lock().due.entry(key).and_modify(|due| *due = at.min(*due)).or_insert(at);
        self.wake.notify_one();
    }

    /// Gives nothing out any more.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_waiters();
        self.wake.notify_one();
    }

    /// Waits for the next instance; `None` when the queue is closed. The caller says
    /// [`Queue::done`] when it has looked.
    pub async fn next(&self) -> Option<Key> {
        loop {
            let soonest = {
                let mut state = self.lock();
                if state.is_closed {
                    self.wake.notify_one();
                    return None;
                }
                let free = state.due.iter().filter(|(key, _)| !state.busy.contains(key));
                let first = free.min_by_key(|(_, at)| **at).map(|(key, at)| (key.clone(), *at));
                match first {
                    Some((key, at)) if at <= Instant::now() => {
                        state.due.remove(&key);
                        state.busy.insert(key.clone());
                        // Somebody else may take the one after it.
                        self.wake.notify_one();
                        return Some(key);
                    }
                    other => other.map(|(_, at)| at),
                }
            };
            match soonest {
                Some(at) => {
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = self.wake.notified() => {}
                    }
                }
                None => self.wake.notified().await,
            }
        }
    }

    /// Gives an instance free again.
    pub fn done(&self, key: &Key) {
        self.lock().busy.remove(key);
        self.wake.notify_one();
    }
}
