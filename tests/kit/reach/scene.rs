//! An agent in its world, and the parts that questions are put together from.

use k8s_openapi::api::core::v1::{Container, Service, ServicePort};
use k8s_openapi::api::networking::v1::Ingress;

use super::controllers::Meaning;
use super::questions::{Answer, GATEWAY};
use super::world::{self, node, outside};
use super::{Cluster, Party, Pod, Verdict, namespace_of, text, typed, web};

/// An agent in its world.
pub struct Scene<'a> {
    pub cluster: &'a Cluster,
    pub agent: &'a Pod,
}

impl Scene<'_> {
    pub fn me(&self) -> Party<'_> {
        Party::Pod(self.agent)
    }

    pub fn home(&self) -> String {
        self.agent.namespace.clone()
    }

    pub fn other(&self, space: &str, name: &str) -> Party<'_> {
        Party::Pod(self.cluster.pod(space, name))
    }

    pub fn ask(&self, from: &Party, to: &Party, port: u16, protocol: &str) -> Answer {
        self.cluster.may_reach(from, to, port, protocol).into()
    }

    pub fn from(&self, space: &str, name: &str, port: u16) -> Answer {
        self.ask(&self.other(space, name), &self.me(), port, "TCP")
    }

    pub fn to(&self, address: &str, port: u16, protocol: &str) -> Answer {
        self.ask(&self.me(), &outside(address), port, protocol)
    }

    pub fn to_pod(&self, space: &str, name: &str, port: u16, protocol: &str) -> Answer {
        self.ask(&self.me(), &self.other(space, name), port, protocol)
    }

    /// Everybody around the agent who reaches one of these ports, Prometheus and the agent's own
    /// node left out: nothing keeps a node from its Pods.
    pub fn anybody(&self, ports: &[u16]) -> Answer {
        let mut found = Vec::new();
        for pod in &self.cluster.pods {
            let is_left_out = pod.namespace == "monitoring" || pod.name == self.agent.name;
            let reaches = |port: &&u16| {
                let from = Party::Pod(pod);
                self.cluster.may_reach(&from, &self.me(), **port, "TCP").yes
            };
            if let Some(port) = ports.iter().find(reaches).filter(|_| !is_left_out) {
                found.push(format!("{}/{} {port}", pod.namespace, pod.name));
            }
        }
        for from in [node(1), outside("203.0.113.7"), outside("10.0.1.5"), outside("2001:db8::7")] {
            for port in ports {
                if self.cluster.may_reach(&from, &self.me(), *port, "TCP").yes {
                    found.push(format!("{from:?} {port}"));
                }
            }
        }
        if found.is_empty() {
            Answer::No("nobody".to_owned())
        } else {
            Answer::Yes(found.join(", "))
        }
    }

    /// The other agents of its namespace, asked about the gateway.
    pub fn siblings(&self) -> Answer {
        let others = self.cluster.pods.iter().filter(|pod| {
            pod.namespace == self.agent.namespace
                && pod.name != self.agent.name
                && world::is_agent(pod)
        });
        let mut found =
            others.map(|pod| self.cluster.may_reach(&Party::Pod(pod), &self.me(), GATEWAY, "TCP"));
        Answer::of(found.next_back())
    }

    pub fn container(&self, name: &str) -> Option<&Container> {
        self.agent.running().find(|c| c.name == name)
    }

    pub fn metrics(&self) -> Option<u16> {
        self.agent.named("metrics", "TCP").first().copied()
    }

    /// A port that is declared and is neither the gateway's nor the collector's.
    pub fn sidecar(&self) -> Option<u16> {
        let ports = self.agent.running().flat_map(|c| c.ports.iter().flatten());
        let numbers = ports.map(|p| super::number(p.container_port));
        numbers.into_iter().find(|port| *port != GATEWAY && Some(*port) != self.metrics())
    }

    /// The Service that instances have: the one with the agent's instance as its name.
    pub fn service(&self) -> Option<Service> {
        self.cluster.service(&self.agent.namespace, world::instance(self.agent))
    }

    /// Every HTTP probe of the Pod, asked from its own node.
    pub fn probes(&self) -> Answer {
        let mut last = Answer::Absent;
        for container in self.agent.running() {
            let probes = [&container.liveness_probe, &container.readiness_probe];
            let probes = probes.into_iter().chain([&container.startup_probe]).flatten();
            for get in probes.filter_map(|probe| probe.http_get.as_ref()) {
                let Some(port) = super::target(&get.port, self.agent) else {
                    return Answer::No(format!("no port {:?}", get.port));
                };
                if self.agent.listener(port, "TCP").is_none() {
                    return Answer::No(format!("nobody listens on {port}"));
                }
                last = self.ask(&world::own_node(self.agent), &self.me(), port, "TCP");
                if last.word() != "yes" {
                    return last;
                }
            }
        }
        last
    }

    /// Where a port of the Service leads, asked without any policy.
    pub fn service_port(&self, name: &str) -> Answer {
        let Some(service) = self.service() else { return Answer::Absent };
        let ports = service.spec.iter().flat_map(|spec| spec.ports.iter().flatten());
        let port = ports.into_iter().find(|port| port.name.as_deref() == Some(name));
        Answer::of(port.map(|port| self.leads(&service, port)))
    }

    pub fn leads(&self, service: &Service, port: &ServicePort) -> Verdict {
        let endpoints = self.cluster.endpoints(service, port);
        let mine = endpoints.iter().find(|endpoint| endpoint.pod.name == self.agent.name);
        let only = endpoints.len() == 1;
        match mine.filter(|_| only) {
            Some(endpoint) => endpoint.listens(),
            None => Verdict::no(format!("{} Pods stand behind the Service", endpoints.len())),
        }
    }

    pub fn every_service_port(&self) -> Answer {
        let Some(service) = self.service() else { return Answer::Absent };
        let ports: Vec<_> =
            service.spec.iter().flat_map(|spec| spec.ports.iter().flatten()).collect();
        let verdicts: Vec<Verdict> = ports.iter().map(|port| self.leads(&service, port)).collect();
        if let Some(bad) = verdicts.iter().find(|verdict| !verdict.yes) {
            return bad.clone().into();
        }
        Answer::Yes(ports.iter().map(|p| p.port.to_string()).collect::<Vec<_>>().join(", "))
    }

    pub fn browser(&self) -> Option<Verdict> {
        let container = self.container("chromium")?;
        if container.ports.iter().flatten().next().is_some() {
            return Some(Verdict::no("it declares a port"));
        }
        let args = container.args.iter().flatten();
        let args = args.filter(|arg| *arg == "--remote-debugging-address=127.0.0.1");
        let hosts = container
            .env
            .iter()
            .flatten()
            .filter(|e| e.name == "HOST" && e.value.as_deref() == Some("127.0.0.1"));
        let said = args.map(String::clone).chain(hosts.map(|_| "HOST=127.0.0.1".to_owned())).next();
        Some(said.map_or(Verdict::no("it may listen on every address"), Verdict::yes))
    }

    pub fn ingress(&self) -> Option<Ingress> {
        let name = world::instance(self.agent);
        self.cluster.object("Ingress", &self.agent.namespace, name).map(typed)
    }

    /// Asks about every host of the Ingress.
    pub fn by_ingress(&self, ask: fn(&Self, &Ingress, &str) -> Verdict) -> Answer {
        let Some(ingress) = self.ingress() else { return Answer::Absent };
        let rules = ingress.spec.iter().flat_map(|spec| spec.rules.iter().flatten());
        let hosts = rules.filter_map(|rule| rule.host.clone());
        let mut last = Answer::No("no host".to_owned());
        for host in hosts {
            last = ask(self, &ingress, &host).into();
            if last.word() != "yes" {
                return last;
            }
        }
        last
    }

    /// A request by HTTPS through the controller of the class.
    pub fn https(&self, ingress: &Ingress, host: &str, path: &str) -> Verdict {
        let class = ingress.spec.as_ref().and_then(|spec| spec.ingress_class_name.as_deref());
        let space = match class {
            Some("nginx") => "ingress-nginx",
            Some("traefik") => "traefik",
            other => return Verdict::no(format!("no controller for the class {other:?}")),
        };
        let routed = self.cluster.by_ingress(&self.other(space, "controller"), ingress, host, path);
        let tls = web::covered(ingress, host);
        if routed.yes && !tls.yes { tls } else { routed }
    }

    /// What the annotations give; nothing is a no.
    pub fn meaning(&self, part: fn(&Meaning) -> Option<String>) -> Answer {
        let Some(ingress) = self.ingress() else { return Answer::Absent };
        match self.cluster.meaning(&ingress) {
            Ok(meaning) => part(&meaning).map_or(Answer::No(String::new()), Answer::Yes),
            Err(wrong) => Answer::No(wrong.join("; ")),
        }
    }

    /// A request through the proxy of each parent, for the first hostname or another one.
    pub fn by_route(&self, host: Option<&str>) -> Answer {
        let name = world::instance(self.agent);
        let Some(route) = self.cluster.object("HTTPRoute", &self.agent.namespace, name) else {
            return Answer::Absent;
        };
        let own = text(&route["spec"]["hostnames"][0]);
        let host = host.unwrap_or(&own);
        let mut last = Answer::No("no parent".to_owned());
        for parent in route["spec"]["parentRefs"].as_array().into_iter().flatten() {
            let space = parent["namespace"].as_str().unwrap_or(namespace_of(route));
            // The proxies of a Gateway are Pods beside it, as with most implementations.
            let mut pods = self.cluster.pods.iter().filter(|pod| !world::is_agent(pod));
            let Some(proxy) = pods.find(|pod| pod.namespace == space) else {
                return Answer::No(format!("no proxy stands in {space}"));
            };
            last = self.cluster.by_route(&Party::Pod(proxy), route, host, "/chat").into();
            if last.word() != "yes" {
                return last;
            }
        }
        last
    }

    pub fn scrape(&self, space: &str, name: &str) -> Answer {
        let monitor = world::instance(self.agent);
        let object = self.cluster.object("ServiceMonitor", &self.agent.namespace, monitor);
        Answer::of(object.map(|monitor| self.cluster.scrape(&self.other(space, name), monitor)))
    }
}
