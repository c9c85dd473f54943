//! What is rendered, seen to run: the real OpenClaw on a real cluster, synced by a real GitOps
//! tool. `tests/run all` starts the bed and runs this.
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

// One file a topic.
#[path = "bed/suite/browser.rs"]
mod browser;
#[path = "bed/suite/config.rs"]
mod config;
#[path = "bed/suite/diff.rs"]
mod diff;
#[path = "bed/suite/entry.rs"]
mod entry;
#[path = "bed/suite/examples.rs"]
mod examples;
#[path = "bed/suite/fixed.rs"]
mod fixed;
#[path = "bed/suite/image.rs"]
mod image;
#[path = "bed/suite/impact.rs"]
mod impact;
#[path = "bed/suite/joined.rs"]
mod joined;
#[path = "bed/suite/plugin.rs"]
mod plugin;
#[path = "bed/suite/removal.rs"]
mod removal;
#[path = "bed/suite/runtime.rs"]
mod runtime;
#[path = "bed/suite/state.rs"]
mod state;
#[path = "bed/suite/takeover.rs"]
mod takeover;
#[path = "bed/suite/trust.rs"]
mod trust;
#[path = "bed/suite/versions.rs"]
mod versions;
