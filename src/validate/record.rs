//! Reads and checks an `UpdateRecord`.

use std::sync::OnceLock;

use super::single;
use crate::api::record::{UpdateRecord, schema};
use crate::api::structure::Schema;
use crate::diagnostic::{Finding, Report, severity};

/// Code of what is wrong with a record.
pub const CODE: &str = "OC0402";

/// Returns the path of an instance's record below the folder of records.
pub fn path(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}.yaml")
}

/// Reads the record that lies at `below` in the folder of records; `None` when the report holds an
/// error. A record that lies elsewhere than its name says would count for nobody.
pub fn read(name: &str, below: &str, bytes: &[u8]) -> (Option<UpdateRecord>, Report) {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    let schema = SCHEMA.get_or_init(|| Schema::compile(schema()));
    let (read, mut report) = single::read::<UpdateRecord>(name, bytes, schema, CODE);
    // An empty file says as much as none.
    let Some((record, document)) = read else { return (None, report) };
    let wanted = path(&record.metadata.namespace, &record.metadata.name);
    if wanted != below {
        let message = format!("found it at `{below}`, allowed: at `{wanted}`");
        let place = document.place("metadata.name");
        let hint = Some("move the file to where its instance has its record".to_owned());
        let finding = Finding::new(CODE, severity(CODE), "metadata.name", message, hint);
        report.push(Finding { place: Some(place), ..finding });
        return (None, report);
    }
    (Some(record), report)
}
