//! The log of a process that runs on: text for a person, JSON for programs, on the standard error.

use std::io::{self, Write};

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use super::terminal::Terminal;

/// Begins to log what the filter lets through.
pub(super) fn begin(filter: &str, terminal: &Terminal) -> anyhow::Result<()> {
    let wanted = EnvFilter::try_new(filter)
        .with_context(|| format!("--log {filter}: write a level or a filter such as stanchion=debug"))?;
    let log = tracing_subscriber::fmt().with_env_filter(wanted);
    if terminal.shows_errors_to_a_person() {
        log.with_writer(|| OneLine(io::stderr())).init();
    } else {
        log.json().flatten_event(true).with_writer(io::stderr).init();
    }
    Ok(())
}

/// Writes each event as one line, whatever stands in it: a name with a line break would otherwise look like an event of
/// its own. The subscriber hands over an event at a time; JSON needs none of this.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (text, end) = match event {
            [text @ .., b'\n'] => (text, "\n"),
            text => (text, ""),
        };
        let line = one_line(&String::from_utf8_lossy(text));
        self.0.write_all(format!("{line}{end}").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The text without line breaks, and with no escape of a terminal but the subscriber's colours.
fn one_line(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut line = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        line.push_str(if is_style(part) { "\u{1b}" } else { "\\x1b" });
        line.push_str(part);
    }
    line.replace('\n', "\\n").replace('\r', "\\r").replace('\u{9b}', "\\x9b")
}

/// Whether what follows an escape is a colour or the like, and nothing that moves or clears.
fn is_style(rest: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || c == ';';
    rest.strip_prefix('[').is_some_and(|rest| rest.trim_start_matches(number).starts_with('m'))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn warn(name: &str) {
        tracing::warn!(kind = "Deployment", namespace = "shop", name, error = %name, outcome = "retried", "{name}");
    }

    const HOSTILE: &str = "cart\n2026-11-24T00:00:00Z  INFO stanchion: all is well\r\u{1b}[2J";

    #[test]
    fn a_name_can_not_break_a_line_of_text() {
        let page = Page::default();
        let writer = page.clone();
        let log =
            tracing_subscriber::fmt().with_ansi(true).with_writer(move || OneLine(writer.clone())).finish();
        tracing::subscriber::with_default(log, || warn(HOSTILE));
        let text = page.text();
        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        assert!(text.ends_with('\n') && !text.contains('\r') && !text.contains("\u{1b}[2J"), "{text:?}");
        assert!(text.contains(r"cart\n2026"), "{text:?}");
    }

    #[test]
    fn a_line_of_json_says_which_object_and_what_came_of_it() {
        let page = Page::default();
        let writer = page.clone();
        let log = tracing_subscriber::fmt().json().flatten_event(true);
        let log = log.with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(log, || warn(HOSTILE));
        let text = page.text();
        assert_eq!(text.lines().count(), 1, "{text:?}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let fields =
            ["kind", "namespace", "name", "outcome", "message"].map(|field| line[field].as_str().unwrap());
        assert_eq!(fields, ["Deployment", "shop", HOSTILE, "retried", HOSTILE]);
    }
}
