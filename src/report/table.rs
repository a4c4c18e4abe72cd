//! An audit for a terminal: workloads with what is wrong, the worst first, then the posture and what to do next. Where a
//! framework is asked for, its clauses take the place of the workloads.
//!
//! The text is coloured; whoever prints it strips that where there is no terminal. Everything that comes from a
//! manifest is cleaned first, so that no file can write to the terminal what it wants.

mod blocks;
mod closing;
mod findings;
mod framework;
mod posture;
mod subjects;
mod text;

pub(super) use subjects::{called, placed};
pub use text::{clean, plural};
pub(super) use text::{cut, padded, width, wrapped};

use anstyle::{AnsiColor, Style};

use super::json::AuditReport;
pub(super) use super::wording::severity as severity_word;
use crate::api::Severity;

/// How a report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// The columns of the terminal.
    pub width: usize,
    /// Whether to show everything: passes, what is low, what was left aside.
    pub verbose: bool,
}

/// Fewer columns than this are not enough for a table.
const NARROWEST: usize = 60;
/// Lines that are longer are hard to read.
const WIDEST: usize = 132;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const UNSURE: Style = AnsiColor::Magenta.on_default();

/// The report as text.
#[must_use]
pub fn render(report: &AuditReport, view: View) -> String {
    let view = View { width: view.width.clamp(NARROWEST, WIDEST), ..view };
    let mut page = Page::default();
    if let Some(framework) = &report.framework {
        framework::render(report, framework, view, &mut page);
        subjects::unknowns(report, view, &mut page);
    } else {
        subjects::render(report, view, &mut page);
        posture::render(report, &mut page);
    }
    closing::render(report, view, &mut page);
    page.text
}

/// The clauses of the framework that is asked for, alone.
#[must_use]
pub fn clauses(report: &AuditReport, view: View) -> String {
    let view = View { width: view.width.clamp(NARROWEST, WIDEST), ..view };
    let mut page = Page::default();
    if let Some(framework) = &report.framework {
        framework::render(report, framework, view, &mut page);
    }
    page.text
}

/// The text so far, in paragraphs.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// Begins a paragraph.
    fn paragraph(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold(),
        Severity::High => BAD,
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
    }
}

#[cfg(test)]
mod tests;
