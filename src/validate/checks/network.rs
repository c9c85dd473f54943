//! Networks: policy, Service, metrics.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Container;

use crate::api::spec::ServiceType;
use crate::names;
use crate::validate::grammar::{is_cidr, is_label, is_label_value, is_qualified};
use crate::validate::{Findings, Subject, key_path};

/// Ranges and namespaces of the NetworkPolicy.
pub(in crate::validate) fn peers(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let policy = &subject.spec.security.network_policy;
    let base = "spec.security.networkPolicy";
    for (field, list) in [
        ("allowedIngressCIDRs", &policy.allowed_ingress_cidrs),
        ("allowedEgressCIDRs", &policy.allowed_egress_cidrs),
    ] {
        for (index, cidr) in list.iter().enumerate() {
            if !is_cidr(cidr) {
                findings.advise(
                    format!("{base}.{field}[{index}]"),
                    format!("found `{cidr}`, allowed: a range whose host bits are zero, such as `10.0.0.0/8`"),
                    "one address is a range of /32, or /128 for IPv6",
                );
            }
        }
    }
    for (index, namespace) in policy.allowed_ingress_namespaces.iter().enumerate() {
        if !is_label(namespace, 63) {
            findings.add(
                format!("{base}.allowedIngressNamespaces[{index}]"),
                format!("found `{namespace}`, allowed: the name of a namespace"),
            );
        }
    }
}

/// Without a policy everybody in the cluster may knock.
pub(in crate::validate) fn open_network(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if !subject.spec.security.network_policy.enabled {
        findings.advise(
            "spec.security.networkPolicy.enabled",
            "found `false`: every Pod of the cluster may reach the agent, and it may reach everything",
            "leave it out and open what is needed with `additionalEgress`",
        );
    }
}

/// Ports of the Service: names and numbers are unique, and reach something that listens.
pub(in crate::validate) fn service_ports(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let mut names_seen = BTreeSet::new();
    let mut ports_seen = BTreeSet::new();
    if subject.spec.observability.metrics.is_collected()
        && !subject.spec.networking.service.ports.is_empty()
    {
        names_seen.insert(names::PORT_NAME_METRICS);
        ports_seen.insert((subject.spec.observability.metrics.port, "Tcp".to_owned()));
    }
    for (index, port) in subject.spec.networking.service.ports.iter().enumerate() {
        let path = format!("spec.networking.service.ports[{index}]");
        if !is_label(&port.name, 15) {
            findings.add(
                format!("{path}.name"),
                format!(
                    "found `{}`, allowed: at most 15 lower-case letters, digits and `-`",
                    port.name
                ),
            );
        }
        if !names_seen.insert(&port.name) {
            findings.add(
                format!("{path}.name"),
                format!("`{}` is the name of another port too", port.name),
            );
        }
        if !ports_seen.insert((port.port, format!("{:?}", port.protocol))) {
            findings.add(
                format!("{path}.port"),
                format!("`{}` is the number of another port too", port.port),
            );
        }
    }
}

/// A port that something in the Pod listens on already.
pub(in crate::validate) fn metrics_port(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let port = subject.spec.observability.metrics.port;
    let taken = [names::PORT_GATEWAY, names::PORT_CANVAS, names::PORT_BROWSER, names::PORT_OTLP];
    if subject.spec.observability.metrics.is_collected() && taken.contains(&port) {
        findings.advise(
            "spec.observability.metrics.port",
            format!("`{port}` is taken by the gateway, the canvas, the browser or the collector"),
            "leave it out to use 9090",
        );
    }
}

