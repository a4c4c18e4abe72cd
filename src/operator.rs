//! The operator: the composition root of everything that talks to a cluster.
//!
//! Watches keep a `world` of facts; a change wakes the `reconcile` loop, which runs the pure engine over it; the
//! difference goes out through `status`, and what somebody must act on through `events`; nothing else writes, and both do
//! only while this process holds the lease.

mod admission;
mod certificates;
mod clock;
mod draft;
mod events;
mod health;
mod heartbeat;
mod http;
mod lease;
pub mod metrics;
mod reconcile;
mod rules;
mod status;
pub mod trace;
mod unseen;
mod watch;
mod watchman;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::Request;
use kube::Client;
use kube::client::{Body, ClientBuilder};
use kube_lease_manager::LeaseManagerError;
use opentelemetry::trace::SpanContext;
use tokio::sync::{Notify, RwLock, watch as channel};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tower::timeout::TimeoutLayer;
use tower::util::MapRequestLayer;
use tracing::{info, warn};

use crate::cluster::{self, Way, observed};
use crate::engine::approval::Trust;
use crate::engine::policy::Settings;
use crate::facts::CustomKinds;
use crate::facts::object::ObjectKind;
use crate::webhook::certificates::{Host, Times};
use health::Health;
use heartbeat::Heard;
use metrics::Metrics;
use reconcile::Evaluator;
use trace::Traces;
use unseen::Unseen;
use watchman::Watchman;
use world::World;

/// The name of the Lease, and the prefix of everything that the operator calls its own.
pub const NAME: &str = "stanchion";

/// How long the last write may take: giving the lease back.
const GIVE_BACK: Duration = Duration::from_secs(5);

/// How long an answer may keep a write waiting; of what is written and of the lease.
const ANSWER: Duration = Duration::from_secs(10);

/// What the operator is told at its start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The kubeconfig to use; absent: `KUBECONFIG`, `~/.kube/config`, or the Pod's own service account.
    pub kubeconfig: Option<PathBuf>,
    /// Where `/livez`, `/readyz` and `/metrics` are served.
    pub http: SocketAddr,
    /// The namespace of the Lease; absent: the one of the kubeconfig or of the Pod.
    pub namespace: Option<String>,
    /// Tells this process from its replicas in the Lease.
    pub identity: String,
    /// Kinds of workloads that are not built in.
    pub kinds: CustomKinds,
    /// The address of the collector that traces go to; absent: there are none.
    pub traces: Option<String>,
    /// What is set once for the cluster: which approvals count, and its name.
    pub settings: Settings,
    /// Whether it writes what it finds.
    pub controls: bool,
    /// Where it answers an API server; absent: it doesn't.
    pub webhook: Option<Webhook>,
    /// What it keeps of the webhook's certificates, where it writes; absent: somebody else does.
    pub certificates: Option<Keeping>,
}

/// How it answers an API server.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where.
    pub listen: SocketAddr,
    /// Where its certificate is.
    pub certificates: Source,
    /// How long it goes on answering after it was asked to stop, until everybody knows.
    pub linger: Duration,
    /// Whether glass can be broken.
    pub breaks_glass: bool,
}

/// Where the certificate is that the webhook shows.
#[derive(Debug, Clone)]
pub enum Source {
    /// In a folder with `tls.crt` and `tls.key`.
    Folder(PathBuf),
    /// In a Secret of this name in our namespace, which is looked at so often.
    Secret(String, Duration),
}

/// What it keeps of the webhook's certificates.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// The name of the Secret, in our namespace.
    pub secret: String,
    /// By what names and addresses the webhook is reached, those of the Service aside.
    pub hosts: Vec<Host>,
    /// How long things last.
    pub times: Times,
}

