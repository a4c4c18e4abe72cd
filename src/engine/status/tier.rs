//! The status of a tier: what is in it, and how it does against its targets.

use std::fmt::Write;

use super::{Findings, conditions, count, plural};
use crate::api::condition::{Outcome as Said, tier as reasons};
use crate::api::{Kind, Percent, ServiceTierStatus, TierExceptions};
use crate::engine::exception::Life;
use crate::engine::posture::TierPosture;
use crate::engine::tier::CompiledTier;
use crate::facts::Text;

/// The most tiers that are named with which it shares workloads.
const MOST_OVERLAPS: usize = 5;

pub(super) fn status(
    findings: &Findings<'_>,
    name: &str,
    before: Option<&ServiceTierStatus>,
    generation: i64,
) -> Option<ServiceTierStatus> {
    let tier = findings.policy.tiers.get(name)?;
    let measured = findings.posture.tiers.get(name)?;
    let shares = findings.posture.shares(Some(name));
    let mut status = ServiceTierStatus {
        observed_generation: Some(generation),
        workloads: Some(count(measured.workloads)),
        services: Some(count(shares.services)),
        compliance: shares.compliance.compliance(),
        image_compliance: shares.image_compliance.compliance(),
        iam_least_privilege: shares.iam_least_privilege.compliance(),
        logging_coverage: shares.logging_coverage.compliance(),
        threat_models: shares.threat_models.compliance(),
        sla_compliance: None,
        exceptions: Some(exceptions(findings, &tier.name)),
        vulnerabilities: None,
        targets_met: None,
        conditions: Vec::new(),
    };
    let targets = targets(tier, &status);
    let met = targets.iter().filter(|target| target.is_met()).count();
    status.targets_met = (!targets.is_empty()).then(|| format!("{met}/{}", targets.len()));
    let outcomes = [accepted(findings, tier), evaluated(findings, tier, measured), targets_met(&targets)];
    let known = before.map(|status| status.conditions.as_slice());
    status.conditions = conditions(Kind::ServiceTier, known, &outcomes, findings.now(), generation);
    Some(status)
}

fn accepted(findings: &Findings<'_>, tier: &CompiledTier) -> Said {
    let defaults: Vec<&CompiledTier> = findings.policy.tiers.defaults().collect();
    match defaults.as_slice() {
        [used, _, ..] if defaults.contains(&tier) => reasons::DUPLICATE_DEFAULT.because(format!(
            "{} say that they are the default tier; `{}` is used. Set `default: true` on one of them.",
            plural(defaults.len(), "tier"),
            used.name
        )),
        _ => reasons::ACCEPTED.because(format!("Level {} is in use.", tier.level)),
    }
}

fn evaluated(findings: &Findings<'_>, tier: &CompiledTier, measured: &TierPosture) -> Said {
    let mut message = format!("{} counted.", plural(measured.workloads, "workload"));
    let overlaps = || findings.posture.overlaps.iter();
    let here =
        overlaps().filter(|((own, _), _)| *own == tier.name).map(|((_, other), number)| (other, number));
    let there =
        overlaps().filter(|((_, own), _)| *own == tier.name).map(|((other, _), number)| (other, number));
    for (what, others) in [
        ("Of these other tiers select, too", listed(here)),
        ("Others that it selects are in tiers that come first", listed(there)),
    ] {
        if let Some(others) = others {
            let _ = write!(message, " {what}: {others}.");
        }
    }
    reasons::EVALUATED.because(message)
}

/// `gold 3, silver 1`; the first by name, if there are many.
fn listed<'a>(tiers: impl Iterator<Item = (&'a Text, &'a u64)>) -> Option<String> {
    let all: Vec<String> = tiers.map(|(name, number)| format!("{name} {number}")).collect();
    let more = all.len().saturating_sub(MOST_OVERLAPS);
    let shown = all.get(..MOST_OVERLAPS).unwrap_or(&all).join(", ");
    let rest = if more > 0 { format!(", and {more} more tiers") } else { String::new() };
    (!all.is_empty()).then(|| shown + &rest)
}

struct Target {
    name: &'static str,
    wanted: i32,
    measured: Option<Percent>,
}

impl Target {
    fn is_met(&self) -> bool {
        self.measured.is_some_and(|share| share.reaches(self.wanted))
    }
}

fn targets(tier: &CompiledTier, status: &ServiceTierStatus) -> Vec<Target> {
    let wanted = &tier.targets;
    [
        ("compliance", wanted.compliance, status.compliance),
        ("imageCompliance", wanted.image_compliance, status.image_compliance),
        ("iamLeastPrivilege", wanted.iam_least_privilege, status.iam_least_privilege),
        ("loggingCoverage", wanted.logging_coverage, status.logging_coverage),
        ("threatModels", wanted.threat_models, status.threat_models),
        ("slaCompliance", wanted.sla_compliance, status.sla_compliance),
    ]
    .into_iter()
    .filter_map(|(name, wanted, measured)| Some(Target { name, wanted: wanted?, measured }))
    .collect()
}

fn targets_met(targets: &[Target]) -> Said {
    if targets.is_empty() {
        return reasons::NOT_MEASURED.because("No target is set.");
    }
    let missed: Vec<String> = targets
        .iter()
        .filter_map(|target| target.measured.filter(|_| !target.is_met()).map(|share| (target, share)))
        .map(|(target, share)| format!("{} is {share} of {}", target.name, target.wanted))
        .collect();
    let unmeasured: Vec<&str> =
        targets.iter().filter(|target| target.measured.is_none()).map(|target| target.name).collect();
    if !missed.is_empty() {
        return reasons::BELOW_TARGET.because(format!("{}.", missed.join(", ")));
    }
    if !unmeasured.is_empty() {
        return reasons::NOT_MEASURED.because(format!("Not measured: {}.", unmeasured.join(", ")));
    }
    reasons::TARGETS_MET.because(format!("All {} are met.", plural(targets.len(), "target")))
}

fn exceptions(findings: &Findings<'_>, tier: &Text) -> TierExceptions {
    let states = findings.assessment.exceptions.iter();
    let touching = states.filter(|state| state.life.is_active() && state.tiers.contains(tier));
    let mut counted = TierExceptions::default();
    for state in touching {
        counted.active += 1;
        counted.expiring_soon += i64::from(state.life == Life::ExpiringSoon);
        let age = state.begun.map(|begun| findings.now().duration_since(begun).as_secs().max(0) / 86_400);
        counted.oldest_days = counted.oldest_days.max(age);
    }
    counted
}
