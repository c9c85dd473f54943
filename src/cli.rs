//! The command line: what was typed, and one function a verb.
#![expect(
    clippy::disallowed_methods,
    reason = "the shell reads the environment and writes to the terminal"
)]

mod backup;
mod belongings;
mod cluster;
mod color;
mod completion;
mod controller;
mod diff;
mod explain;
mod files;
mod findings;
mod function;
mod git_worker;
mod import;
mod init;
mod install;
mod progress;
mod project;
mod reference;
mod render;
mod staging;
mod status;
mod update;
mod validate;
mod voice;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

use color::Color;

use crate::diagnostic::{Report, text};
use crate::validate::{admission, settings};

/// Turns OpenClawInstance files into plain Kubernetes manifests for GitOps.
#[derive(Debug, Parser)]
#[command(name = "openclaw", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Arguments {
    /// When to color what people read.
    #[arg(long, global = true, value_enum, default_value_t, env = "OPENCLAW_COLOR")]
    color: Color,
    #[command(flatten)]
    voice: voice::Voice,
    #[command(subcommand)]
    verb: Verb,
}

const EXIT_CODES: &str = "Exit codes:\n  0  done\n  1  a finding: an invalid instance, a stale tree, a difference, a warning under --strict\n  2  wrong usage, or a failure of the world";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a repository: settings, an instance, its manifests, CI, hooks, what syncs it.
    Init(init::Flags),
    /// Render instances: to stdout, or as the tree of the repository.
    Render(render::Flags),
    /// Report everything that is wrong, with its place.
    Validate(validate::Flags),
    /// Say what a change means, against the tree, a commit or the cluster.
    Diff(diff::Flags),
    /// Set another version in the sources, and render what follows.
    Update(update::Flags),
    /// Look at the backups in a bucket: list, show, verify.
    Backup(backup::Flags),
    /// Show all instances of the cluster, one row each.
    #[command(visible_alias = "get")]
    Status(status::Flags),
    /// Show what belongs to an instance in the cluster.
    Tree(belongings::Flags),
    /// Write sources from what the Go operator or a Helm chart runs.
    Import(import::Flags),
    /// Explain a finding's code, or a field.
    Explain(explain::Flags),
    /// Print the manifests of the controller: API, rights, Deployment, monitoring.
    Install(install::Flags),
    /// Render the instances of a ResourceList from stdin, for kustomize and kpt.
    Fn,
    /// Print the CustomResourceDefinition.
    Crd,
    /// Print the JSON Schema for editors.
    Schema {
        /// Which file the schema is for.
        #[arg(value_enum, default_value_t)]
        of: SchemaOf,
    },
    /// Look after the instances of a cluster: tokens, Secrets, status.
    Controller(controller::Flags),
    /// Print the shell's completion script.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual, or write its pages into a folder.
    Man {
        /// Folder of the pages.
        folder: Option<PathBuf>,
    },
    /// Print the tables of README.md that are made from the types.
    #[command(hide = true)]
    Reference {
        /// Which table.
        #[arg(value_enum)]
        table: reference::Table,
    },
    /// Speak to a Git server, as the controller asks on stdin.
    #[command(hide = true)]
    GitWorker,
    /// Print the version.
    Version {
        /// Print it as JSON.
        #[arg(short, long, value_enum)]
        output: Option<VersionFormat>,
    },
}

/// Which file a schema is for.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum SchemaOf {
    /// Files of instances.
    #[default]
    Instance,
    /// openclaw.yaml.
    Config,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum VersionFormat {
    Json,
}

/// Where instances are read from.
#[derive(Args, Debug)]
struct Input {
    /// Files and folders of instances, `-` for stdin; without any, those of openclaw.yaml.
    #[arg(value_hint = ValueHint::AnyPath)]
    paths: Vec<String>,
    /// The same, as a flag.
    #[arg(short = 'f', long = "filename", value_name = "PATH", value_hint = ValueHint::AnyPath)]
    filenames: Vec<String>,
    /// Namespace of instances that name none.
    #[arg(short, long, env = "OPENCLAW_NAMESPACE")]
    namespace: Option<String>,
    /// The settings; looked for upwards from the working folder, `none` for defaults.
    #[arg(long, value_name = "FILE", env = "OPENCLAW_CONFIG")]
    config: Option<String>,
}

