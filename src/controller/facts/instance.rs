//! The facts of an instance as the API server has it, however it got there.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::Loaded;
use crate::api::auth::Auth;
use crate::api::duration::seconds;
use crate::api::load::{self, Input, Reading};
use crate::api::settings::Settings;
use crate::api::spec::{AutoUpdate, OpenClawInstanceSpec};
use crate::controller::observed::{InstanceFacts, UpdateWants, Wants};
use crate::diagnostic::{Report, Severity};
use crate::model::references::{Kind, Need};
use crate::names;
use crate::validate;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// Returns the facts of an instance. Nothing about it is taken for granted: it may have been
/// edited by hand, or stored before a rule existed.
pub fn instance(object: &Value) -> InstanceFacts {
    let metadata = &object["metadata"];
    let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
    let annotation = |key: &str| metadata["annotations"][key].as_str().map(str::to_owned);
    let (mut wants, errors) = spec(object);
    if let Some(wants) = &mut wants {
        // The annotations are of the instance in the cluster, where people set them by hand.
        wants.backup.demand = annotation(names::ANNOTATION_BACKUP);
        wants.backup.is_skipped =
            annotation(names::ANNOTATION_SKIP_BACKUP).as_deref() == Some(names::SKIP);
    }
    let finalizers = metadata["finalizers"].as_array().into_iter().flatten();
    let finalizers: Vec<String> = finalizers.filter_map(Value::as_str).map(str::to_owned).collect();
    let deleted = super::pod::time(&metadata["deletionTimestamp"]);
    InstanceFacts {
        namespace: text("namespace"),
        name: text("name"),
        uid: text("uid"),
        generation: metadata["generation"].as_i64().unwrap_or_default(),
        resource_version: text("resourceVersion"),
        is_deleted: metadata["deletionTimestamp"].is_string(),
        deleted: deleted.map(Timestamp::as_second),
        has_finalizer: finalizers.iter().any(|one| one == names::FINALIZER),
        finalizers,
        cluster: annotation(names::ANNOTATION_CLUSTER),
        render_hash: annotation(names::ANNOTATION_RENDER_HASH),
        wants,
        errors,
        status: serde_json::from_value(object["status"].clone()).unwrap_or_default(),
    }
}

/// Reads and checks a spec as if it were a file, so that the words are those of `validate`.
fn spec(object: &Value) -> (Option<Wants>, Vec<String>) {
    // A null is never stored: it stands for what could not be read.
    if object.get("spec").is_some_and(Value::is_null) {
        return (None, vec!["OC0001 spec: nested too deeply to be read".to_owned()]);
    }
    let metadata = &object["metadata"];
    let mut written = json!({"name": metadata["name"], "namespace": metadata["namespace"]});
    let consent = &metadata["annotations"][names::ANNOTATION_RESTORE_SNAPSHOT];
    if consent.is_string() {
        // What else is ours was rendered, and no file may say it.
        written["annotations"] = json!({names::ANNOTATION_RESTORE_SNAPSHOT: consent});
    }
    let document = json!({
        "apiVersion": names::API_VERSION,
        "kind": names::KIND,
        "metadata": written,
        "spec": object.get("spec").cloned().unwrap_or_else(|| json!({})),
    });
    let settings = Settings::default();
    let input = Input {
        name: names::KIND.to_owned(),
        origin: None,
        bytes: document.to_string().into_bytes(),
    };
    let reading = Reading { settings: &settings, namespace: None, schema: load::schema() };
    let mut sources = load::load(&input, reading);
    let mut report = std::mem::take(&mut sources.report);
    let loaded = sources.instances.pop();
    if let Some(loaded) = &loaded {
        report.extend(validate::validate(loaded, &settings));
    }
    (loaded.as_ref().map(wants), errors(&mut report))
}

fn errors(report: &mut Report) -> Vec<String> {
    report.sort();
    let errors = report.findings().iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|f| format!("{} {}: {}", f.code, f.path, f.message)).collect()
}

fn wants(loaded: &Loaded) -> Wants {
    let spec = &loaded.spec;
    let persistence = &spec.storage.persistence;
    let mut places = BTreeMap::new();
    let tls = spec.networking.ingress.tls.iter().enumerate();
    let needs = tls.filter_map(|(index, tls)| {
        let place = format!("spec.networking.ingress.tls[{index}].secretName");
        Some(Need {
            kind: Kind::Secret,
            name: tls.secret_name.clone()?,
            keys: ["tls.crt", "tls.key"].map(str::to_owned).into(),
            is_optional: false,
            place,
        })
    });
    let needs: Vec<Need> = needs.collect();
    walk(&loaded.spec_value, "spec", "", &mut places);
    Wants {
        auth: Auth::decide(&loaded.name, spec),
        is_suspended: spec.suspended,
        has_updates: spec.auto_update.enabled,
        updates: updates(spec),
        backup: super::backup::wants(&loaded.name, spec),
        restore_from: spec.restore_from.clone(),
        has_policy: spec.security.network_policy.enabled,
        has_disruption_budget: spec.availability.pod_disruption_budget.enabled,
        claim: persistence
            .enabled
            .then(|| persistence.existing_claim.clone())
            .map(|existing| existing.unwrap_or_else(|| names::claim(&loaded.name))),
        needs,
        places,
    }
}

fn updates(spec: &OpenClawInstanceSpec) -> UpdateWants {
    let AutoUpdate {
        check_interval,
        backup_before_update,
        rollback_on_failure,
        health_check_timeout,
        ..
    } = &spec.auto_update;
    let or = |text: &str, default: i64| {
        seconds(text).and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(default)
    };
    UpdateWants {
        interval: or(check_interval, DAY),
        timeout: or(health_check_timeout, 600),
        has_way_back: *rollback_on_failure,
        has_snapshot: *backup_before_update || !spec.storage.persistence.enabled,
    }
}

/// Notes the first field that names a Secret or ConfigMap; which of both its name tells.
fn walk(value: &Value, path: &str, key: &str, places: &mut BTreeMap<(Kind, String), String>) {
    match value {
        // The application's own, in which a name means something else.
        Value::Object(_) if key == "raw" => {}
        Value::Object(map) => {
            for (key, child) in map {
                walk(child, &format!("{path}.{key}"), key, places);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{index}]"), key, places);
            }
        }
        Value::String(name) => {
            let lower = path.to_lowercase();
            let kind = match () {
                () if lower.contains("configmap") => Kind::ConfigMap,
                () if lower.contains("secret") => Kind::Secret,
                () => return,
            };
            places.entry((kind, name.clone())).or_insert_with(|| path.to_owned());
        }
        _ => {}
    }
}
