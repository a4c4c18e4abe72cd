//! What was judged, when and by what; the verdict in one sentence; the contents.

use maud::{Markup, html};

use super::words::{many, moment, noun, number, percent, word};
use crate::report::json::{AuditReport, BySeverity};
use crate::report::wording::sources;

/// More standards than this are counted instead of named.
const MOST_STANDARDS: usize = 40;

const CONTENTS: [(&str, &str); 9] = [
    ("posture", "Posture"),
    ("tiers", "Tiers"),
    ("owners", "Owners"),
    ("controls", "Controls"),
    ("exceptions", "Exceptions"),
    ("measures", "Measures"),
    ("frameworks", "Frameworks"),
    ("findings", "Findings"),
    ("left", "Left aside"),
];

pub(super) fn render(report: &AuditReport) -> Markup {
    html! {
        header {
            p.kicker {
                "Security posture · " time datetime=(report.at) { (moment(&report.at)) }
            }
            h1 data-n="verdict" { (verdict(report)) }
            @if report.summary.problems > 0 {
                p.warning {
                    strong { "This audit is not complete: " }
                    (many(report.summary.problems, "problem")) " kept something from being read or used. "
                    a href="#left" { "What they are" } "."
                }
            }
            dl.facts { (facts(report)) }
            nav aria-label="Contents" {
                ul { @for (id, title) in CONTENTS { li { a href={ "#" (id) } { (title) } } } }
            }
        }
    }
}

/// The verdict in one sentence.
fn verdict(report: &AuditReport) -> String {
    let total = &report.posture.total;
    let noun = noun(report);
    if total.evaluated == 0 {
        return "Nothing was judged: nothing that a standard covers was read.".to_owned();
    }
    let mut rest = Vec::new();
    if total.excepted > 0 {
        let verb = if total.excepted == 1 { "is" } else { "are" };
        rest.push(format!("{}\u{a0}{verb} excused for now", number(total.excepted)));
    }
    if total.unknown > 0 {
        rest.push(format!("of {} it can’t be said", number(total.unknown)));
    }
    let rest = if rest.is_empty() { String::new() } else { format!("; {}", rest.join(" and ")) };
    if total.failing == 0 {
        let complying = format!("{} of {}", number(total.compliant), many(total.evaluated, noun));
        return match total.compliant {
            all if all == total.evaluated => format!("All of {} comply.", many(total.evaluated, noun)),
            _ => format!("Nothing fails: {complying} comply{rest}."),
        };
    }
    let fail = if total.failing == 1 { "fails" } else { "fail" };
    let failing = format!("{} of {} {fail}", number(total.failing), many(total.evaluated, noun));
    let comply = if total.compliant == 1 { "complies" } else { "comply" };
    format!("{failing}, {}\u{a0}{comply}{rest}.", number(total.compliant))
}

fn facts(report: &AuditReport) -> Markup {
    let summary = &report.summary;
    html! {
        div {
            dt { "Judged" }
            dd {
                (many(report.posture.total.evaluated, noun(report))) ", found among "
                (many(summary.objects, "object")) " in " (sources(report, &many(summary.files, "file")))
                @if summary.exempt > 0 {
                    "; " (many(summary.exempt, "workload")) " in exempt namespaces not judged"
                }
            }
        }
        div {
            dt { "By the standards" }
            dd { (standards(report)) }
        }
        div {
            dt { "Open findings" }
            dd data-n="summary.findings" {
                (number(summary.findings))
                @if summary.findings > 0 { " (" (severities(&summary.by_severity)) ")" }
            }
        }
        div {
            dt { "Compliance" }
            dd { (percent(report.posture.total.compliance)) "; with what is excused " (percent(report.posture.total.effective)) }
        }
    }
}

fn standards(report: &AuditReport) -> Markup {
    let standards = &report.posture.standards;
    html! {
        @if standards.is_empty() { "none that could be used" }
        @for (position, standard) in standards.iter().take(MOST_STANDARDS).enumerate() {
            @if position > 0 { ", " }
            span title=(standard.title) { (standard.name) }
        }
        @if standards.len() > MOST_STANDARDS { " and " (standards.len() - MOST_STANDARDS) " more" }
    }
}

/// `1 critical, 2 high`
fn severities(counts: &BySeverity) -> String {
    let said: Vec<String> =
        counts.found().map(|(count, it)| format!("{} {}", number(count), word(it))).collect();
    said.join(", ")
}
