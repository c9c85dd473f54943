//! What one object names, another one has: ports, selectors, volumes, keys, rights.
//!
//! [`check`] takes rendered objects and objects of a cluster alike. Of what we render only what is
//! ours is walked. Where the objects bear a UID they are live, and then everything that a Pod
//! names is expected among them, Secrets included; a renderer has none of those.

mod inside;
mod rights;

use std::collections::BTreeSet;

use openclaw::names;
use serde_json::Value;

use super::reach::{flat, namespace_of};
use super::restricted::list;

pub use inside::{existing, keys, named, names_inside, volumes};
pub use rights::rights;

/// The objects of one run or of one cluster.
pub struct Objects(Vec<Value>);

/// One kind of join: what is broken, one line each.
type Join = fn(&Objects) -> Vec<String>;

const JOINS: [Join; 8] =
    [selectors, service_ports, routes, volumes, names_inside, keys, existing, rights];

/// Returns every join that does not hold.
pub fn check(objects: &[Value]) -> Vec<String> {
    let objects = Objects::of(objects);
    JOINS.iter().flat_map(|join| join(&objects)).collect()
}

impl Objects {
    /// Takes Lists apart.
    pub fn of(objects: &[Value]) -> Self {
        Self(flat(objects.to_vec()))
    }

    /// Every object of a kind that we render.
    pub fn ours(&self, kind: &str) -> impl Iterator<Item = &Value> {
        let label = |o: &Value| o["metadata"]["labels"][names::LABEL_MANAGED_BY].clone();
        self.all(kind).filter(move |o| label(o) == names::MANAGED_BY)
    }

    pub fn all(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |o| o["kind"] == kind)
    }

    /// The object of a kind and name beside another one.
    pub fn beside(&self, other: &Value, kind: &str, name: &str) -> Option<&Value> {
        self.all(kind)
            .find(|o| o["metadata"]["name"] == name && namespace_of(o) == namespace_of(other))
    }

    /// The StatefulSets, with the template of their Pod.
    pub fn sets(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.ours("StatefulSet").map(|set| (set, &set["spec"]["template"]))
    }

    /// The StatefulSets beside an object whose Pods a selector takes.
    fn selected(&self, other: &Value, selector: &Value) -> Vec<&Value> {
        let mut found: Vec<&Value> = Vec::new();
        for (set, template) in self.sets() {
            let is_here = namespace_of(set) == namespace_of(other);
            if is_here && is_subset(selector, &template["metadata"]["labels"]) {
                found.push(set);
            }
        }
        found
    }
}

/// How an object is named in a line.
pub fn title(object: &Value) -> String {
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    format!("{} {name}", object["kind"].as_str().unwrap_or_default())
}

/// Whether something has every label of a selector, which must say something.
fn is_subset(selector: &Value, labels: &Value) -> bool {
    let wanted = selector.as_object().filter(|wanted| !wanted.is_empty());
    wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

/// Every selector takes the Pods of exactly one StatefulSet, and a ServiceMonitor one Service.
pub fn selectors(objects: &Objects) -> Vec<String> {
    let mut broken = Vec::new();
    let places = [
        ("Service", "/spec/selector"),
        ("StatefulSet", "/spec/selector/matchLabels"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
    ];
    for (kind, at) in places {
        for object in objects.ours(kind) {
            let selector = object.pointer(at).unwrap_or(&Value::Null);
            let found = objects.selected(object, selector).len();
            if found != 1 {
                broken.push(format!("{}: it selects the Pods of {found} sets", title(object)));
            }
        }
    }
    for monitor in objects.ours("ServiceMonitor") {
        let found = monitored(objects, monitor).len();
        if found != 1 {
            broken.push(format!("{}: it selects {found} Services", title(monitor)));
        }
    }
    for (set, _) in objects.sets() {
        let name = set["spec"]["serviceName"].as_str().unwrap_or_default();
        if objects.beside(set, "Service", name).is_none() {
            broken.push(format!("{}: there is no Service {name}", title(set)));
        }
    }
    broken
}

fn monitored<'a>(objects: &'a Objects, monitor: &Value) -> Vec<&'a Value> {
    let selector = &monitor["spec"]["selector"]["matchLabels"];
    let services = objects.ours("Service");
    let here = services.filter(|service| namespace_of(service) == namespace_of(monitor));
    here.filter(|service| is_subset(selector, &service["metadata"]["labels"])).collect()
}

/// Ports that a container of a Pod declares, and those that the user says somebody listens on.
fn listening(objects: &Objects, set: &Value) -> BTreeSet<i64> {
    let declared = inside::containers(&set["spec"]["template"]["spec"]);
    let declared = declared.flat_map(|container| list(&container["ports"]));
    let declared = declared.filter_map(|port| port["containerPort"].as_i64());
    let name = set["metadata"]["name"].as_str().unwrap_or_default();
    let instance = objects.beside(set, names::KIND, name);
    let own = instance.into_iter().flat_map(|i| list(&i["spec"]["networking"]["service"]["ports"]));
    let own = own.filter_map(|p| p.get("targetPort").unwrap_or(&p["port"]).as_i64());
    declared.chain(own).collect()
}

