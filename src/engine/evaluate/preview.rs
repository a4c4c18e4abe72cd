//! The judgement of what is not there yet: an object as somebody wants it, beside the facts as they are.

use jiff::Timestamp;

use super::judge::Judge;
use super::placing::{Placed, Placing};
use super::{Assessed, ExceptionState, Ledger, Outcome, states};
use crate::engine::exception::home_of;
use crate::engine::policy::Policy;
use crate::facts::{Inventory, Object, SubjectKey, Text};
use crate::relations::{Affected, Relations, Supposed};

/// What rules say of objects that are not there, or not so. It looks and changes nothing; the facts may be a moment further
/// than the assessment beside which it looks.
pub struct Preview<'a> {
    policy: &'a Policy,
    relations: Relations<'a>,
    ledger: &'a Ledger,
    now: Timestamp,
}

impl<'a> Preview<'a> {
    /// Beside what is known.
    #[must_use]
    pub fn new(policy: &'a Policy, inventory: &'a Inventory, ledger: &'a Ledger, now: Timestamp) -> Self {
        Self { policy, relations: Relations::beside(inventory, &ledger.joined), ledger, now }
    }

    /// The time that it judges for.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Everything that people decided.
    #[must_use]
    pub const fn policy(&self) -> &'a Policy {
        self.policy
    }

    /// All facts, joined.
    #[must_use]
    pub const fn relations(&self) -> &Relations<'a> {
        &self.relations
    }

    /// What would be said of an object, were it as it is here; nothing if no standard judges its kind or it is exempt. Paths
    /// to cluster-admin and log collectors are taken as they are: what the object opens to others is found once it is there.
    #[must_use]
    pub fn judge(&self, object: &Object) -> Option<Assessed> {
        let placed = self.placing().supposed(object)?;
        let meant = self.meant(&placed);
        if meant.is_empty() {
            return Some(self.judged(&placed, &[], &[], 0));
        }
        let (states, first) = self.states(&placed, object);
        let targets = |index: &usize| {
            let state = states.get(index.saturating_sub(first));
            state.is_some_and(|state| state.targets.contains(&placed.key))
        };
        let meant: Vec<usize> = meant.into_iter().filter(targets).collect();
        Some(self.judged(&placed, &meant, &states, first))
    }

    /// What is said of a subject that is there, with everything that is found.
    #[must_use]
    pub fn again(&self, key: &SubjectKey) -> Option<Assessed> {
        let placed = self.placing().one(key)?;
        let exceptions = &self.ledger.assessment().exceptions;
        let meant = exceptions.iter().enumerate().filter(|(_, state)| state.targets.contains(key));
        let meant: Vec<usize> = meant.map(|(index, _)| index).collect();
        Some(self.judged(&placed, &meant, exceptions, 0))
    }

    /// The outcomes that were found of a subject, in the order of [`Assessed::outcomes`].
    #[must_use]
    pub fn outcomes(&self, key: &SubjectKey) -> Option<&'a [Outcome]> {
        self.ledger.assessment().subjects.get(key).map(|assessed| &*assessed.outcomes)
    }

    fn placing(&self) -> Placing<'a> {
        Placing::new(self.policy, self.relations.inventory())
    }

    fn judged(
        &self,
        placed: &Placed<'_>,
        meant: &[usize],
        exceptions: &[ExceptionState],
        first: usize,
    ) -> Assessed {
        let judge = Judge { policy: self.policy, placed, meant, exceptions, first, uses: Vec::new() };
        judge.judge(&placed.scene(&self.relations, self.now))
    }

    /// The exceptions of a namespace, by their places in [`Policy::exceptions`].
    fn exceptions_of(&self, namespace: &str) -> std::ops::Range<usize> {
        let all = &self.policy.exceptions;
        let first = all.partition_point(|it| it.namespace.as_str() < namespace);
        let after = all.partition_point(|it| it.namespace.as_str() <= namespace);
        first..after
    }

    /// The exceptions that name a subject, whether they live or not.
    fn meant(&self, placed: &Placed<'_>) -> Vec<usize> {
        let all = self.exceptions_of(home_of(&placed.key)).filter(|index| {
            let exception = self.policy.exceptions.get(*index);
            exception.is_some_and(|it| it.targets(&placed.key, placed.subject))
        });
        all.collect()
    }

    /// What becomes of the exceptions of its namespace with the object there, and the place of the first of them.
    fn states(&self, placed: &Placed<'_>, object: &Object) -> (Vec<ExceptionState>, usize) {
        let home = Text::from(home_of(&placed.key));
        let range = self.exceptions_of(&home);
        let own = self.policy.exceptions.get(range.clone()).unwrap_or_default();
        let mut there = self.placing().within_reach_of(&home);
        there.retain(|it| it.key != placed.key);
        let inventory = self.relations.inventory();
        let supposed = Placing::new(self.policy, inventory).supposed(object);
        let place = there.partition_point(|it| it.key < placed.key);
        there.splice(place..place, supposed);
        (states::place(self.policy, &self.relations, own, &there, self.now), range.start)
    }
}

impl Ledger {
    /// Takes a role or a binding for granted in what is joined, not among the facts, and says whose judgement that may
    /// change. Nothing of other kinds, and where too many hold it. What is supposed must be taken back before anything
    /// else is done.
    pub fn suppose(&mut self, inventory: &Inventory, object: &Object) -> Option<(Supposed, Affected)> {
        self.joined.suppose(inventory, object)
    }

    /// Takes that back.
    pub fn take_back(&mut self, inventory: &Inventory, supposed: Supposed) {
        self.joined.take_back(inventory, supposed);
    }
}
