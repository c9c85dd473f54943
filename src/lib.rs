//! Turns `OpenClawInstance` files into plain Kubernetes manifests.

pub mod api;
pub mod diagnostic;
