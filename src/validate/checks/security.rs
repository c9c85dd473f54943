//! Rights: users, capabilities, CA bundle, RBAC.

use crate::validate::grammar::{is_data_key, is_qualified, is_subdomain};
use crate::validate::{Findings, Subject, key_path};

/// Root is refused, as the Pod Security standard does.
pub(in crate::validate) fn root(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let context = &subject.spec.security.pod_security_context;
    if context.run_as_user == 0 {
        findings.advise(
            "spec.security.podSecurityContext.runAsUser",
            "found `0`, allowed: any user but root",
            "leave it out, the image's user is 1000",
        );
    }
    for (field, value) in [
        ("runAsUser", context.run_as_user),
        ("runAsGroup", context.run_as_group),
        ("fsGroup", context.fs_group),
    ] {
        if !(0..=i64::from(i32::MAX)).contains(&value) {
            findings.add(
                format!("spec.security.podSecurityContext.{field}"),
                format!("found `{value}`, allowed: 1 to 2147483647"),
            );
        }
    }
}

/// Exactly one source of certificates.
pub(in crate::validate) fn ca_bundle(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(bundle) = &subject.spec.security.ca_bundle else { return };
    let set = |name: &Option<String>| name.as_deref().is_some_and(|name| !name.is_empty());
    if set(&bundle.config_map_name) == set(&bundle.secret_name) {
        let found = if set(&bundle.secret_name) { "both" } else { "neither" };
        findings.advise(
            "spec.security.caBundle",
            format!("found {found} of `configMapName` and `secretName`, allowed: exactly one"),
            "name the object that holds the certificates",
        );
    }
    for (field, name) in
        [("configMapName", &bundle.config_map_name), ("secretName", &bundle.secret_name)]
    {
        if let Some(name) = name
            && !name.is_empty()
            && !is_subdomain(name)
        {
            findings.add(
                format!("spec.security.caBundle.{field}"),
                format!("found `{name}`, allowed: the name of an object"),
            );
        }
    }
    if let Some(key) = &bundle.key
        && !is_data_key(key)
    {
        findings.add(
            "spec.security.caBundle.key",
            format!("found `{key}`, allowed: letters, digits, `-`, `_` and `.`"),
        );
    }
}

/// Names and annotations of the ServiceAccount, and rules of the Role.
pub(in crate::validate) fn rbac(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let rbac = &subject.spec.security.rbac;
    let names = [
        ("spec.security.rbac.serviceAccountName", &rbac.service_account_name),
        ("spec.backup.serviceAccountName", &subject.spec.backup.service_account_name),
    ];
    for (path, name) in names {
        if let Some(name) = name
            && !is_subdomain(name)
        {
            findings.add(path, format!("found `{name}`, allowed: the name of a ServiceAccount"));
        }
    }
    if !rbac.create_service_account && rbac.service_account_name.is_none() {
        findings.advise(
            "spec.security.rbac.createServiceAccount",
            "found `false` without `serviceAccountName`",
            "name the ServiceAccount that exists",
        );
    }
    for (index, rule) in rbac.additional_rules.iter().enumerate() {
        let lists = [
            ("apiGroups", &rule.api_groups),
            ("resources", &rule.resources),
            ("verbs", &rule.verbs),
        ];
        for (field, list) in lists {
            if list.is_empty() {
                findings.add(
                    format!("spec.security.rbac.additionalRules[{index}].{field}"),
                    "found an empty list, allowed: one entry or more",
                );
            }
        }
    }
}

/// Without a ServiceAccount of ours there is no Role either, and nothing that carries these.
pub(in crate::validate) fn unbound(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let rbac = &subject.spec.security.rbac;
    if rbac.create_service_account {
        return;
    }
    if !rbac.additional_rules.is_empty() {
        findings.advise(
            "spec.security.rbac.additionalRules",
            "found with `createServiceAccount: false`: no Role is rendered that could hold them",
            "grant the rights to that ServiceAccount beside the instance, or let it be rendered",
        );
    }
    if !rbac.service_account_annotations.is_empty() {
        findings.advise(
            "spec.security.rbac.serviceAccountAnnotations",
            "found with `createServiceAccount: false`: no ServiceAccount is rendered that could carry them",
            "annotate that ServiceAccount where it is made, or let it be rendered",
        );
    }
}

/// Keys of our own and of Kubernetes are not passed through.
pub(in crate::validate) fn annotations(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let spec = subject.spec;
    let maps = [
        ("spec.podAnnotations", &spec.pod_annotations),
        ("spec.networking.service.annotations", &spec.networking.service.annotations),
        ("spec.networking.ingress.annotations", &spec.networking.ingress.annotations),
        ("spec.networking.httpRoute.annotations", &spec.networking.http_route.annotations),
        (
            "spec.security.rbac.serviceAccountAnnotations",
            &spec.security.rbac.service_account_annotations,
        ),
    ];
    for (base, map) in maps {
        for key in map.keys() {
            if !is_qualified(key) {
                findings.add_key(
                    key_path(base, key),
                    format!("`{key}` is not the key of an annotation"),
                    super::identity::KEY_HINT,
                );
            } else if key.starts_with(crate::names::OWN_PREFIX)
                || key.starts_with("pod-security.kubernetes.io/")
            {
                findings.add_key(
                    key_path(base, key),
                    format!("`{key}` is set by the renderer alone"),
                    Some("remove it"),
                );
            }
        }
    }
}

/// A writable root keeps what an attacker leaves there.
pub(in crate::validate) fn writable_root(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if !subject.spec.security.container_security_context.read_only_root_filesystem {
        findings.advise(
            "spec.security.containerSecurityContext.readOnlyRootFilesystem",
            "found `false`: the image can be changed while it runs",
            "everything that the agent writes lies on the data volume or in `/tmp`; remove it",
        );
    }
}

/// What Pod Security `restricted` would refuse.
pub(in crate::validate) fn weakened(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let security = &subject.spec.security;
    let context = &security.container_security_context;
    let hint = "a namespace that enforces Pod Security `restricted` refuses the Pod";
    if context.allow_privilege_escalation {
        let path = "spec.security.containerSecurityContext.allowPrivilegeEscalation";
        findings.advise(path, "found `true`: a process may gain more rights", hint);
    }
    if !security.pod_security_context.run_as_non_root {
        let path = "spec.security.podSecurityContext.runAsNonRoot";
        findings.advise(path, "found `false`: an image may run as root", hint);
    }
    let capabilities = &context.capabilities;
    if !capabilities.drop.iter().any(|name| name == "ALL") {
        let path = "spec.security.containerSecurityContext.capabilities.drop";
        findings.advise(path, "`ALL` is missing: the container keeps capabilities", hint);
    }
    if capabilities.add.iter().any(|name| name != "NET_BIND_SERVICE") {
        let path = "spec.security.containerSecurityContext.capabilities.add";
        findings.advise(path, "found capabilities beyond `NET_BIND_SERVICE`", hint);
    }
}
