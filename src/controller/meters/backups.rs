//! What is counted of backups.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Instance, Meters, counter, instance};
use crate::api::status::OpenClawInstanceStatus;
use crate::controller::backup::{End, due};
use crate::controller::observed::Observed;
use crate::controller::world::Key;
use crate::names;

/// The series of backups.
#[derive(Debug)]
pub(super) struct Backups {
    time: Family<Instance, Gauge>,
    size: Family<Instance, Gauge>,
    duration: Family<Instance, Gauge>,
    due: Family<Instance, Gauge>,
    failures: Family<Instance, Counter>,
}

impl Backups {
    /// Registers them.
    pub(super) fn new(registry: &mut Registry) -> Self {
        let mut gauge = |name: &str, help: &str| {
            let family: Family<Instance, Gauge> = Family::default();
            registry.register(name, help, Family::clone(&family));
            family
        };
        let time = gauge(names::METRIC_BACKUP_TIME, "When a backup was last verified");
        let size = gauge(names::METRIC_BACKUP_SIZE, "Bytes of the archive of the last backup");
        let duration = gauge(names::METRIC_BACKUP_DURATION, "Seconds that the last backup took");
        let due = gauge(
            names::METRIC_BACKUP_DUE,
            "When the schedule wants the backup after the last one that was verified",
        );
        let failures =
            counter::<Instance>(registry, names::METRIC_BACKUP_FAILURES, "Backups that failed");
        Self { time, size, duration, due, failures }
    }

    /// Shows what a status says of the last backup; an instance without one has no series.
    pub(super) fn show(&self, key: &Key, status: &OpenClawInstanceStatus) {
        let labels = instance(key);
        if let Some(time) = &status.last_backup_time {
            self.time.get_or_create(&labels).set(time.0.as_second());
        }
        let Some(backup) = &status.backup else { return };
        if let Some(size) = backup.size_bytes {
            self.size.get_or_create(&labels).set(size);
        }
        if let Some(duration) = backup.duration_seconds {
            self.duration.get_or_create(&labels).set(duration);
        }
        self.failures.get_or_create(&labels).inc_by(0);
    }

    /// Takes every series of an instance away.
    pub(super) fn forget(&self, key: &Key) {
        let labels = instance(key);
        for gauge in [&self.time, &self.size, &self.duration, &self.due] {
            gauge.remove(&labels);
        }
        self.failures.remove(&labels);
    }
}

impl Meters {
    /// Shows when the schedule of an instance wants its next backup.
    pub(super) fn show_due(&self, key: &Key, observed: &Observed) {
        match due::wanted(observed) {
            Some(at) => {
                self.backups.due.get_or_create(&instance(key)).set(at);
            }
            None => {
                self.backups.due.remove(&instance(key));
            }
        }
    }

    /// Counts how a backup ended, once its status is written.
    pub fn backed_up(&self, key: &Key, status: &OpenClawInstanceStatus, end: Option<&End>) {
        self.backups.show(key, status);
        if let Some(End::Failed(..) | End::Left(_)) = end {
            self.backups.failures.get_or_create(&instance(key)).inc();
        }
    }
}
