//! The evaluator itself: ports, both ends, nodes, and policies that add up.

use serde_json::{Value, json};

use crate::kit;
use crate::kit::reach::{Cluster, Party, service};
use crate::semantics::{Ask, DENY, PODS, check};

fn ingress(ports: &str) -> String {
    format!("{{podSelector: {{matchLabels: {{app: web}}}}, ingress: [{{ports: {ports}}}]}}")
}

fn ask(to: &'static str, port: u16, protocol: &'static str, yes: bool) -> Ask {
    ("a/client", to, port, protocol, yes)
}

fn check_ports(table: &[(&str, &str, &[Ask])]) {
    for (rule, ports, asks) in table {
        check(rule, &[("a", &ingress(ports))], asks);
    }
}

#[test]
fn ports_are_numbers_or_ranges_of_one_protocol() {
    check_ports(&[
        ("an empty list", "[]", &[ask("a/web", 1, "UDP", true)]),
        (
            "TCP is meant",
            "[{port: 53}]",
            &[ask("a/web", 53, "TCP", true), ask("a/web", 53, "UDP", false)],
        ),
        (
            "a protocol without a port",
            "[{protocol: UDP}]",
            &[ask("a/web", 9, "UDP", true), ask("a/web", 9, "TCP", false)],
        ),
        (
            "an entry that says nothing",
            "[{}]",
            &[ask("a/web", 9, "TCP", true), ask("a/web", 9, "SCTP", false)],
        ),
        (
            "a range",
            "[{port: 8000, endPort: 8080}]",
            &[
                ask("a/web", 7999, "TCP", false),
                ask("a/web", 8000, "TCP", true),
                ask("a/web", 8080, "TCP", true),
                ask("a/web", 8081, "TCP", false),
                ask("a/web", 8080, "UDP", false),
            ],
        ),
    ]);
}

#[test]
fn a_named_port_is_looked_up_in_each_pod() {
    check_ports(&[
        (
            "a name is another number in each Pod",
            "[{port: http}]",
            &[
                ask("a/web", 8080, "TCP", true),
                ask("a/web", 80, "TCP", false),
                ask("a/old", 80, "TCP", true),
                ask("a/old", 8080, "TCP", false),
            ],
        ),
        (
            "a name has its protocol",
            "[{port: dns, protocol: UDP}, {port: http, protocol: UDP}]",
            &[
                ask("a/web", 53, "UDP", true),
                ask("a/web", 53, "TCP", false),
                ask("a/web", 8080, "UDP", false),
            ],
        ),
        ("a name of a sidecar", "[{port: proxy}]", &[ask("a/web", 15001, "TCP", true)]),
        (
            "a name of a container that is over",
            "[{port: setup}]",
            &[ask("a/web", 7000, "TCP", false)],
        ),
        ("a name that nobody has", "[{port: nope}]", &[ask("a/web", 8080, "TCP", false)]),
    ]);
}

#[test]
fn a_name_in_egress_is_one_of_the_pod_that_is_connected_to() {
    let spec = "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], \
                egress: [{ports: [{port: http}]}]}";
    check(
        "a name in egress",
        &[("a", spec)],
        &[
            ("a/client", "a/old", 80, "TCP", true),
            ("a/client", "a/old", 8080, "TCP", false),
            ("a/client", "b/batch", 8080, "TCP", true),
            ("a/client", "203.0.113.7", 80, "TCP", false),
        ],
    );
}

#[test]
fn peers_and_ports_of_one_rule_belong_together() {
    let red = "namespaceSelector: {matchLabels: {team: red}}";
    let blue = "namespaceSelector: {matchLabels: {team: blue}}";
    let spec = format!(
        "{{podSelector: {{}}, ingress: [\
         {{from: [{{{red}}}], ports: [{{port: 1}}]}}, {{from: [{{{blue}}}], ports: [{{port: 2}}]}}]}}"
    );
    check(
        "two rules",
        &[("a", &spec)],
        &[
            ("a/client", "a/web", 1, "TCP", true),
            ("a/client", "a/web", 2, "TCP", false),
            ("b/client", "a/web", 1, "TCP", false),
            ("b/client", "a/web", 2, "TCP", true),
        ],
    );
}

