//! Exceptions: how old, what ends soon, what does nothing.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::section;
use super::words::{NOTHING, Said, day, len, link, many, number, place};
use crate::report::json::{AuditReport, ExceptionReport};

/// The most exceptions that are listed in one table.
const MOST: usize = 500;
/// The most workloads that are named for one.
const MOST_COVERED: usize = 20;

/// Ages in days, up to and with the second number.
const AGES: [(&str, i64, i64); 4] = [
    ("up to 30 days", 0, 30),
    ("31 to 90 days", 31, 90),
    ("91 to 180 days", 91, 180),
    ("over 180 days", 181, i64::MAX),
];

/// Exceptions, counted.
pub(super) struct Counted {
    /// In force.
    pub(super) active: u64,
    /// Of those, how many end within a week.
    pub(super) ending: u64,
    /// In force, and doing nothing.
    pub(super) idle: u64,
    /// Written, and not in force.
    pub(super) not_in_force: u64,
    /// The age of the oldest in force, in days.
    pub(super) oldest: Option<i64>,
}

pub(super) fn count(report: &AuditReport) -> Counted {
    let of = |is: &dyn Fn(&&ExceptionReport) -> bool| {
        u64::try_from(report.exceptions.iter().filter(is).count()).unwrap_or(u64::MAX)
    };
    Counted {
        active: of(&|it| is_active(it)),
        ending: of(&|it| it.state == "ExpiringSoon"),
        idle: of(&|it| is_active(it) && it.effect != "Effective"),
        not_in_force: of(&|it| !is_active(it)),
        oldest: report.exceptions.iter().filter(|it| is_active(it)).filter_map(|it| it.age_days).max(),
    }
}

fn is_active(exception: &ExceptionReport) -> bool {
    matches!(exception.state.as_str(), "Active" | "ExpiringSoon")
}

pub(super) fn render(report: &AuditReport) -> Markup {
    let counted = count(report);
    let mut sorted: Vec<&ExceptionReport> = report.exceptions.iter().collect();
    // What is in force first, and of it what ends first.
    sorted.sort_by_key(|it| {
        (
            !is_active(it),
            if is_active(it) { it.days_left } else { 0 },
            Reverse(&it.expires_at),
            &it.namespace,
            &it.name,
        )
    });
    let (active, others) = sorted.split_at(sorted.partition_point(|it| is_active(it)));
    let content = html! {
        @if sorted.is_empty() { p { "No RiskException was read: nothing is excused." } } @else {
            div.figures.four {
                (figure("active", counted.active, "in force"))
                (figure("ending", counted.ending, "of these end within a week"))
                (figure("idle", counted.idle, "of these do nothing; each says why"))
                (figure("inactive", counted.not_in_force, "ended, revoked, invalid, not approved or not begun"))
            }
            (ages(report))
            @if !active.is_empty() { (table(active, "Exceptions in force, by their end")) }
            @if !others.is_empty() {
                details {
                    summary { (many(len(others), "exception")) " not in force" }
                    (table(others, "Exceptions not in force"))
                }
            }
        }
    };
    section("exceptions", "Exceptions", &content)
}

fn figure(name: &str, count: u64, meaning: &str) -> Markup {
    html! {
        div.figure {
            p.value data-n={ "exceptions." (name) } { (number(count)) }
            p.note { (meaning) }
        }
    }
}

/// How many of those in force are how old.
fn ages(report: &AuditReport) -> Markup {
    let active: Vec<&ExceptionReport> = report.exceptions.iter().filter(|it| is_active(it)).collect();
    let aged = |from: i64, to: i64| {
        active.iter().filter(|it| it.age_days.is_some_and(|age| (from..=to).contains(&age))).count()
    };
    let unknown = active.iter().filter(|it| it.age_days.is_none()).count();
    html! {
        h3 { "Age of those in force" }
        dl.ages {
            @for (name, from, to) in AGES { div { dt { (name) } dd { (aged(from, to)) } } }
            div { dt { "not known" } dd data-n="exceptions.ageless" { (unknown) } }
        }
        p.note { "Files say how old an exception is by " code { "validFrom" } " alone; in a cluster it is known for all." }
    }
}

fn table(exceptions: &[&ExceptionReport], title: &str) -> Markup {
    html! {
        table.stack.exceptions role="table" aria-label=(title) {
            thead role="rowgroup" { tr role="row" {
                @for name in ["Exception", "Ends", "State", "Does", "Answers for it", "Approvals"] {
                    th scope="col" role="columnheader" { (name) }
                }
            } }
            tbody role="rowgroup" { @for exception in exceptions.iter().take(MOST) { (row(exception)) } }
        }
        @if exceptions.len() > MOST { p.note { (exceptions.len() - MOST) " more in the JSON." } }
    }
}

fn row(it: &ExceptionReport) -> Markup {
    html! {
        tr role="row" data-exception={ (it.namespace) "/" (it.name) } {
            th scope="row" role="rowheader" {
                (it.namespace) "/" (it.name)
                small { (it.reason) }
                @if let Some(ticket) = &it.ticket { small { "Ticket " (link(ticket)) } }
                @if let Some(location) = &it.location { small { (place(location)) } }
            }
            td role="cell" data-label="Ends" {
                time datetime=(it.expires_at) { (day(&it.expires_at)) }
                @if is_active(it) { small { "in " (days(it.days_left)) } }
                @if let Some(age) = it.age_days { small { (days(age)) " old" } }
            }
            td role="cell" data-label="State" {
                (spaced(&it.state))
                @if let Some(attention) = &it.attention { small.attention { (Said(attention)) } }
            }
            td role="cell" data-label="Does" { (effect(it)) }
            td role="cell" data-label="Answers for it" { @if it.owner.is_empty() { (NOTHING) } @else { (it.owner) } }
            td role="cell" data-label="Approvals" { (it.valid_approvals) " of " (it.required_approvals) }
        }
    }
}

/// What it covers, or why it does nothing.
fn effect(it: &ExceptionReport) -> Markup {
    html! {
        @if it.findings == 0 {
            "nothing"
            @if it.effect != "Effective" && is_active(it) { small { (spaced(&it.effect)) } }
        } @else {
            "excuses " (many(it.findings, "finding"))
            small {
                @for (position, covered) in it.covers.iter().take(MOST_COVERED).enumerate() {
                    @if position > 0 { ", " } (covered)
                }
                @if it.covers.len() > MOST_COVERED { " and " (it.covers.len() - MOST_COVERED) " more" }
            }
        }
    }
}

fn days(count: i64) -> String {
    many(count.unsigned_abs(), "day")
}

/// `ExpiringSoon` as people write it.
fn spaced(reason: &str) -> String {
    let mut said = String::with_capacity(reason.len() + 4);
    for (position, letter) in reason.chars().enumerate() {
        if letter.is_uppercase() && position > 0 {
            said.push(' ');
        }
        said.extend(letter.to_lowercase());
    }
    said
}
