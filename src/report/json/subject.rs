//! One subject of the report.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::build::{Input, location, number, start};
use super::{AskedBy, ExcusedBy, FindingReport, Outcome, Patch, SubjectReport, UnknownReport};
use crate::api::{Action, Severity};
use crate::engine::evaluate::{Assessed, Detail, Judged, Outcome as Judgement};
use crate::engine::fingerprint::Fingerprint;
use crate::engine::posture::{UNCLASSIFIED, worst};
use crate::facts::{SubjectKey, Text};
use crate::load::Origin;

pub(in crate::report) fn report(input: Input<'_>, key: &SubjectKey, assessed: &Assessed) -> SubjectReport {
    let origin = input.collection.origins.get(key);
    let passes = assessed.outcomes.iter().filter(|outcome| **outcome == Judgement::Pass).count();
    SubjectReport {
        subject: key.kind,
        kind: key.kind.as_str(),
        namespace: (!key.namespace.is_empty()).then(|| key.namespace.to_string()),
        name: key.name.to_string(),
        tier: assessed.tier.as_ref().map(ToString::to_string),
        level: assessed.tier.as_ref().and_then(|name| input.policy.tiers.get(name)).map(|tier| tier.level),
        owner: assessed.owner.as_ref().map(ToString::to_string),
        location: start(origin),
        outcome: Outcome::from(worst(assessed.outcomes.iter().copied())),
        passes: number(passes),
        findings: findings(input, origin, assessed),
        unlisted_findings: number(assessed.details.iter().map(|detail| detail.unlisted).sum()),
        unknowns: unknowns(assessed),
    }
}

impl SubjectReport {
    /// The worst first: by severity, by tier, by the number of findings, by name.
    pub(super) fn rank(&self) -> impl Ord + Send + use<> {
        let open = self.findings.iter().filter(|finding| finding.exception.is_none());
        let (count, severity) =
            open.fold((0, None), |(count, worst), it| (count + 1, worst.max(Some(it.severity))));
        let name = (self.namespace.clone(), self.kind, self.name.clone());
        let place = self.location.as_ref().map(|it| (it.file.clone(), it.line));
        (
            Reverse((severity, self.outcome)),
            self.level.unwrap_or(i32::MAX),
            Reverse::<usize>(count),
            name,
            place,
        )
    }
}

/// What several standards find is one finding.
fn findings(input: Input<'_>, origin: Option<&Origin>, assessed: &Assessed) -> Vec<FindingReport> {
    let mut found: BTreeMap<(&str, Fingerprint), FindingReport> = BTreeMap::new();
    let mut order = Vec::new();
    for detail in &assessed.details {
        for judged in &detail.findings {
            let id = (detail.control.id, judged.fingerprint);
            let report = found.entry(id).or_insert_with(|| {
                order.push(id);
                finding(input, origin, detail, judged)
            });
            report.severity = report.severity.max(detail.severity);
            report.standards.extend(asked_by(input, assessed, detail));
        }
    }
    let mut findings: Vec<FindingReport> = order.iter().filter_map(|id| found.remove(id)).collect();
    findings.sort_by_key(|it| (it.exception.is_some(), Reverse(it.severity), it.control));
    findings
}

fn finding(input: Input<'_>, origin: Option<&Origin>, detail: &Detail, judged: &Judged) -> FindingReport {
    let finding = &judged.finding;
    let exception = judged.exception.and_then(|index| input.policy.exceptions.get(index));
    FindingReport {
        control: detail.control.id,
        title: detail.control.title,
        severity: detail.severity,
        outcome: if exception.is_some() { Outcome::Excepted } else { Outcome::Fail },
        container: finding.container.as_ref().map(ToString::to_string),
        path: finding.path.to_string(),
        value: finding.value.as_ref().map(ToString::to_string),
        message: finding.message.clone(),
        fix: finding.fix.advice.clone(),
        patch: finding
            .fix
            .patch
            .as_ref()
            .map(|patch| Patch { path: patch.path.to_pointer(), value: patch.value.clone() }),
        fingerprint: judged.fingerprint.to_string(),
        location: origin.map(|origin| location(origin, origin.locate(&finding.path))),
        standards: Vec::new(),
        exception: exception.map(|exception| ExcusedBy {
            namespace: exception.namespace.to_string(),
            name: exception.name.to_string(),
            owner: exception.owner.to_string(),
            days_left: exception.days_left(input.assessment.at),
        }),
    }
}

fn asked_by(input: Input<'_>, assessed: &Assessed, detail: &Detail) -> Option<AskedBy> {
    let standard = input.policy.standards.get(detail.standard)?;
    let tier = assessed.tier.clone().unwrap_or_else(|| Text::from(UNCLASSIFIED));
    let action = input.policy.action(detail.standard, &tier).unwrap_or(Action::Audit);
    Some(AskedBy { name: standard.name.to_string(), severity: detail.severity, action })
}

fn unknowns(assessed: &Assessed) -> Vec<UnknownReport> {
    let mut found: BTreeMap<(Reverse<Severity>, &str, Outcome, &str), UnknownReport> = BTreeMap::new();
    for detail in &assessed.details {
        let Some(reason) = &detail.reason else { continue };
        let outcome = Outcome::from(detail.outcome);
        let id = (Reverse(detail.severity), detail.control.id, outcome, reason.as_ref());
        found.entry(id).or_insert_with(|| UnknownReport {
            control: detail.control.id,
            severity: detail.severity,
            outcome,
            reason: reason.to_string(),
        });
    }
    found.into_values().collect()
}

impl From<Judgement> for Outcome {
    fn from(outcome: Judgement) -> Self {
        match outcome {
            Judgement::NotApplicable => Self::NotApplicable,
            Judgement::Pass => Self::Pass,
            Judgement::Excepted => Self::Excepted,
            Judgement::Unknown => Self::Unknown,
            Judgement::Error => Self::Error,
            Judgement::Fail => Self::Fail,
        }
    }
}
