//! What is told to a server, and when.

use std::cell::{Cell, RefCell};
use std::path::Path;

use git2::{
    AutotagOption, CertificateCheckStatus, Cred, CredentialType, Error, FetchOptions,
    RemoteCallbacks, RemoteRedirect, cert::Cert,
};

use super::{Request, Way};
use crate::git::fault::of_network;
use crate::git::{Fault, host, secrets};

/// Who asks where the Secret has a password and no name.
const USER: &str = "git";
/// Most bytes of what a server says to people.
const MOST_WORDS: usize = 4096;

/// One connection.
pub(super) struct Session<'r> {
    request: &'r Request,
    /// What we say about an end that we have caused; the library would name its own cause.
    own: RefCell<Option<Fault>>,
    /// Whether credentials were given: a server that asks again does not take them.
    given: Cell<bool>,
    words: RefCell<Vec<u8>>,
}

impl<'r> Session<'r> {
    pub(super) fn new(request: &'r Request) -> Result<Self, Fault> {
        if request.way == Way::Ssh && host::pins(&request.known_hosts).is_empty() {
            return Err(Fault::Host("no key of it is pinned in `knownHosts`".to_owned()));
        }
        let (own, given, words) = Default::default();
        Ok(Self { request, own, given, words })
    }

    pub(super) fn fetch_options(&self) -> FetchOptions<'_> {
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(self.callbacks())
            .download_tags(AutotagOption::None)
            .update_fetchhead(false)
            .follow_redirects(RemoteRedirect::None);
        options
    }

    pub(super) fn callbacks(&self) -> RemoteCallbacks<'_> {
        let mut callbacks = RemoteCallbacks::new();
        callbacks.credentials(|_, user, allowed| self.keep(self.credentials(user, allowed)));
        callbacks.certificate_check(|certificate, _| self.keep(self.certificate(certificate)));
        callbacks.transfer_progress(|progress| {
            let most = self.request.limits.received;
            let is_over = progress.received_bytes() as u64 > most;
            let fault = || Fault::Unsupported(format!("a repository of more than {most} bytes"));
            self.keep(if is_over { Err(fault()) } else { Ok(()) }).is_ok()
        });
        callbacks.sideband_progress(|bytes| {
            let mut words = self.words.borrow_mut();
            let left = MOST_WORDS.saturating_sub(words.len());
            words.extend_from_slice(&bytes[..bytes.len().min(left)]);
            true
        });
        callbacks
    }

    /// Returns why a connection has ended.
    pub(super) fn fault(&self, error: &Error) -> Fault {
        self.own.borrow_mut().take().unwrap_or_else(|| of_network(error))
    }

    /// Returns what the server has said to people.
    pub(super) fn words(&self) -> String {
        String::from_utf8_lossy(&self.words.borrow()).into_owned()
    }

    fn keep<T>(&self, result: Result<T, Fault>) -> Result<T, Error> {
        result.map_err(|fault| {
            let error = Error::from_str(&fault.to_string());
            self.own.replace(Some(fault));
            error
        })
    }

    fn credentials(&self, user: Option<&str>, allowed: CredentialType) -> Result<Cred, Fault> {
        let folder = self.request.secrets.as_deref();
        let of = |error: Error| of_network(&error);
        if self.request.way == Way::Ssh {
            let user = user.unwrap_or(USER);
            if allowed.contains(CredentialType::USERNAME) {
                return Cred::username(user).map_err(of);
            }
            self.once()?;
            if !allowed.contains(CredentialType::SSH_KEY) {
                return Err(Fault::Denied("it takes no keys of SSH".to_owned()));
            }
            let key = match secrets::text(folder, "ssh-privatekey")? {
                Some(key) => key,
                None => secrets::text(folder, "identity")?.ok_or_else(|| {
                    Fault::Denied("the Secret has no `ssh-privatekey`".to_owned())
                })?,
            };
            let key = format!("{}\n", key.trim_end());
            return Cred::ssh_key_from_memory(user, None, &key, None).map_err(of);
        }
        self.once()?;
        if self.request.way != Way::Https || !allowed.contains(CredentialType::USER_PASS_PLAINTEXT)
        {
            return Err(Fault::Denied("it takes no user with a password".to_owned()));
        }
        let (user, password) = password(folder)?;
        Cred::userpass_plaintext(&user, &password).map_err(of)
    }

    fn once(&self) -> Result<(), Fault> {
        if self.given.replace(true) {
            return Err(Fault::Denied("it does not take the credentials of the Secret".to_owned()));
        }
        Ok(())
    }

    fn certificate(&self, certificate: &Cert) -> Result<CertificateCheckStatus, Fault> {
        if self.request.way == Way::Ssh {
            let key = certificate.as_hostkey().and_then(|key| key.hostkey());
            let key = key.ok_or_else(|| Fault::Host("it shows no key".to_owned()))?;
            if let Some(why) = host::refusal(&self.request.known_hosts, key) {
                return Err(Fault::Host(why));
            }
        }
        // The library has looked as well: at the name of the host, and at certificates.
        Ok(CertificateCheckStatus::CertificatePassthrough)
    }
}

fn password(folder: Option<&Path>) -> Result<(String, String), Fault> {
    let user = secrets::line(folder, "username")?.unwrap_or_else(|| USER.to_owned());
    let password = match secrets::line(folder, "password")? {
        Some(password) => Some(password),
        None => secrets::line(folder, "token")?,
    };
    let missing = || Fault::Denied("the Secret has no `password` and no `token`".to_owned());
    Ok((user, password.ok_or_else(missing)?))
}
