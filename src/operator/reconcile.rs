//! Reconciling: what changed is judged by the pure engine, and what differs is handed to the writer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use opentelemetry::trace::SpanContext;
use tokio::sync::watch;
use tracing::{debug, warn};

use super::draft::{Draft, Unanswered};
use super::events::{self, Outbox, Telling};
use super::lease::Proof;
use super::metrics::{self, Failure, Shown};
use super::status::{self, Write};
use super::trace::Came;
use super::world::{Changes, World};
use super::{Shared, clock, heartbeat, watchman};
use crate::admission::stages::Stages;
use crate::admission::tally::{self, Place};
use crate::api::Kind;
use crate::engine::decisions::Decisions;
use crate::engine::evaluate::Ledger;
use crate::engine::policy::Settings;
use crate::engine::status::Findings;
use crate::facts::SubjectKey;

/// How long to wait after a change, so that what comes together is evaluated once: at least, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// How much longer than the last evaluation took the next one waits, so that many changes leave the machine to others.
const REST: u32 = 3;

/// The longest sleep: a clock that was set shows itself after this.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// How long after an evaluation that failed the next one begins, unless something changes.
const RETRY: SignedDuration = SignedDuration::from_secs(30);

/// What one evaluation brought.
struct Evaluated {
    /// Statuses that differ from what is there.
    writes: Vec<Write>,
    /// What somebody is to be told.
    told: Vec<Telling>,
    /// When something changes by itself.
    next: Timestamp,
    /// How many subjects were judged for it.
    judged: usize,
    /// What of it metrics show.
    shown: Shown,
    /// What went through unanswered and needs no mark any more.
    settled: BTreeSet<SubjectKey>,
}

/// What is known of admission by the one who writes.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What was denied lately by all replicas.
    denied: BTreeMap<Place, u64>,
    /// What went through while nobody answered.
    unanswered: BTreeSet<SubjectKey>,
}

/// What an evaluation found to be written, and since when that is so.
#[derive(Debug, Clone)]
pub(super) struct Round {
    /// Statuses that differ from what is there.
    pub(super) writes: Vec<Write>,
    /// When the first change came that it judged.
    pub(super) since: Instant,
    /// Its span, if there are traces.
    pub(super) span: Option<SpanContext>,
}

/// Evaluates for whoever asks, and writes nothing. Never returns.
pub(super) async fn look_on(shared: Arc<Shared>) -> &'static str {
    let (outbox, _inbox) = watch::channel(Round { writes: Vec::new(), since: clock::instant(), span: None });
    let (_leads, leader) = watch::channel(false);
    evaluate_for_ever(&shared, &outbox, &Outbox::default(), &leader).await;
    "evaluation"
}

/// Evaluates when something changed or time makes a difference. Never returns.
pub(super) async fn run(shared: Arc<Shared>, leader: watch::Receiver<bool>, proof: Proof) -> &'static str {
    let (outbox, inbox) = watch::channel(Round { writes: Vec::new(), since: clock::instant(), span: None });
    let events = Outbox::default();
    let evaluating = evaluate_for_ever(&shared, &outbox, &events, &leader);
    let writing = status::write_for_ever(&shared, inbox, leader.clone(), proof.clone());
    let telling = events::write_for_ever(&shared, &events, leader.clone(), proof.clone());
    let listening = heartbeat::listen(&shared, leader.clone(), proof.clone());
    let watching = watchman::watch(&shared, leader.clone(), proof);
    tokio::select! {
        () = evaluating => "evaluation",
        () = writing => "writing",
        () = telling => "telling",
        () = listening => "listening",
        () = watching => "watching",
    }
}

async fn evaluate_for_ever(
    shared: &Arc<Shared>,
    outbox: &watch::Sender<Round>,
    events: &Outbox,
    leader: &watch::Receiver<bool>,
) {
    let mut next: Option<Timestamp> = None;
    let mut pause = PAUSES.0;
    loop {
        shared.health.beat(clock::seconds());
        if !wait(shared, next).await {
            continue;
        }
        tokio::time::sleep(pause).await;
        if !shared.world.read().await.is_synced() {
            continue;
        }
        let world = Arc::clone(shared);
        let began = clock::instant();
        let evaluated = tokio::task::spawn_blocking(move || once(&world));
        match evaluated.await {
            Ok((evaluated, since, span)) => {
                next = Some(evaluated.next);
                shared.health.evaluated();
                if !evaluated.writes.is_empty() {
                    debug!(judged = evaluated.judged, writes = evaluated.writes.len(), "evaluated");
                }
                outbox.send_replace(Round { writes: evaluated.writes, since, span });
                let dropped = events.offer(evaluated.told, *leader.borrow());
                if dropped > 0 {
                    warn!(dropped, "more is to be told than events are written; the statuses say all");
                    shared.metrics.told(metrics::Told::Dropped, dropped);
                }
            }
            Err(error) => {
                // Not at once: what failed would fail again.
                next = clock::now().checked_add(RETRY).ok();
                shared.metrics.failed(Failure::Evaluation);
                warn!(%error, outcome = "retried", "the evaluation failed; it is tried again");
            }
        }
        pause = began.elapsed().saturating_mul(REST).clamp(PAUSES.0, PAUSES.1);
    }
}

