//! The evaluator itself, on policies written by hand whose answers are known from the text of
//! Kubernetes' documentation.

use serde_json::json;

use crate::kit;
use crate::kit::reach::{Cluster, Party};

/// Two teams. `http` is another number in each Pod of `a`, and only `web` has a sidecar; its init
/// container is over when the Pod runs.
pub const PODS: &str = "
kind: Namespace
metadata: {name: a, labels: {team: red}}
---
kind: Namespace
metadata: {name: b, labels: {team: blue, kubernetes.io/metadata.name: a}}
---
kind: Pod
metadata: {name: web, namespace: a, labels: {app: web, tier: front}}
spec:
  nodeName: n1
  initContainers:
    - {name: setup, ports: [{name: setup, containerPort: 7000}]}
    - {name: proxy, restartPolicy: Always, ports: [{name: proxy, containerPort: 15001}]}
  containers:
    - name: web
      ports:
        - {name: http, containerPort: 8080}
        - {name: dns, containerPort: 53, protocol: UDP}
status: {podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: 'fd00::1'}]}
---
kind: Pod
metadata: {name: old, namespace: a, labels: {app: web, tier: old}}
spec: {nodeName: n2, containers: [{name: web, ports: [{name: http, containerPort: 80}]}]}
status: {podIP: 10.1.0.2}
---
kind: Pod
metadata: {name: client, namespace: a, labels: {app: client}}
spec: {nodeName: n2, containers: [{name: main}]}
status: {podIP: 10.1.0.3}
---
kind: Pod
metadata: {name: client, namespace: b, labels: {app: client}}
spec: {nodeName: n2, containers: [{name: main}]}
status: {podIP: 10.2.0.1}
---
kind: Pod
metadata: {name: batch, namespace: b, labels: {app: batch}}
spec: {nodeName: n2, containers: [{name: main, ports: [{name: http, containerPort: 8080}]}]}
status: {podIP: 10.2.0.2}
---
kind: Pod
metadata: {name: agent, namespace: b, labels: {app: client}}
spec: {nodeName: n3, hostNetwork: true, containers: [{name: main}]}
status: {podIP: 192.168.0.3}
";

