//! Seeds of the workspace and skills.

use crate::validate::grammar::{is_subdomain, path_fault};
use crate::validate::{Findings, Subject, key_path};

/// Bytes that a ConfigMap may hold, with room for its metadata.
const CONFIG_MAP_BYTES: usize = 1_000_000;

/// Paths inside the workspace.
pub(in crate::validate) fn paths(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let workspace = &subject.spec.workspace;
    for path in workspace.initial_files.keys() {
        if let Some(fault) = path_fault(path) {
            findings.add_key(
                key_path("spec.workspace.initialFiles", path),
                format!("`{path}` is refused: {fault}"),
                Some("write a path relative to the workspace, such as `notes/todo.md`"),
            );
        }
    }
    for (index, path) in workspace.initial_directories.iter().enumerate() {
        if let Some(fault) = path_fault(path) {
            findings.advise(
                format!("spec.workspace.initialDirectories[{index}]"),
                format!("`{path}` is refused: {fault}"),
                "write a path relative to the workspace, such as `notes`",
            );
        }
    }
    if let Some(reference) = &workspace.config_map_ref
        && !is_subdomain(&reference.name)
    {
        findings.add(
            "spec.workspace.configMapRef.name",
            format!("found `{}`, allowed: the name of a ConfigMap", reference.name),
        );
    }
}

/// What goes into ConfigMaps must fit.
pub(in crate::validate) fn sizes(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let files = &subject.spec.workspace.initial_files;
    let bytes: usize = files.iter().map(|(path, text)| path.len() + text.len()).sum();
    if bytes > CONFIG_MAP_BYTES {
        findings.advise(
            "spec.workspace.initialFiles",
            format!("found {bytes} bytes, a ConfigMap holds {CONFIG_MAP_BYTES}"),
            "seed large files with an init container",
        );
    }
    let raw = subject.spec.config.raw.as_ref().map_or(0, |raw| raw.to_string().len());
    // Scripts and settings share the ConfigMap with openclaw.json, which is indented there.
    if raw > CONFIG_MAP_BYTES / 4 {
        findings.add(
            "spec.config.raw",
            format!("found {raw} bytes, allowed: {}", CONFIG_MAP_BYTES / 4),
        );
    }
}

/// Names of skills become arguments of a program.
pub(in crate::validate) fn skills(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, skill) in subject.spec.skills.iter().enumerate() {
        if let Some(fault) = skill_fault(skill) {
            findings.advise(
                format!("spec.skills[{index}]"),
                format!("found `{skill}`: {fault}"),
                "write `slug`, `@owner/slug`, `npm:package` or `pack:owner/repo/path@ref`",
            );
        }
        if subject.spec.skills[..index].contains(skill) {
            findings
                .add(format!("spec.skills[{index}]"), format!("`{skill}` is in this list already"));
        }
    }
}

fn skill_fault(skill: &str) -> Option<String> {
    let body = skill.strip_prefix("npm:").or_else(|| skill.strip_prefix("pack:")).unwrap_or(skill);
    if body.is_empty() {
        return Some("the name is empty".to_owned());
    }
    if skill.len() > 128 {
        return Some(format!("{} characters, allowed: 128", skill.len()));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_/.@".contains(c);
    if let Some(bad) = body.chars().find(|c| !allowed(*c)) {
        return Some(format!("`{}`, allowed: letters, digits and `-_/.@`", bad.escape_default()));
    }
    if body.starts_with(['-', '/', '.']) || body.split('/').any(|part| part == "..") {
        return Some("it starts with `-`, `/` or `.`, or has a segment `..`".to_owned());
    }
    if skill.starts_with("pack:")
        && body.split('@').next().is_some_and(|p| p.matches('/').count() < 2)
    {
        return Some("a pack is `pack:owner/repo/path@ref`".to_owned());
    }
    None
}

/// What is not pinned may change at any start.
pub(in crate::validate) fn unpinned(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for (index, skill) in subject.spec.skills.iter().enumerate() {
        let body =
            skill.strip_prefix("npm:").or_else(|| skill.strip_prefix("pack:")).unwrap_or(skill);
        if skill_fault(skill).is_none() && !body.get(1..).unwrap_or_default().contains('@') {
            findings.advise(
                format!("spec.skills[{index}]"),
                format!("`{skill}` is not pinned: whatever is newest is installed"),
                "add a version or ref with `@`",
            );
        }
    }
}
