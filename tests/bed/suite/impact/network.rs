//! Who reaches the agent, and whom it reaches. The bed's network enforces no policy and has neither
//! kube-proxy nor an Ingress controller, so that the objects as the cluster holds them are evaluated
//! by what Kubernetes documents; endpoints are those that its own controllers made.

use std::collections::BTreeSet;

use k8s_openapi::api::networking::v1::Ingress;
use serde_json::Value;

use super::agent::Agent;
use super::{Scene, play};
use crate::bed::{ensure, eventually, kubectl};
use crate::kit::reach::world::{self, NEIGHBOR, agents, outside};
use crate::kit::reach::{Cluster, Party};

pub(super) const SCENES: &[Scene] = &[
    Scene { rows: &["opens-network", "narrows-network"], play: policies },
    Scene { rows: &["widens-exposure", "narrows-exposure"], play: services },
    Scene { rows: &["changes-route"], play: routes },
];

#[test]
fn the_network_opens_and_narrows_as_it_is_said() {
    play(&Agent::new("impact-network", ""), SCENES);
}

/// Everything that a policy may let through to or from the agent, among those that are asked about.
fn allowed(agent: &Agent) -> BTreeSet<String> {
    let cluster = world::around(agent.around());
    let me = agents(&cluster)[0];
    let home = agent.namespace().name.as_str();
    let mut found = BTreeSet::new();
    let mut ask = |word: &str, party: &Party| {
        for (port, protocol) in
            [(53, "TCP"), (53, "UDP"), (443, "TCP"), (8080, "TCP"), (18789, "TCP"), (9, "SCTP")]
        {
            let is_open =
                |from: &Party, to: &Party| cluster.may_reach(from, to, port, protocol).yes;
            let me = Party::Pod(me);
            if is_open(&me, party) {
                found.insert(format!("to {word} {protocol} {port}"));
            }
            if is_open(party, &me) {
                found.insert(format!("from {word} {protocol} {port}"));
            }
        }
    };
    for (space, name) in [("tenant", "stranger"), ("ingress-nginx", "controller"), (home, NEIGHBOR)]
    {
        ask(name, &Party::Pod(cluster.pod(space, name)));
    }
    for address in ["192.0.2.7", "192.0.2.200", "203.0.113.7", "169.254.169.254", "2001:db8::7"] {
        ask(address, &outside(address));
    }
    found
}

/// Makes a change of which this is said; what is open before and after agrees.
#[track_caller]
fn policy(agent: &Agent, expected: &[&str], opened: &[&str], closed: &[&str]) {
    let before = allowed(agent);
    agent.changes(expected);
    let after = allowed(agent);
    let extra = |all: &BTreeSet<String>, than: &BTreeSet<String>| -> BTreeSet<String> {
        all.difference(than).cloned().collect()
    };
    let (opens, narrows) = (extra(&after, &before), extra(&before, &after));
    let says = |row: &str| expected.iter().any(|line| line.starts_with(row));
    assert_eq!(says("NetworkPolicy opens-network"), !opens.is_empty(), "{opens:?}");
    assert_eq!(says("NetworkPolicy narrows-network"), !narrows.is_empty(), "{narrows:?}");
    for (wanted, found) in [(opened, &opens), (closed, &narrows)] {
        for one in wanted {
            assert!(found.contains(*one), "{one} of {found:?}");
        }
    }
}

