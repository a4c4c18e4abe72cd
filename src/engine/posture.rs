//! Posture: the assessment, counted.
//!
//! The unit is a subject (a workload, mostly), not a finding: a subject is as good as its worst control. Excepted,
//! unknown and not-applicable are never compliant; not-applicable isn't counted at all.
//!
//! A subject is counted by itself, and can be taken out again: a cluster's posture is kept while its subjects change.

mod shared;
mod shares;
mod worst;

use std::collections::BTreeMap;

use super::control::Control;
use super::evaluate::{Assessed, Assessment, Outcome};
use super::policy::Policy;
use crate::api::{Percent, Severity};
use crate::facts::{ObjectKind, SubjectKey, Text};
pub use shared::Dispute;
use shared::Shared;
use shares::Columns;
pub use shares::Shares;
use shares::Tally;
pub use worst::Worst;

/// What a subject without a tier is listed under.
pub const UNCLASSIFIED: &str = "unclassified";

/// How many subjects came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that were judged.
    pub evaluated: u64,
    /// Nothing found.
    pub compliant: u64,
    /// Found, and all of it excused for now.
    pub excepted: u64,
    /// Found, and not excused.
    pub failing: u64,
    /// It can't be said.
    pub unknown: u64,
}

impl Counts {
    /// Counts one subject.
    pub fn add(&mut self, outcome: Outcome) {
        self.count(outcome, Step::Add);
    }

    fn count(&mut self, outcome: Outcome, step: Step) {
        let counter = match outcome {
            Outcome::NotApplicable => return,
            Outcome::Pass => &mut self.compliant,
            Outcome::Excepted => &mut self.excepted,
            Outcome::Unknown | Outcome::Error => &mut self.unknown,
            Outcome::Fail => &mut self.failing,
        };
        step.apply(counter);
        step.apply(&mut self.evaluated);
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self {
            evaluated: self.evaluated + other.evaluated,
            compliant: self.compliant + other.compliant,
            excepted: self.excepted + other.excepted,
            failing: self.failing + other.failing,
            unknown: self.unknown + other.unknown,
        }
    }

    /// The share that complies, of all that were judged; none of nothing.
    #[must_use]
    pub fn compliance(&self) -> Option<Percent> {
        Percent::of(self.compliant, self.evaluated)
    }

    /// The share that complies, of all that were judged and are not excused; what a gate of a rollout asks for.
    #[must_use]
    pub fn compliance_without_excepted(&self) -> Option<Percent> {
        Percent::of(self.compliant, self.evaluated - self.excepted)
    }

    /// The share that complies or is excused.
    #[must_use]
    pub fn effective(&self) -> Option<Percent> {
        Percent::of(self.compliant + self.excepted, self.evaluated)
    }
}

/// The worst of several outcomes of one subject: what it comes out as.
#[must_use]
pub fn worst(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    outcomes.into_iter().max().unwrap_or(Outcome::NotApplicable)
}

/// Whether a subject is counted, or taken out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Add,
    Remove,
}

impl Step {
    fn apply(self, counter: &mut u64) {
        *counter = match self {
            Self::Add => counter.saturating_add(1),
            Self::Remove => counter.saturating_sub(1),
        };
    }
}

/// The posture of everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posture {
    /// All subjects, by all standards together.
    pub total: Counts,
    /// Each standard, in the order of [`Policy::standards`].
    pub standards: Vec<StandardPosture>,
    /// Each tier by name, and [`UNCLASSIFIED`].
    pub tiers: BTreeMap<Text, TierPosture>,
    /// Each owner; nobody for subjects that name none.
    pub owners: BTreeMap<Option<Text>, OwnerPosture>,
    /// How many workloads a tier has that another one selects, too, by the two names.
    pub overlaps: BTreeMap<(Text, Text), u64>,
    columns: Columns,
    shared: Shared,
}