#[test]
fn policies_add_up_and_cannot_take_away() {
    let allow = "{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 8080}]}]}";
    let asks: [Ask; 2] =
        [("b/client", "a/web", 8080, "TCP", true), ("b/client", "a/web", 80, "TCP", false)];
    check("deny first", &[("a", "{podSelector: {}}"), ("a", allow)], &asks);
    check("deny last", &[("a", allow), ("a", "{podSelector: {}}")], &asks);
    let other = "{podSelector: {matchLabels: {tier: front}}, ingress: [{ports: [{port: 80}]}]}";
    let both: [Ask; 2] =
        [("b/client", "a/web", 8080, "TCP", true), ("b/client", "a/web", 80, "TCP", true)];
    check("two that allow", &[("a", allow), ("a", other)], &both);
}

#[test]
fn both_ends_must_agree() {
    let in_a = "{podSelector: {}, ingress: [{ports: [{port: 8080}]}]}";
    let out_b = "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 8080}]}]}";
    let ask = |yes| -> [Ask; 1] { [("b/client", "a/web", 8080, "TCP", yes)] };
    check("both open it", &[("a", in_a), ("b", out_b)], &ask(true));
    check("the client may not leave", &[("a", in_a), ("b", DENY)], &ask(false));
    check("the server takes nobody", &[("a", DENY), ("b", out_b)], &ask(false));
    check(
        "who answers needs no rule",
        &[("a", DENY), ("a", in_a)],
        &[
            ("203.0.113.7", "a/web", 8080, "TCP", true),
            ("a/web", "203.0.113.7", 8080, "TCP", false),
        ],
    );
}

#[test]
fn a_pod_reaches_itself_and_its_node_whatever_is_said() {
    check(
        "itself and its node",
        &[("a", DENY)],
        &[
            ("a/web", "a/web", 9222, "TCP", true),
            ("a/web", "a/old", 80, "TCP", false),
            ("n1", "a/web", 8080, "TCP", true),
            ("n2", "a/web", 8080, "TCP", false),
            ("a/web", "n1", 10250, "TCP", true),
            ("a/web", "n2", 10250, "TCP", false),
        ],
    );
}

#[test]
fn a_pod_of_the_hosts_network_is_its_node() {
    let labels = "{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {}}]}]}";
    check(
        "its labels count for nothing",
        &[("a", labels)],
        &[("b/agent", "a/web", 1, "TCP", false), ("b/client", "a/web", 1, "TCP", true)],
    );
    let block = "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.168.0.3/32}}]}]}";
    check("its address does", &[("a", block)], &[("b/agent", "a/web", 1, "TCP", true)]);
    check(
        "no policy holds it",
        &[("b", DENY)],
        &[("b/agent", "203.0.113.7", 1, "TCP", true), ("203.0.113.7", "b/agent", 1, "TCP", true)],
    );
}

fn cluster(extra: &str) -> Cluster {
    Cluster::of(kit::documents(PODS).into_iter().chain(kit::documents(extra)).collect())
}

