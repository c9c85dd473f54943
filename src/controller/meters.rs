//! The controller's metrics, as Prometheus reads them.

mod backups;
mod labels;
mod updates;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::observed::Observed;
use super::world::Key;
use crate::api::status::Phase;
use crate::names;
use backups::Backups;
use labels::{InPhase, Info, Instance, Looked, escaped, in_phase, instance, looked};
use updates::OfStep;

/// What came of looking at an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    /// Done.
    Success,
    /// The world failed.
    Error,
    /// Somebody else wrote meanwhile.
    Conflict,
}

/// Every series.
#[derive(Debug)]
pub struct Meters {
    registry: Registry,
    phase: Family<InPhase, Gauge>,
    info: Family<Info, Gauge>,
    ready: Family<Instance, Gauge>,
    total: Family<Looked, Counter>,
    checks: Family<Looked, Counter>,
    applied: Family<Instance, Counter>,
    rollbacks: Family<Instance, Counter>,
    duration: Family<Instance, Histogram>,
    managed: Gauge,
    steps: Family<OfStep, Histogram>,
    backups: Backups,
    /// Who is looked after, and what it was last shown as, so that all of it goes with it.
    shown: Mutex<HashMap<Key, Option<Info>>>,
}

/// What may come of a look.
const LOOKED: [&str; 3] = ["success", "error", "conflict"];
/// What may come of a search for a newer version.
const SEARCHED: [&str; 2] = ["success", "error"];

/// Upper bounds of the histogram, in seconds.
const BOUNDS: [f64; 10] = [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0];

impl Default for Meters {
    fn default() -> Self {
        let mut registry = Registry::default();
        let phase = Family::default();
        let info = Family::default();
        let ready = Family::default();
        let duration: Family<Instance, Histogram> =
            Family::new_with_constructor(|| Histogram::new(BOUNDS));
        let managed = Gauge::default();
        registry.register(
            names::METRIC_PHASE,
            "1 for the phase that an instance is in, 0 for the others",
            Family::clone(&phase),
        );
        registry.register(names::METRIC_INFO, "What an instance runs", Family::clone(&info));
        registry.register(
            names::METRIC_READY,
            "1 while the Pod of an instance is ready",
            Family::clone(&ready),
        );
        let [total, checks] = [
            (names::METRIC_RECONCILE, "Looks at an instance by what came of them"),
            (names::METRIC_CHECKS, "Searches for a newer version by what came of them"),
        ]
        .map(|(name, help)| counter::<Looked>(&mut registry, name, help));
        let [applied, rollbacks] = [
            (names::METRIC_APPLIED, "Updates that were confirmed"),
            (names::METRIC_ROLLBACKS, "Updates that were taken back"),
        ]
        .map(|(name, help)| counter::<Instance>(&mut registry, name, help));
        registry.register(
            names::METRIC_DURATION,
            "Seconds that a look at an instance took",
            Family::clone(&duration),
        );
        registry.register(
            names::METRIC_MANAGED,
            "Instances that are looked after",
            managed.clone(),
        );
        let steps = updates::steps(&mut registry);
        let backups = Backups::new(&mut registry);
        let shown = Mutex::default();
        Self {
            registry,
            phase,
            info,
            ready,
            total,
            checks,
            applied,
            rollbacks,
            duration,
            managed,
            steps,
            backups,
            shown,
        }
    }
}

fn counter<L>(registry: &mut Registry, name: &str, help: &str) -> Family<L, Counter>
where
    L: EncodeLabelSet + Clone + std::fmt::Debug + std::hash::Hash + Eq + Send + Sync + 'static,
{
    let family = Family::default();
    // The encoder adds `_total`.
    registry.register(name.trim_end_matches("_total"), help, Family::clone(&family));
    family
}

