//! Rows of the table: findings of a subject that differ in their container alone are one.

use super::escape::{code, text};
use crate::api::Severity;
use crate::report::json::{AuditReport, FindingReport, SubjectReport};
use crate::report::wording::{relative, severity, subject};

/// Containers that are named in a row; of more, the number.
const MOST_NAMES: usize = 3;

/// A row, and how many findings it stands for.
pub(super) struct Row {
    pub(super) severity: Severity,
    pub(super) findings: usize,
    pub(super) text: String,
}

/// The rows of what is not excused, the gravest first.
pub(super) fn rows(report: &AuditReport, folder: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = report.subjects.iter().flat_map(|it| rows_of(it, folder)).collect();
    // The order of the report stays within a severity.
    rows.sort_by_key(|row| std::cmp::Reverse(row.severity));
    rows
}

fn rows_of(it: &SubjectReport, folder: &str) -> Vec<Row> {
    let mut groups: Vec<Vec<&FindingReport>> = Vec::new();
    for finding in it.findings.iter().filter(|finding| finding.exception.is_none()) {
        let alike = |group: &&mut Vec<&FindingReport>| group.first().is_some_and(|it| is_alike(it, finding));
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.iter().filter_map(|group| row(it, group, folder)).collect()
}

fn is_alike(one: &FindingReport, other: &FindingReport) -> bool {
    let same = |it: &FindingReport| (it.control, it.severity, it.container.is_some());
    same(one) == same(other) && one.message == other.message && one.fix == other.fix
}

fn row(it: &SubjectReport, group: &[&FindingReport], folder: &str) -> Option<Row> {
    let first = group.first()?;
    let names: Vec<String> =
        group.iter().filter_map(|finding| finding.container.as_deref()).take(MOST_NAMES).map(code).collect();
    let more = match group.len().saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = if names.is_empty() { String::new() } else { format!("{}{more}: ", names.join(", ")) };
    let place = first.location.as_ref().map(|at| format!("{}:{}", relative(&at.file, folder), at.line));
    let place = place.map(|place| format!("<br>{}", code(&place))).unwrap_or_default();
    let owner: Vec<String> = [&it.tier, &it.owner].into_iter().flatten().map(|word| code(word)).collect();
    let owner = if owner.is_empty() { String::new() } else { format!(" {}", owner.join(" ")) };
    let text = format!(
        "| {} | {}<br>{names}{} | {}{owner}{place} | {} |\n",
        severity(first.severity),
        code(first.control),
        text(&first.message),
        code(&subject(it)),
        text(&first.fix)
    );
    Some(Row { severity: first.severity, findings: group.len(), text })
}
