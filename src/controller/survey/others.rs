//! What the other instances of a repository mean to one of them.

use super::{Asker, Surveyor};
use crate::api::Loaded;
use crate::api::selector::Selector;
use crate::controller::update::fleet::{self, Member};
use crate::repository::Repository;
use crate::update::{Wait, stands};

/// How long until somebody looks again who waits for others, in seconds.
const OTHERS: i64 = 10;

impl Surveyor {
    /// Whether the other instances of the repository let this one go.
    pub(super) fn others(
        &self,
        asker: &Asker<'_>,
        repository: &Repository,
        loaded: &Loaded,
        to: &str,
        wake: &mut Option<i64>,
    ) -> Result<(), Wait> {
        let waves: Vec<Selector> = {
            let waves = repository.settings().update.waves.iter();
            waves.filter_map(|wave| wave.parse().ok()).collect()
        };
        let wave = |one: &Loaded| {
            let found = waves.iter().position(|wave| wave.matches(&one.labels));
            found.unwrap_or(waves.len())
        };
        let same = |one: &&Loaded| {
            one.spec.image.repository == loaded.spec.image.repository
                && (&one.namespace, &one.name) != (&loaded.namespace, &loaded.name)
        };
        let failed = |one: &Loaded| {
            let failed = repository.failed(&one.namespace, &one.name).iter();
            failed.map(|failure| failure.version.clone()).collect::<Vec<_>>()
        };
        let busy = self.shared.world().updating();
        let member = |one: &Loaded| Member {
            name: format!("{}/{}", one.namespace, one.name),
            wave: wave(one),
            tag: one.spec.image.tag.clone().unwrap_or_default(),
            is_taking: !waves.is_empty()
                && !one.spec.suspended
                && stands(repository, one, false, asker.now).is_ok(),
            is_busy: busy.contains(&(one.namespace.clone(), one.name.clone())),
            failed: failed(one),
        };
        // Without waves only those count for whom something failed.
        let counts = |one: &&Loaded| {
            !waves.is_empty() || !repository.failed(&one.namespace, &one.name).is_empty()
        };
        let instances = repository.instances().iter().filter(same).filter(counts);
        let members: Vec<Member> = instances.map(member).collect();
        fleet::may(to, wave(loaded), &members).inspect_err(|_| *wake = Some(asker.now + OTHERS))
    }
}
