//! Which exception goes on where another one left off: one that says so, and one that is meant for the same and began later,
//! under whatever name.
//!
//! Every exception of a namespace is put in line once, by the time of its beginning; what is meant for a subject is found
//! by the subject, so that many exceptions don't have to be compared with each other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::engine::exception::CompiledException;
use crate::facts::Text;

/// Up to here renewals are counted: no tier allows as many.
pub(super) const MOST: usize = 100;

/// How many different sets of containers of one subject are told apart for one control; of more, each counts as any.
const MOST_PARTS: usize = 8;

/// What an exception is meant for: the place of a subject among those of the namespace, and the containers, a bit each.
pub(super) type Aim = (usize, u64);

/// Where an exception stands in its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// How many others came before it, one after the other.
    pub(super) renewals: usize,
    /// The last of those.
    pub(super) continues: Option<Text>,
    /// When the first of them began, as far as anybody says.
    pub(super) begun: Option<Timestamp>,
    /// Whether another one comes after it.
    pub(super) is_renewed: bool,
}

/// When an exception began. One of which nobody says so begins when it is looked at, and of several of those the one that
/// ends first was the first.
type Order = (Timestamp, Option<Timestamp>);

fn order(exception: &CompiledException) -> Order {
    match exception.begun() {
        Some(begun) => (begun, None),
        None => (Timestamp::MAX, Some(exception.expires_at)),
    }
}

/// What came so far for one control on one part of a subject.
struct Part {
    containers: u64,
    /// The exception with the most renewals; of several, the last.
    longest: usize,
    begun: Option<Timestamp>,
    latest: Order,
}

/// Puts the exceptions of one namespace in line. `aims` is what each of them is meant for.
pub(super) fn lines(exceptions: &[CompiledException], aims: &[Vec<Aim>]) -> Vec<Line> {
    let alone =
        |it: &CompiledException| Line { renewals: 0, continues: None, begun: it.begun(), is_renewed: false };
    let mut queue = Queue {
        exceptions,
        aims,
        lines: exceptions.iter().map(alone).collect(),
        done: vec![false; exceptions.len()],
        parts: BTreeMap::new(),
    };
    if exceptions.len() > 1 || exceptions.iter().any(|it| it.renews.is_some()) {
        queue.run();
    }
    queue.lines
}

struct Queue<'a> {
    exceptions: &'a [CompiledException],
    aims: &'a [Vec<Aim>],
    lines: Vec<Line>,
    done: Vec<bool>,
    /// By subject, then by the place of the control in the catalogue.
    parts: BTreeMap<usize, Vec<Vec<Part>>>,
}

