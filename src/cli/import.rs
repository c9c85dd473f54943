//! `openclaw import`: sources for instances that the Go operator runs, and for releases of charts.

mod exports;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::cluster::{self, Cluster, INSTANCE};
use super::project::{self, Project};
use super::{Outcome, files, print, tell, tell_report};
use crate::api::Input;
use crate::diagnostic::Report;
use crate::import::helm;
use crate::import::live::Live;
use crate::import::{self, Source, steps};
use crate::names;
use crate::overview::belongings::{CLAIM, KINDS, Presence};
use crate::render::yaml;
use crate::repository::{self, Edits};
use crate::validate;

const WHAT: &str = "Writes one file an instance and never over one that exists; the cluster is only \
     read. README.md has the way from there under `Taking over from the Go operator` and `Coming \
     from a Helm chart`. Exits 1 when what was written has errors that are left for you.";

/// Flags of `openclaw import`.
#[derive(Args, Debug)]
#[command(after_help = WHAT)]
pub(super) struct Flags {
    /// Instances to import, as `name` or `namespace/name`; without any, all that are found. For
    /// the values of a chart, the name of the new instance.
    names: Vec<String>,
    /// Read the instances, and what runs beside them, from the cluster.
    #[arg(long, conflicts_with = "filenames", required_unless_present = "filenames")]
    from_cluster: bool,
    /// Files of exported instances or lists of them, or the values of a Helm chart; `-` for stdin.
    #[arg(short = 'f', long = "filename", value_name = "PATH")]
    filenames: Vec<String>,
    /// The chart that the values are of; without it that which alone has such values.
    #[arg(long, conflicts_with = "from_cluster", ignore_case = true, value_parser = PossibleValuesParser::new(helm::ids()))]
    chart: Option<String>,
    /// The Helm release that runs; its volume and its token are kept where that can be.
    #[arg(long, conflicts_with = "from_cluster")]
    release: Option<String>,
    /// Namespace of the cluster; without it that of the kubeconfig. Of the values of a chart, that
    /// of the new instance.
    #[arg(short, long, env = "OPENCLAW_NAMESPACE")]
    namespace: Option<String>,
    /// All namespaces of the cluster, whatever else is said.
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Folder of the sources; without it the first of openclaw.yaml, or `instances`.
    #[arg(short, long, value_name = "FOLDER")]
    output_dir: Option<PathBuf>,
    /// Print the sources and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// The settings; looked for upwards from the working folder, `none` for defaults.
    #[arg(long, value_name = "FILE", env = "OPENCLAW_CONFIG")]
    config: Option<String>,
    #[command(flatten)]
    cluster: cluster::Kubeconfig,
}

/// Imports the instances.
pub(super) fn run(flags: &Flags, color: bool) -> anyhow::Result<Outcome> {
    let mut report = Report::default();
    let Some(project) = project::find(flags.config.as_deref(), &mut report)? else {
        tell_report(&mut report, color, false);
        return Ok(Outcome::Finding);
    };
    let mut todo = String::new();
    let sources = if flags.from_cluster {
        from_cluster(flags, &mut report)?
    } else {
        exports::from_files(flags, &project, &mut todo, &mut report)?
    };
    if sources.is_empty() {
        tell_report(&mut report, color, false);
        anyhow::bail!("found no instance to import");
    }
    let folder = folder(flags, &project);
    let edits = edits(&sources);
    if !flags.dry_run {
        refuse_existing(&sources, &folder, &edits, &project)?;
    }
    check(&sources, &folder, &project, &mut report);
    let is_failure = tell_report(&mut report, color, false);
    for (source, path) in sources.iter().zip(paths(&sources)) {
        let verb = if flags.dry_run { "would write" } else { "wrote" };
        tell(&format!("{verb} {}\n", project::shown(&folder.join(path))));
        source.notes.iter().for_each(|note| tell(&format!("  {note}\n")));
    }
    todo.push_str(&steps::steps(&sources, &project.settings.output));
    tell(&todo);
    if flags.dry_run {
        let texts: Vec<&str> = sources.iter().map(|source| source.text.as_str()).collect();
        print(&texts.join("---\n"))?;
    } else {
        files::write(&folder, &edits)?;
    }
    Ok(if is_failure { Outcome::Finding } else { Outcome::Done })
}

fn folder(flags: &Flags, project: &Project) -> PathBuf {
    let root = || project.root.clone().unwrap_or_default();
    let first = project.settings.sources.first();
    // A source may be a file, which no other goes into.
    let first = first.filter(|source| !repository::is_source_name(source));
    let otherwise = || root().join(first.map_or("instances", String::as_str));
    flags.output_dir.clone().unwrap_or_else(otherwise)
}

/// Whether an instance was asked for; without names each is.
fn is_named(flags: &Flags, namespace: &str, name: &str) -> bool {
    flags.names.is_empty()
        || flags.names.iter().any(|asked| cluster::place(asked, namespace) == (namespace, name))
}

