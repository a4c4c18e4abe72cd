//! An audit for a terminal that is wide, and for `grep` and `sort`: a finding a line, nothing cut.

use std::fmt::Write as _;

use super::json::{AuditReport, FindingReport, Outcome, SubjectReport, UnknownReport};
use super::table::{called, clean, padded, placed, severity_word, width};

/// The columns; the last one is not padded.
const HEADINGS: [&str; 9] =
    ["SEVERITY", "OUTCOME", "CONTROL", "SUBJECT", "CONTAINER", "TIER", "OWNER", "LOCATION", "MESSAGE"];
/// What stands in a column that has nothing to say, so that every line has as many words for a program.
const NOTHING: &str = "-";
/// Between columns.
const GAP: &str = "  ";

type Row = [String; HEADINGS.len()];

/// The report as lines: what fails, what is excepted and what can't be said, in the order of the report.
#[must_use]
pub fn render(report: &AuditReport) -> String {
    let mut rows: Vec<Row> = vec![HEADINGS.map(str::to_owned)];
    for subject in &report.subjects {
        rows.extend(subject.findings.iter().map(|it| found(subject, it)));
        rows.extend(subject.unknowns.iter().map(|it| unknown(subject, it)));
    }
    let mut widths = [0; HEADINGS.len()];
    for row in &rows {
        widths.iter_mut().zip(row).for_each(|(widest, cell)| *widest = width(cell).max(*widest));
    }
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, widest)| padded(cell, widest)).collect();
        // Writing to a string can't fail.
        let _ = writeln!(text, "{}", cells.join(GAP).trim_end());
    }
    text
}

fn found(subject: &SubjectReport, finding: &FindingReport) -> Row {
    let outcome = match &finding.exception {
        Some(exception) => format!("excepted:{}", exception.name),
        None => "fail".to_owned(),
    };
    let location = placed(finding.location.as_ref().or(subject.location.as_ref()));
    let container = finding.container.as_deref().unwrap_or_default();
    let fix = if finding.fix.is_empty() { String::new() } else { format!("; {}", finding.fix) };
    let severity = severity_word(finding.severity);
    let message = format!("{}{fix}", finding.message);
    row(subject, [severity, &outcome, finding.control, container, &location, &message])
}

fn unknown(subject: &SubjectReport, unknown: &UnknownReport) -> Row {
    let outcome = if unknown.outcome == Outcome::Error { "error" } else { "unknown" };
    let location = placed(subject.location.as_ref());
    let severity = severity_word(unknown.severity);
    row(subject, [severity, outcome, unknown.control, "", &location, &unknown.reason])
}

fn row(subject: &SubjectReport, cells: [&str; 6]) -> Row {
    let [severity, outcome, control, container, location, message] = cells;
    let tier = subject.tier.as_deref().unwrap_or_default();
    let owner = subject.owner.as_deref().unwrap_or_default();
    let subject = called(subject);
    [severity, outcome, control, &subject, container, tier, owner, location, message]
        .map(|cell| if cell.is_empty() { NOTHING.to_owned() } else { clean(cell).into_owned() })
}
