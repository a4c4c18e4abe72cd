//! Lists that don't change: one word each, however many there are, and cheap to clone.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::{Deserialize, Deserializer};
use triomphe::ThinArc;

use super::shared::Handle;

/// An immutable list that takes one word and shares its elements with its clones. Most lists of an object are empty, and
/// those take nothing beyond.
pub struct List<T>(Option<ThinArc<(), T>>);

impl<T> List<T> {
    /// The elements.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self
    }

    /// Whether both are one, so that their elements need no look.
    fn is(&self, other: &Self) -> bool {
        self.as_ptr_range() == other.as_ptr_range()
    }
}

impl<T: Eq + Hash> Handle for List<T> {
    fn is_alone(&self) -> bool {
        self.0.as_ref().is_none_or(|shared| ThinArc::strong_count(shared) == 1)
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_ref().map_or(&[], |shared| &shared.slice)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(elements: Vec<T>) -> Self {
        Self((!elements.is_empty()).then(|| ThinArc::from_header_and_iter((), elements.into_iter())))
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::from(Vec::from_iter(elements))
    }
}

/// Makes a new list; clones keep the elements that they had.
impl<T: Clone> Extend<T> for List<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, further: I) {
        let mut further = further.into_iter().peekable();
        if further.peek().is_some() {
            *self = self.iter().cloned().chain(further).collect();
        }
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Eq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || **self == **other
    }
}

impl<T: Eq> Eq for List<T> {}

impl<T: PartialEq<U>, U, const N: usize> PartialEq<[U; N]> for List<T> {
    fn eq(&self, other: &[U; N]) -> bool {
        **self == *other
    }
}

impl<T: Ord> PartialOrd for List<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Ord> Ord for List<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.is(other) { Ordering::Equal } else { (**self).cmp(&**other) }
    }
}

impl<T: Hash> Hash for List<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_its_elements_and_takes_one_word() {
        let (empty, list) = (List::<u8>::default(), List::from(vec![1_u8, 2]));
        assert!(empty.is_empty() && empty < list);
        assert_eq!(list, [1, 2]);
        assert_eq!(list, List::from_iter([1, 2]));
        let mut longer = list.clone();
        assert!(list.is(&longer));
        longer.extend([3]);
        assert_eq!((list.len(), longer.len()), (2, 3));
        assert_eq!(size_of::<List<u8>>(), size_of::<usize>());
    }
}
