//! When the webhook answered and when it didn't, for thirty days: so that `failurePolicy: Ignore` can be run honestly.
//!
//! Somebody asks through the API server every few seconds for something that the webhook refuses by name. What comes back
//! is an answer; what is let through is a gap, from the last answer to the next. The time in which nobody asked is neither: it
//! counts for nothing, and how much of it there was is said.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::request::{Operation, Request};

/// The name of what is asked for: a `ConfigMap` in our namespace, never kept.
pub const CANARY: &str = "stanchion-canary";

/// The label of it.
pub const LABEL: &str = "stanchion.dev/canary";

/// How it is refused.
pub const ANSWER: &str = "stanchion answers";

/// How far back availability is told.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Nobody asked for longer than this: what was meanwhile is not known.
pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// The most windows that are told apart; of more the two oldest are one, with all between them.
const MOST_WINDOWS: usize = 500;

/// What was, from when to when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From the last answer,
    pub from: Timestamp,
    /// to the next.
    pub to: Timestamp,
}

impl Window {
    fn since(self, start: Timestamp) -> SignedDuration {
        self.to.duration_since(self.from.max(start)).max(SignedDuration::ZERO)
    }
}

/// What is known of the answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Gaps {
    /// When somebody asked first.
    pub since: Option<Timestamp>,
    /// When there was an answer last.
    pub answered: Option<Timestamp>,
    /// When somebody asked last.
    pub asked: Option<Timestamp>,
    /// Since when there is none, while that is so.
    pub open: Option<Timestamp>,
    /// When there was none.
    pub gaps: Vec<Window>,
    /// When nobody asked.
    pub unwatched: Vec<Window>,
}

impl Gaps {
    /// Somebody asked, and there was an answer or none. The gap that ended with it, if one did.
    pub fn note(&mut self, is_answered: bool, now: Timestamp) -> Option<Window> {
        self.since.get_or_insert(now);
        let asked = self.asked.replace(now);
        if let Some(from) = asked.filter(|from| now.duration_since(*from) > LONGEST_PAUSE) {
            push(&mut self.unwatched, Window { from, to: now });
            // What was known before says nothing of now.
            self.answered = self.answered.map(|_| now);
            self.open = self.open.map(|_| now);
        }
        self.forget(now);
        if !is_answered {
            self.open.get_or_insert(self.answered.unwrap_or(now));
            return None;
        }
        self.answered = Some(now);
        let gap = self.open.take().map(|from| Window { from, to: now }).filter(|gap| gap.from < gap.to)?;
        push(&mut self.gaps, gap);
        Some(gap)
    }

    /// The share of the last thirty days in which it answered, as far as somebody asked; nothing if nobody did.
    #[must_use]
    pub fn availability(&self, now: Timestamp) -> Option<f64> {
        let start = self.start(now)?;
        let seconds =
            |windows: &[Window]| windows.iter().map(|it| it.since(start).as_secs_f64()).sum::<f64>();
        let open = self.open.map_or(0.0, |from| Window { from, to: now }.since(start).as_secs_f64());
        let watched = now.duration_since(start).as_secs_f64() - seconds(&self.unwatched);
        (watched > 0.0).then(|| (1.0 - (seconds(&self.gaps) + open) / watched).clamp(0.0, 1.0))
    }

    /// The share of the last thirty days in which somebody asked.
    #[must_use]
    pub fn watched(&self, now: Timestamp) -> Option<f64> {
        let start = self.start(now)?;
        let all = now.duration_since(start).as_secs_f64();
        let not = self.unwatched.iter().map(|it| it.since(start).as_secs_f64()).sum::<f64>();
        (all > 0.0).then(|| (1.0 - not / all).clamp(0.0, 1.0))
    }

    fn start(&self, now: Timestamp) -> Option<Timestamp> {
        let earliest = now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
        Some(self.since?.max(earliest))
    }

    fn forget(&mut self, now: Timestamp) {
        let earliest = now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
        for windows in [&mut self.gaps, &mut self.unwatched] {
            windows.retain(|window| window.to >= earliest);
        }
    }
}

fn push(windows: &mut Vec<Window>, window: Window) {
    windows.push(window);
    if windows.len() > MOST_WINDOWS
        && let [first, second, ..] = windows.as_mut_slice()
    {
        second.from = first.from;
        windows.remove(0);
    }
}

/// Whether somebody only asks whether anybody answers.
#[must_use]
pub fn is_canary(request: &Request<'_>) -> bool {
    request.is_dry_run()
        && request.operation == Operation::Create
        && request.kind.kind == "ConfigMap"
        && request.name.as_deref() == Some(CANARY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_126_400 + second).unwrap()
    }

    fn followed(answers: &[(i64, bool)]) -> Gaps {
        let mut gaps = Gaps::default();
        for (second, is_answered) in answers {
            gaps.note(*is_answered, at(*second));
        }
        gaps
    }

    #[test]
    fn a_gap_lasts_from_the_last_answer_to_the_next() {
        let mut gaps = followed(&[(0, true), (15, true), (30, false), (45, false)]);
        assert_eq!(gaps.open, Some(at(15)));
        assert_eq!(gaps.note(true, at(60)), Some(Window { from: at(15), to: at(60) }));
        assert_eq!((gaps.open, gaps.gaps.len()), (None, 1));
        assert_eq!(gaps.availability(at(100)), Some(0.55));
    }

    #[test]
    fn an_open_gap_counts_as_it_grows() {
        let gaps = followed(&[(0, true), (10, false)]);
        assert_eq!(gaps.availability(at(40)), Some(0.0));
        let gaps = followed(&[(0, false), (15, false)]);
        assert_eq!(gaps.availability(at(30)), Some(0.0), "there never was an answer");
    }

    #[test]
    fn time_in_which_nobody_asked_is_neither() {
        let gaps = followed(&[(0, true), (50, true), (1050, true), (1100, true)]);
        assert_eq!(gaps.gaps, []);
        assert_eq!(gaps.unwatched, [Window { from: at(50), to: at(1050) }]);
        assert_eq!(gaps.availability(at(1100)), Some(1.0));
        let watched = gaps.watched(at(1100)).unwrap();
        assert!((watched - 100.0 / 1100.0).abs() < 1e-9, "{watched}");
        let open = followed(&[(0, true), (50, false), (1050, false)]);
        assert_eq!(open.open, Some(at(1050)), "nobody knows how long the gap was");
    }

    #[test]
    fn what_is_kept_is_bounded_and_no_gap_is_lost() {
        let mut gaps = Gaps::default();
        for number in 0..2000 {
            gaps.note(number % 2 == 0, at(number * 10));
        }
        assert!(gaps.gaps.len() <= MOST_WINDOWS);
        let lost = gaps.availability(at(20_000)).unwrap();
        assert!(lost < 0.5, "merged windows are longer, never shorter: {lost}");
        gaps.note(true, at(40 * 86_400));
        assert!(gaps.gaps.is_empty(), "a month is over");
    }

    #[test]
    fn nothing_is_known_before_somebody_asked() {
        assert_eq!(Gaps::default().availability(at(0)), None);
    }
}
