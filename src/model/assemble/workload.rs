//! The Pod and what runs in it.

use serde_json::json;

use super::{Scope, Strings};
use crate::api::OpenClawInstanceSpec;
use crate::model::parts::{Browser, Collector, Pod};
use crate::model::{containers, environment, exposure, images, pod};
use crate::names;

pub(super) fn pod_part(
    scope: &Scope<'_>,
    versioned: &Strings,
    seeds: bool,
    config_hash: String,
) -> Pod {
    let spec = scope.spec;
    let trust = &scope.trust;
    let mut annotations = spec.pod_annotations.clone();
    annotations.insert(names::ANNOTATION_CONFIG_HASH.to_owned(), config_hash);
    let mut labels = versioned.clone();
    let rbac = &spec.security.rbac;
    if rbac.service_account_annotations.contains_key(exposure::AZURE_IDENTITY) {
        labels.insert(names::LABEL_AZURE_IDENTITY.to_owned(), "true".to_owned());
    }
    let [startup, liveness, readiness] = pod::probes(spec);
    Pod {
        is_suspended: spec.suspended,
        annotations,
        labels,
        image: images::application(spec),
        pull_policy: json!(spec.image.pull_policy),
        pull_secrets: spec.image.pull_secrets.iter().map(|secret| json!(secret)).collect(),
        security: pod::pod_security(spec),
        main_security: pod::main_security(spec),
        strict_security: pod::strict_security(),
        env: environment::main(spec, &scope.auth, trust),
        env_from: spec.env_from.iter().map(|source| json!(source)).collect(),
        resources: containers::resources(&spec.resources, &containers::MAIN),
        mounts: pod::mounts(spec, trust),
        startup,
        liveness,
        readiness,
        guard_env: environment::guards(trust),
        installer_env: environment::installers(spec, trust),
        init_mounts: pod::init_mounts(spec, seeds, trust),
        keeps_state: spec.storage.persistence.enabled,
        has_pnpm: spec.runtime_deps.pnpm,
        python: spec.runtime_deps.python.then(|| images::UV.reference(spec)),
        skills_env: (!spec.skills.is_empty()).then(|| environment::skills(spec, trust)),
        restore_secret: names::restore_secret(scope.name),
        restore: spec.restore_from.as_ref().map(|_| images::RCLONE.reference(spec)),
        browser: browser(scope),
        collector: collector(scope),
        init_guests: pod::guests(&spec.init_containers, trust),
        guests: pod::guests(&spec.sidecars, trust),
        volumes: pod::volumes(scope.name, spec, seeds, scope.metrics),
        scheduling: pod::scheduling(spec),
    }
}

fn browser(scope: &Scope<'_>) -> Option<Browser> {
    let spec = scope.spec;
    let (image, flavor) = images::browser(spec);
    spec.chromium.enabled.then(|| Browser {
        image,
        command: flavor.command.to_vec(),
        args: flavor.args.to_vec(),
        env: environment::browser(flavor, &scope.trust),
        resources: containers::resources(&spec.chromium.resources, &containers::BROWSER),
        mounts: pod::browser_mounts(&scope.trust),
    })
}

fn collector(scope: &Scope<'_>) -> Option<Collector> {
    let mut mounts = vec![pod::mount(names::VOLUME_COLLECTOR, names::MOUNT_COLLECTOR, true)];
    mounts.extend(scope.trust.mount.clone());
    scope.metrics.then(|| Collector {
        image: images::COLLECTOR.reference(scope.spec),
        port: scope.spec.observability.metrics.port,
        env: scope.trust.env.clone(),
        mounts,
    })
}

/// JSON is YAML, so the collector's file needs no writer of its own.
pub(super) fn collector_config(spec: &OpenClawInstanceSpec) -> String {
    let config = json!({
        "receivers": {"otlp": {"protocols": {"http":
            {"endpoint": format!("127.0.0.1:{}", names::PORT_OTLP)}}}},
        "processors": {"memory_limiter": {"check_interval": "1s", "limit_mib": 96}},
        // Counters of an agent that is idle for a week must not vanish.
        "exporters": {"prometheus": {"endpoint":
            format!("0.0.0.0:{}", spec.observability.metrics.port), "metric_expiration": "8760h"}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"metrics": {"receivers": ["otlp"], "processors": ["memory_limiter"],
                "exporters": ["prometheus"]}},
        },
    });
    let mut text = serde_json::to_string_pretty(&config).unwrap_or_default();
    text.push('\n');
    text
}
