//! The statuses that differ from what is there, what is to be told, and when the next one will differ by itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::ApiResource;

use super::NAME;
use super::events::Telling;
use super::metrics::Shown;
use super::observed::resource;
use super::status::Write;
use super::watch::Key;
use super::world::World;
use crate::api::{Action, Date, Kind, TierStage};
use crate::engine::decisions::Decisions;
use crate::engine::error::{CompileError, CompileErrors};
use crate::engine::evaluate::Outcome;
use crate::engine::exception::HOME;
use crate::engine::notice::{self, Notice};
use crate::engine::posture::UNCLASSIFIED;
use crate::engine::status::{Findings, Status, finished, refused, unevaluated};
use crate::facts::SubjectKey;
use crate::facts::object::ObjectKind;

/// What is to be written.
pub(super) struct Draft<'a> {
    world: &'a World,
    decisions: &'a Decisions,
    unanswered: &'a Unanswered,
    now: Timestamp,
    /// The statuses.
    pub(super) writes: Vec<Write>,
    /// What somebody is to be told, the status being as it is.
    pub(super) told: Vec<Telling>,
    /// When something changes by itself.
    pub(super) next: Timestamp,
    /// What of it metrics show.
    pub(super) shown: Shown,
}

impl<'a> Draft<'a> {
    /// All of them.
    pub(super) fn new(
        world: &'a World,
        decisions: &'a Decisions,
        findings: &Findings<'_>,
        unanswered: &'a Unanswered,
        now: Timestamp,
    ) -> Self {
        let mut draft = Self {
            world,
            decisions,
            unanswered,
            now,
            writes: Vec::new(),
            told: Vec::new(),
            next: Date::of(now).end(),
            shown: Shown::default(),
        };
        draft.standards(findings);
        draft.tiers(findings);
        draft.exceptions(findings);
        draft.malformed();
        let boundaries = findings.policy.exceptions.iter().flat_map(|it| findings.policy.boundaries(it, now));
        draft.next = boundaries.fold(draft.next, Timestamp::min);
        draft
    }

    fn standards(&mut self, findings: &Findings<'_>) {
        let missing = missing(&self.world.denied);
        for (key, standard) in &self.world.standards {
            let generation = standard.metadata.generation.unwrap_or_default();
            let before = standard.status.as_ref();
            let index = findings.policy.standards.binary_search_by(|it| it.name.as_str().cmp(&key.1));
            let mut made = index.ok().and_then(|index| findings.standard(index, before, generation));
            if let (Some(made), Ok(index)) = (&mut made, index) {
                self.unanswered.mark(index, &mut made.tiers);
            }
            let made = match (made, &missing) {
                (Some(made), Some(missing)) => Some(unevaluated(made, before, missing, generation, self.now)),
                (made, _) => made,
            };
            if let Some(status) = &made {
                self.shown.standard(&key.1, status);
            }
            for tier in made.iter().flat_map(|status| &status.tiers) {
                self.look_again(tier.promotable_from.as_ref());
                self.look_again(tier.ratchet_until.as_ref());
            }
            if let Ok(index) = index {
                self.tell_those(notice::before_a_stage(findings, index));
            }
            let Some(status) = self.finish(key, &standard.metadata, made, before) else { continue };
            let (conditions, stages) = before.map(|it| (&*it.conditions, &*it.tiers)).unwrap_or_default();
            let kind = Kind::SecurityStandard;
            let notices = notice::of_conditions(kind, conditions, &status.conditions);
            self.tell(kind, &standard.metadata, notices);
            self.tell(kind, &standard.metadata, notice::of_stages(stages, &status.tiers));
        }
    }

    fn tiers(&mut self, findings: &Findings<'_>) {
        for (key, tier) in &self.world.tiers {
            let generation = tier.metadata.generation.unwrap_or_default();
            let before = tier.status.as_ref();
            let made = findings.tier(&key.1, before, generation);
            if let Some(status) = &made {
                self.shown.tier(&key.1, status);
            }
            self.finish(key, &tier.metadata, made, before);
        }
    }

    fn exceptions(&mut self, findings: &Findings<'_>) {
        for (key, exception) in &self.world.exceptions {
            let generation = exception.metadata.generation.unwrap_or_default();
            let before = exception.status.as_ref();
            let index = findings.policy.exceptions.binary_search_by(|it| {
                (it.namespace.as_str(), it.name.as_str()).cmp(&(key.0.as_str(), key.1.as_str()))
            });
            let made = index.ok().and_then(|index| findings.exception(index, before, generation));
            self.look_again(made.as_ref().and_then(|status| status.next_review.as_ref()));
            if let Some(status) = self.finish(key, &exception.metadata, made, before) {
                let conditions = before.map(|it| &*it.conditions).unwrap_or_default();
                let mut notices = notice::of_conditions(Kind::RiskException, conditions, &status.conditions);
                notices.extend(notice::of_review(before, &status, self.now));
                notices.extend(notice::of_glass(exception, &status));
                self.tell(Kind::RiskException, &exception.metadata, notices);
            }
            if let Ok(index) = index {
                self.tell_those(notice::on_workloads(findings, index));
            }
        }
    }

    /// At this moment something changes by itself, unless it is over.
    fn look_again(&mut self, at: Option<&Time>) {
        if let Some(Time(moment)) = at.filter(|at| at.0 > self.now) {
            self.next = self.next.min(*moment);
        }
    }

