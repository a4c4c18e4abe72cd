//! Watches: each kind's objects, kept in the world for as long as the process lives.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{Api, ListParams, WatchParams};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, Resource};
use prometheus_client::metrics::counter::Counter;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::metrics::Failure;
use super::trace::Happened;
use super::{Shared, clock};
use crate::admission::passage::is_judged;
use crate::cluster::list::is_served;
use crate::cluster::observed::{Observed, is_optional, resource};
use crate::facts::SubjectKey;
use crate::facts::object::ObjectKind;

/// How often is looked whether a permission that was denied is back.
const LOOK: Duration = Duration::from_secs(5);

/// How often is looked whether a kind is served that was not.
const LOOK_FOR_KIND: Duration = Duration::from_secs(15);

/// For how many seconds a watch stays open, at least and at most. The API server asks for permissions when one is begun
/// and never again: one that is withdrawn shows at the end of it. To begin again costs a request and no list.
const OPEN: (u32, u32) = (60, 120);

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

/// How the watch is made that stands at this place among all: they don't end together.
pub(super) fn config(place: usize, streaming: bool) -> watcher::Config {
    let spread = u32::try_from(place).unwrap_or(0).wrapping_mul(7) % (OPEN.1 - OPEN.0 + 1);
    let config = watcher::Config::default().timeout(OPEN.0 + spread);
    if streaming { config.streaming_lists() } else { config }
}

/// Why a watch ends, for longer than a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The API server denies this verb.
    Denied(&'static str),
    /// It doesn't know the kind.
    NotServed,
    /// Its place in history is gone.
    Expired,
}

/// Keeps the objects of a kind in the world. Never returns: a watch that breaks is begun again, with a growing pause; one
/// that is denied, once the permission is back; and one of a kind that isn't served, once it is.
pub(super) async fn keep(shared: Arc<Shared>, kind: ObjectKind, config: watcher::Config) -> &'static str {
    let api: Api<Observed> = Api::all_with(shared.client.clone(), &resource(kind));
    let mut intake = Intake { shared: &shared, kind, bytes: shared.metrics.read(kind), listed: None };
    loop {
        let mut events = Box::pin(watcher(api.clone(), config.clone()).default_backoff());
        intake.listed = None;
        let end = loop {
            let Some(event) = events.next().await else { return "a watch" };
            shared.health.active(kind, clock::seconds());
            match event {
                Ok(event) => intake.take(event).await,
                Err(error) => match end(&shared, kind, &error).await {
                    Some(end) => break end,
                    None => failed(&shared, kind, &error),
                },
            }
        };
        // A new watch lists again, which shows what is there by then.
        drop(events);
        match end {
            End::Denied(verb) => denied(&shared, kind, verb).await,
            End::NotServed => not_served(&shared, kind).await,
            End::Expired => {}
        }
        loop {
            sleep(if end == End::NotServed { LOOK_FOR_KIND } else { LOOK }).await;
            shared.health.active(kind, clock::seconds());
            let is_over = match end {
                End::Denied(verb) => is_allowed(&api, verb).await,
                End::NotServed => is_served(&shared.client, kind).await,
                End::Expired => true,
            };
            if is_over {
                break;
            }
        }
    }
}

/// Whether an error ends a watch. Who may not see a kind is refused before it turns out that there is none.
async fn end(shared: &Shared, kind: ObjectKind, error: &watcher::Error) -> Option<End> {
    if is_not_served(error) {
        return Some(End::NotServed);
    }
    if is_expired(error) {
        failed(shared, kind, error);
        return Some(End::Expired);
    }
    let verb = denied_verb(error)?;
    let is_there = !is_optional(kind) || is_served(&shared.client, kind).await;
    Some(if is_there { End::Denied(verb) } else { End::NotServed })
}

fn failed(shared: &Shared, kind: ObjectKind, error: &watcher::Error) {
    shared.metrics.watch_failed(kind);
    warn!(kind = kind.as_str(), outcome = "retried", %error, "watch failed; it is begun again");
}

