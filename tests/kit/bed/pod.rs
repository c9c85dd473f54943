//! The Pod of an instance: is it ready, what does it say, what does it answer.

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

    /// Ends it as `kubectl delete pod` does, and waits for the next one to be Ready.
    #[track_caller]
    pub fn restart(&self, seconds: u64) -> Value {
        let uid = self.uid();
        super::kubectl(["delete", "pod", &self.name, "-n", &self.namespace, "--wait=false"])
            .unwrap();
        self.replaced(&uid, seconds)
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
