//! What is counted of updates.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{Meters, instance, looked};
use crate::api::status::{AutoUpdateStatus, OpenClawInstanceStatus};
use crate::controller::update::End;
use crate::controller::world::Key;
use crate::names;

/// Upper bounds of the histogram, in seconds.
const STEPS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0];

/// A step of an update.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfStep {
    step: String,
}

/// Registers the histogram of the steps.
pub(super) fn steps(registry: &mut Registry) -> Family<OfStep, Histogram> {
    let steps: Family<OfStep, Histogram> = Family::new_with_constructor(|| Histogram::new(STEPS));
    let help = "Seconds that a step of an update took";
    registry.register(names::METRIC_STEPS, help, Family::clone(&steps));
    steps
}

impl Meters {
    /// Counts what the step from one written status to the next says of updates.
    pub fn went(
        &self,
        key: &Key,
        before: &OpenClawInstanceStatus,
        after: &OpenClawInstanceStatus,
        end: Option<&End>,
    ) {
        let none = AutoUpdateStatus::default();
        let old = before.auto_update.as_ref().unwrap_or(&none);
        let new = after.auto_update.as_ref().unwrap_or(&none);
        if old.update_phase != new.update_phase
            && let (Some(step), Some(since)) = (&old.update_phase, &old.phase_time)
        {
            let took = k8s_openapi::jiff::Timestamp::now().duration_since(since.0);
            let labels = OfStep { step: step.clone() };
            self.steps.get_or_create(&labels).observe(took.as_secs_f64().max(0.0));
        }
        if new.last_check_time.is_some() && old.last_check_time != new.last_check_time {
            self.checks.get_or_create(&looked(key, "success")).inc();
        }
        let fails = |status: &OpenClawInstanceStatus| {
            let is_it = |one: &&Condition| one.type_ == names::CONDITION_UPDATE;
            status.conditions.iter().find(is_it).is_some_and(|one| one.reason == "RegistryError")
        };
        if fails(after) && !fails(before) {
            self.checks.get_or_create(&looked(key, "error")).inc();
        }
        match end {
            Some(End::Confirmed(_)) => drop(self.applied.get_or_create(&instance(key)).inc()),
            Some(End::RolledBack(..)) => drop(self.rollbacks.get_or_create(&instance(key)).inc()),
            _ => {}
        }
    }
}
