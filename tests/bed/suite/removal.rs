//! What leaves Git leaves the cluster, but for the data; and what a cluster refuses to change is
//! told before.

use serde_json::Value;

use crate::bed::pod::Pod;
use crate::bed::readme::follow;
use crate::bed::stack::{LIGHT, SMALL, TOKEN, Webhook, synced};
use crate::bed::{Stack, ensure, eventually, kubectl, steadily};

const APPLICATION: &str = "applications.argoproj.io";
/// A file that only the agent's volume holds.
const KEPT: &str = "/home/openclaw/.openclaw/workspace/kept";

/// Writes another instance like `agent`, and its token.
fn another(stack: &Stack, name: &str) {
    let text = std::fs::read_to_string(stack.repository.path().join("instances/agent.yaml"));
    let text = text.unwrap().replace("name: agent\n", &format!("name: {name}\n"));
    stack.repository.write(&format!("instances/{name}.yaml"), &text);
    stack.namespace.secret(&format!("{name}-gateway-token"), "token", TOKEN);
}

fn remove(stack: &Stack, name: &str) {
    let file = format!("instances/{name}.yaml");
    std::fs::remove_file(stack.repository.path().join(file)).unwrap();
}

/// Everything in the namespace that bears the instance's name, whatever its kind.
pub(crate) fn everything(stack: &Stack, selector: &str) -> Vec<String> {
    let kinds = kubectl(["api-resources", "--namespaced", "--verbs=list", "-o", "name"]).unwrap();
    let kinds: Vec<&str> = kinds.lines().filter(|kind| !kind.contains("metrics.k8s")).collect();
    let namespace = &stack.namespace.name;
    let found =
        kubectl(["get", &kinds.join(","), "-n", namespace, "-l", selector, "-o", "name"]).unwrap();
    found.lines().map(str::to_owned).collect()
}

fn named(name: &str) -> String {
    format!("app.kubernetes.io/name=openclaw,app.kubernetes.io/instance={name}")
}

fn only_its_claim_stays(stack: &Stack, name: &str) {
    let claim = [format!("persistentvolumeclaim/{name}-data")];
    let mut webhooks = [
        Webhook::application(&stack.namespace.name),
        Webhook::application_set(&stack.namespace.name),
    ];
    eventually("all but the claim is gone", 90, || {
        webhooks.iter_mut().for_each(Webhook::call);
        let found = everything(stack, &named(name));
        ensure(found == claim, || format!("{found:?}"))
    });
}

/// The claim, which is bound and wanted.
fn claim(stack: &Stack, name: &str) -> Value {
    let claim = stack.namespace.object("pvc", &format!("{name}-data")).expect("the claim");
    assert_eq!(claim["status"]["phase"], "Bound");
    assert!(claim["metadata"]["deletionTimestamp"].is_null(), "{claim}");
    claim
}

/// A file of the volume behind a claim, read where the volume is.
fn on_the_volume(claim: &Value, file: &str) -> String {
    let name = claim["spec"]["volumeName"].as_str().unwrap();
    let volume = crate::bed::object("default", "pv", name).expect("the volume");
    assert_eq!(volume["status"]["phase"], "Bound");
    let path = volume["spec"]["local"]["path"].as_str().unwrap();
    std::fs::read_to_string(format!("{path}/{file}")).unwrap()
}

fn write_kept(pod: &Pod, text: &str) {
    let script = format!("echo {text} > {KEPT}");
    pod.exec("openclaw", ["sh", "-c", &script]).unwrap();
}

