//! Since when there are changes that no evaluation has looked at.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry::trace::SpanContext;

use super::trace::MOST_CHANGES;

/// The changes that were not looked at.
#[derive(Debug, Default)]
pub(super) struct Unseen(Mutex<Option<Changed>>);

/// What there is to know of changes.
#[derive(Debug)]
pub(super) struct Changed {
    /// When the first came.
    pub(super) first: Instant,
    /// How many there were.
    pub(super) number: usize,
    /// The spans of some of them, if there are traces.
    pub(super) spans: Vec<SpanContext>,
}

impl Unseen {
    /// Something changed.
    pub(super) fn note(&self, now: Instant, span: Option<SpanContext>) {
        let mut unseen = self.changed();
        let changed = unseen.get_or_insert(Changed { first: now, number: 0, spans: Vec::new() });
        changed.number = changed.number.saturating_add(1);
        changed.spans.extend(span.filter(|_| changed.spans.len() < MOST_CHANGES));
    }

    /// Whether one more has a span.
    pub(super) fn takes_spans(&self) -> bool {
        self.changed().as_ref().is_none_or(|changed| changed.spans.len() < MOST_CHANGES)
    }

    /// Everything is being looked at now.
    pub(super) fn take(&self) -> Option<Changed> {
        self.changed().take()
    }

    fn changed(&self) -> MutexGuard<'_, Option<Changed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Since when statuses wait that a change asked for.
#[derive(Debug, Default)]
pub(super) struct Unwritten(Option<Instant>);

impl Unwritten {
    /// An evaluation found this to be written, for a change of that time.
    pub(super) fn found(&mut self, writes: usize, since: Instant) {
        // Nothing left: somebody else wrote it, or it isn't so any more.
        self.0 = (writes > 0).then(|| self.0.map_or(since, |known| known.min(since)));
    }

    /// All of it was written.
    pub(super) fn settled(&mut self) -> Option<Instant> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::clock;
    use super::*;

    #[test]
    fn it_is_the_first_change_that_counts() {
        let (first, unseen) = (clock::instant(), Unseen::default());
        unseen.note(first, None);
        unseen.note(first + Duration::from_secs(1), None);
        let changed = unseen.take().unwrap();
        assert_eq!((changed.first, changed.number), (first, 2));
        assert!(unseen.take().is_none());
    }

    #[test]
    fn every_change_is_counted_and_some_have_a_span() {
        let (now, unseen) = (clock::instant(), Unseen::default());
        for _ in 0..MOST_CHANGES {
            assert!(unseen.takes_spans());
            unseen.note(now, Some(SpanContext::empty_context()));
        }
        assert!(!unseen.takes_spans());
        unseen.note(now, Some(SpanContext::empty_context()));
        let changed = unseen.take().unwrap();
        assert_eq!((changed.number, changed.spans.len()), (MOST_CHANGES + 1, MOST_CHANGES));
    }

    #[test]
    fn a_status_that_waits_waits_since_the_first_change_that_asked_for_one() {
        let (first, mut unwritten) = (clock::instant(), Unwritten::default());
        unwritten.found(2, first);
        unwritten.found(3, first + Duration::from_secs(1));
        assert_eq!(unwritten.settled(), Some(first));
        assert_eq!(unwritten.settled(), None, "what is written is not written again");
        unwritten.found(1, first);
        unwritten.found(0, first + Duration::from_secs(1));
        assert_eq!(unwritten.settled(), None, "another replica did it");
    }
}
