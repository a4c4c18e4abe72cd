//! Days of the calendar, in UTC.

use std::{borrow::Cow, fmt, str::FromStr};

use jiff::{Timestamp, civil, tz::TimeZone};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A day of the calendar such as `2026-12-07`. It begins at midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

impl Date {
    /// The moment at which the day begins, midnight UTC.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.0.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }

    /// The moment at which the day is over, the next midnight UTC.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.0.tomorrow().map_or(Timestamp::MAX, |next| Self(next).start())
    }

    /// The day on which a moment falls, in UTC.
    #[must_use]
    pub fn of(moment: Timestamp) -> Self {
        Self(TimeZone::UTC.to_datetime(moment).date())
    }
}

impl From<civil::Date> for Date {
    fn from(date: civil::Date) -> Self {
        Self(date)
    }
}

impl From<Date> for civil::Date {
    fn from(date: Date) -> Self {
        date.0
    }
}

/// A text that is not a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day: write year, month and day, such as `2026-12-07`")]
pub struct ParseDateError(String);

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // jiff reads more spellings of a day (20261207, a day with a time) than the API allows.
        if text.len() != 10 {
            return Err(ParseDateError(text.to_owned()));
        }
        text.parse().map(Self).map_err(|_| ParseDateError(text.to_owned()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Date {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date", "maxLength": 10 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_and_ends_at_midnight_utc() {
        let day: Date = "2026-12-31".parse().unwrap();
        assert_eq!(day.start().to_string(), "2026-12-31T00:00:00Z");
        assert_eq!(day.end().to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(Date::of("2027-01-01T01:30:00+02:00".parse().unwrap()), day);
    }

    #[test]
    fn refuses_what_is_not_a_day_and_says_what_to_write() {
        for text in ["", "2026-02-30", "2026-1-2", "20261207", "2026-12-07T00:00:00Z", "tomorrow"] {
            let error = text.parse::<Date>().unwrap_err();
            assert!(error.to_string().contains("such as `2026-12-07`"), "{text}");
        }
    }

    #[test]
    fn days_are_ordered_and_survive_json() {
        let (a, b): (Date, Date) = ("2026-12-07".parse().unwrap(), "2027-01-04".parse().unwrap());
        assert!(a < b);
        assert_eq!(serde_json::from_value::<Date>(serde_json::to_value(a).unwrap()).unwrap(), a);
    }
}
