//! The objects of a cluster, and what they would be.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use serde_json::Value;

use super::{Flags, Only, Rendered, stored};
use crate::cli::project::Project;
use crate::cli::tell;
use crate::cluster::{Answer, Applied, Cluster, Fault};
use crate::diagnostic::Report;
use crate::diff::objects::{Key, Object, key};
use crate::diff::{Pair, live};
use crate::names;

/// Compares with the cluster.
pub(super) fn pairs(
    flags: &Flags,
    project: &Project,
    rendered: Vec<Rendered>,
    only: Option<&Only>,
    report: &mut Report,
) -> anyhow::Result<Vec<Pair>> {
    let mut known: BTreeSet<String> = rendered.iter().map(|one| one.own.clone()).collect();
    let (mut left, mut base) = (Vec::new(), String::new());
    if let Some((folder, name)) = stored::place(flags.tree.as_deref(), project) {
        let (objects, instances) = stored::left(&folder, &rendered, only, report)?;
        (left, base) = (objects, name);
        known.extend(instances.into_iter().filter(|_| only.is_none()));
    }
    let wanted: Vec<Object> = rendered.into_iter().flat_map(|one| one.objects).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    let question = Question { wanted, left, known, base };
    let context = flags.context.as_deref();
    Ok(runtime.block_on(question.ask(context, flags.field_manager.as_deref()))?)
}

/// What a cluster is asked about.
struct Question {
    wanted: Vec<Object>,
    /// What the tree has and is rendered no more.
    left: Vec<Object>,
    /// Instances of the tree, old and new.
    known: BTreeSet<String>,
    /// Folder of the tree.
    base: String,
}

impl Question {
    async fn ask(self, context: Option<&str>, manager: Option<&str>) -> Result<Vec<Pair>, Fault> {
        let mut cluster = Cluster::connect(context).await?;
        let own = self.wanted.iter().chain(&self.left).map(|object| {
            let text = |field: &str| object.value[field].as_str().unwrap_or_default().to_owned();
            (text("apiVersion"), text("kind"))
        });
        let ours =
            live::KINDS.iter().map(|(version, kind)| ((*version).to_owned(), (*kind).to_owned()));
        cluster.learn(own.chain(ours).collect()).await?;
        let values: Vec<&Value> = self.wanted.iter().map(|object| &object.value).collect();
        let answers = cluster.ask(&values, manager).await?;
        let mut pairs: Vec<Pair> = Vec::new();
        for (object, answer) in self.wanted.iter().zip(answers) {
            warn_of_owner(answer.live.as_ref());
            let file = self.file(&object.file);
            pairs.push(pair(&object.instance, file, &object.value, answer));
        }
        pairs.extend(self.gone(&cluster).await?);
        Ok(pairs)
    }

    /// Returns what the cluster has of our instances and nothing renders any more.
    async fn gone(&self, cluster: &Cluster) -> Result<Vec<Pair>, Fault> {
        let mut found: BTreeMap<Key, Pair> = BTreeMap::new();
        let stays: BTreeSet<Key> = self.wanted.iter().map(|object| key(&object.value)).collect();
        let mut add = |instance: String, file: Option<String>, object: Value| {
            let key = key(&object);
            if !stays.contains(&key) {
                let old = Some(live::bare(object));
                let pair = Pair { instance, file, old, ..Pair::default() };
                found.entry(key).or_insert(pair);
            }
        };
        for object in &self.left {
            if let Some(value) = cluster.read(&object.value).await? {
                add(object.instance.clone(), self.file(&object.file), value);
            }
        }
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        let namespaces = known.iter().filter_map(|own| own.split('/').next());
        for namespace in namespaces.collect::<BTreeSet<_>>() {
            for object in cluster.labelled(namespace).await? {
                if let Some(instance) = live::instance(&object, &known) {
                    add(instance, None, object);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    fn file(&self, file: &str) -> Option<String> {
        // Without a tree nothing says where it would lie.
        (!self.base.is_empty()).then(|| format!("{}/{file}", self.base))
    }
}

fn pair(instance: &str, file: Option<String>, wanted: &Value, answer: Answer) -> Pair {
    let old = answer.live.map(live::bare);
    let (new, refusal) = match answer.applied {
        Applied::Taken(result) => (live::bare(live::unchosen(result, old.as_ref(), wanted)), None),
        Applied::Refused(words) => {
            let new = old.as_ref().map_or_else(|| wanted.clone(), |old| live::overlay(old, wanted));
            (new, Some(words))
        }
    };
    Pair { instance: instance.to_owned(), file, old, new: Some(new), refusal }
}

/// Left by the Go operator: it takes no change to lose the data.
fn warn_of_owner(live: Option<&Value>) {
    let Some(live) = live.filter(|live| live["kind"] == "PersistentVolumeClaim") else { return };
    let owners = live["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    if owners.into_iter().any(|owner| owner["kind"] == names::KIND) {
        let name = live["metadata"]["name"].as_str().unwrap_or_default();
        tell(&format!(
            "warning: puts data at risk: the instance owns the PersistentVolumeClaim `{name}`, and when it is deleted the claim goes too; take the owner reference off\n"
        ));
    }
}
