//! The `OpenClawInstance` as people write it, and how its text is read.

pub mod source;
pub mod spec;
pub mod status;
pub mod structure;

pub use spec::{OpenClawInstance, OpenClawInstanceSpec};