fn policies(agent: &Agent) {
    let with = |lines: &str| agent.with(&format!("security: {{networkPolicy: {{{lines}}}}}"));
    let block = "egress to `192.0.2.0/24` on every port but TCP 53, TCP 443, UDP 53";
    with("allowedEgressCIDRs: [192.0.2.0/24]");
    let opens = format!("NetworkPolicy opens-network: {block}");
    policy(agent, &[&opens], &["to 192.0.2.7 TCP 8080", "to 192.0.2.200 SCTP 9"], &[]);
    // The same, written as halves.
    with("allowedEgressCIDRs: [192.0.2.0/25, 192.0.2.128/25]");
    policy(agent, &["NetworkPolicy changed"], &[], &[]);
    with("allowedEgressCIDRs: [192.0.2.0/25]");
    let half = "egress to `192.0.2.128/25` on every port but TCP 53, TCP 443, UDP 53";
    let narrows = format!("NetworkPolicy narrows-network: {half}");
    policy(agent, &[&narrows], &[], &["to 192.0.2.200 TCP 8080"]);

    with("allowedIngressNamespaces: [tenant], allowDNS: false");
    policy(
        agent,
        &[
            "NetworkPolicy opens-network: ingress from every Pod of namespaces `kubernetes.io/metadata.name=tenant` on TCP 18789",
            "NetworkPolicy narrows-network: egress to `192.0.2.0/25` on every port but TCP 443; egress to anywhere on TCP 53, UDP 53",
        ],
        &["from stranger TCP 18789"],
        &["to 203.0.113.7 UDP 53", "to 192.0.2.7 TCP 8080"],
    );

    with("enabled: false");
    let everything = "ingress from anywhere on every port; egress to anywhere on every port";
    let opens = format!("NetworkPolicy opens-network: {everything}");
    policy(
        agent,
        &[&opens, "NetworkPolicy deletes"],
        &["from 203.0.113.7 TCP 8080", "to 169.254.169.254 TCP 443"],
        &[],
    );
    with("allowDNS: false");
    let narrows = format!("NetworkPolicy narrows-network: {everything}");
    policy(agent, &[&narrows, "NetworkPolicy creates"], &[], &["from stranger TCP 8080"]);
}

/// Where the Service leads, as the controller of endpoints sees it: a name and a port for each
/// port behind which a Pod stands.
fn endpoints(agent: &Agent) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for slice in agent.namespace().objects("endpointslices") {
        let is_ready = |one: &Value| one["conditions"]["ready"] == true;
        let pods = slice["endpoints"].as_array().into_iter().flatten();
        if pods.filter(|one| is_ready(one)).count() == 0 {
            continue;
        }
        for port in slice["ports"].as_array().into_iter().flatten() {
            found.insert(format!("{} {}", port["name"].as_str().unwrap(), port["port"]));
        }
    }
    found
}

#[track_caller]
fn leads_to(agent: &Agent, expected: &[&str]) {
    eventually("the endpoints are those", 30, || {
        let found = endpoints(agent);
        ensure(found.iter().eq(expected), || format!("{found:?}"))
    });
}

fn services(agent: &Agent) {
    leads_to(agent, &["canvas 18789", "gateway 18789"]);
    let ports = |more: &str| {
        let gateway = "{name: gateway, port: 18789}";
        format!("networking: {{service: {{ports: [{gateway}{more}]}}}}")
    };
    let hook = ports(", {name: hook, port: 8443, targetPort: 9443}");
    let home = format!("namespaces `kubernetes.io/metadata.name={}`", agent.namespace().name);
    agent.with(&hook);
    agent.changes(&[
        &format!("NetworkPolicy opens-network: ingress from every Pod of {home} on TCP 9443"),
        "Service widens-exposure: port TCP 8443",
        "Service narrows-exposure: port TCP 18793",
        "Service changes-route: to `{\"port\":8443,\"targetPort\":9443}`",
    ]);
    leads_to(agent, &["gateway 18789", "hook 9443"]);

    // Which port of every node it is the API server chooses when the change is made.
    agent.with(&hook.replace("service: {", "service: {type: NodePort, "));
    agent.changes(&["Service widens-exposure: `type: NodePort` and not `ClusterIP`"]);
    let service = agent.namespace().object("service", "agent").unwrap();
    let of_nodes = service["spec"]["ports"].as_array().unwrap();
    assert!(of_nodes.iter().all(|port| port["nodePort"].is_u64()), "{service}");

    agent.with(&hook);
    let told = agent.told();
    let narrows = told.iter().find(|line| line.starts_with("Service narrows-exposure: "));
    let narrows = narrows.unwrap_or_else(|| panic!("{told:#?}"));
    for port in of_nodes {
        let words = format!("port TCP {} of every node", port["nodePort"]);
        assert!(narrows.contains(&words), "{narrows}");
    }
    agent.makes(&told);
    let service = agent.namespace().object("service", "agent").unwrap();
    assert!(service["spec"]["ports"].as_array().unwrap()[0]["nodePort"].is_null(), "{service}");

    agent.reset();
    ingress(agent);
    http_route(agent);
}

const INGRESS: &str = "networking: {ingress: {enabled: true, className: nginx, hosts: [{host: a.example.com}], tls: [{hosts: [a.example.com], secretName: tls}]}}\nconfig: {raw: {gateway: {trustedProxies: [10.244.3.0/24]}}}";

