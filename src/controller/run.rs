//! Starts the tasks of the controller and ends them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::Client;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use super::act::Actor;
use super::awaiting::Waiting;
use super::bucket::Bucket;
use super::catalog::Catalog;
use super::lease::Claim;
use super::ledger::Ledger;
use super::meters::Meters;
use super::namespaces::Namespaces;
use super::prober::Prober;
use super::pulse::Pulse;
use super::queue::Queue;
use super::reconcile::{Faults, Worker};
use super::survey::Surveyor;
use super::world::{Key, World};
use super::{serve, watch};
use crate::api::controller_config::ControllerConfig;

/// Looks at the same time.
const WORKERS: usize = 8;
/// How long running looks, and then the Lease, may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);

/// How much longer than a watch lasts the client waits for a word of the API server.
const MARGIN: Duration = Duration::from_secs(10);

/// No watch and no server ever ends by itself.
const BROKE_OFF: &str = "a watch or a server broke off";

/// What a controller is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Namespaces that are watched; none means all.
    pub namespaces: Vec<String>,
    /// What no instance says. Instances of another cluster than it names are left alone.
    pub config: ControllerConfig,
    /// Where files are.
    pub folders: Folders,
    /// Namespace of the Lease.
    pub home: String,
    /// Name of this process among its like.
    pub identity: String,
    /// Where `/healthz` and `/readyz` are served.
    pub health: SocketAddr,
    /// Where `/metrics` is served.
    pub metrics: SocketAddr,
}

/// Where files are.
#[derive(Clone, Debug)]
pub struct Folders {
    /// This program, which speaks to Git servers as a child.
    pub program: PathBuf,
    /// Copies of the repositories.
    pub cache: PathBuf,
    /// Credentials, one folder a repository.
    pub credentials: PathBuf,
    /// Credentials, one folder a registry.
    pub registries: PathBuf,
    /// Credentials of the bucket.
    pub store: PathBuf,
}

/// What all tasks share.
#[derive(Debug, Default)]
pub struct Shared {
    world: Mutex<World>,
    /// Who is to be looked at.
    pub queue: Queue,
    /// How the watches do.
    pub pulse: Pulse,
    /// Metrics.
    pub meters: Meters,
    /// What waits for missing objects.
    pub awaited: Waiting,
    /// Who failed before.
    pub faults: Faults,
}

impl Shared {
    /// What the watches have told; held for moments, never across an await.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a look at an instance if something about it changed.
    pub fn look(&self, key: Key, is_changed: bool) {
        if is_changed {
            self.queue.add(key, Duration::ZERO);
        }
    }
}

/// Runs the controller until it is told to end, or the Lease is lost.
///
/// # Errors
/// When the API server's address is not known, a port is taken, or the Lease is lost.
pub async fn run(options: Options) -> Result<(), String> {
    let client = client().await?;
    let shared = Arc::new(Shared::default());
    let mut tasks = JoinSet::new();
    let health = serve::listen(options.health).await.map_err(|error| error.to_string())?;
    let metrics = serve::listen(options.metrics).await.map_err(|error| error.to_string())?;
    tasks.spawn(serve::serve(health, shared.clone(), serve::health, serve::TEXT));
    tasks.spawn(serve::serve(metrics, shared.clone(), serve::metrics, serve::SERIES));
    let scopes: Vec<Option<String>> = match options.namespaces.as_slice() {
        [] => vec![None],
        some => some.iter().cloned().map(Some).collect(),
    };
    for scope in scopes {
        for row in watch::WATCHED {
            tasks.spawn(watch::watch(client.clone(), row, scope.clone(), shared.clone()));
        }
    }
    let mut ending = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let mut claim = Claim::new(client.clone(), &options.home, options.identity.clone());
    tracing::info!(identity = options.identity, "waiting for the Lease");
    tokio::select! {
        () = claim.acquire() => {}
        _ = tasks.join_next() => return Err(BROKE_OFF.to_owned()),
        _ = ending.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    }
    tracing::info!(identity = options.identity, "took the Lease");
    let bucket = Bucket::new(&options.config, &options.folders.store);
    let actor = Actor::new(client.clone(), options.identity, bucket.clone());
    let mut workers = JoinSet::new();
    let surveyor = surveyor(&client, &options.folders, options.config, &shared, &mut workers);
    let prober = Prober::new(client.clone());
    tasks.spawn(bucket.clone().watch(shared.clone()));
    let worker = Arc::new(Worker {
        shared: shared.clone(),
        client: client.clone(),
        actor,
        surveyor,
        prober,
        bucket,
        namespaces: Namespaces::new(client.clone()),
    });
    tokio::select! {
        // Nothing is given back or drained: somebody else acts by now.
        () = claim.keep() => return Err("the Lease was lost".to_owned()),
        _ = tasks.join_next() => return Err(BROKE_OFF.to_owned()),
        () = work(&worker, &mut workers) => {}
        _ = ending.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("ending");
    shared.queue.close();
    let drained = async { while workers.join_next().await.is_some() {} };
    tokio::time::timeout(DRAIN, drained).await.ok();
    tokio::time::timeout(DRAIN, claim.release()).await.ok();
    Ok(())
}

/// Starts a task for each repository.
fn surveyor(
    client: &Client,
    folders: &Folders,
    config: ControllerConfig,
    shared: &Arc<Shared>,
    tasks: &mut JoinSet<()>,
) -> Surveyor {
    let mut ledgers = Vec::new();
    for source in config.repositories {
        let (ledger, intents) = Ledger::new(source);
        tasks.spawn(ledger.clone().run(folders.clone(), intents, shared.clone()));
        ledgers.push(ledger);
    }
    let catalog =
        Arc::new(Catalog::new(client.clone(), config.registries, folders.registries.clone()));
    Surveyor { ledgers, catalog, cluster: config.cluster_name, shared: shared.clone() }
}

/// A client that waits for no answer for ever.
async fn client() -> Result<Client, String> {
    let none = |error: &dyn std::error::Error| format!("found no cluster to look after: {error}");
    let mut config = kube::Config::infer().await.map_err(|error| none(&error))?;
    config.read_timeout = Some(Duration::from_secs(u64::from(watch::KEPT)) + MARGIN);
    config.reset_reader_on_write = true;
    Client::try_from(config).map_err(|error| none(&error))
}

/// Starts the workers when everything is known that there is: what is not listed yet would count
/// as missing. Never returns.
async fn work(worker: &Arc<Worker>, workers: &mut JoinSet<()>) {
    while !worker.shared.pulse.is_listed() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..WORKERS {
        workers.spawn(worker.clone().work());
    }
    std::future::pending::<()>().await;
}
