//! Helpers for decoding what the API server sends and what people write.

use std::fmt;
use std::ops::Deref;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::list::List;
use super::shared::Recent;
use super::text::{Text, TextMap};

/// `null` is absence: Go writes an empty slice or map as `null`, and people write it to unset a field.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A list that takes no more room than it needs: one that grows has room for four at least, and facts are held for long.
pub(super) fn list<'de, D, T, L>(deserializer: D) -> Result<L, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    L: From<Vec<T>> + Deref<Target = [T]>,
{
    let mut list: Vec<T> = null_as_default(deserializer)?;
    list.shrink_to_fit();
    Ok(L::from(list))
}

/// A list of texts; an element that is `null` is the empty text, as in Go.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<List<Text>, D::Error> {
    let texts: Vec<Option<Text>> = null_as_default(deserializer)?;
    Ok(texts.into_iter().map(Option::unwrap_or_default).collect())
}

/// A quantity may be written as a number (`cpu: 2`) or a string (`cpu: 500m`); it is kept as written.
#[derive(Default)]
struct Quantity(Text);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct QuantityVisitor;

        impl Visitor<'_> for QuantityVisitor {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity such as `500m` or `2`")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Quantity, E> {
                Ok(Quantity(Text::from(value)))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Quantity, E> {
                Ok(Quantity(Text::from(value.to_string())))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Quantity, E> {
                Ok(Quantity(Text::from(value.to_string())))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Quantity, E> {
                Ok(Quantity(Text::from(value.to_string())))
            }
        }

        deserializer.deserialize_any(QuantityVisitor)
    }
}

/// A map of resource names to quantities.
pub(super) fn quantities<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TextMap, D::Error> {
    let pairs: Option<std::collections::BTreeMap<Text, Option<Quantity>>> =
        Option::deserialize(deserializer)?;
    Ok(pairs
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, quantity)| quantity.map(|quantity| (name, quantity.0)))
        .collect::<TextMap>()
        .shared())
}