    /// Objects of our kinds that the API server let in and we can't read.
    fn malformed(&mut self) {
        for ((kind, key), malformed) in &self.world.malformed {
            let kind = match kind {
                ObjectKind::SecurityStandard => Kind::SecurityStandard,
                ObjectKind::ServiceTier => Kind::ServiceTier,
                ObjectKind::RiskException => Kind::RiskException,
                _ => continue,
            };
            let error = CompileError::new("spec", malformed.message.clone());
            let Err(errors) = CompileErrors::check((), vec![error]) else { continue };
            let conditions =
                refused(kind, &errors, false, &malformed.conditions, malformed.generation, self.now);
            if conditions != malformed.conditions {
                let status = serde_json::json!({
                    "observedGeneration": malformed.generation,
                    "conditions": conditions,
                });
                let version = malformed.version.as_deref();
                self.writes.extend(Write::new(kind, key, version, &status));
            }
        }
    }

    /// Queues what differs from what is there. The status, whether it differs or not.
    fn finish<S: Status>(
        &mut self,
        (namespace, name): &Key,
        meta: &ObjectMeta,
        made: Option<S>,
        before: Option<&S>,
    ) -> Option<S> {
        let generation = meta.generation.unwrap_or_default();
        let wrong = self.decisions.refusal(S::KIND, namespace, name);
        let status = finished(made, before, wrong, generation, self.now)?;
        if before != Some(&status) {
            let key = (namespace.clone(), name.clone());
            let version = meta.resource_version.as_deref();
            self.writes.extend(Write::new(S::KIND, &key, version, &status.clone().own()));
        }
        Some(status)
    }

    fn tell(&mut self, kind: Kind, meta: &ObjectMeta, notices: Vec<Notice>) {
        let day = Date::of(self.now);
        self.told.extend(notices.into_iter().map(|it| Telling::about_ours(kind, meta, it, day)));
    }

    /// Tells workloads what is about them.
    fn tell_those(&mut self, notices: Vec<(&SubjectKey, Notice)>) {
        let day = Date::of(self.now);
        for (key, notice) in notices {
            let uid =
                self.world.inventory.workload(key).map(|it| it.meta.uid.to_string()).unwrap_or_default();
            self.told.push(Telling::about_workload(key, &uid, notice, day));
        }
    }
}

/// What went through while nobody answered and Deny would have refused.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    /// How many, by a standard's place and the tier.
    counts: BTreeMap<(usize, String), i64>,
    /// Those of whom that is not so any more.
    pub(super) settled: BTreeSet<SubjectKey>,
}

impl Unanswered {
    /// Of the objects that went through, those that fail what denies.
    pub(super) fn of(findings: &Findings<'_>, marked: &BTreeSet<SubjectKey>) -> Self {
        let mut unanswered = Self::default();
        for key in marked {
            let Some(assessed) = findings.assessment.subjects.get(key) else {
                unanswered.settled.insert(key.clone());
                continue;
            };
            let tier = assessed.tier.as_deref().unwrap_or(UNCLASSIFIED);
            let fails = |index: &usize| {
                let own = assessed.outcomes.get(findings.policy.outcomes_of(*index)).unwrap_or_default();
                own.contains(&Outcome::Fail)
                    && findings.policy.action(*index, &tier.into()) == Some(Action::Deny)
            };
            let failed: Vec<usize> = (0..findings.policy.standards.len()).filter(fails).collect();
            if failed.is_empty() {
                unanswered.settled.insert(key.clone());
            }
            for index in failed {
                *unanswered.counts.entry((index, tier.to_owned())).or_default() += 1;
            }
        }
        unanswered
    }

    fn mark(&self, index: usize, tiers: &mut [TierStage]) {
        for tier in tiers {
            tier.unanswered = self.counts.get(&(index, tier.name.clone())).copied();
        }
    }
}

/// Which permissions are missing, what that means, and what to do.
fn missing(denied: &BTreeMap<ObjectKind, &'static str>) -> Option<String> {
    let full_name = |kind: &ObjectKind| {
        let ApiResource { group, plural, .. } = resource(*kind);
        if group.is_empty() { plural } else { format!("{plural}.{group}") }
    };
    let rights: Vec<String> =
        denied.iter().map(|(kind, verb)| format!("{verb} {}", full_name(kind))).collect();
    let first = rights.first()?;
    Some(format!(
        "The operator may not {}: what depends on them can't be told. Add that to its ClusterRole; `kubectl auth can-i {first} \
         --as system:serviceaccount:{HOME}:{NAME}` says whether it is there.",
        rights.join(", "),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_named_with_what_to_do() {
        assert_eq!(missing(&BTreeMap::new()), None);
        let denied = BTreeMap::from([(ObjectKind::Ingress, "watch"), (ObjectKind::ConfigMap, "list")]);
        let message = missing(&denied).unwrap();
        let begins = "The operator may not watch ingresses.networking.k8s.io, list configmaps: ";
        assert!(message.starts_with(begins), "{message}");
        let remedy = "`kubectl auth can-i watch ingresses.networking.k8s.io --as \
                      system:serviceaccount:stanchion-system:stanchion`";
        assert!(message.contains(remedy), "{message}");
    }
}
