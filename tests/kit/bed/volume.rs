//! A small volume of one test.

use std::path::PathBuf;
use std::process::Command;

use super::{kubectl, kubectl_with, run};

/// A local volume on a file system in memory, in a class of its own.
pub struct SmallVolume {
    name: String,
    pub folder: PathBuf,
}

impl SmallVolume {
    /// Makes one of that size, such as `400m`.
    #[track_caller]
    pub fn new(name: &str, size: &str) -> Self {
        let name = format!("{name}-{}", std::process::id());
        let folder = super::folder().join("volumes").join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let size = format!("size={size}");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "bed"]).arg(&folder)).unwrap();
        let text = std::fs::read_to_string(crate::kit::root().join("tests/bed/config/volume.yaml"));
        let text = text.unwrap().replace("@NAME@", &name);
        let text = text.replace("@PATH@", folder.to_str().unwrap());
        kubectl_with(["apply", "--server-side"], &text).unwrap();
        Self { name, folder }
    }

    /// The line of `spec` that asks for it.
    pub fn spec(&self) -> String {
        format!("storage: {{persistence: {{size: 100Mi, storageClass: {}}}}}", self.name)
    }

    /// Writes a file of that size into it, such as `250M`.
    #[track_caller]
    pub fn fill(&self, file: &str, size: &str) -> PathBuf {
        let file = self.folder.join(file);
        run(Command::new("fallocate").args(["-l", size]).arg(&file)).unwrap();
        file
    }

    /// Fills it to that many hundredths.
    #[track_caller]
    pub fn fill_up(&self, file: &str, hundredths: u64) -> PathBuf {
        let text = run(Command::new("df").arg("-B1").arg("--output=size,used").arg(&self.folder));
        let words = text.unwrap();
        let [.., size, used] = words.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{words}")
        };
        let [size, used] = [size, used].map(|word| word.parse::<u64>().unwrap());
        self.fill(file, &(size * hundredths / 100 - used).to_string())
    }
}

impl Drop for SmallVolume {
    fn drop(&mut self) {
        kubectl(["delete", "pv,storageclass", &self.name, "--wait=false", "--ignore-not-found"])
            .ok();
        run(Command::new("umount").arg("-l").arg(&self.folder)).ok();
    }
}
