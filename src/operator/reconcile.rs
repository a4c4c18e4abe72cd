//! Reconciling: gather, compile, evaluate (both pure), and hand what differs to the writer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use tokio::sync::watch;
use tracing::{info, warn};

use super::status::{self, Write};
use super::watch::Key;
use super::world::World;
use super::{Shared, clock};
use crate::api::{Date, Kind, SecurityStandard, SecurityStandardSpec, ServiceTier, ServiceTierSpec};
use crate::engine::error::{CompileError, CompileErrors};
use crate::engine::evaluate::{Assessment, assess};
use crate::engine::policy::{Policy, Refused, Settings};
use crate::engine::posture::{Posture, measure};
use crate::engine::status::{Findings, Status, finished, refused};
use crate::facts::object::ObjectKind;

/// Changes that come this close together are evaluated once.
const DEBOUNCE: Duration = Duration::from_millis(150);

/// The longest sleep: a clock that was set shows itself after this.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// How long after an evaluation that failed the next one begins, unless something changes.
const RETRY: SignedDuration = SignedDuration::from_secs(30);

/// Everything that one evaluation brought.
pub(super) struct Evaluation {
    /// What people decided, compiled.
    pub(super) policy: Policy,
    /// What was judged.
    pub(super) assessment: Assessment,
    /// The same, counted.
    pub(super) posture: Posture,
    /// Statuses that differ from what is there.
    pub(super) writes: Vec<Write>,
    /// How many objects are held.
    pub(super) facts: BTreeMap<&'static str, usize>,
    /// When something changes by itself.
    next: Timestamp,
}

/// The last specs that compiled: they go on being enforced while a newer one can't be.
#[derive(Default)]
struct LastGood {
    standards: BTreeMap<Key, SecurityStandardSpec>,
    tiers: BTreeMap<Key, ServiceTierSpec>,
}

/// Evaluates when something changed or time makes a difference. Never returns.
pub(super) async fn run(shared: Arc<Shared>, leader: watch::Receiver<bool>) -> &'static str {
    let (outbox, inbox) = watch::channel(Vec::new());
    let evaluating = evaluate_for_ever(&shared, &outbox);
    let writing = status::write_for_ever(&shared, inbox, leader);
    tokio::select! { () = evaluating => "evaluation", () = writing => "writing" }
}

async fn evaluate_for_ever(shared: &Arc<Shared>, outbox: &watch::Sender<Vec<Write>>) {
    let last_good = Arc::new(Mutex::new(LastGood::default()));
    let mut next: Option<Timestamp> = None;
    loop {
        shared.metrics.beat();
        if !wait(shared, next).await {
            continue;
        }
        tokio::time::sleep(DEBOUNCE).await;
        if !shared.world.read().await.is_synced() {
            continue;
        }
        let (world, memory) = (Arc::clone(shared), Arc::clone(&last_good));
        let evaluated = tokio::task::spawn_blocking(move || {
            let world = world.world.blocking_read();
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            evaluate(&world, &mut memory, clock::now())
        });
        match evaluated.await {
            Ok(evaluation) => {
                next = Some(evaluation.next);
                shared.metrics.evaluated(&evaluation);
                shared.metrics.set_ready();
                let waiting = evaluation.writes.len();
                if waiting > 0 {
                    info!(
                        subjects = evaluation.assessment.subjects.len(),
                        failing = evaluation.posture.total.failing,
                        writes = waiting,
                        "evaluated"
                    );
                }
                outbox.send_replace(evaluation.writes);
            }
            Err(error) => {
                // Not at once: what failed would fail again.
                next = clock::now().checked_add(RETRY).ok();
                warn!(%error, "the evaluation failed; it is tried again");
            }
        }
    }
}

/// Waits for a change or for the time to come. False if neither came, and it is only time to look at the clock again.
async fn wait(shared: &Shared, next: Option<Timestamp>) -> bool {
    let pause = next.map_or(LONGEST_SLEEP, |next| {
        let left = next.duration_since(clock::now());
        Duration::try_from(left).unwrap_or(Duration::ZERO).min(LONGEST_SLEEP)
    });
    tokio::select! {
        () = shared.changed.notified() => true,
        () = tokio::time::sleep(pause) => next.is_some_and(|next| next <= clock::now()),
    }
}

