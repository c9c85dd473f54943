//! Turns the values of a published Helm chart into a source, and tells what no source says.
//!
//! ```text
//! values -detect-> Chart -rows-> Draft -source-> Source {text, notes} + findings of what stays behind
//! ```
//!
//! What a value means is what the templates of its chart make of it, and one table a chart says
//! that: each value is carried over to a field with the same meaning, or it stays behind with the
//! reason. A value that no row names is told, never guessed. Nothing here may write what a Secret
//! should hold: where the values spell a secret out, the source names a Secret that is to be made.

mod chrisbattarbee;
mod config;
mod draft;
mod environment;
mod feiskyer;
mod fields;
mod finish;
mod mask;
mod rows;
mod secrecy;
mod serhanekicii;
pub mod steps;
mod take;
mod thepagent;
mod walk;
mod wateim;

use crate::api::source::{Document, Kind};
use crate::diagnostic::{Finding, Report};

use super::Source;
use draft::Draft;
use rows::{Group, Image};

/// A published chart: where it puts what, and what becomes of each of its values.
pub struct Chart {
    /// Where it is published, by which the command line names it.
    pub id: &'static str,
    /// Name in its Chart.yaml, which is in the names of its objects unless it is in that of the
    /// release; empty where that alone is their name.
    name: &'static str,
    /// Values that only this chart has.
    marks: &'static [&'static str],
    /// The folder of the application's state in its Pod.
    state_dir: &'static str,
    /// An image that only this chart starts as it must be started.
    image: Option<&'static str>,
    /// Where the state lies on its volume.
    volume: Volume,
    /// How its openclaw.json meets the one on the volume.
    merge_mode: Option<&'static str>,
    /// What becomes of openclaw.json and of the token, for README.md.
    about: [&'static str; 2],
    /// Values without which the chart's own defaults would have to be known.
    needs: &'static [&'static str],
    /// Which value becomes what.
    groups: &'static [Group],
    /// Keys of openclaw.json that mean nothing without this chart.
    drops: &'static [Drop],
    /// Whether templates in its values are filled in.
    is_templated: bool,
    /// What several values say together, after the rows.
    finish: fn(&mut Draft<'_>),
    /// What the chart does and no value says.
    notes: &'static [&'static str],
}

/// Where the state lies on the volume of a chart.
pub struct Volume {
    /// What says whether there is a volume, for the place of findings.
    path: &'static str,
    /// How its claim is named; `{}` stands for the full name of the release.
    claim: &'static str,
    /// Whether the root of the volume is the state, as it is here.
    is_same: bool,
    /// Where the state is, in words.
    place: &'static str,
}

/// A key of openclaw.json that is left out.
pub struct Drop {
    key: &'static str,
    image: Image,
    why: &'static str,
    hint: &'static str,
}

/// Every chart that is known.
pub const CHARTS: [&Chart; 5] = [
    &chrisbattarbee::CHART,
    &feiskyer::CHART,
    &serhanekicii::CHART,
    &thepagent::CHART,
    &wateim::CHART,
];

/// What the command line says besides the values.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Name of the instance.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: Option<&'a str>,
    /// The release that runs, if one does.
    pub release: Option<&'a str>,
}

/// Whether a document is values: Helm knows no kind.
pub fn is_values(document: &Document) -> bool {
    matches!(document.root.kind, Kind::Map(_))
        && !document.has("kind")
        && !document.has("apiVersion")
}

/// Returns the ids of the charts.
pub fn ids() -> impl Iterator<Item = &'static str> {
    CHARTS.into_iter().map(|chart| chart.id)
}

/// Returns the chart of an id, whatever its letter case.
pub fn chart(id: &str) -> Option<&'static Chart> {
    CHARTS.into_iter().find(|chart| chart.id.eq_ignore_ascii_case(id))
}

/// Returns the chart that the values are of, known by what only one chart has.
pub fn detect(document: &Document, report: &mut Report) -> Option<&'static Chart> {
    let is_marked = |chart: &&Chart| chart.marks.iter().any(|mark| document.has(mark));
    let found: Vec<&'static Chart> = CHARTS.into_iter().filter(is_marked).collect();
    if let [chart] = found[..] {
        return Some(chart);
    }
    let all = |charts: &[&Chart]| charts.iter().map(|chart| chart.id).collect::<Vec<_>>();
    let message = if found.is_empty() {
        "found the values of no chart that is known".to_owned()
    } else {
        format!("found values of more than one chart: `{}`", all(&found).join("`, `"))
    };
    let hint = format!("name the chart with `--chart`: `{}`", all(&CHARTS).join("`, `"));
    let place = mask::masked(document, &[]).place("");
    report.push(Finding::at("OC0331", "", message, Some(&hint), place));
    None
}

/// Returns the values of a chart as a source.
pub fn source(
    document: &Document,
    chart: &'static Chart,
    wanted: Wanted<'_>,
    report: &mut Report,
) -> Source {
    let mut draft = Draft::new(document, chart, wanted, report);
    draft.tell_missing();
    walk::walk(&mut draft);
    (chart.finish)(&mut draft);
    draft.finish()
}

/// Returns the charts as a table of README.md.
pub fn table() -> String {
    let mut out = "| chart | openclaw.json | token | volume | to do by hand |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for chart in CHARTS {
        let [config, token] = chart.about;
        let left: Vec<String> =
            walk::left_behind(chart).iter().map(|path| format!("`{path}`")).collect();
        let (id, place, left) = (chart.id, chart.volume.place, left.join(", "));
        out.push_str(&format!("| `{id}` | {config} | {token} | {place} | {left} |\n"));
    }
    out
}
