//! Where the backups of an instance go: to the bucket whose credentials its namespace holds, else
//! to the one that the controller shares.

use super::cause::Cause;
use crate::controller::observed::{Observed, Reading, StoreFacts};
use crate::model::references::Kind;
use crate::names;

/// Whose credentials are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The Secret in the instance's namespace.
    Namespace,
    /// The one beside the controller, which is copied for each Job.
    Controller,
}

impl Owner {
    /// As `status.backup.credentials` has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Controller => "Controller",
        }
    }
}

/// A bucket that can be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Whose credentials open it.
    pub owner: Owner,
    /// Its address.
    pub endpoint: String,
}

/// Keys of the Secret: the names of Backblaze, each with its name elsewhere.
pub const KEYS: [(&str, &str); 4] = [
    ("B2_BUCKET", "S3_BUCKET"),
    ("B2_ENDPOINT", "S3_ENDPOINT"),
    ("B2_KEY_ID", "S3_ACCESS_KEY_ID"),
    ("B2_APP_KEY", "S3_SECRET_ACCESS_KEY"),
];
/// The one more that some stores want.
pub const KEY_REGION: &str = "S3_REGION";

/// Reads what a Secret holds, by the values of its keys.
pub fn facts(value: impl Fn(&str) -> Option<String>) -> StoreFacts {
    let find = |(one, other): (&str, &str)| {
        value(one).or_else(|| value(other)).filter(|text| !text.trim().is_empty())
    };
    let lacking = |(one, other): (&str, &str)| Err(format!("it lacks `{one}` or `{other}`"));
    let [bucket, endpoint, id, key] = KEYS;
    let has_keys = find(id).is_some();
    let address = match (find(bucket), find(endpoint), find(id), find(key)) {
        (None, ..) => lacking(bucket),
        (_, None, ..) => lacking(endpoint),
        (_, _, Some(_), None) => lacking(key),
        (_, _, None, Some(_)) => lacking(id),
        (_, Some(endpoint), ..) => Ok(endpoint.trim().to_owned()),
    };
    StoreFacts { address, has_keys }
}

/// The address of a store that can be opened, or what its Secret lacks.
fn open(facts: &StoreFacts, is_keyless: bool) -> Result<String, String> {
    let [_, _, (one, other), _] = KEYS;
    match &facts.address {
        Ok(_) if !facts.has_keys && !is_keyless => Err(format!("it lacks `{one}` or `{other}`")),
        address => address.clone(),
    }
}

/// Returns where the backups of an instance go, or why they go nowhere.
///
/// # Errors
/// When there is nothing to back up, no bucket, or no wish for a backup.
pub fn store(observed: &Observed) -> Result<Store, Cause> {
    if observed.instance.wants.as_ref().is_some_and(|wants| wants.backup.is_skipped) {
        let message = format!("the annotation `{}` says so", names::ANNOTATION_SKIP_BACKUP);
        return Err(Cause::lasting("Skipped", message));
    }
    bucket(observed)
}

/// Returns the bucket that is open to an instance, or why there is none.
///
/// # Errors
/// When nothing outlives its Pod, or there is no bucket.
pub fn bucket(observed: &Observed) -> Result<Store, Cause> {
    let Some(wants) = observed.instance.wants.as_ref().map(|wants| &wants.backup) else {
        return Err(Cause::passing("Invalid", "the spec cannot be read"));
    };
    let Some(pod) = &wants.pod else {
        let message = "`spec.storage.persistence.enabled` is false: there is nothing to back up";
        return Err(Cause::lasting("PersistenceDisabled", message));
    };
    let is_keyless = pod.service_account.is_some();
    let own = observed.readings.get(&(Kind::Secret, names::BACKUP_SECRET.to_owned()));
    let name = names::BACKUP_SECRET;
    match own {
        Some(Reading::Held(held)) => {
            let lacking = |lack| incomplete(format!("the Secret `{name}` is of no use: {lack}"));
            let Some(facts) = &held.store else { return Err(lacking("it is empty".to_owned())) };
            let endpoint = open(facts, is_keyless).map_err(lacking)?;
            Ok(Store { owner: Owner::Namespace, endpoint })
        }
        Some(Reading::Absent) => shared(observed, is_keyless),
        // What is not read now was read before: an instance that is deleted loses the Role that
        // lets its Secret be read.
        Some(Reading::Denied | Reading::Failed | Reading::Unread) | None => {
            remembered(observed, is_keyless)
        }
    }
}

fn incomplete(message: String) -> Cause {
    Cause::lasting("CredentialsIncomplete", message)
}

fn shared(observed: &Observed, is_keyless: bool) -> Result<Store, Cause> {
    let name = names::BACKUP_SECRET;
    let Some(facts) = &observed.backup.shared else {
        let message = format!(
            "there is no Secret `{name}`, neither in this namespace nor beside the controller"
        );
        return Err(Cause::lasting("CredentialsMissing", message));
    };
    let endpoint = open(facts, is_keyless).map_err(|lack| {
        incomplete(format!("the Secret `{name}` beside the controller is of no use: {lack}"))
    })?;
    Ok(Store { owner: Owner::Controller, endpoint })
}

fn remembered(observed: &Observed, is_keyless: bool) -> Result<Store, Cause> {
    let status = observed.instance.status.backup.as_ref();
    let known =
        status.and_then(|status| status.credentials.as_deref().zip(status.endpoint.clone()));
    match known {
        Some(("Namespace", endpoint)) => Ok(Store { owner: Owner::Namespace, endpoint }),
        Some(("Controller", _)) => shared(observed, is_keyless),
        _ => {
            let name = names::BACKUP_SECRET;
            let message = format!("whether there is a Secret `{name}` is not known yet");
            Err(Cause::passing("NotSynced", message))
        }
    }
}

/// Every key that the credentials of a bucket may have.
pub fn credentials() -> impl Iterator<Item = &'static str> {
    KEYS.into_iter().flat_map(|(one, other)| [one, other]).chain([KEY_REGION])
}
