//! What an API server gives to an object to tell it from all others of its name, before and after it.

use std::fmt;

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
        let digits: String = text.chars().filter(|character| *character != '-').collect();
        let bytes = u128::from_str_radix(&digits, 16).map(u128::to_be_bytes);
        // What would be written differently is not the same uid.
        bytes.map(Self::Uuid).ok().filter(|uid| uid.to_string() == text).unwrap_or(Self::Other)
    }

    /// Whether there is one.
    #[must_use]
    pub const fn is_present(self) -> bool {
        !matches!(self, Self::Absent)
    }
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
        Ok(Self::of(&Option::<String>::deserialize(deserializer)?.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_comes_out_as_it_went_in_or_not_at_all() {
        let text = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
        assert_eq!(Uid::of(text).to_string(), text);
        for other in ["0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9", "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "u", "+1"] {
            assert_eq!(Uid::of(other), Uid::Other);
        }
        assert!(!Uid::of("").is_present());
        assert!(Uid::Other.is_present());
    }
}
