//! Metrics, in the OpenMetrics text format. Every name is a constant, every label set is bounded by what people wrote.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::clock;
use super::reconcile::STUCK;
use crate::engine::evaluate::ExceptionState;
use crate::engine::exception::Life;
use crate::engine::posture::Counts;
use crate::engine::status::Findings;

/// Subjects by standard and outcome.
pub const STANDARD_SUBJECTS: &str = "stanchion_standard_subjects";
/// Workloads by tier.
pub const TIER_WORKLOADS: &str = "stanchion_tier_workloads";
/// Exceptions by state.
pub const EXCEPTIONS: &str = "stanchion_exceptions";
/// Facts held, by resource.
pub const FACTS: &str = "stanchion_facts";
/// Evaluations so far.
pub const EVALUATIONS: &str = "stanchion_evaluations";
/// Statuses written so far.
pub const STATUS_WRITES: &str = "stanchion_status_writes";
/// Events so far, by what became of them.
pub const EVENTS: &str = "stanchion_events";
/// Watches that broke so far.
pub const WATCH_FAILURES: &str = "stanchion_watch_failures";
/// Whether this process writes.
pub const LEADER: &str = "stanchion_leader";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StandardLabels {
    standard: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TierLabels {
    tier: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WriteLabels {
    resource: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabels {
    result: &'static str,
}

/// What became of an Event.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told {
    /// It is there.
    Written,
    /// The API server refused it, or didn't answer.
    Failed,
    /// There was too much to tell.
    Dropped,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WatchLabels {
    resource: String,
}

/// All metrics, and what the probes answer.
pub(super) struct Metrics {
    registry: Registry,
    subjects: Family<StandardLabels, Gauge>,
    workloads: Family<TierLabels, Gauge>,
    exceptions: Family<StateLabels, Gauge>,
    facts: Family<WatchLabels, Gauge>,
    evaluations: Counter,
    writes: Family<WriteLabels, Counter>,
    events: Family<EventLabels, Counter>,
    watch_failures: Family<WatchLabels, Counter>,
    leader: Gauge,
    ready: AtomicBool,
    heartbeat: AtomicI64,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            subjects: Family::default(),
            workloads: Family::default(),
            exceptions: Family::default(),
            facts: Family::default(),
            evaluations: Counter::default(),
            writes: Family::default(),
            events: Family::default(),
            watch_failures: Family::default(),
            leader: Gauge::default(),
            ready: AtomicBool::new(false),
            heartbeat: AtomicI64::new(clock::now().as_second()),
        };
        let registry = &mut metrics.registry;
        registry.register(STANDARD_SUBJECTS, "Subjects by standard and outcome", metrics.subjects.clone());
        registry.register(TIER_WORKLOADS, "Workloads by tier", metrics.workloads.clone());
        registry.register(EXCEPTIONS, "Exceptions by state", metrics.exceptions.clone());
        registry.register(
            FACTS,
            "Objects held as facts, and objects that can't be decoded",
            metrics.facts.clone(),
        );
        registry.register(EVALUATIONS, "Evaluations of the whole posture", metrics.evaluations.clone());
        registry.register(STATUS_WRITES, "Statuses written", metrics.writes.clone());
        registry.register(EVENTS, "Events by what became of them", metrics.events.clone());
        registry.register(WATCH_FAILURES, "Watches that broke", metrics.watch_failures.clone());
        registry.register(LEADER, "1 while this process writes", metrics.leader.clone());
        metrics
    }

    /// Counts Events.
    pub(super) fn told(&self, told: Told, number: usize) {
        let result = match told {
            Told::Written => "written",
            Told::Failed => "failed",
            Told::Dropped => "dropped",
        };
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        self.events.get_or_create(&EventLabels { result }).inc_by(number);
    }

    /// Takes over the numbers of an evaluation. What is gone from it is gone from the metrics.
    pub(super) fn evaluated(&self, evaluation: &Findings<'_>, facts: &BTreeMap<&'static str, usize>) {
        self.evaluations.inc();
        self.subjects.clear();
        for (standard, posture) in evaluation.policy.standards.iter().zip(&evaluation.posture.standards) {
            for (outcome, number) in outcomes(&posture.counts) {
                let labels = StandardLabels { standard: standard.name.to_string(), outcome };
                self.subjects.get_or_create(&labels).set(i64::try_from(number).unwrap_or(i64::MAX));
            }
        }
        self.workloads.clear();
        for (tier, posture) in &evaluation.posture.tiers {
            let labels = TierLabels { tier: tier.to_string() };
            self.workloads.get_or_create(&labels).set(i64::try_from(posture.workloads).unwrap_or(i64::MAX));
        }
        for (resource, number) in facts {
            let labels = WatchLabels { resource: (*resource).to_owned() };
            self.facts.get_or_create(&labels).set(i64::try_from(*number).unwrap_or(i64::MAX));
        }
        self.exceptions.clear();
        for state in &evaluation.assessment.exceptions {
            self.exceptions.get_or_create(&StateLabels { state: state_name(state) }).inc();
        }
    }

    pub(super) fn wrote(&self, resource: &str, done: bool) {
        let result = if done { "ok" } else { "error" };
        self.writes.get_or_create(&WriteLabels { resource: resource.to_owned(), result }).inc();
    }

    pub(super) fn watch_failed(&self, resource: &str) {
        self.watch_failures.get_or_create(&WatchLabels { resource: resource.to_owned() }).inc();
    }

    pub(super) fn leads(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    pub(super) fn set_ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// Whether the first evaluation is done.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// The evaluation lives.
    pub(super) fn beat(&self) {
        self.heartbeat.store(clock::now().as_second(), Ordering::Relaxed);
    }

    /// Whether the evaluation has been seen alive lately.
    pub(super) fn is_alive(&self) -> bool {
        clock::now().as_second() - self.heartbeat.load(Ordering::Relaxed) < STUCK.as_secs()
    }

    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn outcomes(counts: &Counts) -> [(&'static str, u64); 4] {
    [
        ("compliant", counts.compliant),
        ("excepted", counts.excepted),
        ("failing", counts.failing),
        ("unknown", counts.unknown),
    ]
}

fn state_name(state: &ExceptionState) -> &'static str {
    match state.life {
        Life::OutOfBounds => "invalid",
        Life::Revoked => "revoked",
        Life::Expired => "expired",
        Life::NotApproved => "not_approved",
        Life::NotYetValid => "not_yet_valid",
        Life::ExpiringSoon => "expiring_soon",
        Life::Active => "active",
    }
}
