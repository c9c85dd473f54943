//! Findings for machines: JSON, annotations of GitHub, Code Quality of GitLab, SARIF.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Finding, Report, Severity, codes};

/// Where a finding is told that has no place: the settings, which every repository has.
const FILE: &str = "openclaw.yaml";

/// Returns the report as a JSON array.
pub fn json(report: &Report) -> String {
    let items: Vec<Value> = report.findings().iter().map(item).collect();
    pretty(&Value::Array(items))
}

fn pretty(value: &Value) -> String {
    let mut text = format!("{value:#}");
    text.push('\n');
    text
}

fn item(finding: &Finding) -> Value {
    let mut item = json!({
        "code": finding.code,
        "severity": finding.severity.word(),
        "path": finding.path,
        "message": finding.message,
        "hint": finding.hint,
    });
    if let Some(place) = &finding.place {
        let [(line, column), (end_line, end_column)] = place.lines();
        item["file"] = json!(place.source.name);
        item["line"] = json!(line);
        item["column"] = json!(column);
        item["endLine"] = json!(end_line);
        item["endColumn"] = json!(end_column);
    }
    item
}

/// Returns the report as commands that GitHub turns into annotations of a pull request.
pub fn github(report: &Report) -> String {
    let mut text = String::new();
    for finding in report.findings() {
        let mut properties = String::new();
        if let Some(place) = &finding.place {
            let [(line, column), (end_line, end_column)] = place.lines();
            let file = property(&place.source.name);
            // A String takes every text, so writing to it cannot fail.
            _ = write!(properties, "file={file},line={line},col={column},endLine={end_line}");
            if line == end_line {
                _ = write!(properties, ",endColumn={end_column}");
            }
            properties.push(',');
        }
        let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let subject =
            if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
        let message = data(&format!("{subject}{}{hint}", finding.message));
        let word = finding.severity.word();
        _ = writeln!(text, "::{word} {properties}title={}::{message}", finding.code);
    }
    text
}

pub(crate) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns the report as what GitLab shows beside the lines of a merge request.
pub fn gitlab(report: &Report) -> String {
    let mut items: Vec<Value> = Vec::with_capacity(report.findings().len());
    for finding in report.findings() {
        let (path, line) = match &finding.place {
            Some(place) => (place.source.name.as_str(), place.lines()[0].0),
            // A finding must have a place there.
            None => (FILE, 1),
        };
        // The same finding on another line is the same finding; of two on one path, the second
        // must differ, or only the first is shown.
        let name = format!("{} {path} {} {}", finding.code, finding.path, finding.message);
        let same = items.iter().filter(|item| {
            item["fingerprint"].as_str().is_some_and(|other| other.starts_with(&name))
        });
        let fingerprint = match same.count() {
            0 => name,
            count => format!("{name} {}", count + 1),
        };
        let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        let subject =
            if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
        items.push(json!({
            "description": format!("{subject}{}{hint}", finding.message),
            "check_name": finding.code,
            "fingerprint": fingerprint,
            "severity": match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
            },
            "location": {"path": path, "lines": {"begin": line}},
        }));
    }
    pretty(&Value::Array(items))
}

/// Returns the report as SARIF 2.1.0.
pub fn sarif(report: &Report) -> String {
    let rules: Vec<Value> = codes()
        .map(|code| {
            json!({
                "id": code.code,
                "shortDescription": {"text": code.title},
                "fullDescription": {"text": code.explain},
                "defaultConfiguration": {"level": code.severity.word()},
            })
        })
        .collect();
    let results: Vec<Value> = report.findings().iter().map(result).collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "openclaw",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    }))
}

fn result(finding: &Finding) -> Value {
    let hint = finding.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    let subject =
        if finding.path.is_empty() { String::new() } else { format!("{}: ", finding.path) };
    let mut result = json!({
        "ruleId": finding.code,
        "level": finding.severity.word(),
        "message": {"text": format!("{subject}{}{hint}", finding.message)},
    });
    if let Some(place) = &finding.place {
        let [(line, column), (end_line, end_column)] = place.lines();
        result["locations"] = json!([{"physicalLocation": {
            "artifactLocation": {"uri": uri(&place.source.name)},
            "region": {"startLine": line, "startColumn": column,
                "endLine": end_line, "endColumn": end_column.max(1)},
        }}]);
    }
    result
}

/// Returns a path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // A String takes every text, so writing to it cannot fail.
            _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
