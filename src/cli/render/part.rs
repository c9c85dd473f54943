//! One instance of a tree, or all of them: the files that it wants, and what the change means.

use std::path::Path;

use serde_json::Value;

use crate::cli::files;
use crate::diagnostic::{Finding, Report};
use crate::model::Instance;
use crate::render::Manifest;
use crate::tree::effects::{self, Tenant};
use crate::tree::{Present, Wanted};

/// What was rendered of a tree.
#[derive(Default)]
pub(super) struct Part {
    /// The files.
    pub(super) wanted: Wanted,
    findings: Vec<Finding>,
    /// Instances that the tree does not have yet.
    arrived: Vec<Tenant>,
}

impl Part {
    /// Compares an instance with the one that the tree has.
    pub(super) fn compare(
        &mut self,
        folder: &Path,
        instance: &Instance,
        manifests: &[Manifest],
        present: &Present,
    ) {
        let own = format!("{}/{}", instance.namespace, instance.name);
        let is_known = present.locks.contains_key(&own);
        let changed = effects::telling(&own, &self.wanted, present);
        if is_known && changed.is_empty() {
            return;
        }
        let new: Vec<&Value> = manifests.iter().map(|manifest| &manifest.value).collect();
        let after = Tenant::new(&own, &new);
        if !is_known {
            self.arrived.extend(after);
            return;
        }
        let old = read(folder, &changed);
        let old: Vec<&Value> = old.iter().collect();
        self.findings.extend(effects::refused(&own, &old, &new));
        if let (Some(before), Some(after)) = (Tenant::new(&own, &old), after) {
            self.findings.extend(before.leaves_behind(&after));
        }
    }

    /// Adds another part.
    pub(super) fn add(&mut self, other: Self) {
        self.wanted.extend(other.wanted);
        self.findings.extend(other.findings);
        self.arrived.extend(other.arrived);
    }

    /// Returns what the change of the whole tree means to a cluster.
    pub(super) fn effects(&mut self, folder: &Path, present: &Present) -> Report {
        let mut report = Report::default();
        self.findings.drain(..).for_each(|finding| report.push(finding));
        if self.arrived.is_empty() {
            return report;
        }
        let stays = |own: &str| self.wanted.contains_key(&format!("{own}/{}", crate::tree::LOCK));
        let gone: Vec<Tenant> = present
            .locks
            .keys()
            .filter(|own| !stays(own))
            .filter_map(|own| {
                let files = effects::telling(own, &self.wanted, present);
                let old = read(folder, &files);
                Tenant::new(own, &old.iter().collect::<Vec<_>>())
            })
            .collect();
        effects::renamed(&gone, &self.arrived).into_iter().for_each(|finding| report.push(finding));
        report
    }
}

fn read(folder: &Path, paths: &[String]) -> Vec<Value> {
    let texts = paths.iter().filter_map(|path| files::text(folder, path));
    texts.flat_map(|text| effects::objects(&text)).collect()
}
