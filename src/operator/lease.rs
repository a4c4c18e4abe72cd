//! The lease: of several replicas one writes, and when it is asked to stop another goes on at once.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
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
    /// Makes sure that there is a lease.
    pub(super) async fn new(
        client: Client,
        namespace: String,
        identity: String,
    ) -> Result<Self, LeaseManagerError> {
        let manager = manager(&client, &namespace, &identity).await?;
        Ok(Self { client, namespace, identity, manager })
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
                    }
                },
                () = self.given_back(), if stands_by => {
                    // A new manager knows nothing of the old holder.
                    match manager(&self.client, &self.namespace, &self.identity).await {
                        Ok(manager) => self.manager = manager,
                        Err(error) => warn!(%error, "the lease can't be looked at; it is tried again"),
                    }
                }
            }
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

/// Shows that this process has the lease, and not only remembers it: one that was stopped for a while, or cut off, would
/// go on writing beside its successor.
#[derive(Clone)]
pub(super) struct Proof {
    client: Client,
    namespace: String,
    identity: String,
    /// When it was shown last; no longer ago than [`FRESH`], it holds.
    shown: Option<Instant>,
    asked: Option<Instant>,
}

/// For how long a proof is good. Less than what is left of a lease when it is renewed at the latest.
const FRESH: Duration = Duration::from_secs(2);

impl Proof {
    /// Nothing is shown yet.
    pub(super) const fn new(client: Client, namespace: String, identity: String) -> Self {
        Self { client, namespace, identity, shown: None, asked: None }
    }

    /// Whether this process has the lease. Asks the API server, unless it did a moment ago.
    pub(super) async fn holds(&mut self) -> bool {
        let recent = |at: Option<Instant>, pause| at.is_some_and(|at| at.elapsed() < pause);
        if recent(self.shown, FRESH) {
            return true;
        }
        if recent(self.asked, PAUSE) {
            return false;
        }
        let asked = Instant::now();
        self.asked = Some(asked);
        let leases: Api<Lease> = Api::namespaced(self.client.clone(), &self.namespace);
        let answer = timeout(PAUSE, leases.get(NAME)).await;
        let lease = answer.ok().and_then(Result::ok).and_then(|lease| lease.spec);
        let holds = lease.is_some_and(|lease| is_held_by(&lease, &self.identity, clock::now()));
        // Counted from before the question: how long the answer took must not make it fresher.
        self.shown = holds.then_some(asked);
        holds
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
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_held_by_whom_it_names_and_until_it_ends() {
        let lease: LeaseSpec = serde_json::from_value(serde_json::json!({
            "holderIdentity": "first", "leaseDurationSeconds": 15, "renewTime": "2026-11-23T12:00:00.000000Z",
        }))
        .unwrap();
        let held = |who, at: &str| is_held_by(&lease, who, at.parse().unwrap());
        assert!(held("first", "2026-11-23T12:00:14Z"));
        assert!(!held("first", "2026-11-23T12:00:15Z"));
        assert!(!held("second", "2026-11-23T12:00:14Z"));
        assert!(!is_held_by(&LeaseSpec::default(), "first", Timestamp::UNIX_EPOCH));
    }
}
