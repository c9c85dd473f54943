//! Data, backups and updates.

use crate::api::cron;
use crate::api::duration::nanoseconds;
use crate::validate::grammar::is_subdomain;
use crate::validate::{Findings, Subject};

fn within(
    path: &str,
    text: &str,
    range: (u64, u64, &str),
    hint: &str,
    findings: &mut Findings<'_>,
) {
    let (shortest, longest, words) = range;
    match nanoseconds(text) {
        Some(found) if (shortest..=longest).contains(&found) => {}
        Some(_) => findings.advise(path, format!("`{text}` is outside {words}"), hint),
        None => findings.advise(
            path,
            format!("found `{text}`, allowed: a duration of {words}, such as `24h` or `90m`"),
            hint,
        ),
    }
}

const MINUTE: u64 = 60_000_000_000;
const HOUR: u64 = 60 * MINUTE;
/// A schedule that never comes after this second of 2020 never comes.
const EPOCH: i64 = 1_577_836_800;

/// Keeps the registry poll slow enough to be polite and quick enough to matter.
pub(in crate::validate) fn check_interval(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    within(
        "spec.autoUpdate.checkInterval",
        &subject.spec.auto_update.check_interval,
        (HOUR, 168 * HOUR, "1h to 168h"),
        "leave it out to ask every 24h",
        findings,
    );
}

/// Gives a new version the time that it needs, and not for ever.
pub(in crate::validate) fn health_check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    within(
        "spec.autoUpdate.healthCheckTimeout",
        &subject.spec.auto_update.health_check_timeout,
        (2 * MINUTE, 30 * MINUTE, "2m to 30m"),
        "leave it out to wait 10m",
        findings,
    );
}

/// A backup that never ends would hold the agent back.
pub(in crate::validate) fn backup_timeout(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if let Some(timeout) = &subject.spec.backup.timeout {
        within(
            "spec.backup.timeout",
            timeout,
            (5 * MINUTE, 24 * HOUR, "5m to 24h"),
            "leave it out to allow 30m",
            findings,
        );
    }
}

const AT_NIGHT: &str = "for every night at half past three in UTC write `30 3 * * *`";

/// Scheduled backups come when cron says, and go when they are old.
pub(in crate::validate) fn backup_schedule(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let backup = &subject.spec.backup;
    if let Some(schedule) = backup.schedule.as_ref().filter(|one| !is_shaped(one)) {
        findings.advise(
            "spec.backup.schedule",
            format!(
                "found `{schedule}`, allowed: minute, hour, day, month and weekday as cron has \
                 them, or a name such as `@daily`"
            ),
            AT_NIGHT,
        );
    }
    for (field, number, most) in
        [("retentionDays", backup.retention_days, 365), ("historyLimit", backup.history_limit, 100)]
    {
        if let Some(number) = number
            && !(1..=most).contains(&number)
        {
            findings.add(
                format!("spec.backup.{field}"),
                format!("found `{number}`, allowed: 1 to {most}"),
            );
        }
    }
}

/// A name, or five fields with one space between them.
fn is_shaped(schedule: &str) -> bool {
    let is_field = |field: &str| {
        !field.is_empty()
            && field.chars().all(|c| c.is_ascii_alphanumeric() || "*,/?#-".contains(c))
    };
    match schedule.strip_prefix('@') {
        Some(name) => !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()),
        None => schedule.split(' ').count() == 5 && schedule.split(' ').all(is_field),
    }
}

/// A schedule is one that comes.
pub(in crate::validate) fn backup_calendar(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(schedule) = subject.spec.backup.schedule.as_ref().filter(|one| is_shaped(one)) else {
        return;
    };
    let message = match cron::schedule(schedule) {
        None => "allowed: what cron reads",
        Some(read) if cron::next(&read, EPOCH).is_none() => "a time that never comes",
        Some(_) => return,
    };
    findings.advise("spec.backup.schedule", format!("found `{schedule}`, {message}"), AT_NIGHT);
}

/// A digest cannot be updated.
pub(in crate::validate) fn digest_update(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if subject.spec.auto_update.enabled && subject.spec.image.digest.is_some() {
        findings.advise(
            "spec.autoUpdate.enabled",
            "has no effect: `image.digest` overrides every update",
            "pin the image by `tag` to update it",
        );
    }
}

/// Names and modes of the data volume.
pub(in crate::validate) fn persistence(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    const MODES: [&str; 4] = ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"];
    let persistence = &subject.spec.storage.persistence;
    let base = "spec.storage.persistence";
    for (index, mode) in persistence.access_modes.iter().enumerate() {
        if mode == "ReadOnlyMany" || !MODES.contains(&mode.as_str()) {
            findings.add(
                format!("{base}.accessModes[{index}]"),
                format!(
                    "found `{mode}`, allowed: `ReadWriteOnce`, `ReadWriteOncePod`, `ReadWriteMany`"
                ),
            );
        }
    }
    if persistence.access_modes.is_empty() {
        findings
            .add(format!("{base}.accessModes"), "found an empty list, allowed: one mode or more");
    }
    for (field, name) in [
        ("storageClass", &persistence.storage_class),
        ("existingClaim", &persistence.existing_claim),
    ] {
        // An empty class means "no dynamic volume" to Kubernetes.
        if let Some(name) = name
            && !is_subdomain(name)
            && !(field == "storageClass" && name.is_empty())
        {
            findings.add(
                format!("{base}.{field}"),
                format!("found `{name}`, allowed: the name of an object"),
            );
        }
    }
}

/// What is restored needs a volume, and a path inside the bucket.
pub(in crate::validate) fn restore(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let Some(path) = &subject.spec.restore_from else { return };
    if !subject.spec.storage.persistence.enabled {
        findings.advise(
            "spec.restoreFrom",
            "found with `storage.persistence.enabled: false`: the data would be gone with the Pod",
            "switch persistence on",
        );
    }
    let word = |segment: &str| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-:=+@".contains(&b))
    };
    if path.len() > 512 || !path.split('/').all(word) {
        findings.add(
            "spec.restoreFrom",
            format!(
                "found `{path}`, allowed: a path of letters, digits and `_.-:=+@` inside the bucket"
            ),
        );
    }
}

/// Nothing outlives the Pod.
pub(in crate::validate) fn ephemeral(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    if !subject.spec.storage.persistence.enabled {
        findings.advise(
            "spec.storage.persistence.enabled",
            "found `false`: memory, sessions and pairings are gone with every restart of the Pod",
            "leave it out",
        );
    }
}

/// With one Pod, a budget of 0 blocks every drain of its node.
pub(in crate::validate) fn blocking_budget(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let budget = &subject.spec.availability.pod_disruption_budget;
    if budget.enabled && budget.max_unavailable == 0 {
        findings.advise(
            "spec.availability.podDisruptionBudget.maxUnavailable",
            "found `0`: no node that runs the agent can be drained",
            "leave it out",
        );
    }
}
