//! The posture: in total, by tier, by owner.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::words::{NOTHING, many, noun, number, percent, verdict};
use super::{chart, measures, section};
use crate::report::json::{AuditReport, Counts, OwnerPosture, TierPosture, Verdict};

/// More owners than this are counted, not listed.
const MOST_OWNERS: usize = 200;

const OUTCOMES: [(&str, &str); 4] = [
    ("compliant", "nothing was found"),
    ("excepted", "found, and excused by an exception that ends"),
    ("unknown", "it can’t be said"),
    ("failing", "found, and not excused"),
];

pub(super) fn total(report: &AuditReport) -> Markup {
    let total = &report.posture.total;
    let noun = noun(report);
    let content = html! {
        div.figures.four {
            @for ((name, meaning), (_, count)) in OUTCOMES.iter().zip(chart::parts(total)) {
                div class={ "figure " (name) } {
                    p.value data-n={ "total." (name) } { (number(count)) }
                    p.name { svg.swatch aria-hidden="true" width="22" height="12" { rect class=(name) width="22" height="12" {} } " " (name) }
                    p.note { (meaning) }
                }
            }
        }
        div.wide { (chart::bar(total)) }
        p.note { "Of " span data-n="total.evaluated" { (number(total.evaluated)) } " " (noun) "s judged. Each is as good as its worst control, and counted once." }
        div.figures.two {
            div.figure {
                p.value data-n="total.compliance" { (percent(total.compliance)) }
                p.name { "compliance, gross" }
                p.note { "Compliant of all that were judged. What is excused or unknown does not count as compliant." }
            }
            div.figure {
                p.value data-n="total.effective" { (percent(total.effective)) }
                p.name { "effective, net of exceptions" }
                p.note { "Compliant or excused of all that were judged. This falls back to compliance on the day the exceptions end." }
            }
        }
        p.note { "Both are rounded down: 100.0\u{a0}% means all of them." }
    };
    section("posture", "Posture", &content)
}

pub(super) fn tiers(report: &AuditReport) -> Markup {
    let tiers = &report.posture.tiers;
    let content = html! {
        @if tiers.iter().all(|tier| tier.level.is_none()) {
            p { "No ServiceTier was read: nothing says what matters most, and there are no targets." }
        }
        (chart::legend())
        div.scroll role="region" aria-label="Posture by tier" tabindex="0" {
            table {
                caption.hidden { "Posture by tier, the most critical first" }
                thead { tr { th scope="col" { "Tier" } (count_headings()) } }
                tbody {
                    @for tier in tiers {
                        tr data-tier-row=(tier.name) {
                            th scope="row" { (tier.name) @if let Some(level) = tier.level { small { "level " (level) } } }
                            (counted(&tier.counts, "tier"))
                        }
                    }
                }
            }
        }
        (targets(tiers))
    };
    section("tiers", "By tier", &content)
}

/// Every target that a tier sets, and whether it is met.
fn targets(tiers: &[TierPosture]) -> Markup {
    let set: Vec<_> = tiers
        .iter()
        .flat_map(|tier| tier.measures.iter().map(move |measure| (tier, measure)))
        .filter(|(_, measure)| measure.verdict != Verdict::NoTarget)
        .collect();
    html! {
        h3 { "Targets of the tiers" }
        @if set.is_empty() { p { "No tier sets a target." } } @else {
            div.scroll role="region" aria-label="Targets of the tiers" tabindex="0" {
                table.compact {
                    caption.hidden { "Targets that the tiers set, and whether they are met" }
                    thead { tr {
                        th scope="col" { "Tier" } th scope="col" { "Measure" } th.num scope="col" { "Wanted" }
                        th.num scope="col" { "Measured" } th scope="col" { "Target is" }
                    } }
                    tbody {
                        @for (tier, measure) in set {
                            tr {
                                th scope="row" { (tier.name) }
                                td { (measures::title(measure.name)) }
                                td.num { @if let Some(target) = measure.target { (target) "\u{a0}%" } }
                                td.num { (percent(measure.counts.compliance)) }
                                td data-target={ (tier.name) "." (measure.name) } { (verdict(measure.verdict)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Owners, those with the most failing first.
pub(super) fn owners(report: &AuditReport) -> Markup {
    let mut owners: Vec<&OwnerPosture> =
        report.posture.owners.iter().filter(|it| it.counts.evaluated > 0).collect();
    owners.sort_by_key(|it| (Reverse(it.counts.failing), Reverse(it.counts.evaluated), &it.owner));
    let more = owners.len().saturating_sub(MOST_OWNERS);
    let content = html! {
        @if owners.is_empty() { p { "Nothing was judged that could have an owner." } } @else {
            div.scroll role="region" aria-label="Posture by owner" tabindex="0" {
                table {
                    caption.hidden { "Posture by owner, the most failing first" }
                    thead { tr { th scope="col" { "Owner" } (count_headings()) } }
                    tbody {
                        @for it in owners.iter().take(MOST_OWNERS) {
                            tr {
                                th scope="row" { @match &it.owner { Some(owner) => (owner), None => em { "nobody says" } } }
                                (counted(&it.counts, "owner"))
                            }
                        }
                    }
                }
            }
        }
        @if more > 0 { p.note { (many(more.try_into().unwrap_or(u64::MAX), "more owner")) " in the JSON." } }
    };
    section("owners", "By owner", &content)
}

pub(super) fn count_headings() -> Markup {
    html! {
        th.num scope="col" { "Judged" } th.num scope="col" { "Compliant" } th.num scope="col" { "Excepted" }
        th.num scope="col" { "Unknown" } th.num scope="col" { "Failing" }
        th.num scope="col" { "Compliance" } th.num scope="col" { "Effective" } th.share scope="col" { "Share" }
    }
}

/// The cells below [`count_headings`]. `of` names them for programs that read the page.
pub(super) fn counted(counts: &Counts, of: &str) -> Markup {
    html! {
        td.num data-n={ (of) ".evaluated" } { (number(counts.evaluated)) }
        @for (name, count) in chart::parts(counts) {
            td class={ "num" @if count == 0 { " zero" } } data-n={ (of) "." (name) } { (number(count)) }
        }
        td.num data-n={ (of) ".compliance" } { (percent(counts.compliance)) }
        td.num data-n={ (of) ".effective" } { (percent(counts.effective)) }
        td.share { @if counts.evaluated > 0 { (chart::bar(counts)) } @else { (NOTHING) } }
    }
}
