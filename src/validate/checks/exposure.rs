//! How the agent is reached from outside: Ingress and HTTPRoute.

use crate::api::spec::IngressController;
use crate::validate::grammar::{is_host, is_label, is_subdomain};
use crate::validate::{Findings, Subject};

/// Hosts, paths and certificates of the Ingress.
pub(in crate::validate) fn ingress(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let ingress = &subject.spec.networking.ingress;
    let base = "spec.networking.ingress";
    if ingress.enabled && ingress.hosts.is_empty() {
        findings.advise(format!("{base}.enabled"), "found `true` without `hosts`", "name a host");
    }
    for (at, host) in ingress.hosts.iter().enumerate() {
        if !is_host(&host.host) {
            findings.add(
                format!("{base}.hosts[{at}].host"),
                format!(
                    "found `{}`, allowed: a host name in lower case, without scheme and port",
                    host.host
                ),
            );
        }
        for (index, path) in host.paths.iter().enumerate() {
            if !path.path.starts_with('/') {
                findings.add(
                    format!("{base}.hosts[{at}].paths[{index}].path"),
                    format!("found `{}`, allowed: a path that starts with `/`", path.path),
                );
            }
        }
    }
    for (at, tls) in ingress.tls.iter().enumerate() {
        for (index, host) in tls.hosts.iter().enumerate() {
            if !is_host(host) {
                findings.add(
                    format!("{base}.tls[{at}].hosts[{index}]"),
                    format!("found `{host}`, allowed: a host name in lower case"),
                );
            }
        }
        if let Some(secret) = &tls.secret_name
            && !is_subdomain(secret)
        {
            findings.add(
                format!("{base}.tls[{at}].secretName"),
                format!("found `{secret}`, allowed: the name of a Secret"),
            );
        }
    }
    if let Some(class) = &ingress.class_name
        && !is_subdomain(class)
    {
        findings.add(
            format!("{base}.className"),
            format!("found `{class}`, allowed: the name of an IngressClass"),
        );
    }
}

/// Gateways and hosts of the HTTPRoute.
pub(in crate::validate) fn http_route(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let route = &subject.spec.networking.http_route;
    let base = "spec.networking.httpRoute";
    if route.enabled && route.parent_refs.is_empty() {
        findings.advise(
            format!("{base}.enabled"),
            "found `true` without `parentRefs`",
            "name a Gateway",
        );
    }
    for (index, host) in route.hostnames.iter().enumerate() {
        if !is_host(host) {
            findings.add(
                format!("{base}.hostnames[{index}]"),
                format!("found `{host}`, allowed: a host name in lower case"),
            );
        }
    }
    for (index, parent) in route.parent_refs.iter().enumerate() {
        if !is_subdomain(&parent.name) {
            findings.add(
                format!("{base}.parentRefs[{index}].name"),
                format!("found `{}`, allowed: the name of a Gateway", parent.name),
            );
        }
        if let Some(namespace) = &parent.namespace
            && !is_label(namespace, 63)
        {
            findings.add(
                format!("{base}.parentRefs[{index}].namespace"),
                format!("found `{namespace}`, allowed: the name of a namespace"),
            );
        }
        if let Some(section) = &parent.section_name
            && !is_subdomain(section)
        {
            findings.add(
                format!("{base}.parentRefs[{index}].sectionName"),
                format!("found `{section}`, allowed: the name of a listener"),
            );
        }
    }
}

/// A token that travels in the clear.
pub(in crate::validate) fn no_tls(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let ingress = &subject.spec.networking.ingress;
    if !ingress.enabled {
        return;
    }
    if ingress.tls.is_empty() {
        findings.advise(
            "spec.networking.ingress",
            "`tls` is missing: the token travels in the clear",
            "name a certificate in `tls`",
        );
    }
    if !ingress.security.force_https {
        findings.advise(
            "spec.networking.ingress.security.forceHTTPS",
            "found `false`: plain HTTP is served too",
            "leave it out",
        );
    }
}

/// Annotations exist for the controllers that we know.
pub(in crate::validate) fn unknown_class(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let ingress = &subject.spec.networking.ingress;
    if ingress.enabled && ingress.controller() == IngressController::Other {
        findings.advise(
            "spec.networking.ingress.className",
            "the class names neither nginx nor Traefik: redirect, HSTS, rate limit and WebSocket timeouts are not set",
            "set them in `spec.networking.ingress.annotations`",
        );
    }
}
