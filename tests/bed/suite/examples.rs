//! Every example, synced by Argo CD, running where its images exist here, and without any drift
//! minutes later.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bed::pod::{Pod, is_ready};
use crate::bed::repository::Repository;
use crate::bed::stack::{self, TOKEN};
use crate::bed::{self, Namespace, Stack, ensure, eventually, figure, kubectl, kubectl_with};
use crate::joined;
use crate::kit::{self, joins::named};

/// How long the cluster and Argo CD are given to change something, and how many of the instances
/// that can run do: one of so many.
fn effort() -> (Duration, usize) {
    let (seconds, one_of) = if kit::nightly() { (300, 1) } else { (120, 6) };
    (Duration::from_secs(seconds), one_of)
}

/// What is synced and looked at, and cannot run here.
const NOT_RUN: [(&str, &str); 3] = [
    ("full-agent", "its images, its runtime class and its claims are placeholders"),
    ("other-agent", "its image is a placeholder, and it is suspended"),
    (
        "research-agent",
        "its Python is downloaded from where this machine cannot reach; see runtime",
    ),
];

/// What the full example names and nobody makes here.
const MISSING: [&str; 2] = [
    "StatefulSet full-agent: there is no PersistentVolumeClaim library",
    "StatefulSet other-agent: there is no PersistentVolumeClaim other-agent-volume",
];

/// One instance of an example in a namespace of the example's own.
struct Instance {
    example: String,
    stack: Stack,
    objects: Vec<Value>,
    runs: bool,
}

/// A repository of one example: as it is, but for the namespace.
fn repository_of(example: &str, namespace: &Namespace) -> Repository {
    let repository = Repository::new(&namespace.name);
    let settings = format!(
        "apiVersion: openclaw.rocks/v1alpha1\nkind: RenderConfig\nnamespace: {}\n",
        namespace.name
    );
    let root = kit::root().join("examples").join(example);
    let files = if root.is_dir() {
        let mut files = kit::tree(&root);
        files.retain(|path, _| !path.starts_with("rendered"));
        files
    } else {
        let text = std::fs::read_to_string(&root).unwrap();
        BTreeMap::from([(format!("instances/{example}"), text), ("openclaw.yaml".into(), settings)])
    };
    for (path, text) in files {
        let named = format!("namespace: {}\n", namespace.name);
        repository.write(&path, &text.replace("namespace: agents\n", &named));
    }
    repository
}

/// Renders an example, gives the cluster what the user keeps beside it, and hands it to Argo CD.
fn hand_over(example: &str) -> (Vec<Instance>, String) {
    let topic = example.trim_end_matches(".yaml").trim_start_matches("gitops-");
    let first = Namespace::new(topic);
    let repository = repository_of(example, &first);
    let mut stack = Stack { namespace: first, repository, name: String::new() };
    stack.render();
    let rendered = stack.repository.path().join("rendered").join(&stack.namespace.name);
    let mut names: Vec<String> = std::fs::read_dir(&rendered)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    beside(&stack, &rendered);
    let commit = stack.repository.push("Add the example");
    stack.hand_to_argocd("applicationset.yaml");
    stack.name = names.remove(0);
    let mut found = Vec::new();
    let others: Vec<Stack> = names.into_iter().map(|name| stack.sibling(&name)).collect();
    for stack in std::iter::once(stack).chain(others) {
        let objects = objects(&rendered.join(&stack.name));
        let runs = NOT_RUN.iter().all(|(name, _)| *name != stack.name);
        found.push(Instance { example: example.to_owned(), stack, objects, runs });
    }
    (found, commit)
}

fn objects(folder: &Path) -> Vec<Value> {
    let files = kit::tree(folder);
    files
        .iter()
        .filter(|(path, _)| !path.ends_with(".lock"))
        .flat_map(|(_, text)| kit::documents(text))
        .collect()
}

/// What is not rendered: Secrets, and the ConfigMaps that the instance only names.
fn beside(stack: &Stack, rendered: &Path) {
    let mut secrets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut maps = BTreeSet::new();
    let mut own = BTreeSet::new();
    for path in std::fs::read_dir(rendered).unwrap().map(|entry| entry.unwrap().path()) {
        for object in objects(&path) {
            if object["kind"] == "ConfigMap" {
                own.insert(object["metadata"]["name"].as_str().unwrap().to_owned());
            }
            if object["kind"] == "StatefulSet" {
                let names = named(&object["spec"]["template"]["spec"], true);
                for ((kind, name), keys) in names {
                    match kind {
                        "Secret" => secrets.entry(name).or_default().extend(keys),
                        "ConfigMap" => drop(maps.insert(name)),
                        _ => {}
                    }
                }
            }
            // Whoever signs certificates makes these.
            for tls in object["spec"]["tls"].as_array().into_iter().flatten() {
                let name = tls["secretName"].as_str().unwrap().to_owned();
                secrets.insert(name, ["tls.crt", "tls.key"].map(str::to_owned).into());
            }
        }
    }
    for (name, keys) in secrets {
        let keys =
            if keys.is_empty() { BTreeSet::from(["ANTHROPIC_API_KEY".to_owned()]) } else { keys };
        let literals = keys.iter().map(|key| format!("--from-literal={key}={TOKEN}"));
        let mut command = bed::kubectl_command();
        command.args(["create", "secret", "generic", &name, "-n", &stack.namespace.name]);
        bed::run(command.args(literals)).unwrap();
    }
    for name in maps.difference(&own) {
        let ca = format!("--from-file=ca-bundle.crt={}", bed::variable("CA"));
        kubectl(["create", "configmap", name, "-n", &stack.namespace.name, &ca]).unwrap();
    }
    for (_, text) in kit::tree(&stack.repository.path().join("instances")) {
        for document in kit::documents(&text).iter().filter(|one| one["kind"] == "ConfigMap") {
            let text = document.to_string();
            kubectl_with(
                ["apply", "--server-side", "--force-conflicts", "-n", &stack.namespace.name],
                &text,
            )
            .unwrap();
        }
    }
}

