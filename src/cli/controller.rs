//! `openclaw controller`.
#![expect(clippy::disallowed_methods, reason = "the shell reads the environment")]

use std::net::SocketAddr;

use anyhow::Context;
use clap::Args;

use super::Outcome;
use crate::controller::run::{self, Options};

/// Flags of `openclaw controller`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// Namespaces to look after; without it all of them.
    #[arg(long, value_delimiter = ',', env = "OPENCLAW_NAMESPACES")]
    namespaces: Vec<String>,
    /// Name of the cluster; instances that were rendered for another one are left alone.
    #[arg(long, env = "OPENCLAW_CLUSTER_NAME")]
    cluster_name: Option<String>,
    /// Namespace of the Lease.
    #[arg(long, env = "POD_NAMESPACE", default_value = crate::names::CONTROLLER_NAMESPACE)]
    namespace: String,
    /// Name of this process in the Lease; by default that of the machine.
    #[arg(long, env = "POD_NAME")]
    identity: Option<String>,
    /// Address of /healthz and /readyz.
    #[arg(long, default_value = "0.0.0.0:8081")]
    health_address: SocketAddr,
    /// Address of /metrics.
    #[arg(long, default_value = "0.0.0.0:8080")]
    metrics_address: SocketAddr,
}

/// Looks after the instances of a cluster until it is told to end.
pub(super) fn run(flags: Flags) -> anyhow::Result<Outcome> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "openclaw=info,warn".to_owned());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let identity = flags.identity.unwrap_or_else(|| format!("process-{}", std::process::id()));
    let options = Options {
        namespaces: flags.namespaces,
        cluster: flags.cluster_name,
        home: flags.namespace,
        identity,
        health: flags.health_address,
        metrics: flags.metrics_address,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    runtime.block_on(run::run(options)).map_err(anyhow::Error::msg)?;
    Ok(Outcome::Done)
}
