//! What people wrote, fit for a message.

use std::fmt;

/// How much of a value a message shows; the finding's value has all of it.
const LONGEST: usize = 40;

/// A value in backticks: cut where it is long, and with what a terminal could take for a command written out.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("\"\"");
        }
        f.write_str("`")?;
        for character in self.0.chars().take(LONGEST) {
            if matches!(character, '"' | '\'' | '\\') {
                write!(f, "{character}")?;
            } else {
                write!(f, "{}", character.escape_debug())?;
            }
        }
        f.write_str(if self.0.chars().nth(LONGEST).is_some() { "…`" } else { "`" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_can_neither_flood_a_message_nor_steer_a_terminal() {
        assert_eq!(Quoted("SYS_ADMIN").to_string(), "`SYS_ADMIN`");
        assert_eq!(Quoted("").to_string(), "\"\"");
        assert_eq!(Quoted("a\u{1b}[2J\nb\u{202e}").to_string(), "`a\\u{1b}[2J\\nb\\u{202e}`");
        assert_eq!(Quoted(&"x".repeat(LONGEST + 1)).to_string(), format!("`{}…`", "x".repeat(LONGEST)));
    }
}
