//! What one object names, another one has: ports, selectors, volumes, keys, rights. A broken join
//! renders without a word and fails in the cluster, so every rendered case is walked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod kit;

use kit::joins::{self, Objects};
use kit::render::{Rendered, all, each};
use kit::restricted::list;
use openclaw::names;
use serde_json::{Value, json};

fn objects(rendered: &Rendered) -> Vec<Value> {
    rendered.manifests.iter().map(|manifest| manifest.value.clone()).collect()
}

/// Walks every rendered case.
fn none(join: fn(&Objects) -> Vec<String>) {
    each(|r| assert_eq!(join(&Objects::of(&objects(r))), [""; 0], "{}", r.case));
}

#[test]
fn selectors_match_the_pod_and_the_service() {
    none(joins::selectors);
}

#[test]
fn ports_of_the_service_lead_to_something_that_listens_and_is_admitted() {
    none(joins::service_ports);
}

#[test]
fn the_port_of_the_metrics_is_admitted_where_somebody_is_named_for_it() {
    each(|r| {
        let objects = objects(r);
        let ports = list(&r.object("Service").unwrap()["spec"]["ports"]);
        let metrics = ports.filter(|port| port["name"] == names::PORT_NAME_METRICS);
        let set = r.object("StatefulSet").unwrap();
        let Some(admitted) = joins::admitted(&Objects::of(&objects), set) else { return };
        for port in metrics {
            let monitored = !r.settings.cluster.monitoring_namespaces.is_empty();
            let target = port["targetPort"].as_i64().unwrap();
            assert_eq!(admitted.contains(&target), monitored, "{}: {port}", r.case);
        }
    });
}

#[test]
fn routes_and_monitors_name_ports_of_the_service() {
    none(joins::routes);
}

#[test]
fn every_mount_has_its_volume_and_every_volume_of_ours_is_mounted() {
    none(joins::volumes);
}

#[test]
fn names_inside_the_pod_are_unique_and_resolve() {
    none(joins::names_inside);
}

#[test]
fn config_maps_hold_the_keys_that_are_read() {
    none(joins::keys);
    none(joins::existing);
}

#[test]
fn the_controller_may_read_exactly_what_the_pod_and_the_ingress_name() {
    none(joins::rights);
    each(|r| {
        let name = names::controller_role(&r.instance.name);
        let is_watched = r.settings.cluster.controller().is_some();
        assert_eq!(r.named("Role", &name).is_some(), is_watched, "{}", r.case);
        assert_eq!(r.object("OpenClawInstance").is_some(), is_watched, "{}", r.case);
    });
}
