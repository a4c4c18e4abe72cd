//! Events: notices written for people, with a budget of their own. They are hints; what is true stands in the status.
//!
//! Nothing is remembered beyond this process: an Event's name is made from its object, its reason and the day, so that
//! whoever writes it again finds it there.

mod bucket;
mod queue;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Api, PostParams};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, warn};

use super::lease::Proof;
use super::metrics::Told;
use super::observed::resource;
use super::{NAME, Shared, clock};
use crate::api::{self, Date, Kind};
use crate::engine::notice::{Id, Notice, REASONS, Rhythm};
use crate::facts::SubjectKey;
use bucket::Bucket;
use queue::Queue;

/// Who reports, as the API names controllers.
const CONTROLLER: &str = "stanchion.dev/operator";

/// Where Events on what is of the cluster go: kubectl looks for them there.
const OF_CLUSTER: &str = "default";

/// How long to wait for the lease to be seen.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest name of an instance that the API takes.
const LONGEST_INSTANCE: usize = 128;

/// A notice, and the object that it is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Telling {
    id: Id,
    /// Its place among the reasons: the smaller, the more important.
    rank: usize,
    /// Whether it stands, and the next evaluation makes it again.
    stands: bool,
    notice: Notice,
    regarding: ObjectReference,
    /// How often it could not be written.
    failed: u32,
}

impl Telling {
    /// A notice about an object of ours.
    pub(super) fn about_ours(kind: Kind, meta: &ObjectMeta, notice: Notice, day: Date) -> Self {
        let regarding = ObjectReference {
            api_version: Some(api::API_VERSION.to_owned()),
            kind: Some(kind.to_string()),
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            uid: meta.uid.clone(),
            resource_version: meta.resource_version.clone(),
            field_path: None,
        };
        Self::new(notice, regarding, day)
    }

    /// A notice about a workload. `uid` is empty if it isn't known.
    pub(super) fn about_workload(key: &SubjectKey, uid: &str, notice: Notice, day: Date) -> Self {
        let resource = resource(key.kind);
        let regarding = ObjectReference {
            api_version: Some(resource.api_version),
            kind: Some(resource.kind),
            name: Some(key.name.to_string()),
            namespace: Some(key.namespace.to_string()),
            uid: Some(uid.to_owned()).filter(|uid| !uid.is_empty()),
            ..ObjectReference::default()
        };
        Self::new(notice, regarding, day)
    }

    fn new(notice: Notice, regarding: ObjectReference, day: Date) -> Self {
        let name =
            || [&regarding.namespace, &regarding.name].map(|it| it.as_deref().unwrap_or_default()).join("/");
        let object = regarding.uid.clone().unwrap_or_else(name);
        Self {
            id: notice.id(&object, day),
            rank: REASONS.iter().position(|it| **it == *notice.reason).unwrap_or(REASONS.len()),
            stands: notice.reason.rhythm == Rhythm::Daily,
            notice,
            regarding,
            failed: 0,
        }
    }

    /// The namespace of its object; empty for what is of the cluster.
    fn namespace(&self) -> &str {
        self.regarding.namespace.as_deref().unwrap_or_default()
    }

    fn event(&self, instance: &str) -> Event {
        let reason = self.notice.reason;
        let namespace = self.regarding.namespace.clone().filter(|namespace| !namespace.is_empty());
        Event {
            metadata: ObjectMeta {
                name: Some(format!("{NAME}.{}", self.id)),
                namespace: Some(namespace.unwrap_or_else(|| OF_CLUSTER.to_owned())),
                ..ObjectMeta::default()
            },
            action: Some(reason.action.to_owned()),
            event_time: Some(MicroTime(clock::now())),
            note: Some(self.notice.note.clone()),
            reason: Some(reason.name.to_owned()),
            regarding: Some(self.regarding.clone()),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(instance.chars().take(LONGEST_INSTANCE).collect()),
            type_: Some(reason.weight.as_str().to_owned()),
            ..Event::default()
        }
    }
}

/// Where evaluations leave what is to be told.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    offered: Notify,
}

impl Outbox {
    /// Takes what the newest evaluation tells; how many of it and of what waited can't be told.
    pub(super) fn offer(&self, told: Vec<Telling>, leads: bool) -> usize {
        let dropped = self.queue().offer(told, leads);
        self.offered.notify_one();
        dropped
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what waits, the most important first and each namespace with its share, while this process leads and as far as the
/// budget goes. Never returns.
pub(super) async fn write_for_ever(
    shared: &Shared,
    outbox: &Outbox,
    mut leader: watch::Receiver<bool>,
    mut proof: Proof,
) {
    let mut bucket = Bucket::full(Instant::now());
    loop {
        let ready = *leader.borrow() && !outbox.queue().is_empty();
        tokio::select! {
            biased;
            changed = leader.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = outbox.offered.notified() => {}
            () = sleep_until(bucket.next()), if ready => {
                if !proof.holds().await {
                    sleep(PAUSE).await;
                    continue;
                }
                bucket.take(Instant::now());
                let next = outbox.queue().pop();
                if let Some(telling) = next {
                    write(shared, outbox, telling).await;
                }
            }
        }
    }
}

async fn write(shared: &Shared, outbox: &Outbox, telling: Telling) {
    let event = telling.event(&shared.instance);
    let namespace = event.metadata.namespace.as_deref().unwrap_or(OF_CLUSTER);
    let api: Api<Event> = Api::namespaced(shared.writer.clone(), namespace);
    let parameters = PostParams { field_manager: Some(NAME.to_owned()), ..PostParams::default() };
    let reason = telling.notice.reason.name;
    match api.create(&parameters, &event).await {
        Ok(_) => {
            debug!(reason, about = ?telling.regarding.name, "event written");
            shared.metrics.told(Told::Written, 1);
        }
        // Somebody was told it today.
        Err(kube::Error::Api(status)) if status.is_already_exists() => {}
        Err(error) => {
            let is_final = matches!(&error, kube::Error::Api(status) if (400..429).contains(&status.code));
            if is_final || !outbox.queue().put_back(telling) {
                warn!(reason, %error, "an event can't be written; the status says the same");
                shared.metrics.told(Told::Failed, 1);
            }
        }
    }
}
