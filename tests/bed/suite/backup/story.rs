//! An agent is backed up, lost with its volume, and comes back, told by what a user types.

use std::time::Instant;

use serde_json::Value;

use crate::bed::controller::{condition, installed};
use crate::bed::readme::follow;
use crate::bed::stack::{SMALL, Webhook};
use crate::bed::{Stack, bucket, ensure, eventually, figure, kubectl, object, run};

const VERSION: &str = "2026.9.6";
const STATE: &str = "/home/openclaw/.openclaw";

/// Files that plain copies lose: links as pnpm makes them, modes, times, empty directories, names.
const ODD: &str = r#"
set -e
cd /home/openclaw/.openclaw/workspace
mkdir -p odd/.pnpm/a@1/node_modules/a odd/empty odd/locked
echo a > odd/.pnpm/a@1/node_modules/a/index.js
ln -s .pnpm/a@1/node_modules/a odd/a
ln -s nowhere odd/dangling
ln odd/.pnpm/a@1/node_modules/a/index.js odd/hard
printf x > "$(printf 'odd/new\nline')"
printf x > "$(printf 'odd/caf\351')"
printf x > "odd/-rf"
echo '#!/bin/sh' > odd/run.sh; chmod 755 odd/run.sh
chmod 2750 odd/empty
touch -d 2001-02-03T04:05:06.25Z odd/run.sh odd/empty
echo kept > odd/locked/file; chmod 400 odd/locked/file; chmod 555 odd/locked
"#;

