//! Heartbeats: what each replica that answers an API server tells the one that writes. A Lease a replica, in our namespace,
//! with what was denied lately and whose glass was broken as an annotation.
//!
//! It is the only way from one to the other, and asks for no more than a replica's own Lease.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use kube::ResourceExt;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use super::lease::Proof;
use super::observed::resource;
use super::{Shared, clock};
use crate::admission::breakglass::Used;
use crate::admission::tally::Place;
use crate::api::BREAK_GLASS;
use crate::facts::SubjectKey;
use crate::facts::object::{Object, ObjectKind};

/// How often a replica tells, and how often it is looked at.
pub(super) const BEAT: Duration = Duration::from_secs(10);

/// What is older than this is of a replica that is gone.
const FRESH: SignedDuration = SignedDuration::from_secs(45);

/// A Lease that nobody renewed for this long is taken away.
const DEAD: SignedDuration = SignedDuration::from_hours(1);

/// How long a broken glass is told.
pub(super) const TOLD: SignedDuration = SignedDuration::from_mins(30);

/// The most that is told of each kind.
pub(super) const MOST: usize = 64;

/// The label of these Leases.
const LABEL: &str = "stanchion.dev/webhook-replica";

/// The annotation with what is told.
const ANNOTATION: &str = "stanchion.dev/heartbeat";

/// The manager of the fields of these Leases.
const MANAGER: &str = "stanchion-webhook";

/// What a replica tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Beat {
    /// What was denied within the windows of the circuit breakers.
    pub(super) denied: Vec<Denied>,
    /// Whose glass was broken.
    pub(super) used: Vec<Used>,
}

/// What was denied in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Denied {
    standard: String,
    tier: String,
    objects: u64,
}

impl Beat {
    /// What is to be told, as far as it fits.
    pub(super) fn new(denied: &BTreeMap<Place, u64>, used: &[Used]) -> Self {
        let mut most: Vec<(&Place, &u64)> = denied.iter().collect();
        most.sort_by_key(|(_, objects)| std::cmp::Reverse(**objects));
        let denied = most.into_iter().take(MOST).map(|((standard, tier), objects)| Denied {
            standard: standard.to_string(),
            tier: tier.to_string(),
            objects: *objects,
        });
        Self { denied: denied.collect(), used: used.iter().rev().take(MOST).cloned().collect() }
    }
}

/// All beats together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// What was denied by all replicas.
    pub(super) denied: BTreeMap<Place, u64>,
    used: Vec<Used>,
}

impl Heard {
    /// What fresh Leases say.
    fn of(leases: &[Lease], now: Timestamp) -> Self {
        let mut heard = Self::default();
        for lease in leases.iter().filter(|lease| age(lease, now).is_some_and(|age| age <= FRESH)) {
            let told = lease.annotations().get(ANNOTATION);
            let Some(beat) = told.and_then(|it| serde_json::from_str::<Beat>(it).ok()) else { continue };
            for denied in beat.denied {
                let place = (denied.standard.as_str().into(), denied.tier.as_str().into());
                let known = heard.denied.entry(place).or_default();
                *known = known.saturating_add(denied.objects);
            }
            heard.used.extend(beat.used);
        }
        heard
    }
}

/// How long ago a Lease was renewed. One from the future is fresh: clocks differ.
fn age(lease: &Lease, now: Timestamp) -> Option<SignedDuration> {
    let renewed = lease.spec.as_ref()?.renew_time.as_ref()?.0;
    Some(now.duration_since(renewed).max(SignedDuration::ZERO))
}

/// The name of a replica's Lease.
fn name_of(identity: &str) -> String {
    let plain =
        identity.chars().map(|it| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' });
    let name: String = plain.take(200).collect();
    format!("stanchion-webhook-{}", name.trim_matches('-'))
}

/// A replica's own Lease.
pub(super) struct Pulse<'a> {
    shared: &'a Shared,
    leases: Api<Lease>,
    name: String,
}

impl<'a> Pulse<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        let leases = Api::namespaced(shared.writer.clone(), &shared.namespace);
        Self { shared, leases, name: name_of(&shared.instance) }
    }

    /// Tells what there is to tell, and that this replica lives.
    pub(super) async fn beat(&self, beat: &Beat) {
        let told = serde_json::to_string(beat).unwrap_or_default();
        let now = clock::now();
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self.name, "labels": {LABEL: "true"}, "annotations": {ANNOTATION: told}},
            "spec": {
                "holderIdentity": self.shared.instance,
                "leaseDurationSeconds": FRESH.as_secs(),
                "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
            },
        });
        let parameters = PatchParams::apply(MANAGER).force();
        let answer = self.leases.patch(&self.name, &parameters, &Patch::Apply(&lease)).await;
        self.shared.metrics.wrote("leases", answer.is_ok());
        if let Err(error) = answer {
            warn!(%error, outcome = "tried again", "a heartbeat can't be written");
        }
    }

    /// There is no such replica any more.
    pub(super) async fn end(&self) {
        let _ = self.leases.delete(&self.name, &DeleteParams::default()).await;
    }
}

