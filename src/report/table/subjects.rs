//! The workloads: what is wrong with each, the worst first.

use std::collections::BTreeMap;

use super::findings::{Alike, Columns, Likeness, alike, write};
use super::text::{clean, cut, plural, width, wrapped};
use super::{FAINT, GOOD, Page, STRONG, UNSURE, View, styled};
use crate::api::Severity;
use crate::facts::WorkloadKind;
use crate::report::json::{AuditReport, FindingReport, Location, Outcome, SubjectReport, UnknownReport};

/// The most columns for a tier or an owner.
const MOST_NOTE: usize = 24;

pub(super) fn render(report: &AuditReport, view: View, page: &mut Page) {
    let shows_low = view.verbose || report.summary.fail_on == Some(Severity::Low);
    let is_shown = |finding: &&FindingReport| shows_low || finding.severity > Severity::Low;
    let shown = report
        .subjects
        .iter()
        .map(|subject| (subject, alike(subject.findings.iter().filter(is_shown))))
        .filter(|(_, rows)| !rows.is_empty());
    let blocks = blocks(shown, view);
    let columns = Columns::new(blocks.iter().flat_map(|block| &block.rows), view);
    for block in &blocks {
        page.paragraph();
        for subject in &block.subjects {
            heading(subject, view, page);
        }
        write(&block.rows, columns, view, page);
        if let more @ 1.. = block.subjects.iter().map(|subject| subject.unlisted_findings).sum() {
            page.line(&styled(
                FAINT,
                &format!("  and {} of the same controls", plural(more, "more finding")),
            ));
        }
        if let ([subject], true) = (block.subjects.as_slice(), view.verbose) {
            passes(subject, page);
        }
    }
    if !shows_low {
        hidden(report, page);
    }
    unknowns(report, view, page);
    if view.verbose {
        compliant(report, view, page);
    }
}

/// Workloads of one tier that have the same defects, in containers of whatever name.
struct Block<'a> {
    subjects: Vec<&'a SubjectReport>,
    rows: Vec<Alike<'a>>,
}

/// Puts together the workloads that have the same defects, each where the first of them stands. With `-v` each stays
/// alone.
fn blocks<'a>(
    shown: impl Iterator<Item = (&'a SubjectReport, Vec<Alike<'a>>)>,
    view: View,
) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let mut known: BTreeMap<(Option<i32>, Vec<Likeness<'a>>), usize> = BTreeMap::new();
    for (subject, rows) in shown {
        let likeness = (subject.level, rows.iter().map(Alike::likeness).collect());
        let before = known.get(&likeness).filter(|_| !view.verbose);
        if let Some(block) = before.and_then(|index| blocks.get_mut(*index)) {
            block.subjects.push(subject);
            block.rows.iter_mut().zip(&rows).for_each(|(known, row)| known.absorb(row));
        } else {
            known.insert(likeness, blocks.len());
            blocks.push(Block { subjects: vec![subject], rows });
        }
    }
    blocks
}

/// `Deployment payments/ledger  tier-0  team-payments    manifests/ledger.yaml:12`
fn heading(subject: &SubjectReport, view: View, page: &mut Page) {
    let mut notes = String::new();
    for note in [&subject.tier, &subject.owner].into_iter().flatten() {
        notes.push_str("  ");
        notes.push_str(&cut(&clean(note), MOST_NOTE));
    }
    let name = called(subject);
    let name = cut(&name, view.width.saturating_sub(width(&notes)));
    let left = width(&name) + width(&notes);
    let text = format!("{}{}", styled(STRONG, &name), styled(FAINT, &notes));
    at_the_right(&text, left, subject.location.as_ref(), view, page);
}

/// A line with its place at the right or, where there is no room for it, below.
fn at_the_right(text: &str, columns: usize, location: Option<&Location>, view: View, page: &mut Page) {
    let place = placed(location);
    match view.width.checked_sub(columns + width(&place)) {
        Some(gap) if gap >= 2 => page.line(&format!("{text}{}{}", " ".repeat(gap), styled(FAINT, &place))),
        _ => {
            page.line(text);
            page.line(&format!("  {}", styled(FAINT, &place)));
        }
    }
}

