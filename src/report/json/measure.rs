//! What the targets of tiers are about: measured, and against the target where there is one.

use schemars::JsonSchema;
use serde::Serialize;

use super::Counts;
use crate::api::{Percent, Targets};
use crate::engine::posture;
use crate::engine::posture::Shares;
use crate::engine::status::Findings;

/// Something that a tier can have a target for. Its value is `compliance`: what is excepted or unknown is not compliant.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeasureReport {
    /// As the tier's `targets` call it: `compliance`, `imageCompliance`, `iamLeastPrivilege`, `loggingCoverage`,
    /// `threatModels`, `slaCompliance`.
    pub name: &'static str,
    /// The workloads that it is about; services for `threatModels`. None for `slaCompliance`: files tell nothing of
    /// vulnerabilities.
    #[serde(flatten)]
    pub counts: Counts,
    /// What the tier wants, in whole percent; null if it sets no target.
    pub target: Option<i32>,
    /// How the one stands to the other.
    pub verdict: Verdict,
}

/// How a measure stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The target is reached.
    Met,
    /// It is not.
    Missed,
    /// There is a target, and nothing was measured.
    NotMeasured,
    /// There is none.
    NoTarget,
}

/// Of a tier, against its targets; empty for what is no tier.
pub(super) fn of_tier(findings: &Findings<'_>, name: &str) -> Vec<MeasureReport> {
    let tier = findings.policy.tiers.get(name);
    tier.map(|tier| measures(&findings.posture.shares(Some(name)), &tier.targets)).unwrap_or_default()
}

/// Of everything. Targets are the tiers' own.
pub(super) fn of_all(findings: &Findings<'_>) -> Vec<MeasureReport> {
    measures(&findings.posture.shares(None), &Targets::default())
}

fn measures(shares: &Shares, targets: &Targets) -> Vec<MeasureReport> {
    let measured = [
        ("compliance", shares.compliance, targets.compliance),
        ("imageCompliance", shares.image_compliance, targets.image_compliance),
        ("iamLeastPrivilege", shares.iam_least_privilege, targets.iam_least_privilege),
        ("loggingCoverage", shares.logging_coverage, targets.logging_coverage),
        ("threatModels", shares.threat_models, targets.threat_models),
        ("slaCompliance", posture::Counts::default(), targets.sla_compliance),
    ];
    measured
        .into_iter()
        .map(|(name, counts, target)| MeasureReport {
            name,
            counts: Counts::from(counts),
            target,
            verdict: Verdict::of(counts.compliance(), target),
        })
        .collect()
}

impl Verdict {
    fn of(measured: Option<Percent>, target: Option<i32>) -> Self {
        match (measured, target) {
            (_, None) => Self::NoTarget,
            (None, Some(_)) => Self::NotMeasured,
            (Some(share), Some(target)) if share.reaches(target) => Self::Met,
            (Some(_), Some(_)) => Self::Missed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_meets_no_target_and_misses_none() {
        let half = Percent::of(1, 2);
        assert_eq!(Verdict::of(half, Some(50)), Verdict::Met);
        assert_eq!(Verdict::of(half, Some(51)), Verdict::Missed);
        assert_eq!(Verdict::of(None, Some(0)), Verdict::NotMeasured);
        assert_eq!(Verdict::of(half, None), Verdict::NoTarget);
    }
}