/// One evaluation, and when the first change came that it judged; its own beginning, where time alone asked for it. With
/// traces, its span.
fn once(shared: &Shared) -> (Evaluated, Instant, Option<SpanContext>) {
    let mut evaluator = shared.evaluator.blocking_write();
    let mut world = shared.world.blocking_write();
    let changes = world.take_changes();
    if changes.is_none() {
        world.inventory.settle();
    }
    let unseen = shared.unseen.take();
    // Nobody changes the world between the two.
    let world = world.downgrade();
    // What was there before the process was is no change.
    let seen = unseen.as_ref().filter(|_| changes.is_some());
    let (since, number) = (seen.map(|it| it.first), seen.map_or(0, |it| it.number));
    let (began, now) = (clock::instant(), clock::now());
    let denied = shared.heard.lock().unwrap_or_else(PoisonError::into_inner).denied.clone();
    let told = Told { denied, unanswered: shared.watchman.marked() };
    let evaluated = evaluator.evaluate(&world, changes, &told, now);
    shared.watchman.settle(&evaluated.settled);
    evaluator.show(shared, &evaluated, &world);
    shared.metrics.timed(began.elapsed(), since.map(|since| since.elapsed()), evaluated.judged);
    let came = Came { changes: number, judged: evaluated.judged, writes: evaluated.writes.len() };
    let spans = unseen.as_ref().map(|it| it.spans.as_slice()).unwrap_or_default();
    let span = shared.traces.evaluation(now, spans, came);
    (evaluated, since.unwrap_or(began), span)
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

/// What is kept from one evaluation to the next.
pub(super) struct Evaluator {
    pub(super) decisions: Decisions,
    /// Nothing before the first evaluation, and after one that failed.
    pub(super) ledger: Option<Ledger>,
    /// What happens to what fails.
    pub(super) stages: Stages,
}

impl Evaluator {
    pub(super) fn new(settings: Settings) -> Self {
        let settings = Settings { keeps_record: true, ..settings };
        Self { decisions: Decisions::under(settings), ledger: None, stages: Stages::default() }
    }

    /// Judges what changed in the world; everything, if that isn't known.
    fn evaluate(
        &mut self,
        world: &World,
        changes: Option<Changes>,
        told: &Told,
        now: Timestamp,
    ) -> Evaluated {
        self.decisions.set_rules(&world.rules);
        // An evaluation that fails leaves no ledger behind.
        let (ledger, judged) = if let (Some(mut ledger), Some(changes)) = (self.ledger.take(), changes) {
            self.decide(world, &changes);
            let mut decided = self.decisions.take();
            decided.rules |= changes.anew;
            let facts = changes.facts();
            let judged = ledger.update(self.decisions.policy(), &world.inventory, &facts, &decided, now);
            (ledger, judged)
        } else {
            self.decide_all(world);
            let ledger = Ledger::new(self.decisions.policy(), &world.inventory, now);
            let judged = ledger.assessment().subjects.len();
            (ledger, judged)
        };
        for (standard, tier) in tally::tripped(self.decisions.policy(), &told.denied) {
            self.decisions.trip(&standard, &tier, now);
        }
        let findings = findings(&self.decisions, &ledger);
        self.stages = Stages::of(&findings);
        let unanswered = Unanswered::of(&findings, &told.unanswered);
        let Draft { writes, told, next, shown, .. } =
            Draft::new(world, &self.decisions, &findings, &unanswered, now);
        self.ledger = Some(ledger);
        Evaluated { writes, told, next, judged, shown, settled: unanswered.settled }
    }

    fn decide(&mut self, world: &World, changes: &Changes) {
        for (kind, key) in &changes.decided {
            match kind {
                Kind::SecurityStandard => match world.standards.get(key) {
                    Some(standard) => self.decisions.put_standard(standard),
                    None => self.decisions.remove_standard(&key.1),
                },
                Kind::ServiceTier => match world.tiers.get(key) {
                    Some(tier) => self.decisions.put_tier(tier),
                    None => self.decisions.remove_tier(&key.1),
                },
                Kind::RiskException => match world.exceptions.get(key) {
                    Some(exception) => self.decisions.put_exception(exception),
                    None => self.decisions.remove_exception(&key.0, &key.1),
                },
            }
        }
        for (kind, key) in &changes.recorded {
            match kind {
                Kind::SecurityStandard => {
                    world.standards.get(key).into_iter().for_each(|it| self.decisions.record(it));
                }
                Kind::RiskException => {
                    world.exceptions.get(key).into_iter().for_each(|it| self.decisions.record_exception(it));
                }
                Kind::ServiceTier => {}
            }
        }
    }

    fn decide_all(&mut self, world: &World) {
        self.decisions.retain(|kind, namespace, name| {
            let key = (namespace.to_owned(), name.to_owned());
            match kind {
                Kind::SecurityStandard => world.standards.contains_key(&key),
                Kind::ServiceTier => world.tiers.contains_key(&key),
                Kind::RiskException => world.exceptions.contains_key(&key),
            }
        });
        world.standards.values().for_each(|standard| self.decisions.put_standard(standard));
        world.tiers.values().for_each(|tier| self.decisions.put_tier(tier));
        world.exceptions.values().for_each(|exception| self.decisions.put_exception(exception));
        self.decisions.take();
    }

    /// Puts the numbers of the last evaluation into the metrics.
    fn show(&self, shared: &Shared, evaluated: &Evaluated, world: &World) {
        if let Some(ledger) = &self.ledger {
            shared.metrics.evaluated(&findings(&self.decisions, ledger), &evaluated.shown, world);
        }
    }
}

fn findings<'a>(decisions: &'a Decisions, ledger: &'a Ledger) -> Findings<'a> {
    Findings { policy: decisions.policy(), assessment: ledger.assessment(), posture: ledger.posture() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::object::{Object, ObjectKind};

    fn standard(uid: &str, control: &str) -> Object {
        let object = serde_json::json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard",
            "metadata": {"name": "s", "uid": uid}, "spec": {"controls": [{"id": control}]},
        });
        Object::decode(ObjectKind::SecurityStandard, &object).unwrap()
    }

    #[test]
    fn a_standard_made_anew_does_not_go_on_with_what_its_predecessor_asked_for() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let (mut world, mut evaluator) = (World::default(), Evaluator::new(Settings::default()));
        let mut in_force = |object: Object| {
            let changes = world.take_changes();
            evaluator.evaluate(&world, changes, &Told::default(), now);
            world.put(object);
            let changes = world.take_changes();
            evaluator.evaluate(&world, changes, &Told::default(), now);
            evaluator.decisions.policy().standards.len()
        };
        assert_eq!(in_force(standard("u", "pod.privileged")), 1);
        assert_eq!(in_force(standard("u", "pod.privilegd")), 1, "the last good version stays in force");
        assert_eq!(in_force(standard("v", "pod.privilegd")), 0);
    }

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
        Evaluator::new(Settings::default())
            .evaluate(&world, None, &Told::default(), now.parse().unwrap())
            .next
            .to_string()
    }

    #[test]
    fn an_exception_is_suspended_a_day_after_it_was_recorded_that_its_compensating_control_fails() {
        let object = |value: serde_json::Value, kind| Object::decode(kind, &value).unwrap();
        let mut world = World::default();
        world.put(object(
            serde_json::json!({
                "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "s"},
                "spec": {"controls": [{"id": "pod.privileged"}]},
            }),
            ObjectKind::SecurityStandard,
        ));
        world.put(object(
            serde_json::json!({
                "metadata": {"name": "cart", "namespace": "shop"},
                "spec": {"template": {"spec": {"hostPID": true, "containers": [
                    {"name": "app", "image": "a:1", "securityContext": {"privileged": true}},
                ]}}},
            }),
            ObjectKind::Workload(crate::facts::WorkloadKind::Deployment),
        ));
        let exception = |status: serde_json::Value| {
            let spec = serde_json::json!({
                "controls": ["pod.privileged"], "target": {"names": ["cart"]}, "owner": "team-shop",
                "reason": "it is being rewritten this month", "approvals": [{"by": "ana"}],
                "validFrom": "2026-11-01T00:00:00Z", "expiresAt": "2026-12-20T00:00:00Z",
                "compensatingControls": [{"control": "pod.host-namespaces"}],
            });
            let made = serde_json::json!({
                "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
                "metadata": {"name": "e", "namespace": "shop"}, "spec": spec, "status": status,
            });
            object(made, ObjectKind::RiskException)
        };
        let mut evaluator = Evaluator::new(Settings::default());
        let mut said = |world: &mut World, now: &str| {
            let changes = world.take_changes();
            format!("{:?}", evaluator.evaluate(world, changes, &Told::default(), now.parse().unwrap()).writes)
        };
        world.put(exception(serde_json::Value::Null));
        let first = said(&mut world, "2026-11-10T12:00:00Z");
        assert!(first.contains("CompensatingControlFailing"), "{first}");
        assert!(first.contains("2026-11-10T12:00:00Z"), "{first}");

        world.put(exception(serde_json::json!({"uncompensatedSince": "2026-11-10T12:00:00Z"})));
        assert!(said(&mut world, "2026-11-11T11:59:59Z").contains("CompensatingControlFailing"));
        assert!(said(&mut world, "2026-11-11T12:00:00Z").contains("CompensatingControlFailed"));
        world.put(exception(serde_json::Value::Null));
        let anew = said(&mut world, "2026-11-12T12:00:00Z");
        assert!(anew.contains("CompensatingControlFailing"), "with the record lost it begins anew: {anew}");
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
