//! What the objects of a namespace say of each other, read back from the API server: every join
//! holds, and the questions of `tests/reach.rs` have the answers that the files gave.

use serde_json::Value;

use crate::kit::joins;
use crate::kit::reach::questions::{answer, table};

/// Every kind that we render, and what a Pod names.
const KINDS: &str = "statefulsets,pods,services,networkpolicies,ingresses,httproutes,\
    servicemonitors.monitoring.coreos.com,middlewares.traefik.io,configmaps,secrets,\
    persistentvolumeclaims,serviceaccounts,roles,rolebindings,poddisruptionbudgets,\
    horizontalpodautoscalers";

/// Asks about everything in a namespace, into which `files` were synced. `missing` are the joins
/// that are known not to hold. Returns how many questions were answered.
pub fn as_the_files_say(namespace: &str, files: &[Value], missing: &[&str]) -> usize {
    let json = |args: &[&str]| -> Value {
        let mut command = crate::bed::kubectl_command();
        serde_json::from_str(&crate::bed::run(command.args(args)).unwrap()).unwrap()
    };
    let space = json(&["get", "namespace", namespace, "-o", "json"]);
    let list = json(&["get", KINDS, "-n", namespace, "-o", "json"]);
    let live = vec![list, space.clone()];
    assert_eq!(joins::check(&live), missing, "{namespace}");
    let answers = answer(live);
    let files: Vec<Value> = files.iter().cloned().chain([space]).collect();
    assert_eq!(table(&answers), table(&answer(files)), "{namespace}");
    answers.iter().map(|(_, answers)| answers.len()).sum()
}