impl Meters {
    fn shown(&self) -> MutexGuard<'_, HashMap<Key, Option<Info>>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_managed(&self, shown: &HashMap<Key, Option<Info>>) {
        self.managed.set(i64::try_from(shown.len()).unwrap_or(i64::MAX));
    }

    /// Begins to look after an instance. Its counters start at nought: an increase from nothing is
    /// none to Prometheus.
    pub fn begin(&self, key: &Key) {
        let mut shown = self.shown();
        if shown.contains_key(key) {
            return;
        }
        shown.insert(key.clone(), None);
        self.count_managed(&shown);
        for result in LOOKED {
            self.total.get_or_create(&looked(key, result)).inc_by(0);
        }
        drop(self.duration.get_or_create(&instance(key)));
    }

    /// Shows where an instance is.
    pub fn show(&self, key: &Key, observed: &Observed, phase: Phase) {
        for each in Phase::ALL {
            self.phase.get_or_create(&in_phase(key, each)).set(i64::from(each == phase));
        }
        let is_ready = matches!(phase, Phase::Running | Phase::Degraded);
        let labels = instance(key);
        self.ready.get_or_create(&labels).set(i64::from(is_ready));
        if observed.instance.wants.as_ref().is_some_and(|wants| wants.has_updates) {
            for result in SEARCHED {
                self.checks.get_or_create(&looked(key, result)).inc_by(0);
            }
            self.applied.get_or_create(&labels).inc_by(0);
            self.rollbacks.get_or_create(&labels).inc_by(0);
        }
        self.backups.show(key, &observed.instance.status);
        self.show_due(key, observed);
        let set = observed.set.as_ref();
        let info = Info {
            instance: key.name.clone(),
            namespace: key.namespace.clone(),
            version: set.and_then(|set| set.version.as_deref()).map(escaped).unwrap_or_default(),
            image: set.map(|set| escaped(&set.image)).unwrap_or_default(),
        };
        let old = self.shown().insert(key.clone(), Some(info.clone())).flatten();
        if let Some(old) = old.filter(|old| *old != info) {
            self.info.remove(&old);
        }
        self.info.get_or_create(&info).set(1);
    }

    /// Counts a look at an instance that is looked after.
    pub fn count(&self, key: &Key, result: Result, took: Duration) {
        if self.shown().contains_key(key) {
            let word = match result {
                Result::Success => "success",
                Result::Error => "error",
                Result::Conflict => "conflict",
            };
            self.total.get_or_create(&looked(key, word)).inc();
            self.duration.get_or_create(&instance(key)).observe(took.as_secs_f64());
        }
    }

    /// Takes every series of an instance away.
    pub fn forget(&self, key: &Key) {
        let mut shown = self.shown();
        let Some(info) = shown.remove(key) else { return };
        self.count_managed(&shown);
        if let Some(info) = info {
            self.info.remove(&info);
        }
        for phase in Phase::ALL {
            self.phase.remove(&in_phase(key, phase));
        }
        for result in LOOKED {
            self.total.remove(&looked(key, result));
        }
        for result in SEARCHED {
            self.checks.remove(&looked(key, result));
        }
        let labels = instance(key);
        self.ready.remove(&labels);
        self.applied.remove(&labels);
        self.rollbacks.remove(&labels);
        self.duration.remove(&labels);
        self.backups.forget(key);
    }

    /// Returns every series as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        encode(&mut text, &self.registry).ok();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key { namespace: "team-a".to_owned(), name: "my-agent".to_owned() }
    }

    #[test]
    fn counters_begin_at_nought_and_go_with_the_instance() {
        let meters = Meters::default();
        let empty = meters.text();
        assert!(empty.contains("openclaw_managed_instances 0\n"), "{empty}");
        meters.count(&key(), Result::Error, Duration::ZERO);
        assert_eq!(meters.text(), empty, "an instance that is not looked after has no series");
        meters.begin(&key());
        let begun = meters.text();
        let line =
            "openclaw_reconcile_total{instance=\"my-agent\",namespace=\"team-a\",result=\"error\"}";
        assert!(begun.contains(&format!("{line} 0\n")), "{begun}");
        assert!(begun.contains("openclaw_managed_instances 1\n"), "{begun}");
        meters.count(&key(), Result::Error, Duration::ZERO);
        meters.begin(&key());
        assert!(meters.text().contains(&format!("{line} 1\n")), "{}", meters.text());
        meters.forget(&key());
        assert_eq!(meters.text(), empty);
    }
}
