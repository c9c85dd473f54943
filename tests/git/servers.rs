//! Real servers: `git http-backend` behind TLS, and sshd.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use openclaw::git::Remote;
use tempfile::TempDir;

/// What every server asks for.
pub const PASSWORD: &str = "correct-horse-battery-staple";
/// The repository that every server has.
pub const NAME: &str = "fleet.git";

/// Runs a program to its end, and returns what it prints.
#[track_caller]
pub fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let (done, output) = attempt(folder, program, arguments);
    assert!(done, "{program} {arguments:?}: {output}");
    output
}

/// The same, where it may fail; a missing program fails the test and names its package.
#[track_caller]
pub fn attempt(folder: &Path, program: &str, arguments: &[&str]) -> (bool, String) {
    let output = command(program).args(arguments).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

fn command(program: &str) -> Command {
    let package = match program {
        "/usr/sbin/sshd" => "openssh-server",
        "ssh-keygen" => "openssh-client",
        other => other,
    };
    let found = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output().unwrap();
    assert!(found.status.success(), "`{program}` is missing: install the package `{package}`");
    let mut command = Command::new(program);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_NAME", "person")
        .env("GIT_AUTHOR_EMAIL", "person@example.com")
        .env("GIT_COMMITTER_NAME", "person")
        .env("GIT_COMMITTER_EMAIL", "person@example.com")
        .stdin(Stdio::null());
    command
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A folder with a bare repository, whose `main` has one commit.
pub struct Upstream {
    pub scratch: TempDir,
}

impl Upstream {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let upstream = Self { scratch: tempfile::tempdir().unwrap() };
        std::fs::create_dir(upstream.root()).unwrap();
        run(&upstream.root(), "git", &["init", "--quiet", "--bare", "--initial-branch=main", NAME]);
        for (key, value) in [("http.receivepack", "true"), ("core.logAllRefUpdates", "true")] {
            run(&upstream.bare(), "git", &["config", key, value]);
        }
        let work = upstream.clone_as("first");
        for (path, text) in files {
            let path = work.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        run(&work, "git", &["add", "."]);
        run(&work, "git", &["commit", "--quiet", "-m", "first"]);
        run(&work, "git", &["push", "--quiet", "origin", "HEAD:main"]);
        upstream
    }

    /// What a server shows.
    pub fn root(&self) -> PathBuf {
        self.scratch.path().join("root")
    }

    pub fn bare(&self) -> PathBuf {
        self.root().join(NAME)
    }

    /// A person's clone.
    pub fn clone_as(&self, name: &str) -> PathBuf {
        let bare = self.bare();
        run(self.scratch.path(), "git", &["clone", "--quiet", bare.to_str().unwrap(), name]);
        self.scratch.path().join(name)
    }

    pub fn head(&self) -> String {
        run(&self.bare(), "git", &["rev-parse", "main"]).trim().to_owned()
    }

    /// A mounted Secret.
    pub fn secret(&self, keys: &[(&str, &str)]) -> PathBuf {
        let folder = tempfile::tempdir_in(self.scratch.path()).unwrap().keep();
        keys.iter().for_each(|(key, value)| std::fs::write(folder.join(key), value).unwrap());
        folder
    }
}

/// A server over HTTPS with a private CA.
pub struct Https {
    pub port: u16,
    pub ca: String,
    log: PathBuf,
    _running: Running,
}

impl Https {
    pub fn start(upstream: &Upstream) -> Self {
        let folder = upstream.scratch.path();
        let ca = certificates(folder);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/git/server.py");
        let mut process = command("python3")
            .args([script, "root", "server.pem", "server.key", PASSWORD, "log"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self { port, ca, log: folder.join("log"), _running: Running(process) }
    }

    /// The repository below a prefix of the path.
    pub fn remote(&self, prefix: &str, secrets: Option<PathBuf>) -> Remote {
        Remote {
            url: format!("https://127.0.0.1:{}{prefix}/{NAME}", self.port),
            branch: "main".to_owned(),
            secrets,
            ca_bundle: Some(self.ca.clone()),
            ..Remote::default()
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// Makes a CA and a certificate of this machine, and returns the CA's.
pub fn certificates(folder: &Path) -> String {
    let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    let ca = format!("{new} -subj /CN=ca -keyout ca.key -out ca.pem");
    run(folder, "openssl", &ca.split(' ').collect::<Vec<_>>());
    let names = "subjectAltName=IP:127.0.0.1,DNS:localhost";
    let own = format!(
        "{new} -subj /CN=server -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem \
         -addext {names} -addext basicConstraints=critical,CA:FALSE"
    );
    run(folder, "openssl", &own.split_whitespace().collect::<Vec<_>>());
    std::fs::read_to_string(folder.join("ca.pem")).unwrap()
}

/// A server over SSH.
pub struct Ssh {
    pub port: u16,
    /// The key of the host, as known_hosts has it after the name.
    pub host_key: String,
    /// The private key that it lets in.
    pub key: String,
    url: String,
    _running: Running,
}

impl Ssh {
    pub fn start(upstream: &Upstream) -> Self {
        let folder = upstream.scratch.path();
        for name in ["host", "user"] {
            run(folder, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", name]);
        }
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = folder.display();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {place}/host\nPidFile none\nUsePAM no\n\
             AuthorizedKeysFile {place}/user.pub\nStrictModes no\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
        );
        std::fs::write(folder.join("sshd_config"), config).unwrap();
        // Where it is root it wants this folder, which its service makes otherwise.
        std::fs::create_dir_all("/run/sshd").ok();
        let process = command("/usr/sbin/sshd")
            .args(["-D", "-f", "sshd_config", "-E", "sshd.log"])
            .current_dir(folder)
            .spawn()
            .unwrap();
        let running = Running(process);
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "{}", read("sshd.log"));
            std::thread::sleep(Duration::from_millis(50));
        }
        let user = run(folder, "id", &["-un"]);
        let path = upstream.bare();
        let url = format!("ssh://{}@127.0.0.1:{port}{}", user.trim(), path.display());
        let (host_key, key) = (read("host.pub").trim().to_owned(), read("user"));
        Self { port, host_key, key, url, _running: running }
    }

    pub fn remote(&self, secrets: Option<PathBuf>, known_hosts: Option<&str>) -> Remote {
        Remote {
            url: self.url.clone(),
            branch: "main".to_owned(),
            secrets,
            known_hosts: known_hosts.map(str::to_owned),
            ..Remote::default()
        }
    }

    /// The right line of known_hosts.
    pub fn pin(&self) -> String {
        format!("[127.0.0.1]:{} {}\n", self.port, self.host_key)
    }
}
