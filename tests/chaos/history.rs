//! Who had the lease and who wrote, in etcd's own order: every answer that a proxy hands on names a revision, and etcd
//! counts the revisions of all objects together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// What the proxies saw.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Who held the lease from a revision on, as far as it was seen.
    holders: BTreeMap<u64, Option<String>>,
    writes: Vec<Write>,
}

/// A status that was written.
#[derive(Debug, Clone)]
struct Write {
    who: String,
    what: String,
    /// The revision that it made.
    revision: u64,
    /// The newest revision that any operator could know when it was asked for.
    known: u64,
    /// The revision of the object that it was made for.
    made_for: Option<u64>,
}

/// A revision of an object, as it says itself.
pub(crate) fn revision(object: &Value) -> Option<u64> {
    object["metadata"]["resourceVersion"].as_str()?.parse().ok()
}

impl History {
    /// The newest revision that anybody was told of.
    pub(crate) fn known(&self) -> u64 {
        let seen = self.seen();
        let written = seen.writes.iter().map(|write| write.revision).max();
        seen.holders.keys().next_back().copied().max(written).unwrap_or_default()
    }

    /// The lease, as an answer has it.
    pub(crate) fn lease(&self, lease: &Value) {
        if let Some(revision) = revision(lease) {
            let holder = lease["spec"]["holderIdentity"].as_str().map(str::to_owned);
            self.seen().holders.insert(revision, holder);
        }
    }

    /// A status was written.
    pub(crate) fn wrote(&self, who: &str, known: u64, body: &Value, answer: &Value) {
        let Some(after) = revision(answer) else { return };
        let what = format!("{} {}", answer["kind"], answer["metadata"]["name"]);
        let write = Write { who: who.to_owned(), what, revision: after, known, made_for: revision(body) };
        self.seen().writes.push(write);
    }

    /// Those that held the lease.
    pub(crate) fn holders(&self) -> BTreeSet<String> {
        self.seen().holders.values().flatten().cloned().collect()
    }

    /// How many statuses were written.
    pub(crate) fn writes(&self) -> usize {
        self.seen().writes.len()
    }

    /// What a stale leader wrote: after it had lost the lease and its successor had written. What was on its way when the
    /// process was stopped can still arrive; that is one write, made for an object as it was before.
    pub(crate) fn wrongs(&self) -> Vec<String> {
        let seen = self.seen();
        let mut arrived = BTreeSet::new();
        let mut wrongs = Vec::new();
        for write in &seen.writes {
            let own = Some(&write.who);
            let until = seen.holders.range(..=write.revision);
            let held = until.clone().rev().find(|(_, holder)| holder.as_ref() == own).map(|(at, _)| *at);
            let held = held.unwrap_or_default();
            let Some((lost, _)) = until.clone().find(|(at, holder)| **at > held && holder.as_ref() != own)
            else {
                continue;
            };
            let by_successor = |it: &&Write| it.who != write.who && it.revision > *lost;
            let Some(first) = seen.writes.iter().filter(by_successor).map(|it| it.revision).min() else {
                continue;
            };
            if first > write.known || first > write.revision {
                continue;
            }
            let was_on_its_way = write.made_for.is_some_and(|made_for| made_for < *lost);
            if !was_on_its_way || !arrived.insert((&write.who, *lost)) {
                let Write { who, what, revision, .. } = write;
                let text = format!(
                    "{who} wrote {what} as {revision}, had lost the lease at {lost}, and {first} was written since"
                );
                wrongs.push(format!("{text}: {write:?}"));
            }
        }
        wrongs
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[test]
fn a_stale_leader_is_told_from_one_whose_last_write_was_on_its_way() {
    use serde_json::json;
    let at = |revision: u64| json!({"metadata": {"resourceVersion": revision.to_string()}});
    let lease = |revision: u64, holder: &str| {
        let mut lease = at(revision);
        lease["spec"] = json!({"holderIdentity": holder});
        lease
    };
    let history = History::default();
    history.lease(&lease(1, "a"));
    history.wrote("a", history.known(), &at(1), &at(5));
    history.lease(&lease(10, "b"));
    history.wrote("a", 9, &at(5), &at(11));
    assert_eq!(history.wrongs(), [""; 0], "its successor has written nothing yet");
    history.wrote("b", history.known(), &at(11), &at(20));
    history.wrote("a", 19, &at(5), &at(21));
    assert_eq!(history.wrongs(), [""; 0], "it was asked for before");
    history.wrote("a", history.known(), &at(5), &at(22));
    assert_eq!(history.wrongs(), [""; 0], "one may be on its way");
    history.wrote("a", history.known(), &at(5), &at(23));
    assert_eq!(history.wrongs().len(), 1, "two are not");
    history.lease(&lease(30, "a"));
    history.wrote("a", history.known(), &at(23), &at(31));
    assert_eq!(history.wrongs().len(), 1, "it has the lease again");
    history.lease(&lease(40, "b"));
    history.wrote("b", history.known(), &at(31), &at(41));
    history.wrote("a", history.known(), &at(41), &at(42));
    assert_eq!(history.wrongs().len(), 2, "it knew what its successor had written");
}
