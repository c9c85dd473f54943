//! The `OpenClawInstance` as people write it.

pub mod source;
pub mod structure;
