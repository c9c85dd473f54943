//! The data volume, its backups and updates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The data volume.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default)]
pub struct Storage {
    /// The PersistentVolumeClaim.
    pub persistence: Persistence,
}

/// The PersistentVolumeClaim.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Persistence {
    /// Keeps data on a volume; false is an emptyDir that dies with the Pod.
    pub enabled: bool,
    /// StorageClass; the cluster's default when absent. It cannot be changed later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// Size; it may grow, never shrink.
    pub size: String,
    /// Access modes.
    pub access_modes: Vec<String>,
    /// A claim made by someone else, used instead of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing_claim: Option<String>,
    /// Keeps the claim when the instance is deleted.
    pub orphan: bool,
}

impl Default for Persistence {
    fn default() -> Self {
        Self {
            enabled: true,
            storage_class: None,
            size: "10Gi".to_owned(),
            access_modes: vec!["ReadWriteOnce".to_owned()],
            existing_claim: None,
            orphan: true,
        }
    }
}

/// Updates by commit, judged by health.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AutoUpdate {
    /// Commits newer versions to Git.
    pub enabled: bool,
    /// How often the registry is asked, 1h to 168h.
    pub check_interval: String,
    /// Takes a snapshot on the volume before another version starts.
    /// Uploads it to the bucket too, where one is configured.
    /// Without it a failed version that changed the data stays.
    pub backup_before_update: bool,
    /// Commits the way back when the new version is unhealthy.
    pub rollback_on_failure: bool,
    /// How long the new version may take to become ready, 2m to 30m.
    pub health_check_timeout: String,
}

impl Default for AutoUpdate {
    fn default() -> Self {
        Self {
            enabled: false,
            check_interval: "24h".to_owned(),
            backup_before_update: true,
            rollback_on_failure: true,
            health_check_timeout: "10m".to_owned(),
        }
    }
}

/// Backups to the bucket.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Backup {
    /// When backups are made, as cron has it, in UTC, such as `30 3 * * *`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// How many days scheduled backups are kept, 1 to 365; 7 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<i32>,
    /// How many scheduled backups are kept whatever their age, 1 to 100; 3 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_limit: Option<i32>,
    /// How long one backup may take, 5m to 24h; 30m when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// ServiceAccount of the Jobs, for keyless access to the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
}
