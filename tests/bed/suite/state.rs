//! The state on the volume across versions: a snapshot before the next one, and the way back by
//! `git revert`, with the real application's data base.

use serde_json::Value;

use crate::bed::pod::{self, Pod, kill_script};
use crate::bed::stack::{LIGHT, SMALL};
use crate::bed::{SmallVolume, Stack, ensure, eventually, run};
use crate::kit;

const OLD: &str = "2026.9.4";
const NEW: &str = "2026.9.6";
const STATE: &str = "/home/openclaw/.openclaw";

/// An instance of the old version, synced by Argo CD, with state of its own.
fn of_the_old_version(topic: &str, spec: &str) -> Stack {
    let stack = Stack::new(topic);
    stack.instance(OLD, &format!("{SMALL}\n{spec}"));
    stack.repository.push("Add the agent");
    stack.hand_to_argocd("applicationset.yaml");
    stack.settled(900);
    remember(&stack, "before");
    stack
}

/// Makes state as a user does: a job through the application, a file of the agent.
fn remember(stack: &Stack, name: &str) {
    let add = format!(
        "node openclaw.mjs cron add --name {name} --every 24h --message hello --session isolated --token $OPENCLAW_GATEWAY_TOKEN && mkdir -p {STATE}/workspace && echo {name} > {STATE}/workspace/{name}.txt"
    );
    eventually("the application takes a job", 120, || {
        stack.pod().exec("openclaw", ["sh", "-c", &add])
    });
}

/// What of it there is: the names of the jobs and of the files.
fn remembered(stack: &Stack) -> Vec<String> {
    let list = "node openclaw.mjs cron list --json --token $OPENCLAW_GATEWAY_TOKEN";
    let jobs = eventually("the application lists its jobs", 120, || {
        let text = stack.pod().exec("openclaw", ["sh", "-c", list])?;
        let start = text.find('{').ok_or_else(|| text.clone())?;
        serde_json::from_str::<Value>(&text[start..]).map_err(|error| format!("{error}: {text}"))
    });
    let mut found: Vec<String> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| format!("job {}", job["name"].as_str().unwrap()))
        // The application makes some of its own.
        .filter(|job| ["job before", "job after", "job again"].contains(&job.as_str()))
        .collect();
    let files = format!("cd {STATE}/workspace && ls -1 *.txt");
    let files = stack.pod().exec("openclaw", ["sh", "-c", &files]).unwrap();
    found.extend(files.lines().map(|file| format!("file {file}")));
    found.sort();
    found
}

fn bump(stack: &Stack, version: &str, spec: &str) {
    stack.instance(version, &format!("{SMALL}\n{spec}"));
    stack.push_and_sync(&format!("Update the agent to {version}"));
}

/// What somebody does who looks at the log of the repository.
fn revert(stack: &Stack) {
    stack.repository.git(["revert", "--no-edit", "HEAD"]);
    stack.repository.git(["push", "-q", "origin", "main"]);
    let commit = stack.repository.git(["rev-parse", "HEAD"]).trim().to_owned();
    stack.synced(&commit, 180);
}

fn snapshots(stack: &Stack) -> Vec<String> {
    let listed =
        run(std::process::Command::new("ls").arg("-1A").arg(stack.volume().join(".snapshots")))
            .unwrap();
    listed.lines().map(str::to_owned).collect()
}

fn before() -> Vec<String> {
    vec!["file before.txt".to_owned(), "job before".to_owned()]
}

#[test]
fn git_revert_brings_the_old_version_back_with_its_old_state() {
    let stack = of_the_old_version("revert", "");
    bump(&stack, NEW, "");
    let pod = stack.settled(900);
    assert!(pod["spec"]["containers"][0]["image"].as_str().unwrap().ends_with(NEW));
    assert_eq!(remembered(&stack), before(), "the new version migrated it");
    remember(&stack, "after");

    revert(&stack);
    stack.settled(900);
    assert_eq!(remembered(&stack), before());
    let failed = stack.volume().join(".snapshots/.failed").join(format!("{OLD}..{NEW}"));
    let kept = std::fs::read_to_string(failed.join("workspace/after.txt")).unwrap();
    assert_eq!(kept, "after\n", "what the new version wrote is kept aside");

    if kit::nightly() {
        goes_forward_once_more(&stack);
    }
}

