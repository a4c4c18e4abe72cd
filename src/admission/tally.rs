//! What was denied lately, by standard and tier: what a circuit breaker looks at.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Act, Deed};
use crate::engine::policy::Policy;
use crate::facts::{SubjectKey, Text};

/// A standard and a tier, or what stands for none.
pub type Place = (Text, Text);

/// The most objects that are told apart in one place; more than any breaker is set to is too many for all.
const MOST_OBJECTS: usize = 10_000;

/// What was denied, each object once however often it was tried: who tries again and again opens no breaker.
#[derive(Debug, Default)]
pub struct Tally {
    denied: BTreeMap<Place, BTreeMap<SubjectKey, Timestamp>>,
}

impl Tally {
    /// An object was denied, if these acts say so. The most objects that are known to be denied in one of their places.
    pub fn add(&mut self, acts: &[Act], key: &SubjectKey, now: Timestamp) -> usize {
        let mut most = 0;
        for act in acts.iter().filter(|act| act.deed == Deed::Denied) {
            let objects = self.denied.entry((act.standard.clone(), act.tier.clone())).or_default();
            if objects.len() < MOST_OBJECTS || objects.contains_key(key) {
                objects.insert(key.clone(), now);
            }
            most = most.max(objects.len());
        }
        most
    }

    /// How many objects were denied in each place within its window. What is older is forgotten.
    pub fn within(&mut self, policy: &Policy, now: Timestamp) -> BTreeMap<Place, u64> {
        let window = |place: &Place| {
            let standard = policy.standards.iter().find(|it| it.name == place.0)?;
            now.checked_sub(standard.rollout.breaker.window).ok()
        };
        self.denied.retain(|place, objects| {
            let since = window(place);
            objects.retain(|_, at| since.is_some_and(|since| since <= *at));
            !objects.is_empty()
        });
        self.denied.iter().map(|(place, objects)| (place.clone(), objects.len() as u64)).collect()
    }
}

/// The places in which more was denied than their breakers allow.
#[must_use]
pub fn tripped(policy: &Policy, denied: &BTreeMap<Place, u64>) -> BTreeSet<Place> {
    let too_many = |(place, number): &(&Place, &u64)| {
        let standard = policy.standards.iter().find(|it| it.name == place.0);
        standard.is_some_and(|it| **number > it.rollout.breaker.most)
    };
    denied.iter().filter(too_many).map(|(place, _)| place.clone()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::SecurityStandard;
    use crate::engine::policy::Settings;
    use crate::facts::{ObjectKind, WorkloadKind};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn policy() -> Policy {
        let standard: SecurityStandard = serde_json::from_value(json!({
            "apiVersion": "stanchion.dev/v1alpha1", "kind": "SecurityStandard", "metadata": {"name": "s"},
            "spec": {"controls": [{"id": "pod.privileged"}], "rollout": {
                "stages": [{"action": "Audit"}], "circuitBreaker": {"maxDenials": 2, "window": "10m"},
            }},
        }))
        .unwrap();
        Policy::compile([&standard], [], [], Settings::default()).0
    }

    fn deny(tally: &mut Tally, name: &str, minute: i64) {
        let act = |deed| Act { standard: "s".into(), tier: "t".into(), deed };
        let key = SubjectKey::new("shop", ObjectKind::Workload(WorkloadKind::Pod), name);
        tally.add(&[act(Deed::Denied), act(Deed::Warned)], &key, at(minute));
    }

    #[test]
    fn an_object_counts_once_within_the_window() {
        let (policy, mut tally) = (policy(), Tally::default());
        for minute in 0..9 {
            deny(&mut tally, "a", minute);
        }
        deny(&mut tally, "b", 1);
        let number = |tally: &mut Tally, minute| tally.within(&policy, at(minute)).into_values().sum::<u64>();
        assert_eq!(number(&mut tally, 9), 2);
        assert!(tripped(&policy, &tally.within(&policy, at(9))).is_empty(), "two are allowed");
        deny(&mut tally, "c", 9);
        assert_eq!(tripped(&policy, &tally.within(&policy, at(9))).len(), 1);
        assert_eq!(number(&mut tally, 12), 2, "b is longer ago");
        assert_eq!(number(&mut tally, 30), 0);
    }

    #[test]
    fn what_is_counted_is_bounded() {
        let mut tally = Tally::default();
        for number in 0..MOST_OBJECTS + 5 {
            deny(&mut tally, &number.to_string(), 0);
        }
        assert_eq!(tally.within(&policy(), at(0)).into_values().sum::<u64>(), MOST_OBJECTS as u64);
    }
}
