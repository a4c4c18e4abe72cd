//! The tree of a document: JSON's kinds of value, each with its line and column.

use std::borrow::Cow;
use std::fmt;

/// A place in a file. Lines and columns count from one, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from one.
    pub line: u32,
    /// The column in characters, from one.
    pub column: u32,
}

impl Position {
    /// The beginning of a file.
    pub const START: Self = Self { line: 1, column: 1 };

    /// A place from counters that may be wider; a file beyond four billion lines is placed at the last of them.
    pub(crate) fn new(line: usize, column: usize) -> Self {
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { line: narrow(line), column: narrow(column) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and where it begins. Texts that stand in the file as they are, as most do, are borrowed from it.
///
/// What an alias repeats keeps the place of the value that it repeats, because that is the line to mend.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'a> {
    /// The value.
    pub value: Value<'a>,
    /// Where it begins: the text of a scalar (within the block of `|` and `>`), the first key of a map, the first dash
    /// of a list, the opening bracket of either.
    pub position: Position,
}

/// What a node holds: the kinds of JSON, with whole numbers kept apart from others.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`, `~` or nothing at all.
    Null,
    /// A truth value, whichever way YAML 1.1 spells it.
    Bool(bool),
    /// A whole number within 64 bits, with sign.
    Int(i64),
    /// A whole number above the largest [`Value::Int`].
    UInt(u64),
    /// Any other finite number.
    Float(f64),
    /// A text.
    String(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// A map, in the order of the file. No key occurs twice.
    Map(Vec<(Key<'a>, Node<'a>)>),
}

/// A key of a map and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<'a> {
    /// The key, as JSON has it: YAML's `1: a` has the key `1`.
    pub text: Cow<'a, str>,
    /// Where it stands.
    pub position: Position,
}

/// One step of a path into a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment<'a> {
    /// Into the value of a map's key.
    Key(&'a str),
    /// Into an item of a list, from zero.
    Index(usize),
}

impl<'a> Node<'a> {
    /// The value of a map's key, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A map's key with its value, if this is a map that has it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&(Key<'a>, Self)> {
        self.as_map()?.iter().find(|(k, _)| &*k.text == key)
    }

    /// The node at the end of a path, if every step of it exists.
    #[must_use]
    pub fn at(&self, path: &[Segment<'_>]) -> Option<&Self> {
        path.iter().try_fold(self, |node, segment| match segment {
            Segment::Key(key) => node.get(key),
            Segment::Index(index) => node.as_list()?.get(*index),
        })
    }

    /// The text, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries in the order of the file, if this is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&[(Key<'a>, Self)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Whether this is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The same tree, which outlives its text.
    #[must_use]
    pub fn into_owned(self) -> Node<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        let key = |key: Key<'a>| Key { text: owned(key.text), position: key.position };
        let value = match self.value {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Int(value) => Value::Int(value),
            Value::UInt(value) => Value::UInt(value),
            Value::Float(value) => Value::Float(value),
            Value::String(text) => Value::String(owned(text)),
            Value::List(items) => Value::List(items.into_iter().map(Self::into_owned).collect()),
            Value::Map(entries) => {
                Value::Map(entries.into_iter().map(|(name, value)| (key(name), value.into_owned())).collect())
            }
        };
        Node { value, position: self.position }
    }

    /// The same tree without places.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Int(value) => Json::from(*value),
            Value::UInt(value) => Json::from(*value),
            Value::Float(value) => Json::from(*value),
            Value::String(text) => Json::String(text.to_string()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => Json::Object(
                entries.iter().map(|(key, value)| (key.text.to_string(), value.to_json())).collect(),
            ),
        }
    }
}

/// A path as people write it: `spec.containers[0].image`, and `metadata.labels["app.kubernetes.io/name"]` where a key
/// holds more than letters, digits, `-` and `_`.
#[must_use]
pub fn path_text(path: &[Segment<'_>]) -> String {
    let mut text = String::new();
    for segment in path {
        push_segment(&mut text, *segment);
    }
    text
}

/// Adds one step to a path's text.
pub(crate) fn push_segment(path: &mut String, segment: Segment<'_>) {
    use fmt::Write as _;
    // Writing to a String can't fail.
    let _ = match segment {
        Segment::Index(index) => write!(path, "[{index}]"),
        Segment::Key(key) if !is_plain(key) => write!(path, "[{key:?}]"),
        Segment::Key(key) if path.is_empty() => write!(path, "{key}"),
        Segment::Key(key) => write!(path, ".{key}"),
    };
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_quotes_the_keys_that_need_it() {
        let path = [
            Segment::Key("metadata"),
            Segment::Key("annotations"),
            Segment::Key("example.com/a"),
            Segment::Index(3),
            Segment::Key("x-y_z"),
        ];
        assert_eq!(path_text(&path), r#"metadata.annotations["example.com/a"][3].x-y_z"#);
        assert_eq!(path_text(&[Segment::Index(0), Segment::Key("a")]), "[0].a");
        assert_eq!(path_text(&[]), "");
    }

    #[test]
    fn a_place_beyond_the_counters_is_the_last_one() {
        assert_eq!(Position::new(usize::MAX, 7), Position { line: u32::MAX, column: 7 });
    }

    #[test]
    fn a_node_stays_within_forty_bytes() {
        assert!(size_of::<Node>() <= 40, "{}", size_of::<Node>());
    }
}
