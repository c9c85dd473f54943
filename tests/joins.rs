//! What one object names, another one has: ports, selectors, volumes, keys, rights. A broken join
//! renders without a word and fails in the cluster, so every rendered case is walked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod kit;

use std::collections::BTreeSet;

use kit::render::{Rendered, each, is_subset, texts};
use kit::restricted::{containers, list};
use openclaw::names;
use serde_json::Value;

/// Ports that a container declares, and those that the user says somebody listens on.
fn listening(rendered: &Rendered) -> BTreeSet<i64> {
    let declared = rendered.containers().into_iter().flat_map(|c| list(&c["ports"]));
    let declared = declared.filter_map(|port| port["containerPort"].as_i64());
    let service = rendered.instance.object.as_ref().map(|o| &o.spec["networking"]["service"]);
    let own = service.into_iter().flat_map(|service| list(&service["ports"]));
    let own = own.filter_map(|p| p.get("targetPort").unwrap_or(&p["port"]).as_i64());
    declared.chain(own).collect()
}

#[test]
fn selectors_match_the_pod_and_the_service() {
    each(|r| {
        let pod = &r.object("StatefulSet").unwrap()["spec"]["template"]["metadata"]["labels"];
        let service = r.object("Service").unwrap();
        assert!(is_subset(&service["spec"]["selector"], pod), "{}", r.case);
        for kind in ["StatefulSet", "PodDisruptionBudget"] {
            if let Some(object) = r.object(kind) {
                assert!(is_subset(&object["spec"]["selector"]["matchLabels"], pod), "{}", r.case);
            }
        }
        if let Some(policy) = r.object("NetworkPolicy") {
            assert!(is_subset(&policy["spec"]["podSelector"]["matchLabels"], pod), "{}", r.case);
        }
        if let Some(monitor) = r.object("ServiceMonitor") {
            let labels = &service["metadata"]["labels"];
            assert!(is_subset(&monitor["spec"]["selector"]["matchLabels"], labels), "{}", r.case);
        }
    });
}

#[test]
fn ports_of_the_service_lead_to_something_that_listens_and_is_admitted() {
    each(|r| {
        let listening = listening(r);
        let admitted: BTreeSet<i64> = r
            .object("NetworkPolicy")
            .into_iter()
            .flat_map(|policy| list(&policy["spec"]["ingress"]))
            .flat_map(|rule| list(&rule["ports"]))
            .filter_map(|port| port["port"].as_i64())
            .collect();
        for port in list(&r.object("Service").unwrap()["spec"]["ports"]) {
            let target = port["targetPort"].as_i64().unwrap();
            assert!(listening.contains(&target), "{}: {port}", r.case);
            let metrics = port["name"] == names::PORT_NAME_METRICS;
            let monitored = !r.settings.cluster.monitoring_namespaces.is_empty();
            if r.object("NetworkPolicy").is_some() && (!metrics || monitored) {
                assert!(admitted.contains(&target), "{}: {port}", r.case);
            }
        }
    });
}

#[test]
fn routes_and_monitors_name_ports_of_the_service() {
    each(|r| {
        let ports = &r.object("Service").unwrap()["spec"]["ports"];
        let numbers: BTreeSet<i64> = list(ports).filter_map(|p| p["port"].as_i64()).collect();
        let named: BTreeSet<&str> = list(ports).filter_map(|p| p["name"].as_str()).collect();
        if let Some(ingress) = r.object("Ingress") {
            for rule in list(&ingress["spec"]["rules"]) {
                for path in list(&rule["http"]["paths"]) {
                    let backend = &path["backend"]["service"];
                    assert_eq!(backend["name"], r.instance.name.as_str(), "{}", r.case);
                    let number = backend["port"]["number"].as_i64().unwrap();
                    assert!(numbers.contains(&number), "{}", r.case);
                }
            }
            let annotations = &ingress["metadata"]["annotations"];
            let wanted = annotations["traefik.ingress.kubernetes.io/router.middlewares"].as_str();
            let rendered: Vec<String> = r
                .manifests
                .iter()
                .filter(|m| m.kind == "Middleware")
                .map(|m| format!("{}-{}@kubernetescrd", m.namespace, m.name))
                .collect();
            let wanted: Vec<&str> = wanted.into_iter().flat_map(|text| text.split(',')).collect();
            assert_eq!(wanted, rendered, "{}", r.case);
        }
        for rule in r.object("HTTPRoute").into_iter().flat_map(|o| list(&o["spec"]["rules"])) {
            for backend in list(&rule["backendRefs"]) {
                assert!(numbers.contains(&backend["port"].as_i64().unwrap()), "{}", r.case);
            }
        }
        for endpoint in
            r.object("ServiceMonitor").into_iter().flat_map(|o| list(&o["spec"]["endpoints"]))
        {
            assert!(named.contains(endpoint["port"].as_str().unwrap()), "{}", r.case);
        }
    });
}

#[test]
fn every_mount_has_its_volume_and_every_volume_of_ours_is_mounted() {
    each(|r| {
        let volumes: BTreeSet<String> =
            list(&r.pod()["volumes"]).map(|v| v["name"].as_str().unwrap().to_owned()).collect();
        let count = list(&r.pod()["volumes"]).count();
        assert_eq!(volumes.len(), count, "{}: a volume is there twice", r.case);
        let mut mounted = BTreeSet::new();
        for container in r.containers() {
            let mut paths = BTreeSet::new();
            for mount in list(&container["volumeMounts"]) {
                let name = mount["name"].as_str().unwrap();
                assert!(volumes.contains(name), "{}: {name}", r.case);
                assert!(paths.insert(mount["mountPath"].as_str().unwrap()), "{}: {mount}", r.case);
                mounted.insert(name.to_owned());
            }
        }
        for volume in names::VOLUMES.iter().filter(|name| volumes.contains(**name)) {
            assert!(mounted.contains(*volume), "{}: {volume}", r.case);
        }
    });
}

