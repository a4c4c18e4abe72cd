//! Why a text is not a document.

use super::Position;

/// What stands in the way of reading a document, each with its place.
///
/// The message doesn't repeat the place: see [`Malformed::position`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The text breaks the rules of YAML or JSON.
    #[error("{reason}")]
    Syntax {
        /// Where the reader gave up.
        position: Position,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A map sets a key twice, so that readers disagree about its value.
    #[error("the key `{key}` is set twice in one map, first at line {}, column {}; keep one", first.line, first.column)]
    DuplicateKey {
        /// Where the key stands for the second time.
        position: Position,
        /// The key, as JSON has it.
        key: String,
        /// Where the key stands for the first time.
        first: Position,
    },
    /// A key that JSON can't express: a list, a map, null or a number beyond 63 bits.
    #[error("{found} can't be a key; use a string")]
    KeyType {
        /// Where the key stands.
        position: Position,
        /// What stands there.
        found: &'static str,
    },
    /// A value that its own tag refuses, such as `!!int abc`.
    #[error("`{text}` is not {wanted}, as its tag says; change the value or drop the tag")]
    Tag {
        /// Where the value stands.
        position: Position,
        /// The value.
        text: String,
        /// What the tag asks for.
        wanted: &'static str,
    },
    /// A number that JSON, and so the Kubernetes API, can't hold.
    #[error("`{text}` is no number in JSON; quote it if a string is meant")]
    NotFinite {
        /// Where the value stands.
        position: Position,
        /// The value.
        text: String,
    },
    /// `<<` with something other than a map or a list of maps.
    #[error("`<<` merges a map or a list of maps, and finds neither")]
    Merge {
        /// Where the value stands.
        position: Position,
    },
    /// An alias to a value that is not complete yet, because the alias is part of it.
    #[error("the alias is part of the value that it stands for; write the value out")]
    AliasCycle {
        /// Where the alias stands.
        position: Position,
    },
    /// A character outside quotes that `kubectl` takes for the end of a line, and newer readers don't, so that what follows
    /// it is text to some and YAML to others.
    #[error(
        "the line separator {character:?} stands outside quotes, and not every reader ends a line there; remove it"
    )]
    LineSeparator {
        /// Where it stands.
        position: Position,
        /// The character.
        character: char,
    },
    /// Lists and maps nest deeper than [`Limits::depth`](field@super::Limits::depth).
    #[error("lists and maps nest more than {limit} deep; raise the limit on depth if that is meant")]
    TooDeep {
        /// Where the limit was reached.
        position: Position,
        /// The limit.
        limit: usize,
    },
    /// The document holds more values than [`Limits::nodes`](field@super::Limits::nodes), counting those that aliases repeat.
    #[error(
        "more than {limit} values, those that aliases repeat included; split the document or raise the limit"
    )]
    TooManyNodes {
        /// Where the limit was reached.
        position: Position,
        /// The limit.
        limit: usize,
    },
    /// Aliases repeat more text than [`Limits::document_bytes`](field@super::Limits::document_bytes).
    #[error("aliases repeat more than {limit} bytes of text; write the values out or raise the limit")]
    TooMuchText {
        /// Where the limit was reached.
        position: Position,
        /// The limit.
        limit: usize,
    },
}

impl Malformed {
    /// The place in the file.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Syntax { position, .. }
            | Self::DuplicateKey { position, .. }
            | Self::KeyType { position, .. }
            | Self::Tag { position, .. }
            | Self::NotFinite { position, .. }
            | Self::Merge { position }
            | Self::AliasCycle { position }
            | Self::LineSeparator { position, .. }
            | Self::TooDeep { position, .. }
            | Self::TooManyNodes { position, .. }
            | Self::TooMuchText { position, .. } => *position,
        }
    }

    pub(crate) fn syntax(position: Position, reason: impl Into<String>) -> Self {
        Self::Syntax { position, reason: reason.into() }
    }
}
