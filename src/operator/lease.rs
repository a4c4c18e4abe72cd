//! The lease: of several replicas one writes, and when it is asked to stop another goes on at once.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::Client;
use kube::api::Api;
use kube_lease_manager::{LeaseManager, LeaseManagerBuilder, LeaseManagerError};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use super::NAME;

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
