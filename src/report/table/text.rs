//! Text for a terminal: harmless, measured as it is shown, cut and wrapped.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

/// Takes the place of what is cut out.
const ELLIPSIS: &str = "…";

/// The text with everything escaped that a terminal would act on, or that would show it in another order: control
/// characters, the marks of bidirectional text, line and paragraph separators.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut cleaned = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => cleaned.push_str("\\n"),
            '\t' => cleaned.push_str("\\t"),
            '\r' => cleaned.push_str("\\r"),
            character if is_unsafe(character) => {
                let _ = write!(cleaned, "{}", character.escape_unicode());
            }
            character => cleaned.push(character),
        }
    }
    Cow::Owned(cleaned)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

/// How many columns a text takes.
pub(in crate::report) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text and as many spaces as fill the columns.
pub(in crate::report) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text, with its middle cut out if it takes more columns: both ends of a name or an image say which one it is.
pub(in crate::report) fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(width(ELLIPSIS));
    let head = prefix(text.chars(), room.div_ceil(2));
    let tail: String = prefix(text.chars().rev(), room / 2).chars().rev().collect();
    Cow::Owned(format!("{head}{ELLIPSIS}{tail}"))
}

/// As many characters as fit in the columns.
fn prefix(characters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut fitting = String::new();
    for character in characters {
        let longer = format!("{fitting}{character}");
        if width(&longer) > columns {
            break;
        }
        fitting = longer;
    }
    fitting
}

/// The text in lines of at most so many columns, broken between words. A longer word is cut in the middle.
pub(in crate::report) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = cut(word, columns);
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word.into_owned()),
        }
    }
    lines
}

/// The text in one line, if cutting the middle out of its longest word makes it fit; else in as many as it takes.
pub(super) fn fitted(text: &str, columns: usize) -> Vec<String> {
    const SHORTEST: usize = 28;
    let over = width(text).saturating_sub(columns);
    let longest = text.split_whitespace().max_by_key(|word| width(word)).unwrap_or_default();
    let left = width(longest).saturating_sub(over);
    if over > 0 && left >= SHORTEST {
        return wrapped(&text.replacen(longest, &cut(longest, left), 1), columns);
    }
    wrapped(text, columns)
}

/// `1 workload`, `2 workloads`
#[must_use]
pub fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_that_it_would_act_on() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{9b}0m"), "a\\u{1b}[31mb\\nc\\u{9b}0m");
        assert_eq!(clean("x\u{202e}txt.exe\u{2028}"), "x\\u{202e}txt.exe\\u{2028}");
        assert!(matches!(clean("größe 名前 🦀"), Cow::Borrowed(_)));
    }

    #[test]
    fn columns_are_counted_as_they_are_shown() {
        assert_eq!(width("名前"), 4);
        assert_eq!(padded("名前", 6), "名前  ");
        assert_eq!(cut("名前名前名前", 7), "名…前");
    }

    #[test]
    fn long_words_lose_their_middle() {
        assert_eq!(cut("registry.example.com/team/app:1.2.3", 16), "registry…p:1.2.3");
        assert_eq!(cut("short", 16), "short");
        assert_eq!(cut("abc", 0), "…");
        let image = "app: `registry.example.com/team/app/service:1.2.3` has no digest";
        assert_eq!(fitted(image, 52), ["app: `registry.exampl…p/service:1.2.3` has no digest"]);
        assert_eq!(fitted(image, 30).len(), 3);
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("a registry.example.com/team/app:1.2.3 b", 16), ["a", "registry…p:1.2.3", "b"]);
    }
}
