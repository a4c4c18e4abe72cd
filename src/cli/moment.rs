//! Moments on the command line.

use jiff::Timestamp;

use crate::api::Date;

/// A moment, or the beginning of a day.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().map(Date::start);
    text.parse::<Timestamp>().or_else(|_| day()).map_err(|_| {
        "write a day such as 2027-01-15, or a time with its zone such as 2027-01-15T08:00:00Z".to_owned()
    })
}

/// The present, to the second.
#[expect(clippy::disallowed_methods, reason = "the command line is what has a clock")]
pub(super) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
