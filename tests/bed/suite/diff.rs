//! `openclaw diff --live` before a real API server: what it shows is what kubectl shows, and what
//! it calls immutable is refused. The API server is the test's own; there is nothing behind it.

use serde_json::json;

use crate::bed::ensure;
use crate::bed::plane::Plane;
use crate::kit::{self, Output, Test};

const SETTINGS: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: agents\ntemplates: templates\ncluster:\n  ingressNamespaces: [ingress-nginx]\n";
const INSTANCE: &str = "apiVersion: openclaw.rocks/v1alpha1\nkind: OpenClawInstance\nmetadata:\n  name: my-agent\nspec:\n  image:\n    tag: \"2026.9.6\"\n  envFrom:\n    - secretRef:\n        name: my-keys\n  config: {raw: {gateway: {trustedProxies: [10.244.3.0/24]}}}\n  networking:\n    ingress:\n      enabled: true\n      className: nginx\n      hosts: [{host: agent.example.com}]\n      tls: [{hosts: [agent.example.com], secretName: agent-tls}]\n";
const CANARY: &str = "Y2FuYXJ5";

/// A repository whose tree is rendered.
fn repository(plane: &Plane) -> Test {
    let mut test = Test::new()
        .file("openclaw.yaml", SETTINGS)
        .file("templates/README.md", "overrides\n")
        .file("instances/my-agent.yaml", INSTANCE)
        .env("KUBECONFIG", plane.kubeconfig().to_str().unwrap());
    openclaw(&mut test, "render", 0);
    test
}

#[track_caller]
fn openclaw(test: &mut Test, line: &str, code: i32) -> Output {
    let output = test.args_of(line).run();
    assert_eq!(output.code, Some(code), "{line}: {}{}", output.stderr, output.stdout);
    output
}

