//! A web server of one test on the bridge, where Pods reach it: with or without TLS, under
//! its address or under names that the Pods' resolver then knows.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{Namespace, eventually, kubectl, run, variable};

/// The server; it ends, and its names with it, when it is dropped.
pub struct Web {
    process: Child,
    folder: TempDir,
    names: Option<PathBuf>,
    pub address: String,
    pub port: u16,
}

impl Web {
    /// Starts one without TLS on a free port.
    #[track_caller]
    pub fn plain() -> Self {
        Self::start(tempfile::tempdir().unwrap(), 0, &[], None)
    }

    /// Starts one with a certificate of the bed's CA for the bridge and for `names`; a name
    /// leads to it from the Pods. A port of 0 is a free one.
    #[track_caller]
    pub fn secure(port: u16, names: &[&str]) -> Self {
        Self::secure_before(port, names, None)
    }

    /// Starts one with TLS that asks the server at `pass` for what it does not have itself.
    #[track_caller]
    pub fn secure_before(port: u16, names: &[&str], pass: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certify(folder.path(), names);
        Self::start(folder, port, names, pass)
    }

    #[track_caller]
    fn start(folder: TempDir, port: u16, names: &[&str], pass: Option<&str>) -> Self {
        let address = variable("GATEWAY");
        let script = crate::kit::root().join("tests/bed/web/server.mjs");
        let mut command = Command::new(crate::kit::tool("NODE24"));
        command.arg(script).args([&address, &port.to_string()]).arg(folder.path()).args(pass);
        let process = command.stdin(Stdio::null()).spawn().unwrap();
        let mut web = Self { process, folder, names: None, address, port };
        web.port = eventually("the web server listens", 20, || {
            let text = std::fs::read_to_string(web.folder.path().join("port"));
            text.map_err(|error| error.to_string())?.parse().map_err(|_| "no number".to_owned())
        });
        if !names.is_empty() {
            let file = PathBuf::from(variable("RUN")).join("dns").join(format!(
                "{}-{}",
                std::process::id(),
                web.port
            ));
            std::fs::write(&file, format!("{} {}\n", web.address, names.join(" "))).unwrap();
            web.names = Some(file);
        }
        web
    }

    /// Answers a path with these bytes.
    #[track_caller]
    pub fn serve(&self, path: &str, body: impl AsRef<[u8]>) {
        let file = self.folder.path().join(format!("body{path}.body"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, body).unwrap();
    }

    /// The requests so far: `host`, `path` and `agent`.
    #[track_caller]
    pub fn requests(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("requests"));
        text.unwrap_or_default().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Where it is, by its address.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.folder.path().join("tls.key").exists() { "https" } else { "http" };
        format!("{scheme}://{}:{}{path}", self.address, self.port)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
        if let Some(file) = &self.names {
            std::fs::remove_file(file).ok();
        }
    }
}

/// Makes the ConfigMap `corporate-ca` with the bed's CA, in the default key of a bundle.
#[track_caller]
pub fn authority(namespace: &Namespace) {
    let file = format!("--from-file=ca-bundle.crt={}", variable("CA"));
    kubectl(["create", "configmap", "corporate-ca", "-n", &namespace.name, &file]).unwrap();
}

/// Writes tls.crt and tls.key of a server on the bridge, signed by the bed's CA.
#[track_caller]
fn certify(folder: &Path, names: &[&str]) {
    let pki = PathBuf::from(variable("RUN")).join("pki");
    let openssl = |args: &[&str]| {
        run(Command::new("openssl").current_dir(folder).args(args)).unwrap();
    };
    let mut subject = format!("subjectAltName=IP:{}", variable("GATEWAY"));
    for name in names {
        subject += &format!(",DNS:{name}");
    }
    std::fs::write(folder.join("extensions"), subject).unwrap();
    openssl(&[
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=web", "-keyout", "tls.key", "-out",
        "tls.csr",
    ]);
    let (authority, key) = (pki.join("ca.crt"), pki.join("ca.key"));
    openssl(&[
        "x509",
        "-req",
        "-in",
        "tls.csr",
        "-CA",
        authority.to_str().unwrap(),
        "-CAkey",
        key.to_str().unwrap(),
        // Without a serial of its own two tests would fight for the CA's file of them.
        "-set_serial",
        &format!("{}", serial()),
        "-days",
        "2",
        "-extfile",
        "extensions",
        "-out",
        "tls.crt",
    ]);
}

fn serial() -> u128 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_nanos()
}
