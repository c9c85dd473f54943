//! `openclaw install`: whole outputs, rights, hardening, joins, alerts, and the comparison.
//!
//! `UPDATE=1 cargo test --test install` accepts the outputs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests are shell and fail by panicking"
)]

mod install {
    pub(crate) mod expressions;
}
mod kit;

use std::collections::BTreeSet;

use install::expressions::{asked, metrics};
use kit::Test;
use kit::restricted::{containers, list, violations};
use openclaw::api::settings::Settings;
use openclaw::controller::rights::{RIGHTS, Scope, rules};
use openclaw::names;
use serde_json::{Value, json};

/// Each case with its flags.
const CASES: [(&str, &str); 5] = [
    ("default", ""),
    (
        "namespaces",
        "--namespaces team-b,team-a,team-b --namespace agents-system --cluster-name west \
         --repository fleet=https://git.example/fleet.git#release:clusters/west \
         --repository lab=git@git.example:lab.git",
    ),
    ("high-availability", "--high-availability --metrics service-monitor"),
    ("old-kubernetes", "--kubernetes-version 1.28 --no-alerts --no-dashboard"),
    (
        "plain",
        "--metrics none --image mirror.example/openclaw@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ),
];

fn printed(flags: &str) -> String {
    let mut test = Test::new();
    test.args_of(&format!("install {flags}")).success()
}

fn each(check: fn(&str, &[Value])) {
    for (case, flags) in CASES {
        check(case, &kit::documents(&printed(flags)));
    }
}

fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let is_it = |o: &&Value| o["kind"] == kind && o["metadata"]["name"] == name;
    objects.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn kinds(objects: &[Value]) -> BTreeSet<&str> {
    objects.iter().map(|o| o["kind"].as_str().unwrap()).collect()
}

/// The CRD and the policies have goldens of their own.
fn without_api(text: &str) -> String {
    let mut short = String::new();
    for object in kit::documents(text) {
        let kind = object["kind"].as_str().unwrap();
        short.push_str("---\n");
        let name = object["metadata"]["name"].as_str().unwrap();
        let is_policy = kind.starts_with("ValidatingAdmission");
        if kind.starts_with("CustomResource") || is_policy && !name.contains("controller") {
            short.push_str(&format!("# {kind} {name}\n"));
        } else {
            let version = format!(":{}", env!("CARGO_PKG_VERSION"));
            short.push_str(&openclaw::render::yaml::write(&object).replace(&version, ":VERSION"));
        }
    }
    short
}

#[test]
fn every_case_prints_what_is_expected() {
    for (case, flags) in CASES {
        kit::golden(&format!("tests/golden/install/{case}.yaml"), &without_api(&printed(flags)));
    }
}

#[test]
fn the_same_flags_give_the_same_bytes() {
    for (_, flags) in CASES {
        assert_eq!(printed(flags), printed(flags));
    }
    let reordered = CASES[1].1.replace("team-b,team-a,team-b", "team-a,team-b");
    assert_eq!(printed(CASES[1].1), printed(&reordered));
}

#[test]
fn the_api_is_the_committed_one() {
    let read =
        |path: &str| kit::documents(&std::fs::read_to_string(kit::root().join(path)).unwrap());
    let objects = kit::documents(&printed(""));
    let mut crd =
        find(&objects, "CustomResourceDefinition", "openclawinstances.openclaw.rocks").clone();
    let annotations = crd["metadata"].as_object_mut().unwrap().remove("annotations").unwrap();
    assert_eq!(annotations["argocd.argoproj.io/sync-options"], "Prune=false,Delete=false");
    assert_eq!(annotations["kustomize.toolkit.fluxcd.io/prune"], "disabled");
    let mut committed = read("crds/openclawinstances.openclaw.rocks.yaml").remove(0);
    committed["metadata"].as_object_mut().unwrap().remove("annotations");
    assert!(crd == committed, "the CRD is not the committed one");
    for policy in read("crds/admission-policies.yaml") {
        let kind = policy["kind"].as_str().unwrap();
        let found = find(&objects, kind, policy["metadata"]["name"].as_str().unwrap());
        assert!(*found == policy, "{kind} is not the committed one");
    }
}

#[test]
fn an_old_kubernetes_gets_neither_rules_nor_policies() {
    let is_there = |version: &str| {
        let text = printed(&format!("--kubernetes-version {version}"));
        [text.contains("x-kubernetes-validations"), text.contains("ValidatingAdmissionPolicy")]
    };
    assert_eq!(is_there("1.29"), [false, false]);
    assert_eq!(is_there("1.30"), [true, true]);
}

#[test]
fn the_recipe_of_the_image_is_that_of_the_deployment() {
    let recipe = std::fs::read_to_string(kit::root().join(".image/Containerfile")).unwrap();
    let version = format!("image.version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(recipe.contains(&version), "the recipe has another version");
    let objects = kit::documents(&printed(""));
    let set = find(&objects, "Deployment", names::CONTROLLER);
    let context = &set["spec"]["template"]["spec"]["securityContext"];
    let user = format!("\nUSER {}:{}\n", context["runAsUser"], context["runAsGroup"]);
    assert!(recipe.contains(&user), "the recipe has another user than{user}");
}

#[test]
fn the_roles_are_the_table_and_nothing_else() {
    each(|case, objects| {
        let lease = find(objects, "Role", "openclaw-controller-lease");
        assert_eq!(lease["rules"], json!(rules(Scope::Home)), "{case}");
        let is_narrow = case == "namespaces";
        assert_eq!(kinds(objects).contains("ClusterRole"), !is_narrow, "{case}");
        assert_eq!(kinds(objects).contains("ClusterRoleBinding"), !is_narrow, "{case}");
        let kind = if is_narrow { "Role" } else { "ClusterRole" };
        let watched: Vec<&Value> = objects
            .iter()
            .filter(|o| o["kind"] == kind && o["metadata"]["name"] == names::CONTROLLER)
            .collect();
        let namespaces: Vec<&str> =
            watched.iter().filter_map(|o| o["metadata"]["namespace"].as_str()).collect();
        let expected: &[&str] = if is_narrow { &["team-a", "team-b"] } else { &[] };
        assert_eq!(namespaces, expected, "{case}");
        assert!(
            !watched.is_empty()
                && watched.iter().all(|o| o["rules"] == json!(rules(Scope::Watched))),
            "{case}"
        );
    });
}

#[test]
fn no_right_reads_secrets_or_is_about_rights_or_everything() {
    for right in RIGHTS {
        let words: Vec<&str> = [right.resources, right.verbs, right.names, &[right.group]].concat();
        assert!(!words.contains(&"*"), "{right:?}");
        assert!(!right.why.is_empty() && !right.verbs.is_empty(), "{right:?}");
        if right.resources.iter().any(|r| r.starts_with("secrets")) {
            assert_eq!(right.verbs, ["create"], "{right:?}");
        }
        assert_ne!(right.group, "rbac.authorization.k8s.io");
        for verb in right.verbs {
            // A policy lets it delete the Jobs of backups alone.
            let is_jobs = *verb == "delete" && right.resources == ["jobs"];
            assert!(
                is_jobs
                    || !["escalate", "bind", "impersonate", "delete", "deletecollection"]
                        .contains(verb)
            );
        }
    }
}

#[test]
fn the_bindings_are_for_the_account_that_instances_expect() {
    let settings = Settings::default();
    let (namespace, name) = settings.cluster.controller().unwrap();
    let subject = json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}]);
    let objects = kit::documents(&printed(""));
    find(&objects, "ServiceAccount", name);
    let bindings: Vec<&Value> =
        objects.iter().filter(|o| o["kind"].as_str().unwrap().ends_with("RoleBinding")).collect();
    assert_eq!(bindings.len(), 2);
    for binding in bindings {
        assert_eq!(binding["subjects"], subject);
    }
}

