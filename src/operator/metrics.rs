//! Metrics, in the OpenMetrics text format. Every name is in `table`, and the number of series is bounded.

mod admission;
mod posture;
mod process;
mod samples;
mod table;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::clock;
use super::observed::{is_ours, kinds, resource};
use super::world::World;
use crate::admission::Act;
use crate::admission::gaps::Gaps;
use crate::cluster::resource_name;
use crate::engine::status::Findings;
use crate::facts::object::ObjectKind;
use crate::facts::{CustomKinds, WorkloadKind};
pub(super) use admission::Reviewed;
pub(super) use posture::Shown;
use posture::{Posture, number};
use samples::Samples;
pub use samples::{MOST_SERIES, OTHER};
pub use table::{Kind, Row, TABLE, Unit, Values};

/// The label names and values of one series.
type Labels = Vec<(&'static str, String)>;

/// The bounds of durations: from a millisecond to two minutes, beyond which an evaluation counts as stuck.
const SECONDS: [f64; 12] = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 120.0];

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// An object can't be decoded.
    Decode,
    /// An evaluation failed.
    Evaluation,
    /// A permission is missing.
    Permission,
    /// A watch broke.
    Watch,
    /// A write was refused.
    Write,
}

impl Failure {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Evaluation => "evaluation",
            Self::Permission => "permission",
            Self::Watch => "watch",
            Self::Write => "write",
        }
    }
}

/// What became of an Event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// It is there.
    Written,
    /// The API server refused it, or didn't answer.
    Failed,
    /// There was too much to tell.
    Dropped,
}

impl Told {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// All metrics.
pub(super) struct Metrics {
    registry: Registry,
    posture: Posture,
    admission: admission::Admission,
    evaluations: Counter,
    judged: Counter,
    evaluation: Histogram,
    reconcile: Histogram,
    status: Histogram,
    waiting: Gauge,
    writes: Family<Labels, Counter>,
    events: Family<Labels, Counter>,
    restarts: Family<Labels, Counter>,
    read: Family<Labels, Counter>,
    denied: Samples,
    rules: Samples,
    errors: Family<Labels, Counter>,
    facts: Samples,
    malformed: Samples,
    leader: Gauge,
}

impl Metrics {
    pub(super) fn new(custom: &CustomKinds) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            posture: Posture::default(),
            admission: admission::Admission::default(),
            evaluations: Counter::default(),
            judged: Counter::default(),
            evaluation: Histogram::new(SECONDS),
            reconcile: Histogram::new(SECONDS),
            status: Histogram::new(SECONDS),
            waiting: Gauge::default(),
            writes: Family::default(),
            events: Family::default(),
            restarts: Family::default(),
            read: Family::default(),
            denied: Samples::of(&table::WATCH_DENIED),
            rules: Samples::of(&table::RULE_FAULTS),
            errors: Family::default(),
            facts: Samples::of(&table::FACTS),
            malformed: Samples::of(&table::MALFORMED),
            leader: Gauge::default(),
        };
        metrics.register();
        metrics.begin(custom);
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        table::STANDARD_SUBJECTS.register(registry, self.posture.subjects.clone());
        table::STANDARD_STAGE.register(registry, self.posture.stages.clone());
        table::TIER_WORKLOADS.register(registry, self.posture.workloads.clone());
        table::TIER_MEASURED.register(registry, self.posture.measured.clone());
        table::TIER_TARGET.register(registry, self.posture.targets.clone());
        table::EXCEPTIONS.register(registry, self.posture.exceptions.clone());
        self.admission.register(registry);
        table::EVALUATIONS.register(registry, self.evaluations.clone());
        table::SUBJECTS_JUDGED.register(registry, self.judged.clone());
        table::EVALUATION_DURATION.register(registry, self.evaluation.clone());
        table::RECONCILE_LATENCY.register(registry, self.reconcile.clone());
        table::STATUS_LATENCY.register(registry, self.status.clone());
        table::STATUSES_WAITING.register(registry, self.waiting.clone());
        table::API_WRITES.register(registry, self.writes.clone());
        table::EVENTS.register(registry, self.events.clone());
        table::READ.register(registry, self.read.clone());
        table::WATCH_RESTARTS.register(registry, self.restarts.clone());
        table::WATCH_DENIED.register(registry, self.denied.clone());
        table::RULE_FAULTS.register(registry, self.rules.clone());
        table::ERROR_COUNT.register(registry, self.errors.clone());
        table::FACTS.register(registry, self.facts.clone());
        table::MALFORMED.register(registry, self.malformed.clone());
        table::LEADER.register(registry, self.leader.clone());
        table::BUILD.register(registry, Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        table::RESIDENT.register(registry, process::Resident);
        let started = Gauge::<u64, AtomicU64>::default();
        started.set(clock::seconds().unsigned_abs());
        table::STARTED.register(registry, started);
    }

