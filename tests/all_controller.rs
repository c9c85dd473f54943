//! The controller at work, with the rights that `openclaw install` prints, on a real cluster and
//! beside the real OpenClaw. `tests/run all` starts the bed and runs this.
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

#[path = "bed/suite/backup/rights.rs"]
mod backup_rights;
#[path = "bed/suite/backup/shared.rs"]
mod backup_shared;
#[path = "bed/suite/backup/story.rs"]
mod backup_story;
#[path = "bed/suite/controller/fleet.rs"]
mod fleet;
#[path = "bed/suite/controller/poison.rs"]
mod poison;
#[path = "bed/suite/controller/rights.rs"]
mod rights;
#[path = "bed/suite/controller/scene.rs"]
mod scene;
#[path = "bed/suite/controller/secrets.rs"]
mod secrets;
#[path = "bed/suite/controller/seen.rs"]
mod seen;
#[path = "bed/suite/controller/series.rs"]
mod series;
#[path = "bed/suite/controller/states.rs"]
mod states;
#[path = "bed/suite/controller/story.rs"]
mod story;
