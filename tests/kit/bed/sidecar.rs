//! The sidecar of `examples/argocd-plugin` beside the repo-server of the bed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{ensure, eventually, variable};

/// A container without its image: pairs of a folder and where it is mounted, `--`, a user and a
/// command. There is no network and no capability, and nothing else can be written.
const CONTAINER: &str = r#"
for each in /run /home; do mount -t tmpfs -o mode=755 none "$each"; done
while [ "$1" != -- ]; do
  mkdir -p "$2"
  mount --bind "$1" "$2"
  shift 2
done
mount -o remount,bind,ro /
user=$2
shift 2
exec setpriv --pdeathsig KILL --reuid "$user" --regid "$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"#;

/// A file of the example.
#[track_caller]
pub fn example(file: &str) -> String {
    let path = crate::kit::root().join("examples/argocd-plugin").join(file);
    std::fs::read_to_string(path).unwrap()
}

/// A process that may what the container of the example may; it ends, and its socket with it, when
/// it is dropped.
pub struct Sidecar {
    process: Child,
    socket: PathBuf,
    folder: TempDir,
}

impl Sidecar {
    /// Starts it, with the tool as it was built.
    #[track_caller]
    pub fn start() -> Self {
        let bed = PathBuf::from(variable("RUN")).join("argocd");
        let sockets = bed.join("plugins");
        let folder = tempfile::tempdir_in(&bed).unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["bin", "var-files", "openclaw-plugin", "openclaw-tmp"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        std::fs::copy(crate::kit::binary(), at("bin/openclaw")).unwrap();
        // The one program is what its name says.
        std::fs::hard_link(variable("ARGOCD"), at("var-files/argocd-cmp-server")).unwrap();
        std::fs::write(at("openclaw-plugin/plugin.yaml"), example("plugin.yaml")).unwrap();

        let pod: Value = serde_yaml::from_str(&example("repo-server.yaml")).unwrap();
        let container = &pod["spec"]["template"]["spec"]["containers"][0];
        let user = u32::try_from(container["securityContext"]["runAsUser"].as_u64().unwrap());
        let user = user.unwrap();
        for folder in [&sockets, &at("openclaw-tmp")] {
            std::os::unix::fs::chown(folder, Some(user), Some(user)).unwrap();
        }
        let log = std::fs::File::create(at("log")).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "--net", "bash", "-euc", CONTAINER, "container"]);
        command.arg(at("bin")).arg("/usr/local/bin");
        for mount in container["volumeMounts"].as_array().unwrap() {
            let name = mount["name"].as_str().unwrap();
            let source = if name == "plugins" { sockets.clone() } else { at(name) };
            command.arg(source).arg(mount["mountPath"].as_str().unwrap());
        }
        command.args(["--", &user.to_string(), container["command"][0].as_str().unwrap()]);
        let process = command
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let sidecar = Self { process, socket: sockets.join("openclaw.sock"), folder };
        eventually("the sidecar listens", 30, || ensure(sidecar.socket.exists(), || sidecar.log()));
        sidecar
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        self.process.kill().ok();
        self.process.wait().ok();
        // A socket that nobody hears would be asked about the Applications of other tests.
        std::fs::remove_file(&self.socket).ok();
    }
}
