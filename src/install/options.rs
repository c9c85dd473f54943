//! What `openclaw install` was asked for, checked.

use crate::api::controller_config::{ControllerConfig, Repository};
use crate::diagnostic::{Finding, Report, severity};
use crate::names;
use crate::validate::controller_config::{CODE, cluster_name, faults, namespace, repository};
use crate::validate::grammar::{is_digest, is_repository, is_tag, kubernetes_version};

/// How Prometheus is told about the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitor {
    /// By a PodMonitor.
    PodMonitor,
    /// By a ServiceMonitor.
    ServiceMonitor,
    /// Not at all: without series, alerts and dashboard would be empty and are left out.
    None,
}

/// What is installed; unchecked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Namespace of the controller.
    pub namespace: String,
    /// Its image.
    pub image: String,
    /// Namespaces that it watches; empty for all of them.
    pub namespaces: Vec<String>,
    /// Its configuration.
    pub config: ControllerConfig,
    /// How Prometheus is told.
    pub monitor: Monitor,
    /// Whether there are alerts.
    pub has_alerts: bool,
    /// Whether there is a dashboard.
    pub has_dashboard: bool,
    /// Whether a second replica stands by.
    pub is_available: bool,
    /// Version of the cluster; without one, a current one.
    pub kubernetes: Option<(u32, u32)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            namespace: names::CONTROLLER_NAMESPACE.to_owned(),
            image: default_image(),
            namespaces: Vec::new(),
            config: ControllerConfig::default(),
            monitor: Monitor::PodMonitor,
            has_alerts: true,
            has_dashboard: true,
            is_available: false,
            kubernetes: None,
        }
    }
}

/// Returns the image of this version.
pub fn default_image() -> String {
    format!("{}:{}", names::CONTROLLER_IMAGE, env!("CARGO_PKG_VERSION"))
}

/// Options that were checked; only [`Installation::accept`] makes one.
#[derive(Clone, Debug)]
pub struct Installation(Options);

impl Installation {
    /// Checks the options; the namespaces come out sorted, each once.
    ///
    /// # Errors
    /// With everything that is wrong, by its flag.
    pub fn accept(mut options: Options) -> Result<Self, Report> {
        let mut report = Report::default();
        let mut tell = |flag: &str, message: Option<String>| {
            if let Some(message) = message {
                report.push(finding(flag, message));
            }
        };
        tell("--namespace", namespace(&options.namespace));
        for name in &options.namespaces {
            tell("--namespaces", namespace(name));
        }
        tell("--image", image(&options.image));
        if let Some(name) = &options.config.cluster_name {
            tell("--cluster-name", cluster_name(name));
        }
        // What a file says has its own report; this finds what flags and file do together.
        for (path, message) in faults(&options.config) {
            if path != "clusterName" {
                tell(&path, Some(message));
            }
        }
        if !report.findings().is_empty() {
            return Err(report);
        }
        options.namespaces.sort();
        options.namespaces.dedup();
        Ok(Self(options))
    }

    /// Returns what was checked.
    pub fn options(&self) -> &Options {
        &self.0
    }
}

fn finding(flag: &str, message: impl Into<String>) -> Finding {
    Finding::new(CODE, severity(CODE), flag, message, None)
}

/// Returns why an image is refused: one that is not pinned runs whatever was pushed last.
fn image(text: &str) -> Option<String> {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    let cut = name.rfind(':').filter(|at| !name[*at..].contains('/'));
    let (repository, tag) = match cut {
        Some(at) => (&name[..at], Some(&name[at + 1..])),
        None => (name, None),
    };
    let is_fine = is_repository(repository)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest)
        && (tag.is_some() || digest.is_some());
    let allowed = format!("an image with a tag or a digest, such as `{}`", default_image());
    (!is_fine).then(|| format!("found `{text}`, allowed: {allowed}"))
}

/// Reads the value of `--kubernetes-version`.
///
/// # Errors
/// When it is no version, or too old a one.
pub fn kubernetes(text: &str) -> Result<(u32, u32), Finding> {
    let version = kubernetes_version(text).filter(|version| *version >= (1, 28));
    version.ok_or_else(|| {
        finding(
            "--kubernetes-version",
            format!("found `{text}`, allowed: 1.28 or newer, such as `1.31`"),
        )
    })
}

/// Reads a value of `--repository`: `NAME=URL`, perhaps with `#BRANCH` or `#BRANCH:PATH`, as
/// builders of images write it. Credentials are looked for in the Secret `openclaw-git-NAME`.
///
/// # Errors
/// With what is wrong.
pub fn parse_repository(text: &str) -> Result<Repository, Report> {
    let mut report = Report::default();
    let Some((name, rest)) = text.split_once('=') else {
        let allowed = "`NAME=URL`, such as `fleet=https://git.example/fleet.git#main:clusters/a`";
        report.push(finding("--repository", format!("found no name, allowed: {allowed}")));
        return Err(report);
    };
    let (url, place) = match rest.split_once('#') {
        Some((url, place)) => (url, Some(place)),
        None => (rest, None),
    };
    let mut made = Repository::new(name, url);
    if let Some(place) = place {
        let (branch, path) = place.split_once(':').unwrap_or((place, ""));
        branch.clone_into(&mut made.branch);
        path.clone_into(&mut made.path);
    }
    made.credentials_secret = Some(format!("openclaw-git-{name}"));
    // A wrong name makes a wrong name of the Secret, which nobody typed.
    for (field, message) in repository(&made) {
        if field != "credentialsSecret" {
            report.push(finding("--repository", format!("{field}: {message}")));
        }
    }
    if report.findings().is_empty() { Ok(made) } else { Err(report) }
}
