//! The workloads: what is wrong with each, the worst first.

use std::collections::BTreeMap;

use super::blocks::{Block, blocks};
use super::findings::{Columns, alike, write};
use super::text::{clean, cut, plural, width, wrapped};
use super::{FAINT, GOOD, Page, STRONG, UNSURE, View, styled};
use crate::api::Severity;
use crate::facts::ObjectKind;
use crate::report::json::{AuditReport, FindingReport, Location, Outcome, SubjectReport, UnknownReport};

/// The most subjects that are named above what they have in common.
const MOST_HEADINGS: usize = 6;
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
        headings(block, view, page);
        write(&block.rows, columns, view, page);
        if let more @ 1.. = unlisted(block) {
            page.line(&styled(
                FAINT,
                &format!("  and {} of the same controls", plural(more, "more finding")),
            ));
        }
        if view.verbose {
            block.subjects().for_each(|subject| passes(subject, page));
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

/// How many findings of a block are not in the report.
fn unlisted(block: &Block<'_>) -> u64 {
    if block.is_common { 0 } else { block.subjects().map(|subject| subject.unlisted_findings).sum() }
}

/// What stands above a block's lines.
fn headings(block: &Block<'_>, view: View, page: &mut Page) {
    if block.is_common {
        return shared_heading(block, view, page);
    }
    let most = if view.verbose { usize::MAX } else { MOST_HEADINGS };
    for subject in block.subjects().take(most) {
        heading(subject, view, page);
    }
    let rest = block.subjects().count().saturating_sub(most);
    if rest > 0 {
        page.line(&styled(FAINT, &format!("and {rest} more with the same, shown with -v")));
    }
}

/// `12 workloads in shop: cart, frontend, ledger, +9`
fn shared_heading(block: &Block<'_>, view: View, page: &mut Page) {
    let count = block.subjects().count();
    let noun = if block.subjects().all(is_workload) { "workload" } else { "object" };
    let counted = plural(u64::try_from(count).unwrap_or(u64::MAX), noun);
    let mut namespaces: Vec<Option<&str>> = block.subjects().map(|it| it.namespace.as_deref()).collect();
    namespaces.dedup();
    let head = match namespaces.as_slice() {
        [Some(only)] => format!("{counted} in {}: ", cut(&clean(only), MOST_NOTE)),
        _ => format!("{counted}: "),
    };
    let mut names = String::new();
    for (position, subject) in block.subjects().enumerate() {
        let name = match &subject.namespace {
            Some(namespace) if namespaces.len() > 1 => format!("{namespace}/{}", subject.name),
            _ => subject.name.clone(),
        };
        let gap = if position == 0 { "" } else { ", " };
        let more = format!(", +{}", count - position);
        if width(&head) + width(&names) + width(gap) + width(&clean(&name)) + width(&more) > view.width {
            names.push_str(&more);
            break;
        }
        names.push_str(gap);
        names.push_str(&clean(&name));
    }
    page.line(&format!("{}{}", styled(STRONG, &head), styled(FAINT, names.trim_start_matches(", "))));
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
    if place.is_empty() {
        return page.line(text);
    }
    match view.width.checked_sub(columns + width(&place)) {
        Some(gap) if gap >= 2 => page.line(&format!("{text}{}{}", " ".repeat(gap), styled(FAINT, &place))),
        _ => {
            page.line(text);
            page.line(&format!("  {}", styled(FAINT, &place)));
        }
    }
}

/// `Deployment payments/ledger`
pub(in crate::report) fn called(subject: &SubjectReport) -> String {
    let name = if subject.name.is_empty() { "(without a name)".into() } else { clean(&subject.name) };
    match &subject.namespace {
        Some(namespace) => format!("{} {}/{name}", subject.kind, clean(namespace)),
        None => format!("{} {name}", subject.kind),
    }
}

pub(in crate::report) fn placed(location: Option<&Location>) -> String {
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
    if report.subjects.iter().all(is_workload) { "workload" } else { "object" }
}

fn is_workload(subject: &SubjectReport) -> bool {
    matches!(subject.subject, ObjectKind::Workload(_))
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
