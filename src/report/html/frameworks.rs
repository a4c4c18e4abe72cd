//! How what was judged stands to the clauses of frameworks.

use maud::{Markup, html};

use super::section;
use super::words::{len, many, number, severity};
use crate::report::json::{ClauseReport, Counts, FrameworkReport, Outcome};

pub(super) fn render(frameworks: &[FrameworkReport]) -> Markup {
    let content = html! {
        p { "A clause that passes is evidence for it, not compliance with it: each asks for more than files can show. A clause comes out as the worst of what serves it." }
        div.scroll role="region" aria-label="Clauses by framework" tabindex="0" {
            table {
                caption.hidden { "Clauses by framework" }
                thead { tr {
                    th scope="col" { "Framework" } th.num scope="col" { "Asked here" } th.num scope="col" { "Passing" }
                    th.num scope="col" { "Excepted" } th.num scope="col" { "Unknown" } th.num scope="col" { "Failing" }
                    th.num scope="col" { "Nothing judged" } th.num scope="col" { "Not asked" } th.num scope="col" { "Not covered" }
                } }
                tbody { @for framework in frameworks { (row(framework)) } }
            }
        }
        p.note {
            "Asked here: clauses that controls of this run’s standards serve. Not asked: clauses that controls of the catalogue serve, but none that a standard of this run asks for. Not covered: clauses that no control serves; of all that the framework has."
        }
        @for framework in frameworks { (clauses(framework)) }
    };
    section("frameworks", "Frameworks", &content)
}

fn row(framework: &FrameworkReport) -> Markup {
    let of = |wanted: Outcome| framework.clauses.iter().filter(|it| outcome(&it.counts) == wanted).count();
    let cell = |name: &str, count: usize| {
        html! { td class={ "num" @if count == 0 { " zero" } } data-n={ "framework." (name) } { (count) } }
    };
    html! {
        tr data-framework=(framework.name) {
            th scope="row" { (framework.title) small { (framework.edition) } }
            (cell("clauses", framework.clauses.len()))
            (cell("passing", of(Outcome::Pass)))
            (cell("excepted", of(Outcome::Excepted)))
            (cell("unknown", of(Outcome::Unknown)))
            (cell("failing", of(Outcome::Fail)))
            (cell("nothing", of(Outcome::NotApplicable)))
            (cell("unasked", framework.unasked.len()))
            td.num data-n="framework.uncovered" { (framework.uncovered.len()) " of " (framework.total) }
        }
    }
}

/// What a clause comes out as.
const fn outcome(counts: &Counts) -> Outcome {
    match counts {
        Counts { failing: 1.., .. } => Outcome::Fail,
        Counts { unknown: 1.., .. } => Outcome::Unknown,
        Counts { excepted: 1.., .. } => Outcome::Excepted,
        Counts { compliant: 1.., .. } => Outcome::Pass,
        _ => Outcome::NotApplicable,
    }
}

fn clauses(framework: &FrameworkReport) -> Markup {
    html! {
        details {
            summary { (framework.title) ", clause by clause" }
            @if framework.clauses.is_empty() { p { "No standard of this run asks for a control that serves one of its clauses." } } @else { (table(framework)) }
            @if !framework.unasked.is_empty() {
                h3 { "Not asked: " (many(len(&framework.unasked), "clause")) }
                ul.plain {
                    @for clause in &framework.unasked {
                        li {
                            strong { (clause.id) } " " @if let Some(title) = clause.title { (title) ": " }
                            @for (position, id) in clause.controls.iter().enumerate() { @if position > 0 { ", " } code { (id) } }
                        }
                    }
                }
            }
            @if !framework.uncovered.is_empty() {
                h3 { "Not covered by any control: " (framework.uncovered.len()) " of " (many(framework.total, "clause")) }
                p.clauses {
                    @for (position, clause) in framework.uncovered.iter().enumerate() {
                        @if position > 0 { " · " } span title=[clause.title] { (clause.id) }
                    }
                }
            }
        }
    }
}

fn table(framework: &FrameworkReport) -> Markup {
    html! {
        div.scroll role="region" aria-label={ "Clauses of " (framework.title) } tabindex="0" {
            table {
                caption.hidden { "Clauses of " (framework.title) }
                thead { tr {
                    th scope="col" { "Clause" } th scope="col" { "Comes out" } th.num scope="col" { "Compliant" }
                    th.num scope="col" { "Excepted" } th.num scope="col" { "Unknown" } th.num scope="col" { "Failing" }
                    th scope="col" { "Failed by" }
                } }
                tbody { @for clause in &framework.clauses { (clause_row(clause)) } }
            }
        }
    }
}

fn clause_row(clause: &ClauseReport) -> Markup {
    let counts = &clause.counts;
    html! {
        tr {
            th scope="row" { (clause.id) @if let Some(title) = clause.title { small { (title) } } }
            td { (verdict(outcome(counts))) }
            @for count in [counts.compliant, counts.excepted, counts.unknown, counts.failing] {
                td class={ "num" @if count == 0 { " zero" } } { (number(count)) }
            }
            td.names {
                ul.plain {
                    @for control in clause.controls.iter().filter(|it| it.counts.failing > 0) {
                        li { code { (control.id) } " " (severity(control.severity)) }
                    }
                }
            }
        }
    }
}

fn verdict(outcome: Outcome) -> Markup {
    let (class, mark, word) = match outcome {
        Outcome::Pass => ("good", "✓", "passing"),
        Outcome::Excepted => ("unsure", "◐", "excepted"),
        Outcome::Unknown | Outcome::Error => ("unsure", "?", "unknown"),
        Outcome::Fail => ("bad", "✕", "failing"),
        Outcome::NotApplicable => ("none", "–", "nothing judged"),
    };
    html! { span class={ "verdict " (class) } { span aria-hidden="true" { (mark) "\u{a0}" } (word) } }
}
