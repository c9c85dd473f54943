//! `updates/<namespace>/<name>.yaml`, kind `UpdateRecord`: which versions failed for an instance.
//!
//! It lies beside the tree and not in it, so that a squash, a rebase or a fresh cluster forgets
//! nothing, and a person allows a version again by taking its entry out.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Kind of the document.
pub const KIND: &str = "UpdateRecord";

/// Entries that are kept; what is older than the committed version is never asked for.
const KEPT: usize = 50;

/// Which versions failed for an instance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateRecord {
    /// `openclaw.rocks/v1alpha1`.
    pub api_version: String,
    /// `UpdateRecord`.
    pub kind: String,
    /// Whose record it is.
    pub metadata: Metadata,
    /// Versions that failed, the latest failure last.
    #[serde(default)]
    pub failed: Vec<Failure>,
}

/// Whose record it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Name of the instance.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// A version that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Failure {
    /// The version, as the tag names it; it is not taken again.
    pub version: String,
    /// The version before it.
    pub from: String,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
    /// When, as `2026-09-14T08:00:00Z`.
    pub time: String,
    /// The update that failed.
    pub update_id: String,
}

impl UpdateRecord {
    /// Makes the record of an instance to which nothing has happened.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            api_version: crate::names::API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            metadata: Metadata { name: name.to_owned(), namespace: namespace.to_owned() },
            failed: Vec::new(),
        }
    }

    /// Adds a failure; a version stands there once.
    pub fn add(&mut self, failure: Failure) {
        self.failed.retain(|old| old.version != failure.version);
        self.failed.push(failure);
        let too_many = self.failed.len().saturating_sub(KEPT);
        self.failed.drain(..too_many);
    }
}

/// Returns the JSON Schema of the document.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator();
    let mut schema = Value::from(generator.into_root_schema_for::<UpdateRecord>());
    schema["required"] = json!(["apiVersion", "kind", "metadata"]);
    schema["properties"]["apiVersion"]["enum"] = json!([crate::names::API_VERSION]);
    schema["properties"]["kind"]["enum"] = json!([KIND]);
    schema["properties"]["failed"]["items"]["required"] = json!(["version"]);
    schema
}
