//! The posture of an evaluation, as samples.

use std::collections::BTreeMap;

use super::samples::Samples;
use super::table;
use crate::api::{Action, SecurityStandardStatus, ServiceTierStatus};
use crate::engine::exception::Life;
use crate::engine::policy::Policy;
use crate::engine::posture::{Counts, UNCLASSIFIED};
use crate::engine::status::Findings;
use crate::facts::Text;

/// What statuses say that were made for an evaluation anyway.
#[derive(Debug, Default)]
pub(in crate::operator) struct Shown {
    /// Standard, tier, action.
    stages: Vec<(String, String, Action)>,
    /// Tier, and what of it was measured in the order of [`table::MEASURES`].
    measured: Vec<(String, [Option<f64>; 6])>,
}

impl Shown {
    /// Takes over the stages of a standard.
    pub(in crate::operator) fn standard(&mut self, name: &str, status: &SecurityStandardStatus) {
        let stages = status.tiers.iter().filter_map(|tier| Some((tier.name.clone(), tier.action?)));
        self.stages.extend(stages.map(|(tier, action)| (name.to_owned(), tier, action)));
    }

    /// Takes over the measures of a tier.
    pub(in crate::operator) fn tier(&mut self, name: &str, status: &ServiceTierStatus) {
        let measured = [
            status.compliance,
            status.image_compliance,
            status.iam_least_privilege,
            status.logging_coverage,
            status.threat_models,
            status.sla_compliance,
        ];
        let share = |percent: crate::api::Percent| f64::from(percent.tenths()) / 1000.0;
        self.measured.push((name.to_owned(), measured.map(|percent| percent.map(share))));
    }
}

/// The gauges that an evaluation replaces.
#[derive(Debug)]
pub(super) struct Posture {
    pub(super) subjects: Samples,
    pub(super) stages: Samples,
    pub(super) workloads: Samples,
    pub(super) measured: Samples,
    pub(super) targets: Samples,
    pub(super) exceptions: Samples,
}

impl Default for Posture {
    fn default() -> Self {
        Self {
            subjects: Samples::of(&table::STANDARD_SUBJECTS),
            stages: Samples::of(&table::STANDARD_STAGE),
            workloads: Samples::of(&table::TIER_WORKLOADS),
            measured: Samples::of(&table::TIER_MEASURED),
            targets: Samples::of(&table::TIER_TARGET),
            exceptions: Samples::of(&table::EXCEPTIONS),
        }
    }
}

impl Posture {
    /// Replaces everything.
    pub(super) fn show(&self, findings: &Findings<'_>, shown: &Shown) {
        self.show_subjects(findings);
        self.show_stages(shown);
        self.show_tiers(findings, shown);
        self.show_exceptions(findings);
    }

    fn show_subjects(&self, findings: &Findings<'_>) {
        let mut subjects = self.subjects.gather();
        for (standard, posture) in findings.policy.standards.iter().zip(&findings.posture.standards) {
            for (tier, counts) in &posture.tiers {
                for (outcome, count) in table::OUTCOMES.into_iter().zip(outcomes(counts)) {
                    subjects.add([standard.name.as_str(), tier.as_str(), outcome], number(count));
                }
            }
        }
        self.subjects.replace(subjects);
    }

    fn show_stages(&self, shown: &Shown) {
        let mut stages = self.stages.gather();
        for (standard, tier, reached) in &shown.stages {
            for action in Action::ALL {
                let is = if action == reached { 1.0 } else { 0.0 };
                stages.add([standard, tier, action.as_str()], is);
            }
        }
        self.stages.replace(stages);
    }

    fn show_tiers(&self, findings: &Findings<'_>, shown: &Shown) {
        let mut workloads = self.workloads.gather();
        for (tier, posture) in &findings.posture.tiers {
            workloads.add([tier.as_str()], number(posture.workloads));
        }
        self.workloads.replace(workloads);
        let mut measured = self.measured.gather();
        for (tier, shares) in &shown.measured {
            for (measure, share) in table::MEASURES.into_iter().zip(shares) {
                if let Some(share) = share {
                    measured.add([tier, measure], *share);
                }
            }
        }
        self.measured.replace(measured);
        let mut targets = self.targets.gather();
        for tier in findings.policy.tiers.iter() {
            let wanted = &tier.targets;
            let wanted = [
                wanted.compliance,
                wanted.image_compliance,
                wanted.iam_least_privilege,
                wanted.logging_coverage,
                wanted.threat_models,
                wanted.sla_compliance,
            ];
            for (measure, percent) in table::MEASURES.into_iter().zip(wanted) {
                if let Some(percent) = percent {
                    targets.add([tier.name.as_str(), measure], f64::from(percent) / 100.0);
                }
            }
        }
        self.targets.replace(targets);
    }

    fn show_exceptions(&self, findings: &Findings<'_>) {
        let mut counted: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
        let states = findings.assessment.exceptions.iter().zip(&findings.policy.exceptions);
        for (state, exception) in states {
            let tier = most_critical(findings.policy, state.tiers.iter().map(Text::as_str));
            let age = age(exception.age_days(findings.assessment.at));
            *counted.entry((tier, life(state.life), age)).or_default() += 1;
        }
        let mut exceptions = self.exceptions.gather();
        for ((tier, life, age), count) in counted {
            exceptions.add([life, tier, age], number(count));
        }
        self.exceptions.replace(exceptions);
    }
}

/// A number of things as OpenMetrics has it.
pub(super) fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// In the order of [`table::OUTCOMES`].
fn outcomes(counts: &Counts) -> [u64; 4] {
    [counts.compliant, counts.excepted, counts.failing, counts.unknown]
}

fn most_critical<'a>(policy: &Policy, tiers: impl Iterator<Item = &'a str>) -> &'a str {
    let level = |name: &&str| policy.tiers.get(name).map_or(i32::MAX, |tier| tier.level);
    tiers.min_by_key(level).unwrap_or(UNCLASSIFIED)
}

/// One of [`table::LIVES`].
fn life(life: Life) -> &'static str {
    match life {
        Life::OutOfBounds => "invalid",
        Life::Revoked => "revoked",
        Life::Expired => "expired",
        Life::NotApproved => "not_approved",
        Life::NotYetValid => "not_yet_valid",
        Life::ExpiringSoon => "expiring_soon",
        Life::Active => "active",
    }
}

/// One of [`table::AGES`].
fn age(days: Option<i64>) -> &'static str {
    match days {
        None => "unknown",
        Some(..7) => "under_7d",
        Some(7..30) => "under_30d",
        Some(30..90) => "under_90d",
        Some(90..180) => "under_180d",
        Some(180..) => "from_180d",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_used_is_in_the_table() {
        let ages = [None, Some(-1), Some(7), Some(89), Some(179), Some(4000)];
        assert!(ages.into_iter().all(|days| table::AGES.contains(&age(days))));
        assert_eq!((age(Some(6)), age(Some(180))), ("under_7d", "from_180d"));
        let lives = [Life::OutOfBounds, Life::Revoked, Life::Expired, Life::NotApproved, Life::NotYetValid];
        assert!(lives.into_iter().all(|it| table::LIVES.contains(&life(it))));
        assert!([Life::ExpiringSoon, Life::Active].into_iter().all(|it| table::LIVES.contains(&life(it))));
    }
}
