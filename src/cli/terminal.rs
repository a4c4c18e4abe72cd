//! Where text goes: two streams that know whether they can show colours.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write};

use anstream::AutoStream;
use anyhow::Context as _;
use terminal_size::{Width, terminal_size_of};

use crate::report::table;

/// The columns of what is no terminal.
pub(super) const COLUMNS: usize = 100;

/// The columns of a line that says how far something is.
#[cfg(feature = "operator")]
const PROGRESS: usize = 60;

/// Bytes of an answer; no field of ours takes more.
const LONGEST_ANSWER: u64 = 16_384;

/// Standard output and standard error.
pub(super) struct Terminal {
    out: AutoStream<io::Stdout>,
    err: AutoStream<io::Stderr>,
}

impl Terminal {
    pub(super) fn new() -> Self {
        Self { out: AutoStream::auto(io::stdout()), err: AutoStream::auto(io::stderr()) }
    }

    /// The columns of standard output.
    pub(super) fn width(&self) -> usize {
        let size = terminal_size_of(self.out.as_inner());
        size.map_or(COLUMNS, |(Width(columns), _)| usize::from(columns))
    }

    /// Whether standard error is a terminal.
    pub(super) fn shows_errors_to_a_person(&self) -> bool {
        self.err.is_terminal()
    }

    /// Writes to standard output. Escape sequences in it are kept where they can be shown. If whoever reads it has
    /// gone, as `head` does, there is nothing more to say.
    pub(super) fn print(&mut self, text: &str) -> anyhow::Result<()> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(error).context("standard output can't be written")
            }
            _ => Ok(()),
        }
    }

    /// Writes a line to standard error. Its text may come from a file.
    pub(super) fn note(&mut self, line: &str) {
        // Without a standard error there is nobody to tell.
        let _ = writeln!(self.err, "{}", table::clean(line));
    }

    /// Shows how far something is in the place of what was shown before, if somebody looks; nothing ends it.
    #[cfg(feature = "operator")]
    pub(super) fn progress(&mut self, line: &str) {
        if self.shows_errors_to_a_person() {
            let end = if line.is_empty() { "\r" } else { "" };
            let _ = write!(self.err, "\r{line:PROGRESS$}{end}").and_then(|()| self.err.flush());
        }
    }

    /// Whether there is a person to ask.
    pub(super) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && self.shows_errors_to_a_person()
    }

    /// Asks on standard error, and reads a line; nothing at the end of the input.
    pub(super) fn ask(&mut self, question: &str) -> anyhow::Result<Option<String>> {
        write!(self.err, "{}: ", table::clean(question)).and_then(|()| self.err.flush())?;
        let mut line = String::new();
        let read = io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut line);
        let read = read.context("standard input can't be read")?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    /// Says on standard error what stands in the way.
    pub(super) fn complain(&mut self, message: &str) {
        self.note(&format!("stanchion: {message}"));
    }
}
