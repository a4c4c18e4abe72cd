//! What waits to be told, in the order in which it matters, and what was told already.

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
    waiting: BTreeMap<(usize, Id), Telling>,
    known: BTreeSet<Id>,
    /// The same, the oldest first.
    order: VecDeque<Id>,
}

impl Queue {
    /// Takes what an evaluation tells: all that stands, in place of what stood, and what came about. Who doesn't lead keeps
    /// nothing older. What is too much is dropped, the least important of it, and is not told again; how many these are.
    pub(super) fn offer(&mut self, told: Vec<Telling>, leads: bool) -> usize {
        self.waiting.retain(|_, it| leads && (!it.stands || it.failed > 0));
        for telling in told {
            if !self.known.contains(&telling.id) {
                self.waiting.entry((telling.rank, telling.id)).or_insert(telling);
            }
        }
        let mut dropped = 0;
        while self.waiting.len() > MOST_WAITING
            && let Some((_, telling)) = self.waiting.pop_last()
        {
            if leads {
                self.know(telling.id);
                dropped += 1;
            }
        }
        dropped
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The most important one, which counts as told from now on.
    pub(super) fn pop(&mut self) -> Option<Telling> {
        let (_, telling) = self.waiting.pop_first()?;
        self.know(telling.id);
        Some(telling)
    }

    /// Has one wait again that could not be written. False if it was tried often enough.
    pub(super) fn put_back(&mut self, telling: Telling) -> bool {
        let failed = telling.failed + 1;
        if failed >= TRIES {
            return false;
        }
        self.waiting.insert((telling.rank, telling.id), Telling { failed, ..telling });
        true
    }

    fn know(&mut self, id: Id) {
        if self.known.insert(id) {
            self.order.push_back(id);
        }
        while self.order.len() > MOST_KNOWN
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
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
        let meta = ObjectMeta { uid: Some(uid.to_string()), ..ObjectMeta::default() };
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
            queue.know(standing(uid).id);
        }
        assert_eq!((queue.known.len(), queue.order.len()), (MOST_KNOWN, MOST_KNOWN));
    }
}
