//! Shared strings: a cluster says `app.kubernetes.io/name` a hundred thousand times, and it is stored once.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

use arcstr::ArcStr;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::list::List;
use super::shared::Handle;

/// How many recently seen strings each thread remembers. Bounded: a slot is overwritten by the next string that
/// falls on it.
const SLOTS: usize = 4096;

/// Strings longer than this are rarely repeated and are not remembered.
const LONGEST_SHARED: usize = 256;

thread_local! {
    static RECENT: RefCell<Vec<Option<ArcStr>>> = RefCell::new(vec![None; SLOTS]);
}

/// An immutable string that takes one word, is cheap to clone and shared between the facts that repeat it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Text(ArcStr);

impl Text {
    /// The string itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Has this thread no longer remember the string, for what must not be kept.
    pub(super) fn forget(&self) {
        RECENT.with_borrow_mut(|recent| {
            if let Some(slot) = recent.get_mut(slot_of(self)) {
                slot.take_if(|known| *known == self.0);
            }
        });
    }

    /// A text that shares its bytes with the same string seen recently on this thread.
    fn shared(value: &str) -> Self {
        if value.is_empty() || value.len() > LONGEST_SHARED {
            return Self(ArcStr::from(value));
        }
        RECENT.with_borrow_mut(|recent| {
            let Some(slot) = recent.get_mut(slot_of(value)) else { return Self(ArcStr::from(value)) };
            match slot {
                Some(known) if known == value => Self(known.clone()),
                _ => Self(slot.insert(ArcStr::from(value)).clone()),
            }
        })
    }
}

/// Eight bytes at a time, folded to a slot number: cheap, and a collision only costs a missed share.
fn slot_of(value: &str) -> usize {
    let (words, rest) = value.as_bytes().as_chunks();
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    let words = words.iter().chain([&last]).map(|word| u64::from_le_bytes(*word));
    // An odd constant without a pattern, 2^64 by the golden ratio: what is multiplied by it differs in its upper bits.
    let hash =
        words.fold(0, |hash: u64, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    usize::try_from(hash >> (u64::BITS - SLOTS.ilog2())).unwrap_or(0)
}

impl Handle for Text {
    fn is_alone(&self) -> bool {
        ArcStr::strong_count(&self.0) == Some(1)
    }
}

impl Handle for TextMap {
    fn is_alone(&self) -> bool {
        self.0.is_alone()
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(value: &str) -> Self {
        Self::shared(value)
    }
}

impl From<String> for Text {
    fn from(value: String) -> Self {
        Self::shared(&value)
    }
}

impl From<&Self> for Text {
    fn from(value: &Self) -> Self {
        value.clone()
    }
}

impl Ord for Text {
    /// As strings; those that share their bytes are equal without a look at them.
    fn cmp(&self, other: &Self) -> Ordering {
        if ArcStr::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.as_str().cmp(other.as_str()) }
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Text, E> {
                Ok(Text::shared(value))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A small map from text to text, sorted by key: labels, annotations, resource quantities.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextMap(List<(Text, Text)>);

impl TextMap {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Text> {
        let found = self.0.binary_search_by(|(known, _)| known.as_str().cmp(key)).ok()?;
        self.0.get(found).map(|(_, value)| value)
    }

    /// All pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many pairs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<K: Into<Text>, V: Into<Text>> FromIterator<(K, V)> for TextMap {
    /// Sorts by key; of a repeated key the last value wins, as in JSON.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut pairs: Vec<(Text, Text)> =
            pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
        pairs.reverse();
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, kept| later.0 == kept.0);
        Self(List::from(pairs))
    }
}

impl fmt::Debug for TextMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'de> Deserialize<'de> for TextMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;

        impl<'de> Visitor<'de> for MapVisitor {
            type Value = TextMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TextMap, A::Error> {
                let mut pairs: Vec<(Text, Text)> = Vec::with_capacity(map.size_hint().unwrap_or(0).min(64));
                while let Some((key, value)) = map.next_entry::<Text, Option<Text>>()? {
                    pairs.push((key, value.unwrap_or_default()));
                }
                Ok(pairs.into_iter().collect())
            }
        }

        deserializer.deserialize_map(MapVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_their_bytes() {
        let (first, second) = (Text::from("payments"), Text::from("payments"));
        assert!(ArcStr::ptr_eq(&first.0, &second.0));
    }

    #[test]
    fn a_map_answers_by_key_and_keeps_the_last_of_a_repeated_one() {
        let map: TextMap = [("b", "1"), ("a", "2"), ("b", "3")].into_iter().collect();
        assert_eq!(map.get("b").map(Text::as_str), Some("3"));
        assert_eq!(map.get("c"), None);
        assert_eq!(map.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }
}
