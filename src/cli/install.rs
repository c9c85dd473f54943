//! `openclaw install`: the controller's own manifests on stdout, or whether a file has them.

use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, ValueEnum};

use super::{Outcome, files, print, tell, tell_report};
use crate::api::controller_config::ControllerConfig;
use crate::diagnostic::Report;
use crate::install::options::{self, Installation, Monitor, Options};
use crate::install::{self, difference};
use crate::names;
use crate::render::engine::Engine;
use crate::tree;
use crate::validate::controller_config;

/// Flags of `openclaw install`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// Namespace of the controller; `cluster.controller` of openclaw.yaml must name it too.
    #[arg(short, long, default_value = names::CONTROLLER_NAMESPACE)]
    namespace: String,
    /// Image of the controller, with a tag or a digest.
    #[arg(long, default_value_t = options::default_image())]
    image: String,
    /// Namespaces to watch, each with a Role; without it all, with a ClusterRole.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    namespaces: Vec<String>,
    /// Repository of instances: `NAME=URL`, with `#BRANCH` or `#BRANCH:PATH` after it where they are
    /// not `main` and the root; its credentials are in the Secret `openclaw-git-NAME`.
    #[arg(long, value_name = "NAME=URL")]
    repository: Vec<String>,
    /// File of kind ControllerConfig: repositories with all their fields, and restoreGrants.
    #[arg(long, value_name = "FILE")]
    controller_config: Option<PathBuf>,
    /// Name of the cluster; the same as `cluster.name` of openclaw.yaml.
    #[arg(long, value_name = "NAME")]
    cluster_name: Option<String>,
    /// How the Prometheus operator is told; with `none`, alerts and dashboard are left out too.
    #[arg(long, value_enum, default_value_t)]
    metrics: Metrics,
    /// Leave out the PrometheusRule.
    #[arg(long = "no-alerts", action = ArgAction::SetFalse)]
    alerts: bool,
    /// Leave out the Grafana dashboard.
    #[arg(long = "no-dashboard", action = ArgAction::SetFalse)]
    dashboard: bool,
    /// A second replica that takes over by the Lease, on another node if there is one.
    #[arg(long)]
    high_availability: bool,
    /// Version of the cluster, such as `1.31`; before 1.30 the CRD has no rules and there is no
    /// admission policy.
    #[arg(long, value_name = "VERSION")]
    kubernetes_version: Option<String>,
    /// Print nothing; name every object in which FILE differs, and exit 1.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

/// How the Prometheus operator is told.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Metrics {
    /// By a PodMonitor.
    #[default]
    PodMonitor,
    /// By a ServiceMonitor.
    ServiceMonitor,
    /// Not at all.
    None,
}

/// Prints the manifests, or compares them.
pub(super) fn run(flags: &Flags, color: bool) -> anyhow::Result<Outcome> {
    let mut report = Report::default();
    let options = options(flags, &mut report)?;
    let installation = match Installation::accept(options) {
        Ok(installation) if !report.has_errors() => installation,
        accepted => {
            accepted.err().into_iter().for_each(|findings| report.extend(findings));
            tell_report(&mut report, color, false);
            return Ok(Outcome::Finding);
        }
    };
    let manifests = install::render(Engine::shared(), &installation)?;
    let Some(file) = &flags.check else { return print(&tree::stream(&manifests)) };
    let differences = difference::differences(&files::read(file)?, &manifests);
    for line in &differences {
        tell(&format!("{line}\n"));
    }
    if differences.is_empty() {
        return Ok(Outcome::Done);
    }
    tell("hint: run `openclaw install` with the same flags and commit what it prints\n");
    Ok(Outcome::Finding)
}

fn options(flags: &Flags, report: &mut Report) -> anyhow::Result<Options> {
    let mut config = match &flags.controller_config {
        Some(file) => config(file, report)?,
        None => ControllerConfig::default(),
    };
    for text in &flags.repository {
        match options::parse_repository(text) {
            Ok(repository) => config.repositories.push(repository),
            Err(findings) => report.extend(findings),
        }
    }
    if flags.cluster_name.is_some() {
        config.cluster_name.clone_from(&flags.cluster_name);
    }
    let kubernetes = match flags.kubernetes_version.as_deref().map(options::kubernetes) {
        Some(Err(finding)) => {
            report.push(finding);
            None
        }
        read => read.and_then(Result::ok),
    };
    Ok(Options {
        namespace: flags.namespace.clone(),
        image: flags.image.clone(),
        namespaces: flags.namespaces.clone(),
        config,
        monitor: match flags.metrics {
            Metrics::PodMonitor => Monitor::PodMonitor,
            Metrics::ServiceMonitor => Monitor::ServiceMonitor,
            Metrics::None => Monitor::None,
        },
        has_alerts: flags.alerts,
        has_dashboard: flags.dashboard,
        is_available: flags.high_availability,
        kubernetes,
    })
}

/// Reads a file of kind ControllerConfig; what is wrong with it goes to the report.
pub(super) fn config(file: &Path, report: &mut Report) -> anyhow::Result<ControllerConfig> {
    let text = files::read(file)?;
    let (config, found) = controller_config::read(&super::project::shown(file), text.as_bytes());
    report.extend(found);
    Ok(config.unwrap_or_default())
}
