//! The report in words, for a terminal.

use std::cmp::Reverse;

use anstyle::{AnsiColor, Style};

use super::{ControlWhy, Named, PlacedBy, StandardWhy, WhyReport};
use crate::report::json::{FindingReport, Outcome};
use crate::report::table::{clean, plural, severity_word, wrapped};

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const UNSURE: Style = AnsiColor::Magenta.on_default();
/// Fewer columns than this are not enough, and longer lines are hard to read.
const COLUMNS: std::ops::RangeInclusive<usize> = 60..=132;
/// Where the words about a control begin.
const MARGIN: usize = 12;

/// The report as text.
#[must_use]
pub fn table(report: &WhyReport, columns: usize) -> String {
    let columns = columns.clamp(*COLUMNS.start(), *COLUMNS.end());
    let mut page = Page { text: String::new(), columns };
    heading(&report.subject, &mut page);
    if report.standards.is_empty() {
        page.line("No standard is in force.");
    }
    let (about, others): (Vec<_>, Vec<_>) = report.standards.iter().partition(|it| it.applies());
    for it in about {
        standard(it, &mut page);
    }
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(|it| clean(&it.name)).collect();
        page.line("");
        page.words(FAINT, "", "Of these standards nothing applies: ", &names.join(", "));
    }
    page.text
}

struct Page {
    text: String,
    columns: usize,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Words beside a margin, in as many lines as they take.
    fn words(&mut self, style: Style, margin: &str, lead: &str, words: &str) {
        let said = format!("{lead}{words}");
        for line in wrapped(&said, self.columns.saturating_sub(margin.len())) {
            self.line(&format!("{margin}{style}{line}{style:#}"));
        }
    }
}

/// `Deployment payments/ledger, in tier-0 (its namespace or labels are selected), owned by team-payments`
fn heading(subject: &Named, page: &mut Page) {
    let place = subject.namespace.as_deref().map_or_else(String::new, |it| format!("{it}/"));
    let name = clean(&format!("{} {place}{}", subject.kind, subject.name)).into_owned();
    page.line(&format!("{STRONG}{name}{STRONG:#}"));
    let tier = match (&subject.tier, subject.placement) {
        (None, _) => "in no tier".to_owned(),
        (Some(tier), PlacedBy::OwnLabel) => format!("in {tier}, to which its own label raised it"),
        (Some(tier), PlacedBy::Default) => format!("in {tier}, the default: no tier selects it"),
        (Some(tier), _) => format!("in {tier}, which selects it"),
    };
    let overlaps = match subject.overlaps.as_slice() {
        [] => String::new(),
        others => format!(" and so do {}, which are no more critical", others.join(", ")),
    };
    let owner = subject
        .owner
        .as_deref()
        .map_or_else(|| "nobody says who owns it".to_owned(), |it| format!("owned by {it}"));
    page.words(FAINT, "  ", "", &clean(&format!("{tier}{overlaps}; {owner}")));
    if let Some(at) = &subject.location {
        page.words(FAINT, "  ", "", &clean(&format!("{}:{}", at.file, at.line)));
    }
}

fn standard(standard: &StandardWhy, page: &mut Page) {
    page.line("");
    let name = clean(&standard.name).into_owned();
    let since = standard.since.as_deref().map(day).map_or_else(String::new, |it| format!(" since {it}"));
    page.line(&format!("{STRONG}{name}{STRONG:#}  at {}{since}", standard.action));
    let next = standard.next.map(|next| match standard.blocked_by.as_slice() {
        [] => format!("next is {next}"),
        blockers => format!("next is {next}, but not yet: {}", blockers.join("; ")),
    });
    let ratchet = standard.ratchet_until.as_deref().map(day);
    let ratchet = ratchet.map(|until| format!("until {until}, Deny stops only what gets worse"));
    for said in [next, ratchet].into_iter().flatten() {
        page.words(FAINT, "  ", "", &clean(&said));
    }
    for outcome in [Outcome::Fail, Outcome::Error, Outcome::Unknown, Outcome::Excepted] {
        let mut found: Vec<&ControlWhy> =
            standard.controls.iter().filter(|it| it.outcome == outcome).collect();
        found.sort_by_key(|it| Reverse(it.severity));
        for it in found {
            control(it, page);
        }
    }
    listed(standard, Outcome::Pass, GOOD, "pass", page);
    listed(standard, Outcome::NotApplicable, FAINT, "n/a", page);
}

/// A control that neither passes nor doesn't apply, with what it found.
fn control(control: &ControlWhy, page: &mut Page) {
    let (style, word) = match control.outcome {
        Outcome::Fail => (BAD, "fail"),
        Outcome::Excepted => (FAINT, "excepted"),
        Outcome::Error => (UNSURE, "error"),
        _ => (UNSURE, "unknown"),
    };
    let word = format!("{style}{word:8}{style:#}");
    page.line(&format!("  {word}  {} ({})", control.id, severity_word(control.severity)));
    let margin = " ".repeat(MARGIN);
    if let Some(reason) = &control.reason {
        page.words(Style::new(), &margin, "", &clean(reason));
    }
    for it in &control.findings {
        page.words(Style::new(), &margin, "", &clean(&sentence(it)));
    }
}

/// `app: runs as root; set runAsNonRoot: true; excepted by payments/legacy-root of team-payments, 19 days left`
fn sentence(finding: &FindingReport) -> String {
    let container = finding.container.as_ref().map_or_else(String::new, |it| format!("{it}: "));
    let rest = match &finding.exception {
        Some(by) => {
            let left = plural(u64::try_from(by.days_left).unwrap_or(0), "day");
            format!("; excepted by {}/{} of {}, {left} left", by.namespace, by.name, by.owner)
        }
        None if finding.fix.is_empty() => String::new(),
        None => format!("; {}", finding.fix),
    };
    format!("{container}{}{rest}", finding.message)
}

/// All controls of an outcome of which there is no more to say.
fn listed(standard: &StandardWhy, outcome: Outcome, style: Style, word: &str, page: &mut Page) {
    let ids: Vec<&str> =
        standard.controls.iter().filter(|it| it.outcome == outcome).map(|it| it.id).collect();
    let margin = " ".repeat(MARGIN);
    for (position, line) in wrapped(&ids.join(", "), page.columns.saturating_sub(MARGIN)).iter().enumerate() {
        let lead = if position == 0 { format!("  {style}{word:8}{style:#}  ") } else { margin.clone() };
        page.line(&format!("{lead}{line}"));
    }
}

/// The day of a time.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}