#[track_caller]
fn nothing(test: &mut Test) {
    let output = openclaw(test, "diff --live", 0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
}

fn tree(test: &Test) -> String {
    test.path().join("rendered/agents/my-agent").to_str().unwrap().to_owned()
}

#[track_caller]
fn apply(plane: &Plane, test: &Test) {
    plane.kubectl(["apply", "--server-side", "--force-conflicts", "-f", &tree(test)]).unwrap();
}

/// Adds to the spec of the instance.
fn spec(test: &Test, more: &str) {
    test.write("instances/my-agent.yaml", format!("{INSTANCE}{more}"));
}

/// Replaces a text in a template of the project.
fn template(test: &Test, name: &str, from: &str, to: &str) {
    let text = std::fs::read_to_string(kit::root().join("templates").join(name)).unwrap();
    assert!(text.contains(from), "{name} has no `{from}`");
    test.write(&format!("templates/{name}"), text.replacen(from, to, 1));
}

/// The lines that come and go, without what the server counts and how texts are quoted.
fn lines(diff: &str) -> Vec<String> {
    let is_line = |line: &&str| {
        (line.starts_with('+') && !line.starts_with("+++"))
            || (line.starts_with('-') && !line.starts_with("---"))
    };
    let mut found: Vec<String> = diff
        .lines()
        .filter(is_line)
        .filter(|line| !line[1..].trim().starts_with("generation: "))
        .map(|line| format!("{} {}", &line[..1], line[1..].trim().replace(['"', '\''], "")))
        .collect();
    found.sort();
    found
}

/// What kubectl shows of the rendered tree.
#[track_caller]
fn kubectl_diff(plane: &Plane, test: &Test) -> String {
    let mut command = std::process::Command::new(kit::tool("KUBECTL"));
    command.arg("--kubeconfig").arg(plane.kubeconfig());
    command.args(["diff", "--server-side", "--force-conflicts", "-f", &tree(test)]);
    let output = command.env_remove("KUBECTL_EXTERNAL_DIFF").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_cluster_is_compared_as_kubectl_compares_it() {
    let plane = Plane::start();
    let mut test = repository(&plane);

    let output = openclaw(&mut test, "diff --live --summary", 1).stdout;
    assert!(output.ends_with("1 instance, 13 objects: 13 created\n"), "{output}");
    let words = "\n  danger: is refused by the cluster: namespaces \"agents\" not found\n";
    assert_eq!(output.matches(words).count(), 13, "{output}");
    plane.kubectl(["create", "namespace", "agents"]).unwrap();
    let output = openclaw(&mut test, "diff --live --stat", 1).stdout;
    assert_eq!(output.matches("\n  created ").count(), 13, "{output}");
    assert!(!output.contains("is refused"), "{output}");

    apply(&plane, &test);
    nothing(&mut test);
    // What a controller scales is nothing that is applied.
    plane.kubectl(["scale", "statefulset/my-agent", "--replicas=0", "-n", "agents"]).unwrap();
    nothing(&mut test);
    plane.kubectl(["scale", "statefulset/my-agent", "--replicas=1", "-n", "agents"]).unwrap();

    spec(
        &test,
        "  security:\n    networkPolicy:\n      allowedEgressCIDRs: [192.0.2.0/24]\n  env:\n    - name: A\n      value: b\n",
    );
    let path = test.path().join("instances/my-agent.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text.replace("10.244.3.0/24", "10.244.4.0/24")).unwrap();
    let ours = openclaw(&mut test, "diff --live", 1).stdout;
    assert!(ours.contains("  warning: opens the network: egress to `192.0.2.0/24` on every port but TCP 53, TCP 443, UDP 53\n"), "{ours}");
    assert!(
        ours.contains(
            "  warning: restarts the Pod: `env` of `openclaw`; the configuration that is mounted\n"
        ),
        "{ours}"
    );
    assert!(
        !ours.contains("uid:")
            && !ours.contains("managedFields")
            && !ours.contains("resourceVersion"),
        "{ours}"
    );
    openclaw(&mut test, "render", 0);
    let kubectl = kubectl_diff(&plane, &test);
    assert!(lines(&ours).len() > 10, "{ours}");
    assert_eq!(lines(&ours), lines(&kubectl));

    // The same program shows the same when it is ours that calls it.
    let mut outside =
        repository_of(&test).env("KUBECTL_EXTERNAL_DIFF", "diff -u -N --ignored=/etc/passwd");
    let output = openclaw(&mut outside, "diff --live", 1);
    assert_eq!(lines(&output.stdout), lines(&kubectl));
    assert!(
        output.stdout.contains("/LIVE/apps.v1.StatefulSet.agents.my-agent\t"),
        "{}",
        output.stdout
    );
    assert!(output.stderr.contains("  warning: opens the network: "), "{}", output.stderr);
    for (program, code) in
        [("true", 0), ("false", 1), ("openclaw-has-no-such-program", 2), ("sh -c exit", 0)]
    {
        let mut outside = repository_of(&test).env("KUBECTL_EXTERNAL_DIFF", program);
        openclaw(&mut outside, "diff --live", code);
    }

    apply(&plane, &test);
    nothing(&mut test);
    // No difference, no program.
    nothing(&mut repository_of(&test).env("KUBECTL_EXTERNAL_DIFF", "false"));
}

/// Another run in the same repository.
fn repository_of(test: &Test) -> Test {
    let mut other = Test::new();
    for (path, text) in kit::tree(test.path()) {
        other.write(&path, text);
    }
    for (name, value) in test.variables() {
        other = other.env(name, value);
    }
    other
}

#[test]
fn what_is_rendered_no_more_is_deleted_whether_the_tree_still_has_it_or_not() {
    let plane = Plane::start();
    plane.kubectl(["create", "namespace", "agents"]).unwrap();
    let mut test = repository(&plane);
    apply(&plane, &test);
    // Neither is of this repository: of another instance, and what something else owns.
    let foreign = |name: &str, instance: &str, owner: &str| {
        let labels = json!({"app.kubernetes.io/managed-by": "openclaw", "app.kubernetes.io/instance": instance});
        let mut map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "agents", "labels": labels}});
        if !owner.is_empty() {
            map["metadata"]["ownerReferences"] =
                json!([{"apiVersion": "v1", "kind": "Pod", "name": owner, "uid": owner}]);
        }
        map.to_string()
    };
    plane.apply(&foreign("another", "another-agent", ""));
    plane.apply(&foreign("owned", "my-agent", "a-pod"));
    nothing(&mut test);
    let text = INSTANCE.split_once("  networking:").unwrap().0.to_owned();
    test.write("instances/my-agent.yaml", &text);
    for rendered in [false, true] {
        if rendered {
            openclaw(&mut test, "render", 0);
        }
        let output = openclaw(&mut test, "diff --live", 1).stdout;
        assert_eq!(output.matches("\ndeleted ").count(), 1, "{output}");
        assert!(output.contains("\ndeleted Ingress `my-agent`\n  warning: narrows the exposure: `agent.example.com/`\n"), "{output}");
        let is_named = output
            .contains("--- a/rendered/agents/my-agent/ingress-my-agent.yaml\n+++ /dev/null\n");
        assert_eq!(is_named, !rendered, "{output}");
    }
    apply(&plane, &test);
    plane.kubectl(["delete", "ingress", "my-agent", "-n", "agents"]).unwrap();
    nothing(&mut test);

    // A Secret that lies in the tree is told, and what it holds is not.
    let path = "rendered/agents/my-agent/service-my-agent.yaml";
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: leak\n  namespace: agents\ndata:\n  token: {CANARY}\n"
    );
    plane.apply(&secret);
    test.write(path, &secret);
    for format in ["text", "json", "markdown", "github"] {
        let output = openclaw(&mut test, &format!("diff --live -o {format}"), 1);
        let all = format!("{}{}", output.stdout, output.stderr);
        assert!(all.contains("leak") && !all.contains(CANARY), "{all}");
    }
    let mut outside = repository_of(&test).env("KUBECTL_EXTERNAL_DIFF", "diff -r -u -N");
    let output = openclaw(&mut outside, "diff --live", 1).stdout;
    assert!(output.contains("***") && !output.contains(CANARY), "{output}");

    // An instance that is gone is known by its lock until the tree is rendered anew.
    openclaw(&mut test, "render --force", 0);
    std::fs::remove_file(test.path().join("instances/my-agent.yaml")).unwrap();
    test.write("instances/other.yaml", text.replace("my-agent", "other"));
    let output = openclaw(&mut test, "diff --live --stat", 1).stdout;
    assert!(output.contains("deleted PersistentVolumeClaim/my-agent-data"), "{output}");
    assert!(output.ends_with("2 instances, 24 objects: 12 created, 12 deleted\n"), "{output}");
    assert!(!output.contains("another") && !output.contains("owned"), "{output}");
    let output = openclaw(&mut test, "diff --live --stat instances/other.yaml", 1).stdout;
    assert!(output.ends_with("1 instance, 12 objects: 12 created\n"), "{output}");
}

