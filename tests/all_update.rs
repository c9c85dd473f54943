//! Updates as commits, on a real cluster with Argo CD, a real registry, a real Git server and the
//! real OpenClaw. `tests/run all` starts the bed and runs this.
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

#[path = "bed/suite/update/broken.rs"]
mod broken;
#[path = "bed/suite/update/confirmed.rs"]
mod confirmed;
#[path = "bed/suite/update/lost.rs"]
mod lost;
#[path = "bed/suite/update/person.rs"]
mod person;
#[path = "bed/suite/update/twenty.rs"]
mod twenty;
#[path = "bed/suite/update/world.rs"]
mod world;
