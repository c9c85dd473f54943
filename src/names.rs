//! Every string that two files must agree on: object names, labels, annotations, ports, paths,
//! environment names, container and volume names.

mod metrics;

pub use metrics::*;

/// API group of the instance.
pub const GROUP: &str = "openclaw.rocks";
/// API version of the instance.
pub const API_VERSION: &str = "openclaw.rocks/v1alpha1";
/// Kind of the instance.
pub const KIND: &str = "OpenClawInstance";

/// Value of `app.kubernetes.io/name`.
pub const APP: &str = "openclaw";
/// Value of `app.kubernetes.io/managed-by`.
pub const MANAGED_BY: &str = "openclaw";

/// Label of the application's name.
pub const LABEL_NAME: &str = "app.kubernetes.io/name";
/// Label of the instance.
pub const LABEL_INSTANCE: &str = "app.kubernetes.io/instance";
/// Label of the version; on the StatefulSet and its Pods only.
pub const LABEL_VERSION: &str = "app.kubernetes.io/version";
/// Label of the tool that made the object.
pub const LABEL_MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Label by which the kubelet's own namespaces are named.
pub const LABEL_NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// Label of what belongs to an instance and is not in Git; Argo CD does not know it.
pub const LABEL_OWN_INSTANCE: &str = "openclaw.rocks/instance";
/// Label of what a Job of ours is for; [`JOB_BACKUP`] is its only value.
pub const LABEL_JOB: &str = "openclaw.rocks/job";
/// Value of [`LABEL_JOB`].
pub const JOB_BACKUP: &str = "backup";
/// Label by which Kubernetes tells the Pods of a Job.
pub const LABEL_JOB_NAME: &str = "batch.kubernetes.io/job-name";
/// Label that lets Azure's webhook project a token.
pub const LABEL_AZURE_IDENTITY: &str = "azure.workload.identity/use";

/// Where an object comes from, relative to the repository; a hint.
pub const ANNOTATION_SOURCE: &str = "openclaw.rocks/source";
/// SHA-256 of the canonical StatefulSet without this annotation.
pub const ANNOTATION_RENDER_HASH: &str = "openclaw.rocks/render-hash";
/// SHA-256 over what is mounted into the Pod.
pub const ANNOTATION_CONFIG_HASH: &str = "openclaw.rocks/config-hash";
/// Cluster that the instance is rendered for.
pub const ANNOTATION_CLUSTER: &str = "openclaw.rocks/cluster";
/// Consent to swap in a snapshot older than `restoreWithin`.
pub const ANNOTATION_RESTORE_SNAPSHOT: &str = "openclaw.rocks/restore-snapshot";
/// Holds updates of the instance back; [`UPDATE_HOLD`] is its only value.
pub const ANNOTATION_UPDATE: &str = "openclaw.rocks/update";
/// Value of [`ANNOTATION_UPDATE`].
pub const UPDATE_HOLD: &str = "hold";
/// Asks for a backup at once; each value does so one time.
pub const ANNOTATION_BACKUP: &str = "openclaw.rocks/backup";
/// Lets an instance go without a backup; [`SKIP`] is its only value.
pub const ANNOTATION_SKIP_BACKUP: &str = "openclaw.rocks/skip-backup";
/// Value of [`ANNOTATION_SKIP_BACKUP`].
pub const SKIP: &str = "true";
/// What keeps a deleted instance until its last backup is made; the Go operator's name.
pub const FINALIZER: &str = "openclaw.rocks/finalizer";
/// Prefix of our own annotations and labels.
pub const OWN_PREFIX: &str = "openclaw.rocks/";

/// Port of the gateway.
pub const PORT_GATEWAY: i32 = 18789;
/// Port of the Service for the canvas; the application serves it on the gateway's port.
pub const PORT_CANVAS: i32 = 18793;
/// Port of the browser, on loopback.
pub const PORT_BROWSER: i32 = 9222;
/// Port of the OTLP receiver, on loopback.
pub const PORT_OTLP: i32 = 4318;
/// Name of the gateway's port.
pub const PORT_NAME_GATEWAY: &str = "gateway";
/// Name of the canvas's port.
pub const PORT_NAME_CANVAS: &str = "canvas";
/// Name of the metrics port; Service, NetworkPolicy and ServiceMonitor join on it.
pub const PORT_NAME_METRICS: &str = "metrics";

