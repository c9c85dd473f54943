//! The controller's metrics, as Prometheus reads them.

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

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Instance {
    instance: String,
    namespace: String,
}

/// An instance in a phase.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InPhase {
    instance: String,
    namespace: String,
    phase: String,
}

/// What an instance runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Info {
    instance: String,
    namespace: String,
    version: String,
    image: String,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Looked {
    instance: String,
    namespace: String,
    result: &'static str,
}

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
    /// What an instance was last shown as, so that it goes with it.
    shown: Mutex<HashMap<Key, Info>>,
}

/// What may come of a look.
const LOOKED: [&str; 3] = ["success", "error", "conflict"];
/// What may come of a search for a newer version.
const SEARCHED: [&str; 2] = ["success", "error"];

fn looked(key: &Key, result: &'static str) -> Looked {
    Looked { instance: key.name.clone(), namespace: key.namespace.clone(), result }
}

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
    fn shown(&self) -> MutexGuard<'_, HashMap<Key, Info>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows where an instance is.
    pub fn show(&self, key: &Key, observed: &Observed, phase: Phase) {
        let (instance, namespace) = (key.name.clone(), key.namespace.clone());
        for each in Phase::ALL {
            let labels = InPhase {
                instance: instance.clone(),
                namespace: namespace.clone(),
                phase: format!("{each:?}"),
            };
            self.phase.get_or_create(&labels).set(i64::from(each == phase));
        }
        let is_ready = matches!(phase, Phase::Running | Phase::Degraded);
        let labels = Instance { instance: instance.clone(), namespace: namespace.clone() };
        self.ready.get_or_create(&labels).set(i64::from(is_ready));
        // Counters are there from the start: an increase from nothing is none to Prometheus.
        if observed.instance.wants.as_ref().is_some_and(|wants| wants.has_updates) {
            for result in SEARCHED {
                self.checks.get_or_create(&looked(key, result)).inc_by(0);
            }
            self.applied.get_or_create(&labels).inc_by(0);
            self.rollbacks.get_or_create(&labels).inc_by(0);
        }
        let set = observed.set.as_ref();
        let info = Info {
            instance,
            namespace,
            version: set.and_then(|set| set.version.clone()).unwrap_or_default(),
            image: set.map(|set| set.image.clone()).unwrap_or_default(),
        };
        let old = self.shown().insert(key.clone(), info.clone());
        if let Some(old) = old.filter(|old| *old != info) {
            self.info.remove(&old);
        }
        self.info.get_or_create(&info).set(1);
        self.managed.set(i64::try_from(self.shown().len()).unwrap_or(i64::MAX));
    }

    /// Counts a look.
    pub fn count(&self, key: &Key, result: Result, took: Duration) {
        let word = match result {
            Result::Success => "success",
            Result::Error => "error",
            Result::Conflict => "conflict",
        };
        let labels = Instance { instance: key.name.clone(), namespace: key.namespace.clone() };
        self.total.get_or_create(&looked(key, word)).inc();
        self.duration.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// Takes every series of an instance away.
    pub fn forget(&self, key: &Key) {
        let (instance, namespace) = (key.name.clone(), key.namespace.clone());
        let Some(info) = self.shown().remove(key) else { return };
        self.info.remove(&info);
        for phase in Phase::ALL {
            let phase = format!("{phase:?}");
            let labels =
                InPhase { instance: instance.clone(), namespace: namespace.clone(), phase };
            self.phase.remove(&labels);
        }
        for result in LOOKED {
            self.total.remove(&looked(key, result));
        }
        for result in SEARCHED {
            self.checks.remove(&looked(key, result));
        }
        let labels = Instance { instance, namespace };
        self.ready.remove(&labels);
        self.applied.remove(&labels);
        self.rollbacks.remove(&labels);
        self.duration.remove(&labels);
        self.managed.set(i64::try_from(self.shown().len()).unwrap_or(i64::MAX));
    }

    /// Returns every series as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String does not fail.
        encode(&mut text, &self.registry).ok();
        text
    }
}