/// Deletes one of two agents from Git and brings it back; `applications` are those that Argo CD
/// has while it is away.
fn deletes_one_of_two(shape: &str, whole: bool) {
    let stack = Stack::new("removal");
    let namespace = stack.namespace.name.clone();
    stack.instance(LIGHT, SMALL);
    another(&stack, "other");
    stack.render();
    let settle = |commit: &str, names: &[&str]| {
        let names: Vec<String> = if whole {
            vec![namespace.clone()]
        } else {
            names.iter().map(|name| format!("{namespace}-{name}")).collect()
        };
        let mut webhook = Webhook::application_set(&namespace);
        for name in names {
            eventually("the Application is there", 60, || {
                webhook.call();
                crate::bed::object("argocd", APPLICATION, &name).ok_or("not yet".to_owned())
            });
            synced(&name, commit, 120);
        }
    };
    let commit = stack.repository.push("Add two agents");
    stack.hand_to_argocd(shape);
    settle(&commit, &["agent", "other"]);
    stack.pod().ready(600);
    let other = Pod::new(&namespace, "other-0");
    let before = other.ready(600);
    let restarts = other.restarts("openclaw");
    write_kept(&stack.pod(), "mine");
    let old = claim(&stack, "agent");

    remove(&stack, "agent");
    let told = stack.render();
    assert!(!told.contains("OC03"), "a removal is no surprise: {told}");
    let commit = stack.repository.push("Remove the agent");
    only_its_claim_stays(&stack, "agent");
    assert!(stack.namespace.object("openclawinstance", "agent").is_none());
    settle(&commit, &["other"]);
    if !whole {
        eventually("the Application is gone", 60, || {
            let application = format!("{namespace}-agent");
            let found = crate::bed::object("argocd", APPLICATION, &application);
            ensure(found.is_none(), || "it is there".to_owned())
        });
    }
    steadily("the claim stays, and all is synced", 10, || {
        let found = everything(&stack, &named("agent"));
        ensure(found == ["persistentvolumeclaim/agent-data"], || format!("{found:?}"))?;
        let application = if whole { namespace.clone() } else { format!("{namespace}-other") };
        let found = crate::bed::object("argocd", APPLICATION, &application).unwrap();
        ensure(found["status"]["sync"]["status"] == "Synced", || found["status"].to_string())
    });
    let kept = claim(&stack, "agent");
    assert_eq!(kept["metadata"]["uid"], old["metadata"]["uid"]);
    assert_eq!(on_the_volume(&kept, "workspace/kept"), "mine\n");
    let after = other.get().unwrap();
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(other.restarts("openclaw"), restarts);

    stack.instance(LIGHT, SMALL);
    let commit = stack.repository.push("Bring the agent back");
    settle(&commit, &["agent", "other"]);
    stack.pod().ready(600);
    assert_eq!(stack.pod().read(KEPT), "mine\n");
    let back = claim(&stack, "agent");
    assert_eq!(back["metadata"]["uid"], old["metadata"]["uid"]);
    assert_eq!(back["spec"]["volumeName"], old["spec"]["volumeName"]);
    assert_eq!(other.uid(), before["metadata"]["uid"]);
}

#[test]
fn one_application_prunes_an_instance_that_left_git_and_keeps_its_volume() {
    deletes_one_of_two("application.yaml", true);
}

#[test]
fn an_application_set_prunes_an_instance_that_left_git_and_keeps_its_volume() {
    deletes_one_of_two("applicationset.yaml", false);
}

#[test]
fn a_renamed_instance_starts_empty_and_finds_its_data_by_the_old_claim() {
    let stack = Stack::new("rename");
    let namespace = stack.namespace.name.clone();
    stack.instance(LIGHT, SMALL);
    stack.repository.push("Add the agent");
    stack.hand_to_argocd("application.yaml");
    eventually("the Pod exists", 120, || stack.pod().get());
    stack.pod().ready(600);
    write_kept(&stack.pod(), "mine");
    let old = claim(&stack, "agent");

    another(&stack, "helper");
    remove(&stack, "agent");
    let told = stack.render();
    assert!(told.contains("warning[OC0308]"), "{told}");
    assert!(told.contains("stays in the claim `agent-data`"), "{told}");
    let commit = stack.repository.push("Rename the agent");
    synced(&namespace, &commit, 120);
    only_its_claim_stays(&stack, "agent");
    let helper = Pod::new(&namespace, "helper-0");
    let first = helper.ready(600);
    let missing = helper.exec("openclaw", ["cat", KEPT]).unwrap_err();
    assert!(missing.contains("No such file"), "{missing}");

    let file = "instances/helper.yaml";
    let text = std::fs::read_to_string(stack.repository.path().join(file)).unwrap();
    let storage = "  storage:\n    persistence:\n      existingClaim: agent-data\n";
    stack.repository.write(file, &format!("{text}{storage}"));
    let told = stack.render();
    assert!(told.contains("leaves its data in the claim `helper-data`"), "{told}");
    let commit = stack.repository.push("Take the old volume");
    synced(&namespace, &commit, 120);
    helper.replaced(first["metadata"]["uid"].as_str().unwrap(), 600);
    assert_eq!(helper.read(KEPT), "mine\n");
    assert_eq!(claim(&stack, "agent")["metadata"]["uid"], old["metadata"]["uid"]);
    claim(&stack, "helper");
}

#[test]
fn without_a_gitops_tool_the_command_of_the_readme_leaves_the_claim() {
    let stack = Stack::new("byhand");
    stack.instance(LIGHT, &format!("{SMALL}\nsuspended: true"));
    stack.apply();
    let folder = stack.repository.path().join(stack.folder());
    let folder = folder.to_str().unwrap();
    // What README.md warns of.
    let all = kubectl(["delete", "-f", folder, "--dry-run=server"]).unwrap();
    assert!(all.contains("persistentvolumeclaim \"agent-data\""), "{all}");
    follow("! -name 'persistentvolumeclaim-*'", &stack).unwrap();
    only_its_claim_stays(&stack, "agent");
    remove(&stack, "agent");
    std::fs::write(stack.repository.path().join("instances/none.yaml"), NOTHING).unwrap();
    stack.render();
    // And the claim goes when it is meant.
    follow("kubectl -n agents delete persistentvolumeclaim my-agent-data", &stack).unwrap();
    assert_eq!(everything(&stack, &named("agent")), [""; 0]);
}

/// A source that holds no instance, where a folder without any would be empty to Git.
const NOTHING: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: none}\ndata: {}\n";
