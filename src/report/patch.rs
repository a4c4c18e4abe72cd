//! What changes in a file, as a unified diff that `git apply` and `patch -p1` take.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use super::table::clean;

/// Lines around a change.
const CONTEXT: usize = 3;

const HEADER: Style = Style::new().bold();
const PLACE: Style = AnsiColor::Cyan.on_default();
const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();

/// The diff of a file, coloured; nothing if nothing changes. What a terminal would act on is escaped.
#[must_use]
pub fn render(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for (place, hunk) in diff.unified_diff().context_radius(CONTEXT).iter_hunks().enumerate() {
        if place == 0 {
            let name = clean(name.trim_start_matches('/'));
            line(&mut text, HEADER, &format!("--- a/{name}"), "\n");
            line(&mut text, HEADER, &format!("+++ b/{name}"), "\n");
        }
        line(&mut text, PLACE, &hunk.header().to_string(), "\n");
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Equal => (' ', Style::new()),
                ChangeTag::Delete => ('-', OLD),
                ChangeTag::Insert => ('+', NEW),
            };
            let whole = change.value();
            let content = whole.trim_end_matches(['\n', '\r']);
            let (_, line_break) = whole.split_at(content.len());
            // Tabs move nothing that is not the line's own, and the diff must stay exact.
            let cleaned: Vec<_> = content.split('\t').map(clean).collect();
            line(&mut text, style, &format!("{sign}{}", cleaned.join("\t")), line_break);
            if line_break.is_empty() {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    text
}

fn line(text: &mut String, style: Style, content: &str, line_break: &str) {
    // Writing to a string can't fail.
    let _ = write!(text, "{style}{content}{style:#}{line_break}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(before: &str, after: &str) -> String {
        anstream::adapter::strip_str(&render("shop/cart.yaml", before, after)).to_string()
    }

    #[test]
    fn a_diff_has_the_lines_around_a_change_and_keeps_their_breaks() {
        assert_eq!(
            plain("a: 1\r\nb: 2\r\n", "a: 1\r\nb: 3\r\n"),
            "--- a/shop/cart.yaml\n+++ b/shop/cart.yaml\n@@ -1,2 +1,2 @@\n a: 1\r\n-b: 2\r\n+b: 3\r\n"
        );
        assert_eq!(plain("a: 1\n", "a: 1\n"), "");
        assert_eq!(
            plain("a: 1", "a: 1\nb: 2"),
            "--- a/shop/cart.yaml\n+++ b/shop/cart.yaml\n@@ -1 +1,2 @@\n-a: 1\n\\ No newline at end of file\n+a: 1\n+b: \
             2\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn nothing_in_a_file_reaches_the_terminal_but_as_text() {
        let shown = plain("# \u{1b}[2J\u{202e}\ta: 1\n", "# \u{1b}[2J\u{202e}\ta: 2\n");
        assert!(shown.contains("-# \\u{1b}[2J\\u{202e}\ta: 1\n"), "{shown:?}");
        assert!(!render("\u{1b}]0;x", "a\n", "b\n").contains("\u{1b}]"));
    }
}