/// What a reconcile that changes something leaves behind: the generation, or the version of an
/// object that nobody but its writer changes.
fn marks(instance: &Instance) -> BTreeMap<String, Value> {
    let namespace = &instance.stack.namespace.name;
    let marks = instance.objects.iter().map(|object| {
        let (kind, name) =
            (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
        let group =
            object["apiVersion"].as_str().unwrap().split_once('/').map_or("", |(group, _)| group);
        let live = bed::object(
            namespace,
            &format!("{kind}.{group}").trim_end_matches('.').to_lowercase(),
            name,
        )
        .unwrap_or_else(|| panic!("{kind} {name} is not in the cluster"));
        let own = ["ConfigMap", "Role", "RoleBinding", "ServiceAccount"].contains(&kind);
        let mark = if own {
            &live["metadata"]["resourceVersion"]
        } else {
            &live["metadata"]["generation"]
        };
        (format!("{kind} {name}"), mark.clone())
    });
    marks.collect()
}

fn without_drift(instance: &Instance) {
    let application = instance.stack.application();
    eventually(&format!("{application} is Synced"), 60, || {
        let app = bed::object("argocd", "application.argoproj.io", &application).ok_or("gone")?;
        ensure(app["status"]["sync"]["status"] == "Synced", || app["status"].to_string())
    });
    assert_eq!(instance.stack.difference(), "", "{}", instance.example);
}

/// Starts one after the other, waits until it is Ready and stops it: other tests run beside this
/// one, and who holds room while waiting for more may wait for ever. The controller scales for a
/// backup in the same way, which Argo CD must leave alone.
fn run_some(instances: &[Instance], one_of: usize) -> usize {
    instances.iter().for_each(|instance| scale(&instance.stack, 0));
    let run = instances.iter().filter(|instance| instance.runs).step_by(one_of);
    run.map(|instance| {
        let stack = &instance.stack;
        scale(stack, 1);
        eventually(&format!("{} is Ready", stack.application()), 600, || {
            let pod = stack.pod().get()?;
            ensure(is_ready(&pod), || Pod::state(&pod))
        });
        works(stack);
        scale(stack, 0);
    })
    .count()
}

fn scale(stack: &Stack, replicas: u32) {
    let set = format!("statefulset/{}", stack.name);
    let replicas = format!("--replicas={replicas}");
    kubectl(["scale", &replicas, "-n", &stack.namespace.name, &set]).unwrap();
}

fn works(stack: &Stack) {
    let answer = stack.invoke(Some(TOKEN)).unwrap();
    assert_eq!(answer.status, 200, "{}: {}", stack.application(), answer.body);
    assert_eq!(stack.invoke(None).unwrap().status, 401);
}

/// Every namespace is asked about its live objects.
fn joins(instances: &[Instance]) -> usize {
    let mut spaces: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for instance in instances {
        let space = spaces.entry(&instance.stack.namespace.name).or_default();
        space.extend(instance.objects.iter().cloned());
    }
    let ask = |(space, files): (&&str, &Vec<Value>)| {
        let missing = if space.starts_with("full-") { &MISSING[..] } else { &[] };
        joined::as_the_files_say(space, files, missing)
    };
    spaces.iter().map(ask).sum()
}

#[test]
fn every_example_is_synced_runs_and_does_not_drift() {
    let (watched, one_of) = effort();
    let mut names = kit::examples();
    names.extend(["gitops-argocd".to_owned(), "gitops-flux".to_owned()]);
    let mut instances = Vec::new();
    let mut commits = Vec::new();
    for name in &names {
        let (found, commit) = hand_over(name);
        commits.extend(found.iter().map(|instance| (instance.stack.application(), commit.clone())));
        instances.extend(found);
    }
    for (application, commit) in &commits {
        stack::synced(application, commit, 300);
    }
    let synced = Instant::now();
    instances.iter().for_each(without_drift);
    let questions = joins(&instances);
    let count = run_some(&instances, one_of);
    let before: Vec<_> = instances.iter().map(marks).collect();
    std::thread::sleep(watched.saturating_sub(synced.elapsed()).max(Duration::from_secs(60)));
    instances.iter().for_each(without_drift);
    for (instance, before) in instances.iter().zip(before) {
        assert_eq!(marks(instance), before, "{}", instance.example);
        let set = instance.stack.namespace.object("statefulset", &instance.stack.name).unwrap();
        assert_eq!(set["spec"]["replicas"], 0, "scaled back by somebody: {}", instance.example);
    }
    figure(&format!(
        "examples: {} instances synced, {count} running, drift found: 0",
        instances.len()
    ));
    figure(&format!("examples: questions answered by the live objects: {questions}"));
    for (name, why) in NOT_RUN {
        figure(&format!("examples: {name} was synced and not run: {why}"));
    }
}