/// Home of the application.
pub const HOME: &str = "/home/openclaw";
/// Where the data volume is mounted.
pub const STATE_DIR: &str = "/home/openclaw/.openclaw";
/// Workspace of the agent.
pub const WORKSPACE_DIR: &str = "/home/openclaw/.openclaw/workspace";
/// The file that the application reads.
pub const CONFIG_PATH: &str = "/home/openclaw/.openclaw/openclaw.json";
/// Programs that the init containers install.
pub const BIN_DIR: &str = "/home/openclaw/.openclaw/.local/bin";
/// Where `N-config` is mounted.
pub const MOUNT_CONFIG: &str = "/etc/openclaw";
/// Where a ConfigMap of `configMapRef` is mounted.
pub const MOUNT_CONFIG_REF: &str = "/etc/openclaw-ref";
/// Where `N-workspace` is mounted.
pub const MOUNT_WORKSPACE: &str = "/etc/openclaw-workspace";
/// Where a ConfigMap of `workspace.configMapRef` is mounted.
pub const MOUNT_WORKSPACE_REF: &str = "/etc/openclaw-workspace-ref";
/// Where the CA bundle is mounted.
pub const MOUNT_CA: &str = "/etc/openclaw-ca";
/// Where the collector finds its configuration.
pub const MOUNT_COLLECTOR: &str = "/etc/openclaw-collector";

/// Key of openclaw.json in `N-config`.
pub const KEY_OPENCLAW_JSON: &str = "openclaw.json";
/// Key of the settings of the init scripts in `N-config`.
pub const KEY_INIT_JSON: &str = "init.json";
/// Key of the path in the bucket that is restored, for a script without JSON.
pub const KEY_RESTORE_FROM: &str = "restore-from";
/// Key of the collector's configuration in `N-config`.
pub const KEY_COLLECTOR: &str = "collector.yaml";
/// Key of the token in its Secret.
pub const KEY_TOKEN: &str = "token";
/// Default key of a CA bundle.
pub const KEY_CA: &str = "ca-bundle.crt";

/// The data volume; users' sidecars mount it by this name.
pub const VOLUME_DATA: &str = "data";
/// Volume of `/tmp`.
pub const VOLUME_TMP: &str = "tmp";
/// Volume of `N-config`.
pub const VOLUME_CONFIG: &str = "config";
/// Volume of `configMapRef`.
pub const VOLUME_CONFIG_REF: &str = "config-ref";
/// Volume of `N-workspace`.
pub const VOLUME_WORKSPACE: &str = "workspace";
/// Volume of `workspace.configMapRef`.
pub const VOLUME_WORKSPACE_REF: &str = "workspace-ref";
/// Volume of the CA bundle.
pub const VOLUME_CA: &str = "ca-bundle";
/// Volume of the browser's `/tmp`.
pub const VOLUME_BROWSER_TMP: &str = "chromium-tmp";
/// Volume of the browser's `/dev/shm`.
pub const VOLUME_BROWSER_SHM: &str = "chromium-shm";
/// Volume of the collector's configuration.
pub const VOLUME_COLLECTOR: &str = "collector-config";
/// Every volume name that users may not take.
pub const VOLUMES: [&str; 10] = [
    VOLUME_DATA,
    VOLUME_TMP,
    VOLUME_CONFIG,
    VOLUME_CONFIG_REF,
    VOLUME_WORKSPACE,
    VOLUME_WORKSPACE_REF,
    VOLUME_CA,
    VOLUME_BROWSER_TMP,
    VOLUME_BROWSER_SHM,
    VOLUME_COLLECTOR,
];

/// The main container.
pub const CONTAINER_MAIN: &str = "openclaw";
/// The browser.
pub const CONTAINER_BROWSER: &str = "chromium";
/// The metrics collector.
pub const CONTAINER_COLLECTOR: &str = "otel-collector";
/// The init container that fetches a backup.
pub const INIT_RESTORE: &str = "init-restore";
/// Init container that writes the configuration, and swaps in what was fetched.
pub const INIT_CONFIG: &str = "init-config";
/// Names of our init containers, in their order.
pub const INIT_CONTAINERS: [&str; 6] =
    ["init-state", INIT_RESTORE, INIT_CONFIG, "init-pnpm", "init-python", "init-skills"];