#[test]
fn the_pod_is_hardened() {
    each(|case, objects| {
        let deployment = find(objects, "Deployment", names::CONTROLLER);
        let template = &deployment["spec"]["template"];
        assert_eq!(violations(template), [""; 0], "{case}");
        let pod = &template["spec"];
        assert_eq!(pod["enableServiceLinks"], false, "{case}");
        assert_eq!(pod["securityContext"]["runAsUser"], 65532, "{case}");
        for container in containers(pod) {
            assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{case}");
            for half in ["requests", "limits"] {
                for unit in ["cpu", "memory"] {
                    assert!(container["resources"][half][unit].is_string(), "{case} {half} {unit}");
                }
            }
        }
        let namespace = objects.iter().find(|o| o["kind"] == "Namespace").unwrap();
        let enforced = &namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"];
        assert_eq!(*enforced, "restricted", "{case}");
    });
}

#[test]
fn what_one_object_names_another_one_has() {
    each(|case, objects| {
        let deployment = find(objects, "Deployment", names::CONTROLLER);
        let template = &deployment["spec"]["template"];
        let labels = template["metadata"]["labels"].as_object().unwrap();
        let home = &deployment["metadata"]["namespace"];
        for (kind, at) in [
            ("Deployment", "/spec/selector/matchLabels"),
            ("Service", "/spec/selector"),
            ("NetworkPolicy", "/spec/podSelector/matchLabels"),
            ("PodDisruptionBudget", "/spec/selector/matchLabels"),
            ("PodMonitor", "/spec/selector/matchLabels"),
            ("ServiceMonitor", "/spec/selector/matchLabels"),
        ] {
            for object in objects.iter().filter(|o| o["kind"] == kind) {
                let selector = object.pointer(at).unwrap().as_object().unwrap();
                let holds = selector.iter().all(|(key, value)| labels.get(key) == Some(value));
                assert!(holds && !selector.is_empty(), "{case} {kind}");
                assert_eq!(object["metadata"]["namespace"], *home, "{case} {kind}");
            }
        }
        let pod = &template["spec"];
        let container = &pod["containers"][0];
        let volumes: BTreeSet<&str> =
            list(&pod["volumes"]).filter_map(|v| v["name"].as_str()).collect();
        let mounts: BTreeSet<&str> =
            list(&container["volumeMounts"]).filter_map(|v| v["name"].as_str()).collect();
        assert_eq!(volumes, mounts, "{case}");
        find(objects, "ServiceAccount", pod["serviceAccountName"].as_str().unwrap());
        let ports: BTreeSet<&str> =
            list(&container["ports"]).filter_map(|p| p["name"].as_str()).collect();
        assert_eq!(ports, BTreeSet::from(["health", "metrics"]), "{case}");
        let service = find(objects, "Service", names::CONTROLLER);
        assert_eq!(service["spec"]["ports"][0]["targetPort"], "metrics", "{case}");
        for binding in
            objects.iter().filter(|o| o["kind"].as_str().unwrap().ends_with("RoleBinding"))
        {
            let role = &binding["roleRef"];
            find(objects, role["kind"].as_str().unwrap(), role["name"].as_str().unwrap());
        }
        let mut seen = BTreeSet::new();
        for object in objects {
            let of = |key: &str| object["metadata"][key].as_str().map(str::to_owned);
            assert_eq!(
                object["metadata"]["labels"].is_null(),
                object["kind"] == "CustomResourceDefinition",
                "{object}"
            );
            assert!(
                seen.insert((object["kind"].to_string(), of("namespace"), of("name"))),
                "{case} {object}"
            );
        }
    });
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_exist() {
    let objects = kit::documents(&printed(""));
    let rules = &find(&objects, "PrometheusRule", names::CONTROLLER)["spec"]["groups"][0]["rules"];
    let alerts: Vec<&str> = list(rules).map(|rule| rule["alert"].as_str().unwrap()).collect();
    assert_eq!(
        alerts,
        [
            "OpenClawReconcileErrors",
            "OpenClawInstanceDegraded",
            "OpenClawSlowReconciliation",
            "OpenClawPodCrashLooping",
            "OpenClawPodOOMKilled",
            "OpenClawPVCNearlyFull",
            "OpenClawAutoUpdateRollback",
            "OpenClawBackupTooOld",
            "OpenClawBackupFailed",
        ]
    );
    for rule in list(rules) {
        let expr = rule["expr"].as_str().unwrap();
        let found = metrics(expr);
        assert!(!found.is_empty(), "{expr}");
        let unknown: Vec<_> = found.iter().filter(|name| !asked(name, true)).collect();
        assert!(unknown.is_empty(), "{unknown:?}: {expr}");
        assert!(found.iter().any(|name| asked(name, false)), "no metric of ours: {expr}");
    }
    let board = &find(&objects, "ConfigMap", "openclaw-dashboard")["data"]["openclaw-fleet.json"];
    let board: Value = serde_json::from_str(board.as_str().unwrap()).unwrap();
    assert_eq!(board["uid"], "openclaw-fleet");
    let mut used = BTreeSet::new();
    for target in list(&board["panels"]).flat_map(|panel| list(&panel["targets"])) {
        let expr = target["expr"].as_str().unwrap();
        for name in metrics(expr) {
            assert!(asked(&name, false), "{name}: {expr}");
            used.insert(name.trim_end_matches("_bucket").to_owned());
        }
    }
    let all: BTreeSet<String> = names::METRICS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(used, all, "every metric has a panel");
    let variables = list(&board["templating"]["list"]).filter(|v| v["type"] == "query");
    for variable in variables {
        assert!(
            variable["query"].as_str().unwrap().starts_with("label_values(openclaw_instance_info")
        );
    }
    for (flags, kind, at) in [
        ("", "PodMonitor", "/spec/podMetricsEndpoints/0/honorLabels"),
        ("--metrics service-monitor", "ServiceMonitor", "/spec/endpoints/0/honorLabels"),
    ] {
        let objects = kit::documents(&printed(flags));
        let monitor = find(&objects, kind, names::CONTROLLER);
        assert_eq!(monitor.pointer(at), Some(&json!(true)), "{kind}");
    }
}

#[test]
fn the_configuration_is_what_the_binary_reads_back() {
    let config = "apiVersion: openclaw.rocks/v1alpha1\nkind: ControllerConfig\nclusterName: west\n\
        repositories:\n- name: fleet\n  url: ssh://git@git.example:2222/fleet.git\n  \
        credentialsSecret: deploy-key\n  knownHosts: git.example ssh-ed25519 AAAA\n\
        restoreGrants:\n- namespace: team-a\n  prefix: backups/old\n";
    let mut test = Test::new().file("controller.yaml", config);
    let text = test.args_of("install --controller-config controller.yaml").success();
    let objects = kit::documents(&text);
    let data = &find(&objects, "ConfigMap", names::CONTROLLER)["data"]["config.yaml"];
    test.write("again.yaml", data.as_str().unwrap());
    assert_eq!(test.args_of("install --controller-config again.yaml").success(), text);
    let deployment = find(&objects, "Deployment", names::CONTROLLER);
    assert!(deployment.to_string().contains("\"secretName\":\"deploy-key\""));
    assert!(deployment.to_string().contains("--config=/etc/openclaw-controller/config.yaml"));
    let policy = find(&objects, "NetworkPolicy", names::CONTROLLER).to_string();
    assert!(policy.contains("{\"port\":22,"));
    assert!(!printed("").contains("port: 22\n"));
}

#[test]
fn a_bad_value_is_a_finding_that_says_what_is_allowed() {
    let config = "apiVersion: openclaw.rocks/v1alpha1\nkind: ControllerConfig\n\
        clusterName: West\nrepositories:\n- name: A\n  url: https://user:secret@git.example/a.git\n  \
        branch: -x\n  path: ../a\n  credentialsSecret: _\n- name: b\n  url: https://git.example/b.git\n  \
        caBundle: none\n  knownHosts: x\n- name: b\n  url: git@git.example:b.git\n\
        restoreGrants:\n- namespace: a.b\n  prefix: /a\n";
    let mut test = Test::new().file("bad.yaml", config).file(
        "odd.yaml",
        "apiVersion: openclaw.rocks/v1alpha1\nkind: ControllerConfig\nrepos: []\n",
    );
    let mut text = String::new();
    for flags in [
        "--namespace A --namespaces a.b,c --image openclaw --cluster-name x_y --kubernetes-version 1.20",
        "--image openclaw:",
        "--repository fleet",
        "--repository Fleet=http://git.example/fleet.git",
        "--repository a=https://git.example/a.git#b..c:/d --repository a=git@h:p --repository a=git@h:q",
        "--repository a=git@h:p --repository a=git@h:q",
        "--controller-config bad.yaml",
        "--controller-config odd.yaml",
    ] {
        let found = test.args_of(&format!("install {flags}")).finding();
        assert!(!found.contains("user:secret"), "{found}");
        let found = found.replace(&format!(":{}", env!("CARGO_PKG_VERSION")), ":VERSION");
        text.push_str(&format!("$ openclaw install {flags}\n{found}\n"));
    }
    kit::golden("tests/golden/install/refused.out", &text);
    for flags in [
        "--metrics statsd",
        "--metric none",
        "--controller-config nowhere.yaml",
        "--check nowhere.yaml",
    ] {
        let output = test.args_of(&format!("install {flags}")).run();
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{flags}");
    }
}

#[test]
fn check_accepts_its_own_output_and_names_what_differs() {
    let text = printed("");
    let mut test = Test::new()
        .file("same.yaml", &text)
        .file("edited.yaml", text.replacen("replicas: 1", "replicas: 3", 1))
        .file("comment.yaml", format!("# ours\n{text}"))
        .file("other.yaml", printed("--high-availability --no-alerts"))
        .file("empty.yaml", "");
    assert_eq!(test.args_of("install --check same.yaml").success(), "");
    let hint = "hint: run `openclaw install` with the same flags and commit what it prints\n";
    let deployment = "Deployment openclaw-operator-system/openclaw-controller\n";
    for (file, expected) in [
        ("edited", format!("differs: {deployment}")),
        ("comment", "differs: the order, comments or layout of the file\n".to_owned()),
        (
            "other",
            format!(
                "differs: {deployment}missing: PrometheusRule openclaw-operator-system/openclaw-controller\nleft: PodDisruptionBudget openclaw-operator-system/openclaw-controller\n"
            ),
        ),
    ] {
        let found = test.args_of(&format!("install --check {file}.yaml")).finding();
        assert_eq!(found, format!("{expected}{hint}"), "{file}");
    }
    let found = test.args_of("install --check empty.yaml").finding();
    assert_eq!(found.matches("missing: ").count(), kit::documents(&text).len());
}