impl Queue<'_> {
    fn run(&mut self) {
        let mut waiting: Vec<(Order, usize)> =
            self.exceptions.iter().enumerate().map(|(index, it)| (order(it), index)).collect();
        waiting.sort_unstable();
        for together in waiting.chunk_by(|a, b| a.0 == b.0) {
            // None of those that began together renews another, unless it says so.
            let found: Vec<Line> = together.iter().map(|(_, index)| self.line(*index)).collect();
            for ((order, index), line) in together.iter().zip(found) {
                self.enter(*index, *order, line);
            }
        }
        let named: BTreeSet<&Text> = self.exceptions.iter().filter_map(|it| it.renews.as_ref()).collect();
        for (index, exception) in self.exceptions.iter().enumerate() {
            let own = order(exception);
            let is_renewed =
                named.contains(&exception.name) || self.before(index).any(|part| part.latest > own);
            if let Some(line) = self.lines.get_mut(index) {
                line.is_renewed = is_renewed;
            }
        }
    }

    /// Everything that came for what an exception is meant for.
    fn before(&self, index: usize) -> impl Iterator<Item = &Part> {
        let controls = self.exceptions.get(index).map_or(&[][..], CompiledException::known_controls);
        self.aims.get(index).into_iter().flatten().flat_map(move |(subject, containers)| {
            let parts = self.parts.get(subject).map_or(&[][..], Vec::as_slice);
            controls
                .iter()
                .filter_map(|control| parts.get(*control))
                .flatten()
                .filter(move |part| part.containers & containers != 0)
        })
    }

    fn line(&self, index: usize) -> Line {
        let own = self.exceptions.get(index).and_then(CompiledException::begun);
        let mut line = Line { renewals: 0, continues: None, begun: own, is_renewed: false };
        let mut longest: Option<usize> = None;
        for part in self.before(index) {
            line.begun = earlier(line.begun, part.begun);
            let length = |it: usize| (self.renewals(it), self.exceptions.get(it).map(order));
            if longest.is_none_or(|known| length(part.longest) > length(known)) {
                longest = Some(part.longest);
            }
        }
        if let Some(before) = longest {
            line.renewals = self.renewals(before) + 1;
            line.continues = self.exceptions.get(before).map(|it| it.name.clone());
        }
        let (said, begun) = self.said(index);
        line.begun = earlier(line.begun, begun);
        if said >= line.renewals.max(1) {
            line.renewals = said;
            line.continues = self.exceptions.get(index).and_then(|it| it.renews.clone());
        }
        line.renewals = line.renewals.min(MOST);
        line
    }

    /// How many an exception renews by its own words, one after the other, and when the first of those began. What comes
    /// back to itself ends there.
    fn said(&self, index: usize) -> (usize, Option<Timestamp>) {
        let (mut seen, mut begun) = (BTreeSet::from([index]), None);
        let mut here = index;
        while seen.len() <= MOST
            && let Some(before) = self.exceptions.get(here).and_then(|it| it.renews.as_ref())
        {
            let Ok(before) = self.exceptions.binary_search_by(|it| it.name.cmp(before)) else {
                // One that is gone was there.
                return (seen.len(), begun);
            };
            if !seen.insert(before) {
                break;
            }
            here = before;
            if let Some(line) = self.lines.get(here) {
                begun = earlier(begun, line.begun);
            }
            if self.done.get(here) == Some(&true) {
                return (seen.len() - 1 + self.renewals(here), begun);
            }
        }
        (seen.len() - 1, begun)
    }

    fn renewals(&self, index: usize) -> usize {
        self.lines.get(index).map_or(0, |line| line.renewals)
    }

    /// What comes later comes after this one, too.
    fn enter(&mut self, index: usize, latest: Order, line: Line) {
        let (begun, renewals) = (line.begun, line.renewals);
        if let (Some(known), Some(done)) = (self.lines.get_mut(index), self.done.get_mut(index)) {
            (*known, *done) = (line, true);
        }
        let controls = self.exceptions.get(index).map_or(&[][..], CompiledException::known_controls);
        for (subject, containers) in self.aims.get(index).into_iter().flatten() {
            let parts = self.parts.entry(*subject).or_default();
            for control in controls {
                if parts.len() <= *control {
                    parts.resize_with(control + 1, Vec::new);
                }
                let Some(parts) = parts.get_mut(*control) else { continue };
                let is_known = parts.iter().any(|part| part.containers == *containers);
                let containers = if is_known || parts.len() < MOST_PARTS { *containers } else { u64::MAX };
                match parts.iter_mut().find(|part| part.containers == containers) {
                    Some(part) => {
                        if self.lines.get(part.longest).is_none_or(|known| renewals >= known.renewals) {
                            part.longest = index;
                        }
                        part.begun = earlier(part.begun, begun);
                        part.latest = latest;
                    }
                    None => parts.push(Part { containers, longest: index, begun, latest }),
                }
            }
        }
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::approval::Trust;

    const EVERY: u64 = u64::MAX;

    fn exception(name: &str, fields: &str) -> CompiledException {
        let yaml = format!(
            "{{apiVersion: stanchion.dev/v1alpha1, kind: RiskException, metadata: {{name: {name}, namespace: shop}},
               spec: {{reason: it is being rewritten this month, owner: team-shop, target: {{names: [cart]}}, {fields}}}}}"
        );
        CompiledException::compile(&serde_saphyr::from_str(&yaml).unwrap(), Trust::Recorded).unwrap()
    }

    fn privileged(name: &str, fields: &str) -> CompiledException {
        exception(name, &format!("controls: [pod.privileged], {fields}"))
    }

    fn of(day: u32) -> String {
        format!("validFrom: 2026-11-{day:02}T00:00:00Z, expiresAt: 2026-12-{day:02}T00:00:00Z")
    }

    /// Renewals and what comes right before, of exceptions that are all meant for the same.
    fn renewals(exceptions: &[CompiledException]) -> Vec<(usize, Option<String>)> {
        let aims = vec![vec![(0, EVERY)]; exceptions.len()];
        let lines = lines(exceptions, &aims).into_iter();
        lines.map(|line| (line.renewals, line.continues.map(|name| name.to_string()))).collect()
    }

    #[test]
    fn what_is_meant_for_the_same_and_begins_later_renews_whatever_it_is_called() {
        let three = [privileged("a", &of(20)), privileged("b", &of(1)), privileged("c", &of(10))];
        let (b, c) = (Some("b".to_owned()), Some("c".to_owned()));
        assert_eq!(renewals(&three), [(2, c), (0, None), (1, b)]);
        let lines = lines(&three, &[vec![(0, EVERY)], vec![(0, EVERY)], vec![(0, EVERY)]]);
        assert!(lines.iter().all(|line| line.begun == three[1].begun()), "the age is that of the first");
        assert_eq!(lines.iter().map(|line| line.is_renewed).collect::<Vec<_>>(), [false, true, true]);
    }

    #[test]
    fn a_family_and_a_control_of_it_are_for_the_same_and_two_controls_are_not() {
        let family = exception("b", &format!("controls: ['pod.*'], {}", of(10)));
        let other = exception("c", &format!("controls: [pod.host-port], {}", of(20)));
        assert_eq!(
            renewals(&[privileged("a", &of(1)), family, other])[1..],
            [(1, Some("a".to_owned())), (2, Some("b".to_owned()))],
        );
        let other = exception("b", &format!("controls: [pod.host-port], {}", of(10)));
        assert_eq!(renewals(&[privileged("a", &of(1)), other])[1], (0, None));
    }

    #[test]
    fn another_workload_or_another_container_is_another_target() {
        let two = [privileged("a", &of(1)), privileged("b", &of(10))];
        let second = |aims: [Vec<Aim>; 2]| lines(&two, &aims)[1].renewals;
        assert_eq!(second([vec![(0, EVERY)], vec![(1, EVERY)]]), 0);
        assert_eq!(second([vec![(0, 0b01)], vec![(0, 0b10)]]), 0);
        assert_eq!(second([vec![(0, 0b01), (1, 0b01)], vec![(0, 0b10), (1, EVERY)]]), 1);
    }

    #[test]
    fn of_those_that_begin_together_none_renews_another() {
        assert_eq!(renewals(&[privileged("a", &of(1)), privileged("b", &of(1))]), [(0, None), (0, None)]);
        // Nobody says when they began: the one that ends first was the first.
        let [late, early] = ["expiresAt: 2026-12-20T00:00:00Z", "expiresAt: 2026-12-01T00:00:00Z"];
        assert_eq!(
            renewals(&[privileged("a", late), privileged("b", early)]),
            [(1, Some("b".to_owned())), (0, None)]
        );
    }

    #[test]
    fn what_says_that_it_renews_does_whatever_it_is_meant_for() {
        let said = exception("b", &format!("controls: [pod.host-port], renews: a, {}", of(1)));
        assert_eq!(renewals(&[privileged("a", &of(1)), said])[1], (1, Some("a".to_owned())));
        let gone = privileged("b", &format!("renews: a, {}", of(1)));
        assert_eq!(renewals(&[gone]), [(1, Some("a".to_owned()))]);
        let circle = |name: &str, before: &str| privileged(name, &format!("renews: {before}, {}", of(1)));
        let circle = renewals(&[circle("a", "b"), circle("b", "c"), circle("c", "a")]);
        assert_eq!(circle.iter().map(|it| it.0).collect::<Vec<_>>(), [2, 2, 2]);
    }

    #[test]
    fn ten_thousand_that_are_forged_into_one_line_are_counted_to_the_most() {
        let name = |number: usize| format!("e{number:05}");
        let line = |fields: &dyn Fn(usize) -> String| -> Vec<CompiledException> {
            (0..10_000).map(|number| privileged(&name(number), &fields(number))).collect()
        };
        let said = line(&|number| format!("renews: {}, {}", name((number + 1) % 10_000), of(1)));
        assert!(renewals(&said).iter().all(|it| it.0 == MOST));
        let later = line(&|number| {
            let from =
                Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_mins(i64::try_from(number).unwrap());
            format!("validFrom: {from}, expiresAt: 2026-12-01T00:00:00Z")
        });
        assert_eq!(renewals(&later).last().unwrap(), &(MOST, Some(name(9_998))));
    }
}
