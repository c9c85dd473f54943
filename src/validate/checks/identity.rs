//! Who the instance is: its name, namespace, image and registry.

use crate::names;
use crate::validate::grammar::{
    is_digest, is_label, is_label_value, is_qualified, is_repository, is_tag,
};
use crate::validate::refused::REFUSED;
use crate::validate::{Findings, Subject, key_path};
use crate::version;

/// Every derived name stays within 63 characters.
pub(in crate::validate) fn name(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let name = &subject.loaded.name;
    if is_label(name, names::MAX_NAME) {
        return;
    }
    findings.advise(
        "metadata.name",
        format!(
            "found `{name}`, allowed: at most {} lower-case letters, digits and `-`, starting \
             and ending with a letter or digit",
            names::MAX_NAME
        ),
        match legal_name(name) {
            Some(legal) => format!("rename it, for instance to `{legal}`"),
            None => "rename it, for instance to `my-agent`".to_owned(),
        },
    );
}

/// Returns the legal name that is nearest to one that is not.
fn legal_name(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let dashed = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let cut: String = dashed.take(names::MAX_NAME).collect();
    let legal = cut.trim_matches('-');
    is_label(legal, names::MAX_NAME).then(|| legal.to_owned())
}

/// The namespace names a folder of the tree.
pub(in crate::validate) fn namespace(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let namespace = &subject.loaded.namespace;
    if !is_label(namespace, 63) {
        findings.add(
            "metadata.namespace",
            format!("found `{namespace}`, allowed: at most 63 lower-case letters, digits and `-`"),
        );
    }
    if let Some(asked) = &subject.loaded.asked_namespace
        && asked != namespace
    {
        findings.advise(
            "metadata.namespace",
            format!("found `{namespace}`, asked for `{asked}` on the command line"),
            "leave the flag out, or the field",
        );
    }
}

/// How a key of a label or annotation is written.
pub(super) const KEY_HINT: Option<&str> =
    Some("write it like `team` or `example.com/team`, with at most 63 letters, digits and `-_.`");

/// Annotations that have one value, and are left out otherwise.
const ONE_VALUE: [(&str, &str); 2] =
    [(names::ANNOTATION_UPDATE, names::UPDATE_HOLD), (names::ANNOTATION_SKIP_BACKUP, names::SKIP)];

/// Labels and annotations of the instance itself.
pub(in crate::validate) fn metadata(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let loaded = subject.loaded;
    for (key, value) in &loaded.labels {
        let path = key_path("metadata.labels", key);
        if !is_qualified(key) {
            findings.add_key(path, format!("`{key}` is not the key of a label"), KEY_HINT);
        } else if !is_label_value(value) {
            findings.add(
                path,
                format!("found `{value}`, allowed: at most 63 letters, digits, `-`, `_` and `.`"),
            );
        }
    }
    for (key, value) in &loaded.annotations {
        let path = key_path("metadata.annotations", key);
        if !is_qualified(key) {
            findings.add_key(path, format!("`{key}` is not the key of an annotation"), KEY_HINT);
        } else if let Some((_, only)) =
            ONE_VALUE.iter().find(|(name, only)| name == key && only != value)
        {
            findings.add(path, format!("found `{value}`, allowed: `{only}`"));
        }
    }
}

/// Fields that the Go operator gained and we do not have.
pub(in crate::validate) fn refused(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for field in REFUSED {
        for parent in subject.loaded.document.expand(field.parent) {
            let path = key_path(&parent, field.field);
            if subject.loaded.document.has(&path) {
                findings.add_key(path, "is not supported", Some(field.hint));
            }
        }
    }
}

/// Only a cluster writes a UID: what made the objects of this one may own them.
pub(in crate::validate) fn exported(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.loaded.document.has("metadata.uid") {
        findings.add_key(
            "metadata.uid",
            "is of a live instance: where the Go operator made it, deleting it deletes the volume",
            Some("let it go as README.md says before anything is deleted, then remove `uid`"),
        );
    }
}

/// Repository, tag and digest, and the registry that replaces the host.
pub(in crate::validate) fn image(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let image = &subject.spec.image;
    let chromium = &subject.spec.chromium.image;
    let repositories = [
        ("spec.image.repository", Some(&image.repository)),
        ("spec.chromium.image.repository", chromium.repository.as_ref()),
        ("spec.registry", subject.spec.registry.as_ref()),
    ];
    for (path, repository) in repositories {
        let Some(repository) = repository else { continue };
        if !is_repository(repository.trim_end_matches('/')) {
            findings.advise(
                path,
                format!("found `{repository}`, allowed: a host and a lower-case path"),
                "write tag and digest into their own fields",
            );
        }
    }
    for (path, tag) in [("spec.image.tag", &image.tag), ("spec.chromium.image.tag", &chromium.tag)]
    {
        if let Some(tag) = tag
            && !is_tag(tag)
        {
            findings.add(
                path,
                format!("found `{tag}`, allowed: at most 128 letters, digits, `_`, `.` and `-`"),
            );
        }
    }
    let digests =
        [("spec.image.digest", &image.digest), ("spec.chromium.image.digest", &chromium.digest)];
    for (path, digest) in digests {
        if let Some(digest) = digest
            && !is_digest(digest)
        {
            findings.add(
                path,
                format!("found `{digest}`, allowed: `sha256:` and 64 hexadecimal digits"),
            );
        }
    }
}

/// A moving tag gives another program after the next restart.
pub(in crate::validate) fn moving_tag(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let image = &subject.spec.image;
    if image.digest.is_some() {
        return;
    }
    let path = if image.tag.is_some() { "spec.image.tag" } else { "spec.image" };
    match image.tag.as_deref() {
        None | Some("latest" | "main" | "slim" | "stable" | "extended-stable") => findings.advise(
            path,
            format!(
                "`{}` moves: a restart may start another version",
                image.tag.as_deref().unwrap_or("latest")
            ),
            "pin a version, such as `tag: \"2026.9.6\"`",
        ),
        Some(_) => {}
    }
}

/// The extended line never moves to the ordinary one by itself.
pub(in crate::validate) fn extended_line(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(tag) = subject.spec.image.tag.as_deref() else { return };
    if version::parse(tag).is_some_and(|version| version.is_extended()) {
        findings.advise(
            "spec.image.tag",
            format!("`{tag}` belongs to the extended line: a patch number of 33 or more"),
            "pin another line to leave it, as updates stay on it",
        );
    }
}

/// Gives the memory that the version needs to start.
///
/// Measured: 2026.2 needs 2Gi to boot and is killed at 1Gi; versions since 2026.7 boot with 1Gi
/// and are killed at 768Mi.
pub(in crate::validate) fn memory_floor(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(limit) = &subject.spec.resources.limits.memory else { return };
    let Some(bytes) = crate::validate::grammar::quantity(limit) else { return };
    let old = subject
        .spec
        .image
        .tag
        .as_deref()
        .and_then(version::parse)
        .is_some_and(|version| version::parse("2026.7.1").is_some_and(|july| version < july));
    let (floor, text) = if old { (2_i128 << 30, "2Gi") } else { (1_i128 << 30, "1Gi") };
    if bytes < floor * 1000 {
        findings.advise(
            "spec.resources.limits.memory",
            format!("found `{limit}`, this version is killed at its start below `{text}`"),
            format!("give it `{text}` or more"),
        );
    }
}
