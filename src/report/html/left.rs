//! What was not judged: problems, and what was left aside on purpose.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::section;
use super::words::{Said, many, number};
use crate::report::json::{AuditReport, Skipped};

/// The most problems that are listed.
const MOST_PROBLEMS: usize = 500;
/// The most things left aside that are listed for one reason.
const MOST_ALIKE: usize = 100;

pub(super) fn render(report: &AuditReport) -> Markup {
    let content = html! {
        @if report.problems.is_empty() && report.skipped.is_empty() {
            p { "Everything that was read could be used." }
        }
        @if !report.problems.is_empty() {
            h3 { (many(report.summary.problems, "problem")) }
            ul.plain {
                @for problem in report.problems.iter().take(MOST_PROBLEMS) {
                    li {
                        code { (problem.file) @if let Some(line) = problem.line { ":" (line) } } " "
                        (Said(&problem.message))
                    }
                }
            }
            (beyond(report.problems.len(), MOST_PROBLEMS))
        }
        @if !report.skipped.is_empty() {
            h3 { (number(report.summary.skipped)) " left aside" }
            @for (reason, alike) in by_reason(&report.skipped) {
                details {
                    summary { (Said(reason)) " " span.count { (alike.len()) } }
                    ul.plain {
                        @for it in alike.iter().take(MOST_ALIKE) {
                            li {
                                @if let Some(object) = &it.object { (object) " " }
                                code { (it.file) @if let Some(line) = it.line { ":" (line) } }
                            }
                        }
                    }
                    (beyond(alike.len(), MOST_ALIKE))
                }
            }
        }
    };
    section("left", "Left aside", &content)
}

fn by_reason(skipped: &[Skipped]) -> BTreeMap<&str, Vec<&Skipped>> {
    let mut found: BTreeMap<&str, Vec<&Skipped>> = BTreeMap::new();
    for it in skipped {
        found.entry(&it.reason).or_default().push(it);
    }
    found
}

fn beyond(count: usize, most: usize) -> Markup {
    html! { @if count > most { p.note { (count - most) " more in the JSON." } } }
}
