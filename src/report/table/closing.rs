//! The end of the page: exceptions to look at, what was left aside, and one sentence.

use std::fmt::Write as _;

use anstyle::Style;

use super::posture::{self, percent};
use super::subjects::{called, noun, placed};
use super::text::{clean, cut, padded, plural, width, wrapped};
use super::{BAD, FAINT, GOOD, Page, STRONG, View, severity_word, styled};
use crate::report::json::{AuditReport, BySeverity, ExceptionReport, Skipped};
use crate::report::wording::{sources, whole};

/// The most columns for the name of an exception.
const MOST_NAME: usize = 44;

pub(super) fn render(report: &AuditReport, view: View, page: &mut Page) {
    exceptions(report, view, page);
    if view.verbose {
        left_aside(report, page);
    }
    page.paragraph();
    for line in narrowed(report).iter().flat_map(|said| wrapped(said, view.width)) {
        page.line(&line);
    }
    let (style, verdict) = verdict(report);
    for line in wrapped(&verdict, view.width) {
        page.line(&styled(style, &line));
    }
    for line in next(report).iter().flat_map(|next| wrapped(next, view.width)) {
        page.line(&line);
    }
    for line in wrapped(&what_was_read(report, view), view.width) {
        page.line(&styled(FAINT, &line));
    }
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
    let name = |it: &ExceptionReport| format!("{}/{}", clean(&it.namespace), clean(&it.name));
    let longest = shown.iter().map(|it| width(&name(it))).max().unwrap_or_default().min(MOST_NAME);
    for exception in shown {
        let said = match &exception.attention {
            Some(attention) => clean(attention).into_owned(),
            None => format!("covers {}", plural(exception.findings, "finding")),
        };
        let head = format!("  {}  ", padded(&cut(&name(exception), MOST_NAME), longest));
        let place = placed(exception.location.as_ref());
        let room = view.width.saturating_sub(width(&head));
        let mut lines = wrapped(&said, room);
        match lines.last_mut() {
            _ if place.is_empty() => {}
            Some(last) if width(last) + 2 + width(&place) <= room => {
                let gap = room - width(last) - width(&place);
                last.extend([" ".repeat(gap), styled(FAINT, &place)]);
            }
            // Its name is enough to find it.
            _ if view.verbose => lines.push(styled(FAINT, &place)),
            _ => {}
        }
        for (position, line) in lines.iter().enumerate() {
            let head = if position == 0 { head.clone() } else { " ".repeat(width(&head)) };
            page.line(&format!("{head}{line}"));
        }
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

/// `Only pod.* from medium on, in the namespace shop.`
fn narrowed(report: &AuditReport) -> Option<String> {
    let filters = report.filters.as_ref()?;
    let mut parts: Vec<String> = Vec::new();
    let mut part = |before: &str, names: &[String]| {
        let names: Vec<_> =
            names.iter().map(|name| if name.is_empty() { "nobody".into() } else { clean(name) }).collect();
        if !names.is_empty() {
            parts.push(format!("{before}{}", names.join(", ")));
        }
    };
    part("", &filters.controls);
    part("", filters.severity.map(|it| format!("{} or worse", severity_word(it))).as_slice());
    part("tier ", &filters.tiers);
    part("namespace ", &filters.namespaces);
    part("owner ", &filters.owners);
    Some(format!("Only {}.", parts.join("; ")))
}

/// `12 findings (2 high, 10 medium) in 5 of 20 workloads; compliance 75.0 %.`
fn verdict(report: &AuditReport) -> (Style, String) {
    let summary = &report.summary;
    let total = &report.posture.total;
    if total.evaluated == 0 {
        return (STRONG, format!("Nothing was judged: {}.", why_nothing(report)));
    }
    let judged = plural(total.evaluated, noun(report));
    let unknown = if summary.unknown > 0 { ", as far as is known" } else { "" };
    let new = if report.since.is_some() { "new " } else { "" };
    let (style, mut said) = if summary.findings == 0 {
        (GOOD.bold(), format!("No {new}findings in {judged}{unknown}"))
    } else {
        let findings = plural(summary.findings, &format!("{new}finding"));
        let failing = summary.failing_subjects;
        let severities = severities(&summary.by_severity);
        (BAD.bold(), format!("{findings} ({severities}) in {failing} of {judged}"))
    };
    if let Some(since) = &report.since {
        let _ = write!(said, "; {} stood at {} already", since.standing, clean(&since.at));
    } else if summary.excepted > 0 {
        let _ = write!(said, ", and {} excepted", summary.excepted);
    }
    if !posture::is_shown(report) {
        let _ = write!(said, "; compliance {}", percent(total.compliance));
    }
    said.push('.');
    (style, said)
}

fn why_nothing(report: &AuditReport) -> String {
    let whole = whole(report);
    if report.summary.objects == 0 {
        "no Kubernetes object was read".to_owned()
    } else if report.posture.standards.is_empty() {
        "no standard could be used".to_owned()
    } else if report.subjects.is_empty() {
        format!("nothing in {whole} runs a pod")
    } else {
        format!("no standard covers anything in {whole}")
    }
}

fn severities(counts: &BySeverity) -> String {
    let shown: Vec<String> =
        counts.found().map(|(count, severity)| format!("{count} {}", severity_word(severity))).collect();
    shown.join(", ")
}

/// What to do next.
fn next(report: &AuditReport) -> Option<String> {
    let mut open = report
        .subjects
        .iter()
        .flat_map(|subject| subject.findings.iter().map(move |finding| (subject, finding)))
        .filter(|(_, finding)| finding.exception.is_none());
    let (subject, finding) = open.next()?;
    Some(format!(
        "Start with {} in {}: `stanchion explain {}` says why and how.",
        finding.control,
        called(subject),
        finding.control
    ))
}

fn what_was_read(report: &AuditReport, view: View) -> String {
    let summary = &report.summary;
    let sources = sources(report, &plural(summary.files, "file"));
    let mut said = format!("Read {} in {sources}", plural(summary.objects, "object"));
    let standards: Vec<_> = report.posture.standards.iter().map(|it| clean(&it.name)).collect();
    let _ = match standards.as_slice() {
        [] => Ok(()),
        [one] => write!(said, ", judged by {one}"),
        [one, other] => write!(said, ", judged by {one} and {other}"),
        many => write!(said, ", judged by {} standards", many.len()),
    };
    if summary.skipped > 0 {
        let hint = if view.verbose { "" } else { " (listed with -v)" };
        let _ = write!(said, "; {} left aside{hint}", summary.skipped);
    }
    if summary.exempt > 0 {
        let exempt = plural(summary.exempt, "workload");
        let _ = write!(said, "; {exempt} in exempt namespaces not judged");
    }
    if summary.problems > 0 {
        let _ = write!(said, "; {}", plural(summary.problems, "problem"));
    }
    said.push('.');
    said
}