/// `Deployment payments/ledger`
pub(super) fn called(subject: &SubjectReport) -> String {
    let name = if subject.name.is_empty() { "(without a name)".into() } else { clean(&subject.name) };
    match &subject.namespace {
        Some(namespace) => format!("{} {}/{name}", subject.kind, clean(namespace)),
        None => format!("{} {name}", subject.kind),
    }
}

pub(super) fn placed(location: Option<&Location>) -> String {
    location.map_or_else(String::new, |it| format!("{}:{}", clean(&it.file), it.line))
}

fn passes(subject: &SubjectReport, page: &mut Page) {
    if subject.passes == 0 {
        return;
    }
    let passing = format!("  {:8}  {}", "pass", plural(subject.passes, "control"));
    page.line(&styled(FAINT, &passing));
}

/// What is low is counted, not listed.
fn hidden(report: &AuditReport, page: &mut Page) {
    let is_low = |finding: &&FindingReport| finding.severity == Severity::Low;
    let low = |subject: &SubjectReport| subject.findings.iter().filter(is_low).count();
    let count: usize = report.subjects.iter().map(low).sum();
    if count == 0 {
        return;
    }
    let subjects = report.subjects.iter().filter(|subject| low(subject) > 0).count();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let findings = plural(number(count), "low finding");
    let line = format!("+ {findings} in {}, shown with -v", plural(number(subjects), noun(report)));
    page.paragraph();
    page.line(&styled(FAINT, &line));
}

/// What the subjects of a report are: mostly workloads.
pub(super) fn noun(report: &AuditReport) -> &'static str {
    let is_workload = |kind| WorkloadKind::ALL.into_iter().any(|known| known.as_str() == kind);
    let is_other = |subject: &SubjectReport| !is_workload(subject.kind);
    if report.subjects.iter().any(is_other) { "object" } else { "workload" }
}

/// What could not be said: the same of many workloads is one line.
pub(super) fn unknowns(report: &AuditReport, view: View, page: &mut Page) {
    let mut alike: BTreeMap<(&str, &str), (&UnknownReport, Vec<&SubjectReport>)> = BTreeMap::new();
    for subject in &report.subjects {
        for unknown in &subject.unknowns {
            let entry = alike.entry((unknown.control, &unknown.reason)).or_insert((unknown, Vec::new()));
            entry.1.push(subject);
        }
    }
    if alike.is_empty() {
        return;
    }
    page.paragraph();
    page.line(&styled(STRONG, "Not known"));
    for (unknown, subjects) in alike.values() {
        let word = if unknown.outcome == Outcome::Error { "error" } else { "unknown" };
        let place = match subjects.as_slice() {
            [only] => called(only),
            many => plural(u64::try_from(many.len()).unwrap_or(u64::MAX), noun(report)),
        };
        let word = styled(UNSURE, &format!("{word:8}"));
        let said = format!("{}  {place}: {}", unknown.control, clean(&unknown.reason));
        for (position, line) in wrapped(&said, view.width.saturating_sub(12)).iter().enumerate() {
            let word = if position == 0 { word.as_str() } else { "        " };
            page.line(&format!("  {word}  {line}"));
        }
        if view.verbose && subjects.len() > 1 {
            for subject in subjects {
                page.line(&format!("{:12}{}", "", called(subject)));
            }
        }
    }
}

fn compliant(report: &AuditReport, view: View, page: &mut Page) {
    let passing: Vec<&SubjectReport> =
        report.subjects.iter().filter(|subject| subject.outcome == Outcome::Pass).collect();
    if passing.is_empty() {
        return;
    }
    page.paragraph();
    page.line(&styled(STRONG, "Compliant"));
    for subject in passing {
        let passes = plural(subject.passes, "control");
        let name = called(subject);
        let text = format!("  {}  {passes}", cut(&name, view.width.saturating_sub(width(&passes) + 4)));
        at_the_right(&styled(GOOD, &text), width(&text), subject.location.as_ref(), view, page);
    }
}
