//! Writing: server-side apply of statuses. Nothing else in the operator changes the cluster.

use std::collections::VecDeque;
use std::time::Duration;

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, warn};

use super::observed::resource;
use super::watch::Key;
use super::{NAME, Shared};
use crate::api::{self, Kind};
use crate::facts::object::{Object, ObjectKind};

/// At most five writes a second, so that a mass change can't drown the API server.
const PACE: Duration = Duration::from_millis(200);

/// How long to wait after a failed write before everything is looked at again.
const PAUSE: Duration = Duration::from_secs(2);

/// A status that differs from what is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Write {
    kind: Kind,
    key: Key,
    body: Value,
}

impl Write {
    /// A status to be written; none if it can't be serialized, which the types rule out.
    pub(super) fn new(kind: Kind, (namespace, name): &Key, status: &impl Serialize) -> Option<Self> {
        let mut metadata = json!({"name": name});
        if !namespace.is_empty() {
            metadata = json!({"name": name, "namespace": namespace});
        }
        let body = json!({
            "apiVersion": api::API_VERSION,
            "kind": kind.as_str(),
            "metadata": metadata,
            "status": serde_json::to_value(status).ok()?,
        });
        Some(Self { kind, key: (namespace.clone(), name.clone()), body })
    }
}

/// Writes what the newest evaluation found to differ, one after the other, while this process leads. Never returns.
pub(super) async fn write_for_ever(
    shared: &Shared,
    mut inbox: watch::Receiver<Vec<Write>>,
    mut leader: watch::Receiver<bool>,
) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waiting: VecDeque<Write> = VecDeque::new();
    loop {
        shared.metrics.leads(*leader.borrow());
        let ready = *leader.borrow() && !waiting.is_empty();
        tokio::select! {
            biased;
            changed = inbox.changed() => {
                if changed.is_err() {
                    return;
                }
                waiting = inbox.borrow_and_update().clone().into();
            }
            changed = leader.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            _ = pace.tick(), if ready => {
                if let Some(write) = waiting.pop_front()
                    && !apply(shared, &write).await
                {
                    waiting.clear();
                    tokio::time::sleep_until(Instant::now() + PAUSE).await;
                    shared.changed.notify_one();
                }
            }
        }
    }
}

/// Writes one status. False if it should be tried again; an object that has gone needs none.
async fn apply(shared: &Shared, write: &Write) -> bool {
    let kind = match write.kind {
        Kind::SecurityStandard => ObjectKind::SecurityStandard,
        Kind::ServiceTier => ObjectKind::ServiceTier,
        Kind::RiskException => ObjectKind::RiskException,
    };
    let resource = resource(kind);
    let (namespace, name) = &write.key;
    let api: Api<DynamicObject> = if namespace.is_empty() {
        Api::all_with(shared.client.clone(), &resource)
    } else {
        Api::namespaced_with(shared.client.clone(), namespace, &resource)
    };
    let parameters = PatchParams::apply(NAME).force();
    let answer = api.patch_status(name, &parameters, &Patch::Apply(&write.body)).await;
    shared.metrics.wrote(&resource.plural, answer.is_ok());
    match answer {
        Ok(object) => {
            debug!(kind = resource.kind, namespace, name, "status written");
            // What was written is known at once, before the watch says so.
            if let Ok(value) = serde_json::to_value(&object)
                && let Ok(object) = Object::decode(kind, &value)
            {
                shared.world.write().await.put(object);
            }
            true
        }
        Err(kube::Error::Api(status)) if status.is_not_found() => true,
        Err(error) => {
            warn!(kind = resource.kind, namespace, name, %error, "a status can't be written; it is tried again");
            false
        }
    }
}