#[test]
fn a_port_of_a_service_leads_where_its_target_says() {
    let service = |ports: &str, selector: &str| {
        format!(
            "kind: Service\nmetadata: {{name: s, namespace: a}}\n\
             spec: {{selector: {selector}, ports: [{ports}]}}\n"
        )
    };
    for (ports, selector, expected) in [
        ("{port: 80, targetPort: 8080}", "{tier: front}", "web:8080 yes"),
        ("{port: 8080}", "{tier: front}", "web:8080 yes"),
        ("{port: 80, targetPort: http}", "{app: web}", "web:8080 yes, old:80 yes"),
        ("{port: 80, targetPort: http, protocol: UDP}", "{app: web}", ""),
        ("{port: 53, targetPort: dns, protocol: UDP}", "{app: web}", "web:53 yes"),
        ("{port: 53}", "{tier: front}", "web:53 no"),
        ("{port: 80, targetPort: proxy}", "{app: web}", "web:15001 yes"),
        ("{port: 80, targetPort: 7000}", "{tier: front}", "web:7000 no"),
        ("{port: 80, targetPort: setup}", "{tier: front}", ""),
        ("{port: 80}", "{}", ""),
        ("{port: 80}", "{app: batch}", ""),
    ] {
        let cluster = cluster(&service(ports, selector));
        let service = cluster.service("a", "s").unwrap();
        let port = &service.spec.as_ref().unwrap().ports.as_ref().unwrap()[0];
        let found = cluster.endpoints(&service, port).into_iter().map(|endpoint| {
            let word = if endpoint.listens().yes { "yes" } else { "no" };
            format!("{}:{} {word}", endpoint.pod.name, endpoint.port)
        });
        assert_eq!(found.collect::<Vec<_>>().join(", "), expected, "{ports} {selector}");
    }
}

#[test]
fn a_policy_sees_the_port_behind_the_service() {
    let service = "kind: Service\nmetadata: {name: s, namespace: a}\n\
                   spec: {selector: {tier: front}, ports: [{name: x, port: 80, targetPort: 8080}]}\n";
    for (port, expected) in [("8080", true), ("80", false), ("http", true), ("x", false)] {
        let spec: Value = serde_yaml::from_str(&ingress(&format!("[{{port: {port}}}]"))).unwrap();
        let policy = json!({"kind": "NetworkPolicy", "metadata": {"namespace": "a"}, "spec": spec});
        let mut cluster = cluster(service);
        cluster.objects.push(policy);
        let service = cluster.service("a", "s").unwrap();
        let first = service::port(&service, &serde_json::from_value(json!("x")).unwrap()).unwrap();
        let from = Party::Pod(cluster.pod("b", "client"));
        assert_eq!(cluster.through(&from, &service, first).yes, expected, "{port}");
    }
}

#[test]
fn a_workload_stands_for_its_pod_until_that_is_there() {
    let set = "kind: StatefulSet\nmetadata: {name: s, namespace: a}\n\
               spec: {template: {metadata: {labels: {app: s}}, spec: {containers: [{name: m}]}}}\n";
    let pod = "kind: List\nitems:\n- kind: Pod\n  metadata: {name: s-0, namespace: a, labels: {app: s, \
               controller-revision-hash: x}}\n  spec: {containers: [{name: m}]}\n  \
               status: {podIP: 10.1.0.9}\n";
    let alone = cluster(set);
    assert_eq!(alone.pod("a", "s-0").addresses.len(), 0);
    let there = cluster(&format!("{set}---\n{pod}"));
    assert_eq!(there.pods.len(), alone.pods.len());
    assert_eq!(there.pod("a", "s-0").addresses.len(), 1);
}

#[test]
fn whether_a_block_takes_a_pod_is_the_network_plugins() {
    let policy = "kind: NetworkPolicy\nmetadata: {namespace: a}\nspec: {podSelector: {}, \
                  ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}\n";
    let mut cluster = cluster(policy);
    for takes in [true, false] {
        cluster.blocks_take_pods = takes;
        let to = Party::Pod(cluster.pod("a", "web"));
        let from = Party::Pod(cluster.pod("b", "client"));
        assert_eq!(cluster.may_reach(&from, &to, 1, "TCP").yes, takes);
        let outside = Party::Outside([203, 0, 113, 7].into());
        assert!(cluster.may_reach(&outside, &to, 1, "TCP").yes);
    }
}
