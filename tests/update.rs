//! What an instance takes next, and the one reason why it takes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::format_collect,
    reason = "tests are shell and fail by panicking"
)]

mod kit;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use openclaw::repository::{Files, Repository};
use openclaw::update::{Reason, Release, Wait, stands};

/// Monday, 14 September 2026, 08:00 in UTC.
const NOW: i64 = 1_789_372_800;
const HOUR: i64 = 3600;

/// A repository whose only instance has these lines in its spec, settings and record.
struct Case {
    settings: &'static str,
    metadata: &'static str,
    spec: &'static str,
    failed: &'static [&'static str],
    is_asked: bool,
    tags: &'static [&'static str],
    release: fn() -> Option<Release>,
}

const NORMAL: Case = Case {
    settings: "",
    metadata: "",
    spec: "image: {tag: 2026.9.4}\nautoUpdate: {enabled: true}",
    failed: &[],
    is_asked: false,
    tags: &["2026.9.4", "2026.9.6", "latest"],
    release: || Some(release(&["linux/amd64", "linux/arm64"], Some(NOW - 100 * HOUR))),
};

fn release(platforms: &[&str], created: Option<i64>) -> Release {
    let platforms = platforms.iter().map(|name| ((*name).to_owned(), "sha256:0".to_owned()));
    Release { digest: "sha256:1".to_owned(), platforms: platforms.collect(), created }
}

fn indented(text: &str, depth: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(depth))).collect()
}

impl Case {
    fn files(&self) -> Files {
        let header = "apiVersion: openclaw.rocks/v1alpha1\n";
        let instance = format!(
            "{header}kind: OpenClawInstance\nmetadata:\n  name: a\n  namespace: agents\n{}spec:\n{}",
            indented(self.metadata, 2),
            indented(self.spec, 2)
        );
        let settings = format!("{header}kind: RenderConfig\n{}", indented(self.settings, 0));
        let failed: String =
            self.failed.iter().map(|version| format!("- version: {version}\n")).collect();
        let record = format!(
            "{header}kind: UpdateRecord\nmetadata: {{name: a, namespace: agents}}\nfailed:\n{failed}"
        );
        [
            ("openclaw.yaml", settings),
            ("instances/a.yaml", instance),
            ("updates/agents/a.yaml", record),
        ]
        .map(|(path, text)| (path.to_owned(), text.into_bytes()))
        .into()
    }

    fn outcome(&self) -> Result<String, Wait> {
        let (repository, report) = Repository::read(self.files());
        let repository = repository.unwrap_or_else(|| panic!("{:?}", report.findings()));
        let loaded = repository.instance("agents", "a").unwrap();
        let standing = stands(&repository, loaded, self.is_asked, NOW)?;
        let tags: Vec<String> = self.tags.iter().map(|tag| (*tag).to_owned()).collect();
        let newest = standing.candidates(&tags)?.remove(0);
        let release = (self.release)();
        standing.judge(&newest, release.as_ref(), &standing.platforms, None, NOW)?;
        Ok(newest)
    }
}

