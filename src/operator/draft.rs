//! The statuses that differ from what is there, and when the next one will by itself.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};

use super::status::Write;
use super::watch::Key;
use super::world::World;
use crate::api::{Date, Kind};
use crate::engine::decisions::Decisions;
use crate::engine::error::{CompileError, CompileErrors};
use crate::engine::status::{Findings, Status, finished, refused};
use crate::facts::object::ObjectKind;

/// The statuses to be written.
pub(super) struct Draft<'a> {
    world: &'a World,
    decisions: &'a Decisions,
    now: Timestamp,
    /// What is to be written.
    pub(super) writes: Vec<Write>,
    /// When something changes by itself.
    pub(super) next: Timestamp,
}

impl<'a> Draft<'a> {
    /// All of them.
    pub(super) fn new(
        world: &'a World,
        decisions: &'a Decisions,
        findings: &Findings<'_>,
        now: Timestamp,
    ) -> Self {
        let mut draft = Self { world, decisions, now, writes: Vec::new(), next: Date::of(now).end() };
        draft.standards(findings);
        draft.tiers(findings);
        draft.exceptions(findings);
        draft.malformed();
        let boundaries = findings.policy.exceptions.iter().flat_map(|exception| exception.boundaries(now));
        draft.next = boundaries.fold(draft.next, Timestamp::min);
        draft
    }

    fn standards(&mut self, findings: &Findings<'_>) {
        for (key, standard) in &self.world.standards {
            let generation = standard.metadata.generation.unwrap_or_default();
            let before = standard.status.as_ref();
            let index = findings.policy.standards.binary_search_by(|it| it.name.as_str().cmp(&key.1));
            let made = index.ok().and_then(|index| findings.standard(index, before, generation));
            for tier in made.iter().flat_map(|status| &status.tiers) {
                self.look_again(tier.promotable_from.as_ref());
            }
            self.finish(key, &standard.metadata, made, before);
        }
    }

    fn tiers(&mut self, findings: &Findings<'_>) {
        for (key, tier) in &self.world.tiers {
            let generation = tier.metadata.generation.unwrap_or_default();
            let before = tier.status.as_ref();
            let made = findings.tier(&key.1, before, generation);
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
            self.finish(key, &exception.metadata, made, before);
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
                self.writes.extend(Write::new(kind, key, None, &status));
            }
        }
    }

    /// Queues what differs from what is there.
    fn finish<S: Status>(
        &mut self,
        (namespace, name): &Key,
        meta: &ObjectMeta,
        made: Option<S>,
        before: Option<&S>,
    ) {
        let generation = meta.generation.unwrap_or_default();
        let wrong = self.decisions.refusal(S::KIND, namespace, name);
        let Some(status) = finished(made, before, wrong, generation, self.now) else { return };
        if before != Some(&status) {
            let version = meta.resource_version.as_deref();
            self.writes.extend(Write::new(
                S::KIND,
                &(namespace.clone(), name.clone()),
                version,
                &status.own(),
            ));
        }
    }
}