    /// Counters are there before they count: a rate needs a first value.
    fn begin(&self, custom: &CustomKinds) {
        for kind in kinds(custom) {
            drop(self.read(kind));
            drop(self.restarts.get_or_create(&vec![("resource", label(kind))]));
        }
        for told in table::TOLD {
            drop(self.events.get_or_create(&vec![("result", told.to_owned())]));
        }
        for failure in table::ERRORS {
            drop(self.errors.get_or_create(&vec![("category", failure.to_owned())]));
        }
        for kind in kinds(custom).filter(|kind| is_ours(*kind)) {
            for result in ["ok", "error"] {
                drop(self.writes.get_or_create(&write_labels(&resource(kind).plural, result)));
            }
        }
    }

    /// Takes over the numbers of an evaluation. What is gone from it is gone from the metrics.
    pub(super) fn evaluated(&self, findings: &Findings<'_>, shown: &Shown, world: &World) {
        self.posture.show(findings, shown);
        let mut facts = self.facts.gather();
        for (kind, held) in world.sizes() {
            facts.add([kind.as_str()], number(held));
        }
        self.facts.replace(facts);
        let mut malformed = self.malformed.gather();
        for kind in kinds(world.inventory.kinds()) {
            let of_kind = world.malformed.keys().filter(|(of, _)| *of == kind).count();
            if of_kind > 0 {
                malformed.add([kind.as_str()], number(of_kind as u64));
            }
        }
        self.malformed.replace(malformed);
        self.show_denied(world);
    }

    /// Takes over which permissions are missing.
    pub(super) fn show_denied(&self, world: &World) {
        let mut denied = self.denied.gather();
        for (kind, verb) in &world.denied {
            denied.add([&label(*kind), verb], 1.0);
        }
        self.denied.replace(denied);
    }

    /// So many policies of the API server are missing or not as shipped.
    pub(super) fn rules(&self, faults: usize) {
        let mut rules = self.rules.gather();
        rules.add([], number(faults as u64));
        self.rules.replace(rules);
    }

    /// An evaluation took so long, and judged so many. `waited` is since the first change that it judged.
    pub(super) fn timed(&self, took: Duration, waited: Option<Duration>, judged: usize) {
        self.evaluations.inc();
        self.judged.inc_by(judged as u64);
        self.evaluation.observe(took.as_secs_f64());
        if let Some(waited) = waited {
            self.reconcile.observe(waited.as_secs_f64());
        }
    }

    /// So many statuses are still to be written.
    pub(super) fn waiting(&self, statuses: usize) {
        self.waiting.set(i64::try_from(statuses).unwrap_or(i64::MAX));
    }

    /// Everything that a change asked for is written, so long after it.
    pub(super) fn settled(&self, after: Duration) {
        self.status.observe(after.as_secs_f64());
    }

    pub(super) fn wrote(&self, resource: &str, done: bool) {
        let result = if done { "ok" } else { "error" };
        self.writes.get_or_create(&write_labels(resource, result)).inc();
        if !done {
            self.failed(Failure::Write);
        }
    }

    /// Counts Events.
    pub(super) fn told(&self, told: Told, number: usize) {
        let events = self.events.get_or_create(&vec![("result", told.as_str().to_owned())]).clone();
        events.inc_by(u64::try_from(number).unwrap_or(u64::MAX));
    }

    /// The bytes of objects of a kind that were read.
    pub(super) fn read(&self, kind: ObjectKind) -> Counter {
        self.read.get_or_create(&vec![("kind", kind.as_str().to_owned())]).clone()
    }

    pub(super) fn watch_failed(&self, kind: ObjectKind) {
        self.restarts.get_or_create(&vec![("resource", label(kind))]).inc();
        self.failed(Failure::Watch);
    }

    pub(super) fn failed(&self, failure: Failure) {
        self.errors.get_or_create(&vec![("category", failure.as_str().to_owned())]).inc();
    }

    pub(super) fn leads(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// A review was answered so, after so long.
    pub(super) fn reviewed(&self, reviewed: &Reviewed, took: Duration) {
        self.admission.reviewed(reviewed, took);
    }

    /// So it is known when somebody answered.
    pub(super) fn answered(&self, gaps: &Gaps, now: Timestamp) {
        self.admission.answered(gaps, now);
    }

    /// An answer did this.
    pub(super) fn acted(&self, acts: &[Act]) {
        self.admission.acted(acts);
    }

    /// A connection of the webhook came to nothing.
    pub(super) fn connection_dropped(&self) {
        self.admission.dropped();
    }

    /// The webhook shows another certificate, which ends then.
    pub(super) fn certificate(&self, until: Option<Timestamp>) {
        self.admission.certificate(until);
    }

    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// The resource of a kind; with its group where others may have a resource of that name.
fn label(kind: ObjectKind) -> String {
    match kind {
        ObjectKind::Workload(WorkloadKind::Custom(_)) => resource_name(kind),
        kind => resource(kind).plural,
    }
}

fn write_labels(resource: &str, result: &str) -> Labels {
    vec![("resource", resource.to_owned()), ("result", result.to_owned())]
}

#[cfg(test)]
mod tests;