/// Ports that some rule of the NetworkPolicies of a Pod admits; none where there is no policy.
pub fn admitted(objects: &Objects, set: &Value) -> Option<BTreeSet<i64>> {
    let labels = &set["spec"]["template"]["metadata"]["labels"];
    let policies = objects.ours("NetworkPolicy").filter(|policy| {
        namespace_of(policy) == namespace_of(set)
            && is_subset(&policy["spec"]["podSelector"]["matchLabels"], labels)
    });
    let mut found = None;
    for policy in policies {
        let rules = list(&policy["spec"]["ingress"]).flat_map(|rule| list(&rule["ports"]));
        let ports: &mut BTreeSet<i64> = found.get_or_insert_default();
        ports.extend(rules.filter_map(|port| port["port"].as_i64()));
    }
    found
}

/// Every port of a Service leads to something that listens and is admitted. The port of the metrics
/// may be closed: nobody needs to be let in to it.
pub fn service_ports(objects: &Objects) -> Vec<String> {
    let mut broken = Vec::new();
    for service in objects.ours("Service") {
        for set in objects.selected(service, &service["spec"]["selector"]) {
            let (listening, admitted) = (listening(objects, set), admitted(objects, set));
            for port in list(&service["spec"]["ports"]) {
                let target = port["targetPort"].as_i64().unwrap_or_default();
                if !listening.contains(&target) {
                    broken.push(format!("{}: nobody listens on {target}", title(service)));
                }
                let is_closed = admitted.as_ref().is_some_and(|ports| !ports.contains(&target));
                if is_closed && port["name"] != names::PORT_NAME_METRICS {
                    broken.push(format!("{}: no policy admits {target}", title(service)));
                }
            }
        }
    }
    broken
}

/// Whether a Service beside an object has a port, by number or by name.
fn has_port(objects: &Objects, other: &Value, service: &Value, port: &Value) -> bool {
    let service = objects.beside(other, "Service", service.as_str().unwrap_or_default());
    service.is_some_and(|service| {
        list(&service["spec"]["ports"]).any(|p| p["port"] == *port || p["name"] == *port)
    })
}

/// Every route and every monitor names a port of a Service, and an Ingress of Traefik exactly the
/// Middlewares that are there.
pub fn routes(objects: &Objects) -> Vec<String> {
    let mut broken = Vec::new();
    for ingress in objects.ours("Ingress") {
        let rules = list(&ingress["spec"]["rules"]);
        for path in rules.flat_map(|rule| list(&rule["http"]["paths"])) {
            let backend = &path["backend"]["service"];
            let port = backend["port"].get("number").unwrap_or(&backend["port"]["name"]);
            if !has_port(objects, ingress, &backend["name"], port) {
                broken.push(format!("{}: no Service has {backend}", title(ingress)));
            }
        }
        broken.extend(middlewares(objects, ingress));
    }
    for route in objects.ours("HTTPRoute") {
        let rules = list(&route["spec"]["rules"]);
        for backend in rules.flat_map(|rule| list(&rule["backendRefs"])) {
            if !has_port(objects, route, &backend["name"], &backend["port"]) {
                broken.push(format!("{}: no Service has {backend}", title(route)));
            }
        }
    }
    for monitor in objects.ours("ServiceMonitor") {
        for service in monitored(objects, monitor) {
            for endpoint in list(&monitor["spec"]["endpoints"]) {
                let port = &endpoint["port"];
                if !has_port(objects, monitor, &service["metadata"]["name"], port) {
                    broken.push(format!("{}: the Service has no port {port}", title(monitor)));
                }
            }
        }
    }
    broken
}

fn middlewares(objects: &Objects, ingress: &Value) -> Option<String> {
    let annotations = &ingress["metadata"]["annotations"];
    let wanted = annotations["traefik.ingress.kubernetes.io/router.middlewares"].as_str();
    let wanted: BTreeSet<String> =
        wanted.into_iter().flat_map(|text| text.split(',')).map(str::to_owned).collect();
    let instance = &ingress["metadata"]["labels"][names::LABEL_INSTANCE];
    let there = objects.ours("Middleware").filter(|middleware| {
        namespace_of(middleware) == namespace_of(ingress)
            && middleware["metadata"]["labels"][names::LABEL_INSTANCE] == *instance
    });
    let there: BTreeSet<String> = there
        .map(|m| {
            let name = m["metadata"]["name"].as_str().unwrap_or_default();
            format!("{}-{name}@kubernetescrd", namespace_of(m))
        })
        .collect();
    (wanted != there).then(|| format!("{}: wants {wanted:?}, there is {there:?}", title(ingress)))
}
