//! `openclaw backup`: what is in the bucket, seen from anywhere.

mod remote;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{Outcome, print, tell};
use crate::names;
use remote::Remote;

const ENVIRONMENT: &str = "The bucket is the one that B2_BUCKET, B2_ENDPOINT, B2_KEY_ID and B2_APP_KEY open, or \
     S3_BUCKET, S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and S3_REGION; the program \
     rclone reads it.";

/// Flags of `openclaw backup`.
#[derive(Args, Debug)]
#[command(after_help = ENVIRONMENT)]
pub(super) struct Flags {
    #[command(subcommand)]
    verb: Verb,
    /// The program that reads the bucket.
    #[arg(long, global = true, default_value = "rclone", env = "OPENCLAW_RCLONE")]
    rclone: String,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the backups, the newest last.
    List {
        /// Path in the bucket below which they are looked for, such as `openclaw/<namespace UID>`.
        #[arg(default_value = names::BACKUP_ROOT)]
        path: String,
        /// How they are printed.
        #[arg(short, long, value_enum, default_value_t)]
        output: Format,
    },
    /// Print the manifest of a backup.
    Show {
        /// Its path, as `status.lastBackupPath` has it.
        path: String,
    },
    /// Read the archives of backups, and compare them with their manifests.
    Verify {
        /// Their paths.
        #[arg(required = true)]
        paths: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A table.
    #[default]
    Text,
    /// A JSON array.
    Json,
}

/// One backup in the bucket.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    /// Its last part, which begins with the time.
    id: String,
    path: String,
    bytes: u64,
    is_whole: bool,
}

/// Looks into the bucket.
pub(super) fn run(flags: &Flags) -> anyhow::Result<Outcome> {
    let remote = Remote::open(&flags.rclone)?;
    match &flags.verb {
        Verb::List { path, output } => {
            let found = found(path, &remote.files(path)?);
            print(&match output {
                Format::Text => table(&found),
                Format::Json => format!("{:#}\n", found.iter().map(row).collect::<Value>()),
            })
        }
        Verb::Show { path } => print(&format!("{:#}\n", remote.manifest(path)?)),
        Verb::Verify { paths } => {
            let mut outcome = Outcome::Done;
            for path in paths {
                match verify(&remote, path)? {
                    Ok(bytes) => print(&format!("{path}: {bytes} bytes, as its manifest says\n"))?,
                    Err(fault) => {
                        tell(&format!("error: {path}: {fault}\n"));
                        outcome = Outcome::Finding;
                        continue;
                    }
                };
            }
            Ok(outcome)
        }
    }
}

/// Finds the backups among the files below a path: a folder that holds an archive is one, and is
/// whole with a manifest beside it.
fn found(path: &str, files: &[(String, u64)]) -> Vec<Found> {
    let has = |name: &str| files.iter().any(|(file, _)| file == name);
    let archives = files.iter().filter_map(|(file, bytes)| {
        let folder = file.strip_suffix("archive.tar.gz")?;
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        let path = [path.trim_end_matches('/'), folder].join("/");
        let path = path.trim_end_matches('/').to_owned();
        let id = path.rsplit('/').next()?.to_owned();
        let manifest = file.replace("archive.tar.gz", "manifest.json");
        Some(Found { id, path, bytes: *bytes, is_whole: has(&manifest) })
    });
    let mut found: Vec<Found> = archives.collect();
    found.sort();
    found
}

fn table(found: &[Found]) -> String {
    let width = found.iter().map(|one| one.path.len()).max().unwrap_or_default().max(4);
    let line =
        |path: &str, size: &str, state: &str| format!("{path:width$}  {size:>12}  {state}\n");
    let head = line("PATH", "BYTES", "STATE");
    let rows = found.iter().map(|one| {
        let state = if one.is_whole { "whole" } else { "no manifest" };
        line(&one.path, &one.bytes.to_string(), state)
    });
    std::iter::once(head).chain(rows).collect()
}

fn row(found: &Found) -> Value {
    json!({"path": found.path, "bytes": found.bytes, "isWhole": found.is_whole})
}

/// Returns the size of an archive that is what its manifest says, or how it differs.
fn verify(remote: &Remote, path: &str) -> anyhow::Result<Result<u64, String>> {
    let manifest = match remote.manifest(path) {
        Ok(manifest) => manifest,
        Err(error) => return Ok(Err(format!("its manifest cannot be read: {error:#}"))),
    };
    let archive = &manifest["archive"];
    let wanted = archive["sha256"].as_str().context("the manifest names no SHA-256")?;
    let (bytes, sum) = remote.sum(&format!("{path}/archive.tar.gz"))?;
    Ok(match (archive["bytes"].as_u64(), sum == wanted) {
        (Some(expected), _) if expected != bytes => {
            Err(format!("found {bytes} bytes, the manifest says {expected}"))
        }
        (_, false) => Err(format!("found SHA-256 {sum}, the manifest says {wanted}")),
        (_, true) => Ok(bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_an_archive_and_whole_with_its_manifest() {
        let files = ["u/a/2-demanded/archive.tar.gz", "u/a/2-demanded/manifest.json"];
        let files = files.into_iter().chain(["u/a/1-scheduled/archive.tar.gz", "u/plain/x.json"]);
        let files: Vec<(String, u64)> = files.map(|file| (file.to_owned(), 7)).collect();
        assert_eq!(
            table(&found("openclaw/", &files)),
            "PATH                             BYTES  STATE\n\
             openclaw/u/a/1-scheduled             7  no manifest\n\
             openclaw/u/a/2-demanded              7  whole\n"
        );
    }
}
