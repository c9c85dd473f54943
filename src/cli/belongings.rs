//! `openclaw tree`: what belongs to one instance of a cluster.

use clap::Args;

use super::cluster::{self, Cluster, INSTANCE};
use super::{Outcome, print};
use crate::overview::belongings::{Belongings, CLAIM, KINDS};
use crate::overview::drawing::draw;

/// Flags of `openclaw tree`.
#[derive(Args, Debug)]
pub(super) struct Flags {
    /// The instance, as `name` or `namespace/name`.
    #[arg(add = super::completion::instances())]
    name: String,
    /// Its namespace; without it that of the kubeconfig.
    #[arg(short, long, env = "OPENCLAW_NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    cluster: cluster::Kubeconfig,
}

/// Draws the tree.
pub(super) fn run(flags: &Flags) -> anyhow::Result<Outcome> {
    let cluster = Cluster::open(&flags.cluster)?;
    let otherwise = flags.namespace.as_deref().unwrap_or(&cluster.namespace);
    let (namespace, name) = cluster::place(&flags.name, otherwise);
    let mut found =
        Belongings { instance: cluster.get(INSTANCE, namespace, name)?, ..Belongings::default() };
    for kind in KINDS {
        let selector = format!("{}={name}", kind.label);
        let objects = cluster.list(kind, Some(namespace), Some(&selector))?;
        found.objects.extend(objects.into_iter().map(|object| (kind.kind, object)));
    }
    anyhow::ensure!(!found.is_empty(), "found no instance `{name}` in namespace {namespace}");
    for claim in found.claims() {
        let is_known = found.objects.iter().any(|(kind, object)| {
            *kind == CLAIM.kind && object["metadata"]["name"] == claim.as_str()
        });
        if is_known {
            continue;
        }
        match cluster.get(CLAIM, namespace, &claim)? {
            Some(object) => found.objects.push((CLAIM.kind, object)),
            None => found.lost_claims.push(claim),
        }
    }
    for (secret, is_optional) in found.secrets() {
        let is = cluster.secret(namespace, &secret)?;
        let is = if is_optional { is.where_optional() } else { is };
        found.secrets.push((secret, is));
    }
    print(&draw(&found.tree(namespace, name)))
}
