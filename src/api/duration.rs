//! Lengths of time as people write them: one number and one unit.

use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What a duration that means something looks like in the API.
pub(super) const PATTERN: &str = "^[1-9][0-9]{0,4}[dhm]$";
/// The same where "not at all" is a sensible answer, written `0m`.
pub(super) const PATTERN_OR_ZERO: &str = "^([1-9][0-9]{0,4}[dhm]|0m)$";

/// A length of time: one number and one unit, such as `30d`, `12h` or `10m`; `0m` is none at all.
///
/// A day is 24 hours. Durations that are equally long are equal, however they are written.
#[derive(Clone, Copy, Debug)]
pub struct Duration {
    amount: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    Days,
    Hours,
    Minutes,
}

impl Duration {
    /// So many days.
    #[must_use]
    pub const fn days(amount: u16) -> Self {
        Self { amount: amount as u32, unit: Unit::Days }
    }

    /// So many hours.
    #[must_use]
    pub const fn hours(amount: u16) -> Self {
        Self { amount: amount as u32, unit: Unit::Hours }
    }

    /// So many minutes.
    #[must_use]
    pub const fn minutes(amount: u16) -> Self {
        Self { amount: amount as u32, unit: Unit::Minutes }
    }

    /// The length in seconds.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        let unit: i64 = match self.unit {
            Unit::Days => 86_400,
            Unit::Hours => 3_600,
            Unit::Minutes => 60,
        };
        self.amount as i64 * unit
    }

    /// Whether it is `0m`.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.amount == 0
    }
}

impl PartialEq for Duration {
    fn eq(&self, other: &Self) -> bool {
        self.as_seconds() == other.as_seconds()
    }
}

impl Eq for Duration {}

impl Hash for Duration {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_seconds().hash(state);
    }
}

impl PartialOrd for Duration {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Duration {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_seconds().cmp(&other.as_seconds())
    }
}

impl From<Duration> for SignedDuration {
    fn from(duration: Duration) -> Self {
        Self::from_secs(duration.as_seconds())
    }
}

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write one number and one unit, such as `30d`, `12h` or `10m`")]
pub struct ParseDurationError(String);

impl FromStr for Duration {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || ParseDurationError(text.to_owned());
        let (digits, unit) = if let Some(digits) = text.strip_suffix('d') {
            (digits, Unit::Days)
        } else if let Some(digits) = text.strip_suffix('h') {
            (digits, Unit::Hours)
        } else if let Some(digits) = text.strip_suffix('m') {
            (digits, Unit::Minutes)
        } else {
            return Err(refuse());
        };
        let plain = !digits.is_empty() && digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit());
        let zero = text == "0m";
        if !plain || (digits.starts_with('0') && !zero) {
            return Err(refuse());
        }
        Ok(Self { amount: digits.parse().map_err(|_| refuse())?, unit })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            _ if self.is_zero() => 'm',
            Unit::Days => 'd',
            Unit::Hours => 'h',
            Unit::Minutes => 'm',
        };
        f.pad(&format!("{}{unit}", self.amount))
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": 6, "pattern": PATTERN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_hours_and_minutes() {
        let seconds = |text: &str| text.parse::<Duration>().map(Duration::as_seconds);
        assert_eq!(seconds("30d"), Ok(2_592_000));
        assert_eq!(seconds("12h"), Ok(43_200));
        assert_eq!(seconds("99999m"), Ok(5_999_940));
        assert_eq!(seconds("0m"), Ok(0));
    }

    #[test]
    fn refuses_everything_else_and_says_what_to_write() {
        for text in [
            "", "d", "0d", "0h", "00m", "07d", "1w", "1.5h", "-1d", "+1d", "100000d", "1d12h", " 1d", "1D",
            "٣d",
        ] {
            let error = text.parse::<Duration>().unwrap_err();
            assert!(error.to_string().contains("such as `30d`"), "{text}");
        }
    }

    #[test]
    fn writes_what_it_read() {
        for text in ["30d", "12h", "10m", "0m", "99999d"] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
        }
        assert_eq!(Duration::days(0).to_string(), "0m", "the one spelling of nothing");
    }

    #[test]
    fn equal_lengths_are_equal_and_longer_ones_greater() {
        assert_eq!(Duration::days(1), Duration::hours(24));
        assert!(Duration::hours(25) > Duration::days(1));
        assert_eq!(SignedDuration::from(Duration::minutes(90)), SignedDuration::from_mins(90));
    }
}
