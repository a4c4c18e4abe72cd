//! Every finding, and every judgement that could not be made. The filter works on what is there: without a script all of
//! it can be read, too.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::group::{self, Cause, Group, Place};
use super::section;
use super::words::{NOTHING, Said, many, number, outcome, place, severity, word};
use crate::report::json::{AuditReport, Outcome};

/// The most findings that are listed: what a browser still filters at once.
const MOST: usize = 5_000;
/// The most judgements that could not be made.
const MOST_UNKNOWN: usize = 2_000;
/// The most choices of one filter.
const MOST_CHOICES: usize = 500;

pub(super) fn render(report: &AuditReport) -> Markup {
    let all = report.summary.findings + report.summary.excepted;
    let findings = group::findings(report, MOST);
    let unknowns = group::unknowns(report, MOST_UNKNOWN);
    let shown = total(&findings);
    let unlisted: u64 = report.subjects.iter().map(|it| it.unlisted_findings).sum();
    let content = html! {
        p {
            span data-n="findings.open" { (number(report.summary.findings)) } " open and "
            span data-n="findings.excepted" { (number(report.summary.excepted)) } " excepted, by control, the gravest first. "
            "What is wrong in the same words stands together."
        }
        @if shown < all {
            p.warning data-n="findings.bound" { "Here are the worst " (number(shown)) " of " (many(all, "finding")) ". All are in the JSON." }
        }
        @if unlisted > 0 {
            p.warning { (many(unlisted, "further finding")) " are counted in no list: one control lists at most 200 for one object." }
        }
        @if all == 0 { p { "Nothing was found." } }
        (filter(&findings, &unknowns))
        div #groups {
            @for it in &findings { (one(it)) }
            @if !unknowns.is_empty() {
                h3 { "What could not be judged" }
                p {
                    (many(report.summary.unknown, "judgement")) " could not be made. They count as unknown, never as passed."
                    @if total(&unknowns) < report.summary.unknown { " Here are the gravest " (number(total(&unknowns))) ". All are in the JSON." }
                }
                @for it in &unknowns { (one(it)) }
            }
        }
    };
    section("findings", "Findings", &content)
}

fn total(groups: &[Group<'_>]) -> u64 {
    u64::try_from(groups.iter().map(Group::places).sum::<usize>()).unwrap_or(u64::MAX)
}

fn one(group: &Group<'_>) -> Markup {
    html! {
        details.group data-severity=(word(group.severity)) data-family=(group.family()) {
            summary {
                (severity(group.severity)) " "
                span.title { (group.title) " " code { (group.control) } } " "
                span.count data-all=(group.places()) { (group.places()) }
            }
            table.stack role="table" aria-label={ (group.control) ", " (word(group.severity)) } {
                thead role="rowgroup" { tr role="row" {
                    @for name in ["Where", "Line", "Tier", "Owner", "Comes out"] { th scope="col" role="columnheader" { (name) } }
                } }
                @for it in &group.causes { (cause(it)) }
            }
        }
    }
}

fn cause(cause: &Cause<'_>) -> Markup {
    html! {
        tbody role="rowgroup" {
            tr.cause role="row" {
                th colspan="5" scope="rowgroup" role="rowheader" {
                    span { (Said(cause.message)) }
                    @if let Some(fix) = cause.fix { span.fix { span aria-hidden="true" { "→ " } span.hidden { "Fix: " } (Said(fix)) } }
                }
            }
            @for it in &cause.places { (row(it)) }
        }
    }
}

fn row(it: &Place<'_>) -> Markup {
    let subject = it.subject;
    html! {
        tr role="row" data-tier=(subject.tier.as_deref().unwrap_or_default()) data-owner=(subject.owner.as_deref().unwrap_or_default()) data-outcome=(outcome(it.outcome)) {
            td role="cell" data-label="Where" {
                (subject.kind) " " @if let Some(namespace) = &subject.namespace { (namespace) "/" } strong { (subject.name) }
                @if let Some(container) = it.container { " · " (container) }
                @if !it.path.is_empty() { small { code { (it.path) } } }
            }
            td role="cell" data-label="Line" { @match it.location { Some(location) => (place(location)), None => (NOTHING) } }
            td role="cell" data-label="Tier" { @match &subject.tier { Some(tier) => (tier), None => (NOTHING) } }
            td role="cell" data-label="Owner" { @match &subject.owner { Some(owner) => (owner), None => (NOTHING) } }
            td role="cell" data-label="Comes out" {
                (outcome(it.outcome))
                @if let Some(by) = it.exception { small { "by " (by.namespace) "/" (by.name) ", " (many(by.days_left.unsigned_abs(), "day")) " left" } }
            }
        }
    }
}

/// Hidden until the script takes it up.
fn filter(findings: &[Group<'_>], unknowns: &[Group<'_>]) -> Markup {
    let groups = || findings.iter().chain(unknowns);
    let places = || groups().flat_map(|it| &it.causes).flat_map(|it| &it.places);
    let severities: Vec<&str> = ["critical", "high", "medium", "low"]
        .into_iter()
        .filter(|name| groups().any(|it| word(it.severity) == *name))
        .collect();
    let families: BTreeSet<&str> = groups().map(Group::family).collect();
    let tiers: BTreeSet<&str> = places().map(|it| it.subject.tier.as_deref().unwrap_or_default()).collect();
    let owners: BTreeSet<&str> = places().map(|it| it.subject.owner.as_deref().unwrap_or_default()).collect();
    let outcomes: BTreeSet<&str> = [Outcome::Fail, Outcome::Excepted, Outcome::Unknown, Outcome::Error]
        .into_iter()
        .filter(|wanted| places().any(|it| it.outcome == *wanted))
        .map(outcome)
        .collect();
    html! {
        form #filter role="search" aria-label="Filter the findings" hidden {
            div.field.text {
                label for="filter-text" { "Text" }
                input #filter-text type="search" name="text" autocomplete="off";
            }
            (choice("severity", "Severity", &severities))
            (choice("family", "Family", &Vec::from_iter(families)))
            (choice("tier", "Tier", &Vec::from_iter(tiers)))
            (choice("owner", "Owner", &Vec::from_iter(owners)))
            (choice("outcome", "Comes out", &Vec::from_iter(outcomes)))
            div.buttons {
                button type="reset" { "Clear" }
                button type="button" data-open="true" { "Open all" }
                button type="button" data-open="false" { "Close all" }
            }
            p #shown role="status" {}
        }
    }
}

fn choice(name: &str, title: &str, choices: &[&str]) -> Markup {
    html! {
        div.field {
            label for={ "filter-" (name) } { (title) }
            select #{ "filter-" (name) } name=(name) {
                // A value of a manifest begins with `=`, so that none can be taken for all of them.
                option value="" { "all" }
                @for it in choices.iter().take(MOST_CHOICES) {
                    option value={ "=" (it) } { @if it.is_empty() { "none" } @else { (it) } }
                }
            }
        }
    }
}
