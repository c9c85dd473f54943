//! The bucket that the controller shares: for the backups of a namespace, and for those of others
//! by a grant.

use std::path::Path;

use crate::bed::controller::{Account, Process, condition};
use crate::bed::fleet::CLUSTER;
use crate::bed::stack::{LIGHT, SMALL};
use crate::bed::{Stack, bucket, ensure, eventually, variable};

fn start(account: &Account, stack: &Stack, folder: &Path, grants: &str) -> Process {
    let text = format!(
        "apiVersion: openclaw.rocks/v1alpha1\nkind: ControllerConfig\nclusterName: {CLUSTER}\nrestoreGrants: {grants}\n"
    );
    let file = folder.join("config.yaml");
    std::fs::write(&file, text).unwrap();
    let namespace = stack.namespace.name.as_str();
    let (file, store) = (file.to_str().unwrap(), folder.join("store"));
    let flags = ["--namespace", namespace, "--namespaces", namespace, "--config", file];
    let store = ["--store", store.to_str().unwrap(), "--identity", "tests"];
    Process::start_with(&account.kubeconfig(), &[&flags[..], &store[..]].concat())
}

#[track_caller]
fn says(stack: &Stack, kind: &str, start: &str, process: &Process) {
    eventually(&format!("{kind} is {start}"), 180, || {
        let instance = stack.namespace.object("openclawinstance", "agent").ok_or("no instance")?;
        let found = condition(&instance, kind);
        ensure(found.starts_with(start), || format!("{found}\n{}", process.log()))
    });
}

#[test]
fn another_cluster_restores_what_it_is_granted_and_backs_up_into_its_own_place() {
    let stack = Stack::new("shared");
    let name = stack.namespace.name.clone();
    let settings = format!(
        "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: {name}\ncluster: {{name: {CLUSTER}, controller: {name}/openclaw-controller}}\n"
    );
    stack.repository.write("openclaw.yaml", &settings);
    // A tree as the Go operator uploaded it, from a cluster that is no more.
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    std::fs::create_dir_all(tree.join("workspace")).unwrap();
    std::fs::write(tree.join("workspace/kept.txt"), "kept").unwrap();
    let path = format!("backups/{name}/agent/1795854138");
    let target = format!("bed:{}/{path}", variable("S3_BUCKET"));
    bucket::rclone(&["copy", tree.to_str().unwrap(), &target]).unwrap();
    std::fs::create_dir(folder.path().join("store")).unwrap();
    for (key, value) in bucket::credentials() {
        std::fs::write(folder.path().join("store").join(key), value).unwrap();
    }

    stack.instance(LIGHT, &format!("{SMALL}\nrestoreFrom: {path}"));
    let account = Account::new(&stack.namespace);
    stack.apply();
    let process = start(&account, &stack, folder.path(), "[]");
    says(&stack, "RestoreReady", "False RestoreNotGranted", &process);
    let lent = || stack.namespace.object("secret", "agent-restore-credentials");
    assert!(lent().is_none());
    drop(process);

    let grants = format!("[{{namespace: {name}, prefix: backups/{name}}}]");
    let process = start(&account, &stack, folder.path(), &grants);
    says(&stack, "RestoreReady", "True Restored", &process);
    let pod = stack.settled(300);
    assert_eq!(stack.pod().read("/home/openclaw/.openclaw/workspace/kept.txt"), "kept");
    let secret = lent().expect("the credentials are lent");
    let owner = &secret["metadata"]["ownerReferences"][0];
    assert_eq!((&owner["kind"], &owner["uid"]), (&"Pod".into(), &pod["metadata"]["uid"]));

    // The Job gets the credentials in a Secret of its own, which goes with it.
    stack.instance_with(
        "openclaw.rocks/backup: \"now\"",
        LIGHT,
        &format!("{SMALL}\nrestoreFrom: {path}"),
    );
    stack.apply();
    says(&stack, "BackupReady", "True BackupStored", &process);
    let instance = stack.namespace.object("openclawinstance", "agent").unwrap();
    assert_eq!(instance["status"]["backup"]["credentials"], "Controller");
    let stored = instance["status"]["lastBackupPath"].as_str().unwrap();
    assert!(stored.starts_with(&bucket::home(&stack.namespace)), "{stored}");
    assert_eq!(bucket::manifest(stored)["application"]["version"], LIGHT);
    eventually("nothing of the Job stays", 60, || {
        let found: Vec<String> = stack
            .namespace
            .objects("jobs,secrets,networkpolicies")
            .iter()
            .map(|one| one["metadata"]["name"].as_str().unwrap().to_owned())
            .filter(|name| name.starts_with("agent-backup-"))
            .collect();
        ensure(found.is_empty(), || format!("{found:?}"))
    });
    // The Pod is another one now, and what was lent to the first has gone with it.
    eventually("what was lent is gone", 60, || {
        let found = lent();
        ensure(found.is_none(), || format!("{found:?}"))
    });
    assert!(!process.log().contains(&variable("S3_SECRET")));
}
