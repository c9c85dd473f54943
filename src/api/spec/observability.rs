//! Metrics and logging.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metrics and logging.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Observability {
    /// Metrics of the application.
    pub metrics: Metrics,
    /// Its log.
    pub logging: Logging,
}

/// Metrics of the application, through an OpenTelemetry collector beside it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Metrics {
    /// Starts the collector when it is written out; a ServiceMonitor starts it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Port on which Prometheus finds the metrics.
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// The ServiceMonitor.
    pub service_monitor: ServiceMonitor,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: None, port: 9090, service_monitor: ServiceMonitor::default() }
    }
}

impl Metrics {
    /// Whether the collector runs: it is asked for, or a ServiceMonitor needs it.
    pub fn is_collected(&self) -> bool {
        self.enabled.unwrap_or(self.service_monitor.enabled)
    }
}

/// The ServiceMonitor of the Prometheus operator.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct ServiceMonitor {
    /// Renders it.
    pub enabled: bool,
    /// How often Prometheus asks.
    pub interval: String,
    /// Labels by which Prometheus finds it.
    pub labels: BTreeMap<String, String>,
}

impl Default for ServiceMonitor {
    fn default() -> Self {
        Self { enabled: false, interval: "30s".to_owned(), labels: BTreeMap::new() }
    }
}

/// The log of the application; absent fields leave openclaw.json alone.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Logging {
    /// `logging.level` of openclaw.json.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// `logging.consoleStyle` of openclaw.json: `json`, or `pretty` for `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<LogFormat>,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    Info,
    /// What looks wrong.
    Warn,
    /// What failed.
    Error,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}
