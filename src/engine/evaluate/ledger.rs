//! The assessment of a living cluster: kept while facts, decisions and time change. A change is judged by what depends on
//! it, and nothing else is judged again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::placing::{self, Placed, Placing};
use super::{Assessed, Assessment, ExceptionState, Outcome, Use, states};
use crate::api::Date;
use crate::engine::exception::{CompiledException, home_of};
use crate::engine::policy::Policy;
use crate::engine::posture::{Posture, measure};
use crate::facts::{Change, Inventory, List, ObjectKind, Pool, SubjectKey, Text};
use crate::relations::{Affected, Joined, Relations};

/// Of a hundred thousand workloads most come out as others do.
#[derive(Debug, Default)]
struct Kept {
    assessed: Pool<Arc<Assessed>>,
    outcomes: Pool<List<Outcome>>,
}

impl Kept {
    fn share(&mut self, assessed: Assessed) -> Arc<Assessed> {
        let outcomes = self.outcomes.share(assessed.outcomes);
        self.assessed.share(Arc::new(Assessed { outcomes, ..assessed }))
    }
}

/// What people decided anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decided {
    /// A standard, a tier or a setting is different.
    pub rules: bool,
    /// These exceptions are different, new or gone, by namespace and name.
    pub exceptions: BTreeSet<(Text, Text)>,
}

/// The assessment and the posture of facts that change. Findings are not kept: of a hundred thousand workloads they
/// would be more than the facts.
#[derive(Debug)]
pub struct Ledger {
    pub(super) joined: Joined,
    kept: Kept,
    assessment: Assessment,
    posture: Posture,
    /// The exceptions by namespace and name, in the order of the assessment's.
    names: Vec<(Text, Text)>,
}

impl Ledger {
    /// Judges everything.
    #[must_use]
    pub fn new(policy: &Policy, inventory: &Inventory, now: Timestamp) -> Self {
        Self::with(Joined::default(), Kept::default(), policy, inventory, now)
    }

    fn with(joined: Joined, mut kept: Kept, policy: &Policy, inventory: &Inventory, now: Timestamp) -> Self {
        let relations = Relations::with(inventory, &joined);
        let assessment = super::assess_with(policy, &relations, now, without_details, |it| kept.share(it));
        let posture = measure(policy, &assessment);
        Self { assessment, posture, names: names(policy), joined, kept }
    }

    /// The assessment, without findings.
    #[must_use]
    pub const fn assessment(&self) -> &Assessment {
        &self.assessment
    }

    /// The same, counted.
    #[must_use]
    pub const fn posture(&self) -> &Posture {
        &self.posture
    }

    /// Takes changes that facts and policy have seen already. Returns how many subjects were judged for them.
    pub fn update(
        &mut self,
        policy: &Policy,
        inventory: &Inventory,
        changes: &[Change],
        decided: &Decided,
        now: Timestamp,
    ) -> usize {
        let affected = self.joined.take(inventory, changes);
        let another_day = Date::of(self.assessment.at) != Date::of(now);
        if decided.rules || affected.everything || another_day {
            let (joined, kept) = (std::mem::take(&mut self.joined), std::mem::take(&mut self.kept));
            *self = Self::with(joined, kept, policy, inventory, now);
            return self.assessment.subjects.len();
        }
        let mut keys = subjects(&affected, inventory);
        let stale = self.stale_exceptions(policy, &keys, decided, now);
        keys.extend(self.place_exceptions(policy, inventory, &stale, decided, now));
        self.judge(policy, inventory, &keys, &stale, now);
        self.assessment.exempt = placing::exempt(policy, inventory);
        self.assessment.at = now;
        keys.len()
    }

    /// The exceptions that must be looked at again, by their place in [`Policy::exceptions`]: those of the namespaces in
    /// which something is judged again or decided, and those that begin or end.
    fn stale_exceptions(
        &self,
        policy: &Policy,
        keys: &BTreeSet<SubjectKey>,
        decided: &Decided,
        now: Timestamp,
    ) -> BTreeSet<usize> {
        let mut namespaces: BTreeSet<Text> = keys.iter().map(|key| Text::from(home_of(key))).collect();
        namespaces.extend(decided.exceptions.iter().map(|(namespace, _)| namespace.clone()));
        let at = self.assessment.at;
        let (first, last) = (at.min(now), at.max(now));
        let turns = |it: &CompiledException| {
            it.begun().is_none() || policy.boundaries(it, first).any(|moment| moment <= last)
        };
        namespaces.extend(policy.exceptions.iter().filter(|it| turns(it)).map(|it| it.namespace.clone()));
        // Exceptions of one namespace can be meant for the same subject: all of them, or none.
        let all = policy.exceptions.iter().enumerate();
        all.filter(|(_, it)| namespaces.contains(&it.namespace)).map(|(index, _)| index).collect()
    }

