//! Bars. Each is a picture with its numbers as its name; the same numbers stand in a table beside it.

use maud::{Markup, html};

use super::words::number;
use crate::report::json::Counts;

/// The four outcomes in the order in which bars show them, each with the class that draws it.
pub(super) fn parts(counts: &Counts) -> [(&'static str, u64); 4] {
    [
        ("compliant", counts.compliant),
        ("excepted", counts.excepted),
        ("unknown", counts.unknown),
        ("failing", counts.failing),
    ]
}

/// One bar of all outcomes.
pub(super) fn bar(counts: &Counts) -> Markup {
    let said: Vec<String> =
        parts(counts).iter().map(|(name, count)| format!("{} {name}", number(*count))).collect();
    let said = format!("{} of {}", said.join(", "), number(counts.evaluated));
    html! {
        svg.bar role="img" aria-label=(said) width="100%" height="12" {
            rect.ground width="100%" height="100%" {}
            @for (name, from, share) in spans(counts) {
                rect class=(name) x={ (from) "%" } width={ (share) "%" } height="100%" {}
            }
        }
    }
}

/// A small bar of one number against the largest of its kind.
pub(super) fn length(count: u64, most: u64) -> Markup {
    let share = percent(count, most);
    html! {
        svg.bar.length aria-hidden="true" width="100%" height="8" {
            rect.failing width={ (share) "%" } height="100%" {}
        }
    }
}

/// What the bars are drawn with: hatched and dotted, so that they can be told apart without colours.
pub(super) fn patterns() -> Markup {
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" focusable="false" {
            defs {
                pattern #hatch width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect.hatch-ground width="6" height="6" {}
                    rect.hatch-line width="2.5" height="6" {}
                }
                pattern #dots width="5" height="5" patternUnits="userSpaceOnUse" {
                    rect.dots-ground width="5" height="5" {}
                    circle.dots-point cx="2.5" cy="2.5" r="1.2" {}
                }
            }
        }
    }
}

/// What the patterns mean.
pub(super) fn legend() -> Markup {
    html! {
        ul.legend {
            @for name in ["compliant", "excepted", "unknown", "failing"] {
                li { svg.swatch aria-hidden="true" width="22" height="12" { rect class=(name) width="22" height="12" {} } " " (name) }
            }
        }
    }
}

/// Where each outcome begins and how wide it is, in percent, without those that nothing has.
fn spans(counts: &Counts) -> impl Iterator<Item = (&'static str, String, String)> {
    let total = counts.evaluated;
    let mut before = 0;
    parts(counts).into_iter().filter(|(_, count)| *count > 0).map(move |(name, count)| {
        let from = percent(before, total);
        before += count;
        (name, from, percent(count, total))
    })
}

/// In hundredths of a percent, which is finer than any screen.
fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_numbers_say() {
        let counts = Counts { evaluated: 20, compliant: 6, excepted: 3, failing: 11, ..Counts::default() };
        let found: Vec<_> = spans(&counts).collect();
        let wanted =
            [("compliant", "0.00", "30.00"), ("excepted", "30.00", "15.00"), ("failing", "45.00", "55.00")];
        assert_eq!(found, wanted.map(|(name, from, share)| (name, from.to_owned(), share.to_owned())));
        assert_eq!(spans(&Counts::default()).count(), 0);
    }
}