#[test]
fn what_is_called_immutable_is_refused_with_the_words_of_the_server() {
    let plane = Plane::start();
    plane.kubectl(["create", "namespace", "agents"]).unwrap();
    let mut test = repository(&plane);
    apply(&plane, &test);
    for (name, from, to, field, words) in [
        (
            "stateful-set.yaml.j2",
            "podManagementPolicy: Parallel",
            "podManagementPolicy: OrderedReady",
            "spec.podManagementPolicy",
            "updates to statefulset spec for fields other than",
        ),
        (
            "stateful-set.yaml.j2",
            "serviceName: {{ name }}",
            "serviceName: other",
            "spec.serviceName",
            "updates to statefulset spec for fields other than",
        ),
        (
            "stateful-set.yaml.j2",
            "  template:\n",
            "  volumeClaimTemplates: [{metadata: {name: more}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]\n  template:\n",
            "spec.volumeClaimTemplates",
            "updates to statefulset spec for fields other than",
        ),
        (
            "persistent-volume-claim.yaml.j2",
            "accessModes: {{ claim.access_modes }}",
            "accessModes: [ReadWriteMany]",
            "spec.accessModes",
            "spec is immutable after creation",
        ),
        (
            "role-binding.yaml.j2",
            "  name: {{ name }}\nsubjects",
            "  name: other\nsubjects",
            "roleRef",
            "cannot change roleRef",
        ),
        (
            "service.yaml.j2",
            "  type: {{ service.kind }}",
            "  clusterIP: None\n  type: {{ service.kind }}",
            "spec.clusterIP",
            "may not change once set",
        ),
    ] {
        template(&test, name, from, to);
        let output = openclaw(&mut test, "diff --live", 1).stdout;
        let refused: Vec<&str> =
            output.lines().filter(|line| line.starts_with("  danger: is refused")).collect();
        assert!(refused.len() == 1 && refused[0].contains(words), "{field}: {output}");
        assert!(
            output.contains(&format!("  danger: changes an immutable field: `{field}` from ")),
            "{field}: {output}"
        );
        assert!(!output.contains("puts data at risk"), "{field}: {output}");
        std::fs::remove_file(test.path().join("templates").join(name)).unwrap();
    }
    spec(&test, "  storage:\n    persistence:\n      size: 1Gi\n");
    let output = openclaw(&mut test, "diff --live", 1).stdout;
    assert!(
        output.contains("  danger: is refused by the cluster: PersistentVolumeClaim"),
        "{output}"
    );
    assert!(
        output.contains("  danger: puts data at risk: a volume cannot shrink from `10Gi` to `1Gi`"),
        "{output}"
    );
    assert!(output.contains("\n-      storage: 10Gi\n+      storage: 1Gi\n"), "{output}");
    // What an admission policy or the CRD refuses is told alike, and an unknown kind as well.
    spec(&test, "");
    nothing(&mut test);
    plane.kubectl(["delete", "crd", "openclawinstances.openclaw.rocks"]).unwrap();
    let gone = |test: &mut Test| {
        let output = test.args_of("diff --live").run();
        let words = "\ncreated OpenClawInstance `my-agent`\n  danger: is refused by the cluster: the cluster does not know this kind: install its CRD first\n";
        ensure(output.stdout.contains(words), || format!("{}{}", output.stdout, output.stderr))
    };
    crate::bed::eventually("the kind is gone", 30, || gone(&mut test));
}