/// Whether a request that an Ingress controller takes in for a host arrives, and by TLS alone.
fn by_ingress(agent: &Agent, host: &str) -> bool {
    let cluster: Cluster = world::around(agent.around());
    let Some(ingress) = agent.namespace().object("ingress", "agent") else { return false };
    let ingress: Ingress = serde_json::from_value(ingress).unwrap();
    let from = Party::Pod(cluster.pod("ingress-nginx", "controller"));
    cluster.by_ingress(&from, &ingress, host, "/").yes
}

fn ingress(agent: &Agent) {
    agent.with(INGRESS);
    assert!(!by_ingress(agent, "a.example.com"));
    agent.changes(&[
        "Role/agent-controller widens-rbac: `get, list, watch` on `secrets` of `tls`",
        "NetworkPolicy opens-network: ingress from every Pod of namespaces `kubernetes.io/metadata.name=ingress-nginx` on TCP 18789; ingress from every Pod of namespaces `kubernetes.io/metadata.name=gateways` on TCP 18789",
        "ConfigMap/agent-config changed",
        "StatefulSet restarts-pod: the configuration that is mounted",
        "Ingress widens-exposure: `a.example.com/`",
        "Ingress creates",
    ]);
    assert!(by_ingress(agent, "a.example.com") && !by_ingress(agent, "b.example.com"));
    agent.with(&INGRESS.replace("a.example.com", "b.example.com"));
    agent.changes(&[
        "ConfigMap/agent-config changed",
        "StatefulSet restarts-pod: the configuration that is mounted",
        "Ingress widens-exposure: `b.example.com/`",
        "Ingress narrows-exposure: `a.example.com/`",
    ]);
    assert!(!by_ingress(agent, "a.example.com") && by_ingress(agent, "b.example.com"));
}

/// Whether a request that the proxy of a Gateway takes in for a host arrives.
fn by_route(agent: &Agent, host: &str) -> bool {
    let cluster: Cluster = world::around(agent.around());
    let Some(route) = agent.namespace().object("httproute", "agent") else { return false };
    let from = Party::Pod(cluster.pod("gateways", "proxy"));
    cluster.by_route(&from, &route, host, "/").yes
}

fn http_route(agent: &Agent) {
    let with = |hosts: &str| {
        agent.with(&format!("networking: {{httpRoute: {{enabled: true, hostnames: {hosts}, parentRefs: [{{name: public, namespace: gateways}}]}}}}\nconfig: {{raw: {{gateway: {{trustedProxies: [10.244.3.0/24]}}}}}}"));
    };
    with("[a.example.com]");
    agent.changes(&[
        "Role/agent-controller narrows-rbac: `get, list, watch` on `secrets` of `tls`",
        "ConfigMap/agent-config changed",
        "StatefulSet restarts-pod: the configuration that is mounted",
        "HTTPRoute widens-exposure: `a.example.com`",
        "HTTPRoute creates",
        "Ingress narrows-exposure: `b.example.com/`",
        "Ingress deletes",
    ]);
    assert!(by_route(agent, "a.example.com") && !by_route(agent, "b.example.com"));
    with("[b.example.com]");
    agent.changes(&[
        "ConfigMap/agent-config changed",
        "StatefulSet restarts-pod: the configuration that is mounted",
        "HTTPRoute widens-exposure: `b.example.com`",
        "HTTPRoute narrows-exposure: `a.example.com`",
    ]);
    assert!(!by_route(agent, "a.example.com") && by_route(agent, "b.example.com"));
}

fn routes(agent: &Agent) {
    leads_to(agent, &["canvas 18789", "gateway 18789"]);
    agent.template(
        "service.yaml.j2",
        "  ports: {{ service.ports }}",
        "  ports: [{name: gateway, port: 18789, targetPort: 9443}, {name: canvas, port: 18793, targetPort: 18789}]",
    );
    agent.changes(&["Service changes-route: to `{\"port\":18789,\"targetPort\":9443}`"]);
    leads_to(agent, &["canvas 18789", "gateway 9443"]);
    agent.template("service.yaml.j2", "selector: {{ selector }}", "selector: {app: other}");
    agent.changes(&[
        "Service changes-route: selector from `{\"app.kubernetes.io/instance\":\"agent\",\"app.kubernetes.io/name\":\"openclaw\"}` to `{\"app\":\"other\"}`",
    ]);
    leads_to(agent, &[]);
    let namespace = &agent.namespace().name;
    kubectl(["label", "pod", "agent-0", "-n", namespace, "app=other"]).unwrap();
    leads_to(agent, &["canvas 18789", "gateway 9443"]);
}
