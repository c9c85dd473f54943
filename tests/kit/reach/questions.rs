//! What is asked about every agent, and the answers as a table.

use std::fmt;

use serde_json::Value;

use super::scene::Scene;
use super::world::{self, NEIGHBOR, node, outside};
use super::{Cluster, Verdict, web};

/// The gateway's port, and the browser's.
pub const GATEWAY: u16 = 18789;
pub const BROWSER: u16 = 9222;
const OTLP: u16 = 4318;

/// What a question is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes(String),
    No(String),
    /// There is no object that the question is about.
    Absent,
}

impl From<Verdict> for Answer {
    fn from(verdict: Verdict) -> Self {
        if verdict.yes { Self::Yes(verdict.why) } else { Self::No(verdict.why) }
    }
}

impl Answer {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Yes(_) => "yes",
            Self::No(_) => "no",
            Self::Absent => "absent",
        }
    }

    pub fn of(found: Option<Verdict>) -> Self {
        found.map_or(Self::Absent, Self::from)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Yes(why) | Self::No(why) => f.write_str(why),
            Self::Absent => Ok(()),
        }
    }
}

type Ask = fn(&Scene<'_>) -> Answer;
type Question = (&'static str, Ask);

const IN: [Question; 18] = [
    ("a Pod of its namespace -> gateway", |s| s.from(&s.home(), NEIGHBOR, GATEWAY)),
    ("a Pod of its namespace -> Pod port 18793", |s| s.from(&s.home(), NEIGHBOR, 18793)),
    ("a Pod of its namespace -> gateway by UDP", |s| {
        s.ask(&s.other(&s.home(), NEIGHBOR), &s.me(), GATEWAY, "UDP")
    }),
    ("a Pod of its namespace -> metrics", |s| {
        s.metrics().map_or(Answer::Absent, |port| s.from(&s.home(), NEIGHBOR, port))
    }),
    ("a Pod of its namespace -> port of a sidecar", |s| {
        s.sidecar().map_or(Answer::Absent, |port| s.from(&s.home(), NEIGHBOR, port))
    }),
    ("another agent of its namespace -> gateway", |s| s.siblings()),
    ("a Pod of another namespace -> gateway", |s| s.from("tenant", "stranger", GATEWAY)),
    ("its own labels, another namespace -> gateway", |s| {
        s.from("tenant", &format!("{}-{}", world::IMPOSTOR, s.agent.name), GATEWAY)
    }),
    ("labels of a controller, another namespace -> gateway", |s| {
        s.from("lookalike", "controller", GATEWAY)
    }),
    ("namespace ingress-nginx -> gateway", |s| s.from("ingress-nginx", "controller", GATEWAY)),
    ("namespace traefik -> gateway", |s| s.from("traefik", "controller", GATEWAY)),
    ("namespace gateways -> gateway", |s| s.from("gateways", "proxy", GATEWAY)),
    ("namespace monitoring -> gateway", |s| s.from("monitoring", "prometheus", GATEWAY)),
    ("the internet -> gateway", |s| s.ask(&outside("203.0.113.7"), &s.me(), GATEWAY, "TCP")),
    ("the company's 10.0.1.5 -> gateway", |s| s.ask(&outside("10.0.1.5"), &s.me(), GATEWAY, "TCP")),
    ("another node -> gateway", |s| s.ask(&node(1), &s.me(), GATEWAY, "TCP")),
    ("the kubelet of its node -> every probe", |s| s.probes()),
    ("anybody but its node -> browser or OTLP", |s| s.anybody(&[BROWSER, OTLP])),
];

const OUT: [Question; 30] = [
    ("DNS of kube-system, UDP", |s| s.to_pod("kube-system", "coredns", 53, "UDP")),
    ("DNS of kube-system, TCP", |s| s.to_pod("kube-system", "coredns", 53, "TCP")),
    ("DNS of the node, 169.254.20.10 UDP", |s| s.to("169.254.20.10", 53, "UDP")),
    ("DNS of OpenShift, Pod port 5353", |s| s.to_pod("openshift-dns", "dns", 5353, "UDP")),
    ("the internet 443", |s| s.to("203.0.113.7", 443, "TCP")),
    ("the internet 443 by UDP", |s| s.to("203.0.113.7", 443, "UDP")),
    ("the internet 80", |s| s.to("203.0.113.7", 80, "TCP")),
    ("the internet 22", |s| s.to("203.0.113.7", 22, "TCP")),
    ("the internet 443, IPv6", |s| s.to("2001:db8::7", 443, "TCP")),
    ("metadata 169.254.169.254:80", |s| s.to("169.254.169.254", 80, "TCP")),
    ("metadata 169.254.169.254:443", |s| s.to("169.254.169.254", 443, "TCP")),
    ("metadata of GKE 169.254.169.252:988", |s| s.to("169.254.169.252", 988, "TCP")),
    ("credentials of EKS 169.254.170.23:80", |s| s.to("169.254.170.23", 80, "TCP")),
    ("metadata [fd00:ec2::254]:80", |s| s.to("fd00:ec2::254", 80, "TCP")),
    ("metadata [fd00:ec2::254]:443", |s| s.to("fd00:ec2::254", 443, "TCP")),
    ("metadata [fd20:ce::254]:80", |s| s.to("fd20:ce::254", 80, "TCP")),
    ("metadata [fd20:ce::254]:443", |s| s.to("fd20:ce::254", 443, "TCP")),
    ("metadata of Alibaba 100.100.100.200:443", |s| s.to("100.100.100.200", 443, "TCP")),
    ("host agent of Azure 168.63.129.16:80", |s| s.to("168.63.129.16", 80, "TCP")),
    ("link-local [fe80::1]:443", |s| s.to("fe80::1", 443, "TCP")),
    ("API server at 443", |s| s.to("192.168.1.1", 443, "TCP")),
    ("API server at 6443", |s| s.ask(&s.me(), &node(1), 6443, "TCP")),
    ("kubelet of its own node", |s| s.ask(&s.me(), &world::own_node(s.agent), 10250, "TCP")),
    ("kubelet of another node", |s| s.ask(&s.me(), &node(1), 10250, "TCP")),
    ("private 10.1.2.3:443", |s| s.to("10.1.2.3", 443, "TCP")),
    ("proxy 10.20.30.40:3128", |s| s.to("10.20.30.40", 3128, "TCP")),
    ("database 10.40.0.9:5432", |s| s.to("10.40.0.9", 5432, "TCP")),
    ("a Pod of its namespace at 8080", |s| s.to_pod(&s.home(), NEIGHBOR, 8080, "TCP")),
    // Only where the network plugin counts Pods among the addresses.
    ("a Pod of another namespace at 443", |s| s.to_pod("tenant", "stranger", 443, "TCP")),
    ("itself over loopback", |s| s.ask(&s.me(), &s.me(), BROWSER, "TCP")),
];

const BY: [Question; 19] = [
    ("Service: port gateway -> container", |s| s.service_port("gateway")),
    ("Service: port canvas 18793 -> container", |s| s.service_port("canvas")),
    ("Service: every port -> container", |s| s.every_service_port()),
    ("the browser listens on loopback alone", |s| Answer::of(s.browser())),
    ("Ingress: HTTPS -> gateway", |s| s.by_ingress(|s, i, host| s.https(i, host, "/"))),
    ("Ingress: HTTPS, a deep path -> gateway", |s| {
        s.by_ingress(|s, i, host| s.https(i, host, "/__openclaw__/canvas/a?b"))
    }),
    ("Ingress: another host -> gateway", |s| {
        s.by_ingress(|s, i, _| s.https(i, "other.invalid", "/"))
    }),
    ("Ingress: a Secret covers every host", |s| s.by_ingress(|_, i, host| web::covered(i, host))),
    ("Ingress: HTTP is redirected", |s| s.meaning(|m| m.redirect.clone())),
    ("Ingress: browsers are told to stay on HTTPS", |s| s.meaning(|m| m.hsts.clone())),
    ("Ingress: WebSockets outlive 30 minutes of silence", |s| {
        s.meaning(|m| {
            let lives = m.upgrades && m.silence.is_none_or(|seconds| seconds >= 1800);
            let text = m.silence.map_or("no timeout".to_owned(), |s| format!("{s} seconds"));
            lives.then_some(text)
        })
    }),
    ("Ingress: requests are limited", |s| {
        s.meaning(|m| m.limit.map(|(rate, burst)| format!("{rate} a second, {burst} at once")))
    }),
    ("Ingress: its controller knows every annotation", |s| {
        s.meaning(|m| Some(m.controller.to_owned()))
    }),
    ("HTTPRoute: host -> gateway", |s| s.by_route(None)),
    ("HTTPRoute: another host -> gateway", |s| s.by_route(Some("other.invalid"))),
    ("ServiceMonitor: Prometheus of monitoring -> metrics", |s| {
        s.scrape("monitoring", "prometheus")
    }),
    ("ServiceMonitor: another namespace -> metrics", |s| s.scrape("tenant", "stranger")),
    ("ServiceMonitor: an Ingress controller -> metrics", |s| {
        s.scrape("ingress-nginx", "controller")
    }),
    ("anybody but its node and monitoring -> metrics", |s| {
        s.metrics().map_or(Answer::Absent, |port| s.anybody(&[port]))
    }),
];

/// Every question, in the order of the tables.
pub fn all() -> Vec<(String, Ask)> {
    let prefixed = OUT.iter().map(|(name, ask)| (format!("agent -> {name}"), *ask));
    let plain =
        |list: &'static [Question]| list.iter().map(|(name, ask)| ((*name).to_owned(), *ask));
    plain(&IN).chain(prefixed).chain(plain(&BY)).collect()
}

/// One agent's answers, by question.
pub type Answers = Vec<(String, Answer)>;

/// The answers for every agent among the objects, which may come from a renderer or a cluster.
pub fn answer(objects: Vec<Value>) -> Vec<(String, Answers)> {
    answer_in(&world::around(objects))
}

/// The answers for every agent of a world.
pub fn answer_in(cluster: &Cluster) -> Vec<(String, Answers)> {
    let agents = world::agents(cluster).into_iter();
    agents
        .map(|agent| {
            let scene = Scene { cluster, agent };
            let answers = all().into_iter().map(|(name, ask)| (name, ask(&scene))).collect();
            (format!("{}/{}", agent.namespace, world::instance(agent)), answers)
        })
        .collect()
}

/// The answers as text: the word, the question, the rule that decided.
pub fn table(found: &[(String, Answers)]) -> String {
    let mut text = String::new();
    for (agent, answers) in found {
        text.push_str(&format!("# {agent}\n"));
        for (question, answer) in answers {
            let line = format!("{:<7}{question:<56}{answer}", answer.word());
            text.push_str(&format!("{}\n", line.trim_end()));
        }
    }
    text
}
