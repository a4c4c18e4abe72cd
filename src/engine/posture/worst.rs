//! The subjects that fail a standard, the worst first.

use std::cmp::Reverse;

use crate::api::Severity;
use crate::engine::evaluate::{Assessed, Outcome};
use crate::engine::policy::Policy;
use crate::facts::SubjectKey;

/// How many are known at least, if there are so many.
const LISTED: usize = 20;

/// How many are kept: that some of them get better must not mean to look at all others again at once.
const KEPT: usize = 64;

/// How bad a failing subject is: by severity, by tier, by the number of controls. What is worse comes first.
pub(super) type Rank = (Reverse<Severity>, i32, Reverse<usize>);

/// The worst of the subjects that fail a standard: twenty, if there are so many.
#[derive(Debug, Clone, Default)]
pub struct Worst {
    kept: Vec<(Rank, SubjectKey)>,
    /// Whether others fail that are better than the last that is kept.
    more: bool,
}

/// How bad a subject is by these outcomes of a standard; nothing if it doesn't fail.
pub(super) fn rank(policy: &Policy, standard: usize, assessed: &Assessed, own: &[Outcome]) -> Option<Rank> {
    let controls = &policy.standards.get(standard)?.controls;
    let failing = controls.iter().zip(own).filter(|(_, outcome)| **outcome == Outcome::Fail);
    let (count, severity) = failing
        .fold((0, None), |(count, severity), (control, _)| (count + 1, severity.max(Some(control.severity))));
    let tier = assessed.tier.as_ref().and_then(|tier| policy.tiers.get(tier));
    Some((Reverse(severity?), tier.map_or(i32::MAX, |tier| tier.level), Reverse(count)))
}

impl Worst {
    /// The worst of these.
    pub(super) fn of<'a>(failing: impl Iterator<Item = (Rank, &'a SubjectKey)>) -> Self {
        let mut worst = Self::default();
        for (rank, key) in failing {
            worst.add(rank, key);
        }
        worst
    }

    /// Their names, the worst first.
    pub fn iter(&self) -> impl Iterator<Item = &SubjectKey> {
        self.kept.iter().take(LISTED).map(|(_, key)| key)
    }

    pub(super) fn add(&mut self, rank: Rank, key: &SubjectKey) {
        let place = self.place(rank, key).unwrap_or_else(|free| free);
        // Behind the last that is kept it may stand behind others, too.
        if place == self.kept.len() && (self.more || place == KEPT) {
            self.more = true;
            return;
        }
        self.kept.insert(place, (rank, key.clone()));
        self.more |= self.kept.len() > KEPT;
        self.kept.truncate(KEPT);
    }

    pub(super) fn remove(&mut self, rank: Rank, key: &SubjectKey) {
        if let Ok(place) = self.place(rank, key) {
            self.kept.remove(place);
        }
    }

    /// Whether fewer are known than should be.
    pub(super) fn is_short(&self) -> bool {
        self.more && self.kept.len() < LISTED
    }

    fn place(&self, rank: Rank, key: &SubjectKey) -> Result<usize, usize> {
        self.kept.binary_search_by(|(known, name)| (known, name).cmp(&(&rank, key)))
    }
}

/// The same are listed. How many more are kept is nobody's business.
impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Worst {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{ObjectKind, WorkloadKind};

    fn key(number: usize) -> SubjectKey {
        let kind = ObjectKind::Workload(WorkloadKind::Deployment);
        SubjectKey::new("shop", kind, format!("cart-{number:04}"))
    }

    const RANK: Rank = (Reverse(Severity::High), 0, Reverse(1));

    fn listed(worst: &Worst) -> Vec<usize> {
        let number = |key: &SubjectKey| key.name.rsplit('-').next().unwrap().parse().unwrap();
        worst.iter().map(number).collect()
    }

    #[test]
    fn however_subjects_come_and_go_the_worst_are_listed_or_it_is_said_that_they_are_not_known() {
        let mut worst = Worst::default();
        for number in (0..200).rev() {
            worst.add(RANK, &key(number));
        }
        assert_eq!(listed(&worst), (0..LISTED).collect::<Vec<_>>());
        for number in 0..KEPT - LISTED {
            worst.remove(RANK, &key(number));
            assert!(!worst.is_short());
        }
        assert_eq!(listed(&worst), (KEPT - LISTED..KEPT).collect::<Vec<_>>());
        // It belongs behind some that are not kept, and must not stand before them.
        worst.add(RANK, &key(500));
        worst.remove(RANK, &key(KEPT - 1));
        assert!(worst.is_short());
        let left: Vec<SubjectKey> = (KEPT - LISTED..200).map(key).collect();
        let worst = Worst::of(left.iter().map(|key| (RANK, key)));
        assert_eq!(listed(&worst), (KEPT - LISTED..KEPT).collect::<Vec<_>>());
    }
}
