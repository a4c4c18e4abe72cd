//! The operator's clock: the one place where it looks at the time.

use std::time::Instant;

use jiff::Timestamp;

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of the operator; the engine gets the time as a value"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}

/// Now, in seconds.
pub(super) fn seconds() -> i64 {
    now().as_second()
}

/// A moment to measure from.
#[expect(clippy::disallowed_methods, reason = "the operator measures how long it takes")]
pub(super) fn instant() -> Instant {
    Instant::now()
}
