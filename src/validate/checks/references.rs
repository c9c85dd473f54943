//! ConfigMaps that an instance reads its configuration and seeds from.

use crate::names;
use crate::validate::grammar::{is_data_key, is_subdomain};
use crate::validate::{Findings, Subject};

/// The ConfigMap behind `configMapRef`.
pub(in crate::validate) fn config(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let config = &subject.spec.config;
    let Some(reference) = &config.config_map_ref else { return };
    if !is_subdomain(&reference.name) {
        findings.add(
            "spec.config.configMapRef.name",
            format!("found `{}`, allowed: the name of a ConfigMap", reference.name),
        );
    }
    if !is_data_key(&reference.key) {
        findings.add(
            "spec.config.configMapRef.key",
            format!("found `{}`, allowed: letters, digits, `-`, `_` and `.`", reference.key),
        );
    }
}

/// A ConfigMap of the instance's own is rendered over what the user keeps under its name.
pub(in crate::validate) fn own(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let (name, spec) = (&subject.loaded.name, subject.spec);
    let mut own = vec![names::config_map(name)];
    if !spec.workspace.initial_files.is_empty() {
        own.push(names::workspace_config_map(name));
    }
    let config = spec.config.config_map_ref.as_ref().map(|reference| &reference.name);
    let workspace = spec.workspace.config_map_ref.as_ref().map(|reference| &reference.name);
    for (path, found) in
        [("spec.config.configMapRef.name", config), ("spec.workspace.configMapRef.name", workspace)]
    {
        if let Some(found) = found.filter(|found| own.contains(found)) {
            findings.advise(
                path,
                format!("`{found}` is the name of a ConfigMap that this instance renders"),
                "give yours another name: the rendered one replaces it",
            );
        }
    }
}
