//! The checks, one small function each, grouped by what they look at.

pub(super) mod config;
pub(super) mod containers;
pub(super) mod environment;
pub(super) mod exposure;
pub(super) mod identity;
pub(super) mod kubernetes;
pub(super) mod lifecycle;
pub(super) mod network;
pub(super) mod references;
pub(super) mod security;
pub(super) mod workspace;
