//! Turns instances as the API server has them into a table, one row an instance.

use serde_json::{Value, json};

use super::age::{age, seconds};
use super::{NOTHING, condition, plain, word};
use crate::names;

const HEAD: [&str; 8] =
    ["NAMESPACE", "NAME", "PHASE", "READY", "VERSION", "UPDATE", "BACKUP", "AGE"];
const WIDE: [&str; 4] = ["TAG", "REASON", "GATEWAY", "MESSAGE"];

/// Between two columns.
const GAP: &str = "   ";

/// What a row says about an instance that is not there any more.
const DELETED: &str = "Deleted";

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Where it is in its life.
    phase: String,
    ready: Fact,
    /// The version that runs.
    version: String,
    update: Fact,
    /// When the last backup was verified.
    backup: String,
    /// When the instance was made.
    created: String,
    /// The tag that is asked for, or the digest.
    tag: String,
    gateway: String,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fact {
    status: String,
    reason: String,
    message: String,
}

impl Fact {
    fn new(object: &Value, kind: &str) -> Self {
        let found = condition(object, kind).unwrap_or(&Value::Null);
        let [status, reason, message] =
            ["status", "reason", "message"].map(|field| word(&found[field]));
        Self { status, reason, message }
    }

    fn json(&self) -> Value {
        let [status, reason, message] = [&self.status, &self.reason, &self.message].map(said);
        json!({"status": status, "reason": reason, "message": message})
    }
}

impl Row {
    /// Returns the row of an instance.
    pub fn new(object: &Value) -> Self {
        let (metadata, status) = (&object["metadata"], &object["status"]);
        let image = &object["spec"]["image"];
        let asked = if image["digest"].is_string() { &image["digest"] } else { &image["tag"] };
        Self {
            namespace: word(&metadata["namespace"]),
            name: word(&metadata["name"]),
            phase: word(&status["phase"]),
            ready: Fact::new(object, names::CONDITION_READY),
            version: word(&status["autoUpdate"]["currentVersion"]),
            update: Fact::new(object, names::CONDITION_UPDATE),
            backup: word(&status["lastBackupTime"]),
            created: word(&metadata["creationTimestamp"]),
            tag: word(asked),
            gateway: word(&status["gatewayEndpoint"]),
        }
    }

    /// The row of the same instance once it is gone.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        DELETED.clone_into(&mut self.phase);
        self
    }

    /// Whether somebody has to look: the Pod cannot run, or something beside it is wrong.
    pub fn is_bad(&self) -> bool {
        matches!(self.phase.as_str(), "Failed" | "Degraded")
    }

    fn cells(&self, now: i64, is_wide: bool) -> Vec<String> {
        let ago =
            |time: &str| seconds(&time.into()).map_or(NOTHING.to_owned(), |time| age(time, now));
        let update = if self.update.status == NOTHING {
            NOTHING.to_owned()
        } else {
            format!("{}/{}", self.update.status, self.update.reason)
        };
        let mut cells = vec![
            self.namespace.clone(),
            self.name.clone(),
            self.phase.clone(),
            self.ready.status.clone(),
            self.version.clone(),
            update,
            ago(&self.backup),
            ago(&self.created),
        ];
        if is_wide {
            let Fact { reason, message, .. } = self.ready.clone();
            cells.extend([self.tag.clone(), reason, self.gateway.clone(), message]);
        }
        cells
    }

    fn json(&self) -> Value {
        json!({
            "namespace": self.namespace,
            "name": self.name,
            "phase": said(&self.phase),
            "ready": self.ready.json(),
            "version": said(&self.version),
            "update": self.update.json(),
            "lastBackupTime": said(&self.backup),
            "creationTimestamp": said(&self.created),
            "tag": said(&self.tag),
            "gateway": said(&self.gateway),
        })
    }
}

/// Null where a table has its mark.
fn said(text: &String) -> Value {
    if text == NOTHING { Value::Null } else { text.as_str().into() }
}

/// A table whose columns stay where they are while rows are added.
#[derive(Debug)]
pub struct Table {
    is_wide: bool,
    widths: Vec<usize>,
}

impl Table {
    /// A table that has room for these rows.
    pub fn new(rows: &[Row], now: i64, is_wide: bool) -> Self {
        let mut table = Self { is_wide, widths: Vec::new() };
        table.widths = table.head_cells().iter().map(String::len).collect();
        for row in rows {
            for (width, cell) in table.widths.iter_mut().zip(row.cells(now, is_wide)) {
                *width = (*width).max(cell.chars().count());
            }
        }
        table
    }

    fn head_cells(&self) -> Vec<String> {
        let wide = if self.is_wide { &WIDE[..] } else { &[] };
        HEAD.iter().chain(wide).map(|name| (*name).to_owned()).collect()
    }

    /// The names of the columns.
    pub fn head(&self) -> String {
        self.line(&self.head_cells())
    }

    /// One row.
    pub fn row(&self, row: &Row, now: i64) -> String {
        self.line(&row.cells(now, self.is_wide))
    }

    fn line(&self, cells: &[String]) -> String {
        let padded = cells.iter().zip(&self.widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join(GAP).trim_end())
    }
}

/// Returns the whole table; instances by namespace and name.
pub fn table(rows: &[Row], now: i64, is_wide: bool) -> String {
    let table = Table::new(rows, now, is_wide);
    let lines = rows.iter().map(|row| table.row(row, now));
    std::iter::once(table.head()).chain(lines).collect()
}

/// Returns the rows for machines.
pub fn json(rows: &[Row]) -> Value {
    rows.iter().map(Row::json).collect()
}

/// Sorts by namespace and name.
pub fn sort(rows: &mut [Row]) {
    rows.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
}

/// Returns what is said where there is no instance.
pub fn none(namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("found no OpenClawInstance in namespace {}\n", plain(namespace)),
        None => "found no OpenClawInstance in any namespace\n".to_owned(),
    }
}