/// Ports of users' containers: the Pod has one network, so that ours are taken in all of them.
pub(in crate::validate) fn container_ports(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    let mut taken = vec![(names::PORT_GATEWAY, "gateway")];
    if spec.chromium.enabled {
        taken.push((names::PORT_BROWSER, "browser"));
    }
    if spec.observability.metrics.is_collected() {
        taken.push((names::PORT_OTLP, "collector"));
        taken.push((spec.observability.metrics.port, "collector"));
    }
    // Others have ended before ours start.
    let stays = |container: &Container| container.restart_policy.as_deref() == Some("Always");
    let init = spec.init_containers.iter().enumerate().filter(|(_, one)| stays(one));
    let lists = init.map(|found| ("initContainers", found));
    let sidecars = spec.sidecars.iter().enumerate().map(|found| ("sidecars", found));
    for (list, (index, container)) in lists.chain(sidecars) {
        for (at, port) in container.ports.iter().flatten().enumerate() {
            let owner = taken.iter().find(|(number, _)| *number == port.container_port);
            let is_tcp = port.protocol.as_deref().is_none_or(|protocol| protocol == "TCP");
            if let (true, Some((number, owner))) = (is_tcp, owner) {
                findings.advise(
                    format!("spec.{list}[{index}].ports[{at}].containerPort"),
                    format!(
                        "`{number}` is taken by the {owner}: containers of a Pod share one network"
                    ),
                    "let the container listen on another port",
                );
            }
        }
    }
}

/// Interval and labels of the ServiceMonitor.
pub(in crate::validate) fn service_monitor(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let monitor = &subject.spec.observability.metrics.service_monitor;
    let base = "spec.observability.metrics.serviceMonitor";
    if crate::api::duration::seconds(&monitor.interval).is_none_or(|found| found == 0) {
        findings.advise(
            format!("{base}.interval"),
            format!("found `{}`, allowed: a duration such as `30s`", monitor.interval),
            "leave it out to ask every 30s",
        );
    }
    for (key, value) in &monitor.labels {
        if !is_qualified(key) || !is_label_value(value) {
            findings.add(
                key_path(&format!("{base}.labels"), key),
                format!("`{key}: {value}` is not a label of Kubernetes"),
            );
        }
    }
}

/// A ServiceMonitor without metrics finds nothing.
pub(in crate::validate) fn monitor_without_metrics(
    subject: &Subject<'_>,
    findings: &mut Findings<'_>,
) {
    let metrics = &subject.spec.observability.metrics;
    if metrics.enabled == Some(false) && metrics.service_monitor.enabled {
        findings.advise(
            "spec.observability.metrics.serviceMonitor.enabled",
            "is not rendered: `metrics.enabled` is `false`",
            "leave `metrics.enabled` out",
        );
    }
}

/// Whoever leads traffic to the Pod must be admitted.
pub(in crate::validate) fn cluster_namespaces(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    if !spec.security.network_policy.enabled {
        return;
    }
    let cluster = &subject.settings.cluster;
    let allowed = &spec.security.network_policy.allowed_ingress_namespaces;
    let web = if spec.networking.ingress.enabled {
        Some("spec.networking.ingress.enabled")
    } else {
        spec.networking.http_route.enabled.then_some("spec.networking.httpRoute.enabled")
    };
    if let Some(path) = web
        && cluster.ingress_namespaces.is_empty()
        && allowed.is_empty()
    {
        findings.advise(
            path,
            "the NetworkPolicy admits no ingress controller",
            "set `cluster.ingressNamespaces` in openclaw.yaml",
        );
    }
    if spec.observability.metrics.is_collected() && cluster.monitoring_namespaces.is_empty() {
        findings.advise(
            "spec.observability.metrics",
            "the NetworkPolicy admits no Prometheus",
            "set `cluster.monitoringNamespaces` in openclaw.yaml",
        );
    }
}

/// A Service that is reached from outside, behind a policy that admits nobody outside.
pub(in crate::validate) fn closed_service(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let policy = &subject.spec.security.network_policy;
    let outside = subject.spec.networking.service.kind != ServiceType::ClusterIP;
    if outside && policy.enabled && policy.allowed_ingress_cidrs.is_empty() {
        findings.advise(
            "spec.networking.service.type",
            "the NetworkPolicy admits no address from outside the cluster",
            "list the clients in `spec.security.networkPolicy.allowedIngressCIDRs`",
        );
    }
}
