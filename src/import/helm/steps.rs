//! What is left to do by hand where a release runs: its volume is at risk while Helm knows it.

use super::{Chart, Wanted};

/// What a chart makes besides its claims and Secrets.
const KINDS: &str = "deployment,statefulset,service,ingress,configmap,serviceaccount,role,rolebinding,networkpolicy,poddisruptionbudget";

/// Returns the steps from a release to an instance; nothing where none is named.
pub fn steps(chart: &Chart, wanted: Wanted<'_>, output: &str) -> String {
    let Some(release) = wanted.release else { return String::new() };
    let namespace = wanted.namespace.unwrap_or("default");
    let output = output.trim_end_matches('/');
    let of = format!("kubectl -n {namespace}");
    let data = if chart.volume.is_same {
        String::new()
    } else {
        format!(
            "   Then copy the state to the root of a claim, and name that in \
             spec.storage.persistence.existingClaim: {}.\n",
            chart.volume.place
        )
    };
    format!(
        "next, as README.md says it under `Coming from a Helm chart`:\n\
         1. Take a snapshot of the volume, and make the Secrets that are named above.\n\
         2. Let Helm forget the release, so that it deletes nothing:\n   \
         {of} delete secret -l owner=helm,name={release}\n\
         3. Stop it; claims and Secrets stay:\n   \
         {of} delete {KINDS} -l app.kubernetes.io/instance={release}\n\
         {data}\
         4. Render, push, and let the GitOps tool sync, or apply:\n   \
         openclaw render\n   \
         kubectl apply --server-side -R -f {output}/\n"
    )
}
