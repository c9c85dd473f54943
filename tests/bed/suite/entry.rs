//! The bed's own commands, as somebody at a terminal types them.

use std::process::Command;

use crate::bed::{ensure, eventually, run};
use crate::kit;

fn bed<const N: usize>(args: [&str; N]) -> Result<String, String> {
    run(Command::new(kit::root().join("tests/bed/bed")).args(args))
}

#[test]
fn status_kubectl_and_logs_say_what_runs() {
    let parts = ["control-plane", "registry", "node", "git", "s3", "argocd"];
    let expected: String = parts.iter().map(|part| format!("{part}: up\n")).collect();
    // A node that is as busy as this one may be late to say that it is Ready.
    eventually("everything is up", 30, || {
        let found = bed(["status"])?;
        ensure(found == expected, || found)
    });
    assert_eq!(bed(["kubectl", "get", "nodes", "-o", "name"]).unwrap(), "node/bed\n");
    let logs = bed(["logs"]).unwrap();
    for process in ["etcd", "kube-apiserver", "kubelet", "containerd", "git-ssh", "s3", "redis"] {
        assert!(logs.lines().any(|line| line == process), "{process}: {logs}");
    }
    assert!(bed(["logs", "kubelet"]).unwrap().contains("kubelet"));
}

#[test]
fn a_part_that_does_not_exist_is_named_with_those_that_do() {
    let said = bed(["up", "flux"]).unwrap_err();
    assert!(
        said.contains("no part `flux`: known are control-plane registry node git s3 argocd"),
        "{said}"
    );
    assert!(bed([]).unwrap_err().contains("tests/bed/bed up [PART...]"));
}

#[test]
fn git_answers_over_https_and_ssh_to_those_who_may() {
    let repository = crate::bed::repository::Repository::new("entry");
    repository.write("a.txt", "a");
    let commit = repository.push("Add a file");
    let remote = |url: String, config: &[String]| {
        let mut command = Command::new("git");
        for each in config {
            command.args(["-c", each]);
        }
        // The variable, where a machine sets it, wins over the setting.
        command.env("GIT_TERMINAL_PROMPT", "0").env_remove("GIT_SSL_CAINFO");
        run(command.args(["ls-remote", &url, "refs/heads/main"]))
    };
    let expected = format!("{commit}\trefs/heads/main\n");
    let variable = crate::bed::variable;
    let ca = format!("http.sslCAInfo={}", variable("CA"));
    let https = format!("{}/entry.git", variable("GIT_HTTPS"));
    assert_eq!(remote(https.clone(), &[ca]).unwrap(), expected);
    assert!(remote(https, &[]).unwrap_err().contains("certificate"));
    let ssh = format!(
        "core.sshCommand=ssh -i {} -o IdentitiesOnly=yes -o UserKnownHostsFile={}",
        variable("SSH_KEY"),
        variable("SSH_KNOWN_HOSTS")
    );
    assert_eq!(remote(format!("{}/entry.git", variable("GIT_SSH")), &[ssh]).unwrap(), expected);
    let stranger = format!("{}/entry.git", variable("GIT_HTTP_PLAIN"));
    assert!(remote(stranger, &[]).is_err());
}

#[test]
fn the_bucket_keeps_what_rclone_puts_into_it() {
    let variable = crate::bed::variable;
    let rclone = |args: &[&str]| {
        run(Command::new(variable("RCLONE"))
            .args(["--config", &variable("RCLONE_CONFIG")])
            .args(args))
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "a").unwrap();
    let target = format!("bed:{}/entry", variable("S3_BUCKET"));
    rclone(&["copy", folder.path().to_str().unwrap(), &target]).unwrap();
    assert_eq!(rclone(&["cat", &format!("{target}/a.txt")]).unwrap(), "a");
}
