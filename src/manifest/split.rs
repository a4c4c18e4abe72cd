//! Splits a file into documents before any parser sees it, so that a malformed one ends where it ends.
//!
//! `kubectl` splits by lines too: a line that begins with `---` separates, even within a block scalar. YAML agrees, since
//! no scalar may hold such a line. `...` ends a document, and `%` lines belong to the document that follows.

/// The text of one document and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk<'a> {
    /// The bytes, `---` included where it opens the document.
    pub(crate) bytes: &'a [u8],
    /// The line of the file that the bytes begin on, from one.
    pub(crate) line: u32,
    /// How many bytes of the file come before.
    pub(crate) offset: usize,
}

/// The documents of a text, those without content included.
pub(crate) struct Chunks<'a> {
    bytes: &'a [u8],
    /// Where the next document begins.
    start: usize,
    line: u32,
    done: bool,
}

impl<'a> Chunks<'a> {
    /// The documents of a text that begins on a line of its file.
    pub(crate) fn new(bytes: &'a [u8], line: u32) -> Self {
        Self { bytes, start: 0, line, done: false }
    }
}

/// What a line means to the one who splits.
#[derive(PartialEq, Eq)]
enum Line {
    /// `---`, alone or before white space.
    Start,
    /// `...`, likewise.
    End,
    /// `%YAML` and its kind.
    Directive,
    /// Nothing, or a comment.
    Blank,
    /// Anything else.
    Text,
}

/// What the lines of a document were so far.
#[derive(PartialEq, Eq)]
enum Held {
    Blank,
    Directives,
    Content,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        if self.done {
            return None;
        }
        let (start, first_line) = (self.start, self.line);
        let mut held = Held::Blank;
        let mut at = start;
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let length = line_length(rest);
            // Once there is content, only markers make a difference.
            let may_mark = held != Held::Content || matches!(rest.first(), Some(b'-' | b'.'));
            let line = if may_mark { classify(rest) } else { Line::Text };
            if line == Line::Start && held == Held::Content {
                return Some(self.chunk(start, first_line, at));
            }
            at += length;
            self.line = self.line.saturating_add(1);
            match line {
                Line::End => return Some(self.chunk(start, first_line, at)),
                Line::Directive if held != Held::Content => held = Held::Directives,
                Line::Start | Line::Text | Line::Directive => held = Held::Content,
                Line::Blank => {}
            }
        }
        self.done = true;
        (at > start).then(|| self.chunk(start, first_line, at))
    }
}

impl<'a> Chunks<'a> {
    fn chunk(&mut self, start: usize, line: u32, end: usize) -> Chunk<'a> {
        self.start = end;
        Chunk { bytes: self.bytes.get(start..end).unwrap_or_default(), line, offset: start }
    }
}

/// The length of the first line with its break: LF, CR LF or CR.
fn line_length(bytes: &[u8]) -> usize {
    match memchr::memchr2(b'\n', b'\r', bytes) {
        None => bytes.len(),
        Some(at) if bytes.get(at..at + 2) == Some(b"\r\n") => at + 2,
        Some(at) => at + 1,
    }
}

fn classify(line: &[u8]) -> Line {
    match line {
        [b'-', b'-', b'-', rest @ ..] if ends_marker(rest) => Line::Start,
        [b'.', b'.', b'.', rest @ ..] if ends_marker(rest) => Line::End,
        [b'%', ..] => Line::Directive,
        _ => match line.iter().find(|byte| !matches!(byte, b' ' | b'\t')) {
            None | Some(b'\n' | b'\r' | b'#') => Line::Blank,
            Some(_) => Line::Text,
        },
    }
}

fn ends_marker(rest: &[u8]) -> bool {
    matches!(rest, [] | [b' ' | b'\t' | b'\n' | b'\r', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(u32, &str)> {
        Chunks::new(text.as_bytes(), 1)
            .map(|chunk| (chunk.line, std::str::from_utf8(chunk.bytes).unwrap()))
            .collect()
    }

    #[test]
    fn documents_begin_at_three_dashes_and_keep_their_lines() {
        assert_eq!(
            split("a: 1\n---\nb: 2\n--- # x\nc: 3"),
            [(1, "a: 1\n"), (2, "---\nb: 2\n"), (4, "--- # x\nc: 3")]
        );
        assert_eq!(split("--- {a: 1}\n--- {b: 1}\n"), [(1, "--- {a: 1}\n"), (2, "--- {b: 1}\n")]);
        assert_eq!(split("a: 1\r\n---\r\nb: 2\r\n"), [(1, "a: 1\r\n"), (2, "---\r\nb: 2\r\n")]);
        assert_eq!(split("a: 1\r---\rb: 2\r"), [(1, "a: 1\r"), (2, "---\rb: 2\r")]);
    }

    #[test]
    fn dashes_that_open_no_document_split_nothing() {
        for text in
            ["a: |\n  ---\n  b\n", "a: 1\n ---\n", "----\na: 1\n", "---a\nb\n", "a: '\n  ---'\n", "- - -\n"]
        {
            assert_eq!(split(text).len(), 1, "{text:?}");
        }
    }

    #[test]
    fn three_dashes_split_even_a_block_scalar() {
        assert_eq!(split("a: |\n  x\n---\ny\n").len(), 2);
    }

    #[test]
    fn three_dots_end_a_document() {
        assert_eq!(split("a: 1\n...\nb: 2\n"), [(1, "a: 1\n...\n"), (3, "b: 2\n")]);
    }

    #[test]
    fn a_directive_belongs_to_the_document_after_it() {
        let text = "# note\n%YAML 1.1\n\n---\na: 1\n...\n%TAG ! x\n---\nb: 2\n";
        assert_eq!(split(text), [(1, "# note\n%YAML 1.1\n\n---\na: 1\n...\n"), (7, "%TAG ! x\n---\nb: 2\n")]);
        assert_eq!(split("a: |\n%x\n---\nb: 1\n").len(), 2);
    }

    #[test]
    fn comments_before_the_first_dashes_stay_with_them() {
        assert_eq!(split("# note\n---\na: 1\n"), [(1, "# note\n---\na: 1\n")]);
        assert_eq!(split(""), []);
    }
}
