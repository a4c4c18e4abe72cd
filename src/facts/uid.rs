//! What an API server gives to an object to tell it from all others of its name, before and after it.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

/// The uid of an object. Cluster objects have one; manifests have none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Uid {
    /// There is none.
    #[default]
    Absent,
    /// What API servers give: sixteen bytes, where the text would take four times as much.
    Uuid([u8; 16]),
    /// Something else, of which only that it is there is kept.
    Other,
}

impl Uid {
    /// Reads one.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::Absent;
        }
        read(text.as_bytes()).map_or(Self::Other, Self::Uuid)
    }

    /// Whether there is one.
    #[must_use]
    pub const fn is_present(self) -> bool {
        !matches!(self, Self::Absent)
    }
}

/// The bytes, if they are written as they would be again. Every object of a cluster has one.
fn read(text: &[u8]) -> Option<[u8; 16]> {
    let mut bytes = [0_u8; 16];
    let mut digits = 0;
    for (index, character) in text.iter().enumerate() {
        let digit = match (index, character) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => character - b'0',
            (_, b'a'..=b'f') => character - b'a' + 10,
            _ => return None,
        };
        let byte = bytes.get_mut(digits / 2)?;
        *byte = (*byte << 4) | digit;
        digits += 1;
    }
    (digits == 32).then_some(bytes)
}

/// As the API server writes it; empty if that is not known.
impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Uuid(bytes) = self else { return Ok(()) };
        bytes.iter().enumerate().try_for_each(|(index, byte)| {
            let dash = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")
        })
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UidVisitor;

        impl<'de> Visitor<'de> for UidVisitor {
            type Value = Uid;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a uid")
            }

            fn visit_none<E>(self) -> Result<Uid, E> {
                Ok(Uid::Absent)
            }

            fn visit_unit<E>(self) -> Result<Uid, E> {
                Ok(Uid::Absent)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Uid, D::Error> {
                deserializer.deserialize_str(self)
            }

            fn visit_str<E>(self, text: &str) -> Result<Uid, E> {
                Ok(Uid::of(text))
            }
        }

        deserializer.deserialize_option(UidVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_comes_out_as_it_went_in_or_not_at_all() {
        let text = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        assert_eq!(Uid::of(text).to_string(), text);
        for other in [
            "0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9",
            "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "u",
            "+1",
            text.get(1..).unwrap_or_default(),
        ] {
            assert_eq!(Uid::of(other), Uid::Other);
        }
        assert_eq!(Uid::of(&format!("{text}0")), Uid::Other);
        assert!(!Uid::of("").is_present());
        assert!(Uid::Other.is_present());
    }
}
