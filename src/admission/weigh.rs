//! From what was found to what is done about it.

use jiff::Timestamp;

use super::message::{Consequence, Lines, Said};
use super::stages::Stage;
use super::{Act, Deed, Known};
use crate::api::Action;
use crate::engine::evaluate::{Assessed, Detail, Judged, Outcome, Preview};
use crate::engine::fingerprint::Fingerprint;
use crate::engine::posture::UNCLASSIFIED;
use crate::engine::ratchet::{self, Change};
use crate::facts::{ObjectKind, SubjectKey, Text};
use crate::relations::Affected;

/// Of more workloads than this nobody reads what newly fails.
const MOST_AFFECTED: usize = 20;

/// What is done about an object, as it is put together.
pub(super) struct Weighing<'a> {
    pub(super) known: Known<'a>,
    now: Timestamp,
    pub(super) lines: Lines,
    pub(super) acts: Vec<Act>,
}

impl<'a> Weighing<'a> {
    pub(super) fn new(known: Known<'a>, now: Timestamp) -> Self {
        Self { known, now, lines: Lines::default(), acts: Vec::new() }
    }

    /// Everything about the subject itself. `before` is the judgement of it as it is, which only a ratchet asks for.
    pub(super) fn subject(&mut self, assessed: &Assessed, before: impl FnOnce() -> Option<Assessed>) {
        let mut before = Some(before);
        let mut standing: Option<Vec<Fingerprint>> = None;
        let tier = assessed.tier.clone().unwrap_or_else(|| Text::from(UNCLASSIFIED));
        for detail in &assessed.details {
            let stage = self.stage(detail.standard, &tier);
            let spares = stage.action == Action::Deny && stage.ratchet_until.is_some();
            if spares && standing.is_none() {
                let old = before.take().and_then(|before| before());
                standing = Some(old.iter().flat_map(found).collect());
            }
            let old = standing.as_deref().filter(|_| spares).unwrap_or_default();
            let new: Vec<Fingerprint> = detail.findings.iter().map(|it| it.fingerprint).collect();
            for (judged, change) in detail.findings.iter().zip(ratchet::compare(old, &new)) {
                self.finding(detail, judged, &tier, &stage, change == Change::Standing);
            }
        }
        self.acts.sort();
        self.acts.dedup();
    }

    fn finding(&mut self, detail: &Detail, judged: &Judged, tier: &Text, stage: &Stage, stood: bool) {
        if !matches!(detail.outcome, Outcome::Fail | Outcome::Excepted) {
            return;
        }
        let Some((deed, consequence)) = self.consequence(judged, stage, stood) else { return };
        self.act(detail.standard, tier, deed);
        self.lines.add(Said {
            control: detail.control.id,
            container: judged.finding.container.clone(),
            message: judged.finding.message.to_string(),
            advice: judged.finding.fix.advice.to_string(),
            tier: tier.clone(),
            consequence,
        });
    }

    fn consequence(&self, judged: &Judged, stage: &Stage, stood: bool) -> Option<(Deed, Consequence)> {
        let exception = judged.exception.and_then(|index| self.known.policy.exceptions.get(index));
        if let Some(exception) = exception {
            let said = Consequence::Excepted(exception.name.clone(), exception.expires_at);
            return (stage.action > Action::Audit).then_some((Deed::Excepted, said));
        }
        match (stage.action, stage.next) {
            (Action::Deny, _) => match stage.ratchet_until.filter(|_| stood) {
                Some(until) => Some((Deed::Warned, Consequence::Spared(until))),
                None => Some((Deed::Denied, Consequence::Denied)),
            },
            (Action::Warn, _) if stage.will_deny => {
                Some((Deed::Warned, Consequence::WillBeDenied(stage.denied_from())))
            }
            (Action::Warn, _) => Some((Deed::Warned, Consequence::Told)),
            (Action::Audit, Some((action, from))) if stage.has_notice(self.now) => {
                let said = if action == Action::Deny {
                    Consequence::WillBeDenied(Some(from))
                } else {
                    Consequence::WillBeTold(from)
                };
                Some((Deed::Warned, said))
            }
            (Action::Audit, _) => None,
        }
    }

    /// Where a tier stands; milder while too much is denied there.
    fn stage(&self, standard: usize, tier: &Text) -> Stage {
        let stage = self.known.stages.of_tier(standard, tier);
        let is_tripped = !self.known.tripped.is_empty()
            && self
                .known
                .policy
                .standards
                .get(standard)
                .is_some_and(|it| self.known.tripped.contains(&(it.name.clone(), tier.clone())));
        if is_tripped { Stage { action: stage.action.min(Action::Warn), ..stage } } else { stage }
    }

    fn act(&mut self, standard: usize, tier: &Text, deed: Deed) {
        if let Some(standard) = self.known.policy.standards.get(standard) {
            self.acts.push(Act { standard: standard.name.clone(), tier: tier.clone(), deed });
        }
    }

    /// What others newly fail by rights that are given or taken.
    pub(super) fn newly(&mut self, preview: &Preview<'_>, affected: &Affected) {
        let workloads = affected.subjects.iter().filter(|key| matches!(key.kind, ObjectKind::Workload(_)));
        for key in workloads.take(MOST_AFFECTED) {
            let Some(assessed) = preview.again(key) else { continue };
            let before = preview.outcomes(key).unwrap_or_default();
            self.worse(key, &assessed, before);
        }
        self.acts.sort();
        self.acts.dedup();
    }

    fn worse(&mut self, key: &SubjectKey, assessed: &Assessed, before: &[Outcome]) {
        let tier = assessed.tier.clone().unwrap_or_else(|| Text::from(UNCLASSIFIED));
        for detail in assessed.details.iter().filter(|detail| detail.outcome == Outcome::Fail) {
            let standard = self.known.policy.standards.get(detail.standard);
            let place = standard.and_then(|it| it.controls.iter().position(|c| c.control == detail.control));
            let index = place.map(|place| self.known.policy.outcomes_of(detail.standard).start + place);
            let failed = index.and_then(|index| before.get(index)).is_some_and(|it| *it == Outcome::Fail);
            if failed {
                continue;
            }
            let stage = self.stage(detail.standard, &tier);
            for judged in detail.findings.iter().take(1) {
                let Some((deed, consequence)) = self.consequence(judged, &stage, false) else { continue };
                self.act(detail.standard, &tier, deed);
                self.lines.add(Said {
                    control: detail.control.id,
                    container: Some(Text::from(format!("newly lets {key}"))),
                    message: judged.finding.message.to_string(),
                    advice: String::new(),
                    tier: tier.clone(),
                    consequence,
                });
            }
        }
    }
}

/// What an object that is there already fails by, excused or not.
fn found(assessed: &Assessed) -> impl Iterator<Item = Fingerprint> {
    assessed.details.iter().flat_map(|detail| detail.findings.iter().map(|it| it.fingerprint))
}
