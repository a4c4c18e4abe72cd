//! The operator's clock: the one place where it looks at the time.

use jiff::Timestamp;

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of the operator; the engine gets the time as a value"
)]
pub(super) fn now() -> Timestamp {
    Timestamp::now()
}
