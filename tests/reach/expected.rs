//! The answers that were written by hand, from the README and not from any output: what holds for
//! every agent, and the examples that ask for something else. The tables of `tests/reach` add the
//! rules that decided.

use std::collections::BTreeSet;

use crate::examples::{answers, objects};
use crate::kit::reach::{questions, world};

/// Every question, and its answer for an agent that asks for nothing.
const QUIET: [(&str, &str); 67] = [
    ("a Pod of its namespace -> gateway", "yes"),
    ("a Pod of its namespace -> Pod port 18793", "no"),
    ("a Pod of its namespace -> gateway by UDP", "no"),
    ("a Pod of its namespace -> metrics", "absent"),
    ("a Pod of its namespace -> port of a sidecar", "absent"),
    ("another agent of its namespace -> gateway", "absent"),
    ("a Pod of another namespace -> gateway", "no"),
    ("its own labels, another namespace -> gateway", "no"),
    ("labels of a controller, another namespace -> gateway", "no"),
    ("namespace ingress-nginx -> gateway", "no"),
    ("namespace traefik -> gateway", "no"),
    ("namespace gateways -> gateway", "no"),
    ("namespace monitoring -> gateway", "no"),
    ("the internet -> gateway", "no"),
    ("the company's 10.0.1.5 -> gateway", "no"),
    ("another node -> gateway", "no"),
    ("the kubelet of its node -> every probe", "yes"),
    ("anybody but its node -> browser or OTLP", "no"),
    ("agent -> DNS of kube-system, UDP", "yes"),
    ("agent -> DNS of kube-system, TCP", "yes"),
    ("agent -> DNS of the node, 169.254.20.10 UDP", "yes"),
    ("agent -> DNS of OpenShift, Pod port 5353", "no"),
    ("agent -> the internet 443", "yes"),
    ("agent -> the internet 443 by UDP", "no"),
    ("agent -> the internet 80", "no"),
    ("agent -> the internet 22", "no"),
    ("agent -> the internet 443, IPv6", "yes"),
    ("agent -> metadata 169.254.169.254:80", "no"),
    ("agent -> metadata 169.254.169.254:443", "no"),
    ("agent -> metadata of GKE 169.254.169.252:988", "no"),
    ("agent -> credentials of EKS 169.254.170.23:80", "no"),
    ("agent -> metadata [fd00:ec2::254]:80", "no"),
    ("agent -> metadata [fd00:ec2::254]:443", "no"),
    ("agent -> metadata [fd20:ce::254]:80", "no"),
    ("agent -> metadata [fd20:ce::254]:443", "no"),
    ("agent -> metadata of Alibaba 100.100.100.200:443", "no"),
    ("agent -> host agent of Azure 168.63.129.16:80", "no"),
    ("agent -> link-local [fe80::1]:443", "no"),
    ("agent -> API server at 443", "yes"),
    ("agent -> API server at 6443", "no"),
    // Kubernetes promises it, whatever a policy says.
    ("agent -> kubelet of its own node", "yes"),
    ("agent -> kubelet of another node", "no"),
    ("agent -> private 10.1.2.3:443", "yes"),
    ("agent -> proxy 10.20.30.40:3128", "no"),
    ("agent -> database 10.40.0.9:5432", "no"),
    ("agent -> a Pod of its namespace at 8080", "no"),
    ("agent -> a Pod of another namespace at 443", "yes"),
    ("agent -> itself over loopback", "yes"),
    ("Service: port gateway -> container", "yes"),
    ("Service: port canvas 18793 -> container", "yes"),
    ("Service: every port -> container", "yes"),
    ("the browser listens on loopback alone", "absent"),
    ("Ingress: HTTPS -> gateway", "absent"),
    ("Ingress: HTTPS, a deep path -> gateway", "absent"),
    ("Ingress: another host -> gateway", "absent"),
    ("Ingress: a Secret covers every host", "absent"),
    ("Ingress: HTTP is redirected", "absent"),
    ("Ingress: browsers are told to stay on HTTPS", "absent"),
    ("Ingress: WebSockets outlive 30 minutes of silence", "absent"),
    ("Ingress: requests are limited", "absent"),
    ("Ingress: its controller knows every annotation", "absent"),
    ("HTTPRoute: host -> gateway", "absent"),
    ("HTTPRoute: another host -> gateway", "absent"),
    ("ServiceMonitor: Prometheus of monitoring -> metrics", "absent"),
    ("ServiceMonitor: another namespace -> metrics", "absent"),
    ("ServiceMonitor: an Ingress controller -> metrics", "absent"),
    ("anybody but its node and monitoring -> metrics", "absent"),
];

