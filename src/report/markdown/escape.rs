//! Text in Markdown that stays text: no markup, no HTML, no links, and nobody is mentioned.
//!
//! Escaping a character is not enough for what forges look for after Markdown has become HTML: `@team`, `#12`, `!7`
//! or an address. They leave code alone, and elsewhere a space without width ends the word before it becomes one.

use std::borrow::Cow;

use crate::report::table::clean;

/// Nobody reads more of one value in a table.
const LONGEST: usize = 300;
/// Takes no room, and is part of no word.
const GAP: char = '\u{200b}';

/// A name as code.
pub(super) fn code(name: &str) -> String {
    let name = shown(name);
    if name.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&name) + 1);
    // A bar ends a cell even in code, unless a backslash of ours, and of nobody else, stands before it.
    let name = name.replace("\\|", &format!("\\{GAP}|")).replace('|', "\\|");
    if name.starts_with('`') || name.ends_with('`') {
        format!("{fence} {name} {fence}")
    } else {
        format!("{fence}{name}{fence}")
    }
}

/// A sentence. What stands in single backticks is code, as its author meant it.
pub(super) fn text(sentence: &str) -> String {
    let sentence = shown(sentence);
    let mut parts = sentence.split('`').peekable();
    let mut written = String::new();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        // A backtick without its partner is one.
        if is_code && parts.peek().is_none() {
            written.push_str("\\`");
            written.push_str(&plain(part));
        } else if is_code {
            written.push_str(&code(part));
        } else {
            written.push_str(&plain(part));
        }
        is_code = !is_code;
    }
    written
}

/// The text on one line, its end cut off where it is long.
fn shown(text: &str) -> Cow<'_, str> {
    let end = text.char_indices().nth(LONGEST).map(|(end, _)| end);
    match end.and_then(|end| text.get(..end)) {
        Some(start) => Cow::Owned(format!("{}…", clean(start))),
        None => clean(text),
    }
}

fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '@' | '#' | '!' | '~' | '%' | '$' | '&' | '^' => written.extend(['\\', character, GAP]),
            // `https://` and `www.` are what links begin with.
            ':' if rest.peek() == Some(&'/') => written.extend([character, GAP]),
            '.' if is_www(&written) => written.extend([GAP, character]),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '|' => {
                written.extend(['\\', character]);
            }
            character => written.push(character),
        }
    }
    // Between words a space does what the other one would.
    written.replace(&format!("{GAP} "), " ").trim_end_matches(GAP).to_owned()
}

fn is_www(before: &str) -> bool {
    let last: String = before.chars().rev().take(3).collect();
    last.eq_ignore_ascii_case("www")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_ends_where_the_name_does() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(code("a|b\\|c"), "`a\\|b\\\u{200b}\\|c`");
        assert_eq!(code("  "), "(empty)");
        assert_eq!(code("a\n<b>"), "`a\\n<b>`");
    }

    #[test]
    fn sentences_keep_their_code_and_nothing_else() {
        assert_eq!(text("`a:1` has no digest."), "`a:1` has no digest.");
        assert_eq!(text("ask @team, see #1"), "ask \\@\u{200b}team, see \\#\u{200b}1");
        assert_eq!(text("one ` alone"), "one \\` alone");
        assert_eq!(text("<b>|x"), "\\<b\\>\\|x");
        assert_eq!(text("https://x.example at 18:00"), "https:\u{200b}//x.example at 18:00");
        assert_eq!(text("www.x.example"), "www\u{200b}.x.example");
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(code(&"x".repeat(5000)).chars().count(), LONGEST + 3);
    }
}
