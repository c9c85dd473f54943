//! `openclaw controller`.
#![expect(clippy::disallowed_methods, reason = "the shell reads the environment")]

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Outcome, tell_report};
use crate::api::controller_config::ControllerConfig;
use crate::controller::run::{self, Folders, Options};
use crate::diagnostic::{Finding, Report, severity};
use crate::names;
use crate::validate::controller_config;

/// Flags of `openclaw controller`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// Namespaces to look after; without it all of them.
    #[arg(long, value_delimiter = ',', env = "OPENCLAW_NAMESPACES")]
    namespaces: Vec<String>,
    /// File with what no instance says: cluster, repositories, grants.
    #[arg(long, value_name = "FILE", env = "OPENCLAW_CONTROLLER_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for copies of the repositories; what is lost there is fetched again.
    #[arg(long, value_name = "FOLDER", default_value = "/tmp/openclaw-controller")]
    cache: PathBuf,
    /// Folder of the repositories' credentials, one folder a repository.
    #[arg(long, value_name = "FOLDER", default_value = names::MOUNT_CREDENTIALS)]
    credentials: PathBuf,
    /// Folder of the registries' credentials, one folder a registry.
    #[arg(long, value_name = "FOLDER", default_value = names::MOUNT_REGISTRIES)]
    registries: PathBuf,
    /// Folder of the credentials of the bucket that backups go to.
    #[arg(long, value_name = "FOLDER", default_value = names::MOUNT_STORE)]
    store: PathBuf,
    /// Name of the cluster, before that of the file; instances that were rendered for another one
    /// are left alone.
    #[arg(long, env = "OPENCLAW_CLUSTER_NAME")]
    cluster_name: Option<String>,
    /// Namespace of the Lease.
    #[arg(long, env = "POD_NAMESPACE", default_value = names::CONTROLLER_NAMESPACE)]
    namespace: String,
    /// Name of this process in the Lease; by default made of the machine's and its number.
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
pub(super) fn run(flags: Flags, color: bool) -> anyhow::Result<Outcome> {
    let mut report = Report::default();
    let mut config = match &flags.config {
        Some(file) => super::install::config(file, &mut report)?,
        None => ControllerConfig::default(),
    };
    if flags.cluster_name.is_some() {
        config.cluster_name = flags.cluster_name;
    }
    // A variable that is empty is one that is not there.
    let namespaces: Vec<String> =
        flags.namespaces.into_iter().filter(|name| !name.is_empty()).collect();
    for name in namespaces.iter().chain([&flags.namespace]) {
        if let Some(message) = controller_config::namespace(name) {
            let code = controller_config::CODE;
            report.push(Finding::new(code, severity(code), "--namespaces", message, None));
        }
    }
    if report.has_errors() {
        tell_report(&mut report, color, false);
        return Ok(Outcome::Finding);
    }
    let options = Options {
        namespaces,
        config,
        folders: Folders {
            program: std::env::current_exe().context("failed to find this program")?,
            cache: flags.cache,
            credentials: flags.credentials,
            registries: flags.registries,
            store: flags.store,
        },
        home: flags.namespace,
        identity: flags.identity.unwrap_or_else(identity),
        health: flags.health_address,
        metrics: flags.metrics_address,
    };
    log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    runtime.block_on(run::run(options)).map_err(anyhow::Error::msg)?;
    Ok(Outcome::Done)
}

/// What is logged unless `RUST_LOG` says otherwise. The client's warnings and errors repeat ours,
/// and one holds the whole answer that it could not read.
const LOGGED: &str = "openclaw=info,error,kube_client=off";

fn log() {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| LOGGED.to_owned());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

/// A name that no other process has: machines may share a disk, and processes a machine.
fn identity() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}_{}", machine.trim(), std::process::id())
}