/// How a verb ends.
enum Outcome {
    /// Nothing to say.
    Done,
    /// A finding.
    Finding,
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    completion::answer();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed pipe is the reader's choice.
            error.print().ok();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    arguments.voice.raise();
    match dispatch(arguments.verb, arguments.color) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Finding) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&failure(&error));
            ExitCode::from(2)
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

fn failure(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  caused by: {cause}\n"));
    }
    text
}

fn dispatch(verb: Verb, color: Color) -> anyhow::Result<Outcome> {
    let paint = color.is_on(&std::io::stdout());
    let color = color.is_on(&std::io::stderr());
    match verb {
        Verb::Init(flags) => init::run(&flags, color),
        Verb::Render(flags) => render::run(&flags, color),
        Verb::Validate(flags) => validate::run(&flags, color),
        Verb::Diff(flags) => diff::run(&flags, color, paint),
        Verb::Update(flags) => update::run(&flags, color),
        Verb::Backup(flags) => backup::run(&flags),
        Verb::Status(flags) => status::run(&flags),
        Verb::Tree(flags) => belongings::run(&flags),
        Verb::Import(flags) => import::run(&flags, color),
        Verb::Explain(flags) => explain::run(&flags),
        Verb::Controller(flags) => controller::run(flags, color),
        Verb::Install(flags) => install::run(&flags, color),
        Verb::Fn => function::run(color),
        Verb::Crd => print(&crate::render::yaml::write(&admission::crd())),
        Verb::Schema { of } => {
            let schema = match of {
                SchemaOf::Instance => admission::editor_schema(),
                SchemaOf::Config => settings::schema(),
            };
            print(&format!("{schema:#}\n"))
        }
        Verb::Completion { shell } => completion::run(shell),
        Verb::Man { folder } => man(folder),
        Verb::Reference { table } => print(&reference::table(table)),
        Verb::GitWorker => git_worker::run(),
        Verb::Version { output: Some(VersionFormat::Json) } => {
            let version = serde_json::json!({
                "version": env!("CARGO_PKG_VERSION"),
                "apiVersion": crate::names::API_VERSION,
                "newestKnownOpenClaw": crate::validate::config_schema::NEWEST_KNOWN,
            });
            print(&format!("{version:#}\n"))
        }
        Verb::Version { output: None } => {
            print(&format!("openclaw {}\n", env!("CARGO_PKG_VERSION")))
        }
    }
}

/// The command line without what is hidden, which completions and manuals would list.
fn visible() -> clap::Command {
    let all = Arguments::command();
    clap::Command::new("openclaw")
        .version(env!("CARGO_PKG_VERSION"))
        .about(all.get_about().cloned().unwrap_or_default())
        .after_help(EXIT_CODES)
        .args(all.get_arguments().cloned())
        .subcommands(all.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned())
}

fn man(folder: Option<PathBuf>) -> anyhow::Result<Outcome> {
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(&folder)?;
            clap_mangen::generate_to(visible(), &folder)?;
            Ok(Outcome::Done)
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(visible()).render(&mut page)?;
            print(&String::from_utf8_lossy(&page))
        }
    }
}

/// Writes a result to stdout.
fn print(text: &str) -> anyhow::Result<Outcome> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(Outcome::Done)
}

/// Writes words to stderr; when nobody reads them, nobody misses them.
fn tell(words: &str) {
    std::io::stderr().write_all(words.as_bytes()).ok();
}

/// Tells the findings, and whether they forbid going on.
fn tell_report(report: &mut Report, color: bool, strict: bool) -> bool {
    report.sort();
    tell(&text::render(&voice::heard(report, strict), color));
    report.is_failure(strict)
}
