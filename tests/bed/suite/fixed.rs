//! What a cluster refuses to change, and what Argo CD makes of it; told before by `render`.

use crate::bed::readme::{commands, follow};
use crate::bed::stack::{LIGHT, SMALL, Webhook, synced};
use crate::bed::{Stack, ensure, eventually, kubectl};

/// What the API server says to the rendered folder.
fn refused(stack: &Stack) -> String {
    let folder = stack.repository.path().join(stack.folder());
    let folder = folder.to_str().unwrap();
    let dry = "--dry-run=server";
    kubectl(["apply", "--server-side", "--force-conflicts", dry, "-f", folder]).unwrap_err()
}

/// Waits until Argo CD has failed to sync that commit once; returns what it says.
fn sync_fails(application: &str, commit: &str) -> String {
    let mut webhook = Webhook::application(application);
    eventually("the sync fails", 120, || {
        webhook.call();
        let app = crate::bed::object("argocd", "applications.argoproj.io", application).unwrap();
        let state = &app["status"]["operationState"];
        let is_it = state["operation"]["sync"]["revision"] == commit;
        // While it tries again the phase is Running.
        let is_it = is_it && state["message"].to_string().contains("unsuccessfully");
        ensure(is_it, || state.to_string())?;
        Ok(state["syncResult"]["resources"].to_string() + &state["message"].to_string())
    })
}

#[test]
fn what_a_claim_cannot_change_fails_the_sync_and_was_told_before() {
    let stack = Stack::new("fixed");
    let application = stack.namespace.name.clone();
    let storage = |lines: &str| format!("{SMALL}\nstorage: {{persistence: {{{lines}}}}}");
    stack.instance(LIGHT, &storage("size: 10Gi"));
    stack.repository.push("Add the agent");
    stack.hand_to_argocd("application.yaml");
    eventually("the Pod exists", 120, || stack.pod().get());
    let before = stack.pod().ready(600);
    let change = |lines: &str, field: &str| {
        stack.instance(LIGHT, &storage("size: 10Gi"));
        let path = stack.repository.path().join("instances/agent.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("size: 10Gi", lines)).unwrap();
        let told = stack.render();
        assert!(told.contains("warning[OC0309]") && told.contains(field), "{told}");
        refused(&stack)
    };
    let found = change("size: 10Gi, accessModes: [ReadWriteMany]", "`spec.accessModes`");
    assert!(found.contains("spec is immutable after creation"), "{found}");
    let found = change("size: 5Gi", "`spec.resources.requests.storage`");
    assert!(found.contains("field can not be less than"), "{found}");
    let found = change("size: 10Gi, storageClass: fast", "`spec.storageClassName`");
    assert!(found.contains("spec is immutable after creation"), "{found}");

    let commit = stack.repository.push("Move to a faster class");
    let said = sync_fails(&application, &commit);
    assert!(said.contains("spec is immutable after creation"), "{said}");
    stack.instance(LIGHT, &storage("size: 10Gi"));
    let commit = stack.repository.push("Put the class back");
    synced(&application, &commit, 120);
    let after = stack.pod().get().unwrap();
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);

    changes_the_set(&stack, &application, before["metadata"]["uid"].as_str().unwrap());
}

/// A template of the user's own changes what a StatefulSet cannot change, and the way out that
/// README.md names leaves the Pod as it is.
fn changes_the_set(stack: &Stack, application: &str, pod: &str) {
    let template = crate::kit::root().join("templates/stateful-set.yaml.j2");
    let template = std::fs::read_to_string(template).unwrap();
    let changed =
        template.replace("podManagementPolicy: Parallel", "podManagementPolicy: OrderedReady");
    assert_ne!(changed, template);
    stack.repository.write("templates/stateful-set.yaml.j2", &changed);
    let path = stack.repository.path().join("openclaw.yaml");
    let settings = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{settings}templates: templates\n")).unwrap();
    let told = stack.render();
    assert!(told.contains("`spec.podManagementPolicy`"), "{told}");
    let words = "kubectl -n agents delete statefulset my-agent --cascade=orphan";
    let way = commands(words, stack);
    assert!(told.contains(&format!("`{}`", way.trim())), "{told}");
    let found = refused(stack);
    assert!(found.contains("updates to statefulset spec for fields other than"), "{found}");
    let commit = stack.repository.push("Take another policy");
    let said = sync_fails(application, &commit);
    assert!(said.contains("updates to statefulset spec for fields other than"), "{said}");

    let set = stack.namespace.object("statefulset", "agent").unwrap();
    follow(words, stack).unwrap();
    assert_eq!(stack.pod().uid(), pod);
    let commit = stack.repository.push("Sync again");
    synced(application, &commit, 120);
    let new = stack.namespace.object("statefulset", "agent").unwrap();
    assert_ne!(new["metadata"]["uid"], set["metadata"]["uid"]);
    assert_eq!(new["spec"]["podManagementPolicy"], "OrderedReady");
    eventually("the Pod is taken over", 60, || {
        let pod = stack.pod().get()?;
        let owner = &pod["metadata"]["ownerReferences"][0]["uid"];
        ensure(*owner == new["metadata"]["uid"], || owner.to_string())
    });
    assert_eq!(stack.pod().uid(), pod);
}
