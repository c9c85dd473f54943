//! Turns `OpenClawInstance` files into plain Kubernetes manifests.

pub mod api;
pub mod cli;
pub mod diagnostic;
pub mod model;
pub mod names;
pub mod render;
pub mod tree;
pub mod validate;
