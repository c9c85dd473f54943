//! Every supported version of the application becomes Ready from what is rendered, and is as
//! locked down as the manifests say.

use std::time::Instant;

use crate::bed::stack::{SMALL, TOKEN};
use crate::bed::{Stack, figure};

/// Pushed, synced by Argo CD, Ready, answering, locked down.
fn runs(version: &str) {
    let stack = Stack::new("version");
    stack.instance(version, SMALL);
    let commit = stack.repository.push("Add the agent");
    stack.hand_to_argocd("applicationset.yaml");
    let started = Instant::now();
    let synced = stack.synced(&commit, 120);
    let pod = stack.settled(900);
    let ready = started.elapsed().as_secs_f64();
    figure(&format!("{version}: Synced {synced:.0} s after the push, Ready {ready:.0} s after it"));
    assert_eq!(
        pod["spec"]["containers"][0]["image"],
        format!("ghcr.io/openclaw/openclaw:{version}")
    );
    answers(&stack, version);
    is_locked_down(&stack);
    assert_eq!(stack.difference(), "");
    assert_eq!(stack.pod().restarts("openclaw"), 0);
}

fn answers(stack: &Stack, version: &str) {
    assert_eq!(stack.pod().http(18789, "/startupz", []).unwrap().status, 200);
    assert_eq!(stack.invoke(None).unwrap().status, 401);
    assert_eq!(stack.invoke(Some("another")).unwrap().status, 401);
    // The oldest lets the token in and then fails at the call itself.
    let expected = if version == "2026.2.17" { 500 } else { 200 };
    let answer = stack.invoke(Some(TOKEN)).unwrap();
    assert_eq!(answer.status, expected, "{}", answer.body);
    let said = stack.pod().exec("openclaw", ["node", "openclaw.mjs", "--version"]).unwrap();
    assert!(said.contains(version), "{said}");
}

fn is_locked_down(stack: &Stack) {
    let pod = stack.pod();
    let status = pod.read("/proc/1/status");
    let value = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(value("Uid:"), ["1000"; 4]);
    assert_eq!(value("Gid:"), ["1000"; 4]);
    assert_eq!(value("NoNewPrivs:"), ["1"]);
    assert_eq!(value("Seccomp:"), ["2"]);
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(value(set), ["0000000000000000"], "{set}");
    }
    let token = pod.exec("openclaw", ["ls", "/var/run/secrets/kubernetes.io"]).unwrap_err();
    assert!(token.contains("No such file"), "{token}");
    for path in ["/app/x", "/home/openclaw/x", "/etc/x", "/opt/x", "/usr/local/bin/x", "/x"] {
        let refused = pod.exec("openclaw", ["touch", path]).unwrap_err();
        assert!(refused.contains("Read-only file system"), "{refused}");
    }
    assert_eq!(writable(&pod.read("/proc/1/mounts")), ["/home/openclaw/.openclaw", "/tmp"]);
}

/// Where files of the container can be written, but for the kernel's own and the files that
/// the kubelet lends.
fn writable(mounts: &str) -> Vec<&str> {
    let mut found: Vec<&str> = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (kind, path) = (words.next()?, words.next()?);
            let options = words.nth(1)?;
            let kernel = ["proc", "sysfs", "devpts", "mqueue", "cgroup", "shm"].contains(&kind)
                || path.starts_with("/dev")
                || path.starts_with("/proc")
                || path.starts_with("/sys");
            let lent = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"].contains(&path);
            (!kernel && !lent && options.split(',').any(|each| each == "rw")).then_some(path)
        })
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn version_2026_9_6_runs() {
    runs("2026.9.6");
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn version_2026_9_4_runs() {
    runs("2026.9.4");
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn version_2026_8_2_runs() {
    runs("2026.8.2");
}

#[test]
#[ignore = "nightly: each start of the application is half a minute of a processor"]
fn version_2026_7_1_2_runs() {
    runs("2026.7.1-2");
}

#[test]
fn version_2026_2_17_runs() {
    runs("2026.2.17");
}
