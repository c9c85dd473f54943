//! The process of a container, seen from its node, which is this machine: what it really may do
//! stands in `/proc`, whatever any object says.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bed::eventually;
use crate::bed::pod::status;

/// The first process of a container.
pub(crate) struct Process(PathBuf);

impl Process {
    /// Finds that of a container that runs.
    #[track_caller]
    pub(crate) fn of(pod: &Value, container: &str) -> Self {
        let id = status(pod, container)["containerID"].as_str().unwrap_or_default();
        let id = id.rsplit('/').next().unwrap().to_owned();
        assert!(!id.is_empty(), "{container} does not run: {}", pod["status"]);
        eventually("the process is there", 10, || find(&id).map(Self).ok_or_else(|| id.clone()))
    }

    #[track_caller]
    fn read(&self, file: &str) -> String {
        let bytes = std::fs::read(self.0.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A field of its status, such as `NoNewPrivs`; the first word where there are several.
    #[track_caller]
    pub(crate) fn field(&self, name: &str) -> String {
        let text = self.read("status");
        let start = format!("{name}:");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        line.and_then(|line| line.split_whitespace().next()).unwrap_or_default().to_owned()
    }

    /// A variable of its environment.
    #[track_caller]
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let text = self.read("environ");
        let mut all = text.split('\0').filter_map(|one| one.split_once('='));
        all.rfind(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    /// A file as the container sees it; none where there is none.
    pub(crate) fn file(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.path(path)).ok()
    }

    /// Where a path of the container lies on the node.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.join("root").join(path.trim_start_matches('/'))
    }

    /// Whether its root may be written to.
    #[track_caller]
    pub(crate) fn may_write_root(&self) -> bool {
        let text = self.read("mountinfo");
        let mut mounts = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let root = mounts.rfind(|words| words[4] == "/").unwrap();
        root[5].split(',').any(|option| option == "rw")
    }

    /// Whether it lives in a namespace of the node, such as `net`; this test does.
    pub(crate) fn shares_with_the_node(&self, namespace: &str) -> bool {
        let link = |process: &Path| std::fs::read_link(process.join("ns").join(namespace)).unwrap();
        link(&self.0) == link(Path::new("/proc/self"))
    }

    /// Its number as it sees it itself.
    #[track_caller]
    pub(crate) fn own_number(&self) -> String {
        let text = self.read("status");
        let line = text.lines().find(|line| line.starts_with("NSpid:")).unwrap();
        line.split_whitespace().next_back().unwrap().to_owned()
    }

    /// How much memory the kernel gives it.
    #[track_caller]
    pub(crate) fn memory_limit(&self) -> String {
        let groups = self.read("cgroup");
        let of = |controller: &str| {
            groups.lines().find_map(|line| {
                let mut parts = line.splitn(3, ':').skip(1);
                let is_it = parts.next()?.split(',').any(|one| one == controller);
                parts.next().filter(|_| is_it).map(|path| path.trim_start_matches('/').to_owned())
            })
        };
        // The first of version 1, the second of version 2.
        let file = match of("memory") {
            Some(path) => format!("/sys/fs/cgroup/memory/{path}/memory.limit_in_bytes"),
            None => format!("/sys/fs/cgroup/{}/memory.max", of("").unwrap_or_default()),
        };
        std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{file}: {e}")).trim().to_owned()
    }
}

/// Processes are told apart by their control groups.
fn find(id: &str) -> Option<PathBuf> {
    std::fs::read_dir("/proc").ok()?.filter_map(Result::ok).map(|entry| entry.path()).find(|path| {
        std::fs::read_to_string(path.join("cgroup")).is_ok_and(|groups| groups.contains(id))
    })
}
