//! Controls by what fails them.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::words::{len, many, number, severity};
use super::{chart, section};
use crate::engine::catalogue;
use crate::report::json::{AuditReport, ControlPosture};

/// How many are shown before the rest.
const TOP: usize = 10;

pub(super) fn render(report: &AuditReport) -> Markup {
    let mut controls: Vec<&ControlPosture> = report.posture.controls.iter().collect();
    controls.sort_by_key(|it| (Reverse((it.counts.failing, it.severity)), it.id));
    let failing = controls.iter().filter(|it| it.counts.failing > 0).count();
    let (top, rest) = controls.split_at(failing.min(TOP));
    let most = top.first().map_or(0, |it| it.counts.failing);
    let content = html! {
        p {
            "The standards ask for " (many(len(&controls), "control")) "; "
            span data-n="controls.failing" { (failing) } " of them fail somewhere. "
            @if !top.is_empty() { "Those that fail most often:" }
        }
        @if !top.is_empty() { (table(report, top, most, "Controls that fail most often")) }
        @if !rest.is_empty() {
            details {
                summary { "The other " (many(len(rest), "control")) }
                (table(report, rest, most, "The other controls"))
            }
        }
    };
    section("controls", "By control", &content)
}

fn table(report: &AuditReport, controls: &[&ControlPosture], most: u64, title: &str) -> Markup {
    html! {
        div.scroll role="region" aria-label=(title) tabindex="0" {
            table {
                caption.hidden { (title) }
                thead { tr {
                    th scope="col" { "Control" } th scope="col" { "Severity" } th.num scope="col" { "Failing" }
                    th.share scope="col" { "Share" }
                    th.num scope="col" { "Excepted" } th.num scope="col" { "Unknown" } th.num scope="col" { "Compliant" }
                    th scope="col" { "Standard" }
                } }
                tbody { @for control in controls { (row(report, control, most)) } }
            }
        }
    }
}

fn row(report: &AuditReport, control: &ControlPosture, most: u64) -> Markup {
    let title = catalogue::find(control.id).map_or("", |it| it.title);
    let counts = &control.counts;
    let asks =
        report.posture.standards.iter().filter(|it| it.controls.iter().any(|own| own.id == control.id));
    html! {
        tr data-control=(control.id) {
            th scope="row" { code { (control.id) } small { (title) } }
            td { (severity(control.severity)) }
            td class={ "num" @if counts.failing == 0 { " zero" } } data-n="control.failing" { (number(counts.failing)) }
            td.share { (chart::length(counts.failing, most)) }
            @for (name, count) in [("excepted", counts.excepted), ("unknown", counts.unknown), ("compliant", counts.compliant)] {
                td class={ "num" @if count == 0 { " zero" } } data-n={ "control." (name) } { (number(count)) }
            }
            td.names { @for (position, standard) in asks.enumerate() { @if position > 0 { ", " } (standard.name) } }
        }
    }
}
