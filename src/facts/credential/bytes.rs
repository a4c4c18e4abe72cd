//! What all parts of the detector share: which bytes a value has, and text without its end or its quotes.

/// Which sorts of bytes a value has, found in one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen(u16);

impl Seen {
    pub(super) const LOWER: u16 = 1;
    pub(super) const UPPER: u16 = 1 << 1;
    pub(super) const DIGIT: u16 = 1 << 2;
    pub(super) const BLANK: u16 = 1 << 3;
    pub(super) const BREAK: u16 = 1 << 4;
    pub(super) const QUOTE: u16 = 1 << 5;
    pub(super) const COLON: u16 = 1 << 6;
    pub(super) const EQUALS: u16 = 1 << 7;
    pub(super) const AT: u16 = 1 << 8;
    pub(super) const SLASH: u16 = 1 << 9;
    pub(super) const DOT: u16 = 1 << 10;
    pub(super) const HYPHEN: u16 = 1 << 11;
    pub(super) const UNDERSCORE: u16 = 1 << 12;
    /// Signs of templates, lists and maps: `$ { } [ ] < > % ( )`.
    pub(super) const BRACKET: u16 = 1 << 13;
    /// Everything else in ASCII.
    pub(super) const SIGN: u16 = 1 << 14;
    pub(super) const FOREIGN: u16 = 1 << 15;

    /// Letters and digits of ASCII.
    pub(super) const WORD: u16 = Self::LOWER | Self::UPPER | Self::DIGIT;

    pub(super) fn of(value: &str) -> Self {
        steps::take(value.len());
        Self(value.bytes().fold(0, |seen, byte| seen | Self::sort(byte)))
    }

    /// Whether it has a byte of these sorts.
    pub(super) const fn any(self, sorts: u16) -> bool {
        self.0 & sorts != 0
    }

    /// Whether it has no byte but of these sorts.
    pub(super) const fn only(self, sorts: u16) -> bool {
        self.0 & !sorts == 0
    }

    const fn sort(byte: u8) -> u16 {
        match byte {
            b'a'..=b'z' => Self::LOWER,
            b'A'..=b'Z' => Self::UPPER,
            b'0'..=b'9' => Self::DIGIT,
            b' ' | b'\t' | b'\r' => Self::BLANK,
            b'\n' => Self::BREAK,
            b'"' | b'\'' => Self::QUOTE,
            b':' => Self::COLON,
            b'=' => Self::EQUALS,
            b'@' => Self::AT,
            b'/' => Self::SLASH,
            b'.' => Self::DOT,
            b'-' => Self::HYPHEN,
            b'_' => Self::UNDERSCORE,
            b'$' | b'{' | b'}' | b'[' | b']' | b'<' | b'>' | b'%' | b'(' | b')' => Self::BRACKET,
            0..=127 => Self::SIGN,
            _ => Self::FOREIGN,
        }
    }
}

/// The start of a text, of at most so many bytes.
pub(super) fn start(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    (0..4).find_map(|back| text.get(..most.checked_sub(back)?)).unwrap_or_default()
}

/// The end of a text, of at most so many bytes.
pub(super) fn end(text: &str, most: usize) -> &str {
    let skipped = text.len().saturating_sub(most);
    (0..4).find_map(|more| text.get(skipped + more..)).unwrap_or_default()
}

/// A value without the quotes around it.
pub(super) fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// Whether a value starts so, upper and lower case alike.
pub(super) fn starts_with(value: &[u8], prefix: &[u8]) -> bool {
    value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether a value has these bytes somewhere, upper and lower case alike. The bytes are few.
pub(super) fn contains(value: &[u8], wanted: &[u8]) -> bool {
    steps::take(value.len());
    value.windows(wanted.len()).any(|window| window.eq_ignore_ascii_case(wanted))
}

/// How many bytes are looked at: what a test holds to a multiple of the value's length.
pub(super) mod steps {
    #[cfg(test)]
    thread_local! {
        pub(in super::super) static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    #[cfg(test)]
    pub(in super::super) fn take(bytes: usize) {
        TAKEN.set(TAKEN.get() + bytes);
    }

    #[cfg(not(test))]
    #[inline]
    pub(in super::super) const fn take(_bytes: usize) {}
}
