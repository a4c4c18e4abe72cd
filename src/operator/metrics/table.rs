//! Every metric: what it is registered as, and what its page in the reference says.

use prometheus_client::registry;

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows; its samples end in `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How often something took how long.
    Histogram,
    /// 1, and what there is to know in its labels.
    Info,
}

/// What is counted, where it isn't things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Time.
    Seconds,
    /// Memory.
    Bytes,
    /// A share, from 0 to 1.
    Ratio,
}

/// What a label can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Names that people gave. Beyond the bound of a metric they are one, [`OTHER`](super::OTHER).
    Names,
    /// One of these.
    Of(&'static [&'static str]),
    /// A kind that is watched, such as `Deployment`.
    Kinds,
    /// The plural of such a kind, such as `deployments`.
    Resources,
    /// A version of this program.
    Version,
}

/// What becomes of the samples beyond the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fold {
    /// They are added up.
    Sum,
    /// The least of them stands for all.
    Least,
    /// The greatest of them stands for all.
    Greatest,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What it is called, without what type and unit add.
    stem: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its unit, which is the end of its name.
    pub unit: Option<Unit>,
    /// Its labels, in their order.
    pub labels: &'static [(&'static str, Values)],
    /// What it says.
    pub help: &'static str,
    /// What becomes of the samples beyond the bound.
    pub(super) fold: Fold,
}

impl Kind {
    /// The name that OpenMetrics has for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }
}

impl Unit {
    /// The name that OpenMetrics has for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Ratio => "ratio",
        }
    }
}

impl Row {
    const fn new(stem: &'static str, kind: Kind, help: &'static str) -> Self {
        Self { stem, kind, unit: None, labels: &[], help, fold: Fold::Sum }
    }

    const fn gauge(stem: &'static str, help: &'static str) -> Self {
        Self::new(stem, Kind::Gauge, help)
    }

    const fn counter(stem: &'static str, help: &'static str) -> Self {
        Self::new(stem, Kind::Counter, help)
    }

    const fn durations(stem: &'static str, help: &'static str) -> Self {
        Self::new(stem, Kind::Histogram, help).of(Unit::Seconds)
    }

    const fn of(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }

    const fn by(mut self, labels: &'static [(&'static str, Values)]) -> Self {
        self.labels = labels;
        self
    }

    const fn folded(mut self, fold: Fold) -> Self {
        self.fold = fold;
        self
    }

    /// The name of the family, as in `# TYPE`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.unit {
            Some(unit) => format!("{}_{}", self.stem, unit.as_str()),
            None => self.stem.to_owned(),
        }
    }

    /// The name by which it is asked for.
    #[must_use]
    pub fn sample(&self) -> String {
        let suffix = match self.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        };
        format!("{}{suffix}", self.name())
    }

    pub(super) fn register(&self, registry: &mut registry::Registry, metric: impl registry::Metric) {
        // The library ends the sentence.
        let help = self.help.trim_end_matches('.');
        match self.unit {
            Some(unit) => {
                let unit = registry::Unit::Other(unit.as_str().to_owned());
                registry.register_with_unit(self.stem, help, unit, metric);
            }
            None => registry.register(self.stem, help, metric),
        }
    }
}

