//! What the targets of tiers are about.

use std::collections::BTreeMap;

use super::{Counts, Step, worst};
use crate::engine::control::Control;
use crate::engine::evaluate::{Assessed, Outcome};
use crate::engine::policy::Policy;
use crate::facts::{ObjectKind, SubjectKey, Text};

/// What the targets of tiers are about, counted: compliance is the share that complies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shares {
    /// Workloads, by every control. Roles and namespaces are no workloads.
    pub compliance: Counts,
    /// Workloads, by the controls of the family `image`.
    pub image_compliance: Counts,
    /// Workloads, by the controls of the family `iam`.
    pub iam_least_privilege: Counts,
    /// Workloads, by whether their logs are shipped.
    pub logging_coverage: Counts,
    /// Services, by whether they have a threat model that is not too old: of those that a standard asks for one, a
    /// service is as good as its worst workload. An exception doesn't make a threat model.
    pub threat_models: Counts,
    /// How many services there are, judged or not.
    pub services: usize,
}

/// The control that judges whether logs are shipped. How long they are kept is not coverage.
const SHIPPED: &str = "logging.not-shipped";

/// The controls that judge threat models.
const THREAT_MODELS: [&str; 2] = ["service.threat-model-missing", "service.threat-model-stale"];

/// What a control counts for, one bit each.
const IMAGE: u8 = 1;
const IAM: u8 = 2;
const LOGGING: u8 = 4;
const MODEL: u8 = 8;

/// What each control of each standard counts for, in the order of a subject's outcomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns(Vec<u8>);

impl Columns {
    pub(super) fn of(policy: &Policy) -> Self {
        let controls = policy.standards.iter().flat_map(|standard| &standard.controls);
        Self(controls.map(|it| counts_for(it.control)).collect())
    }

    /// What a workload comes out as by the controls that count for this.
    fn worst(&self, outcomes: &[Outcome], what: u8) -> Outcome {
        let asked = outcomes.iter().zip(&self.0).filter(|(_, counts)| **counts & what != 0);
        worst(asked.map(|(outcome, _)| *outcome))
    }
}

fn counts_for(control: &Control) -> u8 {
    match control.family() {
        "image" => IMAGE,
        "iam" => IAM,
        "logging" if control.id == SHIPPED => LOGGING,
        "service" if THREAT_MODELS.contains(&control.id) => MODEL,
        _ => 0,
    }
}

/// A service: its namespace, and its `part-of` label or else its only workload.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Service {
    namespace: Text,
    name: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    PartOf(Text),
    Alone(ObjectKind, Text),
}

impl Service {
    fn of(key: &SubjectKey, assessed: &Assessed) -> Self {
        let alone = || Name::Alone(key.kind, key.name.clone());
        let name = assessed.part_of.clone().map_or_else(alone, Name::PartOf);
        Self { namespace: key.namespace.clone(), name }
    }
}

/// How many workloads of a service came out how, the best first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Outcomes([u32; 6]);

const FROM_BEST: [Outcome; 6] = [
    Outcome::NotApplicable,
    Outcome::Pass,
    Outcome::Excepted,
    Outcome::Unknown,
    Outcome::Error,
    Outcome::Fail,
];

impl Outcomes {
    fn count(&mut self, outcome: Outcome, step: Step) {
        for (known, number) in FROM_BEST.iter().zip(&mut self.0) {
            if *known == outcome {
                *number = match step {
                    Step::Add => number.saturating_add(1),
                    Step::Remove => number.saturating_sub(1),
                };
            }
        }
    }

    fn worst(self) -> Outcome {
        let there = FROM_BEST.iter().zip(self.0).filter(|(_, number)| *number > 0);
        worst(there.map(|(outcome, _)| *outcome))
    }

    fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// Workloads as the measures count them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    compliance: Counts,
    image: Counts,
    iam: Counts,
    logging: Counts,
    services: BTreeMap<Service, Outcomes>,
}

impl Tally {
    pub(super) fn count(&mut self, columns: &Columns, key: &SubjectKey, assessed: &Assessed, step: Step) {
        let outcomes = &assessed.outcomes;
        self.compliance.count(worst(outcomes.iter().copied()), step);
        self.image.count(columns.worst(outcomes, IMAGE), step);
        self.iam.count(columns.worst(outcomes, IAM), step);
        self.logging.count(columns.worst(outcomes, LOGGING), step);
        let service = Service::of(key, assessed);
        let known = self.services.entry(service.clone()).or_default();
        known.count(columns.worst(outcomes, MODEL), step);
        if known.is_empty() {
            self.services.remove(&service);
        }
    }

    /// The measures of several tiers together. A service with workloads in two of them is one.
    pub(super) fn shares<'a>(tallies: impl Iterator<Item = &'a Self>) -> Shares {
        let mut shares = Shares::default();
        let mut services: BTreeMap<&Service, Outcome> = BTreeMap::new();
        for tally in tallies {
            shares.compliance = shares.compliance.with(tally.compliance);
            shares.image_compliance = shares.image_compliance.with(tally.image);
            shares.iam_least_privilege = shares.iam_least_privilege.with(tally.iam);
            shares.logging_coverage = shares.logging_coverage.with(tally.logging);
            for (service, outcomes) in &tally.services {
                let known = services.entry(service).or_insert(Outcome::NotApplicable);
                *known = (*known).max(outcomes.worst());
            }
        }
        shares.services = services.len();
        for outcome in services.into_values() {
            shares.threat_models.add(outcome);
        }
        shares
    }
}
