//! Since when there are changes that no evaluation has looked at.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The moment of the first change that was not looked at.
#[derive(Debug, Default)]
pub(super) struct Unseen(Mutex<Option<Instant>>);

impl Unseen {
    /// Something changed.
    pub(super) fn note(&self, now: Instant) {
        self.first().get_or_insert(now);
    }

    /// Everything is being looked at now.
    pub(super) fn take(&self) -> Option<Instant> {
        self.first().take()
    }

    fn first(&self) -> MutexGuard<'_, Option<Instant>> {
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
        unseen.note(first);
        unseen.note(first + Duration::from_secs(1));
        assert_eq!(unseen.take(), Some(first));
        assert_eq!(unseen.take(), None);
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
