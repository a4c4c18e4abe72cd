//! Watches: each kind's objects, kept in the world for as long as the process lives.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use kube::api::{Api, WatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Resource};
use tracing::{debug, warn};

use super::Shared;
use crate::cluster::observed::{Observed, is_optional, resource};
use crate::facts::object::ObjectKind;

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

/// Keeps the objects of a kind in the world. Never returns: a watch that breaks is begun again, with a growing pause.
pub(super) async fn keep(shared: Arc<Shared>, kind: ObjectKind, streaming: bool) -> &'static str {
    let resource = resource(kind);
    let api: Api<Observed> = Api::all_with(shared.client.clone(), &resource);
    let config = watcher::Config::default();
    let config = if streaming { config.streaming_lists() } else { config };
    let mut events = Box::pin(watcher(api, config).default_backoff());
    let mut listed: Option<BTreeSet<Key>> = None;
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => take(&shared, kind, event, &mut listed).await,
            Err(error) if is_optional(kind) && is_not_served(&error) => {
                debug!(kind = resource.kind, "not installed; looked for again");
                if shared.world.write().await.retain(kind, &BTreeSet::new()) {
                    shared.changed.notify_one();
                }
            }
            Err(error) => {
                shared.metrics.watch_failed(&resource.plural);
                warn!(kind = resource.kind, error = %explain(&error), "watch failed; it is begun again");
            }
        }
    }
    "a watch"
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

/// A denied permission is named as such, with the verb that is missing; so is a kind that isn't installed.
fn explain(error: &watcher::Error) -> String {
    match error {
        missing if is_not_served(missing) => {
            "the API server doesn't serve it; `stanchion crds | kubectl apply --server-side -f -` installs our kinds"
                .to_owned()
        }
        watcher::Error::InitialListFailed(kube::Error::Api(status)) if status.is_forbidden() => {
            format!("the operator may not list: {}", status.message)
        }
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.is_forbidden() => {
            format!("the operator may not watch: {}", status.message)
        }
        other => other.to_string(),
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
            debug!(?kind, objects = present.len(), "listed");
            shared.world.write().await.retain(kind, &present)
        }
        Event::Apply(observed) => put(shared, kind, &observed).await,
        Event::Delete(observed) => shared.world.write().await.remove(kind, &key_of(&observed)),
    };
    if changed {
        shared.changed.notify_one();
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
            warn!(?kind, namespace = key.0, name = key.1, %error, "an object can't be decoded; the others go on");
            shared.world.write().await.put_malformed(kind, key, observed.raw.get(), &error.to_string())
        }
    }
}
