//! Reads the plain part of YAML: what most manifests are written in, a line at a time and without a scanner.
//!
//! Plain is a document of block maps and lists in which each value begins and ends on the line of its key or dash. Keys
//! are words; values are bare, or in quotes without escapes, or lists and maps of words and quotes in brackets. Whatever
//! else YAML has (block texts, anchors, tags, values of several lines, anything beyond ASCII) is not plain, and neither is
//! whatever is wrong: of such a document nothing is kept, and the YAML library reads it from its beginning. Nothing
//! is refused here, so that nothing but speed depends on what is plain.
//!
//! A tree made here is the one that the library would have led to, places included; tests compare the two.

use super::builder::Builder;
use super::scalar::{Scalar, resolve};
use super::{Limits, Node, Position, Value};

/// YAML takes no longer key without a `?` before it, and Kubernetes none nearly as long.
const LONGEST_KEY: usize = 512;

/// The tree of a text that begins on a line of its file, if the text is plain and not empty.
pub(crate) fn read<'a>(text: &'a str, first_line: u32, limits: &Limits) -> Option<Node<'a>> {
    if !has_plain_characters(text) {
        return None;
    }
    let start = Position { line: first_line, column: 1 };
    let mut reader = Reader {
        builder: Builder::new(limits),
        open: Vec::with_capacity(16),
        due: Some(start),
        line: first_line,
    };
    let mut may_begin = true;
    for line in text.split('\n') {
        let content = line.trim_start_matches(' ');
        if line.trim_end_matches(' ') == "---" && may_begin {
            may_begin = false;
        } else if !content.is_empty() && !content.starts_with('#') {
            may_begin = false;
            reader.content(content, line.len() - content.len())?;
        }
        reader.line = reader.line.saturating_add(1);
    }
    reader.finish()
}

/// Whether a text is printable ASCII in lines that end with LF, and no template.
fn has_plain_characters(text: &str) -> bool {
    // Without a way out of the loop it takes many bytes at a time.
    let other = text.bytes().fold(false, |other, byte| other | !matches!(byte, b'\n' | b' '..=b'~'));
    !other && !text.contains("{{")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    List,
    Map,
}

/// A list or map that may go on, and the column of its dashes or keys, from zero.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Open {
    kind: Kind,
    column: usize,
}

/// Reads lines. Every step ends with nothing where the text turns out not to be plain.
struct Reader<'a, 'l> {
    builder: Builder<'a, 'l>,
    /// The innermost last.
    open: Vec<Open>,
    /// Where a value stands that is still to come, if it turns out to be null.
    due: Option<Position>,
    line: u32,
}

