//! Sources from files: exports of the Go operator's instances, and values of Helm charts.

use super::{Flags, is_named};
use crate::api::source::Document;
use crate::cli::project::{self, Project};
use crate::diagnostic::Report;
use crate::import::helm::{self, Wanted};
use crate::import::{self, Source};

/// Takes what the files hold: exported instances, and the values of charts with what is `todo` about
/// their releases.
pub(super) fn from_files(
    flags: &Flags,
    project: &Project,
    todo: &mut String,
    report: &mut Report,
) -> anyhow::Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut has_values = false;
    for input in project::typed(&flags.filenames)? {
        for document in import::documents(&input, report) {
            if helm::is_values(&document) {
                has_values = true;
                let output = &project.settings.output;
                found.extend(from_values(flags, &document, output, todo, report)?);
                continue;
            }
            let object = document.value();
            let part = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
            if is_named(flags, part("namespace"), part("name")) {
                found.push(import::source(&document, None, report));
            }
        }
    }
    anyhow::ensure!(
        has_values || (flags.chart.is_none() && flags.release.is_none()),
        "`--chart` and `--release` are about the values of a Helm chart, and no file holds any"
    );
    Ok(found)
}

/// Takes the values of a chart for one instance, which they do not name.
fn from_values(
    flags: &Flags,
    document: &Document,
    output: &str,
    todo: &mut String,
    report: &mut Report,
) -> anyhow::Result<Option<Source>> {
    let [name] = &flags.names[..] else {
        anyhow::bail!(
            "found the values of a chart and {} names, allowed: one, that of the new instance, as \
             in `openclaw import -f values.yaml my-agent`",
            flags.names.len()
        );
    };
    let (namespace, name) = match name.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (flags.namespace.as_deref(), name.as_str()),
    };
    let chart = match &flags.chart {
        Some(id) => helm::chart(id),
        None => helm::detect(document, report),
    };
    let Some(chart) = chart else { return Ok(None) };
    let wanted = Wanted { name, namespace, release: flags.release.as_deref() };
    todo.push_str(&helm::steps::steps(chart, wanted, output));
    Ok(Some(helm::source(document, chart, wanted, report)))
}
