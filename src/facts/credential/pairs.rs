//! Names and values inside a line: `key=value`, `key: value`, `"key": "value"`, `<key>value</key>`.
//!
//! What holds the line isn't known: a `.env` file, properties, JSON, a connection string, a shell script. So a pair is
//! whatever stands on both sides of a separator, and what can only be code is left out.

use super::bytes::{Seen, end, start, starts_with, steps};
use super::kind::CredentialKind;
use super::name::{Name, Says};
use super::{form, literal};

/// The longest key.
const LONGEST_KEY: usize = 128;

/// The longest value that is looked at.
const LONGEST_VALUE: usize = 4096;

/// A name and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    place: Place,
    /// It has quotes, or a separator around which only a value can stand.
    literal: bool,
    /// A blank stands before the separator, or quotes around the key alone, or it is among arguments, as in code.
    spaced: bool,
}

/// Where a pair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Anywhere.
    Alone,
    /// It is one of several, as in `Server=db;Password=…` or `?user=…&password=…`.
    Joined,
    /// It is all of a string, as a header or a message is.
    InString,
}

impl<'a> Pair<'a> {
    /// The same value under another name.
    pub(super) const fn under(self, key: &'a str) -> Self {
        Self { key, ..self }
    }

    /// What the value looks like, by its form or its name.
    pub(super) fn spot(self) -> Option<CredentialKind> {
        form::spot(self.value, Seen::of(self.value)).or_else(|| self.spot_by_name())
    }

    /// What the value looks like by its name.
    pub(super) fn spot_by_name(self) -> Option<CredentialKind> {
        let name = Name::read(self.key);
        if name.says == Says::Nothing {
            return None;
        }
        let seen = Seen::of(self.value);
        if !self.literal && self.is_code(seen) {
            return None;
        }
        // What is sent along with others is no name of an object.
        let name = Name { screams: name.screams || self.place == Place::Joined, ..name };
        match literal::spot(name, self.value, seen)? {
            CredentialKind::Password if self.place == Place::InString => None,
            CredentialKind::Password if self.place == Place::Joined => Some(CredentialKind::ConnectionString),
            kind => Some(kind),
        }
    }

    /// Whether the value is an expression: `password = getpass()`, `token = parts[1]`, `secret = new_secret`.
    fn is_code(self, seen: Seen) -> bool {
        let calls = seen.any(Seen::BRACKET) && self.value.contains(['(', '[', '{', '<']);
        let identifier = seen.only(Seen::LOWER | Seen::UPPER | Seen::UNDERSCORE | Seen::DOT);
        let itself = self.spaced && self.key.ends_with(self.value);
        calls || (identifier && (itself || (self.spaced && seen.any(Seen::UNDERSCORE | Seen::DOT))))
    }
}

/// The first pair of a value whose name says that it is a credential, of a value that has no form of one.
pub(super) fn spot(value: &str, seen: Seen) -> Option<(&str, CredentialKind)> {
    let may_have = seen.any(Seen::EQUALS)
        || (seen.any(Seen::COLON) && seen.any(Seen::QUOTE | Seen::BLANK))
        || (seen.any(Seen::BRACKET) && value.contains("</"));
    if may_have { pairs(value).find_map(|pair| Some((pair.key, pair.spot_by_name()?))) } else { None }
}

/// The pairs of a line, from left to right. Every byte is looked at a few times at most: a key ends at the separator
/// before it, and a value at the next one.
pub(super) fn pairs(line: &str) -> impl Iterator<Item = Pair<'_>> {
    steps::take(line.len());
    let separators = line.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'=' | b':' | b'>'));
    separators.filter_map(move |(at, separator)| {
        let (before, after) = (line.get(..at)?, line.get(at + 1..)?);
        let key = key(before, separator)?;
        value(&key, after, separator)
    })
}

struct Key<'a> {
    text: &'a str,
    /// Nothing but blanks, a hyphen or `export` stands before it on the line.
    first: bool,
    /// A blank stands between it and the separator.
    spaced: bool,
    quotes: Quotes,
    /// What stands before it, quotes and blanks left out.
    before: u8,
}

/// The quotes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    /// Around the key alone, as in JSON.
    Around,
    /// Before the key: a string starts with it.
    Before,
}

/// The key before a separator.
fn key(before: &str, separator: u8) -> Option<Key<'_>> {
    let near = end(before, LONGEST_KEY);
    let trimmed = near.trim_end_matches([' ', '\t']);
    // Of `:=`, what stands before both.
    let bare = trimmed.strip_suffix(':').unwrap_or(trimmed);
    let inside = bare.strip_suffix(['"', '\'']).map_or(bare, |inside| inside.trim_end_matches('\\'));
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let length = inside.bytes().rev().take_while(is_part).count();
    steps::take(near.len() - inside.len() + length);
    let (left, text) = inside.split_at_checked(inside.len() - length)?;
    let text = text.trim_start_matches('-');
    let quotes = match () {
        () if inside.len() < bare.len() => Quotes::Around,
        () if left.ends_with(['"', '\'']) => Quotes::Before,
        () => Quotes::None,
    };
    let left = left.trim_end_matches(['"', '\'', '\\', ' ', '\t']);
    let before_key = left.bytes().next_back().unwrap_or(b' ');
    let first = before.len() == near.len() && matches!(left.trim_start(), "" | "-" | "export" | "set");
    // A comparison in a script, `[ "$TOKEN" = x ]`.
    let compares = before_key == b'$' || left.ends_with("${");
    let is_element = before_key == b'<' && inside.len() == near.len();
    if text.is_empty() || compares || (separator == b'>' && !is_element) {
        return None;
    }
    Some(Key { text, first, spaced: trimmed.len() < near.len(), quotes, before: before_key })
}

