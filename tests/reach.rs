//! What the rendered NetworkPolicy, Service, Ingress, HTTPRoute and ServiceMonitor mean: who reaches
//! the agent, and whom the agent reaches. Nothing here renders or connects: `kit::reach` answers
//! from the objects, by the rules that Kubernetes and the controllers document.
//!
//! `UPDATE=1 cargo test --test reach` accepts the tables of answers.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

#[path = "reach/cases.rs"]
mod cases;
#[path = "reach/examples.rs"]
mod examples;
#[path = "reach/expected.rs"]
mod expected;
#[path = "reach/live.rs"]
mod live;
#[path = "reach/mutations.rs"]
mod mutations;
#[path = "reach/ports.rs"]
mod ports;
#[path = "reach/semantics.rs"]
mod semantics;
#[path = "reach/web.rs"]
mod web;
