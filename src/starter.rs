//! Turns what `openclaw init` was asked for into the files of a repository: what people write from
//! there on, and the tree that is rendered of it. Reads nothing, writes nothing.
//!
//! The files are examples that are fit to run, so that the first commit is green and everything
//! after it is a small diff. What nobody can guess (the address of the repository, the team that
//! owns it) is a placeholder, and is told as one.

mod table;

use crate::diagnostic::{Finding, Report, severity};
use crate::install::{self, Installation};
use crate::names::MAX_NAME;
use crate::render::engine::Engine;
use crate::repository::{Files, Refusal, Repository};
use crate::tree;
use crate::validate::config_schema::NEWEST_KNOWN;
use crate::validate::grammar::{is_label, is_tag};
use crate::validate::{admission, settings};

/// Code of what is wrong with an option.
const CODE: &str = "OC0322";

/// Folders that must be ours alone: what lies there already would be rendered, or would not, and
/// the first check would fail.
pub const OWN_FOLDERS: [&str; 2] = ["instances", "rendered"];

/// Where pull requests are made and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Forgejo, and Gitea.
    Forgejo,
}

/// What brings the rendered tree to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gitops {
    /// Argo CD.
    Argocd,
    /// Flux.
    Flux,
    /// Something else, such as `kubectl apply`.
    None,
}

/// What is asked for; unchecked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the first instance.
    pub name: String,
    /// Namespace of the instances.
    pub namespace: String,
    /// Version of the first instance.
    pub tag: String,
    /// Address of the repository, where it is known.
    pub repository: Option<String>,
    /// Branch that is synced.
    pub branch: String,
    /// Team that owns the files, where it is known.
    pub owner: Option<String>,
    /// Where pull requests are checked; empty for nowhere.
    pub hosts: Vec<Host>,
    /// What syncs the tree.
    pub gitops: Gitops,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "my-agent".to_owned(),
            namespace: "agents".to_owned(),
            tag: NEWEST_KNOWN.to_owned(),
            repository: None,
            branch: "main".to_owned(),
            owner: None,
            hosts: vec![Host::Github],
            gitops: Gitops::Argocd,
        }
    }
}

/// Options that were checked; only [`Starter::accept`] makes one.
#[derive(Clone, Debug)]
pub struct Starter(Options);

impl Starter {
    /// Checks the options.
    ///
    /// # Errors
    /// With everything that is wrong, by its flag.
    pub fn accept(options: Options) -> Result<Self, Report> {
        let mut report = Report::default();
        let mut check = |flag: &str, value: &str, is_good: bool, allowed: &str| {
            if !is_good {
                let message = format!("found `{value}`, allowed: {allowed}");
                report.push(Finding::new(CODE, severity(CODE), flag, message, None));
            }
        };
        for (flag, value, longest) in
            [("--name", &options.name, MAX_NAME), ("--namespace", &options.namespace, 63)]
        {
            let allowed =
                format!("at most {longest} lower-case letters, digits and `-`, no `-` at the ends");
            check(flag, value, is_label(value, longest), &allowed);
        }
        check("--tag", &options.tag, is_tag(&options.tag), "the tag of an image");
        check("--branch", &options.branch, is_branch(&options.branch), "the name of a branch");
        if let Some(address) = &options.repository {
            let allowed = "an address such as `https://git.example.com/acme/agents.git`";
            check("--repository", address, is_address(address), allowed);
        }
        if let Some(owner) = &options.owner {
            let allowed = "a team such as `@acme/platform`, or a mail address";
            check("--owner", owner, is_owner(owner), allowed);
        }
        if report.has_errors() { Err(report) } else { Ok(Self(options)) }
    }

    /// Returns every file of the repository by its path.
    ///
    /// # Errors
    /// When the instance would not be valid, or by a fault of ours.
    pub fn files(&self) -> Result<Files, Refusal> {
        let mut files = Files::new();
        for (path, text) in table::texts(&self.0) {
            files.insert(path, text.into_bytes());
        }
        let json = |schema: serde_json::Value| format!("{schema:#}\n").into_bytes();
        let folder = ".openclaw";
        let instance = json(admission::editor_schema());
        files.insert(format!("{folder}/instance.schema.json"), instance);
        files.insert(format!("{folder}/config.schema.json"), json(settings::schema()));
        if self.0.gitops != Gitops::None {
            files.insert("controller/install.yaml".to_owned(), controller()?.into_bytes());
        }
        let (repository, report) = Repository::read(files.clone());
        let repository = repository.ok_or(Refusal::Findings(report))?;
        files.extend(repository.rendered()?);
        Ok(files)
    }

    /// Returns what is left for people to fill in: the placeholder, and the files that hold it.
    pub fn placeholders(&self, files: &Files) -> Vec<(&'static str, Vec<String>)> {
        let left = [
            (table::REPOSITORY, self.0.repository.is_none()),
            (table::OWNER, self.0.owner.is_none()),
        ];
        let holding = |placeholder: &str| -> Vec<String> {
            let holds = |bytes: &[u8]| {
                bytes.windows(placeholder.len()).any(|part| part == placeholder.as_bytes())
            };
            files.iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path.clone()).collect()
        };
        let left = left.into_iter().filter(|(_, is_left)| *is_left);
        let left = left.map(|(placeholder, _)| (placeholder, holding(placeholder)));
        left.filter(|(_, files)| !files.is_empty()).collect()
    }
}

/// Returns the controller's own manifests, as `openclaw install` prints them without flags.
fn controller() -> Result<String, Refusal> {
    let options = install::Options::default();
    let installation = Installation::accept(options).map_err(Refusal::Findings)?;
    Ok(tree::stream(&install::render(Engine::shared(), &installation)?))
}

/// Returns the finding about a file that is in the way of one of ours.
pub fn in_the_way(path: &str) -> Finding {
    let message = format!("{path} exists already, and nothing is overwritten");
    let hint = "move it away, or start in another folder and merge the two";
    Finding::new("OC0321", severity("OC0321"), "", message, Some(hint.to_owned()))
}

fn is_branch(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._/-".contains(&b);
    !text.is_empty()
        && text.bytes().all(is_plain)
        && !text.starts_with(['/', '-', '.'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("//")
}

/// The forms that Git, Argo CD and Flux know: a URL, or `git@host:path`.
fn is_address(text: &str) -> bool {
    let has_scheme = ["https://", "http://", "ssh://"]
        .iter()
        .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| rest.contains('/')));
    let is_short = text.split_once(':').is_some_and(|(host, path)| {
        host.contains('@') && !host.contains('/') && !path.is_empty() && !path.starts_with('/')
    });
    (has_scheme || is_short) && text.bytes().all(|b| b.is_ascii_graphic())
}

fn is_owner(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._/@+-".contains(&b);
    text.contains('@') && text.len() > 1 && text.bytes().all(is_plain)
}