macro_rules! table {
    ($($(#[doc = $doc:literal])+ $name:ident = $row:expr;)+) => {
        $($(#[doc = $doc])+ pub(super) static $name: Row = $row;)+

        /// All of them, in the order of the page.
        pub static TABLE: &[&Row] = &[$(&$name),+];
    };
}

const STANDARD: (&str, Values) = ("standard", Values::Names);
const TIER: (&str, Values) = ("tier", Values::Names);
const MEASURE: (&str, Values) = ("measure", Values::Of(&MEASURES));
const KIND: (&str, Values) = ("kind", Values::Kinds);
const RESOURCE: (&str, Values) = ("resource", Values::Resources);

/// How a subject can come out.
pub(super) const OUTCOMES: [&str; 4] = ["compliant", "excepted", "failing", "unknown"];
/// What targets are about, as in `spec.targets` of a tier.
pub(super) const MEASURES: [&str; 6] = [
    "compliance",
    "imageCompliance",
    "iamLeastPrivilege",
    "loggingCoverage",
    "threatModels",
    "slaCompliance",
];
/// How old an exception can be.
pub(super) const AGES: [&str; 6] =
    ["under_7d", "under_30d", "under_90d", "under_180d", "from_180d", "unknown"];
/// Why an exception counts or doesn't.
pub(super) const LIVES: [&str; 7] =
    ["invalid", "revoked", "expired", "not_approved", "not_yet_valid", "expiring_soon", "active"];
/// What becomes of a review.
pub(super) const REVIEWS: [&str; 18] = [
    "canary",
    "allowed",
    "warned",
    "denied",
    "break-glass",
    "controlled",
    "deleting",
    "exempt",
    "kind",
    "operation",
    "subresource",
    "unchanged",
    "unreadable",
    "unsynced",
    "late",
    "shed",
    "failed",
    "malformed",
];
/// What an answer does for the sake of a standard.
pub(super) const DEEDS: [&str; 4] = ["excepted", "warned", "break-glass", "denied"];
/// What becomes of a write.
pub(super) const RESULTS: [&str; 3] = ["ok", "conflict", "error"];
/// What becomes of an Event.
pub(super) const TOLD: [&str; 3] = ["written", "failed", "dropped"];
/// What can go wrong.
pub(super) const ERRORS: [&str; 5] = ["decode", "evaluation", "permission", "watch", "write"];

table! {
    /// Subjects by standard, tier and outcome.
    STANDARD_SUBJECTS = Row::gauge(
        "stanchion_standard_subjects",
        "What a standard judges, each by its worst control. What is in no tier is in the tier `unclassified`.",
    )
    .by(&[STANDARD, TIER, ("outcome", Values::Of(&OUTCOMES))]);

    /// The stage of each tier.
    STANDARD_STAGE = Row::gauge(
        "stanchion_standard_stage",
        "1 for the action that a standard has reached in a tier, and 0 for the others.",
    )
    .by(&[STANDARD, TIER, ("action", Values::Of(&["Audit", "Warn", "Deny"]))]);

    /// Workloads by tier.
    TIER_WORKLOADS = Row::gauge("stanchion_tier_workloads", "Workloads in a tier, judged or not.").by(&[TIER]);

    /// What is measured of a tier.
    TIER_MEASURED = Row::gauge(
        "stanchion_tier_measured",
        "What a tier has reached; absent where there is nothing to measure. Of the tiers beyond the bound the worst.",
    )
    .of(Unit::Ratio)
    .by(&[TIER, MEASURE])
    .folded(Fold::Least);

    /// What is wanted of a tier.
    TIER_TARGET = Row::gauge(
        "stanchion_tier_target",
        "What a tier is to reach; absent where no target is set. Of the tiers beyond the bound the highest.",
    )
    .of(Unit::Ratio)
    .by(&[TIER, MEASURE])
    .folded(Fold::Greatest);

    /// Exceptions by life, tier and age.
    EXCEPTIONS = Row::gauge(
        "stanchion_exceptions",
        "Exceptions, each in the most critical tier that it touches; those that touch none are in the tier `unclassified`.",
    )
    .by(&[("life", Values::Of(&LIVES)), TIER, ("age", Values::Of(&AGES))]);

    /// Reviews of the webhook.
    ADMISSION_REVIEWS = Row::counter("stanchion_admission_reviews", "Reviews that the API server asked for, by what became of them. All but `denied` are let through.")
        .by(&[("result", Values::Of(&REVIEWS))]);

    /// How long reviews take.
    ADMISSION_DURATION = Row::durations("stanchion_admission_duration", "From the body of a review to its answer.");

    /// What answers did.
    ADMISSION_ACTS = Row::counter("stanchion_admission_acts", "What answers did for the sake of a standard, each review once; dry runs are left out.")
        .by(&[STANDARD, TIER, ("deed", Values::Of(&DEEDS))]);

    /// Connections that came to nothing.
    ADMISSION_DROPPED = Row::counter("stanchion_admission_connections_dropped", "Connections of the webhook that were too many, or came to nothing.");

    /// How much of a month somebody answered.
    ADMISSION_AVAILABILITY = Row::gauge("stanchion_admission_availability", "The share of the last 30 days in which the webhook answered the API server, as far as somebody looked; the goal is 0.999. Only the process that writes looks, and only where the configuration of the webhook is.")
        .of(Unit::Ratio);

    /// How much of a month somebody looked.
    ADMISSION_WATCHED = Row::gauge("stanchion_admission_watched", "The share of the last 30 days in which somebody looked whether the webhook answers.")
        .of(Unit::Ratio);

    /// Whether nobody answers.
    ADMISSION_GAP = Row::gauge("stanchion_admission_gap", "1 while the webhook doesn't answer the API server: what is applied goes through, and is marked as `unanswered` in the status of the standards that would have denied it.");

    /// When the certificate ends.
    ADMISSION_CERTIFICATE = Row::gauge(
        "stanchion_admission_certificate_end",
        "When the certificate that the webhook shows ends, since 1970; absent while it has none.",
    )
    .of(Unit::Seconds);

    /// Evaluations so far.
    EVALUATIONS = Row::counter("stanchion_evaluations", "Evaluations, of all or of what changed.");

    /// Subjects judged so far.
    SUBJECTS_JUDGED = Row::counter("stanchion_subjects_judged", "Subjects that evaluations judged.");

    /// How long evaluations take.
    EVALUATION_DURATION = Row::durations("stanchion_evaluation_duration", "How long an evaluation took.");

    /// How long changes wait.
    RECONCILE_LATENCY = Row::durations(
        "stanchion_reconcile_latency",
        "From the first change that was not looked at to the end of the evaluation that judged it. The first evaluation of a \
         process is left out.",
    );

    /// How long statuses wait.
    STATUS_LATENCY = Row::durations(
        "stanchion_status_latency",
        "From a change to the last status that had to be written for it.",
    );

    /// Statuses to be written.
    STATUSES_WAITING = Row::gauge(
        "stanchion_statuses_waiting",
        "Statuses that differ from what is there and are to be written.",
    );

    /// API writes.
    API_WRITES = Row::counter("stanchion_api_writes", "Answers of the API server to writes. A `conflict` is with a newer version of the object, for which the write is made anew.")
        .by(&[RESOURCE, ("result", Values::Of(&RESULTS))]);

    /// Events.
    EVENTS = Row::counter("stanchion_events", "Events on what somebody must act on, by what became of them. What is dropped stands in the statuses.")
        .by(&[("result", Values::Of(&TOLD))]);

    /// Bytes read.
    READ = Row::counter("stanchion_read", "Bytes of objects as the API server sent them, before they became facts.")
        .of(Unit::Bytes)
        .by(&[KIND]);

    /// Watches begun again.
    WATCH_RESTARTS = Row::counter("stanchion_watch_restarts", "Watches that broke and were begun again.").by(&[RESOURCE]);

    /// Denied permissions.
    WATCH_DENIED = Row::gauge(
        "stanchion_watch_denied",
        "1 while the API server denies the permission; what depends on the kind is not known.",
    )
    .by(&[RESOURCE, ("verb", Values::Of(&["list", "watch"]))]);

    /// Faults of the rules.
    RULE_FAULTS = Row::gauge(
        "stanchion_rule_faults",
        "Policies of the API server that are missing or not as shipped: no approval by name counts while there is one. Absent \
         where approvals don't rest on them.",
    );

    /// Errors.
    ERROR_COUNT = Row::counter("stanchion_errors", "What went wrong and was tried again or passed over; the log says more.")
        .by(&[("category", Values::Of(&ERRORS))]);

    /// Facts held.
    FACTS = Row::gauge("stanchion_facts", "Objects of the cluster that are held as facts.").by(&[KIND]);

    /// Objects that can't be decoded.
    MALFORMED = Row::gauge("stanchion_malformed_objects", "Objects that can't be decoded, and so don't count.").by(&[KIND]);

    /// Whether this process writes.
    LEADER = Row::gauge("stanchion_leader", "1 while this process has the lease and writes.");

    /// What is running.
    BUILD = Row::new("stanchion_build", Kind::Info, "What is running.").by(&[("version", Values::Version)]);

    /// Memory.
    RESIDENT = Row::gauge("process_resident_memory", "Resident memory of the process; absent where there is no /proc.")
        .of(Unit::Bytes);

    /// Start.
    STARTED = Row::gauge("process_start_time", "When the process started, since 1970.").of(Unit::Seconds);
}
