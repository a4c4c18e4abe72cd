//! Ports and ranges of ports as parameters name them.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a range looks like as text; the schema says the same.
const PATTERN: &str = "^[0-9]{1,5}(-[0-9]{1,5})?$";

/// One port, `9100`, or all from the first to the last, `30000-30100`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    fn new(written: &str) -> Result<Self, String> {
        let (first, last) = written.split_once('-').unwrap_or((written, written));
        let port = |digits: &str| digits.parse::<u16>().ok().filter(|port| *port != 0);
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(format!(
                "`{written}` is no port; write one such as 9100, or a range such as `30000-30100`"
            )),
        }
    }

    /// Whether a port is in the range.
    pub(super) fn contains(self, port: i32) -> bool {
        (i32::from(self.first)..=i32::from(self.last)).contains(&port)
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RangeVisitor;

        impl Visitor<'_> for RangeVisitor {
            type Value = PortRange;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port such as 9100, or a range such as `30000-30100`")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<PortRange, E> {
                PortRange::new(value).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<PortRange, E> {
                PortRange::new(&value.to_string()).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<PortRange, E> {
                PortRange::new(&value.to_string()).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(RangeVisitor)
    }
}

impl Serialize for PortRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.first == self.last {
            serializer.serialize_u16(self.first)
        } else {
            serializer.collect_str(&format_args!("{}-{}", self.first, self.last))
        }
    }
}

impl JsonSchema for PortRange {
    fn schema_name() -> Cow<'static, str> {
        "PortRange".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["integer", "string"], "minimum": 1, "maximum": u16::MAX, "pattern": PATTERN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_back_as_it_was_read() {
        let written = serde_json::json!([9100, "30000-30100"]);
        let ranges: Vec<PortRange> = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(ranges).unwrap(), written);
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for wrong in ["", "http", "0", "70000", "9100-", "2-1", "1-2-3"] {
            assert!(PortRange::new(wrong).is_err(), "{wrong}");
        }
        assert!(serde_json::from_value::<PortRange>(serde_json::json!(-80)).is_err());
    }
}
