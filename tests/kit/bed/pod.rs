//! The Pod of an instance: is it ready, what does it say, what does it answer.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::{Answer, curl, ensure, eventually, kubectl_command, run};

/// A Pod by namespace and name.
#[derive(Clone)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
}

impl Pod {
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The Pod as JSON, or that there is none.
    pub fn get(&self) -> Result<Value, String> {
        super::object(&self.namespace, "pod", &self.name)
            .ok_or_else(|| format!("no Pod {}", self.name))
    }

    /// One line on where it stands.
    pub fn state(pod: &Value) -> String {
        let mut text = format!("phase {}", pod["status"]["phase"]);
        for list in ["initContainerStatuses", "containerStatuses"] {
            for each in pod["status"][list].as_array().into_iter().flatten() {
                text += &format!(
                    "; {} ready {} restarts {} {}",
                    each["name"], each["ready"], each["restartCount"], each["state"]
                );
            }
        }
        for each in pod["status"]["conditions"].as_array().into_iter().flatten() {
            if each["status"] == "False" && !each["message"].is_null() {
                text += &format!("; {}", each["message"]);
            }
        }
        text
    }

    /// Waits until it is Ready; returns it.
    #[track_caller]
    pub fn ready(&self, seconds: u64) -> Value {
        eventually(&format!("Pod {} is Ready", self.name), seconds, || {
            let pod = self.get()?;
            ensure(is_ready(&pod), || Self::state(&pod))?;
            Ok(pod)
        })
    }

    /// Waits until it is Ready as another Pod than the one of that UID.
    #[track_caller]
    pub fn replaced(&self, uid: &str, seconds: u64) -> Value {
        eventually(&format!("Pod {} is another one and Ready", self.name), seconds, || {
            let pod = self.get()?;
            ensure(pod["metadata"]["uid"] != uid && is_ready(&pod), || Self::state(&pod))?;
            Ok(pod)
        })
    }

    /// Waits for another Pod of that name; returns its UID.
    #[track_caller]
    pub fn other_than(&self, uid: &str) -> String {
        eventually("there is another Pod", 120, || {
            let found = self.get()?["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
            ensure(found != uid, || "the old one".to_owned())?;
            Ok(found)
        })
    }

    pub fn uid(&self) -> String {
        self.get()
            .map(|pod| pod["metadata"]["uid"].as_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    /// How often a container was started again.
    #[track_caller]
    pub fn restarts(&self, container: &str) -> u64 {
        let pod = self.get().unwrap();
        status(&pod, container)["restartCount"].as_u64().unwrap_or(0)
    }

    /// Runs a command in a container.
    pub fn exec<const N: usize>(&self, container: &str, args: [&str; N]) -> Result<String, String> {
        run(kubectl_command()
            .args(["exec", "-n", &self.namespace, &self.name, "-c", container, "--"])
            .args(args))
    }

    /// A file of a container.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        self.exec("openclaw", ["cat", path]).unwrap()
    }

    /// What a container wrote.
    pub fn logs(&self, container: &str, previous: bool) -> String {
        let mut command = kubectl_command();
        command.args(["logs", "-n", &self.namespace, &self.name, "-c", container]);
        if previous {
            command.arg("--previous");
        }
        run(&mut command).unwrap_or_else(|error| error)
    }

    /// Asks a port of the Pod's address.
    pub fn http<const N: usize>(
        &self,
        port: u16,
        path: &str,
        args: [&str; N],
    ) -> Result<Answer, String> {
        let pod = self.get()?;
        let address = pod["status"]["podIP"].as_str().ok_or("no address yet")?;
        curl(&format!("http://{address}:{port}{path}"), args)
    }

    /// Ends the gateway as a crash does, and waits until the container runs again.
    #[track_caller]
    pub fn restart_container(&self) {
        let before = self.restarts("openclaw");
        self.exec("openclaw", ["sh", "-c", "kill -TERM 1"]).unwrap();
        eventually("the container runs again", 240, || {
            let pod = self.get()?;
            let restarts = status(&pod, "openclaw")["restartCount"].as_u64().unwrap_or(0);
            ensure(restarts > before && is_ready(&pod), || Self::state(&pod))
        });
    }

    /// Ends it as `kubectl delete pod` does, and waits for the next one to be Ready.
    #[track_caller]
    pub fn restart(&self, seconds: u64) -> Value {
        let uid = self.uid();
        self.delete();
        self.replaced(&uid, seconds)
    }

    /// Begins to end it.
    #[track_caller]
    pub fn delete(&self) {
        super::kubectl(["delete", "pod", &self.name, "-n", &self.namespace, "--wait=false"])
            .unwrap();
    }
}

/// The condition Ready.
pub fn is_ready(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null()
        && pod["status"]["conditions"].as_array().is_some_and(|list| {
            list.iter().any(|each| each["type"] == "Ready" && each["status"] == "True")
        })
}

/// The status of a container, init containers included.
pub fn status<'a>(pod: &'a Value, container: &str) -> &'a Value {
    ["initContainerStatuses", "containerStatuses"]
        .iter()
        .flat_map(|list| pod["status"][*list].as_array().into_iter().flatten())
        .find(|each| each["name"] == container)
        .unwrap_or(&Value::Null)
}

/// Kills the script of an init container again and again, `times` at the most, as soon as it is
/// there: the node's own processes are seen from here. Returns how often it was caught before the
/// container was done; a script that lives for less than a second may get away.
#[track_caller]
pub fn kill_script(pod: &Pod, uid: &str, container: &str, times: usize) -> usize {
    let is_over = AtomicBool::new(false);
    let argument = format!("/etc/openclaw/{container}.mjs");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            eventually(&format!("{container} is done"), 300, || {
                let live = pod.get()?;
                let ended = &status(&live, container)["state"]["terminated"]["exitCode"];
                let is_next = live["metadata"]["uid"] != uid;
                let is_done = *ended == 0 || is_next || is_over.load(Ordering::Relaxed);
                ensure(is_done, || Pod::state(&live))
            });
            is_over.store(true, Ordering::Relaxed);
        });
        let mut caught = 0;
        // No pause, and no call of another program before it is found.
        while caught < times && !is_over.load(Ordering::Relaxed) {
            if let Some(process) = process_of(uid, &argument) {
                caught += usize::from(run(Command::new("kill").args(["-9", &process])).is_ok());
                while Path::new("/proc").join(&process).exists() {}
            }
        }
        is_over.store(true, Ordering::Relaxed);
        caught
    })
}

/// Pods are told apart by their control groups.
fn process_of(uid: &str, argument: &str) -> Option<String> {
    std::fs::read_dir("/proc").ok()?.filter_map(Result::ok).find_map(|entry| {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let matches = line.starts_with("node\0") && line.trim_end_matches('\0').ends_with(argument);
        let group = if matches {
            std::fs::read_to_string(entry.path().join("cgroup")).ok()?
        } else {
            return None;
        };
        group.contains(uid).then(|| entry.file_name().to_string_lossy().into_owned())
    })
}
