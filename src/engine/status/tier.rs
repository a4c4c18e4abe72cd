//! The status of a tier: what is in it, and how it does against its targets.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, conditions, count, plural};
use crate::api::condition::{Outcome as Said, tier as reasons};
use crate::api::{Kind, Percent, ServiceTierStatus, TierExceptions};
use crate::engine::control::Control;
use crate::engine::evaluate::{Assessed, Outcome};
use crate::engine::exception::Life;
use crate::engine::posture::{Counts, TierPosture, worst};
use crate::engine::tier::CompiledTier;
use crate::facts::{ObjectKind, Text};

pub(super) fn status(
    findings: &Findings<'_>,
    name: &str,
    before: Option<&ServiceTierStatus>,
    generation: i64,
) -> Option<ServiceTierStatus> {
    let tier = findings.policy.tiers.get(name)?;
    let measured = findings.posture.tiers.get(name)?;
    let shares = Shares::of(findings, Some(name));
    let mut status = ServiceTierStatus {
        observed_generation: Some(generation),
        workloads: Some(count(measured.workloads)),
        services: Some(services(findings, name)),
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
    let outcomes = [accepted(findings, tier), evaluated(measured), targets_met(&targets)];
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

fn evaluated(measured: &TierPosture) -> Said {
    reasons::EVALUATED.because(format!("{} counted.", plural(measured.workloads, "workload")))
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

/// A service: its namespace, and its `part-of` label or else its only workload.
type Service<'a> = (&'a Text, Text);

/// What the targets of tiers are about, counted: compliance is the share that complies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shares {
    /// Workloads, by every control.
    pub compliance: Counts,
    /// Workloads, by the controls of the family `image`.
    pub image_compliance: Counts,
    /// Workloads, by the controls of the family `iam`.
    pub iam_least_privilege: Counts,
    /// Workloads, by whether their logs are shipped.
    pub logging_coverage: Counts,
    /// Services, by whether they have a threat model that is not too old.
    pub threat_models: Counts,
}

impl Shares {
    pub(super) fn of(findings: &Findings<'_>, tier: Option<&str>) -> Self {
        Self {
            compliance: share(findings, tier, |_| true),
            image_compliance: share(findings, tier, |control| control.family() == "image"),
            iam_least_privilege: share(findings, tier, |control| control.family() == "iam"),
            logging_coverage: share(findings, tier, |control| control.id == SHIPPED),
            threat_models: threat_models(findings, tier),
        }
    }
}

fn services(findings: &Findings<'_>, tier: &str) -> i64 {
    let services: BTreeSet<Service<'_>> =
        workloads(findings, Some(tier)).map(|(service, _)| service).collect();
    count(services.len())
}

/// The workloads of a tier, or of all, each with the service that it is part of: workloads of one namespace with the same `part-of`
/// label are one service, and one without the label is its own.
fn workloads<'a>(
    findings: &'a Findings<'_>,
    tier: Option<&str>,
) -> impl Iterator<Item = (Service<'a>, &'a Assessed)> {
    let own = findings.assessment.subjects.iter().filter(move |(key, assessed)| {
        let is_asked = tier.is_none() || assessed.tier.as_deref() == tier;
        is_asked && matches!(key.kind, ObjectKind::Workload(_))
    });
    own.map(|(key, assessed)| {
        let part_of = assessed.part_of.clone();
        let service = part_of.unwrap_or_else(|| Text::from(format!("{}/{}", key.kind, key.name)));
        ((&key.namespace, service), assessed)
    })
}

/// The control that judges whether logs are shipped. How long they are kept is not coverage.
const SHIPPED: &str = "logging.not-shipped";

/// The workloads, counted by the controls that are asked about; roles and namespaces are no workloads.
fn share(findings: &Findings<'_>, tier: Option<&str>, is_asked: impl Fn(&Control) -> bool) -> Counts {
    let controls = findings.policy.standards.iter().flat_map(|standard| &standard.controls);
    let asked: Vec<bool> = controls.map(|it| is_asked(it.control)).collect();
    let mut counts = Counts::default();
    for (_, assessed) in workloads(findings, tier) {
        let own = assessed.outcomes.iter().zip(&asked).filter(|(_, asked)| **asked);
        counts.add(worst(own.map(|(outcome, _)| *outcome)));
    }
    counts
}

/// The controls that judge threat models.
const THREAT_MODELS: [&str; 2] = ["service.threat-model-missing", "service.threat-model-stale"];

/// The services, counted by whether their threat model is there and not too old: of those that a standard asks for one, a service is
/// as good as its worst workload. An exception doesn't make a threat model.
fn threat_models(findings: &Findings<'_>, tier: Option<&str>) -> Counts {
    let controls = findings.policy.standards.iter().flat_map(|standard| &standard.controls);
    let asks: Vec<bool> = controls.map(|it| THREAT_MODELS.contains(&it.control.id)).collect();
    if !asks.contains(&true) {
        return Counts::default();
    }
    let mut services: BTreeMap<Service<'_>, Outcome> = BTreeMap::new();
    for (service, assessed) in workloads(findings, tier) {
        let own =
            assessed.outcomes.iter().zip(&asks).filter(|(_, asked)| **asked).map(|(outcome, _)| *outcome);
        let known = services.entry(service).or_insert(Outcome::NotApplicable);
        *known = (*known).max(worst(own));
    }
    let mut counts = Counts::default();
    for outcome in services.into_values() {
        counts.add(outcome);
    }
    counts
}

fn exceptions(findings: &Findings<'_>, tier: &Text) -> TierExceptions {
    let states = findings.assessment.exceptions.iter().zip(&findings.policy.exceptions);
    let touching = states.filter(|(state, _)| state.life.is_active() && state.tiers.contains(tier));
    let mut counted = TierExceptions::default();
    for (state, exception) in touching {
        counted.active += 1;
        counted.expiring_soon += i64::from(state.life == Life::ExpiringSoon);
        counted.oldest_days = counted.oldest_days.max(exception.age_days(findings.now()));
    }
    counted
}
