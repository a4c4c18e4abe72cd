//! Shares of a hundred, to one decimal, without floats.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A share of a hundred with one decimal, such as `87.5`. Text in the API, tenths inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u16);

impl Percent {
    /// All of it.
    pub const HUNDRED: Self = Self(1000);

    /// The share that `part` is of `whole`, or nothing where there is no whole to be a share of.
    ///
    /// Rounded down: 100.0 says that all of them are, and nothing less does.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        let tenths = u128::from(part.min(whole)) * 1000 / u128::from(whole);
        u16::try_from(tenths).ok().map(Self)
    }

    /// In tenths of a percent: 875 for 87.5.
    #[must_use]
    pub const fn tenths(self) -> u16 {
        self.0
    }

    /// Whether it is at least so many whole percent.
    #[must_use]
    pub fn reaches(self, target: i32) -> bool {
        i64::from(self.0) >= i64::from(target) * 10
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.0 / 10, self.0 % 10))
    }
}

/// A text that is not a percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a percentage: write it with one decimal, from `0.0` to `100.0`")]
pub struct ParsePercentError(String);

impl FromStr for Percent {
    type Err = ParsePercentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (whole, tenth) = text.split_once('.')?;
            let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
            let shaped = matches!(whole.len(), 1..=3) && tenth.len() == 1 && digits(whole) && digits(tenth);
            let tenths = whole.parse::<u16>().ok()? * 10 + tenth.parse::<u16>().ok()?;
            (shaped && tenths <= 1000).then_some(Self(tenths))
        };
        parse().ok_or_else(|| ParsePercentError(text.to_owned()))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Percent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": 5, "pattern": r"^(100\.0|[0-9]{1,2}\.[0-9])$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_of_them_is_a_hundred() {
        let text = |part, whole| Percent::of(part, whole).map(|p| p.to_string());
        assert_eq!(text(7, 8).as_deref(), Some("87.5"));
        assert_eq!(text(99_999, 100_000).as_deref(), Some("99.9"));
        assert_eq!(text(u64::MAX, u64::MAX).as_deref(), Some("100.0"));
        assert_eq!(text(0, 3).as_deref(), Some("0.0"));
    }

    #[test]
    fn nothing_of_nothing_is_no_percentage() {
        assert_eq!(Percent::of(0, 0), None);
    }

    #[test]
    fn targets_are_met_from_the_full_percent_on() {
        let share = Percent::of(949, 1000).unwrap();
        assert!(share.reaches(94) && !share.reaches(95));
        assert!(Percent::HUNDRED.reaches(100));
    }

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        for text in ["0.0", "7.5", "87.5", "100.0"] {
            assert_eq!(text.parse::<Percent>().unwrap().to_string(), text);
        }
        for text in ["", ".", "100.1", "100", "87.55", "-1.0", "1000.0", "+1.0", "65536.0"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }
}
