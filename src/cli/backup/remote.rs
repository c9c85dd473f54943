//! The bucket, read by rclone. Its credentials go through the environment alone.
#![expect(clippy::disallowed_methods, reason = "the shell reads the environment and runs rclone")]

use std::io::Read;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::controller::backup::store;
use crate::model::scripts::hex;

/// A bucket that can be read.
pub(super) struct Remote {
    program: String,
    variables: Vec<(&'static str, String)>,
    bucket: String,
}

impl Remote {
    /// Opens the one that the environment names.
    pub(super) fn open(program: &str) -> anyhow::Result<Self> {
        let value = |key: &str| std::env::var(key).ok().map(|text| text.trim().to_owned());
        let find = |(one, other): (&str, &str)| {
            let found = value(one).or_else(|| value(other)).filter(|text| !text.is_empty());
            found.with_context(|| format!("{one} or {other} is not set"))
        };
        let [bucket, endpoint, id, key] = store::KEYS;
        let mut variables = vec![
            ("RCLONE_CONFIG_STORE_TYPE", "s3".to_owned()),
            ("RCLONE_CONFIG_STORE_PROVIDER", "Other".to_owned()),
            ("RCLONE_CONFIG_STORE_NO_CHECK_BUCKET", "true".to_owned()),
            ("RCLONE_CONFIG_STORE_ENDPOINT", find(endpoint)?),
            ("RCLONE_CONFIG_STORE_ACCESS_KEY_ID", find(id)?),
            ("RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY", find(key)?),
        ];
        if let Some(region) = value(store::KEY_REGION) {
            variables.push(("RCLONE_CONFIG_STORE_REGION", region));
        }
        Ok(Self { program: program.to_owned(), variables, bucket: find(bucket)? })
    }

    fn command(&self, args: &[&str], path: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .arg("--")
            .arg(format!("store:{}/{path}", self.bucket))
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    fn read(&self, args: &[&str], path: &str) -> anyhow::Result<Vec<u8>> {
        let output = self
            .command(args, path)
            .output()
            .with_context(|| format!("`{}` does not run; it is on rclone.org", self.program))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or("it gave no reason");
            bail!("{path} cannot be read: {last}");
        }
        Ok(output.stdout)
    }

    /// The files below a path with their sizes in bytes.
    pub(super) fn files(&self, path: &str) -> anyhow::Result<Vec<(String, u64)>> {
        let text =
            self.read(&["lsjson", "-R", "--files-only", "--no-modtime", "--no-mimetype"], path)?;
        let list: Vec<Value> = serde_json::from_slice(&text).context("rclone lists no JSON")?;
        let file = |one: &Value| Some((one["Path"].as_str()?.to_owned(), one["Size"].as_u64()?));
        Ok(list.iter().filter_map(file).collect())
    }

    /// The manifest of a backup.
    pub(super) fn manifest(&self, path: &str) -> anyhow::Result<Value> {
        let text = self.read(&["cat"], &format!("{path}/manifest.json"))?;
        serde_json::from_slice(&text).with_context(|| format!("{path}/manifest.json is no JSON"))
    }

    /// Size and SHA-256 of a file, which is read from start to end and kept nowhere.
    pub(super) fn sum(&self, path: &str) -> anyhow::Result<(u64, String)> {
        let mut child = self
            .command(&["cat"], path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("`{}` does not run", self.program))?;
        let mut pipe = child.stdout.take().context("no pipe")?;
        let (mut bytes, mut sum, mut block) = (0, Sha256::new(), vec![0; 1 << 16]);
        loop {
            let count = pipe.read(&mut block).context("the archive cannot be read")?;
            let Some(part) = block.get(..count).filter(|part| !part.is_empty()) else { break };
            bytes += part.len() as u64;
            sum.update(part);
        }
        if !child.wait().context("rclone does not end")?.success() {
            bail!("{path} cannot be read to its end");
        }
        Ok((bytes, hex(sum.finalize().as_slice())))
    }
}