/// The Pod is ready.
pub const CONDITION_READY: &str = "Ready";
/// The StatefulSet runs what it should.
pub const CONDITION_STATEFUL_SET: &str = "StatefulSetReady";
/// The committed NetworkPolicy exists.
pub const CONDITION_POLICY: &str = "NetworkPolicyReady";
/// Everything exists that the Pod reads from Secrets.
pub const CONDITION_SECRETS: &str = "SecretsReady";
/// Spec and configuration hold against the rules and the application.
pub const CONDITION_CONFIG: &str = "ConfigValid";
/// The cluster holds what was rendered.
pub const CONDITION_SYNCED: &str = "Synced";
/// Nothing keeps a newer version from being taken.
pub const CONDITION_UPDATE: &str = "UpdateReady";
/// Backups are made and arrive, or why not.
pub const CONDITION_BACKUP: &str = "BackupReady";
/// What `spec.restoreFrom` names is restored, or why not; there only while it says something.
pub const CONDITION_RESTORE: &str = "RestoreReady";
/// Something is on its way; kstatus reads it.
pub const CONDITION_RECONCILING: &str = "Reconciling";
/// Nothing moves without a change; kstatus reads it.
pub const CONDITION_STALLED: &str = "Stalled";

/// Namespace of the controller where nothing else is said.
pub const CONTROLLER_NAMESPACE: &str = "openclaw-operator-system";
/// Name of everything that `install` prints for the controller, its Lease included.
pub const CONTROLLER: &str = "openclaw-controller";
/// Where the controller's image is released, under the version of this tool as its tag.
pub const CONTROLLER_IMAGE: &str = "ghcr.io/openclaw-rocks/openclaw-gitops";
/// Port of the controller's `/metrics`.
pub const PORT_CONTROLLER_METRICS: i32 = 8080;
/// Port of the controller's `/healthz` and `/readyz`.
pub const PORT_CONTROLLER_HEALTH: i32 = 8081;
/// Name of the port of `/healthz` and `/readyz`.
pub const PORT_NAME_HEALTH: &str = "health";
/// Key of the controller's configuration in its ConfigMap.
pub const KEY_CONTROLLER_CONFIG: &str = "config.yaml";
/// Where that ConfigMap is mounted.
pub const MOUNT_CONTROLLER_CONFIG: &str = "/etc/openclaw-controller";
/// Where the credentials of a repository are mounted, one folder a repository.
pub const MOUNT_CREDENTIALS: &str = "/etc/openclaw-credentials";

/// Where the credentials of a registry are mounted, one folder a registry.
pub const MOUNT_REGISTRIES: &str = "/etc/openclaw-registries";

/// Where the credentials of the bucket are mounted that the controller shares.
pub const MOUNT_STORE: &str = "/etc/openclaw-store";
/// The Secret that holds the credentials of a bucket: in the instance's namespace, else beside the
/// controller. The Go operator's name.
pub const BACKUP_SECRET: &str = "b2-backup-credentials";
/// First part of the paths of backups in a bucket.
pub const BACKUP_ROOT: &str = "openclaw";

/// Longest instance name: every derived name stays within 63 characters.
pub const MAX_NAME: usize = 40;

/// Name of the Pod.
pub fn pod(instance: &str) -> String {
    format!("{instance}-0")
}

/// Name of the ConfigMap that is mounted into the Pod.
pub fn config_map(instance: &str) -> String {
    format!("{instance}-config")
}

/// Name of the ConfigMap that holds the workspace's seeds.
pub fn workspace_config_map(instance: &str) -> String {
    format!("{instance}-workspace")
}

/// Name of the PersistentVolumeClaim.
pub fn claim(instance: &str) -> String {
    format!("{instance}-data")
}

/// Name of the Secret that the controller makes.
pub fn token_secret(instance: &str) -> String {
    format!("{instance}-gateway-token")
}

/// Name of the Role and RoleBinding of the controller.
pub fn controller_role(instance: &str) -> String {
    format!("{instance}-controller")
}

/// Beginning of the names of the Jobs that back an instance up, with their Secrets and policies.
pub fn backup_job(instance: &str) -> String {
    format!("{instance}-backup-")
}

/// Name of the Secret with which an instance restores from the bucket that the controller shares.
pub fn restore_secret(instance: &str) -> String {
    format!("{instance}-restore-credentials")
}
