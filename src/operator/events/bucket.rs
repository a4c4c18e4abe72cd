//! The budget: some at once, and then one now and then.

use std::time::Duration;

use tokio::time::Instant;

/// How many may be written at once.
const AT_ONCE: u32 = 25;

/// After how long one more may be.
const EVERY: Duration = Duration::from_secs(10);

/// A token bucket, kept as the moment at which it will be full again.
#[derive(Debug)]
pub(super) struct Bucket {
    full: Instant,
}

impl Bucket {
    /// One that is full.
    pub(super) fn full(now: Instant) -> Self {
        Self { full: now }
    }

    /// When there is a token.
    pub(super) fn next(&self) -> Instant {
        self.full.checked_sub(EVERY.saturating_mul(AT_ONCE - 1)).unwrap_or(self.full)
    }

    /// Takes one.
    pub(super) fn take(&mut self, now: Instant) {
        self.full = self.full.max(now) + EVERY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_go_at_once_and_then_one_now_and_then() {
        let now = Instant::now() + EVERY * 100;
        let mut bucket = Bucket::full(now);
        for _ in 0..AT_ONCE {
            assert!(bucket.next() <= now);
            bucket.take(now);
        }
        assert_eq!(bucket.next(), now + EVERY);
        bucket.take(now + EVERY);
        assert_eq!(bucket.next(), now + EVERY * 2);
        let later = now + EVERY * 1_000;
        bucket.take(later);
        assert_eq!(
            bucket.next(),
            later - EVERY * (AT_ONCE - 2),
            "it is full after a rest, and no more than that"
        );
    }
}
