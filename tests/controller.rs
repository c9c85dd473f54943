//! What the controller decides, from objects as an API server gives them.
#![allow(
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    clippy::format_collect,
    reason = "tests are shell, fail by panicking, and tell a story from start to end"
)]

mod kit;

#[path = "controller/backups.rs"]
mod backups;
#[path = "controller/every_state.rs"]
mod every_state;
#[path = "controller/images.rs"]
mod images;
#[path = "controller/known.rs"]
mod known;
#[path = "controller/poison.rs"]
mod poison;
#[path = "controller/stories.rs"]
mod stories;
#[path = "controller/world.rs"]
mod world;