/// A connection: from, to, port, protocol, and whether it may be made.
pub type Ask = (&'static str, &'static str, u16, &'static str, bool);

fn party<'a>(cluster: &'a Cluster, name: &'a str) -> Party<'a> {
    match name.split_once('/') {
        Some((space, pod)) => Party::Pod(cluster.pod(space, pod)),
        None if name.starts_with('n') => {
            let last: u8 = name[1..].parse().unwrap();
            Party::Node(name, [192, 168, 0, last].into())
        }
        None => Party::Outside(name.parse().unwrap()),
    }
}

/// Policies are given as `namespace: spec`.
pub fn check(rule: &str, policies: &[(&str, &str)], asked: &[Ask]) {
    let mut objects = kit::documents(PODS);
    for (at, (space, spec)) in policies.iter().enumerate() {
        let spec: serde_json::Value = serde_yaml::from_str(spec).unwrap();
        let metadata = json!({"name": format!("p{at}"), "namespace": space});
        objects.push(json!({"kind": "NetworkPolicy", "metadata": metadata, "spec": spec}));
    }
    let cluster = Cluster::of(objects);
    for (from, to, port, protocol, expected) in asked {
        let [a, b] = [from, to].map(|name| party(&cluster, name));
        let verdict = cluster.may_reach(&a, &b, *port, protocol);
        assert_eq!(verdict.yes, *expected, "{rule}: {from} -> {to} {protocol} {port}: {verdict:?}");
    }
}

pub const DENY: &str = "{podSelector: {}, policyTypes: [Ingress, Egress]}";

#[test]
fn who_is_selected_is_closed_and_nobody_else() {
    let open: &[Ask] = &[
        ("b/client", "a/web", 1, "TCP", true),
        ("203.0.113.7", "a/web", 1, "SCTP", true),
        ("a/web", "203.0.113.7", 1, "UDP", true),
    ];
    check("no policy", &[], open);
    check("a policy of another namespace", &[("b", "{podSelector: {}}")], &open[1..]);
    check("another Pod's policy", &[("a", "{podSelector: {matchLabels: {app: no}}}")], open);
    let closed: &[Ask] = &[
        ("b/client", "a/web", 8080, "TCP", false),
        ("203.0.113.7", "a/web", 8080, "TCP", false),
        ("a/web", "203.0.113.7", 443, "TCP", false),
        ("a/client", "a/web", 8080, "TCP", false),
    ];
    check("an empty selector", &[("a", DENY)], closed);
    let absent = "{policyTypes: [Ingress, Egress]}";
    check("an absent selector", &[("a", absent)], closed);
    let both = "{podSelector: {matchLabels: {app: web, tier: old}}, policyTypes: [Ingress]}";
    let one: &[Ask] =
        &[("a/client", "a/old", 80, "TCP", false), ("a/client", "a/web", 80, "TCP", true)];
    check("all labels of a selector", &[("a", both)], one);
}

#[test]
fn a_policy_is_about_the_directions_that_it_names() {
    let inward: Ask = ("b/client", "a/web", 8080, "TCP", false);
    let out: Ask = ("a/web", "203.0.113.7", 443, "TCP", false);
    let open = |ask: Ask| (ask.0, ask.1, ask.2, ask.3, true);
    let one = |types: &str| format!("{{podSelector: {{}}, policyTypes: [{types}]}}");
    check("ingress alone", &[("a", &one("Ingress"))], &[inward, open(out)]);
    check("egress alone", &[("a", &one("Egress"))], &[open(inward), out]);
    check("no types", &[("a", "{podSelector: {}}")], &[inward, open(out)]);
    check("an empty list of types", &[("a", &one(""))], &[inward, open(out)]);
    check(
        "no types, empty egress",
        &[("a", "{podSelector: {}, egress: []}")],
        &[inward, open(out)],
    );
    let rules = "{podSelector: {}, egress: [{ports: [{port: 53}]}]}";
    check("no types, rules for egress", &[("a", rules)], &[inward, out]);
    let ignored = "{podSelector: {}, policyTypes: [Ingress], egress: [{ports: [{port: 53}]}]}";
    check("rules of a direction that is not named", &[("a", ignored)], &[inward, open(out)]);
    let unused = "{podSelector: {}, policyTypes: [Egress], ingress: [], egress: [{}]}";
    check("empty ingress that is not named", &[("a", unused)], &[open(inward), open(out)]);
}

#[test]
fn one_peer_joins_its_selectors_and_two_peers_do_not() {
    let ingress = |from: &str| {
        format!("{{podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{from: {from}}}]}}")
    };
    let asks = |a: bool, b: bool, batch: bool| -> [Ask; 3] {
        [
            ("a/client", "a/web", 8080, "TCP", a),
            ("b/client", "a/web", 8080, "TCP", b),
            ("b/batch", "a/web", 8080, "TCP", batch),
        ]
    };
    let blue = "namespaceSelector: {matchLabels: {team: blue}}";
    let client = "podSelector: {matchLabels: {app: client}}";
    let table = [
        ("both in one peer", format!("[{{{blue}, {client}}}]"), asks(false, true, false)),
        ("one peer each", format!("[{{{blue}}}, {{{client}}}]"), asks(true, true, true)),
        (
            "Pods alone are of the policy's namespace",
            format!("[{{{client}}}]"),
            asks(true, false, false),
        ),
        ("every Pod here", "[{podSelector: {}}]".to_owned(), asks(true, false, false)),
        ("every namespace", "[{namespaceSelector: {}}]".to_owned(), asks(true, true, true)),
        (
            "that Pod everywhere",
            format!("[{{namespaceSelector: {{}}, {client}}}]"),
            asks(true, true, false),
        ),
        ("an empty list", "[]".to_owned(), asks(true, true, true)),
        ("a peer that says nothing", "[{}]".to_owned(), asks(false, false, false)),
        (
            "the name of a namespace cannot be claimed",
            "[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: a}}}]".to_owned(),
            asks(true, false, false),
        ),
    ];
    for (rule, from, asks) in table {
        check(rule, &[("a", &ingress(&from))], &asks);
    }
    let missing = "{podSelector: {matchLabels: {app: web}}, ingress: [{}]}";
    check("no list", &[("a", missing)], &asks(true, true, true));
    let none = "{podSelector: {matchLabels: {app: web}}, ingress: []}";
    check("no rule", &[("a", none)], &asks(false, false, false));
    let null = "{podSelector: {matchLabels: {app: web}}, ingress: null}";
    check("no rules at all", &[("a", null)], &asks(false, false, false));
}

#[test]
fn expressions_take_what_their_operators_say() {
    let asks = |client: bool, old: bool| -> [Ask; 2] {
        [("a/client", "a/web", 1, "TCP", client), ("a/old", "a/web", 1, "TCP", old)]
    };
    for (expression, client, old) in [
        ("{key: app, operator: In, values: [client, web]}", true, true),
        ("{key: app, operator: NotIn, values: [web]}", true, false),
        ("{key: tier, operator: NotIn, values: [front]}", true, true),
        ("{key: tier, operator: Exists}", false, true),
        ("{key: tier, operator: DoesNotExist}", true, false),
        ("{key: tier, operator: In, values: [front]}", false, false),
    ] {
        let spec = format!(
            "{{podSelector: {{matchLabels: {{tier: front}}}}, \
             ingress: [{{from: [{{podSelector: {{matchExpressions: [{expression}]}}}}]}}]}}"
        );
        check(expression, &[("a", &spec)], &asks(client, old));
    }
    let joined = "{podSelector: {matchLabels: {tier: front}}, ingress: [{from: [{podSelector: {\
        matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn, values: [old]}]}}]}]}";
    check("labels and expressions", &[("a", joined)], &asks(false, false));
}

#[test]
fn blocks_are_of_addresses_and_leave_out_their_exceptions() {
    let egress =
        |to: &str| format!("{{podSelector: {{}}, policyTypes: [Egress], egress: [{{to: {to}}}]}}");
    let to = |address: &'static str, yes: bool| -> Ask { ("a/web", address, 443, "TCP", yes) };
    let table: [(&str, &str, &[Ask]); 7] = [
        (
            "an exception",
            "[{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16, 10.0.0.0/8]}}]",
            &[
                to("203.0.113.7", true),
                to("169.254.169.254", false),
                to("169.255.0.1", true),
                to("10.2.0.1", false),
            ],
        ),
        (
            "another peer admits what one leaves out",
            "[{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: 10.9.0.0/16}}]",
            &[to("10.9.1.1", true), to("10.8.1.1", false)],
        ),
        ("the other family", "[{ipBlock: {cidr: 0.0.0.0/0}}]", &[to("2001:db8::1", false)]),
        (
            "IPv6",
            "[{ipBlock: {cidr: '::/0', except: ['fe80::/10']}}]",
            &[to("2001:db8::1", true), to("febf::1", false), to("fec0::1", true)],
        ),
        (
            "a length that is no whole byte",
            "[{ipBlock: {cidr: 10.8.0.0/13}}]",
            &[to("10.15.255.255", true), to("10.16.0.0", false)],
        ),
        (
            "one address",
            "[{ipBlock: {cidr: 10.2.0.1/32}}]",
            &[("a/web", "b/client", 443, "TCP", true), ("a/web", "b/batch", 443, "TCP", false)],
        ),
        ("selectors are no addresses", "[{podSelector: {}}]", &[to("10.1.0.3", false)]),
    ];
    for (rule, peers, asks) in table {
        check(rule, &[("a", &egress(peers))], asks);
    }
    let inward = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 'fd00::/64'}}]}]}";
    let second: &[Ask] =
        &[("a/web", "b/batch", 1, "TCP", true), ("a/old", "b/batch", 1, "TCP", false)];
    check("any address of a Pod", &[("b", inward)], second);
}