/// The posture of one standard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StandardPosture {
    /// All subjects that it covers.
    pub counts: Counts,
    /// Each control, in the order in which the standard lists them.
    pub controls: Vec<ControlPosture>,
    /// Each tier by name, and [`UNCLASSIFIED`].
    pub tiers: BTreeMap<Text, Counts>,
    /// The subjects that fail it, the worst first.
    pub worst: Worst,
    /// How many of each tier fail it, by their owner; nobody for those that name none.
    pub failing_of: BTreeMap<Text, BTreeMap<Option<Text>, u64>>,
}

/// The posture of one control of one standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlPosture {
    /// The control.
    pub control: &'static Control,
    /// The catalogue's severity, or the standard's.
    pub severity: Severity,
    /// The subjects that it judged.
    pub counts: Counts,
}

/// The posture of one tier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TierPosture {
    /// How many workloads are in it, judged or not.
    pub workloads: u64,
    /// Its subjects, by all standards together.
    pub counts: Counts,
    /// All its subjects, judged or not.
    subjects: u64,
    tally: Tally,
}

/// The posture of one owner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnerPosture {
    /// What it owns, by all standards together.
    pub counts: Counts,
    /// All that it owns, judged or not.
    subjects: u64,
}

/// Counts an assessment.
#[must_use]
pub fn measure(policy: &Policy, assessment: &Assessment) -> Posture {
    let mut posture = Posture::of_nothing(policy);
    for (key, assessed) in &assessment.subjects {
        posture.add(policy, key, assessed);
    }
    posture
}

impl Posture {
    /// The posture before anything is judged.
    #[must_use]
    pub fn of_nothing(policy: &Policy) -> Self {
        Self {
            standards: policy.standards.iter().map(StandardPosture::empty).collect(),
            tiers: policy.tiers.iter().map(|tier| (tier.name.clone(), TierPosture::default())).collect(),
            columns: Columns::of(policy),
            shared: Shared::of(policy),
            ..Self::default()
        }
    }

    /// Counts a subject.
    pub fn add(&mut self, policy: &Policy, key: &SubjectKey, assessed: &Assessed) {
        self.count(policy, key, assessed, Step::Add);
    }

    /// Takes out a subject, as it was counted.
    pub fn remove(&mut self, policy: &Policy, key: &SubjectKey, assessed: &Assessed) {
        self.count(policy, key, assessed, Step::Remove);
    }

    /// What the targets of tiers are about: of one tier, or of everything.
    #[must_use]
    pub fn shares(&self, tier: Option<&str>) -> Shares {
        let asked = self.tiers.iter().filter(|(name, _)| tier.is_none_or(|tier| tier == name.as_str()));
        Tally::shares(asked.map(|(_, posture)| &posture.tally))
    }

