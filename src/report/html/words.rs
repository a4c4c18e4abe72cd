//! How the page says things.

use maud::{Markup, PreEscaped, Render, html};

use crate::api::Severity;
use crate::facts::ObjectKind;
use crate::report::json::{AuditReport, Location, Outcome, SubjectReport, Verdict};
use crate::report::table::plural;
pub(super) use crate::report::wording::severity as word;

/// `30.0 %`, or a dash for a share of nothing.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{share:.1}\u{a0}%"))
}

/// `12,345`
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `12,345 workloads`
pub(super) fn many(count: u64, noun: &str) -> String {
    let said = plural(count, noun);
    said.replacen(&count.to_string(), &number(count), 1)
}

/// How many there are of a slice.
pub(super) fn len<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

/// `2026-11-23` of a moment in UTC.
pub(super) fn day(moment: &str) -> &str {
    moment.split_once('T').map_or(moment, |(day, _)| day)
}

/// `2026-11-23 12:00:00 UTC`
pub(super) fn moment(moment: &str) -> String {
    moment.replacen('T', " ", 1).replacen('Z', " UTC", 1)
}

/// What the subjects of a report are: workloads, or roles and namespaces too.
pub(super) fn noun(report: &AuditReport) -> &'static str {
    let is_workload = |it: &SubjectReport| matches!(it.subject, ObjectKind::Workload(_));
    if report.subjects.iter().all(is_workload) { "workload" } else { "object" }
}

/// The word for a severity, which its mark stands beside: severity is never a colour alone.
pub(super) fn severity(severity: Severity) -> Markup {
    let (class, mark) = match severity {
        Severity::Critical => ("critical", "▲▲"),
        Severity::High => ("high", "▲"),
        Severity::Medium => ("medium", "◆"),
        Severity::Low => ("low", "▽"),
    };
    html! {
        span class={ "severity " (class) } { span aria-hidden="true" { (mark) "\u{a0}" } (word(severity)) }
    }
}

/// `failing`
pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fail => "failing",
        Outcome::Excepted => "excepted",
        Outcome::Unknown => "unknown",
        Outcome::Error => "error",
        Outcome::Pass => "compliant",
        Outcome::NotApplicable => "not applicable",
    }
}

/// Whether a target is met, in words and with a mark.
pub(super) fn verdict(verdict: Verdict) -> Markup {
    let (class, mark, word) = match verdict {
        Verdict::Met => ("good", "✓", "met"),
        Verdict::Missed => ("bad", "✕", "missed"),
        Verdict::NotMeasured => ("unsure", "?", "not measurable"),
        Verdict::NoTarget => ("none", "–", "no target"),
    };
    html! { span class={ "verdict " (class) } { span aria-hidden="true" { (mark) "\u{a0}" } (word) } }
}

/// `shop/cart.yaml:12`, which may be broken after a slash.
pub(super) fn place(location: &Location) -> Markup {
    html! {
        code {
            @for (position, piece) in location.file.split('/').enumerate() {
                @if position > 0 { "/" wbr; } (piece)
            }
            ":" (location.line)
        }
    }
}

/// Text with what stands in backticks as code.
pub(super) struct Said<'a>(pub(super) &'a str);

impl Render for Said<'_> {
    fn render_to(&self, buffer: &mut String) {
        let pieces: Vec<&str> = self.0.split('`').collect();
        for (position, piece) in pieces.iter().enumerate() {
            let is_code = position % 2 == 1;
            match is_code {
                true if position + 1 < pieces.len() => html! { code { (piece) } }.render_to(buffer),
                true => html! { "`" (piece) }.render_to(buffer),
                false => piece.render_to(buffer),
            }
        }
    }
}

/// A link, if the address can only lead to a page; else its text.
pub(super) fn link(address: &str) -> Markup {
    let lower = address.to_ascii_lowercase();
    let is_page = lower.starts_with("https://") || lower.starts_with("http://");
    html! {
        @if is_page { a href=(address) rel="noopener noreferrer" { (address) } } @else { (address) }
    }
}

/// Between words that may not be parted by an empty cell.
pub(super) const NOTHING: PreEscaped<&str> = PreEscaped("<span class=\"none\">–</span>");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_thousands_apart() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1_000, 1_234_567].map(number).as_slice());
        assert_eq!(many(1, "finding"), "1 finding");
        assert_eq!(many(10_000, "finding"), "10,000 findings");
    }

    #[test]
    fn code_is_what_stands_between_two_backticks_and_stays_text() {
        assert_eq!(Said("a `b<c` d").render().into_string(), "a <code>b&lt;c</code> d");
        assert_eq!(Said("a `b").render().into_string(), "a `b");
        assert_eq!(Said("<b>").render().into_string(), "&lt;b&gt;");
    }

    #[test]
    fn only_pages_are_linked() {
        assert!(link("https://tickets.example/1").into_string().starts_with("<a href=\"https:"));
        for address in
            ["javascript:alert(1)", "JIRA-12", " https://x", "data:text/html,x", "//x", "httpsx://"]
        {
            assert!(!link(address).into_string().contains("<a"), "{address}");
        }
    }
}