/// Questions, each with its word.
type Words = &'static [(&'static str, &'static str)];

const INGRESS: Words = &[
    ("Ingress: HTTPS -> gateway", "yes"),
    ("Ingress: HTTPS, a deep path -> gateway", "yes"),
    ("Ingress: another host -> gateway", "no"),
    ("Ingress: a Secret covers every host", "yes"),
    ("Ingress: HTTP is redirected", "yes"),
    ("Ingress: browsers are told to stay on HTTPS", "yes"),
    ("Ingress: WebSockets outlive 30 minutes of silence", "yes"),
    ("Ingress: requests are limited", "yes"),
    ("Ingress: its controller knows every annotation", "yes"),
];

const METRICS: Words = &[
    ("a Pod of its namespace -> metrics", "no"),
    ("ServiceMonitor: Prometheus of monitoring -> metrics", "yes"),
    ("ServiceMonitor: another namespace -> metrics", "no"),
    ("ServiceMonitor: an Ingress controller -> metrics", "no"),
    ("anybody but its node and monitoring -> metrics", "no"),
];

const NGINX: Words = &[("namespace ingress-nginx -> gateway", "yes")];
const SIBLING: Words = &[("another agent of its namespace -> gateway", "no")];

/// What the examples ask for; a later word wins.
const ASKED: &[(&str, &str, &[Words])] = &[
    ("chromium", "default/browsing-agent", &[&[("the browser listens on loopback alone", "yes")]]),
    (
        "gke",
        "agents/my-agent",
        &[&[
            ("agent -> metadata 169.254.169.254:80", "yes"),
            ("agent -> metadata of GKE 169.254.169.252:988", "yes"),
        ]],
    ),
    (
        "private-registry",
        "default/internal-agent",
        &[&[("agent -> proxy 10.20.30.40:3128", "yes")]],
    ),
    ("ingress-nginx", "default/web-agent", &[INGRESS, NGINX]),
    (
        "ingress-traefik",
        "default/web-agent",
        &[INGRESS, &[("namespace traefik -> gateway", "yes")]],
    ),
    (
        "full",
        "agents/full-agent",
        &[
            INGRESS,
            NGINX,
            METRICS,
            SIBLING,
            &[
                // OC0216 says so: without openclaw.yaml nobody is admitted to the metrics.
                ("ServiceMonitor: Prometheus of monitoring -> metrics", "no"),
                ("a Pod of its namespace -> port of a sidecar", "no"),
                ("the company's 10.0.1.5 -> gateway", "yes"),
                ("agent -> proxy 10.20.30.40:3128", "yes"),
                ("agent -> database 10.40.0.9:5432", "yes"),
                ("the browser listens on loopback alone", "yes"),
                ("Service: port canvas 18793 -> container", "absent"),
            ],
        ],
    ),
    (
        "full",
        "agents/other-agent",
        &[
            SIBLING,
            &[
                ("namespace gateways -> gateway", "yes"),
                ("HTTPRoute: host -> gateway", "yes"),
                ("HTTPRoute: another host -> gateway", "no"),
            ],
        ],
    ),
    ("gitops-argocd", "agents/research-agent", &[METRICS, SIBLING]),
    ("gitops-argocd", "agents/support-agent", &[INGRESS, NGINX, SIBLING]),
    ("gitops-flux", "agents/research-agent", &[METRICS, SIBLING]),
    ("gitops-flux", "agents/support-agent", &[INGRESS, NGINX, SIBLING]),
];

