//! Sorts the files of a repository: settings, sources, templates, the rendered tree.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{Files, Repository};
use crate::api::load::{self, Reading};
use crate::api::record::UpdateRecord;
use crate::api::settings::{FILE, Settings};
use crate::api::{Input, Sources};
use crate::diagnostic::{Finding, Report, severity};
use crate::model::Neighbors;
use crate::render::engine::{Engine, Overrides};
use crate::tree::{self, Present};
use crate::validate::{self, across};

/// Suffixes of sources.
const SUFFIXES: [&str; 3] = ["yaml", "yml", "json"];

impl Repository {
    /// Reads the files of a repository; `None` when the report holds an error.
    pub fn read(files: Files) -> (Option<Self>, Report) {
        let (repository, report) = Self::read_as_is(files);
        let is_sound = !report.has_errors();
        (repository.filter(|_| is_sound), report)
    }

    /// Reads what can be read: a way back must not wait until all else in the repository is in
    /// order. `None` when there are no settings at all.
    pub fn read_as_is(files: Files) -> (Option<Self>, Report) {
        let mut report = Report::default();
        let Some(bytes) = files.get(FILE) else {
            let message = format!("found no `{FILE}`");
            let hint = Some("name the folder that holds it in `path` of the repository".to_owned());
            report.push(Finding::new("OC0312", severity("OC0312"), "", message, hint));
            return (None, report);
        };
        let (settings, found) = validate::settings::read(FILE, bytes);
        report.extend(found);
        let settings = settings.or_else(|| validate::settings::unchecked(FILE, bytes));
        let Some(settings) = settings else { return (None, report) };
        let mut sorted = Sorted::default();
        for (path, bytes) in files {
            sorted.add(path, bytes, &settings, &mut report);
        }
        let sources = sources(&sorted.inputs, &settings, None);
        report.extend(sources.report);
        let mut present = Present::default();
        sorted.tree.iter().for_each(|(path, bytes)| present.add(path, bytes));
        let repository = Self {
            engine: Engine::with(sorted.overrides),
            inputs: sorted.inputs.into_iter().map(|one| (one.name.clone(), one)).collect(),
            instances: sources.instances,
            neighbors: Neighbors { config_maps: sources.config_maps },
            tree: sorted.tree,
            present,
            records: sorted.records,
            record_files: sorted.record_files,
            settings,
        };
        (Some(repository), report)
    }
}

#[derive(Default)]
struct Sorted {
    inputs: Vec<Input>,
    overrides: Overrides,
    tree: Files,
    records: BTreeMap<(String, String), UpdateRecord>,
    record_files: Files,
}

impl Sorted {
    fn add(&mut self, path: String, bytes: Vec<u8>, settings: &Settings, report: &mut Report) {
        if let Some(below) = below(&path, &settings.output) {
            if tree::counts(below.rsplit('/').next().unwrap_or(below)) {
                self.tree.insert(below.to_owned(), bytes);
            }
        } else if let Some(name) =
            settings.templates.as_deref().and_then(|folder| below(&path, folder))
        {
            self.template(name, &path, &bytes, report);
        } else if let Some(below) = below(&path, &settings.updates) {
            self.record(below, &path, &bytes, report);
        } else if settings.sources.iter().any(|source| is_source(&path, source)) {
            self.inputs.push(Input { name: path.clone(), origin: Some(path), bytes });
        }
    }

    /// What is no YAML among the records is somebody's note.
    fn record(&mut self, below: &str, path: &str, bytes: &[u8], report: &mut Report) {
        if is_source_name(below) {
            let (record, found) = validate::record::read(path, below, bytes);
            report.extend(found);
            self.records.extend(record.map(|record| (key(&record), record)));
            self.record_files.insert(path.to_owned(), bytes.to_vec());
        }
    }

    fn template(&mut self, name: &str, path: &str, bytes: &[u8], report: &mut Report) {
        if name.rsplit_once('.').is_none_or(|(_, suffix)| suffix != "j2") {
            return;
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Err(error) = self.overrides.insert(name, text) {
            let message = format!("{path}: {error}");
            report.push(Finding::new("OC0312", severity("OC0312"), "templates", message, None));
        }
    }
}

/// Whose record it is.
pub(super) fn key(record: &UpdateRecord) -> (String, String) {
    (record.metadata.namespace.clone(), record.metadata.name.clone())
}

/// Whether a file of a repository has anything to do with its instances.
pub fn is_relevant(path: &str, settings: &Settings) -> bool {
    let templates = settings.templates.as_deref();
    path == FILE
        || below(path, &settings.output).is_some()
        || below(path, &settings.updates).is_some()
        || templates.is_some_and(|folder| below(path, folder).is_some())
        || settings.sources.iter().any(|source| is_source(path, source))
}

/// Whether a file is a source, by the suffix of its name.
pub fn is_source_name(name: &str) -> bool {
    let suffix = name.rsplit_once('.').map_or(String::new(), |(_, suffix)| suffix.to_lowercase());
    SUFFIXES.contains(&suffix.as_str())
}

/// Returns a path below a folder.
pub(super) fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let folder = folder.trim_start_matches("./").trim_matches('/');
    if folder.is_empty() || folder == "." {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// Whether a source of the settings is this file or holds it, nothing on the way being hidden.
fn is_source(path: &str, source: &str) -> bool {
    if path == source.trim_start_matches("./") {
        return true;
    }
    let Some(below) = below(path, source) else { return false };
    !below.split('/').any(|part| part.starts_with('.')) && is_source_name(below)
}

/// Reads sources, and checks their instances against each other.
pub fn sources(inputs: &[Input], settings: &Settings, namespace: Option<&str>) -> Sources {
    let reading = Reading { settings, namespace, schema: load::schema() };
    let parts: Vec<Sources> = inputs.par_iter().map(|input| load::load(input, reading)).collect();
    let mut all = Sources::default();
    for part in parts {
        all.instances.extend(part.instances);
        all.config_maps.extend(part.config_maps);
        all.report.extend(part.report);
    }
    // The order of the tree, whatever the order of the files.
    all.instances.sort_by(|a, b| {
        (&a.namespace, &a.name, &a.origin).cmp(&(&b.namespace, &b.name, &b.origin))
    });
    all.report.extend(across::validate(&all.instances, settings));
    all
}
