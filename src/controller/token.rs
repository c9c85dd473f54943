//! Decides about the gateway's token: made once, never changed, never one that is not ours.

use super::observed::{Observed, Quality, Reading};
use crate::api::auth::Auth;
use crate::model::references::Kind;

/// What is to be done about the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Nothing: it comes from somewhere else.
    Elsewhere,
    /// Make the Secret of this name.
    Make(String),
    /// Nothing: it is there.
    There,
    /// Nothing until more is known.
    Unknown,
    /// It cannot be used: reason and message.
    Refused(&'static str, String),
}

/// Returns what is to be done about the token.
///
/// A Secret is made when the API server says that there is none; not being allowed to ask is
/// another answer. An instance that is being deleted gets nothing new.
pub fn decide(observed: &Observed) -> Token {
    let instance = &observed.instance;
    let Some(Auth::Secret { name, generated }) = instance.wants.as_ref().map(|wants| &wants.auth)
    else {
        return Token::Elsewhere;
    };
    match observed.readings.get(&(Kind::Secret, name.clone())) {
        None | Some(Reading::Unread | Reading::Denied | Reading::Failed) => Token::Unknown,
        Some(Reading::Absent) if *generated && !instance.is_deleted => match &observed.refusal {
            None => Token::Make(name.clone()),
            Some(why) => {
                Token::Refused("TokenNotMade", format!("the Secret `{name}` cannot be made: {why}"))
            }
        },
        // Secrets that are missing are told together.
        Some(Reading::Absent) => Token::There,
        Some(Reading::Held(held)) => {
            let is_ours = held.is_labeled && held.owners.is_empty();
            if *generated && !is_ours && !held.owners.contains(&instance.uid) {
                let message = format!(
                    "the Secret `{name}` belongs to somebody else; delete it, or name it in `spec.gateway.existingSecret`"
                );
                return Token::Refused("TokenNotOurs", message);
            }
            quality(name, held.token)
        }
    }
}

fn quality(name: &str, quality: Quality) -> Token {
    let fault = match quality {
        Quality::Good | Quality::Short => return Token::There,
        Quality::Missing => "has no key `token`",
        Quality::Blank => "has a blank `token`, which the application refuses",
    };
    Token::Refused("TokenUnusable", format!("the Secret `{name}` {fault}"))
}