    /// What other standards set differently for the subjects of one, by its place in [`Policy::standards`].
    #[must_use]
    pub fn disputes<'p>(&self, policy: &'p Policy, standard: usize) -> Vec<Dispute<'p>> {
        self.shared.disputes(policy, standard)
    }

    /// Looks for the worst subjects again where so many have been taken out that they aren't known any more.
    pub fn refill(&mut self, policy: &Policy, assessment: &Assessment) {
        for (index, standard) in self.standards.iter_mut().enumerate() {
            if standard.worst.is_short() {
                let wanted = policy.outcomes_of(index);
                let ranked = assessment.subjects.iter().filter_map(|(key, assessed)| {
                    let rank = worst::rank(policy, index, assessed, assessed.outcomes.get(wanted.clone())?)?;
                    Some((rank, key))
                });
                standard.worst = Worst::of(ranked);
            }
        }
    }

    fn count(&mut self, policy: &Policy, key: &SubjectKey, assessed: &Assessed, step: Step) {
        let tier_name = assessed.tier.clone().unwrap_or_else(|| UNCLASSIFIED.into());
        let mut outcomes = assessed.outcomes.as_slice();
        for (index, (standard, compiled)) in self.standards.iter_mut().zip(&policy.standards).enumerate() {
            let (own, rest) = outcomes.split_at_checked(compiled.controls.len()).unwrap_or((outcomes, &[]));
            outcomes = rest;
            for (control, outcome) in standard.controls.iter_mut().zip(own) {
                control.counts.count(*outcome, step);
            }
            let whole = worst(own.iter().copied());
            standard.count(&tier_name, assessed.owner.as_ref(), whole, step);
            if whole == Outcome::Fail
                && let Some(rank) = worst::rank(policy, index, assessed, own)
            {
                match step {
                    Step::Add => standard.worst.add(rank, key),
                    Step::Remove => standard.worst.remove(rank, key),
                }
            }
        }
        self.shared.count(&tier_name, &assessed.outcomes, step);
        let whole = worst(assessed.outcomes.iter().copied());
        self.total.count(whole, step);
        self.of_owner(assessed, whole, step);
        let tier = self.tiers.entry(tier_name.clone()).or_default();
        step.apply(&mut tier.subjects);
        tier.counts.count(whole, step);
        if let ObjectKind::Workload(_) = key.kind {
            for other in &assessed.overlaps {
                let key = (tier_name.clone(), other.clone());
                let number = self.overlaps.entry(key.clone()).or_default();
                step.apply(number);
                if *number == 0 {
                    self.overlaps.remove(&key);
                }
            }
            step.apply(&mut tier.workloads);
            tier.tally.count(&self.columns, key, assessed, step);
        }
        if tier.subjects == 0 && policy.tiers.get(&tier_name).is_none() {
            self.tiers.remove(&tier_name);
        }
    }

    fn of_owner(&mut self, assessed: &Assessed, whole: Outcome, step: Step) {
        let owner = self.owners.entry(assessed.owner.clone()).or_default();
        step.apply(&mut owner.subjects);
        owner.counts.count(whole, step);
        if owner.subjects == 0 {
            self.owners.remove(&assessed.owner);
        }
    }
}

impl StandardPosture {
    fn count_failing(&mut self, tier: &Text, owner: Option<&Text>, step: Step) {
        let owners = self.failing_of.entry(tier.clone()).or_default();
        let owner = owner.cloned();
        let number = owners.entry(owner.clone()).or_default();
        step.apply(number);
        if *number == 0 {
            owners.remove(&owner);
        }
        if owners.is_empty() {
            self.failing_of.remove(tier);
        }
    }

    fn empty(standard: &super::standard::CompiledStandard) -> Self {
        let controls = standard.controls.iter().map(|it| ControlPosture {
            control: it.control,
            severity: it.severity,
            counts: Counts::default(),
        });
        Self { controls: controls.collect(), ..Self::default() }
    }

    fn count(&mut self, tier: &Text, owner: Option<&Text>, whole: Outcome, step: Step) {
        self.counts.count(whole, step);
        if whole == Outcome::Fail {
            self.count_failing(tier, owner, step);
        }
        if whole != Outcome::NotApplicable {
            let counts = self.tiers.entry(tier.clone()).or_default();
            counts.count(whole, step);
            if counts.evaluated == 0 {
                self.tiers.remove(tier);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pass_is_compliant() {
        let mut counts = Counts::default();
        for outcome in [Outcome::Pass, Outcome::Excepted, Outcome::Unknown, Outcome::Error, Outcome::Fail] {
            counts.add(outcome);
        }
        counts.add(Outcome::NotApplicable);
        assert_eq!(counts.evaluated, 5);
        assert_eq!(counts.compliance(), Percent::of(1, 5));
        assert_eq!(counts.effective(), Percent::of(2, 5));
    }

    #[test]
    fn a_subject_is_as_good_as_its_worst_control() {
        assert_eq!(worst([Outcome::Pass, Outcome::NotApplicable]), Outcome::Pass);
        assert_eq!(worst([Outcome::Excepted, Outcome::Unknown]), Outcome::Unknown);
        assert_eq!(worst([Outcome::Unknown, Outcome::Fail]), Outcome::Fail);
        assert_eq!(worst([]), Outcome::NotApplicable);
    }
}
