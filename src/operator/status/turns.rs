//! Whose turn it is: what is of the cluster and what is of a namespace take turns, and so do namespaces. Whoever keeps
//! changing things in one of them keeps nobody else waiting.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};

use super::Write;
use crate::api::Kind;

/// Statuses that wait. The namespace of what is of the cluster is empty.
#[derive(Debug, Default)]
pub(super) struct Turns {
    waiting: BTreeMap<String, VecDeque<Write>>,
    /// What went last.
    last: Option<String>,
    /// The namespace that went last.
    last_namespace: String,
    /// What went last of each namespace in which something waits.
    written: BTreeMap<String, (Kind, String)>,
}

impl Turns {
    /// Takes what the newest evaluation found, in place of what waited. Each namespace goes on where it was.
    pub(super) fn renew(&mut self, writes: Vec<Write>) {
        self.waiting.clear();
        for write in writes {
            self.waiting.entry(write.key.0.clone()).or_default().push_back(write);
        }
        for (namespace, writes) in &mut self.waiting {
            writes.make_contiguous().sort_by_key(Write::place);
            if let Some(last) = self.written.get(namespace) {
                let passed = writes.iter().take_while(|write| write.place() <= *last).count();
                writes.rotate_left(passed);
            }
        }
        self.written.retain(|namespace, _| self.waiting.contains_key(namespace));
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// Whether none does.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next one.
    pub(super) fn pop(&mut self) -> Option<Write> {
        let namespace = self.next()?;
        let writes = self.waiting.get_mut(&namespace)?;
        let write = writes.pop_front()?;
        if writes.is_empty() {
            self.waiting.remove(&namespace);
        }
        self.written.insert(namespace.clone(), write.place());
        if !namespace.is_empty() {
            self.last_namespace.clone_from(&namespace);
        }
        self.last = Some(namespace);
        Some(write)
    }

    /// Whose turn it is.
    fn next(&self) -> Option<String> {
        let cluster_went = self.last.as_deref() == Some("");
        let after = self.waiting.range::<str, _>((Excluded(self.last_namespace.as_str()), Unbounded));
        let around = self.waiting.range::<str, _>((Excluded(""), Unbounded));
        let namespace = after.chain(around).next().map(|(namespace, _)| namespace.clone());
        let of_cluster = self.waiting.contains_key("").then(String::new);
        if cluster_went { namespace.or(of_cluster) } else { of_cluster.or(namespace) }
    }
}

impl Write {
    fn place(&self) -> (Kind, String) {
        (self.kind, self.key.1.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(kind: Kind, namespace: &str, name: &str) -> Write {
        Write::new(kind, &(namespace.to_owned(), name.to_owned()), None, &"status").unwrap()
    }

    fn exceptions(namespace: &str, number: usize) -> Vec<Write> {
        (0..number).map(|it| write(Kind::RiskException, namespace, &format!("e{it}"))).collect()
    }

    fn popped(turns: &mut Turns, number: usize) -> Vec<String> {
        let one = |_| turns.pop().map(|write| format!("{}/{}", write.key.0, write.key.1));
        (0..number).filter_map(one).collect()
    }

    #[test]
    fn a_namespace_with_ten_thousand_statuses_keeps_no_other_waiting() {
        let mut turns = Turns::default();
        let mut all = exceptions("a-crowd", 10_000);
        all.extend(exceptions("quiet", 1));
        all.push(write(Kind::SecurityStandard, "", "s"));
        turns.renew(all);
        assert_eq!(turns.len(), 10_002);
        let first = popped(&mut turns, 4);
        assert!(first.contains(&"quiet/e0".to_owned()) && first.contains(&"/s".to_owned()), "{first:?}");
    }

    #[test]
    fn who_changes_something_with_every_round_keeps_no_other_waiting() {
        let mut turns = Turns::default();
        let mut gone = Vec::new();
        for _ in 0..12 {
            let mut all = exceptions("busy", 3);
            all.extend(exceptions("quiet", 2));
            all.extend(["s", "t"].map(|name| write(Kind::SecurityStandard, "", name)));
            turns.renew(all);
            gone.extend(popped(&mut turns, 1));
        }
        for one in ["busy/e0", "busy/e1", "busy/e2", "quiet/e0", "quiet/e1", "/s", "/t"] {
            assert!(gone.iter().any(|it| it == one), "{one} of {gone:?}");
        }
    }

    #[test]
    fn everything_goes_once() {
        let mut turns = Turns::default();
        let mut all = exceptions("a", 2);
        all.extend(exceptions("b", 1));
        all.push(write(Kind::ServiceTier, "", "t"));
        turns.renew(all);
        assert_eq!(popped(&mut turns, 9), ["/t", "a/e0", "b/e0", "a/e1"]);
        assert!(turns.is_empty());
    }
}
