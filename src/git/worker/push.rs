//! Compare-and-swap: the commit goes where its parent is, and nowhere else.

use std::cell::{Cell, RefCell};

use git2::{Error, ErrorCode, Oid, PushOptions, PushUpdate, RemoteRedirect, Repository};

use super::session::Session;
use super::{Pushed, Request, Task};
use crate::git::Fault;
use crate::git::cache::id_of;
use crate::git::fault::{clean, of_network};

/// What servers say when another push has the branch: the lock is held, or the old value is no more.
const RACES: [&str; 7] = [
    "cannot lock ref",
    "failed to lock",
    "failed to update ref",
    "incorrect old value",
    "reference already exists",
    "non-fast-forward",
    "fetch first",
];

/// What a push has come to.
#[derive(Default)]
struct Course {
    /// The end before anything was sent.
    early: Cell<Option<Pushed>>,
    /// Whether the commit is being sent, so that the server may have it.
    sent: Cell<bool>,
    /// What the server answers, with the words of a refusal.
    status: RefCell<Option<Result<(), String>>>,
}

impl Request {
    pub(super) fn push(&self, repository: &Repository) -> Result<Pushed, Fault> {
        let Task::Push { reference, expected, commit, may_be_new } = &self.task else {
            return Err(Fault::Local("no push".to_owned()));
        };
        let (expected, commit) = (id_of(expected)?, id_of(commit)?);
        let session = Session::new(self)?;
        let course = Course::default();
        let mut remote = repository.remote_anonymous(&self.url).map_err(|e| of_network(&e))?;
        let mut callbacks = session.callbacks();
        callbacks.push_negotiation(|updates| {
            let present = present(updates, reference);
            if present == Some(commit) {
                course.early.set(Some(Pushed::Done));
            } else if present != Some(expected) && !(present == Some(Oid::ZERO_SHA1) && *may_be_new)
            {
                course.early.set(Some(Pushed::Lost));
            } else {
                course.sent.set(true);
                return Ok(());
            }
            Err(Error::from_str("nothing to send"))
        });
        callbacks.push_update_reference(|_, status| {
            course.status.replace(Some(status.map_or(Ok(()), |words| Err(words.to_owned()))));
            Ok(())
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks).follow_redirects(RemoteRedirect::None);
        // A `+` before it would force.
        let result = remote.push(&[format!("{commit}:{reference}")], Some(&mut options));
        drop(options);
        match course.end(result, &session)? {
            End::Pushed(pushed) => Ok(pushed),
            End::Rejected(status) => {
                let is_race = RACES.iter().any(|race| status.contains(race));
                let now = if is_race { None } else { self.fetch(repository, reference)? };
                // Servers word a race as they like; where the branch is tells it.
                let has_moved = now.is_some_and(|now| now != expected);
                if is_race || has_moved {
                    return Ok(Pushed::Lost);
                }
                Err(Fault::Refused(clean(&format!("{status}: {}", session.words()))))
            }
        }
    }
}

/// Returns where the server has a reference; zero when nowhere.
fn present(updates: &[PushUpdate], reference: &str) -> Option<Oid> {
    let own = updates.iter().find(|one| one.dst_refname_bytes() == reference.as_bytes());
    own.map(PushUpdate::src)
}

enum End {
    Pushed(Pushed),
    Rejected(String),
}

impl Course {
    fn end(&self, result: Result<(), Error>, session: &Session) -> Result<End, Fault> {
        if let Some(early) = self.early.get() {
            return Ok(End::Pushed(early));
        }
        match (result, self.status.take()) {
            (_, Some(Err(status))) => Ok(End::Rejected(status)),
            (Ok(()), Some(Ok(()))) => Ok(End::Pushed(Pushed::Done)),
            (Err(error), _) if error.code() == ErrorCode::NotFastForward => {
                Ok(End::Pushed(Pushed::Lost))
            }
            (Err(error), _) if !self.sent.get() || is_answer(&error) => Err(session.fault(&error)),
            (Err(error), _) => Err(Fault::Unknown(clean(error.message()))),
            (Ok(()), None) => Err(Fault::Unknown("the server has not answered".to_owned())),
        }
    }
}

/// Whether an error is the server's answer, so that the push did not arrive.
fn is_answer(error: &Error) -> bool {
    let answers = ["unexpected http status code: 4", "unpacking the sent packfile failed"];
    answers.iter().any(|words| error.message().contains(words)) || error.code() == ErrorCode::Auth
}