/// Judges the world at a time.
fn evaluate(world: &World, last_good: &mut LastGood, now: Timestamp) -> Evaluation {
    let (policy, refusals) = compile(world, last_good);
    let assessment = assess(&policy, &world.inventory, now);
    let posture = measure(&policy, &assessment);
    let findings = Findings { policy: &policy, assessment: &assessment, posture: &posture };
    let mut draft = Draft { world, now, writes: Vec::new(), next: Date::of(now).end() };
    draft.standards(&findings, &refusals);
    draft.tiers(&findings, &refusals);
    draft.exceptions(&findings, &refusals);
    draft.malformed();
    let boundaries = policy.exceptions.iter().flat_map(|exception| exception.boundaries(now));
    let next = boundaries.fold(draft.next, Timestamp::min);
    let writes = draft.writes;
    Evaluation { policy, assessment, posture, writes, facts: world.size(), next }
}

/// Compiles what people wrote. Where it can't be compiled, the last spec that could takes its place.
fn compile(world: &World, last_good: &mut LastGood) -> (Policy, Vec<Refused>) {
    let standards = world.standards.values();
    let (policy, refusals) =
        Policy::compile(standards, world.tiers.values(), world.exceptions.values(), Settings::default());
    let refuses =
        |kind: Kind, key: &Key| refusals.iter().any(|it| it.kind == kind && it.name == key.1.as_str());
    for (key, standard) in &world.standards {
        if !refuses(Kind::SecurityStandard, key) {
            last_good.standards.insert(key.clone(), standard.spec.clone());
        }
    }
    for (key, tier) in &world.tiers {
        if !refuses(Kind::ServiceTier, key) {
            last_good.tiers.insert(key.clone(), tier.spec.clone());
        }
    }
    last_good.standards.retain(|key, _| world.standards.contains_key(key));
    last_good.tiers.retain(|key, _| world.tiers.contains_key(key));
    if refusals.is_empty() {
        return (policy, refusals);
    }
    let standards: Vec<SecurityStandard> = world
        .standards
        .iter()
        .map(|(key, standard)| {
            let spec = last_good.standards.get(key).unwrap_or(&standard.spec).clone();
            SecurityStandard { spec, ..standard.clone() }
        })
        .collect();
    let tiers: Vec<ServiceTier> = world
        .tiers
        .iter()
        .map(|(key, tier)| ServiceTier {
            spec: last_good.tiers.get(key).unwrap_or(&tier.spec).clone(),
            ..tier.clone()
        })
        .collect();
    let (policy, _) = Policy::compile(&standards, &tiers, world.exceptions.values(), Settings::default());
    (policy, refusals)
}

/// The statuses to be written.
struct Draft<'a> {
    world: &'a World,
    now: Timestamp,
    writes: Vec<Write>,
    next: Timestamp,
}