/// Listens while this process leads, and does what only the one who leads does: writes down whose glass was broken, and
/// takes away the Leases of those who are gone. Never returns.
pub(super) async fn listen(shared: &Shared, leader: watch::Receiver<bool>, mut proof: Proof) {
    let leases: Api<Lease> = Api::namespaced(shared.writer.clone(), &shared.namespace);
    let mut written = BTreeSet::new();
    loop {
        sleep(BEAT).await;
        if !*leader.borrow() {
            continue;
        }
        let listed = match leases.list(&ListParams::default().labels(LABEL)).await {
            Ok(listed) => listed.items,
            Err(error) => {
                warn!(%error, outcome = "tried again", "heartbeats can't be heard");
                continue;
            }
        };
        let now = clock::now();
        let heard = Heard::of(&listed, now);
        for used in &heard.used {
            if proof.holds().await {
                record(shared, used, now, &mut written).await;
            }
        }
        for dead in listed.iter().filter(|lease| age(lease, now).is_some_and(|age| age > DEAD)) {
            if proof.holds().await {
                let _ = leases.delete(&dead.name_any(), &DeleteParams::default()).await;
            }
        }
        let is_news = {
            let mut known = shared.heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let is_news = known.denied != heard.denied;
            *known = heard;
            is_news
        };
        if is_news {
            shared.note_change(None);
        }
    }
}

/// Whether the object is there and asks for it, as the cluster has it.
async fn is_there(shared: &Shared, used: &Used) -> bool {
    let world = shared.world.read().await;
    let mut kinds = world.inventory.kinds().all().filter(|kind| kind.as_str() == used.kind);
    kinds.any(|kind| {
        let key = SubjectKey::new(used.namespace.as_str(), kind, used.name.as_str());
        let workload = world.inventory.workload(&key).map(|it| &it.meta);
        let other = || world.inventory.get(kind, &used.namespace, &used.name).and_then(Object::meta);
        let ticket = workload.or_else(other).and_then(|meta| meta.annotations.get(BREAK_GLASS));
        ticket.is_some_and(|ticket| ticket.trim() == used.ticket)
    })
}

/// Writes the exception of a broken glass, once.
async fn record(shared: &Shared, used: &Used, now: Timestamp, written: &mut BTreeSet<String>) {
    let exception = used.exception();
    let text =
        |pointer: &str| exception.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let key = format!("{namespace}/{name}");
    if used.until() <= now || written.contains(&key) || !is_there(shared, used).await {
        return;
    }
    let Ok(object) = serde_json::from_value::<DynamicObject>(exception.clone()) else { return };
    let resource = resource(ObjectKind::RiskException);
    let api: Api<DynamicObject> = Api::namespaced_with(shared.writer.clone(), &namespace, &resource);
    match api
        .create(&PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() }, &object)
        .await
    {
        Ok(_) => {
            info!(
                namespace,
                name,
                user = used.user,
                ticket = used.ticket,
                "somebody broke the glass; it is on the record"
            );
            shared.metrics.wrote(&resource.plural, true);
        }
        // It was written before.
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        Err(error) => {
            shared.metrics.wrote(&resource.plural, false);
            warn!(namespace, name, %error, outcome = "tried again", "a broken glass can't be recorded");
            return;
        }
    }
    if written.len() >= MOST * MOST {
        written.clear();
    }
    written.insert(key);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(renewed: &str, beat: &str) -> Lease {
        serde_json::from_value(json!({
            "metadata": {"name": "a", "annotations": {ANNOTATION: beat}}, "spec": {"renewTime": renewed},
        }))
        .unwrap()
    }

    #[test]
    fn what_fresh_replicas_say_is_added_up_and_nonsense_is_passed_over() {
        let now: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        let three = r#"{"denied": [{"standard": "s", "tier": "t", "objects": 3}]}"#;
        let leases = [
            lease("2026-12-01T11:59:50.000000Z", three),
            lease("2026-12-01T12:00:05.000000Z", three),
            lease("2026-12-01T11:00:00.000000Z", three),
            lease("2026-12-01T12:00:00.000000Z", "[[["),
            lease(
                "2026-12-01T12:00:00.000000Z",
                r#"{"denied": [{"standard": "s", "tier": "t", "objects": -3}]}"#,
            ),
        ];
        let heard = Heard::of(&leases, now);
        assert_eq!(heard.denied, BTreeMap::from([(("s".into(), "t".into()), 6)]));
    }

    #[test]
    fn a_beat_is_bounded_and_says_the_most_first() {
        let denied: BTreeMap<Place, u64> =
            (0..500_u64).map(|number| ((format!("s{number}").as_str().into(), "t".into()), number)).collect();
        let beat = Beat::new(&denied, &[]);
        assert_eq!((beat.denied.len(), beat.denied[0].objects), (MOST, 499));
    }

    #[test]
    fn whatever_it_is_called_its_lease_has_a_name() {
        assert_eq!(name_of("Stanchion_7/x."), "stanchion-webhook-stanchion-7-x");
        assert!(name_of(&"x".repeat(1000)).len() <= 253);
    }
}
