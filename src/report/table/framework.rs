//! The audit by the clauses of a framework: how each stands, what fails it, and what nothing says anything about.

use super::text::{cut, padded, plural, width, wrapped};
use super::{BAD, FAINT, GOOD, Page, STRONG, View, severity_style, severity_word, styled};
use crate::engine::framework::Framework;
use crate::report::clauses::listed;
use crate::report::json::{AuditReport, ClauseReport, ControlPosture, Counts, FrameworkReport};

/// Before a clause.
const INDENT: &str = "  ";
/// Before a control, which stands below its clause.
const BELOW: &str = "    ";
/// The columns of the longest severity.
const SEVERITY: usize = 8;
/// Before the name of a control.
const BESIDE: usize = BELOW.len() + SEVERITY + GAP.len();
const HEADINGS: [&str; 4] = ["passing", "excepted", "failing", "unknown"];
/// Between columns.
const GAP: &str = "  ";

pub(super) fn render(report: &AuditReport, framework: &FrameworkReport, view: View, page: &mut Page) {
    page.paragraph();
    page.line(&styled(STRONG, framework.title));
    for line in wrapped(framework.edition, view.width.saturating_sub(INDENT.len())) {
        page.line(&styled(FAINT, &format!("{INDENT}{line}")));
    }
    if report.posture.total.evaluated > 0 && !framework.clauses.is_empty() {
        page.paragraph();
        table(framework, view, page);
    }
    remarks(framework, view, page);
}

/// A line for each clause, and below it one for each control that fails it.
fn table(framework: &FrameworkReport, view: View, page: &mut Page) {
    let names: Vec<String> = framework.clauses.iter().map(|clause| named(clause, framework)).collect();
    let controls = framework.clauses.iter().flat_map(|clause| shown(clause, view));
    let longest = controls.map(|it| BESIDE + width(it.id)).chain(names.iter().map(|name| width(name))).max();
    let numbers: usize = HEADINGS.iter().map(|heading| GAP.len() + heading.len()).sum();
    let left = longest.unwrap_or_default().min(view.width.saturating_sub(numbers));
    let heading = padded(&format!("{INDENT}clause"), left);
    page.line(&styled(FAINT, &format!("{heading}{}", cells(&HEADINGS))));
    for (clause, name) in framework.clauses.iter().zip(&names) {
        let line = format!("{}{}", padded(&cut(name, left), left), cells(&counted(&clause.counts)));
        page.line(&match clause.counts {
            Counts { failing: 1.., .. } => styled(BAD, &line),
            Counts { evaluated: 1.., excepted: 0, unknown: 0, .. } => styled(GOOD, &line),
            _ => line,
        });
        for control in shown(clause, view) {
            page.line(&control_line(control, left));
        }
    }
}

/// `    high      pod.host-namespaces                  5         0        1        0`; where there is no room for the
/// numbers, `    high      pod.host-namespaces  1 failing`.
fn control_line(control: &ControlPosture, left: usize) -> String {
    let style = if control.counts.failing > 0 { severity_style(control.severity) } else { FAINT };
    let word = styled(style, &padded(severity_word(control.severity), SEVERITY));
    let numbers = match left.checked_sub(BESIDE + width(control.id)) {
        Some(gap) => format!("{}{}", " ".repeat(gap), cells(&counted(&control.counts))),
        None => format!("{GAP}{} failing", control.counts.failing),
    };
    format!("{BELOW}{word}{GAP}{}{numbers}", control.id)
}

/// `  CC6.1  logical access to protected assets`, with the titles below each other.
fn named(clause: &ClauseReport, framework: &FrameworkReport) -> String {
    let longest = framework.clauses.iter().map(|clause| width(clause.id)).max().unwrap_or_default();
    let title = clause.title.unwrap_or_default();
    format!("{INDENT}{}{GAP}{}", padded(clause.id, longest), title).trim_end().to_owned()
}

/// The controls that fail the clause; with `-v` all that serve it.
fn shown(clause: &ClauseReport, view: View) -> impl Iterator<Item = &ControlPosture> {
    clause.controls.iter().filter(move |control| view.verbose || control.counts.failing > 0)
}

/// Numbers below their headings; dashes if there was nothing to judge.
fn counted(counts: &Counts) -> [String; HEADINGS.len()] {
    let numbers = [counts.compliant, counts.excepted, counts.failing, counts.unknown];
    numbers.map(|number| if counts.evaluated == 0 { "-".to_owned() } else { number.to_string() })
}

fn cells(row: &[impl AsRef<str>]) -> String {
    let cell = |(cell, heading): (&_, &str)| {
        let cell: &str = AsRef::as_ref(cell);
        [GAP.to_owned(), " ".repeat(heading.len().saturating_sub(width(cell))), cell.to_owned()].concat()
    };
    row.iter().zip(HEADINGS).map(cell).collect()
}

/// What this run says nothing about, and what no run can.
fn remarks(framework: &FrameworkReport, view: View, page: &mut Page) {
    let said = [
        unasked(framework, view),
        uncovered(framework),
        Some("A clause that passes is evidence for it, not compliance with it.".to_owned()),
    ];
    for remark in said.into_iter().flatten() {
        page.paragraph();
        for line in wrapped(&remark, view.width) {
            page.line(&line);
        }
    }
}

/// With `-v` also by which controls.
fn unasked(framework: &FrameworkReport, view: View) -> Option<String> {
    let clauses: Vec<String> = framework
        .unasked
        .iter()
        .map(|clause| match clause.controls.as_slice() {
            controls if view.verbose => format!("{} ({})", clause.id, controls.join(", ")),
            _ => clause.id.to_owned(),
        })
        .collect();
    let count = plural(u64::try_from(clauses.len()).unwrap_or(u64::MAX), "clause");
    let said = "Covered by controls that no standard of this run asks for";
    let between = if view.verbose { "; " } else { ", " };
    (!clauses.is_empty()).then(|| format!("{said}: {count}: {}", clauses.join(between)))
}

fn uncovered(framework: &FrameworkReport) -> Option<String> {
    let ids: Vec<&str> = framework.uncovered.iter().map(|clause| clause.id).collect();
    let list = Framework::find(framework.name).map_or_else(|| ids.join(", "), |known| listed(known, &ids));
    let of = format!("{} of {} clauses", ids.len(), framework.total);
    (!ids.is_empty()).then(|| format!("Not covered by any control: {of}: {list}"))
}
