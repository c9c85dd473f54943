//! What is left to do by hand once the sources are written, with the names filled in: the rest of
//! the runbook in README.md.

use std::fmt::Write as _;

use super::Source;
use crate::names;

/// Returns the steps for these instances; nothing for files that no cluster runs.
pub fn steps(sources: &[Source], output: &str) -> String {
    let output = output.trim_end_matches('/');
    let live: Vec<(&str, &str)> = sources
        .iter()
        .filter(|source| source.is_live)
        .map(|source| (source.namespace.as_deref().unwrap_or("default"), source.name.as_str()))
        .collect();
    if live.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "next, as README.md says it under `Taking over from the Go operator`; the Pod restarts \
         once, in step 6:\n\
         1. Take a snapshot of the volume, if there is none.\n\
         2. Write `cluster: {controller: none}` into openclaw.yaml, and render; do not push yet:\n   \
         openclaw render\n\
         3. Stop the Go operator, so that it neither repairs nor deletes:\n   \
         kubectl -n openclaw-operator-system scale deployment --all --replicas=0\n\
         4. Let go of the objects; until then the volume goes with the instance:\n",
    );
    let none = r#"{"metadata":{"finalizers":null}}"#;
    for (namespace, name) in &live {
        let of = format!("kubectl -n {namespace}");
        add(&mut text, &format!("{of} patch openclawinstance {name} --type=merge -p '{none}'"));
        add(&mut text, &format!("{of} delete openclawinstance {name} --cascade=orphan"));
    }
    text.push_str("5. Clear the way; the Pod runs on without its StatefulSet:\n");
    for (namespace, name) in &live {
        let of = format!("kubectl -n {namespace}");
        add(&mut text, &format!("{of} delete statefulset {name} --cascade=orphan"));
        add(&mut text, &format!("{of} delete horizontalpodautoscaler,cronjob -l {}", labels(name)));
        let folder = format!("{output}/{namespace}/{name}");
        add(
            &mut text,
            &format!(
                "kubectl replace -f {folder}/service-{name}.yaml -f {folder}/configmap-{}.yaml",
                names::config_map(name)
            ),
        );
    }
    text.push_str("6. Push, and let the GitOps tool sync, or apply:\n");
    add(&mut text, &format!("kubectl apply --server-side --force-conflicts -R -f {output}/"));
    text.push_str("7. Remove what is not rendered any more:\n");
    for (namespace, name) in &live {
        add(
            &mut text,
            &format!(
                "kubectl -n {namespace} delete configmap,service,poddisruptionbudget,ingress,\
                 serviceaccount,role,rolebinding,networkpolicy -l {}",
                labels(name)
            ),
        );
    }
    text.push_str(
        "8. Remove the Go operator, and rotate the tokens: they were readable in ConfigMaps.\n",
    );
    text
}

/// What the Go operator put on everything that it made for an instance.
fn labels(name: &str) -> String {
    format!("{}=openclaw-operator,{}={name}", names::LABEL_MANAGED_BY, names::LABEL_INSTANCE)
}

fn add(text: &mut String, command: &str) {
    // A String takes every text, so writing to it cannot fail.
    _ = writeln!(text, "   {command}");
}
