//! The lease: of several replicas one writes, and when it is asked to stop another goes on at once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Client;
use kube::api::Api;
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder, LeaseManagerError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::{NAME, clock};

/// How long the lease holds without being renewed, and how long before its end it is renewed; seconds.
const SECONDS: (u64, u64) = (15, 5);

/// How often a replica that stands by looks whether the lease was given back. The manager alone would wait until the
/// time of the last renewal is up.
const LOOK: Duration = Duration::from_secs(2);

/// How long to wait after an answer that was none.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes the lease when it can be had, and keeps it.
pub(super) struct Keeper {
    client: Client,
    namespace: String,
    identity: String,
    manager: LeaseManager,
}

impl Keeper {
    /// Makes sure that there is a lease, however often it takes: an API server that has just begun refuses everybody for a
    /// moment.
    pub(super) async fn new(client: Client, namespace: String, identity: String) -> Self {
        loop {
            match manager(&client, &namespace, &identity).await {
                Ok(manager) => return Self { client, namespace, identity, manager },
                Err(error) if refusal(&error) == Some(403) => {
                    warn!(%error, "the lease may not be used; the operator needs get, create and patch on leases.coordination.k8s.io");
                }
                Err(error) => warn!(%error, "the lease can't be looked at; it is tried again"),
            }
            sleep(PAUSE).await;
        }
    }

    /// Says whether this process leads, until nobody listens any more; then gives the lease back.
    pub(super) async fn keep(mut self, leads: watch::Sender<bool>) -> Result<(), LeaseManagerError> {
        loop {
            let stands_by = !*leads.borrow();
            tokio::select! {
                biased;
                () = leads.closed() => return self.manager.release().await,
                changed = self.manager.changed() => match changed {
                    Ok(state) => {
                        info!(identity = self.identity, leads = state, "the lease changed hands");
                        leads.send_replace(state);
                    }
                    Err(error) => {
                        warn!(%error, "the lease can't be looked at; it is tried again");
                        sleep(PAUSE).await;
                        if is_gone(&error) {
                            leads.send_replace(false);
                            self.begin_anew().await;
                        }
                    }
                },
                // A new manager knows nothing of the old holder.
                () = self.given_back(), if stands_by => self.begin_anew().await,
            }
        }
    }

    /// Begins with a new manager, which makes the lease where there is none.
    async fn begin_anew(&mut self) {
        match manager(&self.client, &self.namespace, &self.identity).await {
            Ok(manager) => self.manager = manager,
            Err(error) => warn!(%error, "the lease can't be looked at; it is tried again"),
        }
    }

    /// Waits until nobody has the lease.
    async fn given_back(&self) {
        let leases: Api<Lease> = Api::namespaced(self.client.clone(), &self.namespace);
        loop {
            sleep(LOOK).await;
            let lease = leases.get(NAME).await;
            let free = |lease: Lease| lease.spec.is_none_or(|spec| spec.holder_identity.is_none());
            if lease.is_ok_and(free) {
                return;
            }
        }
    }
}

/// The code with which the API server refused, if that is what is wrong.
fn refusal(error: &LeaseManagerError) -> Option<u16> {
    match error {
        LeaseManagerError::KubeError(kube::Error::Api(status)) => Some(status.code),
        _ => None,
    }
}

/// Whether somebody deleted the lease.
fn is_gone(error: &LeaseManagerError) -> bool {
    matches!(error, LeaseManagerError::NonexistentLease(_)) || refusal(error) == Some(404)
}

/// Shows that this process has the lease, and not only remembers it: one that was stopped for a while, or cut off, would
/// go on writing beside its successor.
#[derive(Clone)]
pub(super) struct Proof {
    client: Client,
    namespace: String,
    seen: Seen,
    asked: Option<Instant>,
}

/// For how long a proof is good.
const FRESH: Duration = Duration::from_secs(1);

/// How long who took the lease over waits before it writes: until no proof of its predecessor is good any more, and what
/// that one had begun has come to its end. So no clock but one that runs at another speed makes two write at once.
const SETTLE: Duration = Duration::from_secs(2);

impl Proof {
    /// Nothing is shown yet.
    pub(super) const fn new(client: Client, namespace: String, identity: String) -> Self {
        Self { client, namespace, seen: Seen::new(identity), asked: None }
    }

    /// Whether this process has the lease. Asks the API server, unless it did a moment ago.
    pub(super) async fn holds(&mut self) -> bool {
        if self.seen.is_fresh(Instant::now()) {
            return true;
        }
        if self.asked.is_some_and(|at| at.elapsed() < PAUSE) {
            return false;
        }
        let asked = Instant::now();
        self.asked = Some(asked);
        let leases: Api<Lease> = Api::namespaced(self.client.clone(), &self.namespace);
        let answer = timeout(PAUSE, leases.get(NAME)).await;
        let lease = answer.ok().and_then(Result::ok).and_then(|lease| lease.spec);
        self.seen.note(lease.as_ref(), clock::now(), asked, Instant::now());
        self.seen.is_fresh(Instant::now())
    }
}

/// What a process has seen of the lease. Moments come in as values.
#[derive(Debug, Clone)]
struct Seen {
    identity: String,
    /// When it was shown last that this process may write; no longer ago than [`FRESH`], it may.
    shown: Option<Instant>,
    /// Since when the lease is known to be its own, and when it took it, which tells this time from any before.
    own: Option<(Instant, Option<MicroTime>)>,
}

impl Seen {
    const fn new(identity: String) -> Self {
        Self { identity, shown: None, own: None }
    }

    fn is_fresh(&self, now: Instant) -> bool {
        self.shown.is_some_and(|shown| now.saturating_duration_since(shown) < FRESH)
    }

    /// Notes an answer: none, if there was none in time. It counts from before the question, so that an answer that took
    /// long is not fresher for it.
    fn note(&mut self, lease: Option<&LeaseSpec>, clock: Timestamp, asked: Instant, answered: Instant) {
        let Some(lease) = lease.filter(|lease| is_held_by(lease, &self.identity, clock)) else {
            self.shown = None;
            return;
        };
        let since = match &self.own {
            Some((since, acquired)) if *acquired == lease.acquire_time => *since,
            _ => answered,
        };
        self.own = Some((since, lease.acquire_time.clone()));
        // Nobody had it before: there is nobody to wait for.
        let is_first = lease.lease_transitions.is_none_or(|transitions| transitions <= 1);
        let has_settled = is_first || answered.saturating_duration_since(since) >= SETTLE;
        self.shown = has_settled.then_some(asked);
    }
}

/// Whether somebody has a lease at a time.
fn is_held_by(lease: &LeaseSpec, identity: &str, now: Timestamp) -> bool {
    let seconds = SignedDuration::from_secs(i64::from(lease.lease_duration_seconds.unwrap_or_default()));
    let renewed = lease.renew_time.as_ref().map(|time| time.0);
    let ends = renewed.and_then(|renewed| renewed.checked_add(seconds).ok());
    lease.holder_identity.as_deref() == Some(identity) && ends.is_some_and(|ends| now < ends)
}

async fn manager(
    client: &Client,
    namespace: &str,
    identity: &str,
) -> Result<LeaseManager, LeaseManagerError> {
    LeaseManagerBuilder::new(client.clone(), NAME)
        .with_namespace(namespace)
        .with_identity(identity)
        .with_duration(SECONDS.0)
        .with_grace(SECONDS.1)
        .build()
        .await
}

#[cfg(test)]
mod tests;
