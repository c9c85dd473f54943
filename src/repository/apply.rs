//! A repository as it is after a commit, without reading all of it again.

use super::read::{below, key};
use super::{Edits, Repository};
use crate::api::Input;
use crate::api::load::{self, Reading};
use crate::tree::LOCK;
use crate::validate;

impl Repository {
    /// Takes over what [`Repository::bump`] returned, as if it were committed: the next update may
    /// be of another instance in the same file.
    pub fn apply(&mut self, edits: &Edits) {
        for (path, bytes) in edits {
            if let Some(below) = below(path, &self.settings.updates).map(str::to_owned) {
                self.apply_to_record(path, &below, bytes.as_deref());
                continue;
            }
            match below(path, &self.settings.output).map(str::to_owned) {
                Some(file) => self.apply_to_tree(&file, bytes.as_deref()),
                None => self.apply_to_source(path, bytes.as_deref().unwrap_or_default()),
            }
        }
    }

    /// Returns the edits that take others back.
    pub fn inverse(&self, edits: &Edits) -> Edits {
        let before = |path: &String| match below(path, &self.settings.output) {
            Some(file) => self.tree.get(file).cloned(),
            None => match self.record_files.get(path) {
                Some(bytes) => Some(bytes.clone()),
                None => self.inputs.get(path).map(|input| input.bytes.clone()),
            },
        };
        edits.keys().map(|path| (path.clone(), before(path))).collect()
    }

    fn apply_to_record(&mut self, path: &str, below: &str, bytes: Option<&[u8]>) {
        if let Some(old) = self.record_files.remove(path) {
            let old = validate::record::read(path, below, &old).0;
            old.into_iter().for_each(|old| drop(self.records.remove(&key(&old))));
        }
        let Some(bytes) = bytes else { return };
        let new = validate::record::read(path, below, bytes).0;
        self.records.extend(new.map(|new| (key(&new), new)));
        self.record_files.insert(path.to_owned(), bytes.to_vec());
    }

    fn apply_to_tree(&mut self, file: &str, bytes: Option<&[u8]>) {
        if let Some(bytes) = bytes {
            self.present.add(file, bytes);
            self.tree.insert(file.to_owned(), bytes.to_vec());
        } else {
            self.present.files.remove(file);
            self.tree.remove(file);
            if let Some((folder, LOCK)) = file.rsplit_once('/') {
                self.present.locks.remove(folder);
            }
        }
    }

    /// Only the tag differs, so that what the instances mean to each other stays.
    fn apply_to_source(&mut self, path: &str, bytes: &[u8]) {
        let origin = Some(path.to_owned());
        let input = Input { name: path.to_owned(), origin: origin.clone(), bytes: bytes.to_vec() };
        let reading = Reading { settings: &self.settings, namespace: None, schema: load::schema() };
        for new in load::load(&input, reading).instances {
            let is_it = |old: &&mut crate::api::Loaded| {
                (&old.namespace, &old.name, &old.origin) == (&new.namespace, &new.name, &origin)
            };
            if let Some(old) = self.instances.iter_mut().find(is_it) {
                *old = new;
            }
        }
        self.inputs.insert(path.to_owned(), input);
    }
}
