//! Which remotes are spoken to.

use serde::{Deserialize, Serialize};

use super::{Fault, Remote};

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Way {
    Https,
    Ssh,
    /// A folder of this machine.
    Folder,
}

/// Returns how a remote is reached. Users get these refusals earlier and with a place; here they
/// keep what nobody checked from the library, which takes more than that.
pub(super) fn way(remote: &Remote) -> Result<Way, Fault> {
    let Remote { url, branch, path, .. } = remote;
    let refuse = |what: &str| Err(Fault::Unsupported(what.to_owned()));
    if !url.bytes().all(|b| b.is_ascii_graphic()) || url.contains(['?', '#', '\\']) {
        return refuse("a url with other characters");
    }
    if branch.starts_with('-') || !git2::Reference::is_valid_name(&reference(branch)) {
        return refuse("the name of the branch");
    }
    if !path.is_empty() && !path.split('/').all(is_part) {
        return refuse("the path in the repository");
    }
    if let Some(rest) = url.strip_prefix("https://") {
        let authority = rest.split('/').next().unwrap_or(rest);
        return if authority.contains('@') { refuse("a url with a user") } else { Ok(Way::Https) };
    }
    if url.starts_with("file:///") {
        return Ok(Way::Folder);
    }
    let is_ssh = match url.split_once("://") {
        Some((scheme, _)) => scheme == "ssh",
        None => url.split_once('@').is_some_and(|(_, rest)| rest.contains(':')),
    };
    let user = url.trim_start_matches("ssh://").split_once('@').map_or("", |(user, _)| user);
    if user.contains(':') {
        return refuse("a url with a password");
    }
    if is_ssh { Ok(Way::Ssh) } else { refuse("a url that is neither https nor ssh") }
}

/// Returns the name of a branch on the server.
pub(super) fn reference(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

/// Returns the name of a branch in the cache.
pub(super) fn tracking(branch: &str) -> String {
    format!("refs/remotes/origin/{branch}")
}

/// Whether a name may be a segment of a path.
pub(super) fn is_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..")
        && !part.eq_ignore_ascii_case(".git")
        && !part.contains(['\0', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, branch: &str, path: &str) -> Option<Way> {
        let (url, branch, path) = (url.to_owned(), branch.to_owned(), path.to_owned());
        way(&Remote { url, branch, path, ..Remote::default() }).ok()
    }

    #[test]
    fn only_what_proves_itself_is_spoken_to() {
        assert_eq!(of("https://git.example.com/a.git", "main", ""), Some(Way::Https));
        assert_eq!(of("ssh://git@git.example.com:22/a.git", "main", "a/b"), Some(Way::Ssh));
        assert_eq!(of("git@git.example.com:a.git", "release/1", ""), Some(Way::Ssh));
        assert_eq!(of("file:///srv/a.git", "main", ""), Some(Way::Folder));
        for url in [
            "http://git.example.com/a.git",
            "git://git.example.com/a.git",
            "https://me:secret@git.example.com/a.git",
            "https://me@git.example.com/a.git",
            "ssh://me:secret@git.example.com/a.git",
            "https://git.example.com/a b",
            "/srv/a.git",
            "ext::sh",
        ] {
            assert_eq!(of(url, "main", ""), None, "{url}");
        }
        for branch in ["", "-f", "a..b", "a b", "a.lock"] {
            assert_eq!(of("https://git.example.com/a.git", branch, ""), None, "{branch}");
        }
        for path in ["/a", "a/", "a/../b", ".git", "a//b"] {
            assert_eq!(of("https://git.example.com/a.git", "main", path), None, "{path}");
        }
    }
}
