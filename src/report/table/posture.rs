//! The posture by tier.

use super::text::{clean, padded, width};
use super::{FAINT, Page, STRONG, styled};
use crate::report::json::{AuditReport, Counts};

const HEADINGS: [&str; 8] =
    ["tier", "workloads", "compliant", "excepted", "failing", "unknown", "compliance", "effective"];

/// One line a tier, and a last one for all. Without tiers that one line would say nothing that the closing sentence
/// doesn't.
pub(super) fn render(report: &AuditReport, page: &mut Page) {
    if !is_shown(report) {
        return;
    }
    let tiers = &report.posture.tiers;
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(tiers.iter().map(|tier| row(&tier.name, tier.workloads, &tier.counts)));
    let workloads = tiers.iter().map(|tier| tier.workloads).sum();
    rows.push(row("all", workloads, &report.posture.total));
    let mut widths = [0_usize; HEADINGS.len()];
    for row in &rows {
        for (column, cell) in widths.iter_mut().zip(row) {
            *column = (*column).max(width(cell));
        }
    }
    page.paragraph();
    page.line(&styled(STRONG, "Posture"));
    for (position, row) in rows.iter().enumerate() {
        let line = aligned(row, &widths);
        page.line(&if position == 0 { styled(FAINT, &line) } else { line });
    }
}

pub(super) fn is_shown(report: &AuditReport) -> bool {
    let posture = &report.posture;
    report.framework.is_none()
        && posture.total.evaluated > 0
        && posture.tiers.iter().any(|tier| tier.level.is_some())
}

fn row(name: &str, workloads: u64, counts: &Counts) -> [String; HEADINGS.len()] {
    [
        clean(name).into_owned(),
        workloads.to_string(),
        counts.compliant.to_string(),
        counts.excepted.to_string(),
        counts.failing.to_string(),
        counts.unknown.to_string(),
        percent(counts.compliance),
        percent(counts.effective),
    ]
}

pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.1} %"))
}

/// The name to the left, numbers to the right.
fn aligned(row: &[String], widths: &[usize]) -> String {
    let mut line = " ".to_owned();
    for (position, (cell, columns)) in row.iter().zip(widths).enumerate() {
        line.push(' ');
        if position == 0 {
            line.push_str(&padded(cell, *columns));
        } else {
            line.push(' ');
            line.push_str(&" ".repeat(columns.saturating_sub(width(cell))));
            line.push_str(cell);
        }
    }
    line
}