impl Draft<'_> {
    fn standards(&mut self, findings: &Findings<'_>, refusals: &[Refused]) {
        for (key, standard) in &self.world.standards {
            let generation = standard.metadata.generation.unwrap_or_default();
            let before = standard.status.as_ref();
            let index = findings.policy.standards.iter().position(|it| it.name == key.1.as_str());
            let made = index.and_then(|index| findings.standard(index, before, generation));
            for tier in made.iter().flat_map(|status| &status.tiers) {
                self.look_again(tier.promotable_from.as_ref());
            }
            self.finish(key, generation, refusals, made, before);
        }
    }

    fn tiers(&mut self, findings: &Findings<'_>, refusals: &[Refused]) {
        for (key, tier) in &self.world.tiers {
            let generation = tier.metadata.generation.unwrap_or_default();
            let before = tier.status.as_ref();
            let made = findings.tier(&key.1, before, generation);
            self.finish(key, generation, refusals, made, before);
        }
    }

    fn exceptions(&mut self, findings: &Findings<'_>, refusals: &[Refused]) {
        for (key, exception) in &self.world.exceptions {
            let generation = exception.metadata.generation.unwrap_or_default();
            let before = exception.status.as_ref();
            let index = findings.policy.exceptions.binary_search_by(|it| {
                (it.namespace.as_str(), it.name.as_str()).cmp(&(key.0.as_str(), key.1.as_str()))
            });
            let made = index.ok().and_then(|index| findings.exception(index, before, generation));
            self.look_again(made.as_ref().and_then(|status| status.next_review.as_ref()));
            self.finish(key, generation, refusals, made, before);
        }
    }

    /// At this moment something changes by itself, unless it is over.
    fn look_again(&mut self, at: Option<&Time>) {
        if let Some(Time(moment)) = at.filter(|at| at.0 > self.now) {
            self.next = self.next.min(*moment);
        }
    }

    /// Objects of our kinds that the API server let in and we can't read.
    fn malformed(&mut self) {
        for ((kind, key), malformed) in &self.world.malformed {
            let kind = match kind {
                ObjectKind::SecurityStandard => Kind::SecurityStandard,
                ObjectKind::ServiceTier => Kind::ServiceTier,
                ObjectKind::RiskException => Kind::RiskException,
                _ => continue,
            };
            let error = CompileError::new("spec", malformed.message.clone());
            let Err(errors) = CompileErrors::check((), vec![error]) else { continue };
            let conditions =
                refused(kind, &errors, false, &malformed.conditions, malformed.generation, self.now);
            if conditions != malformed.conditions {
                let status = serde_json::json!({
                    "observedGeneration": malformed.generation,
                    "conditions": conditions,
                });
                self.writes.extend(Write::new(kind, key, &status));
            }
        }
    }

    /// Queues what differs from what is there.
    fn finish<S: Status>(
        &mut self,
        (namespace, name): &Key,
        generation: i64,
        refusals: &[Refused],
        made: Option<S>,
        before: Option<&S>,
    ) {
        let refusal = refusals
            .iter()
            .find(|it| it.kind == S::KIND && it.name == name.as_str() && it.namespace == namespace.as_str());
        let wrong = refusal.map(|it| &it.errors);
        let Some(status) = finished(made, before, wrong, generation, self.now) else { return };
        if before != Some(&status) {
            self.writes.extend(Write::new(S::KIND, &(namespace.clone(), name.clone()), &status.own()));
        }
    }
}

/// For how long an evaluation may take before the process counts as stuck.
pub(super) const STUCK: SignedDuration = SignedDuration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::object::Object;

    fn exception(valid_from: &str, expires_at: &str) -> Object {
        let object = serde_json::json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
            "metadata": {"name": "e", "namespace": "shop"},
            "spec": {
                "controls": ["pod.privileged"], "target": {"names": ["cart"]}, "owner": "team-shop",
                "reason": "it is being rewritten this month", "approvals": [{"by": "ana"}],
                "validFrom": valid_from, "expiresAt": expires_at,
            },
        });
        Object::decode(ObjectKind::RiskException, &object).unwrap()
    }

    fn next(exception: Object, now: &str) -> String {
        let mut world = World::default();
        world.put(exception);
        evaluate(&world, &mut LastGood::default(), now.parse().unwrap()).next.to_string()
    }

    #[test]
    fn it_looks_again_when_an_exception_ends_is_to_be_reviewed_or_the_day_does() {
        let short = || exception("2026-11-01T00:00:00Z", "2026-11-23T18:00:00Z");
        assert_eq!(next(short(), "2026-11-23T12:00:00Z"), "2026-11-23T18:00:00Z");
        let long = || exception("2026-11-01T15:00:00Z", "2027-01-15T18:00:00Z");
        assert_eq!(next(long(), "2026-12-01T12:00:00Z"), "2026-12-01T15:00:00Z", "the review");
        assert_eq!(next(long(), "2026-12-01T15:00:00Z"), "2026-12-02T00:00:00Z", "the day");
    }
}
