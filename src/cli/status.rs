//! `openclaw status`: all instances of a cluster, one row each.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, ValueEnum};

use super::cluster::{self, Change, Cluster, INSTANCE, now};
use super::{Outcome, print, tell};
use crate::overview::rows::{self, Row, Table};

/// Flags of `openclaw status`.
#[derive(Args, Debug)]
#[command(after_help = "Exits 1 when an instance is Failed or Degraded, 0 with --exit-zero.")]
pub(super) struct Flags {
    /// Instances of one namespace alone.
    #[arg(short, long, env = "OPENCLAW_NAMESPACE")]
    namespace: Option<String>,
    /// Instances of all namespaces, whatever else is said; the default.
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// How they are printed.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// Go on, and print the row of each instance that changes.
    #[arg(short, long)]
    watch: bool,
    /// Exit 0 whatever state the instances are in.
    #[arg(long)]
    exit_zero: bool,
    #[command(flatten)]
    cluster: cluster::Kubeconfig,
}

/// How instances are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table.
    #[default]
    Text,
    /// A table with tag, reason, gateway and message.
    Wide,
    /// A JSON array.
    Json,
}

/// Prints the instances.
pub(super) fn run(flags: &Flags) -> anyhow::Result<Outcome> {
    anyhow::ensure!(
        !(flags.watch && flags.output == Format::Json),
        "--watch: found `--output json`, allowed: `text`, `wide`"
    );
    let cluster = Cluster::open(&flags.cluster)?;
    let namespace = flags.namespace.as_deref().filter(|_| !flags.all_namespaces);
    if flags.watch {
        return watch(&cluster, namespace, flags.output == Format::Wide);
    }
    let found = cluster.list(INSTANCE, namespace, None)?;
    let mut rows: Vec<Row> = found.iter().map(Row::new).collect();
    rows::sort(&mut rows);
    match flags.output {
        Format::Json => print(&format!("{:#}\n", rows::json(&rows)))?,
        _ if rows.is_empty() => {
            tell(&rows::none(namespace));
            Outcome::Done
        }
        format => print(&rows::table(&rows, now(), format == Format::Wide))?,
    };
    let is_fine = flags.exit_zero || !rows.iter().any(Row::is_bad);
    Ok(if is_fine { Outcome::Done } else { Outcome::Finding })
}

/// Prints the table, and then each row that changes.
fn watch(cluster: &Cluster, namespace: Option<&str>, is_wide: bool) -> anyhow::Result<Outcome> {
    let mut told: BTreeMap<(String, String), Row> = BTreeMap::new();
    let mut table: Option<Table> = None;
    // What a list names: what it does not name any more is gone.
    let mut listed: BTreeSet<(String, String)> = BTreeSet::new();
    let mut is_silent = false;
    cluster.watch(INSTANCE, namespace, |change| {
        match change {
            Change::There(object) => {
                let row = Row::new(&object);
                let key = (row.namespace.clone(), row.name.clone());
                listed.insert(key.clone());
                let is_news = told.get(&key) != Some(&row);
                if let (Some(table), true) = (&table, is_news) {
                    print(&table.row(&row, now()))?;
                }
                told.insert(key, row);
            }
            Change::Gone(object) => {
                let row = Row::new(&object);
                told.remove(&(row.namespace.clone(), row.name.clone()));
                if let Some(table) = &table {
                    print(&table.row(&row.deleted(), now()))?;
                }
            }
            Change::Listed => {
                is_silent = false;
                match &table {
                    None => {
                        let rows: Vec<Row> = told.values().cloned().collect();
                        let first = Table::new(&rows, now(), is_wide);
                        print(&first.head())?;
                        for row in &rows {
                            print(&first.row(row, now()))?;
                        }
                        table = Some(first);
                    }
                    Some(table) => {
                        let gone: Vec<_> =
                            told.keys().filter(|key| !listed.contains(*key)).cloned().collect();
                        for row in gone.iter().filter_map(|key| told.remove(key)) {
                            print(&table.row(&row.deleted(), now()))?;
                        }
                    }
                }
                listed.clear();
            }
            Change::Silent(cause) => {
                if !std::mem::replace(&mut is_silent, true) {
                    tell(&format!(
                        "warning: the cluster cannot be watched, trying again: {cause}\n"
                    ));
                }
            }
        }
        Ok(())
    })?;
    Ok(Outcome::Done)
}