/// Nothing is restored twice: what is made after the way back stays at the next start, and in the
/// next version.
fn goes_forward_once_more(stack: &Stack) {
    remember(stack, "again");
    stack.pod().restart(600);
    let mut now = before();
    now.extend(["file again.txt".to_owned(), "job again".to_owned()]);
    now.sort();
    assert_eq!(remembered(stack), now);

    // And forward once more.
    bump(stack, NEW, "");
    stack.settled(900);
    assert_eq!(remembered(stack), now);
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn a_late_revert_stops_with_a_message_and_starts_with_consent() {
    let stack = of_the_old_version("late", "");
    bump(&stack, NEW, "");
    stack.settled(900);
    remember(&stack, "after");
    let name = format!("{OLD}..{NEW}");
    let manifest = stack.volume().join(".snapshots").join(&name).join("manifest.json");
    let mut text: Value =
        serde_json::from_str(&std::fs::read_to_string(&manifest).unwrap()).unwrap();
    let two_days = 2 * 24 * 3600 * 1000;
    text["created"] = (text["created"].as_i64().unwrap() - two_days).into();
    std::fs::write(&manifest, format!("{text}\n")).unwrap();

    revert(&stack);
    let said = stopped(&stack, "init-state", 75);
    assert!(said.contains(&format!("the snapshot {name} is 2 days old")), "{said}");
    assert!(said.contains(&format!("openclaw.rocks/restore-snapshot: {name}")), "{said}");
    assert!(stack.volume().join("workspace/after.txt").exists(), "nothing was changed");

    let consent = format!("openclaw.rocks/restore-snapshot: {name}");
    stack.instance_with(&consent, OLD, SMALL);
    stack.push_and_sync("Consent to the snapshot");
    stack.settled(900);
    assert_eq!(remembered(&stack), before());
}

/// Waits until a container ended with that code; returns the message that its Pod shows.
fn stopped(stack: &Stack, container: &str, code: i64) -> String {
    eventually(&format!("{container} ends with {code}"), 300, || {
        let pod = stack.pod().get()?;
        let status = pod::status(&pod, container);
        let ended = [&status["state"]["terminated"], &status["lastState"]["terminated"]]
            .into_iter()
            .find(|state| state["exitCode"] == code)
            .ok_or_else(|| Pod::state(&pod))?;
        Ok(ended["message"].as_str().unwrap_or_default().to_owned())
    })
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn a_version_that_never_ran_leaves_the_state_alone() {
    let stack = of_the_old_version("unpulled", "");
    bump(&stack, "2026.9.89", "");
    eventually("the image cannot be pulled", 180, || {
        let pod = stack.pod().get()?;
        let waiting = &pod::status(&pod, "init-state")["state"]["waiting"]["reason"];
        ensure(
            ["ErrImagePull", "ImagePullBackOff"].contains(&waiting.as_str().unwrap_or("")),
            || Pod::state(&pod),
        )
    });
    revert(&stack);
    stack.settled(900);
    assert_eq!(remembered(&stack), before());
    assert_eq!(snapshots(&stack), ["marker.json"], "no snapshot, nothing kept aside");

    // One that ran for a moment, and ended: its state goes, the old one comes back.
    bump(&stack, "2026.9.90", "");
    eventually("the release crashes", 300, || {
        let pod = stack.pod().get()?;
        let main = pod::status(&pod, "openclaw");
        ensure(main["restartCount"].as_u64().unwrap_or(0) > 0, || Pod::state(&pod))
    });
    revert(&stack);
    stack.settled(900);
    assert_eq!(remembered(&stack), before());
    assert!(snapshots(&stack).contains(&".failed".to_owned()));
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn a_full_volume_stops_the_update_and_changes_nothing() {
    // A volume of its own, small enough to fill.
    let small = SmallVolume::new("full-volume", "400m");
    let stack = of_the_old_version("full", &small.spec());
    let filler = small.fill("workspace/filler.bin", "250M");
    bump(&stack, NEW, &small.spec());
    let said = stopped(&stack, "init-state", 75);
    assert!(said.contains("too little space for the snapshot"), "{said}");
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(!snapshots(&stack).contains(&format!("{OLD}..{NEW}")));

    // The way back from there is the old version as it was; and with room the update goes on.
    std::fs::remove_file(&filler).unwrap();
    stack.settled(900);
    assert_eq!(remembered(&stack), before());
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn kills_in_the_middle_end_in_the_old_state_or_the_new_one() {
    let stack = of_the_old_version("middle", "");
    // Something to copy for a while.
    let ballast = format!(
        "mkdir -p {STATE}/workspace/many && cd {STATE}/workspace/many && for i in $(seq 3000); do echo $i > $i; done"
    );
    stack.pod().exec("openclaw", ["sh", "-c", &ballast]).unwrap();
    let killed = |bumped: &dyn Fn()| {
        let uid = stack.pod().uid();
        bumped();
        let uid = stack.pod().other_than(&uid);
        assert!(kill_script(&stack.pod(), &uid, "init-state", 3) > 0, "it got away");
        stack.settled(900);
    };
    killed(&|| bump(&stack, NEW, ""));
    assert_eq!(remembered(&stack), before());
    remember(&stack, "after");
    killed(&|| revert(&stack));
    assert_eq!(remembered(&stack), before());
    let count = std::fs::read_dir(stack.volume().join("workspace/many")).unwrap().count();
    assert_eq!(count, 3000);
    let left = snapshots(&stack);
    assert!(
        !left.iter().any(|name| [".tmp", ".swap", "journal.json"].contains(&name.as_str())),
        "{left:?}"
    );
}

#[test]
fn workspace_files_are_seeded_once() {
    let seeds = "workspace:\n  initialDirectories: [reports, deep/er]\n  initialFiles:\n    notes/README.md: from git\n    TODO.md: from git\n    GONE.md: from git";
    let stack = Stack::new("seeds");
    stack.instance(LIGHT, &format!("{SMALL}\n{seeds}"));
    stack.apply_and_wait();
    let shell = |script: &str| {
        let script = format!("cd {STATE}/workspace && {script}");
        stack.pod().exec("openclaw", ["sh", "-c", &script]).unwrap()
    };
    assert_eq!(shell("cat notes/README.md TODO.md GONE.md"), "from git".repeat(3));
    assert_eq!(shell("ls -d reports deep/er"), "deep/er\nreports\n");
    shell("echo mine > notes/README.md && rm GONE.md && rmdir reports");
    let changed = seeds.replace("TODO.md: from git", "TODO.md: from git again\n    NEW.md: new");
    stack.instance(LIGHT, &format!("{SMALL}\n{changed}"));
    stack.apply();
    stack.pod().restart(600);
    assert_eq!(shell("cat notes/README.md TODO.md NEW.md"), "mine\nfrom gitnew");
    assert_eq!(shell("ls GONE.md reports 2>&1 | grep -c 'No such file'"), "2\n");
}
