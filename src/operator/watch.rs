//! Watches: each kind's objects, kept in the world for as long as the process lives.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{Api, ListParams, WatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Resource};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::metrics::Failure;
use super::{Shared, clock};
use crate::cluster::observed::{Observed, is_optional, resource};
use crate::facts::object::ObjectKind;

/// How often is looked whether a permission that was denied is back.
const LOOK: Duration = Duration::from_secs(5);

/// Namespace, empty for cluster-scoped kinds, and name.
pub(super) type Key = (String, String);

/// Whether the API server streams initial lists (KEP-3157): served by default from 1.34 on, refused as an invalid
/// request before.
pub(super) async fn serves_streaming_lists(client: &Client) -> bool {
    let namespaces: Api<Observed> = Api::all_with(client.clone(), &resource(ObjectKind::Namespace));
    let parameters =
        WatchParams { send_initial_events: true, bookmarks: true, ..WatchParams::default() }.timeout(1);
    match namespaces.watch(&parameters, "0").await {
        Ok(stream) => {
            let mut stream = Box::pin(stream);
            matches!(stream.next().await, Some(Ok(event)) if !matches!(event, kube::core::WatchEvent::Error(_)))
        }
        Err(_) => false,
    }
}

/// Keeps the objects of a kind in the world. Never returns: a watch that breaks is begun again, with a growing pause; one
/// that is denied, once the permission is back.
pub(super) async fn keep(shared: Arc<Shared>, kind: ObjectKind, streaming: bool) -> &'static str {
    let api: Api<Observed> = Api::all_with(shared.client.clone(), &resource(kind));
    let config = watcher::Config::default();
    let config = if streaming { config.streaming_lists() } else { config };
    loop {
        let mut events = Box::pin(watcher(api.clone(), config.clone()).default_backoff());
        let mut listed: Option<BTreeSet<Key>> = None;
        let verb = loop {
            let Some(event) = events.next().await else { return "a watch" };
            shared.health.active(kind, clock::seconds());
            match event {
                Ok(event) => take(&shared, kind, event, &mut listed).await,
                Err(error) => match denied_verb(&error) {
                    Some(verb) => break verb,
                    None => failed(&shared, kind, &error).await,
                },
            }
        };
        // A new watch lists again, which shows that the permission is back.
        drop(events);
        denied(&shared, kind, verb).await;
        loop {
            sleep(LOOK).await;
            if is_allowed(&api, verb).await {
                break;
            }
        }
    }
}

async fn failed(shared: &Shared, kind: ObjectKind, error: &watcher::Error) {
    if is_optional(kind) && is_not_served(error) {
        debug!(kind = kind.as_str(), "not installed; looked for again");
        listed_all(shared, kind, &BTreeSet::new()).await;
        return;
    }
    shared.metrics.watch_failed(&resource(kind).plural);
    warn!(kind = kind.as_str(), outcome = "retried", error = %explain(error), "watch failed; it is begun again");
}

async fn denied(shared: &Shared, kind: ObjectKind, verb: &'static str) {
    shared.health.denied(kind, verb);
    let mut world = shared.world.write().await;
    if world.deny(kind, verb) {
        shared.metrics.show_denied(&world);
        shared.metrics.failed(Failure::Permission);
        let resource = resource(kind).plural;
        warn!(
            kind = kind.as_str(),
            resource,
            verb,
            outcome = "unknown",
            "permission denied; the rest goes on without it"
        );
        shared.note_change();
    }
}

/// The verb that the API server refuses, if that is what is wrong.
fn denied_verb(error: &watcher::Error) -> Option<&'static str> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) if status.is_forbidden() => Some("list"),
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.is_forbidden() => Some("watch"),
        _ => None,
    }
}

/// Whether the API server would not refuse any more. Of whatever else is wrong the watch will hear itself.
async fn is_allowed(api: &Api<Observed>, verb: &str) -> bool {
    let answer = if verb == "list" {
        api.list(&ListParams::default().limit(1)).await.map(drop)
    } else {
        api.watch(&WatchParams::default().timeout(1), "0").await.map(drop)
    };
    !matches!(answer, Err(kube::Error::Api(status)) if status.is_forbidden())
}

/// Whether the API server doesn't know the kind. Of a group that it doesn't know at all it says so in plain text, which has
/// the code of an answer but no reason.
fn is_not_served(error: &watcher::Error) -> bool {
    matches!(
        error,
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.code == 404
    )
}

/// A kind that isn't installed is named as such.
fn explain(error: &watcher::Error) -> String {
    if is_not_served(error) {
        "the API server doesn't serve it; `stanchion crds | kubectl apply --server-side -f -` installs our kinds".to_owned()
    } else {
        error.to_string()
    }
}

/// A complete list of a kind was seen.
async fn listed_all(shared: &Shared, kind: ObjectKind, present: &BTreeSet<Key>) {
    let mut world = shared.world.write().await;
    let healed = world.denied.contains_key(&kind);
    let changed = world.retain(kind, present);
    shared.health.listed(kind);
    if healed {
        shared.metrics.show_denied(&world);
        info!(kind = kind.as_str(), outcome = "listed", "the permission is back");
    }
    if changed {
        shared.note_change();
    }
}

async fn take(shared: &Shared, kind: ObjectKind, event: Event<Observed>, listed: &mut Option<BTreeSet<Key>>) {
    let changed = match event {
        Event::Init => {
            *listed = Some(BTreeSet::new());
            false
        }
        Event::InitApply(observed) => {
            if let Some(listed) = listed {
                listed.insert(key_of(&observed));
            }
            put(shared, kind, &observed).await
        }
        Event::InitDone => {
            let present = listed.take().unwrap_or_default();
            debug!(kind = kind.as_str(), objects = present.len(), "listed");
            listed_all(shared, kind, &present).await;
            false
        }
        Event::Apply(observed) => put(shared, kind, &observed).await,
        Event::Delete(observed) => shared.world.write().await.remove(kind, &key_of(&observed)),
    };
    if changed {
        shared.note_change();
    }
}

fn key_of(observed: &Observed) -> Key {
    let meta = observed.meta();
    (meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
}

/// Decodes outside the lock, and drops the bytes.
async fn put(shared: &Shared, kind: ObjectKind, observed: &Observed) -> bool {
    match observed.decode(kind) {
        Ok(object) => shared.world.write().await.put(object),
        Err(error) => {
            let key = key_of(observed);
            shared.metrics.failed(Failure::Decode);
            let (kind_name, outcome) = (kind.as_str(), "passed over");
            warn!(kind = kind_name, namespace = key.0, name = key.1, outcome, %error, "an object can't be decoded; the others go on");
            shared.world.write().await.put_malformed(kind, key, observed.raw.get(), &error.to_string())
        }
    }
}