const CASES: [(&str, Case); 24] = [
    ("a newer version", NORMAL),
    ("disabled", Case { spec: "image: {tag: 2026.9.4}", ..NORMAL }),
    ("disabled and asked for", Case { spec: "image: {tag: 2026.9.4}", is_asked: true, ..NORMAL }),
    (
        "a digest",
        Case {
            spec: "image: {tag: 2026.9.4, digest: \"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}\nautoUpdate: {enabled: true}",
            is_asked: true,
            ..NORMAL
        },
    ),
    ("held by the repository", Case { settings: "update: {hold: true}", ..NORMAL }),
    (
        "held by the annotation",
        Case { metadata: "annotations: {openclaw.rocks/update: hold}", is_asked: true, ..NORMAL },
    ),
    (
        "a closed window",
        Case { settings: "update: {window: \"Sat,Sun 09:00-17:00 UTC\"}", ..NORMAL },
    ),
    ("an open window", Case { settings: "update: {window: \"Mon 07:00-09:00 UTC\"}", ..NORMAL }),
    (
        "a closed window and asked for",
        Case { settings: "update: {window: \"Sat 09:00-17:00 UTC\"}", is_asked: true, ..NORMAL },
    ),
    (
        "three failures",
        Case { failed: &["2026.9.5", "2026.9.7", "2026.9.8"], is_asked: true, ..NORMAL },
    ),
    ("two failures", Case { failed: &["2026.9.5", "2026.9.7"], ..NORMAL }),
    (
        "a tag that is none of upstream's",
        Case { spec: "image: {tag: nightly}\nautoUpdate: {enabled: true}", ..NORMAL },
    ),
    ("no tag", Case { spec: "autoUpdate: {enabled: true}", ..NORMAL }),
    ("nothing newer", Case { tags: &["2026.9.4", "2026.9.3"], ..NORMAL }),
    ("an empty list", Case { tags: &[], ..NORMAL }),
    ("failed before", Case { failed: &["2026.9.6"], ..NORMAL }),
    ("outside the range", Case { settings: "update: {range: \"<2026.9.5\"}", ..NORMAL }),
    ("no image behind the tag", Case { release: || None, ..NORMAL }),
    (
        "another platform",
        Case {
            settings: "platforms: [linux/arm64]",
            release: || Some(release(&["linux/amd64"], None)),
            ..NORMAL
        },
    ),
    ("no platform at all", Case { release: || Some(release(&[], None)), ..NORMAL }),
    ("young", Case { settings: "update: {minimumAge: 102h30m}", ..NORMAL }),
    ("old enough", Case { settings: "update: {minimumAge: 100h}", ..NORMAL }),
    (
        "of unknown age",
        Case {
            settings: "update: {minimumAge: 1h}",
            release: || Some(release(&["linux/amd64"], None)),
            ..NORMAL
        },
    ),
    (
        "from the future",
        Case {
            settings: "update: {minimumAge: 1h}",
            release: || Some(release(&["linux/amd64"], Some(i64::MAX))),
            ..NORMAL
        },
    ),
];

#[test]
fn each_case_has_one_reason() {
    let mut told = String::new();
    let mut reasons: Vec<Reason> = Vec::new();
    for (name, case) in &CASES {
        let outcome = match case.outcome() {
            Ok(tag) => format!("takes {tag}"),
            Err(Wait { reason, message }) => {
                reasons.push(reason);
                format!("{}: {message}", reason.word())
            }
        };
        told.push_str(&format!("{name}\n  {outcome}\n"));
    }
    kit::golden("tests/golden/update-reasons.txt", &told);
    // What the shell alone can find out.
    let shell = [
        Reason::RegistryError,
        Reason::TreeNotOurs,
        Reason::Invalid,
        Reason::GitNotConfigured,
        Reason::GitError,
        Reason::ForeignOwner,
        Reason::WaitingForWave,
        Reason::FleetBreakerOpen,
        Reason::Checking,
    ];
    for reason in Reason::ALL.into_iter().filter(|reason| !shell.contains(reason)) {
        assert!(reasons.contains(&reason), "no case is {}", reason.word());
    }
}

#[test]
fn an_image_that_does_not_say_when_it_was_made_is_as_old_as_it_was_seen() {
    let case = Case { settings: "update: {minimumAge: 2h}", ..NORMAL };
    let (repository, _) = Repository::read(case.files());
    let repository = repository.unwrap();
    let standing = stands(&repository, &repository.instances()[0], false, NOW).unwrap();
    let release = release(&["linux/amd64"], None);
    let judge = |seen| standing.judge("2026.9.6", Some(&release), &[], seen, NOW);
    assert_eq!(judge(Some(NOW - 2 * HOUR)), Ok(()));
    assert_eq!(judge(Some(NOW - HOUR)).unwrap_err().reason, Reason::TooYoung);
    assert_eq!(judge(None).unwrap_err().reason, Reason::TooYoung);
}

