//! Reads a file that holds one document of ours.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::source::{self, Document};
use crate::api::structure::Schema;
use crate::diagnostic::{Finding, Report};

/// Reads a file of one document against its schema; `None` when the report holds an error. What
/// is wrong beyond the shape has `code`.
pub(super) fn read<T: DeserializeOwned>(
    name: &str,
    bytes: &[u8],
    schema: &Schema,
    code: &'static str,
) -> (Option<(T, Document)>, Report) {
    let mut report = Report::default();
    let (mut documents, findings) = source::read(name, bytes);
    findings.into_iter().for_each(|finding| report.push(finding));
    if let Some(second) = documents.get(1) {
        let message = "found a second document, allowed: one";
        report.push(Finding::at(code, "", message, None, second.place("")));
    }
    if documents.is_empty() {
        return (None, report);
    }
    let document = documents.swap_remove(0);
    schema.check(&document, &mut report);
    if report.has_errors() {
        return (None, report);
    }
    let mut value = document.value();
    drop_nulls(&mut value);
    match serde_json::from_value::<T>(value) {
        Ok(read) => (Some((read, document)), report),
        Err(error) => {
            report.push(Finding::at(code, "", error.to_string(), None, document.place("")));
            (None, report)
        }
    }
}

/// A key without a value is a key that is not there.
pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, child| !child.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
