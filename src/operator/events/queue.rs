//! What waits to be told, in the order in which it matters, each namespace with its share; and what was told already.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Telling;
use crate::engine::notice::Id;

/// The most that wait.
const MOST_WAITING: usize = 500;

/// The most that are remembered as told: more than the budget lets through in a day, after which names are others.
const MOST_KNOWN: usize = 10_000;

/// How often one is tried.
const TRIES: u32 = 5;

/// What waits, and what is dealt with.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// The next one last. The first notice of every namespace goes before the second of any.
    waiting: Vec<Telling>,
    /// How many of a namespace went since nothing waited.
    went: BTreeMap<String, usize>,
    told: Known,
    dropped: Known,
}

/// Notices that were dealt with, the oldest of which are forgotten.
#[derive(Debug, Default)]
struct Known {
    ids: BTreeSet<Id>,
    /// The same, the oldest first.
    order: VecDeque<Id>,
}

impl Queue {
    /// Takes what an evaluation tells: all that stands, in place of what stood, and what came about. Who doesn't lead keeps
    /// nothing older. What is too much is dropped, the least important of whoever has most, and is not told again; how many
    /// these are.
    pub(super) fn offer(&mut self, told: Vec<Telling>, leads: bool) -> usize {
        self.waiting.retain(|it| leads && (!it.stands || it.failed > 0));
        let mut ids: BTreeSet<Id> = self.waiting.iter().map(|it| it.id).collect();
        let is_news = |it: &Telling| !self.told.ids.contains(&it.id) && !self.dropped.ids.contains(&it.id);
        self.waiting.extend(told.into_iter().filter(|it| is_news(it) && ids.insert(it.id)));
        self.arrange();
        let too_many = self.waiting.len().saturating_sub(MOST_WAITING);
        let too_much = self.waiting.drain(..too_many).map(|it| it.id);
        if leads { too_much.map(|id| self.dropped.add(id)).count() } else { 0 }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The most important one of a namespace whose turn it is, which counts as told from now on.
    pub(super) fn pop(&mut self) -> Option<Telling> {
        let telling = self.waiting.pop()?;
        self.told.add(telling.id);
        if self.waiting.is_empty() {
            // Nobody waits for anybody.
            self.went.clear();
        } else {
            *self.went.entry(telling.namespace().to_owned()).or_default() += 1;
        }
        Some(telling)
    }

    /// Has one wait again that could not be written. False if it was tried often enough.
    pub(super) fn put_back(&mut self, telling: Telling) -> bool {
        let failed = telling.failed + 1;
        if failed >= TRIES {
            return false;
        }
        self.waiting.push(Telling { failed, ..telling });
        self.arrange();
        true
    }

    /// Puts what waits in its order: how many of its namespace go before it, and among those with as many its importance.
    fn arrange(&mut self) {
        self.waiting.sort_by_key(|it| (it.rank, it.id));
        let mut before = self.went.clone();
        let mut placed: Vec<(usize, Telling)> = Vec::with_capacity(self.waiting.len());
        for telling in self.waiting.drain(..) {
            let before = before.entry(telling.namespace().to_owned()).or_default();
            *before += 1;
            placed.push((*before, telling));
        }
        placed.sort_by_key(|(before, it)| Reverse((*before, it.rank, it.id)));
        self.waiting.extend(placed.into_iter().map(|(_, telling)| telling));
    }
}

impl Known {
    fn add(&mut self, id: Id) {
        if self.ids.insert(id) {
            self.order.push_back(id);
        }
        while self.order.len() > MOST_KNOWN
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::condition::{self, exception};
    use crate::api::{Date, Kind};
    use crate::engine::notice::of_conditions;
    use jiff::Timestamp;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    fn telling(said: &'static condition::Reason, uid: usize) -> Telling {
        telling_in("shop", said, uid)
    }

    fn telling_in(namespace: &str, said: &'static condition::Reason, uid: usize) -> Telling {
        let mut now = Vec::new();
        condition::set(&mut now, Kind::RiskException, &[said.because("so")], Timestamp::UNIX_EPOCH, 1);
        let before: Vec<_> = now
            .clone()
            .into_iter()
            .map(|mut it| {
                "True".clone_into(&mut it.status);
                it
            })
            .collect();
        let meta = ObjectMeta {
            uid: Some(uid.to_string()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        };
        let notice = of_conditions(Kind::RiskException, &before, &now).remove(0);
        Telling::about_ours(Kind::RiskException, &meta, notice, Date::of(Timestamp::UNIX_EPOCH))
    }

    fn standing(uid: usize) -> Telling {
        telling(&exception::MATCHES_NOTHING, uid)
    }

    #[test]
    fn the_most_important_goes_first_and_nothing_goes_twice() {
        let mut queue = Queue::default();
        queue.offer(vec![standing(1), telling(&exception::EXPIRED, 1)], true);
        assert_eq!(queue.pop(), Some(telling(&exception::EXPIRED, 1)));
        assert_eq!(queue.pop(), Some(standing(1)));
        queue.offer(vec![standing(1)], true);
        assert!(queue.is_empty(), "it was told today");
    }

    #[test]
    fn what_stands_no_more_is_not_told_and_what_happened_is() {
        let mut queue = Queue::default();
        queue.offer(vec![standing(1), telling(&exception::EXPIRED, 2)], true);
        queue.offer(vec![], true);
        assert_eq!(queue.pop(), Some(telling(&exception::EXPIRED, 2)));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn who_does_not_lead_keeps_only_what_is_new() {
        let mut queue = Queue::default();
        queue.offer(vec![telling(&exception::EXPIRED, 1)], false);
        queue.offer(vec![standing(2)], false);
        assert_eq!(queue.pop(), Some(standing(2)));
        assert_eq!(queue.pop(), None, "who led told it");
    }

    #[test]
    fn of_too_much_the_least_important_is_dropped_and_counted_once() {
        let mut queue = Queue::default();
        let many: Vec<Telling> = (0..MOST_WAITING).map(standing).collect();
        assert_eq!(queue.offer(many.clone(), true), 0);
        let more: Vec<Telling> = many.into_iter().chain([telling(&exception::OVERBROAD, 0)]).collect();
        assert_eq!(queue.offer(more.clone(), true), 1);
        assert_eq!(queue.offer(more, true), 0);
        assert_eq!(queue.pop(), Some(telling(&exception::OVERBROAD, 0)));
    }

    #[test]
    fn a_namespace_with_ten_thousand_broken_exceptions_has_its_share_and_no_more() {
        let mut queue = Queue::default();
        let flood = || (0..10_000).map(|uid| telling_in("flood", &exception::OVERBROAD, uid));
        assert_eq!(queue.offer(flood().collect(), true), 10_000 - MOST_WAITING);
        let told: Vec<Telling> = (0..5).filter_map(|_| queue.pop()).collect();
        assert!(told.iter().all(|it| it.namespace() == "flood"), "nobody else has anything to tell");
        let others =
            (0..10).map(|uid| telling_in(&format!("n{uid}"), &exception::MATCHES_NOTHING, 20_000 + uid));
        assert_eq!(queue.offer(flood().chain(others).collect(), true), 5, "of whoever has most");
        let next: BTreeSet<String> =
            (0..10).filter_map(|_| queue.pop()).map(|it| it.namespace().to_owned()).collect();
        assert_eq!(next.len(), 10);
        assert!(!next.contains("flood"), "{next:?}");
        assert_eq!(queue.pop().unwrap().namespace(), "flood", "it waits for nobody either");
    }

    #[test]
    fn among_equals_the_most_important_goes_first() {
        let mut queue = Queue::default();
        let (minor, grave) = (&exception::MATCHES_NOTHING, &exception::EXPIRED);
        queue.offer(
            vec![telling_in("a", minor, 1), telling_in("b", grave, 2), telling_in("b", minor, 3)],
            true,
        );
        let order: Vec<Telling> = (0..3).filter_map(|_| queue.pop()).collect();
        assert_eq!(order, [telling_in("b", grave, 2), telling_in("a", minor, 1), telling_in("b", minor, 3)]);
    }

    #[test]
    fn what_can_t_be_written_is_tried_some_times() {
        let mut queue = Queue::default();
        queue.offer(vec![standing(1)], true);
        for _ in 1..TRIES {
            let telling = queue.pop().unwrap();
            assert!(queue.put_back(telling));
        }
        let last = queue.pop().unwrap();
        assert!(!queue.put_back(last));
        assert!(queue.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut queue = Queue::default();
        for uid in 0..MOST_KNOWN + 10 {
            queue.told.add(standing(uid).id);
        }
        assert_eq!((queue.told.ids.len(), queue.told.order.len()), (MOST_KNOWN, MOST_KNOWN));
    }
}
