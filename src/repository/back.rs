//! The way back from an update: the inverse of its commit, and a note of what failed.

use super::{Edits, Files, Refusal, Repository};
use crate::api::record::{Failure, UpdateRecord};
use crate::api::settings::{FILE, Settings};
use crate::render::yaml;
use crate::validate;

/// First line of a record, as a person finds it in a review.
const HEADER: &str =
    "# Versions that failed. To allow one again, take its entry out and commit that.\n";

/// An update as its commit has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bumped {
    /// Namespace of the instance.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The tag before.
    pub from: String,
    /// The tag after.
    pub to: String,
    /// Each file that the commit touched, as it was before; none where it did not exist.
    pub before: Edits,
    /// The same files after it.
    pub after: Edits,
}

/// Returns the files that take an update back and note its failure.
///
/// Where every file is still as the update left it, they become what they were, byte for byte and
/// whatever else is wrong in the repository. Otherwise the tag alone is set back, and what follows
/// of it is rendered.
///
/// # Errors
/// When the tag is another one by now; or when files have changed since and the sources cannot be
/// rendered.
pub fn back(files: &Files, bumped: &Bumped, failure: Option<&Failure>) -> Result<Edits, Refusal> {
    let is_untouched = !bumped.after.is_empty()
        && bumped.after.iter().all(|(path, after)| files.get(path) == after.as_ref());
    let mut edits = if is_untouched { bumped.before.clone() } else { rendered(files, bumped)? };
    if let Some(failure) = failure {
        edits.extend(note(files, &bumped.namespace, &bumped.name, failure));
    }
    Ok(edits)
}

/// The tag set back, and what is rendered of it.
fn rendered(files: &Files, bumped: &Bumped) -> Result<Edits, Refusal> {
    let (repository, report) = Repository::read(files.clone());
    let repository = repository.ok_or(Refusal::Findings(report))?;
    let loaded = repository.instance(&bumped.namespace, &bumped.name).ok_or(Refusal::NoInstance)?;
    if loaded.spec.image.tag.as_deref() != Some(bumped.to.as_str()) {
        return Err(Refusal::Superseded);
    }
    repository.set(loaded, &bumped.from)
}

/// Returns the record of an instance with one more failure. One that cannot be read stays as it is, for a person to mend:
/// the way back does not wait for that, and no update is taken until then.
pub fn note(files: &Files, namespace: &str, name: &str, failure: &Failure) -> Edits {
    let mut edits = Edits::new();
    let settings = files.get(FILE).and_then(|bytes| validate::settings::read(FILE, bytes).0);
    let settings: Settings = settings.unwrap_or_default();
    let below = validate::record::path(namespace, name);
    let folder = settings.updates.trim_start_matches("./").trim_matches('/');
    let path = format!("{folder}/{below}");
    let mut record = UpdateRecord::new(namespace, name);
    if let Some(bytes) = files.get(&path) {
        let (old, report) = validate::record::read(&path, &below, bytes);
        if report.has_errors() {
            return edits;
        }
        record = old.unwrap_or(record);
    }
    record.add(failure.clone());
    // A record always serializes.
    let value = serde_json::to_value(&record).unwrap_or_default();
    let text = format!("{HEADER}{}", yaml::write(&value));
    edits.insert(path, Some(text.into_bytes()));
    edits
}
