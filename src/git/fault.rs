//! Why something with a repository did not work, by what its caller does about it.

use serde::{Deserialize, Serialize};

/// Longest message, in characters.
const LONGEST: usize = 300;

/// Why something did not work. No message holds a secret or a control character.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, thiserror::Error)]
pub enum Fault {
    /// The server does not take the credentials, or wants some where there are none.
    #[error("the server denies access: {0}")]
    Denied(String),
    /// The server has not proven who it is; no credentials were sent to it.
    #[error("the server is not the one it should be: {0}")]
    Host(String),
    /// The repository, the branch or the commit is not there, or is not shown to us.
    #[error("not found: {0}")]
    Missing(String),
    /// The server does not answer, or not well; it may later.
    #[error("the server is unavailable: {0}")]
    Unavailable(String),
    /// The time was up, in seconds. A push may have arrived: fetch and look.
    #[error("timed out after {0} s")]
    TimedOut(u64),
    /// The server refuses the commit, in its words; it will refuse the next one like it.
    #[error("the server refuses the push: {0}")]
    Refused(String),
    /// The remote, or what the repository holds, is something that is not supported.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// The cache is broken: `Cache::renew`, then fetch.
    #[error("the cache of the repository is damaged: {0}")]
    Damaged(String),
    /// A push was cut off after it was sent: fetch and look.
    #[error("it is not known whether the push has arrived: {0}")]
    Unknown(String),
    /// A fault on this side: the disk, a key that cannot be read, a child that died.
    #[error("{0}")]
    Local(String),
}

/// What the library says of connections alone.
const SOCKET: [&str; 2] = ["failed to connect", "SSL error: syscall failure"];

/// Returns a text as one line, without what a terminal would act on.
pub(super) fn clean(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    let plain: String = text.chars().map(|c| if is_plain(c) { c } else { ' ' }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST).collect()
}

/// What the library said about a server.
pub(super) fn of_network(error: &git2::Error) -> Fault {
    use git2::{ErrorClass, ErrorCode};
    let said = error.message();
    let message = clean(said);
    match (error.code(), error.class()) {
        (ErrorCode::Certificate, _) => Fault::Host(message),
        // Who asks to be asked about certificates loses the code.
        (_, ErrorClass::Ssl) if said.contains("certificate") => Fault::Host(message),
        (ErrorCode::Auth, _) => Fault::Denied(message),
        (ErrorCode::Owner, _) | (_, ErrorClass::NoMemory) => Fault::Local(message),
        (_, ErrorClass::Http | ErrorClass::Net | ErrorClass::Ssh | ErrorClass::Ssl) => {
            of_words(said, message)
        }
        (ErrorCode::Eof | ErrorCode::Timeout, _) => Fault::Unavailable(message),
        // Disk and network have one class.
        (_, ErrorClass::Os) if SOCKET.iter().any(|word| said.contains(word)) => {
            Fault::Unavailable(message)
        }
        _ => of_objects(error),
    }
}

/// The library has one code for all of these.
fn of_words(said: &str, message: String) -> Fault {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["status code: 401", "status code: 403", "authentication replays"]) {
        Fault::Denied(message)
    } else if has(&["status code: 404", "not appear to be a git repository", "not found"]) {
        Fault::Missing(message)
    } else if has(&["cannot redirect", "unexpected redirect"]) {
        Fault::Unsupported(message)
    } else {
        Fault::Unavailable(message)
    }
}

/// What the library said about objects on our disk.
pub(super) fn of_objects(error: &git2::Error) -> Fault {
    use git2::{ErrorClass, ErrorCode};
    let message = clean(error.message());
    match error.class() {
        ErrorClass::Odb
        | ErrorClass::Object
        | ErrorClass::Zlib
        | ErrorClass::Reference
        | ErrorClass::Repository
        | ErrorClass::Config
        | ErrorClass::Tree
        | ErrorClass::Sha1
        | ErrorClass::Indexer
            if error.code() != ErrorCode::NotFound || error.class() != ErrorClass::Reference =>
        {
            Fault::Damaged(message)
        }
        _ => Fault::Local(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_becomes_one_short_line() {
        assert_eq!(clean("a\r\n\u{1b}[2Jb\u{2028} c \n"), "a [2Jb c");
        assert_eq!(clean(&"x".repeat(1000)).len(), LONGEST);
    }
}
