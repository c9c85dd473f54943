//! A repository of instances as its files, whether a folder or a commit holds them: whether its
//! tree is what it renders, and which files a new tag of one instance changes.

mod apply;
mod back;
mod read;

use std::collections::BTreeMap;

use crate::api::load::{self, Reading};
use crate::api::record::{Failure, UpdateRecord};
use crate::api::settings::Settings;
use crate::api::{Input, Loaded};
use crate::bump;
use crate::diagnostic::Report;
use crate::model::{self, Neighbors};
use crate::names;
use crate::render;
use crate::render::engine::Engine;
use crate::tree::{self, FileTree, Present, State, Wanted};
use crate::validate;

pub use back::{Bumped, back, note};
pub use read::{is_relevant, is_source_name, sources};

/// Files by their path in the repository, with `/` between segments.
pub type Files = BTreeMap<String, Vec<u8>>;

/// What a commit does to files: their new content, or none when they go.
pub type Edits = BTreeMap<String, Option<Vec<u8>>>;

/// The files of a repository, read.
pub struct Repository {
    settings: Settings,
    engine: Engine,
    /// Sources by their path.
    inputs: BTreeMap<String, Input>,
    instances: Vec<Loaded>,
    neighbors: Neighbors,
    /// The rendered tree below its folder.
    tree: Files,
    present: Present,
    /// Which versions failed, by namespace and name.
    records: BTreeMap<(String, String), UpdateRecord>,
    /// Their files by path.
    record_files: Files,
}

/// Why a tag is not set.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No source holds the instance.
    #[error("no source holds the instance")]
    NoInstance,
    /// The sources, or what they would become, have findings.
    #[error("the sources have findings")]
    Findings(Report),
    /// Its tag is not the one that is to be taken back: somebody else has set it.
    #[error("its tag is another one by now")]
    Superseded,
    /// The tree is not what its sources render, so that a commit would bring more than the tag.
    #[error("the tree is not what its sources render")]
    NotReproduced(BTreeMap<String, State>),
    /// A fault of ours.
    #[error(transparent)]
    Render(#[from] render::Error),
}

impl Repository {
    /// Returns the settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns every instance, by namespace and name.
    pub fn instances(&self) -> &[Loaded] {
        &self.instances
    }

    /// Returns an instance.
    pub fn instance(&self, namespace: &str, name: &str) -> Option<&Loaded> {
        self.instances.iter().find(|one| one.namespace == namespace && one.name == name)
    }

    /// Returns what failed for an instance.
    pub fn failed(&self, namespace: &str, name: &str) -> &[Failure] {
        let record = self.records.get(&(namespace.to_owned(), name.to_owned()));
        record.map_or(&[], |record| &record.failed)
    }

    /// Returns what failed, by namespace and name of the instance.
    pub fn records(&self) -> impl Iterator<Item = (&str, &str, &[Failure])> {
        let records = self.records.iter();
        records.map(|((namespace, name), one)| (&**namespace, &**name, one.failed.as_slice()))
    }

