//! Whether an ssh server shows a key that is pinned.
//!
//! The library looks for host and key in `~/.ssh/known_hosts`, hashed names included. What is asked
//! here comes on top of that: the file it reads depends on who runs it, the given text does not.

use ssh_key::known_hosts::{Entry, KnownHosts, Marker};

/// Returns the lines that can be read, with one space between words as the reader wants it: a line
/// that cannot says nothing about another one's key.
fn lines(known_hosts: &str) -> impl Iterator<Item = (String, Entry)> {
    known_hosts.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let line = words.join(" ");
        let entry = KnownHosts::new(&line).next()?.ok()?;
        Some((line, entry))
    })
}

/// Returns the lines that pin a key. One that the library cannot read would have it read none.
pub(super) fn pins(known_hosts: &str) -> String {
    let pins = lines(known_hosts).filter(|(_, entry)| entry.marker().is_none());
    pins.map(|(line, _)| line + "\n").collect()
}

/// Returns why a key is not taken: it must be in the text, and must not be revoked there.
pub(super) fn refusal(known_hosts: &str, key: &[u8]) -> Option<String> {
    let mut is_known = false;
    for (_, entry) in lines(known_hosts) {
        let is_same = entry.public_key().to_bytes().is_ok_and(|bytes| bytes == key);
        match entry.marker() {
            Some(Marker::Revoked) if is_same => return Some("its key is revoked".to_owned()),
            None if is_same => is_known = true,
            _ => {}
        }
    }
    (!is_known).then(|| "its key is not among the known hosts".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssh_key::PublicKey;

    const ONE: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    const OTHER: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    #[test]
    fn a_key_is_taken_when_it_is_pinned_and_not_revoked() {
        let key = PublicKey::from_openssh(ONE).unwrap().to_bytes().unwrap();
        let check = |text: &str| refusal(text, &key);
        assert_eq!(check(&format!("# a note\n\nbroken\ngit.example.com {ONE}\n")), None);
        let unknown = Some("its key is not among the known hosts".to_owned());
        assert_eq!(check(""), unknown);
        assert_eq!(check(&format!("git.example.com {OTHER}\n")), unknown);
        assert_eq!(check(&format!("@cert-authority * {ONE}\n")), unknown);
        let noted = format!("# a note\n\nbroken\n@revoked * {OTHER}\r\n  a\t {ONE} me\r\n");
        assert_eq!(pins(&noted), format!("a {ONE} me\n"));
        let revoked = format!("git.example.com {ONE}\n@revoked * {ONE}\n");
        assert_eq!(check(&revoked), Some("its key is revoked".to_owned()));
    }
}
