//! Puts the parts of an [`Instance`] together; every decision is taken once, here or below.

mod workload;

use std::collections::BTreeMap;

use serde_json::json;

use super::config::{self, Leaf};
use super::parts::{
    Claim, ConfigMap, Controller, DisruptionBudget, HttpRoute, Ingress, Middleware, NetworkPolicy,
    Object, Pod, Role, Service, ServiceAccount, ServiceMonitor,
};
use super::pod::Trust;
use super::references::References;
use super::scripts::{self, Inputs};
use super::{Checked, Instance, Neighbors, exposure};
use crate::api::auth::Auth;
use crate::api::settings::Settings;
use crate::api::{Loaded, OpenClawInstanceSpec, duration};
use crate::names;

/// What the parts share.
struct Scope<'a> {
    name: &'a str,
    namespace: &'a str,
    loaded: &'a Loaded,
    spec: &'a OpenClawInstanceSpec,
    settings: &'a Settings,
    auth: Auth,
    trust: Trust,
    metrics: bool,
}

type Strings = BTreeMap<String, String>;

fn strings<const N: usize>(entries: [(&str, &str); N]) -> Strings {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

pub(super) fn assemble(
    loaded: &Loaded,
    settings: &Settings,
    neighbors: &Neighbors,
    checked: Checked,
) -> Instance {
    let spec = &loaded.spec;
    let scope = Scope {
        name: &loaded.name,
        namespace: &loaded.namespace,
        loaded,
        spec,
        settings,
        auth: config::auth(loaded, neighbors),
        trust: Trust::of(spec),
        metrics: spec.observability.metrics.is_collected(),
    };
    let selector = strings([(names::LABEL_NAME, names::APP), (names::LABEL_INSTANCE, scope.name)]);
    let mut labels = selector.clone();
    labels.insert(names::LABEL_MANAGED_BY.to_owned(), names::MANAGED_BY.to_owned());
    let mut versioned = labels.clone();
    versioned.extend(version_label(spec));
    let annotations: Strings = loaded
        .origin
        .iter()
        .map(|origin| (names::ANNOTATION_SOURCE.to_owned(), origin.clone()))
        .collect();
    let workspace = workspace(&scope);
    let (config, config_hash) = config_map(&scope, workspace.as_ref(), neighbors);
    let pod = workload::pod_part(&scope, &versioned, workspace.is_some(), config_hash);
    Instance {
        object: object(&scope, &labels, &annotations),
        service_account: service_account(&scope),
        role: role(&scope),
        controller: controller(&scope, &pod),
        network_policy: network_policy(&scope),
        claim: claim(&scope),
        service: service(&scope),
        disruption_budget: disruption_budget(spec),
        ingress: ingress(&scope),
        middlewares: middlewares(&scope),
        http_route: http_route(spec),
        service_monitor: service_monitor(&scope, &labels),
        name: scope.name.to_owned(),
        namespace: scope.namespace.to_owned(),
        labels,
        selector,
        versioned_labels: versioned,
        annotations,
        config,
        workspace: workspace.map(|(map, _)| map),
        pod,
        checked,
    }
}

/// A label value has at most 63 characters of few kinds; a tag that does not fit is left out.
fn version_label(spec: &OpenClawInstanceSpec) -> Option<(String, String)> {
    let tag = match (&spec.image.digest, &spec.image.tag) {
        (Some(_), None) => return None,
        (_, tag) => tag.as_deref().unwrap_or("latest"),
    };
    let fits = tag.len() <= 63
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && tag.starts_with(|c: char| c.is_ascii_alphanumeric())
        && tag.ends_with(|c: char| c.is_ascii_alphanumeric());
    fits.then(|| (names::LABEL_VERSION.to_owned(), tag.to_owned()))
}

fn object(scope: &Scope<'_>, labels: &Strings, annotations: &Strings) -> Option<Object> {
    scope.settings.cluster.controller()?;
    let mut all_labels = scope.loaded.labels.clone();
    all_labels.extend(labels.clone());
    let mut all_annotations = scope.loaded.annotations.clone();
    all_annotations.extend(annotations.clone());
    if let Some(cluster) = &scope.settings.cluster.name {
        all_annotations.insert(names::ANNOTATION_CLUSTER.to_owned(), cluster.clone());
    }
    Some(Object {
        labels: all_labels,
        annotations: all_annotations,
        spec: scope.loaded.spec_value.clone(),
    })
}

fn service_account(scope: &Scope<'_>) -> ServiceAccount {
    let rbac = &scope.spec.security.rbac;
    ServiceAccount {
        name: rbac.service_account_name.clone().unwrap_or_else(|| scope.name.to_owned()),
        is_created: rbac.create_service_account,
        annotations: rbac.service_account_annotations.clone(),
    }
}

fn role(scope: &Scope<'_>) -> Option<Role> {
    let rbac = &scope.spec.security.rbac;
    if !rbac.create_service_account {
        return None;
    }
    let mut rules = vec![json!({"apiGroups": [""], "resources": ["configmaps"],
        "resourceNames": [names::config_map(scope.name)], "verbs": ["get"]})];
    rules.extend(rbac.additional_rules.iter().map(|rule| json!(rule)));
    Some(Role { rules })
}

fn controller(scope: &Scope<'_>, pod: &Pod) -> Option<Controller> {
    let (namespace, service_account) = scope.settings.cluster.controller()?;
    let persistence = &scope.spec.storage.persistence;
    let deletes_claim =
        persistence.enabled && !persistence.orphan && persistence.existing_claim.is_none();
    let mut references = References::default();
    let walked = json!({"imagePullSecrets": pod.pull_secrets, "volumes": pod.volumes,
        "containers": [{"env": pod.env, "envFrom": pod.env_from}, pod.guests, pod.init_guests]});
    references.walk(&walked);
    let tls = scope.spec.networking.ingress.tls.iter().filter_map(|tls| tls.secret_name.clone());
    references.secrets.extend(tls);
    references.secrets.insert(names::BACKUP_SECRET.to_owned());
    // What is rendered needs no watching; what lies outside Git does.
    let rendered = [names::config_map(scope.name), names::workspace_config_map(scope.name)];
    references.config_maps.retain(|name| !rendered.contains(name));
    Some(Controller {
        name: names::controller_role(scope.name),
        namespace: namespace.to_owned(),
        service_account: service_account.to_owned(),
        secrets: references.secrets.into_iter().collect(),
        config_maps: references.config_maps.into_iter().collect(),
        pods: scope.spec.auto_update.enabled.then(|| names::pod(scope.name)).into_iter().collect(),
        scales: persistence.enabled.then(|| scope.name.to_owned()).into_iter().collect(),
        claims: deletes_claim.then(|| names::claim(scope.name)).into_iter().collect(),
    })
}

fn network_policy(scope: &Scope<'_>) -> Option<NetworkPolicy> {
    if !scope.spec.security.network_policy.enabled {
        return None;
    }
    let rules = exposure::rules(scope.namespace, scope.spec, scope.settings, scope.metrics);
    Some(NetworkPolicy { ingress: rules.ingress, egress: rules.egress })
}

/// Returns `N-workspace` and, by path, the key of each seed in it.
fn workspace(scope: &Scope<'_>) -> Option<(ConfigMap, Strings)> {
    let files = &scope.spec.workspace.initial_files;
    if files.is_empty() {
        return None;
    }
    let keys: Strings = files.keys().map(|path| (path.clone(), scripts::seed_key(path))).collect();
    let data = files.iter().map(|(path, text)| (scripts::seed_key(path), text.clone())).collect();
    Some((ConfigMap { name: names::workspace_config_map(scope.name), data }, keys))
}

fn config_map(
    scope: &Scope<'_>,
    workspace: Option<&(ConfigMap, Strings)>,
    neighbors: &Neighbors,
) -> (ConfigMap, String) {
    let leaves: Vec<Leaf> = config::leaves(scope.spec, &scope.auth, scope.metrics);
    let rendered = config::rendered(scope.spec, &leaves);
    let none = Strings::new();
    let inputs = Inputs {
        spec: scope.spec,
        leaves: &leaves,
        config: rendered.as_ref(),
        seeds: workspace.map_or(&none, |(_, keys)| keys),
        restore_within: duration::seconds(&scope.settings.restore_within).unwrap_or(7200),
        consent: scope.loaded.annotations.get(names::ANNOTATION_RESTORE_SNAPSHOT).map(|s| &**s),
        collector: scope.metrics.then(|| workload::collector_config(scope.spec)),
        external: config::external(scope.loaded, neighbors),
    };
    let data = scripts::data(&inputs);
    let hash = scripts::config_hash(&data, &inputs);
    (ConfigMap { name: names::config_map(scope.name), data }, hash)
}

fn claim(scope: &Scope<'_>) -> Option<Claim> {
    let persistence = &scope.spec.storage.persistence;
    (persistence.enabled && persistence.existing_claim.is_none()).then(|| Claim {
        name: names::claim(scope.name),
        access_modes: persistence.access_modes.clone(),
        size: persistence.size.clone(),
        storage_class: persistence.storage_class.clone(),
    })
}

fn service(scope: &Scope<'_>) -> Service {
    let service = &scope.spec.networking.service;
    Service {
        kind: json!(service.kind),
        annotations: service.annotations.clone(),
        ports: exposure::service_ports(scope.spec, scope.metrics),
    }
}

fn disruption_budget(spec: &OpenClawInstanceSpec) -> Option<DisruptionBudget> {
    let budget = &spec.availability.pod_disruption_budget;
    budget.enabled.then_some(DisruptionBudget { max_unavailable: budget.max_unavailable })
}

fn ingress(scope: &Scope<'_>) -> Option<Ingress> {
    let ingress = &scope.spec.networking.ingress;
    ingress.enabled.then(|| Ingress {
        class_name: ingress.class_name.clone(),
        annotations: exposure::ingress_annotations(scope.namespace, scope.name, ingress),
        rules: exposure::ingress_rules(scope.name, scope.spec),
        tls: ingress.tls.iter().map(|tls| json!(tls)).collect(),
    })
}

fn middlewares(scope: &Scope<'_>) -> BTreeMap<&'static str, Middleware> {
    exposure::middlewares(&scope.spec.networking.ingress)
        .into_iter()
        .map(|(suffix, spec)| {
            (suffix, Middleware { name: format!("{}-{suffix}", scope.name), spec })
        })
        .collect()
}

const SKIP_DRY_RUN: &str = "SkipDryRunOnMissingResource=true";

fn http_route(spec: &OpenClawInstanceSpec) -> Option<HttpRoute> {
    let route = &spec.networking.http_route;
    // The API server adds group and kind, so leaving them out would show as drift.
    let parents = route.parent_refs.iter().map(|parent| {
        let mut value = json!(parent);
        value["group"] = json!("gateway.networking.k8s.io");
        value["kind"] = json!("Gateway");
        value
    });
    // The kind may not be installed when the first objects are synced.
    let sync = "argocd.argoproj.io/sync-options".to_owned();
    let mut annotations: Strings = BTreeMap::from([(sync, SKIP_DRY_RUN.to_owned())]);
    annotations.extend(route.annotations.clone());
    route.enabled.then(|| HttpRoute {
        annotations,
        hostnames: route.hostnames.clone(),
        parents: parents.collect(),
        port: route.port.unwrap_or_else(|| exposure::web_port(spec)),
    })
}

fn service_monitor(scope: &Scope<'_>, labels: &Strings) -> Option<ServiceMonitor> {
    let monitor = &scope.spec.observability.metrics.service_monitor;
    (scope.metrics && monitor.enabled).then(|| {
        let mut all = monitor.labels.clone();
        all.extend(labels.clone());
        ServiceMonitor { labels: all, interval: monitor.interval.clone() }
    })
}
