//! From a port of a Service to the containers behind it.

use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::selector::selects;
use super::{Cluster, Party, Pod, Verdict, number};

/// Where a port of a Service leads.
#[derive(Clone, Debug)]
pub struct Endpoint<'a> {
    pub pod: &'a Pod,
    pub port: u16,
    pub protocol: String,
}

impl Endpoint<'_> {
    /// Whether a container says that it listens there.
    pub fn listens(&self) -> Verdict {
        match self.pod.listener(self.port, &self.protocol) {
            Some(name) => {
                Verdict::yes(format!("{} {} of container {name}", self.protocol, self.port))
            }
            None => Verdict::no(format!("no container listens on {} {}", self.protocol, self.port)),
        }
    }
}

impl Cluster {
    pub fn service(&self, namespace: &str, name: &str) -> Option<Service> {
        self.object("Service", namespace, name).map(super::typed)
    }

    /// The Services of a namespace that select a Pod.
    pub fn services_of(&self, pod: &Pod) -> Vec<Service> {
        let mut services: Vec<Service> = self.all("Service", &pod.namespace);
        services.retain(|service| selected(service, pod));
        services
    }

    /// Where a port of a Service leads; nowhere without a selector or a Pod.
    pub fn endpoints(&self, service: &Service, port: &ServicePort) -> Vec<Endpoint<'_>> {
        let namespace = service.metadata.namespace.as_deref().unwrap_or("default");
        let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
        let pods = self.pods.iter().filter(|p| p.namespace == namespace && selected(service, p));
        pods.flat_map(|pod| {
            let targets = match &port.target_port {
                None => vec![number(port.port)],
                Some(IntOrString::Int(target)) => vec![number(*target)],
                Some(IntOrString::String(name)) => pod.named(name, &protocol),
            };
            let protocol = protocol.clone();
            targets.into_iter().map(move |port| Endpoint { pod, port, protocol: protocol.clone() })
        })
        .collect()
    }

    /// Whether `from` gets through a port of a Service to a container that listens.
    pub fn through(&self, from: &Party, service: &Service, port: &ServicePort) -> Verdict {
        let endpoints = self.endpoints(service, port);
        let Some(first) = endpoints.first() else {
            return Verdict::no("no Pod stands behind the Service");
        };
        let mut last = Verdict::no("");
        for endpoint in &endpoints {
            let listens = endpoint.listens();
            if !listens.yes {
                return listens;
            }
            let to = Party::Pod(endpoint.pod);
            last = self.may_reach(from, &to, endpoint.port, &endpoint.protocol);
            if !last.yes {
                return last;
            }
        }
        Verdict::yes(format!("{} -> {}; {}", port.port, first.port, last.why))
    }
}

/// A port of a Service by number or name.
pub fn port<'a>(service: &'a Service, wanted: &IntOrString) -> Option<&'a ServicePort> {
    let ports = service.spec.as_ref()?.ports.as_ref()?;
    ports.iter().find(|p| match wanted {
        IntOrString::Int(number) => p.port == *number,
        IntOrString::String(name) => p.name.as_ref() == Some(name),
    })
}

fn selected(service: &Service, pod: &Pod) -> bool {
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.clone());
    // A Service without selector has the endpoints that somebody writes.
    selector.filter(|labels| !labels.is_empty()).is_some_and(|labels| {
        selects(&LabelSelector { match_labels: Some(labels), ..Default::default() }, &pod.labels)
    })
}
