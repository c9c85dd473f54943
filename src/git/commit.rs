//! Commits, with a signature where there is a key.

use git2::{Signature, Time};
use ssh_key::{HashAlg, LineEnding, PrivateKey};

use super::cache::find;
use super::fault::{clean, of_objects};
use super::{Author, Cache, Fault, secrets, tree};
use crate::repository::Edits;

/// What Git signs with a key of SSH.
const NAMESPACE: &str = "git";
/// The key of the Secret.
const SIGNING: &str = "signing-key";

impl Cache {
    /// Makes a commit of edits, whose paths are relative to the path of the remote, and returns its
    /// id; without any change, the id of the parent. The same arguments make the same commit, so
    /// that it may be made again. It is signed when the Secret holds a `signing-key`, a private key
    /// of SSH without a passphrase.
    ///
    /// `seconds` since 1970 is when it is made, in UTC.
    ///
    /// # Errors
    ///
    /// `Unsupported` for an edit of what is no file, `Missing` when the parent is not there,
    /// `Local` for a key, name or address that cannot be used.
    pub fn commit(
        &self,
        parent: &str,
        edits: &Edits,
        message: &str,
        author: &Author,
        seconds: i64,
    ) -> Result<String, Fault> {
        let of = |error: git2::Error| of_objects(&error);
        let repository = self.repository()?;
        let parent = find(&repository, parent)?;
        let before = parent.tree().map_err(of)?;
        let tree = tree::edited(&repository, &before, &self.remote().path, edits)?;
        if tree == before.id() {
            return Ok(parent.id().to_string());
        }
        let after = repository.find_tree(tree).map_err(of)?;
        let by = Signature::new(&author.name, &author.email, &Time::new(seconds, 0))
            .map_err(|error| Fault::Local(clean(error.message())))?;
        let text = repository
            .commit_create_buffer(&by, &by, message, &after, &[&parent])
            .map_err(|error| Fault::Local(clean(error.message())))?;
        let text = String::from_utf8(text.to_vec())
            .map_err(|_| Fault::Local("the commit is not UTF-8".to_owned()))?;
        let id = match secrets::text(self.remote().secrets.as_deref(), SIGNING)? {
            Some(key) => repository.commit_signed(&text, &signature(&key, &text)?, None),
            None => repository
                .odb()
                .and_then(|database| database.write(git2::ObjectType::Commit, text.as_bytes())),
        };
        Ok(id.map_err(of)?.to_string())
    }
}

fn signature(key: &str, text: &str) -> Result<String, Fault> {
    let fault = |what: &str| Fault::Local(format!("`{SIGNING}` {what}"));
    let key = PrivateKey::from_openssh(key.trim())
        .map_err(|_| fault("is no private key of SSH in the format of OpenSSH"))?;
    if key.is_encrypted() {
        return Err(fault("has a passphrase"));
    }
    let signed = key.sign(NAMESPACE, HashAlg::Sha512, text.as_bytes());
    let signed = signed.map_err(|_| fault("is of a kind that cannot sign"))?;
    let text = signed.to_pem(LineEnding::LF).map_err(|_| fault("made no signature"))?;
    Ok(text.trim_end().to_owned())
}
