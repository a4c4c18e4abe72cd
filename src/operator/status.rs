//! Writing: server-side apply of statuses. Events aside, nothing else in the operator changes the cluster.

mod turns;

use std::time::Duration;

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use opentelemetry::trace::SpanContext;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tracing::{debug, warn};

use super::lease::Proof;
use super::observed::resource;
use super::reconcile::Round;
use super::unseen::Unwritten;
use super::watch::Key;
use super::{NAME, Shared};
use crate::api::{self, Kind};
use crate::facts::object::{Object, ObjectKind};
use turns::Turns;

/// At most five writes a second, so that a mass change can't drown the API server.
const PACE: Duration = Duration::from_millis(200);

/// How long to wait after a failed write before everything is looked at again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// A status that differs from what is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Write {
    kind: Kind,
    key: Key,
    body: Value,
}

impl Write {
    /// A status to be written; none if it can't be serialized, which the types rule out.
    /// `version` is that of the object which it was made for: over a newer one it is not written.
    pub(super) fn new(
        kind: Kind,
        (namespace, name): &Key,
        version: Option<&str>,
        status: &impl Serialize,
    ) -> Option<Self> {
        let mut metadata = serde_json::Map::from_iter([("name".to_owned(), json!(name))]);
        if !namespace.is_empty() {
            metadata.insert("namespace".to_owned(), json!(namespace));
        }
        if let Some(version) = version {
            metadata.insert("resourceVersion".to_owned(), json!(version));
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

/// Writes what the newest evaluation found to differ, one after the other, while this process leads. One that can't be
/// written does not keep the others waiting, nor does a namespace in which there is much to write. Never returns.
pub(super) async fn write_for_ever(
    shared: &Shared,
    mut inbox: watch::Receiver<Round>,
    mut leader: watch::Receiver<bool>,
    mut proof: Proof,
) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waiting = Turns::default();
    let mut failures = Failures::default();
    let mut unwritten = Unwritten::default();
    let mut cause = None;
    loop {
        shared.metrics.leads(*leader.borrow());
        shared.metrics.waiting(waiting.len());
        let ready = *leader.borrow() && !waiting.is_empty();
        let again = failures.again;
        tokio::select! {
            biased;
            changed = inbox.changed() => {
                if changed.is_err() {
                    return;
                }
                let Round { writes, since, span } = inbox.borrow_and_update().clone();
                unwritten.found(writes.len(), since);
                waiting.renew(writes);
                cause = span;
            }
            changed = leader.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            _ = pace.tick(), if ready => {
                if !proof.holds().await {
                    continue;
                }
                if let Some(write) = waiting.pop() {
                    let done = apply(shared, &write, cause.as_ref()).await;
                    let all_done = failures.note(done, waiting.is_empty(), Instant::now());
                    if let Some(since) = all_done.then(|| unwritten.settled()).flatten() {
                        shared.metrics.settled(since.elapsed());
                    }
                }
            }
            () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => {
                failures.again = None;
                shared.changed.notify_one();
            }
        }
    }
}

/// When to look again at what could not be written.
#[derive(Debug, Default)]
struct Failures {
    /// Whether one of this round failed.
    failed: bool,
    /// How many rounds in a row had one.
    rounds: u32,
    again: Option<Instant>,
}

impl Failures {
    /// Notes a write, and at the end of a round when the next one is due: each pause is twice the last. True at the end of
    /// a round in which everything was written.
    fn note(&mut self, done: bool, last: bool, now: Instant) -> bool {
        self.failed |= !done;
        if !last {
            return false;
        }
        let failed = std::mem::take(&mut self.failed);
        if failed {
            let pause = PAUSES.0.saturating_mul(2_u32.saturating_pow(self.rounds)).min(PAUSES.1);
            self.again = Some(now + pause);
            self.rounds = self.rounds.saturating_add(1);
        } else {
            self.rounds = 0;
        }
        !failed
    }
}

/// Writes one status. False if it should be tried again; an object that has gone needs none.
async fn apply(shared: &Shared, write: &Write, cause: Option<&SpanContext>) -> bool {
    let kind = match write.kind {
        Kind::SecurityStandard => ObjectKind::SecurityStandard,
        Kind::ServiceTier => ObjectKind::ServiceTier,
        Kind::RiskException => ObjectKind::RiskException,
    };
    let resource = resource(kind);
    let (namespace, name) = &write.key;
    let api: Api<DynamicObject> = if namespace.is_empty() {
        Api::all_with(shared.writer.clone(), &resource)
    } else {
        Api::namespaced_with(shared.writer.clone(), namespace, &resource)
    };
    let span = shared.traces.status_write(cause, kind, &write.key);
    let parameters = PatchParams::apply(NAME).force();
    let answer = api.patch_status(name, &parameters, &Patch::Apply(&write.body)).await;
    shared.metrics.wrote(&resource.plural, answer.is_ok());
    match answer {
        Ok(object) => {
            debug!(kind = resource.kind, namespace, name, outcome = "written", "status written");
            span.ended("written", None);
            // What was written is known at once, before the watch says so.
            if let Ok(value) = serde_json::to_value(&object)
                && let Ok(object) = Object::decode(kind, &value)
            {
                let mut world = shared.world.write().await;
                let before = world.recorded(write.kind, &write.key);
                world.refresh(object);
                // A stage takes effect once it is recorded.
                if world.recorded(write.kind, &write.key) != before {
                    shared.changed.notify_one();
                }
            }
            true
        }
        Err(kube::Error::Api(status)) if status.is_not_found() => {
            span.ended("gone", None);
            true
        }
        Err(kube::Error::Api(status)) if status.is_conflict() => {
            debug!(kind = resource.kind, namespace, name, "the object has changed; its status is made anew");
            span.ended("conflict", None);
            false
        }
        Err(error) => {
            let outcome = "retried";
            warn!(kind = resource.kind, namespace, name, outcome, %error, "a status can't be written; it is tried again");
            span.ended(outcome, Some(error.to_string()));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_again_with_growing_pauses_until_a_round_succeeds() {
        let now = Instant::now();
        let mut failures = Failures::default();
        assert!(!failures.note(false, false, now));
        assert_eq!(failures.again, None, "the others of the round come first");
        assert!(!failures.note(true, true, now), "one of the round failed");
        assert_eq!(failures.again, Some(now + PAUSES.0));
        failures.note(false, true, now);
        assert_eq!(failures.again, Some(now + PAUSES.0 * 2));
        for _ in 0..100 {
            failures.note(false, true, now);
        }
        assert_eq!(failures.again, Some(now + PAUSES.1));
        assert!(failures.note(true, true, now));
        failures.note(false, true, now);
        assert_eq!(failures.again, Some(now + PAUSES.0));
    }
}
