//! The Pod of a Job: the application's image makes the archive, rclone's uploads it.

use serde_json::{Value, json};

use super::{Request, is_shared, place};
use crate::controller::backup::{Reason, Task, store};
use crate::model::pod::mount;
use crate::model::scripts;
use crate::names;

/// Name of the volume with the scripts.
const SCRIPTS: &str = "scripts";

pub(super) fn pod(request: &Request<'_>, name: &str) -> Value {
    let from = request.pod;
    let claim = json!({"claimName": from.claim});
    let items: Vec<Value> = scripts::backup_scripts()
        .map(|(key, _)| key)
        .chain([names::KEY_INIT_JSON])
        .map(|key| json!({"key": key, "path": key}))
        .collect();
    let mut volumes = vec![
        json!({"name": names::VOLUME_DATA, "persistentVolumeClaim": claim}),
        json!({"name": names::VOLUME_TMP, "emptyDir": {"sizeLimit": "256Mi"}}),
        json!({"name": SCRIPTS, "secret": {"secretName": name, "items": items}}),
    ];
    volumes.extend(from.trust.iter().map(|trust| trust.volume.clone()));
    let mut spec = json!({
        "restartPolicy": "Never",
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 10,
        "imagePullSecrets": from.pull_secrets,
        "securityContext": from.security,
        "volumes": volumes,
    });
    match request.task {
        Task::Copy => spec["containers"] = json!([script(request, "snapshot")]),
        Task::Upload => {
            spec["initContainers"] = json!([script(request, "archive")]);
            spec["containers"] = json!([upload(request, name)]);
            if let Some(account) = &from.service_account {
                spec["serviceAccountName"] = json!(account);
            }
        }
    }
    for (key, value) in &from.scheduling {
        spec[key] = value.clone();
    }
    // A volume of one node is where the agent is, and the scheduler does not look at that.
    if request.task == Task::Upload && !request.is_direct {
        beside_agent(&mut spec, &request.instance.name);
    }
    spec
}

fn beside_agent(spec: &mut Value, instance: &str) {
    let term = json!({
        "labelSelector": {"matchLabels":
            {names::LABEL_NAME: names::APP, names::LABEL_INSTANCE: instance}},
        "topologyKey": "kubernetes.io/hostname",
    });
    let affinity = &mut spec["affinity"];
    if !affinity.is_object() {
        *affinity = json!({});
    }
    let wanted = &mut affinity["podAffinity"];
    if !wanted.is_object() {
        *wanted = json!({});
    }
    let list = &mut wanted["requiredDuringSchedulingIgnoredDuringExecution"];
    match list.as_array_mut() {
        Some(terms) => terms.push(term),
        None => *list = json!([term]),
    }
}

/// A container of the application's image, which has the tools that know every kind of file.
fn script(request: &Request<'_>, step: &str) -> Value {
    let state = json!({"name": "OPENCLAW_STATE_DIR", "value": names::STATE_DIR});
    json!({
        "name": step,
        "image": request.pod.image,
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "args": ["node", format!("{}/backup.mjs", names::MOUNT_CONFIG), step],
        "env": [state],
        "resources": resources("512Mi"),
        "securityContext": request.pod.strict_security,
        "volumeMounts": mounts(request),
    })
}

fn upload(request: &Request<'_>, name: &str) -> Value {
    let secret = if is_shared(request) { name } else { names::BACKUP_SECRET };
    let credentials = store::credentials().map(|key| {
        json!({"name": key, "valueFrom":
            {"secretKeyRef": {"name": secret, "key": key, "optional": true}}})
    });
    let fixed = |name: &str, value: &str| json!({"name": name, "value": value});
    let mut env = vec![
        fixed("OPENCLAW_STATE_DIR", names::STATE_DIR),
        fixed("HOME", "/tmp"),
        fixed("BACKUP_PATH", &place(request)),
    ];
    env.extend(credentials);
    if request.pod.service_account.is_some() {
        env.push(fixed("BACKUP_ENV_AUTH", "true"));
    }
    if request.backup.reason == Reason::Scheduled {
        let backup = &request.wants.backup;
        env.push(fixed("BACKUP_RETENTION_DAYS", &backup.retention_days.to_string()));
        env.push(fixed("BACKUP_HISTORY_LIMIT", &backup.history_limit.to_string()));
    }
    env.extend(request.pod.trust.iter().flat_map(|trust| trust.env.clone()));
    json!({
        "name": "upload",
        "image": request.pod.uploader,
        "imagePullPolicy": "IfNotPresent",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "command": ["sh", format!("{}/upload.sh", names::MOUNT_CONFIG)],
        "env": env,
        "resources": resources("512Mi"),
        "securityContext": request.pod.strict_security,
        "volumeMounts": mounts(request),
    })
}

fn resources(memory: &str) -> Value {
    json!({
        "requests": {"cpu": "50m", "memory": "128Mi"},
        "limits": {"cpu": "1000m", "memory": memory},
    })
}

fn mounts(request: &Request<'_>) -> Vec<Value> {
    let mut mounts = vec![
        mount(names::VOLUME_DATA, names::STATE_DIR, false),
        mount(names::VOLUME_TMP, "/tmp", false),
        mount(SCRIPTS, names::MOUNT_CONFIG, true),
    ];
    mounts.extend(request.pod.trust.iter().map(|trust| trust.mount.clone()));
    mounts
}