    /// Returns the hash of an instance's StatefulSet, as its tree holds it.
    pub fn render_hash(&self, namespace: &str, name: &str) -> Option<String> {
        let folder = format!("{namespace}/{name}/");
        let mut files = self.tree.iter().filter(|(path, _)| path.starts_with(&folder));
        let key = format!("{}:", names::ANNOTATION_RENDER_HASH);
        let hash = |text: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(&key))?;
            Some(line.trim().trim_matches('"').to_owned())
        };
        files.find_map(|(_, bytes)| hash(std::str::from_utf8(bytes).ok()?))
    }

    /// Returns the whole tree as its sources render it, by path in the repository.
    ///
    /// # Errors
    /// When an instance is not valid, or by a fault of ours.
    pub fn rendered(&self) -> Result<Files, Refusal> {
        let mut files = Files::new();
        for loaded in &self.instances {
            let tree = self.render(loaded)?.into_iter();
            files.extend(tree.map(|(path, text)| (self.in_tree(&path), text.into_bytes())));
        }
        Ok(files)
    }

    /// Returns the files that setting the tag of an instance changes: its source, and what is
    /// rendered of it. None when it has the tag already.
    ///
    /// # Errors
    /// When there is no such instance, its tag cannot be set, its tree is not what HEAD renders, or
    /// it would not be valid any more.
    pub fn bump(&self, namespace: &str, name: &str, tag: &str) -> Result<Edits, Refusal> {
        let loaded = self.instance(namespace, name).ok_or(Refusal::NoInstance)?;
        self.reproduces(loaded)?;
        self.set(loaded, tag)
    }

    /// Returns the files that setting the tag changes, whatever the tree held before.
    fn set(&self, loaded: &Loaded, tag: &str) -> Result<Edits, Refusal> {
        let (namespace, name) = (&loaded.namespace, &loaded.name);
        let path = loaded.origin.clone().ok_or(Refusal::NoInstance)?;
        let text = bump::set_tag(&loaded.document, tag).map_err(|finding| {
            let mut report = Report::default();
            report.push(finding);
            Refusal::Findings(report)
        })?;
        let mut edits = Edits::new();
        if self.inputs.get(&path).is_some_and(|input| input.bytes == text.as_bytes()) {
            return Ok(edits);
        }
        let after = self.reload(&path, &text, namespace, name)?;
        let wanted = self.render(&after)?;
        for (file, text) in &wanted {
            if self.tree.get(file).is_none_or(|old| old != text.as_bytes()) {
                edits.insert(self.in_tree(file), Some(text.clone().into_bytes()));
            }
        }
        let folder = format!("{namespace}/{name}/");
        for file in self.tree.keys().filter(|file| file.starts_with(&folder)) {
            if !wanted.contains_key(file) {
                edits.insert(self.in_tree(file), None);
            }
        }
        edits.insert(path, Some(text.into_bytes()));
        Ok(edits)
    }

    /// Whether the tree holds what an instance renders, and nothing else of it.
    fn reproduces(&self, loaded: &Loaded) -> Result<(), Refusal> {
        let wanted: Wanted = self
            .render(loaded)?
            .into_iter()
            .map(|(path, text)| (path, tree::hash(text.as_bytes())))
            .collect();
        let folder = format!("{}/{}", loaded.namespace, loaded.name);
        let states: BTreeMap<String, State> = tree::compare(&wanted, &self.part(&folder))
            .into_iter()
            .map(|(path, state)| (self.in_tree(&path), state))
            .collect();
        if states.is_empty() { Ok(()) } else { Err(Refusal::NotReproduced(states)) }
    }

    /// The part of the tree that belongs to one instance.
    fn part(&self, folder: &str) -> Present {
        let is_below =
            |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let files = self.present.files.iter().filter(|(path, _)| is_below(path));
        let files = files.map(|(path, hash)| (path.clone(), hash.clone())).collect();
        let lock = self.present.locks.get_key_value(folder);
        let locks = lock.map(|(folder, lock)| (folder.clone(), lock.clone())).into_iter().collect();
        Present { files, locks }
    }

    fn in_tree(&self, path: &str) -> String {
        match self.settings.output.trim_matches('/') {
            "" | "." => path.to_owned(),
            output => format!("{output}/{path}"),
        }
    }

    /// Reads an instance out of the new text of its source.
    fn reload(
        &self,
        path: &str,
        text: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Loaded, Refusal> {
        let input = Input {
            name: path.to_owned(),
            origin: Some(path.to_owned()),
            bytes: text.as_bytes().to_vec(),
        };
        let reading = Reading { settings: &self.settings, namespace: None, schema: load::schema() };
        let sources = load::load(&input, reading);
        if sources.report.has_errors() {
            return Err(Refusal::Findings(sources.report));
        }
        let mut instances = sources.instances.into_iter();
        let found = instances.find(|one| one.namespace == namespace && one.name == name);
        found.ok_or(Refusal::NoInstance)
    }

    /// Returns the files of an instance below the output folder.
    fn render(&self, loaded: &Loaded) -> Result<FileTree, Refusal> {
        let (valid, report) = validate::accept(loaded.clone(), &self.settings);
        let Some(valid) = valid else { return Err(Refusal::Findings(report)) };
        let instance = model::assemble(&valid, &self.settings, &self.neighbors);
        let manifests = render::render(&self.engine, &instance)?;
        Ok(tree::files(&instance, &manifests, &self.settings).into_iter().collect())
    }
}
