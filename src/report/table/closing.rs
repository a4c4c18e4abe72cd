//! The end of the page: exceptions to look at, what was left aside, and one sentence.

use super::posture::percent;
use super::subjects::{called, placed};
use super::text::{clean, plural, width};
use super::{BAD, FAINT, GOOD, Page, STRONG, View, severity_word, styled};
use crate::report::json::{AuditReport, ExceptionReport, Skipped};

pub(super) fn render(report: &AuditReport, view: View, page: &mut Page) {
    exceptions(report, view, page);
    if view.verbose {
        left_aside(report, page);
    }
    page.paragraph();
    page.line(&verdict(report));
    page.line(&next(report));
    page.line(&styled(FAINT, &what_was_read(report, view)));
}

/// Those that somebody should do something about; with `-v` all of them.
fn exceptions(report: &AuditReport, view: View, page: &mut Page) {
    let shown: Vec<&ExceptionReport> =
        report.exceptions.iter().filter(|it| view.verbose || it.attention.is_some()).collect();
    if shown.is_empty() {
        return;
    }
    page.paragraph();
    page.line(&styled(STRONG, "Exceptions"));
    for exception in shown {
        let name = format!("{}/{}", clean(&exception.namespace), clean(&exception.name));
        let said = match &exception.attention {
            Some(attention) => clean(attention).into_owned(),
            None => format!("covers {}", plural(exception.findings, "finding")),
        };
        let left = format!("  {name}: {said}");
        let place = placed(exception.location.as_ref());
        let gap = view.width.saturating_sub(width(&left) + width(&place)).max(2);
        page.line(&format!("{left}{}{}", " ".repeat(gap), styled(FAINT, &place)));
    }
}

fn left_aside(report: &AuditReport, page: &mut Page) {
    if report.skipped.is_empty() {
        return;
    }
    page.paragraph();
    page.line(&styled(STRONG, "Left aside"));
    for Skipped { file, line, object, reason } in &report.skipped {
        let line = line.map_or_else(String::new, |line| format!(":{line}"));
        let object = object.as_ref().map_or_else(String::new, |object| format!("{}, ", clean(object)));
        page.line(&format!("  {}{line}: {object}{}", clean(file), clean(reason)));
    }
}

/// `12 findings in 5 of 20 workloads; compliance 75.0 %`
fn verdict(report: &AuditReport) -> String {
    let summary = &report.summary;
    let total = &report.posture.total;
    let mut said = if total.evaluated == 0 {
        styled(STRONG, "Nothing was judged: no standard covers anything in these files.")
    } else if summary.findings == 0 {
        let unknown = if summary.unknown > 0 { ", as far as is known" } else { "" };
        styled(GOOD.bold(), &format!("No findings in {}{unknown}", plural(total.evaluated, "workload")))
    } else {
        let findings = plural(summary.findings, "finding");
        let failing =
            format!("{findings} in {} of {}", summary.failing_subjects, plural(total.evaluated, "workload"));
        styled(BAD.bold(), &failing)
    };
    if total.evaluated > 0 {
        said.push_str(&format!("; compliance {}", percent(total.compliance)));
        if summary.excepted > 0 {
            let excepted = plural(summary.excepted, "excepted finding");
            said.push_str(&format!(", {} with {excepted}", percent(total.effective)));
        }
        said.push('.');
    }
    said
}

/// What to do next.
fn next(report: &AuditReport) -> String {
    let mut open = report
        .subjects
        .iter()
        .flat_map(|subject| subject.findings.iter().map(move |finding| (subject, finding)))
        .filter(|(_, finding)| finding.exception.is_none());
    match open.next() {
        Some((subject, finding)) => format!(
            "Worst: {} ({}) in {}. `stanchion explain {}` says why it matters and how to fix it.",
            finding.control,
            severity_word(finding.severity),
            called(subject),
            finding.control
        ),
        None => String::new(),
    }
}

fn what_was_read(report: &AuditReport, view: View) -> String {
    let summary = &report.summary;
    let mut said = format!("Read {} in {}", plural(summary.objects, "object"), plural(summary.files, "file"));
    if summary.skipped > 0 {
        let hint = if view.verbose { "" } else { " (listed with -v)" };
        said.push_str(&format!("; {} left aside{hint}", summary.skipped));
    }
    if summary.exempt > 0 {
        said.push_str(&format!(
            "; {} in the cluster's own namespaces not judged",
            plural(summary.exempt, "workload")
        ));
    }
    said.push('.');
    said
}
