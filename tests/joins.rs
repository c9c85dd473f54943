//! What one object names, another one has: ports, selectors, volumes, keys, rights. A broken join
//! renders without a word and fails in the cluster, so every rendered case is walked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod kit;

use kit::joins::{self, Objects};
use kit::render::{self, Rendered, each};
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

/// The objects of an example.
fn example(name: &str) -> Vec<Value> {
    let path = kit::root().join("examples").join(name);
    render::file(name, &path).iter().flat_map(objects).collect()
}

#[test]
fn a_broken_join_is_found_by_its_name() {
    let table: Value = serde_yaml::from_str(include_str!("joins/planted.yaml")).unwrap();
    for group in table.as_array().unwrap() {
        let good = example(group["example"].as_str().unwrap());
        assert_eq!(joins::check(&good), [""; 0]);
        for row in group["planted"].as_array().unwrap() {
            let mut objects = good.clone();
            let object = objects.iter_mut().find(|object| joins::title(object) == row["in"]);
            kit::change(object.unwrap(), row["at"].as_str().unwrap(), row.get("put").cloned());
            let found = joins::check(&objects);
            let expected = row["found"].as_str().unwrap();
            assert!(found.iter().any(|line| line == expected), "{row}: {found:?}");
        }
    }
}

/// The objects with the UIDs of a cluster, and what people make there.
fn live() -> Vec<Value> {
    let mut objects = example("quickstart.yaml");
    for (kind, name, data) in [
        ("Secret", "openclaw-api-keys", json!({"ANTHROPIC_API_KEY": "eA=="})),
        ("Secret", "my-agent-gateway-token", json!({"token": "eA=="})),
        ("Secret", "unrelated", json!({})),
    ] {
        let metadata = json!({"name": name, "namespace": "default"});
        objects.push(json!({"kind": kind, "metadata": metadata, "data": data}));
    }
    for object in &mut objects {
        object["metadata"]["uid"] = json!("0b1e7a52-0000-4000-8000-000000000000");
    }
    objects
}

#[test]
fn what_a_pod_of_a_cluster_names_is_there_with_its_keys() {
    let list = [json!({"kind": "List", "items": live()})];
    assert_eq!(joins::check(&list), [""; 0]);
    let without = |kind: &str, name: &str| {
        let mut objects = live();
        objects.retain(|o| o["kind"] != kind || o["metadata"]["name"] != name);
        joins::check(&objects)
    };
    let found = |what: &str| [format!("StatefulSet my-agent: there is no {what}")];
    assert_eq!(without("Secret", "openclaw-api-keys"), found("Secret openclaw-api-keys"));
    assert_eq!(without("ServiceAccount", "my-agent"), found("ServiceAccount my-agent"));
    let claim = without("PersistentVolumeClaim", "my-agent-data");
    assert_eq!(claim, found("PersistentVolumeClaim my-agent-data"));
    let mut objects = live();
    let token = objects.iter_mut().find(|o| o["metadata"]["name"] == "my-agent-gateway-token");
    token.unwrap()["data"] = json!({"password": "eA=="});
    let expected = ["StatefulSet my-agent: Secret my-agent-gateway-token has no key token"];
    assert_eq!(joins::check(&objects), expected);
}