/// Everything below `workspace/odd`: kind, mode, time, size and target of each entry.
#[track_caller]
fn odd(stack: &Stack) -> String {
    let folder = stack.volume().join("workspace");
    let list = "find odd -printf '%P %y %m %T@ %s %l\\n' | LC_ALL=C sort; find odd -type f -exec sha256sum {} + | LC_ALL=C sort";
    // The size of a directory is the file system's business.
    let text =
        run(std::process::Command::new("sh").args(["-c", list]).current_dir(folder)).unwrap();
    let is_directory = |line: &str| line.split(' ').rev().nth(4) == Some("d");
    let lines = text.lines().map(|line| {
        if is_directory(line) {
            line.rsplitn(3, ' ').last().unwrap_or_default().to_owned()
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn remember(stack: &Stack, name: &str) {
    let add = format!(
        "node openclaw.mjs cron add --name {name} --every 24h --message hello --session isolated --token $OPENCLAW_GATEWAY_TOKEN && mkdir -p {STATE}/workspace/skills/{name} && echo {name} > {STATE}/workspace/skills/{name}/SKILL.md"
    );
    eventually("the application takes a job", 120, || {
        stack.pod().exec("openclaw", ["sh", "-c", &add])
    });
}

/// The jobs that the application knows, and the skills on the volume.
fn remembered(stack: &Stack) -> Vec<String> {
    let list = "node openclaw.mjs cron list --json --token $OPENCLAW_GATEWAY_TOKEN";
    let text = eventually("the application lists its jobs", 120, || {
        stack.pod().exec("openclaw", ["sh", "-c", list])
    });
    let skills = format!("cd {STATE}/workspace/skills && ls -1");
    let skills = stack.pod().exec("openclaw", ["sh", "-c", &skills]).unwrap();
    let is_known = |name: &&str| text.contains(&format!("\"name\": \"{name}\""));
    let jobs = ["first", "second"].into_iter().filter(is_known).map(|name| format!("job {name}"));
    let skills = skills.lines().map(|name| format!("skill {name}"));
    let mut found: Vec<String> = jobs.chain(skills).collect();
    found.sort();
    found
}

fn instance(stack: &Stack) -> Value {
    stack.namespace.object("openclawinstance", "agent").expect("the instance")
}

/// Waits until the condition begins with a text.
#[track_caller]
fn says(stack: &Stack, kind: &str, start: &str, seconds: u64) {
    eventually(&format!("{kind} is {start}"), seconds, || {
        let found = condition(&instance(stack), kind);
        ensure(found.starts_with(start), || found.clone())
    });
}

fn ready(stack: &Stack) {
    let resource = "openclawinstance/agent";
    let namespace = stack.namespace.name.as_str();
    let wait = ["wait", "--for=condition=Ready", resource, "-n", namespace, "--timeout=600s"];
    kubectl(wait).unwrap();
}

/// Demands a backup in Git and waits for it; returns its path, and for how long nobody ran.
#[track_caller]
fn demand(stack: &Stack, value: &str) -> (String, f64) {
    let before = instance(stack)["status"]["lastBackupPath"].clone();
    let annotation = format!("openclaw.rocks/backup: \"{value}\"");
    stack.instance_with(&annotation, VERSION, SMALL);
    stack.push_and_sync("Back the agent up");
    let mut stopped: Option<Instant> = None;
    let mut away = 0.0;
    let path = eventually("the backup is there", 300, || {
        let set = stack.namespace.object("statefulset", "agent").unwrap();
        let is_up = set["status"]["readyReplicas"] == 1;
        match (is_up, stopped) {
            (false, None) => stopped = Some(Instant::now()),
            (true, Some(since)) => {
                away += since.elapsed().as_secs_f64();
                stopped = None;
            }
            _ => {}
        }
        let instance = instance(stack);
        let path = &instance["status"]["lastBackupPath"];
        ensure(path.is_string() && *path != before && is_up, || {
            format!("{}", instance["status"]["backup"])
        })?;
        Ok(path.as_str().unwrap().to_owned())
    });
    (path, away)
}

#[test]
fn an_agent_whose_volume_is_lost_comes_back_from_the_bucket() {
    installed();
    let stack = Stack::bare("backup");
    let variables = bucket::credentials().map(|(key, value)| format!("{key}={value}\n")).concat();
    stack.repository.write("bucket.env", &variables);
    stack.repository.write(".gitignore", "bucket.env\n");
    follow("create secret generic b2-backup-credentials", &stack).unwrap();
    stack.instance(VERSION, SMALL);
    let commit = stack.repository.push("Add the agent");
    stack.hand_to_argocd("applicationset.yaml");
    stack.synced(&commit, 180);
    ready(&stack);
    says(&stack, "BackupReady", "True NoBackupYet", 60);
    remember(&stack, "first");
    stack.pod().exec("openclaw", ["sh", "-c", ODD]).unwrap();
    let before = odd(&stack);
    assert_eq!(before.lines().count(), 24, "{before}");

    // On demand, under a GitOps tool that mends whatever differs from Git.
    let (path, away) = demand(&stack, "now");
    figure(&format!("backup: the agent was away for {away:.0} s of a demanded one"));
    let home = bucket::home(&stack.namespace);
    assert!(path.starts_with(&format!("{home}/agent/")) && path.ends_with("-demanded"), "{path}");
    assert_eq!(bucket::files(&path), ["archive.tar.gz", "manifest.json"]);
    let manifest = bucket::manifest(&path);
    assert_eq!(manifest["application"]["version"], VERSION, "{manifest:#}");
    says(&stack, "BackupReady", "True BackupStored", 30);
    let status = instance(&stack)["status"].clone();
    assert!(status["backup"]["sizeBytes"].as_i64() > Some(10_000), "{status:#}");
    assert!(status["backup"]["phase"].is_null(), "{status:#}");
    let app = object("argocd", "application.argoproj.io", &stack.application()).unwrap();
    assert_eq!(app["status"]["sync"]["status"], "Synced");
    // The same demand is met once.
    assert_eq!(instance(&stack)["status"]["backup"]["demand"], "now");

    let listed = follow("openclaw backup list", &stack).unwrap();
    assert!(
        listed.lines().any(|line| line.starts_with(&path) && line.ends_with("whole")),
        "{listed}"
    );
    let size = status["backup"]["sizeBytes"].as_i64().unwrap();
    assert!(listed.ends_with(&format!("{path}: {size} bytes, as its manifest says\n")), "{listed}");

    // Nobody else than the Job's Pod has had the credentials.
    let all = kubectl(["get", "jobs,pods,events", "-n", &stack.namespace.name, "-o", "yaml"]);
    assert!(!all.unwrap().contains(&crate::bed::variable("S3_SECRET")));

    // More is remembered, and then the instance leaves Git: a last backup is made of it.
    remember(&stack, "second");
    let known = remembered(&stack);
    std::fs::remove_file(stack.repository.path().join("instances/agent.yaml")).unwrap();
    stack.render();
    stack.repository.push("Remove the agent");
    let mut webhooks = [
        Webhook::application(&stack.namespace.name),
        Webhook::application_set(&stack.namespace.name),
    ];
    eventually("the instance is gone", 300, || {
        webhooks.iter_mut().for_each(Webhook::call);
        let found = stack.namespace.object("openclawinstance", "agent");
        ensure(found.is_none(), || format!("{}", found.unwrap()["status"]["backup"]))
    });
    let last = bucket::files(&format!("{home}/agent"));
    let last = last.iter().find(|file| file.ends_with("-deletion/manifest.json"));
    let last = last.unwrap().trim_end_matches("/manifest.json").to_owned();
    let claim = stack.namespace.object("pvc", "agent-data").expect("the claim stays");
    assert!(claim["metadata"]["deletionTimestamp"].is_null());

    // The volume is lost. Another instance of that name restores what the last one knew.
    kubectl(["delete", "pvc", "agent-data", "-n", &stack.namespace.name, "--timeout=60s"]).unwrap();
    stack.instance(VERSION, &format!("{SMALL}\nrestoreFrom: {home}/agent/{last}"));
    let commit = stack.repository.push("Bring the agent back");
    let mut webhook = Webhook::application_set(&stack.namespace.name);
    eventually("Argo CD makes the Application again", 120, || {
        webhook.call();
        let app = object("argocd", "application.argoproj.io", &stack.application());
        ensure(app.is_some(), || "no Application".to_owned())
    });
    stack.synced(&commit, 180);
    ready(&stack);
    assert_eq!(remembered(&stack), known);
    assert_eq!(odd(&stack), before);
    says(&stack, "RestoreReady", "True Restored", 60);
    let restored = instance(&stack)["status"]["restoredFrom"].clone();
    assert_eq!(restored, format!("{home}/agent/{last}"));

    // Once: what is written now stays at the next start.
    remember(&stack, "first");
    stack.pod().restart(600);
    assert_eq!(odd(&stack), before);
}
