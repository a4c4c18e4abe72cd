//! The judgement of one subject.

use jiff::Timestamp;

use super::placing::Placed;
use super::{Assessed, Detail, ExceptionState, Judged, MOST_FINDINGS, Outcome, Use};
use crate::engine::control::{Control, Finding, Scene, Verdict};
use crate::engine::exception::CompiledException;
use crate::engine::fingerprint;
use crate::engine::needs;
use crate::engine::policy::Policy;
use crate::engine::standard::CompiledControl;
use crate::facts::SubjectKey;

/// The label by which workloads of a namespace are one service (Kubernetes' recommended labels).
const PART_OF: &str = "app.kubernetes.io/part-of";

/// The judgement of one subject.
pub(super) struct Judge<'j, 'a> {
    pub(super) policy: &'j Policy,
    pub(super) placed: &'j Placed<'a>,
    /// The exceptions that are meant for it.
    pub(super) meant: &'j [usize],
    pub(super) exceptions: &'j [ExceptionState],
    /// The place of the first of them in [`Policy::exceptions`].
    pub(super) first: usize,
    pub(super) uses: Vec<Use>,
}

impl Judge<'_, '_> {
    pub(super) fn judge(mut self, scene: &Scene<'_>) -> Assessed {
        let (policy, placed) = (self.policy, self.placed);
        let mut outcomes = Vec::with_capacity(policy.standards.iter().map(|it| it.controls.len()).sum());
        let mut details: Vec<Detail> = Vec::new();
        let tier = placed.tier.map(|tier| tier.name.as_str());
        for (index, standard) in policy.standards.iter().enumerate() {
            if !standard.covers(&placed.namespace, &placed.meta.labels, tier) {
                outcomes.extend(standard.controls.iter().map(|_| Outcome::NotApplicable));
                continue;
            }
            for wanted in &standard.controls {
                let verdict = needs::verdict(wanted.control, &wanted.check, placed.subject, scene);
                let detail = self.excuse(wanted, index, verdict);
                outcomes.push(detail.outcome);
                if !matches!(detail.outcome, Outcome::Pass | Outcome::NotApplicable) {
                    details.push(detail);
                }
            }
        }
        Assessed {
            tier: placed.tier.map(|tier| tier.name.clone()),
            placement: placed.placement,
            overlaps: placed.overlaps.clone(),
            owner: placed.owner.clone(),
            part_of: placed.meta.labels.get(PART_OF).cloned(),
            outcomes: outcomes.into(),
            uses: self.uses.into(),
            details,
        }
    }

    /// Joins a verdict with the exceptions that are meant for the subject.
    fn excuse(&mut self, wanted: &CompiledControl, standard: usize, verdict: Verdict) -> Detail {
        let control = wanted.control;
        let detail = |outcome, findings, reason| Detail {
            standard,
            control,
            severity: wanted.severity,
            outcome,
            findings,
            unlisted: 0,
            reason,
        };
        if !matches!(verdict, Verdict::NotApplicable) {
            let asked = |exception| Use { exception, standard, covered: None, excuses: false };
            let asked: Vec<Use> = self.naming(control).map(|(exception, _)| asked(exception)).collect();
            self.uses.extend(asked);
        }
        let findings = match verdict {
            Verdict::Pass => return detail(Outcome::Pass, Vec::new(), None),
            Verdict::NotApplicable => return detail(Outcome::NotApplicable, Vec::new(), None),
            Verdict::Unknown(reason) => return detail(Outcome::Unknown, Vec::new(), Some(reason)),
            Verdict::Error(reason) => return detail(Outcome::Error, Vec::new(), Some(reason)),
            Verdict::Fail(findings) => findings,
        };
        let unlisted = findings.len().saturating_sub(MOST_FINDINGS);
        let mut judged = uncovered(control, &self.placed.key, findings);
        for judged in &mut judged {
            judged.exception = self.cover(control, standard, judged);
        }
        let excused = unlisted == 0 && judged.iter().all(|it| it.exception.is_some());
        let outcome = if excused { Outcome::Excepted } else { Outcome::Fail };
        Detail { unlisted, ..detail(outcome, judged, None) }
    }

    /// The exceptions that name a control.
    fn naming(&self, control: &Control) -> impl Iterator<Item = (usize, &CompiledException)> {
        let named = self.meant.iter().filter_map(|index| Some((*index, self.policy.exceptions.get(*index)?)));
        named.filter(|(_, exception)| exception.names_control(control))
    }

    /// Counts the finding for every exception that covers it, and gives the one that ends last.
    fn cover(&mut self, control: &Control, standard: usize, judged: &Judged) -> Option<usize> {
        let state = |index: usize| self.exceptions.get(index.checked_sub(self.first)?);
        let lives = |index: usize| state(index).is_some_and(ExceptionState::covers);
        let covering: Vec<(usize, Timestamp)> = self
            .naming(control)
            .filter(|(index, exception)| {
                lives(*index) && exception.covers(&judged.finding, self.placed.subject)
            })
            .map(|(index, exception)| (index, exception.expires_at))
            .collect();
        // Of several that end together, the first.
        let last = covering.iter().rev().max_by_key(|(_, end)| *end).map(|(index, _)| *index);
        let covered = Some(judged.fingerprint);
        self.uses.extend(covering.iter().map(|(exception, _)| Use {
            exception: *exception,
            standard,
            covered,
            excuses: last == Some(*exception),
        }));
        last
    }
}

fn uncovered(control: &Control, key: &SubjectKey, mut findings: Vec<Finding>) -> Vec<Judged> {
    findings.truncate(MOST_FINDINGS);
    let prints = fingerprint::of(control.id, key, &findings);
    let pairs = findings.into_iter().zip(prints);
    pairs.map(|(finding, fingerprint)| Judged { finding, fingerprint, exception: None }).collect()
}
