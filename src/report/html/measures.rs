//! Measures: what files can show, and what they can't.

use maud::{Markup, html};

use super::words::{NOTHING, many, number, percent, verdict};
use super::{exceptions, section};
use crate::report::json::{AuditReport, MeasureReport, Verdict};

/// Each measure of tiers: its name in JSON, its title, and what it says.
const MEASURES: [(&str, &str, &str); 6] = [
    (
        "compliance",
        "Compliance",
        "Workloads that pass every control that applies to them. What is excused or unknown does not pass.",
    ),
    (
        "imageCompliance",
        "Image compliance",
        "Workloads that pass every control of images that is asked of them: tags, digests, registries.",
    ),
    (
        "iamLeastPrivilege",
        "IAM least privilege",
        "Workloads that pass every control of rights that is asked of them: what their service accounts may do.",
    ),
    (
        "loggingCoverage",
        "Logging coverage",
        "Workloads whose logs are seen to leave the node. Coverage is not efficacy: it does not say that anybody reads them, or that an attack would raise an alert.",
    ),
    (
        "threatModels",
        "Threat models",
        "Services with a threat model that is not too old, of those that a standard asks for one. That it is there is seen, not that it is good.",
    ),
    (
        "slaCompliance",
        "Vulnerabilities within their time",
        "Vulnerabilities that are gone, or still within the time that the tier allows.",
    ),
];

/// What no file says: a measure, and what it would take.
const BEYOND: [(&str, &str); 5] = [
    ("Time to remediate", "It takes the history of findings: keep the JSON of each run and compare."),
    ("Signed images", "It takes a registry, and the keys that are trusted."),
    ("Detection efficacy", "It takes alerts, and exercises that should raise them."),
    ("What admission denied", "It takes a cluster in which something is denied."),
    ("Drift", "It takes the cluster beside the files: what runs may not be what is written."),
];

/// What people call a measure.
pub(super) fn title(name: &str) -> &str {
    MEASURES.iter().find(|(known, ..)| *known == name).map_or(name, |(_, title, _)| title)
}

pub(super) fn render(report: &AuditReport) -> Markup {
    let content = html! {
        table.stack.measures role="table" aria-label="Measures" {
            thead role="rowgroup" { tr role="row" {
                @for name in ["Measure", "Value", "Targets of the tiers"] { th scope="col" role="columnheader" { (name) } }
            } }
            tbody role="rowgroup" {
                @for measure in &report.posture.measures { (measured(report, measure)) }
                (owners(report))
                (excused(report))
                @for (name, takes) in BEYOND { (row(name, takes, "beyond", &not_measurable(report))) }
            }
        }
    };
    section("measures", "Measures", &content)
}

fn measured(report: &AuditReport, measure: &MeasureReport) -> Markup {
    let meaning =
        MEASURES.iter().find(|(known, ..)| *known == measure.name).map_or("", |(_, _, meaning)| meaning);
    let noun = if measure.name == "threatModels" { "service" } else { "workload" };
    let value = html! {
        @if measure.name == "slaCompliance" { (not_measurable(report)) small { "It takes a scanner of images." } }
        @else if measure.counts.evaluated == 0 { "not measured" small { "No standard of this run asks for it, or nothing was there to ask." } }
        @else {
            (percent(measure.counts.compliance))
            small { (number(measure.counts.compliant)) " of " (many(measure.counts.evaluated, noun)) @if measure.counts.unknown > 0 { ", " (number(measure.counts.unknown)) " unknown" } @if measure.counts.excepted > 0 { ", " (number(measure.counts.excepted)) " excepted" } }
        }
    };
    html! {
        tr role="row" data-measure=(measure.name) {
            th scope="row" role="rowheader" { (title(measure.name)) small { (meaning) } }
            td role="cell" data-label="Value" data-n="measure.value" { (value) }
            td role="cell" data-label="Targets" { (targets(report, measure.name)) }
        }
    }
}

/// Every tier's target for a measure, with its own value.
fn targets(report: &AuditReport, name: &str) -> Markup {
    let own = |tier: &'_ &crate::report::json::TierPosture| {
        tier.measures.iter().any(|it| it.name == name && it.verdict != Verdict::NoTarget)
    };
    let tiers: Vec<_> = report.posture.tiers.iter().filter(own).collect();
    html! {
        @if tiers.is_empty() { span.none { "none set" } } @else {
            ul.plain {
                @for tier in tiers {
                    @for it in tier.measures.iter().filter(|it| it.name == name) {
                        li {
                            (tier.name) ": "
                            @if let Some(target) = it.target { (target) "\u{a0}% wanted, " }
                            @if it.counts.compliance.is_some() { (percent(it.counts.compliance)) ", " }
                            (verdict(it.verdict))
                        }
                    }
                }
            }
        }
    }
}

fn owners(report: &AuditReport) -> Markup {
    let of = |known: bool| -> u64 {
        report
            .posture
            .owners
            .iter()
            .filter(|it| !known || it.owner.is_some())
            .map(|it| it.counts.evaluated)
            .sum()
    };
    let (known, all) = (of(true), of(false));
    let value = html! {
        @if all == 0 { "not measured" } @else { (number(known)) " of " (number(all)) small { "judged" } }
    };
    row(
        "Owners known",
        "What was judged and names somebody who answers for it, by its labels or its namespace’s.",
        "owners",
        &value,
    )
}

fn excused(report: &AuditReport) -> Markup {
    let counted = exceptions::count(report);
    let oldest = html! {
        @match counted.oldest {
            Some(days) => (many(days.unsigned_abs(), "day")),
            None if counted.active == 0 => "none in force",
            None => { (not_measurable(report)) small { "No exception in force says in " code { "validFrom" } " when it began." } }
        }
    };
    let simple = |count: u64| html! { (number(count)) };
    html! {
        (row("Exceptions in force", "Leave to fail, approved and not ended.", "active", &simple(counted.active)))
        (row("Exceptions that end within a week", "What they excuse fails again then, unless it is mended first.", "ending", &simple(counted.ending)))
        (row("Oldest exception in force", "Since it began, by what files say of that.", "oldest", &oldest))
        (row("Judgements that could not be made", "Pairs of a control and what it should have judged. They count as unknown, never as passed.", "unknown", &simple(report.summary.unknown)))
    }
}

fn row(name: &str, meaning: &str, key: &str, value: &Markup) -> Markup {
    html! {
        tr role="row" data-measure=(key) {
            th scope="row" role="rowheader" { (name) small { (meaning) } }
            td role="cell" data-label="Value" data-n="measure.value" { (value) }
            td role="cell" data-label="Targets" { (NOTHING) }
        }
    }
}

fn not_measurable(report: &AuditReport) -> Markup {
    let source = if report.cluster.is_some() { "a cluster" } else { "files" };
    html! { span.verdict.unsure { span aria-hidden="true" { "?\u{a0}" } "not measurable from " (source) } }
}