/// Why the operator stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No way to the cluster is known.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The API server refused.
    #[error("the API server answered: {0}")]
    Api(#[from] kube::Error),
    /// Traces can't go where they should.
    #[error(transparent)]
    Traces(#[from] trace::Error),
    /// The address is taken, or not ours.
    #[error("can't listen on {0}: {1}; choose another with {2}")]
    Listen(SocketAddr, std::io::Error, &'static str),
    /// What the webhook is to prove itself by can't be used.
    #[error("the webhook's certificate: {0}")]
    Certificate(#[from] crate::webhook::tls::Error),
    /// A task ended that should run for ever.
    #[error("{0} stopped: {1}")]
    Stopped(&'static str, String),
}

/// What the tasks share.
struct Shared {
    client: Client,
    /// The one that writes.
    writer: Client,
    world: RwLock<World>,
    /// What was made of it. Whoever takes both takes this first.
    evaluator: RwLock<Evaluator>,
    /// Rung when something changed that posture depends on.
    changed: Notify,
    /// Since when.
    unseen: Unseen,
    health: Arc<Health>,
    metrics: Metrics,
    traces: Traces,
    /// Tells this process from its replicas.
    instance: String,
    /// The namespace that everything of ours is in.
    namespace: String,
    /// What those who answer the API server say.
    heard: Mutex<Heard>,
    /// Whether anybody answers it.
    watchman: Watchman,
}

impl Shared {
    fn new(options: &Options, config: kube::Config, traces: Traces) -> Result<Self, Error> {
        let namespace = options.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let health = Arc::new(Health::new(clock::seconds(), &options.kinds));
        let world = World::with_kinds(options.kinds.clone());
        let rests_on_rules = options.settings.trust == Trust::Enforced;
        Ok(Self {
            writer: writer(config.clone())?,
            client: client(config, &options.kinds, Arc::clone(&health))?,
            world: RwLock::new(if rests_on_rules { world.awaiting_rules() } else { world }),
            evaluator: RwLock::new(Evaluator::new(options.settings.clone())),
            changed: Notify::new(),
            unseen: Unseen::default(),
            health,
            metrics: Metrics::new(&options.kinds),
            traces,
            instance: options.identity.clone(),
            namespace,
            heard: Mutex::default(),
            watchman: Watchman::default(),
        })
    }

    /// Something changed that posture depends on; what a watch said of it may have a span.
    fn note_change(&self, span: Option<SpanContext>) {
        self.unseen.note(clock::instant(), span);
        self.changed.notify_one();
    }
}

/// Runs until SIGTERM or SIGINT, then ends what it has begun to answer and gives the lease back.
///
/// # Errors
/// If it can't start, or a task stops by itself.
pub async fn run(options: Options) -> Result<(), Error> {
    let mut stop = std::pin::pin!(asked_to_stop());
    let mut tasks = JoinSet::new();
    let traces = Traces::to(options.traces.as_deref())?;
    // A cluster that doesn't answer must not keep it from stopping.
    let started = tokio::select! {
        biased;
        () = &mut stop => return Ok(()),
        started = start(options, traces.clone(), &mut tasks) => started?,
    };
    let outcome = tokio::select! {
        () = stop => Ok(()),
        Some(ended) = tasks.join_next() => Err(match ended {
            Ok(name) => Error::Stopped(name, "it should run for ever".to_owned()),
            Err(error) => Error::Stopped("a task", error.to_string()),
        }),
    };
    let Started { lease, answering } = started;
    if let Some(answering) = answering {
        answering.end().await;
    }
    // Dropping the tasks drops the last receiver, upon which the lease is given back.
    tasks.shutdown().await;
    traces.end().await;
    let Some(lease) = lease else {
        info!("stopped");
        return outcome;
    };
    match timeout(GIVE_BACK, lease).await {
        Ok(Ok(Ok(()))) => info!("stopped"),
        Ok(Ok(Err(error))) => warn!(%error, "the lease was not given back; it ends by itself"),
        Ok(Err(error)) => warn!(%error, "the lease was not given back; it ends by itself"),
        Err(error) => warn!(%error, "the lease was not given back; it ends by itself"),
    }
    outcome
}

/// What goes on beside the tasks.
struct Started {
    /// Who keeps the lease, where it writes.
    lease: Option<JoinHandle<Result<(), LeaseManagerError>>>,
    /// Who answers, where it does.
    answering: Option<admission::Answering>,
}

/// Starts every task, and the one that keeps the lease.
async fn start(
    options: Options,
    traces: Traces,
    tasks: &mut JoinSet<&'static str>,
) -> Result<Started, Error> {
    let config = cluster::config(&Way { kubeconfig: options.kubeconfig.clone(), context: None }).await?;
    let shared = Arc::new(Shared::new(&options, config, traces)?);
    http::serve(options.http, Arc::clone(&shared), tasks).await?;
    let answering = match options.webhook {
        Some(webhook) => Some(
            admission::begin(
                Arc::clone(&shared),
                webhook,
                &shared.namespace,
                options.kinds.clone(),
                options.settings.clone(),
                tasks,
            )
            .await?,
        ),
        None => None,
    };
    let streaming = watch::serves_streaming_lists(&shared.client).await;
    let (namespace, trust) = (shared.namespace.clone(), options.settings.trust);
    info!(
        namespace,
        identity = options.identity,
        trust = trust.as_str(),
        streaming_lists = streaming,
        "starting"
    );
    if trust == Trust::Enforced {
        tasks.spawn(rules::keep(Arc::clone(&shared), streaming));
    }
    for (place, kind) in observed::kinds(&options.kinds).enumerate() {
        tasks.spawn(watch::keep(Arc::clone(&shared), kind, watch::config(place, streaming)));
    }
    if !options.controls {
        tasks.spawn(reconcile::look_on(shared));
        return Ok(Started { lease: None, answering });
    }
    let writer = shared.writer.clone();
    let proof = lease::Proof::new(writer.clone(), namespace.clone(), options.identity.clone());
    let keeper = lease::Keeper::new(writer, namespace.clone(), options.identity).await;
    let (leads, leader) = channel::channel(false);
    if let Some(keeping) = options.certificates {
        let (client, name) = (shared.client.clone(), keeping.secret.clone());
        let place = certificates::Place { client, namespace, name };
        let keeper = certificates::keeper::Keeper::new(Arc::clone(&shared), proof.clone(), place, keeping);
        tasks.spawn(keeper.keep(leader.clone()));
    }
    tasks.spawn(reconcile::run(shared, leader, proof));
    Ok(Started { lease: Some(tokio::spawn(keeper.keep(leads))), answering })
}

/// A client whose requests are signs of life of the watches that make them: one of a kind in which nothing happens has
/// no other.
fn client(config: kube::Config, kinds: &CustomKinds, health: Arc<Health>) -> Result<Client, Error> {
    let kinds: BTreeMap<String, ObjectKind> =
        observed::kinds(kinds).map(|kind| (observed::path(kind), kind)).collect();
    let note = MapRequestLayer::new(move |request: Request<Body>| {
        if let Some(kind) = kinds.get(request.uri().path()) {
            health.active(*kind, clock::seconds());
        }
        request
    });
    Ok(ClientBuilder::try_from(config)?.with_layer(&note).build())
}

/// A client that sends a request once and doesn't wait for its answer for ever: by the time at which it could be sent
/// again somebody else may have the lease.
fn writer(mut config: kube::Config) -> Result<Client, Error> {
    config.default_retry = false;
    Ok(ClientBuilder::try_from(config)?.with_layer(&TimeoutLayer::new(ANSWER)).build())
}

async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupted => {}, _ = terminated.recv() => {} }
            return;
        }
    }
    let _ = interrupted.await;
}