/// The value after a separator, and how it stands there.
fn value<'a>(key: &Key<'a>, after: &'a str, separator: u8) -> Option<Pair<'a>> {
    let after = start(after, LONGEST_VALUE);
    let spaced = key.spaced
        || (key.quotes == Quotes::Around && separator == b':')
        || matches!(key.before, b'(' | b',');
    let pair = Pair { key: key.text, value: after, place: Place::Alone, literal: true, spaced };
    if separator == b'>' {
        let (value, _) = after.split_once('<')?;
        steps::take(value.len());
        return Some(Pair { value: value.trim(), ..pair });
    }
    // `==`, `::` and `=~` separate nothing; `=>` does.
    if after.starts_with(['=', ':', '~']) {
        return None;
    }
    let arrow = after.strip_prefix('>').unwrap_or(after);
    let rest = arrow.trim_start_matches([' ', '\t']);
    if let Some(quote) = quote(rest) {
        let inside = rest.strip_prefix(quote)?;
        return Some(Pair { value: inside.get(..closing(inside, quote))?, ..pair });
    }
    if separator == b':' && rest.len() == arrow.len() {
        return None;
    }
    if separator == b':' && key.first && key.quotes != Quotes::Before {
        let value = rest.split(" #").next().unwrap_or_default();
        return Some(Pair { value: value.trim_end().trim_end_matches([',', ';']), ..pair });
    }
    let (value, follows) = split_bare(rest)?;
    let in_flow = matches!(key.before, b'{' | b',') && follows.starts_with([',', '}']);
    let is_whole = separator == b':' && key.quotes == Quotes::Before && follows.starts_with(['"', '\'']);
    let may_be_prose = key.spaced || (key.first && !is_shout(key.text));
    if (may_be_prose && is_sentence(follows)) || (separator == b':' && !in_flow && !is_whole) {
        return None;
    }
    let place = match () {
        () if is_whole => Place::InString,
        () if matches!(key.before, b';' | b'&' | b'?') || follows.starts_with([';', '&']) => Place::Joined,
        () => Place::Alone,
    };
    Some(Pair { value, place, literal: key.first && !spaced, ..pair })
}

/// A value without quotes, and what follows it. Signs of equality end it unless they are its last, as in base64.
fn split_bare(rest: &str) -> Option<(&str, &str)> {
    let ends = |c: char| c.is_whitespace() || ";&,\"'<>)|`}".contains(c);
    let length = rest.find(|c| c == '=' || ends(c)).unwrap_or(rest.len());
    steps::take(length);
    let (value, after) = rest.split_at_checked(length)?;
    let past = after.trim_start_matches('=');
    if past.is_empty() || past.starts_with(ends) {
        return rest.split_at_checked(rest.len() - past.len());
    }
    Some((value, after))
}

/// How a value is quoted.
fn quote(rest: &str) -> Option<&'static str> {
    ["\\\"", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote))
}

/// Where the quote ends, or the end.
fn closing(inside: &str, quote: &str) -> usize {
    let mut escaped = false;
    let last = quote.bytes().next_back().unwrap_or(b'"');
    let position = inside.bytes().position(|byte| {
        let closes = byte == last && (!escaped || quote.len() > 1);
        escaped = byte == b'\\' && !escaped;
        closes
    });
    steps::take(position.unwrap_or(inside.len()));
    let end = position.unwrap_or(inside.len());
    // Of `\"` the backslash is not the value's.
    if quote.len() > 1 && position.is_some() { end.saturating_sub(1) } else { end }
}

/// Whether what follows a value are words of a sentence and not the next pair or a comment.
fn is_sentence(follows: &str) -> bool {
    let mut words = follows.split_ascii_whitespace();
    follows.starts_with([' ', '\t'])
        && words
            .next()
            .is_some_and(|word| word.starts_with(|c: char| c.is_alphabetic()) && !word.contains('='))
}

fn is_shout(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// The password of a statement of SQL: `PASSWORD '…'`, `IDENTIFIED BY '…'`.
pub(super) fn spot_in_statement(line: &str) -> Option<CredentialKind> {
    line.match_indices(" '").take(16).find_map(|(at, _)| {
        let words = end(line.get(..at)?, 16).trim_end();
        let says = ["password", "by"].iter().any(|word| {
            let start = words.len().checked_sub(word.len());
            start.and_then(|start| words.get(start..)).is_some_and(|last| last.eq_ignore_ascii_case(word))
        });
        let value = line.get(at + 2..)?.split('\'').next()?;
        let statement = ["create", "alter", "grant", "set"]
            .iter()
            .any(|verb| starts_with(line.trim_start().as_bytes(), verb.as_bytes()));
        let kind = CredentialKind::Password;
        (says && statement && super::written::is_written_out(value) && value.len() > 2).then_some(kind)
    })
}