    /// Looks at exceptions again. Returns the subjects for which one of them may be worth something else than before.
    fn place_exceptions(
        &mut self,
        policy: &Policy,
        inventory: &Inventory,
        again: &BTreeSet<usize>,
        decided: &Decided,
        now: Timestamp,
    ) -> BTreeSet<SubjectKey> {
        let mut known: BTreeMap<(Text, Text), ExceptionState> =
            self.names.drain(..).zip(self.assessment.exceptions.drain(..)).collect();
        let former: Vec<(Text, Text)> = known.keys().cloned().collect();
        let mut moved = BTreeSet::new();
        let relations = Relations::with(inventory, &self.joined);
        let mut index = 0;
        // All of a namespace, or none.
        for own in policy.exceptions.chunk_by(|a, b| a.namespace == b.namespace) {
            let names = own.iter().map(|it| (it.namespace.clone(), it.name.clone()));
            let before: Vec<Option<ExceptionState>> = names.clone().map(|name| known.remove(&name)).collect();
            let is_stale = (index..index + own.len()).any(|it| again.contains(&it));
            index += own.len();
            if !is_stale && before.iter().all(Option::is_some) {
                self.assessment.exceptions.extend(before.into_iter().flatten());
                self.names.extend(names);
                continue;
            }
            let there = own.first().map(|it| &it.namespace);
            let there =
                there.map(|it| Placing::new(policy, inventory).within_reach_of(it)).unwrap_or_default();
            let states = states::place(policy, &relations, own, &there, now);
            for ((name, before), state) in names.zip(before).zip(states) {
                let same = before.as_ref().is_some_and(|before| {
                    before.covers() == state.covers() && before.targets == state.targets
                });
                if !same || decided.exceptions.contains(&name) {
                    moved.extend(before.into_iter().flat_map(|before| before.targets));
                    moved.extend(state.targets.iter().cloned());
                }
                self.assessment.exceptions.push(state);
                self.names.push(name);
            }
        }
        // Those that are gone.
        moved.extend(known.into_values().flat_map(|state| state.targets));
        self.renumber(&former);
        moved
    }

    /// Names exceptions by their new places in what subjects say of them.
    fn renumber(&mut self, former: &[(Text, Text)]) {
        if former == self.names {
            return;
        }
        let now: Vec<Option<usize>> = former.iter().map(|name| self.names.binary_search(name).ok()).collect();
        for assessed in self.assessment.subjects.values_mut().filter(|it| !it.uses.is_empty()) {
            let renumbered =
                |it: &Use| Some(Use { exception: now.get(it.exception).copied().flatten()?, ..*it });
            let uses = assessed.uses.iter().filter_map(renumbered).collect();
            *assessed = self.kept.share(Assessed { uses, ..Assessed::clone(assessed) });
        }
    }

    fn judge(
        &mut self,
        policy: &Policy,
        inventory: &Inventory,
        keys: &BTreeSet<SubjectKey>,
        stale: &BTreeSet<usize>,
        now: Timestamp,
    ) {
        for key in keys {
            if let Some(assessed) = self.assessment.subjects.remove(key) {
                self.posture.remove(policy, key, &assessed);
            }
        }
        let mut placing = Placing::new(policy, inventory);
        let placed: Vec<Placed<'_>> = keys.iter().filter_map(|key| placing.one(key)).collect();
        let relations = Relations::with(inventory, &self.joined);
        let targeted = states::targeted(&self.assessment.exceptions, stale.iter().copied());
        let exceptions = (self.assessment.exceptions.as_slice(), &targeted);
        let kept = &mut self.kept;
        let keep = |assessed| kept.share(assessed);
        let judged = super::judge(policy, &relations, &placed, exceptions, now, without_details, keep);
        for (key, assessed) in placed.into_iter().map(|it| it.key).zip(judged) {
            self.posture.add(policy, &key, &assessed);
            self.assessment.subjects.insert(key, assessed);
        }
        self.posture.refill(policy, &self.assessment);
        let Assessment { exceptions, subjects, .. } = &mut self.assessment;
        for index in stale {
            if let Some(state) = exceptions.get_mut(*index) {
                state.take_stock(*index, subjects);
            }
        }
    }
}

fn names(policy: &Policy) -> Vec<(Text, Text)> {
    policy.exceptions.iter().map(|it| (it.namespace.clone(), it.name.clone())).collect()
}

fn without_details(assessed: Assessed) -> Assessed {
    Assessed { details: Vec::new(), ..assessed }
}

/// The subjects that are affected, be they there still or not.
fn subjects(affected: &Affected, inventory: &Inventory) -> BTreeSet<SubjectKey> {
    let mut keys = affected.subjects.clone();
    for namespace in affected.namespaces.union(&affected.workloads_of) {
        keys.insert(SubjectKey::new("", ObjectKind::Namespace, namespace.clone()));
        keys.extend(inventory.workloads_in(namespace).map(|(key, _)| key.clone()));
    }
    let key_of =
        |object: &crate::facts::Object| object.meta().map(|meta| SubjectKey::of(object.kind(), meta));
    for namespace in &affected.namespaces {
        keys.extend(inventory.others_in(namespace).filter_map(key_of));
    }
    for kind in &affected.kinds {
        keys.extend(inventory.all_of(*kind).filter_map(key_of));
    }
    keys
}
