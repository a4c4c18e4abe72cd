//! Posture: the assessment, counted.
//!
//! The unit is a subject (a workload, mostly), not a finding: a subject is as good as its worst control. Excepted,
//! unknown and not-applicable are never compliant; not-applicable isn't counted at all.

use std::collections::BTreeMap;

use super::control::Control;
use super::evaluate::{Assessed, Assessment, Outcome};
use super::policy::Policy;
use crate::api::{Percent, Severity};
use crate::facts::{ObjectKind, SubjectKey, Text};

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
        let counter = match outcome {
            Outcome::NotApplicable => return,
            Outcome::Pass => &mut self.compliant,
            Outcome::Excepted => &mut self.excepted,
            Outcome::Unknown | Outcome::Error => &mut self.unknown,
            Outcome::Fail => &mut self.failing,
        };
        *counter += 1;
        self.evaluated += 1;
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
    pub owners: BTreeMap<Option<Text>, Counts>,
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
}

/// Counts an assessment.
#[must_use]
pub fn measure(policy: &Policy, assessment: &Assessment) -> Posture {
    let mut posture = Posture {
        standards: policy.standards.iter().map(StandardPosture::empty).collect(),
        ..Posture::default()
    };
    for tier in policy.tiers.iter() {
        posture.tiers.entry(tier.name.clone()).or_default();
    }
    for (key, assessed) in &assessment.subjects {
        posture.add(policy, key, assessed);
    }
    posture
}

impl Posture {
    fn add(&mut self, policy: &Policy, key: &SubjectKey, assessed: &Assessed) {
        let tier_name = assessed.tier.clone().unwrap_or_else(|| UNCLASSIFIED.into());
        let mut outcomes = assessed.outcomes.iter().copied();
        for (standard, compiled) in self.standards.iter_mut().zip(&policy.standards) {
            let own: Vec<Outcome> = outcomes.by_ref().take(compiled.controls.len()).collect();
            for (control, outcome) in standard.controls.iter_mut().zip(&own) {
                control.counts.add(*outcome);
            }
            let whole = worst(own);
            standard.counts.add(whole);
            if whole != Outcome::NotApplicable {
                standard.tiers.entry(tier_name.clone()).or_default().add(whole);
            }
        }
        let whole = worst(assessed.outcomes.iter().copied());
        self.total.add(whole);
        self.owners.entry(assessed.owner.clone()).or_default().add(whole);
        let tier = self.tiers.entry(tier_name).or_default();
        tier.workloads += u64::from(matches!(key.kind, ObjectKind::Workload(_)));
        tier.counts.add(whole);
    }
}

impl StandardPosture {
    fn empty(standard: &super::standard::CompiledStandard) -> Self {
        let controls = standard.controls.iter().map(|it| ControlPosture {
            control: it.control,
            severity: it.severity,
            counts: Counts::default(),
        });
        Self { controls: controls.collect(), ..Self::default() }
    }
}

/// The subjects that fail a standard, the worst first: by severity, by tier, by the number of controls, by name. At
/// most `most`.
#[must_use]
pub fn top_failures<'a>(
    policy: &Policy,
    assessment: &'a Assessment,
    standard: usize,
    most: usize,
) -> Vec<(&'a SubjectKey, &'a Assessed)> {
    let rank = |assessed: &Assessed| {
        let failing =
            assessed.details.iter().filter(|it| it.standard == standard && it.outcome == Outcome::Fail);
        let (count, severity) = failing.fold((0_usize, None), |(count, severity), detail| {
            (count + 1, severity.max(Some(detail.severity)))
        });
        let level = assessed
            .tier
            .as_ref()
            .and_then(|tier| policy.tiers.get(tier))
            .map_or(i32::MAX, |tier| tier.level);
        severity.map(|severity| (std::cmp::Reverse(severity), level, std::cmp::Reverse(count)))
    };
    let ranked =
        assessment.subjects.iter().filter_map(|(key, assessed)| Some((rank(assessed)?, key, assessed)));
    let mut failing: Vec<_> = ranked.collect();
    failing.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    failing.into_iter().take(most).map(|(_, key, assessed)| (key, assessed)).collect()
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