#[test]
fn names_inside_the_pod_are_unique_and_resolve() {
    each(|r| {
        let mut names = BTreeSet::new();
        let mut ports = BTreeSet::new();
        for container in r.containers() {
            let name = container["name"].as_str().unwrap();
            assert!(names.insert(name), "{}: {name} is there twice", r.case);
            let mut variables = BTreeSet::new();
            for variable in list(&container["env"]) {
                let variable = variable["name"].as_str().unwrap();
                assert!(variables.insert(variable), "{}: {name}: {variable}", r.case);
            }
            let mut named = BTreeSet::new();
            for port in list(&container["ports"]) {
                assert!(ports.insert(port["containerPort"].as_i64()), "{}: {port}", r.case);
                named.insert(port["name"].as_str());
            }
            for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
                let port = container[probe]["httpGet"]["port"].as_str();
                assert!(port.is_none() || named.contains(&port), "{}: {name} {probe}", r.case);
            }
        }
    });
}

#[test]
fn config_maps_hold_the_keys_that_are_read() {
    each(|r| {
        let config = r.named("ConfigMap", &r.instance.config.name).unwrap();
        let data = config["data"].as_object().unwrap();
        for container in r.containers() {
            for word in list(&container["args"]).chain(list(&container["command"])) {
                let script = word.as_str().unwrap().strip_prefix("/etc/openclaw/");
                if let Some(script) = script {
                    assert!(data.contains_key(script), "{}: {script}", r.case);
                }
            }
        }
        for volume in list(&r.pod()["volumes"]) {
            if volume["configMap"]["name"] != r.instance.config.name.as_str() {
                continue;
            }
            for item in list(&volume["configMap"]["items"]) {
                assert!(data.contains_key(item["key"].as_str().unwrap()), "{}: {item}", r.case);
            }
        }
        let init: Value = serde_json::from_str(data["init.json"].as_str().unwrap()).unwrap();
        let source = init["config"]["source"].as_str().unwrap();
        if let Some(key) = source.strip_prefix("/etc/openclaw/") {
            assert!(data.contains_key(key), "{}: {source}", r.case);
        }
        for file in list(&init["workspace"]["files"]) {
            let from = file["from"].as_str().unwrap();
            let key = from.strip_prefix("/etc/openclaw-workspace/").unwrap();
            let workspace = r.instance.workspace.as_ref().unwrap();
            assert!(workspace.data.contains_key(key), "{}: {from}", r.case);
        }
        for (key, text) in data {
            for import in text.as_str().unwrap().lines().filter_map(|l| l.split_once("from './")) {
                let name = import.1.split('\'').next().unwrap();
                assert!(data.contains_key(name), "{}: {key} imports {name}", r.case);
            }
        }
    });
}

/// Secrets and ConfigMaps that a Pod names, field by field.
fn named(pod: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut secrets: Vec<&Value> = list(&pod["imagePullSecrets"]).map(|s| &s["name"]).collect();
    let mut config_maps: Vec<&Value> = Vec::new();
    for volume in list(&pod["volumes"]) {
        secrets.push(&volume["secret"]["secretName"]);
        secrets.push(&volume["csi"]["nodePublishSecretRef"]["name"]);
        config_maps.push(&volume["configMap"]["name"]);
        for source in list(&volume["projected"]["sources"]) {
            secrets.push(&source["secret"]["name"]);
            config_maps.push(&source["configMap"]["name"]);
        }
    }
    for container in containers(pod) {
        for env in list(&container["env"]) {
            secrets.push(&env["valueFrom"]["secretKeyRef"]["name"]);
            config_maps.push(&env["valueFrom"]["configMapKeyRef"]["name"]);
        }
        for source in list(&container["envFrom"]) {
            secrets.push(&source["secretRef"]["name"]);
            config_maps.push(&source["configMapRef"]["name"]);
        }
    }
    [secrets, config_maps]
        .map(|names| names.into_iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .into()
}

#[test]
fn the_controller_may_read_exactly_what_the_pod_and_the_ingress_name() {
    each(|r| {
        let name = names::controller_role(&r.instance.name);
        let Some(role) = r.named("Role", &name) else {
            assert!(r.settings.cluster.controller().is_none(), "{}", r.case);
            assert!(r.object("OpenClawInstance").is_none(), "{}", r.case);
            return;
        };
        let (mut secrets, mut config_maps) = named(r.pod());
        let tls = r.object("Ingress").into_iter().flat_map(|o| list(&o["spec"]["tls"]));
        secrets.extend(tls.filter_map(|t| t["secretName"].as_str()).map(str::to_owned));
        secrets.insert("b2-backup-credentials".to_owned());
        for manifest in r.manifests.iter().filter(|m| m.kind == "ConfigMap") {
            config_maps.remove(&manifest.name);
        }
        let of = |resource: &str| -> BTreeSet<String> {
            let rules = list(&role["rules"]);
            rules
                .filter(|rule| rule["resources"][0] == resource)
                .flat_map(|rule| texts(&rule["resourceNames"]))
                .collect()
        };
        assert_eq!(of("secrets"), secrets, "{}", r.case);
        assert_eq!(of("configmaps"), config_maps, "{}", r.case);
        assert!(list(&role["rules"]).all(|rule| list(&rule["resourceNames"]).count() > 0));
    });
}
