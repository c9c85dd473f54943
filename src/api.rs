//! The `OpenClawInstance` as people write it, and how its text is read.

pub mod auth;
pub mod controller_config;
pub mod crd;
pub mod cron;
pub mod duration;
pub mod image;
pub mod load;
pub mod record;
pub mod selector;
pub mod settings;
pub mod source;
pub mod spec;
pub mod status;
pub mod structure;
pub mod window;

pub use load::{Input, Loaded, Reading, Sources};
pub use spec::{OpenClawInstance, OpenClawInstanceSpec};
