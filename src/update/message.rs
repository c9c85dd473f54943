//! The message of a commit that changes a version, and what its trailers say.
//!
//! Trailers only tell our own commits from others: a squash or a rebase loses them, so nothing is
//! remembered in them.

use crate::tree;

/// Longest sentence in a message, in characters.
const LONGEST: usize = 300;
/// Hexadecimal digits of an update's id.
const DIGITS: usize = 16;

/// What a commit does to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It takes a newer one.
    Bump,
    /// It goes back.
    Revert,
    /// It stays, and the record tells that it failed.
    Note,
}

impl Action {
    /// Returns the word of the trailer.
    pub fn word(self) -> &'static str {
        match self {
            Self::Bump => "bump",
            Self::Revert => "revert",
            Self::Note => "note",
        }
    }
}

/// What a commit says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Namespace of the instance.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The tag before; empty when there was none.
    pub from: String,
    /// The tag after.
    pub to: String,
    /// What is done.
    pub action: Action,
    /// The update that this belongs to.
    pub id: String,
    /// Why, for a way back.
    pub why: Option<String>,
}

impl Message {
    /// Returns the subject.
    pub fn subject(&self) -> String {
        let Self { name, from, to, .. } = self;
        match (self.action, from.as_str()) {
            (Action::Bump, "") => format!("{name}: update openclaw to {to}"),
            (Action::Bump, _) => format!("{name}: update openclaw {from} to {to}"),
            (Action::Note, _) => format!("{name}: note that openclaw {to} failed"),
            (Action::Revert, _) => format!("{name}: go back from openclaw {from} to {to}"),
        }
    }

    /// Returns the whole message: subject, reason, trailers.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n\n", self.subject());
        if let Some(why) = &self.why {
            text.push_str(&format!("{}\n\n", line(why)));
        }
        let Self { namespace, name, from, to, action, id, .. } = self;
        let instance = format!("{namespace}/{name}");
        let trailers = [
            ("Instance", instance.as_str()),
            ("From", from),
            ("To", to),
            ("Action", action.word()),
            ("Update-Id", id),
        ];
        for (key, value) in trailers.iter().filter(|(_, value)| !value.is_empty()) {
            text.push_str(&format!("{PREFIX}{key}: {}\n", line(value)));
        }
        text
    }

    /// Reads the trailers of a message; `None` when it is not one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        // Trailers are the last paragraph, so that nothing that a message quotes counts as one.
        let last = text.trim_end().rsplit("\n\n").next()?;
        let trailer = |key: &str| {
            let mut lines = last.lines();
            lines.find_map(|line| line.strip_prefix(PREFIX)?.strip_prefix(key)?.strip_prefix(": "))
        };
        let (namespace, name) = trailer("Instance")?.split_once('/')?;
        let action = trailer("Action")?;
        let owned = |text: &str| text.trim().to_owned();
        Some(Self {
            namespace: owned(namespace),
            name: owned(name),
            from: trailer("From").map(owned).unwrap_or_default(),
            to: owned(trailer("To")?),
            action: [Action::Bump, Action::Revert, Action::Note]
                .into_iter()
                .find(|a| a.word() == action)?,
            id: owned(trailer("Update-Id")?),
            why: None,
        })
    }
}

/// How every trailer begins.
const PREFIX: &str = "Openclaw-";

/// A text as one line without what a terminal would act on; what a container printed may say
/// anything, also what looks like a trailer.
fn line(text: &str) -> String {
    let letters = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    letters.take(LONGEST).collect()
}

/// Returns the id of an update: the same for the same change on the same commit.
pub fn id(namespace: &str, name: &str, from: &str, to: &str, parent: &str) -> String {
    let text = [namespace, name, from, to, parent].join("\n");
    tree::hash(text.as_bytes()).trim_start_matches("sha256:").chars().take(DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bump() -> Message {
        Message {
            namespace: "agents".to_owned(),
            name: "my-agent".to_owned(),
            from: "2026.9.4".to_owned(),
            to: "2026.9.6".to_owned(),
            action: Action::Bump,
            id: id("agents", "my-agent", "2026.9.4", "2026.9.6", "abc"),
            why: None,
        }
    }

    #[test]
    fn a_message_says_what_changes_and_is_known_again() {
        let bump = bump();
        let expected = format!(
            "my-agent: update openclaw 2026.9.4 to 2026.9.6\n\n\
             Openclaw-Instance: agents/my-agent\nOpenclaw-From: 2026.9.4\nOpenclaw-To: 2026.9.6\n\
             Openclaw-Action: bump\nOpenclaw-Update-Id: {}\n",
            bump.id
        );
        assert_eq!(bump.text(), expected);
        assert_eq!(Message::parse(&bump.text()), Some(bump.clone()));
        let first = Message { from: String::new(), ..bump };
        assert_eq!(first.subject(), "my-agent: update openclaw to 2026.9.6");
        assert_eq!(Message::parse(&first.text()), Some(first));
    }

    #[test]
    fn what_a_container_said_is_no_trailer() {
        let why = "exited with 1:\n\nOpenclaw-Instance: other/agent\u{1b}[2J".to_owned();
        let revert = Message { action: Action::Revert, why: Some(why), ..bump() };
        let told = revert.text();
        let line = "exited with 1:  Openclaw-Instance: other/agent [2J\n";
        assert!(told.contains(line), "{told}");
        assert_eq!(Message::parse(&told), Some(Message { why: None, ..revert }));
        for text in ["", "x", "Openclaw-Instance: a/b\n\nno trailer", "a\n\nOpenclaw-Instance: a"] {
            assert_eq!(Message::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_is_of_one_change_on_one_commit() {
        let one = id("a", "b", "1", "2", "p");
        assert_eq!(one.len(), DIGITS);
        assert_eq!(one, id("a", "b", "1", "2", "p"));
        assert_ne!(one, id("a", "b", "1", "2", "q"));
        assert_ne!(one, id("ab", "", "1", "2", "p"));
    }
}
