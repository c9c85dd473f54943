//! Long work shows how far it is: a line that is drawn anew on a terminal, plain lines elsewhere.
#![expect(clippy::disallowed_methods, reason = "the shell looks at the clock and the terminal")]

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap::ValueEnum;

use super::voice;

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Show {
    /// A bar on a terminal, plain lines elsewhere; neither for what is done at once.
    #[default]
    Auto,
    /// A line that is drawn anew.
    Bar,
    /// A plain line now and then.
    Plain,
    /// Nothing.
    Never,
}

/// Work that is done at once shows nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two drawings of a bar: as often as an eye can follow.
const REDRAW: Duration = Duration::from_millis(100);
/// Between two plain lines: seldom enough for a log of CI.
const REPEAT: Duration = Duration::from_secs(10);
/// Clears the line that the cursor is in.
const CLEAR: &str = "\r\u{1b}[K";

/// One piece of work with many alike parts.
pub(super) struct Progress {
    doing: &'static str,
    total: usize,
    is_bar: bool,
    pause: Duration,
    state: Mutex<State>,
}

struct State {
    done: usize,
    /// When something is shown next.
    next: Instant,
    is_drawn: bool,
}

impl Progress {
    /// Starts to show work such as `rendering` on `total` instances.
    pub(super) fn start(doing: &'static str, total: usize) -> Self {
        let show = voice::progress();
        let is_bar = match show {
            Show::Bar => true,
            Show::Auto => std::io::stderr().is_terminal(),
            Show::Plain | Show::Never => false,
        };
        let pause = if is_bar { REDRAW } else { REPEAT };
        let wait = match show {
            Show::Auto if is_bar => PATIENCE,
            Show::Auto => REPEAT,
            Show::Bar | Show::Plain => Duration::ZERO,
            // Longer than anybody waits.
            Show::Never => Duration::from_secs(u64::from(u32::MAX)),
        };
        let state = State { done: 0, next: Instant::now() + wait, is_drawn: false };
        Self { doing, total, is_bar, pause, state: Mutex::new(state) }
    }

    /// One part is done.
    pub(super) fn step(&self) {
        // A thread that died while it drew is told elsewhere.
        let Ok(mut state) = self.state.lock() else { return };
        state.done += 1;
        let now = Instant::now();
        if now < state.next {
            return;
        }
        state.next = now + self.pause;
        state.is_drawn = true;
        let line = format!("{} {} of {} instances", self.doing, state.done, self.total);
        super::tell(&if self.is_bar { format!("{CLEAR}{line}") } else { format!("{line}\n") });
    }
}

impl Drop for Progress {
    /// What comes next starts on a clean line.
    fn drop(&mut self) {
        if self.is_bar && self.state.get_mut().is_ok_and(|state| state.is_drawn) {
            super::tell(CLEAR);
        }
    }
}
