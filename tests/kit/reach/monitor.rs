//! What Prometheus finds by a ServiceMonitor.

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::selector::selects;
use super::{Cluster, Party, Verdict, namespace_of, service, typed};

impl Cluster {
    /// The Services that a ServiceMonitor selects: of its own namespace, unless it names others.
    pub fn monitored(&self, monitor: &Value) -> Vec<Service> {
        let selector: LabelSelector = typed(&monitor["spec"]["selector"]);
        let names = &monitor["spec"]["namespaceSelector"];
        let named: Vec<&str> = names["matchNames"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let is_meant = |namespace: &str| {
            names["any"] == true
                || named.contains(&namespace)
                || (named.is_empty() && namespace == namespace_of(monitor))
        };
        let services = self.objects.iter().filter(|o| o["kind"] == "Service");
        let services = services.filter(|o| is_meant(namespace_of(o))).map(typed::<Service>);
        let labels = |s: &Service| s.metadata.labels.clone().unwrap_or_default();
        services.filter(|s| selects(&selector, &labels(s))).collect()
    }

    /// Whether `from` can scrape every endpoint of a ServiceMonitor.
    pub fn scrape(&self, from: &Party, monitor: &Value) -> Verdict {
        let services = self.monitored(monitor);
        let [only] = services.as_slice() else {
            return Verdict::no(format!("it selects {} Services", services.len()));
        };
        let endpoints = monitor["spec"]["endpoints"].as_array();
        let mut last = Verdict::no("no endpoint");
        for endpoint in endpoints.into_iter().flatten() {
            let name = endpoint["port"].as_str().unwrap_or_default();
            let Some(port) = service::port(only, &IntOrString::String(name.to_owned())) else {
                return Verdict::no(format!("the Service has no port {name}"));
            };
            last = self.through(from, only, port);
            if !last.yes {
                return last;
            }
        }
        last
    }
}