#[test]
fn whoever_applied_it_applies_it_again() {
    let plane = Plane::start();
    plane.kubectl(["create", "namespace", "agents"]).unwrap();
    let mut test = repository(&plane);
    // By client-side apply, as Argo CD does unless it is told otherwise, and as somebody else.
    plane.kubectl(["apply", "-f", &tree(&test)]).unwrap();
    nothing(&mut test);
    spec(&test, "  env:\n    - name: A\n      value: b\n");
    openclaw(&mut test, "render", 0);
    plane.kubectl(["apply", "-f", &tree(&test)]).unwrap();
    nothing(&mut test);
    spec(&test, "");
    let output = openclaw(&mut test, "diff --live", 1).stdout;
    assert!(output.contains("\n-        - name: A\n-          value: b\n"), "{output}");
    assert!(output.contains("  warning: restarts the Pod: `env` of `openclaw`\n"), "{output}");

    // And by the server, as Flux does.
    plane.kubectl(["create", "namespace", "two"]).unwrap();
    let mut test = repository(&plane);
    test.write("openclaw.yaml", SETTINGS.replace("namespace: agents", "namespace: two"));
    spec(&test, "  env:\n    - name: A\n      value: b\n");
    openclaw(&mut test, "render", 0);
    let tree = tree(&test).replace("/agents/", "/two/");
    let name = "--field-manager=kustomize-controller";
    plane.kubectl(["apply", "--server-side", name, "-f", &tree]).unwrap();
    nothing(&mut test);
    spec(&test, "");
    let output = openclaw(&mut test, "diff --live", 1).stdout;
    assert!(output.contains("\n-        - name: A\n-          value: b\n"), "{output}");
    // Under another name the field stays, as its owner has not given it up.
    let output = openclaw(&mut test, "diff --live --field-manager=somebody", 1).stdout;
    assert!(!output.contains("-        - name: A"), "{output}");
}

#[test]
fn a_claim_that_its_instance_owns_is_warned_of_and_a_right_that_is_missing_is_a_failure() {
    let plane = Plane::start();
    plane.kubectl(["create", "namespace", "agents"]).unwrap();
    let mut test = repository(&plane);
    apply(&plane, &test);
    let instance = plane.object("agents", "openclawinstance", "my-agent").unwrap();
    let owner = json!({"metadata": {"ownerReferences": [{"apiVersion": "openclaw.rocks/v1alpha1", "kind": "OpenClawInstance", "name": "my-agent", "uid": instance["metadata"]["uid"]}]}});
    plane
        .kubectl([
            "patch",
            "pvc",
            "my-agent-data",
            "-n",
            "agents",
            "--type=merge",
            "-p",
            &owner.to_string(),
        ])
        .unwrap();
    let output = openclaw(&mut test, "diff --live", 0);
    assert_eq!(
        (output.stdout.as_str(), output.stderr.as_str()),
        (
            "",
            "warning: puts data at risk: the instance owns the PersistentVolumeClaim `my-agent-data`, and when it is deleted the claim goes too; take the owner reference off\n"
        )
    );

    let mut config: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(plane.kubeconfig()).unwrap()).unwrap();
    config["contexts"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "nobody", "context": {"cluster": "plane", "user": "nobody"}}));
    let mut nobody = config["users"][0].clone();
    nobody["name"] = json!("nobody");
    nobody["user"]["as"] = json!("nobody");
    config["users"].as_array_mut().unwrap().push(nobody);
    test.write("two-contexts", config.to_string());
    let mut two = repository_of(&test).env("KUBECONFIG", "two-contexts");
    openclaw(&mut two, "diff --live", 0);
    let output = openclaw(&mut two, "diff --live --context nobody", 2);
    assert_eq!(output.stdout, "");
    assert!(
        output.stderr.contains("error: failed to read ")
            && output.stderr.contains("User \"nobody\" cannot get resource"),
        "{}",
        output.stderr
    );

    // Who may read and not write asks in vain as well.
    let everything = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]});
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}, "rules": [everything]});
    plane.apply(&role.to_string());
    plane
        .kubectl([
            "create",
            "clusterrolebinding",
            "reader",
            "--clusterrole=reader",
            "--user=nobody",
        ])
        .unwrap();
    crate::bed::eventually("the right is there", 20, || {
        let output = two.args_of("diff --live --context nobody").run();
        ensure(
            output.code == Some(2) && output.stderr.contains("as a dry run\n  caused by: "),
            || output.stderr,
        )
    });
}