/// What isn't served has no objects. Of what a cluster may do without that is no failure.
async fn not_served(shared: &Shared, kind: ObjectKind) {
    if is_optional(kind) {
        let gone = listed_all(shared, kind, &BTreeSet::new()).await;
        if gone > 0 {
            info!(
                kind = kind.as_str(),
                objects = gone,
                outcome = "gone",
                "no longer installed; it is looked for"
            );
        } else {
            debug!(kind = kind.as_str(), "not installed; it is looked for");
        }
        return;
    }
    shared.metrics.watch_failed(kind);
    warn!(
        kind = kind.as_str(),
        outcome = "retried",
        "the API server doesn't serve it; `stanchion crds | kubectl apply --server-side -f -` installs our kinds"
    );
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
        shared.note_change(None);
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

/// Whether the watch can't go on where it was: it would ask for that for ever.
fn is_expired(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchStartFailed(kube::Error::Api(status)) if status.code == 410)
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

/// A complete list of a kind was seen. How many objects are gone.
async fn listed_all(shared: &Shared, kind: ObjectKind, present: &BTreeSet<Key>) -> usize {
    let mut world = shared.world.write().await;
    let healed = world.denied.contains_key(&kind);
    let retained = world.retain(kind, present);
    shared.health.listed(kind);
    if healed {
        shared.metrics.show_denied(&world);
        info!(kind = kind.as_str(), outcome = "listed", "the permission is back");
    }
    if retained.changed {
        shared.note_change(None);
    }
    retained.gone
}

/// What a watch of a kind takes in.
struct Intake<'a> {
    shared: &'a Shared,
    kind: ObjectKind,
    /// What was read.
    bytes: Counter,
    /// The objects of a list that is not complete yet.
    listed: Option<BTreeSet<Key>>,
}

impl Intake<'_> {
    async fn take(&mut self, event: Event<Observed>) {
        match event {
            Event::Init => self.listed = Some(BTreeSet::new()),
            Event::InitApply(observed) => {
                if let Some(listed) = &mut self.listed {
                    listed.insert(key_of(&observed));
                }
                if self.put(&observed).await {
                    self.shared.note_change(None);
                }
            }
            Event::InitDone => {
                let present = self.listed.take().unwrap_or_default();
                debug!(kind = self.kind.as_str(), objects = present.len(), "listed");
                listed_all(self.shared, self.kind, &present).await;
            }
            Event::Apply(observed) => self.change(Happened::Applied, &observed).await,
            Event::Delete(observed) => self.change(Happened::Deleted, &observed).await,
        }
    }

    /// Something happened to an object. If that makes a difference, somebody may want to see what comes of it.
    async fn change(&self, happened: Happened, observed: &Observed) {
        let Self { shared, kind, .. } = self;
        let began = shared.traces.are_wanted().then(clock::now);
        let changed = match happened {
            Happened::Applied => self.put(observed).await,
            Happened::Deleted => shared.world.write().await.remove(*kind, &key_of(observed)),
        };
        if changed {
            let began = began.filter(|_| shared.unseen.takes_spans());
            let span =
                began.and_then(|began| shared.traces.change(happened, *kind, &key_of(observed), began));
            shared.note_change(span);
        }
    }

    /// Decodes outside the lock, and drops the bytes.
    async fn put(&self, observed: &Observed) -> bool {
        let Self { shared, kind, .. } = self;
        let bytes = observed.raw.get();
        self.bytes.inc_by(bytes.len() as u64);
        match observed.decode(*kind) {
            Ok(object) => {
                let mut world = shared.world.write().await;
                let changed = world.put(object);
                if changed && is_judged(*kind) && world.is_synced() {
                    let (namespace, name) = key_of(observed);
                    let key = SubjectKey::new(namespace, *kind, name);
                    if world.inventory.owned_workload(&key).is_none() {
                        shared.watchman.changed(key, clock::now());
                    }
                }
                changed
            }
            Err(error) => {
                let key = key_of(observed);
                shared.metrics.failed(Failure::Decode);
                let (kind_name, outcome) = (kind.as_str(), "passed over");
                warn!(kind = kind_name, namespace = key.0, name = key.1, outcome, %error, "an object can't be decoded; the others go on");
                shared.world.write().await.put_malformed(*kind, key, bytes, &error.to_string())
            }
        }
    }
}

fn key_of(observed: &Observed) -> Key {
    let meta = observed.meta();
    (meta.namespace.clone().unwrap_or_default(), meta.name.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_ends_within_two_minutes_and_not_all_of_them_together() {
        let times: BTreeSet<u32> = (0..57).map(|place| config(place, true).timeout.unwrap()).collect();
        assert!(times.iter().all(|time| (OPEN.0..=OPEN.1).contains(time)), "{times:?}");
        assert!(times.len() > 50, "{times:?}");
    }
}