fn from_cluster(flags: &Flags, report: &mut Report) -> anyhow::Result<Vec<Source>> {
    let cluster = Cluster::open(&flags.cluster)?;
    let otherwise = flags.namespace.as_deref().unwrap_or(&cluster.namespace);
    let is_everywhere = flags.all_namespaces || flags.names.iter().any(|name| name.contains('/'));
    let scope = Some(otherwise).filter(|_| !is_everywhere);
    let mut found = Vec::new();
    let mut missing: BTreeSet<&str> = flags.names.iter().map(String::as_str).collect();
    for mut object in cluster.list(INSTANCE, scope, None)? {
        let part = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (part("namespace"), part("name"));
        // A name alone is of one namespace, unless all were asked for.
        let base = if flags.all_namespaces { namespace.as_str() } else { otherwise };
        let asked = |one: &str| cluster::place(one, base) == (namespace.as_str(), name.as_str());
        if !flags.names.is_empty() && !flags.names.iter().any(|one| asked(one)) {
            continue;
        }
        missing.retain(|one| !asked(one));
        if object["metadata"]["annotations"][names::ANNOTATION_SOURCE].is_string() {
            tell(&format!("{namespace}/{name} is rendered from Git already\n"));
            continue;
        }
        let live = live(&cluster, &namespace, &name)?;
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
        object["apiVersion"] = names::API_VERSION.into();
        object["kind"] = names::KIND.into();
        let bytes = yaml::write(&object).into_bytes();
        let place = format!("{namespace}/{name} in the cluster");
        let input = Input { name: place, origin: None, bytes };
        for document in import::documents(&input, report) {
            found.push(import::source(&document, Some(&live), report));
        }
    }
    anyhow::ensure!(
        missing.is_empty(),
        "found no instance `{}` in {}",
        missing.into_iter().collect::<Vec<_>>().join("`, `"),
        scope.map_or("any namespace".to_owned(), |name| format!("namespace {name}")),
    );
    Ok(found)
}

/// Asks what runs beside an instance.
fn live(cluster: &Cluster, namespace: &str, name: &str) -> anyhow::Result<Live> {
    let [set, pod, ..] = KINDS;
    let set = cluster.get(set, namespace, name)?;
    let pod = cluster.get(pod, namespace, &format!("{name}-0"))?;
    let claims = cluster.list(CLAIM, Some(namespace), None)?;
    let token = cluster.secret(namespace, &names::token_secret(name))?;
    Ok(Live::new(pod.as_ref(), set.as_ref(), &claims, token != Presence::Missing))
}

/// Where each source is written below the folder: namespaces come in where names meet.
fn paths(sources: &[Source]) -> Vec<String> {
    let path = |source: &Source| {
        let is_shared = sources.iter().filter(|other| other.name == source.name).count() > 1;
        match source.namespace.as_deref().filter(|_| is_shared) {
            Some(namespace) => format!("{namespace}/{}.yaml", source.name),
            None => format!("{}.yaml", source.name),
        }
    };
    sources.iter().map(path).collect()
}

fn edits(sources: &[Source]) -> Edits {
    let texts = sources.iter().map(|source| Some(source.text.clone().into_bytes()));
    paths(sources).into_iter().zip(texts).collect()
}

/// Nothing is written when a file is there, or the instance is in another one.
fn refuse_existing(
    sources: &[Source],
    folder: &Path,
    edits: &Edits,
    project: &Project,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        edits.len() == sources.len(),
        "found two instances of one namespace and name, allowed: one"
    );
    let existing: Vec<String> = edits
        .keys()
        .map(|path| folder.join(path))
        .filter(|path| files::exists(path))
        .map(|path| project::shown(&path))
        .collect();
    anyhow::ensure!(
        existing.is_empty(),
        "{} exists, and nothing is written over; remove it, name another folder with \
         `--output-dir`, or look with `--dry-run`",
        existing.join(", ")
    );
    let namespace = project.settings.namespace.as_deref().unwrap_or("default");
    for loaded in project::known(project) {
        let is_there = sources.iter().any(|source| {
            source.name == loaded.name
                && source.namespace.as_deref().unwrap_or(namespace) == loaded.namespace
        });
        anyhow::ensure!(
            !is_there,
            "{}/{} is in {} already",
            loaded.namespace,
            loaded.name,
            loaded.origin.unwrap_or_default()
        );
    }
    Ok(())
}

/// Holds what is written against the rules, as `validate` will.
fn check(sources: &[Source], folder: &Path, project: &Project, report: &mut Report) {
    let input = |(source, path): (&Source, String)| Input {
        name: project::shown(&folder.join(path)),
        origin: None,
        bytes: source.text.clone().into_bytes(),
    };
    let inputs: Vec<Input> = sources.iter().zip(paths(sources)).map(input).collect();
    let read = repository::sources(&inputs, &project.settings, None);
    report.extend(read.report);
    for loaded in &read.instances {
        report.extend(validate::validate(loaded, &project.settings));
    }
}