/// Runs `openclaw update` in a copy of the example; returns the exit code, what was told, and the
/// files that differ from before.
fn update(arguments: &[&str], prepare: &dyn Fn(&Path)) -> (Option<i32>, String, Vec<String>) {
    let scratch = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = scratch.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for (path, text) in kit::tree(&kit::root().join("examples/gitops-argocd")) {
        write(&path, &text);
    }
    prepare(scratch.path());
    let before: BTreeMap<String, String> = kit::tree(scratch.path());
    let mut command = Command::new(kit::binary());
    let output =
        command.arg("update").args(arguments).current_dir(scratch.path()).output().unwrap();
    let after = kit::tree(scratch.path());
    let differs = |path: &&String| before.get(*path) != after.get(*path);
    let mut changed: Vec<String> =
        before.keys().chain(after.keys()).filter(differs).cloned().collect();
    changed.sort();
    changed.dedup();
    let mut told = String::from_utf8(output.stdout).unwrap();
    told.push_str(&String::from_utf8(output.stderr).unwrap());
    (output.status.code(), told, changed)
}

fn nothing(_: &Path) {}

#[test]
fn the_command_writes_the_tag_and_what_follows_and_a_dry_run_nothing() {
    let (code, told, changed) = update(&["support-agent", "--to", "2026.9.7"], &nothing);
    assert_eq!(
        (code, told.as_str()),
        (Some(0), "agents/support-agent: 2026.9.6 to 2026.9.7, 4 files\n")
    );
    let folder = "rendered/agents/support-agent";
    let expected = [
        "instances/support-agent.yaml".to_owned(),
        format!("{folder}/.openclaw.lock"),
        format!("{folder}/openclawinstance-support-agent.yaml"),
        format!("{folder}/statefulset-support-agent.yaml"),
    ];
    assert_eq!(changed, expected);
    let dry = ["agents/support-agent", "--to", "2026.9.7", "--dry-run"];
    let (code, again, changed) = update(&dry, &nothing);
    assert_eq!((code, again, changed), (Some(0), told, Vec::new()));
    let (code, told, changed) = update(&["support-agent", "--to", "2026.9.6"], &nothing);
    assert_eq!((code, changed), (Some(0), Vec::new()));
    assert_eq!(told, "agents/support-agent: has 2026.9.6 already\n");
}

#[test]
fn the_command_writes_for_all_or_for_none() {
    let by_hand = |folder: &Path| {
        let path = folder.join("rendered/agents/support-agent/service-support-agent.yaml");
        std::fs::write(&path, "# by hand\n").unwrap();
    };
    let arguments = ["research-agent", "support-agent", "--to", "2026.9.7", "--output", "json"];
    let (code, told, changed) = update(&arguments, &by_hand);
    assert_eq!((code, changed), (Some(1), Vec::new()));
    kit::golden("tests/golden/update-refused.json", &told);
    let (code, told, _) = update(&["nobody", "--to", "2026.9.7"], &nothing);
    assert_eq!((code, told.as_str()), (Some(2), "error: no source holds the instance `nobody`\n"));
    let (code, told, changed) = update(&["support-agent", "--to", "a tag"], &nothing);
    assert_eq!((code, changed), (Some(1), Vec::new()));
    assert!(told.contains("error[OC"), "{told}");
    assert!(told.contains("agents/support-agent: Invalid: "), "{told}");
    let digest = |folder: &Path| {
        let path = folder.join("instances/support-agent.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        let pinned = format!("image:\n    digest: sha256:{}\n", "0".repeat(64));
        let text = text.replacen("image:\n", &pinned, 1);
        assert!(text.contains("digest"));
        std::fs::write(&path, text).unwrap();
    };
    let (code, told, changed) = update(&["support-agent", "--to", "2026.9.7"], &digest);
    assert_eq!((code, changed), (Some(1), Vec::new()));
    assert!(told.contains("DigestPinned"), "{told}");
}
