//! The controller while its world falls apart: killed, cut off, lied to, and twice at once. Each
//! test has an API server of its own. `tests/run all` starts the bed and runs this.
#![allow(
    unreachable_pub,
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    clippy::format_collect,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::missing_panics_doc,
    reason = "tests are shell, fail by panicking, and tell a story from start to end"
)]

mod kit;

use kit::bed;

#[path = "bed/suite/outage/canaries.rs"]
mod canaries;
#[path = "bed/suite/outage/fleet.rs"]
mod fleet;
#[path = "bed/suite/outage/lies.rs"]
mod lies;
#[path = "bed/suite/outage/silence.rs"]
mod silence;
#[path = "bed/suite/outage/twice.rs"]
mod twice;