impl<'a> Reader<'a, '_> {
    /// Takes a line from its first character that is no space.
    fn content(&mut self, mut text: &'a str, mut column: usize) -> Option<()> {
        let mut is_item = false;
        while let Some(item) = text.strip_prefix("- ") {
            let (inside, inner) = past_spaces(item, column + 2);
            self.reach(Open { kind: Kind::List, column }, inner)?;
            self.due = Some(self.place(column));
            is_item = true;
            (text, column) = (inside, inner);
        }
        if let Some((key, rest)) = split_key(text) {
            self.reach(Open { kind: Kind::Map, column }, column)?;
            self.builder.key(resolve(key).into_key(key).ok()?, self.place(column));
            let after = column + key.len();
            self.due = Some(self.place(after));
            let (value, column) = past_spaces(rest, after + 1);
            return if is_blank(rest) { Some(()) } else { self.value(value, column) };
        }
        if is_item { self.value(text, column) } else { None }
    }

    /// Goes on in a list or map: ends those within it, or begins it where a value is due. Its first key or item stands in
    /// another column.
    fn reach(&mut self, wanted: Open, first: usize) -> Option<()> {
        if let Some(place) = self.due.take() {
            let around = self.open.last().copied();
            let is_inside = around.is_none_or(|around| wanted.column > around.column);
            // The dashes of a list may stand right below its key. The library then says that it begins at its first item.
            let is_below = around == Some(Open { kind: Kind::Map, ..wanted }) && wanted.kind == Kind::List;
            if is_inside || is_below {
                self.open.push(wanted);
                let place = self.place(if is_below { first } else { wanted.column });
                return match wanted.kind {
                    Kind::List => self.builder.start_list(place, 0),
                    Kind::Map => self.builder.start_map(place, 0),
                }
                .ok();
            }
            self.take(Value::Null, place)?;
        }
        while let Some(inner) = self.open.last().filter(|it| **it != wanted) {
            let may_end =
                inner.column > wanted.column || (inner.column == wanted.column && inner.kind == Kind::List);
            if !may_end {
                return None;
            }
            self.open.pop();
            self.builder.end().ok()?;
        }
        (!self.open.is_empty()).then_some(())
    }

    /// Takes the value that is due, and what is left of the line.
    fn value(&mut self, text: &'a str, column: usize) -> Option<()> {
        self.due = None;
        if text.starts_with(['[', '{', '"', '\'']) {
            return self.bracketed(text, column).and_then(|(rest, _)| is_blank(rest).then_some(()));
        }
        self.take(meant(bare(text)?)?, self.place(column))
    }

    /// Takes what ends where its bracket or quote is closed, or a word within brackets. Returns what follows it, and its
    /// column.
    fn bracketed(&mut self, text: &'a str, column: usize) -> Option<(&'a str, usize)> {
        let place = self.place(column);
        let (rest, column) = match text.bytes().next()? {
            b'[' => {
                self.builder.start_list(place, 0).ok()?;
                return self.separated(text, column, "]", Self::bracketed);
            }
            b'{' => {
                self.builder.start_map(place, 0).ok()?;
                return self.separated(text, column, "}", Self::bracketed_entry);
            }
            b'"' | b'\'' => {
                let (value, rest) = quoted(text)?;
                self.take(Value::String(value.into()), place)?;
                (rest, column + text.len() - rest.len())
            }
            _ => {
                let (word, rest) = split_word(text)?;
                self.take(meant(word).filter(|_| word != "-")?, place)?;
                (rest, column + word.len())
            }
        };
        Some((rest, column))
    }

    /// Takes a key and its value within brackets.
    fn bracketed_entry(&mut self, text: &'a str, column: usize) -> Option<(&'a str, usize)> {
        let (key, rest) = split_key(text)?;
        self.builder.key(resolve(key).into_key(key).ok()?, self.place(column));
        let (value, column) = past_spaces(rest, column + key.len() + 1);
        self.bracketed(value, column)
    }

    /// Takes what stands between brackets, one after the other, from the opening one to the one that closes it.
    fn separated(
        &mut self,
        text: &'a str,
        column: usize,
        closing: &str,
        take: impl Fn(&mut Self, &'a str, usize) -> Option<(&'a str, usize)>,
    ) -> Option<(&'a str, usize)> {
        let (mut text, mut column) = past_spaces(text.get(1..)?, column + 1);
        if !text.starts_with(closing) {
            (text, column) = take(self, text, column)?;
            (text, column) = past_spaces(text, column);
            while let Some(next) = text.strip_prefix(',') {
                (text, column) = past_spaces(next, column + 1);
                (text, column) = take(self, text, column)?;
                (text, column) = past_spaces(text, column);
            }
        }
        self.builder.end().ok()?;
        Some((text.strip_prefix(closing)?, column + 1))
    }

    fn take(&mut self, value: Value<'a>, position: Position) -> Option<()> {
        self.builder.value(Node { value, position }, 0).ok()
    }

    fn finish(mut self) -> Option<Node<'a>> {
        if self.open.is_empty() {
            return None;
        }
        if let Some(place) = self.due.take() {
            self.take(Value::Null, place)?;
        }
        while self.open.pop().is_some() {
            self.builder.end().ok()?;
        }
        self.builder.finish()
    }

    /// The place of a column, from zero, of this line.
    fn place(&self, column: usize) -> Position {
        Position { line: self.line, ..Position::new(0, column.saturating_add(1)) }
    }
}

/// Splits a key in bare letters from what follows its colon.
fn split_key(text: &str) -> Option<(&str, &str)> {
    let (key, rest) = split_word(text)?;
    let rest = rest.strip_prefix(':')?;
    let is_key = key.len() <= LONGEST_KEY && !key.starts_with('-');
    (is_key && (rest.is_empty() || rest.starts_with(' '))).then_some((key, rest))
}

/// Splits a text after what means nothing but itself wherever it stands, save for a dash at its beginning.
fn split_word(text: &str) -> Option<(&str, &str)> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let length = text.bytes().take_while(is_letter).count();
    text.split_at_checked(length).filter(|(word, _)| !word.is_empty())
}

/// Splits a text in quotes, without any escape, from what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (quote, inside) = text.split_at_checked(1)?;
    let (value, rest) = inside.split_once(quote)?;
    let is_escaped = if quote == "'" { rest.starts_with(quote) } else { value.contains('\\') };
    (!is_escaped).then_some((value, rest))
}

/// A value without quotes, which ends with its line or before a comment.
fn bare(text: &str) -> Option<&str> {
    let may_begin = match text.as_bytes() {
        [b'-', second, ..] => *second != b' ',
        [first, ..] => !b"-?:,[]{}#&*!|>'\"%@`".contains(first),
        [] => false,
    };
    let (value, _) = text.split_once(" #").unwrap_or((text, ""));
    let value = value.trim_end_matches(' ');
    (may_begin && !value.contains(": ") && !value.ends_with(':')).then_some(value)
}

/// What a value without quotes means. A number that is not finite is an error, which the library's reader tells.
fn meant(text: &str) -> Option<Value<'_>> {
    match resolve(text) {
        Scalar::Float(number) if !number.is_finite() => None,
        scalar => scalar.into_value(text),
    }
}

/// Whether nothing but spaces and perhaps a comment is left of a line.
fn is_blank(rest: &str) -> bool {
    let content = rest.trim_start_matches(' ');
    content.is_empty() || (content.starts_with('#') && content.len() < rest.len())
}

/// What follows the spaces that a text begins with, and its column.
fn past_spaces(text: &str, column: usize) -> (&str, usize) {
    let rest = text.trim_start_matches(' ');
    (rest, column + text.len() - rest.len())
}

#[cfg(test)]
mod tests;