/// Questions whose answer no example may change, whatever it asks for.
pub const NEVER: [&str; 21] = [
    "a Pod of its namespace -> Pod port 18793",
    "a Pod of its namespace -> gateway by UDP",
    "a Pod of another namespace -> gateway",
    "its own labels, another namespace -> gateway",
    "labels of a controller, another namespace -> gateway",
    "namespace monitoring -> gateway",
    "the internet -> gateway",
    "another node -> gateway",
    "anybody but its node -> browser or OTLP",
    "agent -> the internet 443 by UDP",
    "agent -> the internet 80",
    "agent -> the internet 22",
    "agent -> metadata 169.254.169.254:443",
    "agent -> credentials of EKS 169.254.170.23:80",
    "agent -> metadata [fd00:ec2::254]:80",
    "agent -> metadata [fd00:ec2::254]:443",
    "agent -> metadata [fd20:ce::254]:80",
    "agent -> host agent of Azure 168.63.129.16:80",
    "agent -> link-local [fe80::1]:443",
    "agent -> API server at 6443",
    "agent -> a Pod of its namespace at 8080",
];

#[test]
fn the_answers_are_those_that_were_written_by_hand() {
    let names: Vec<String> = questions::all().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, QUIET.map(|(name, _)| name), "a question without an expected answer");
    let mut asked: BTreeSet<(&str, &str)> = ASKED.iter().map(|row| (row.0, row.1)).collect();
    for (example, agent, found) in answers() {
        let row = ASKED.iter().find(|row| row.0 == example && row.1 == agent);
        asked.retain(|known| *known != (example.as_str(), agent.as_str()));
        let own: Vec<&(&str, &str)> =
            row.iter().flat_map(|row| row.2).flat_map(|part| part.iter()).collect();
        for ((question, answer), (_, quiet)) in found.iter().zip(QUIET) {
            let expected = own.iter().rev().find(|(name, _)| name == question);
            let expected = expected.map_or(quiet, |(_, word)| *word);
            assert_eq!(answer.word(), expected, "{example} {agent}: {question}: {answer}");
        }
    }
    assert_eq!(asked, BTreeSet::new(), "these agents are not among the examples");
}

#[test]
fn what_nobody_may_do_no_example_opens() {
    for (example, agent, found) in answers() {
        for question in NEVER {
            let answer = &found.iter().find(|(name, _)| name == question).unwrap().1;
            assert_eq!(answer.word(), "no", "{example} {agent}: {question}: {answer}");
        }
    }
}

#[test]
fn every_port_of_the_gateway_and_the_canvas_ends_at_18789() {
    for (example, agent, found) in answers() {
        for (question, answer) in &found {
            let is_meant = question.starts_with("Service: port ") && answer.word() == "yes";
            let expected = "TCP 18789 of container openclaw";
            assert!(!is_meant || answer.to_string() == expected, "{example} {agent}: {answer}");
        }
    }
}

#[test]
fn one_answer_alone_is_the_network_plugins() {
    for (example, objects) in objects() {
        let mut cluster = world::around(objects);
        let before = questions::answer_in(&cluster);
        cluster.blocks_take_pods = false;
        for ((agent, before), (_, after)) in before.iter().zip(questions::answer_in(&cluster)) {
            let both = before.iter().zip(&after);
            let changed = both.filter(|((_, before), (_, after))| before.word() != after.word());
            let changed: Vec<&str> = changed.map(|((question, _), _)| question.as_str()).collect();
            assert_eq!(
                changed,
                ["agent -> a Pod of another namespace at 443"],
                "{example} {agent}"
            );
        }
    }
}
