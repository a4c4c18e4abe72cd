//! What somebody reads who applies an object: one style for warnings and denials.
//!
//! `[image.mutable-tag] app: nginx:1.25 has no digest; use a digest; denied for tier-1 from 2026-12-07`
//!
//! An API server cuts warnings where they are longer than [`LONGEST`], or together longer than [`LONGEST_TOGETHER`]
//! (`k8s.io/apiserver/pkg/endpoints/filters/warning.go`). Here they are put together and shortened between words first.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

use crate::facts::{SubjectKey, Text};

/// The longest warning, in characters.
pub const LONGEST: usize = 256;

/// The longest that all of them may be together.
pub const LONGEST_TOGETHER: usize = 4096;

/// How many containers are named.
const MOST_CONTAINERS: usize = 3;

/// What comes of a finding, from the mildest on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Consequence {
    /// An exception excuses it for so long.
    Excepted(Text, Timestamp),
    /// Nothing more than this warning.
    Told,
    /// A warning, from then on.
    WillBeTold(Timestamp),
    /// A denial, from then on as far as that is known.
    WillBeDenied(Option<Timestamp>),
    /// It was there before, and is spared until then.
    Spared(Timestamp),
    /// A denial.
    Denied,
}

/// What is to be said of one finding.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) control: &'static str,
    pub(super) container: Option<Text>,
    pub(super) message: String,
    pub(super) advice: String,
    pub(super) tier: Text,
    pub(super) consequence: Consequence,
}

/// Tells findings from one another, whoever asks for them.
type Finding = (&'static str, String, Option<Text>);

/// Everything that is to be said of an object.
#[derive(Debug, Default)]
pub(super) struct Lines {
    said: BTreeMap<Finding, (Consequence, String, Text)>,
}

/// One line: the same defect of one or several containers.
#[derive(Debug)]
struct Line<'a> {
    control: &'static str,
    containers: Vec<&'a Text>,
    message: &'a str,
    advice: &'a str,
    tier: &'a Text,
    consequence: &'a Consequence,
}

impl Lines {
    /// Of one finding that several standards ask for the gravest consequence is said.
    pub(super) fn add(&mut self, said: Said) {
        let Said { control, container, message, advice, tier, consequence } = said;
        let place = self.said.entry((control, message, container));
        let new = (consequence, advice, tier);
        place.and_modify(|known| *known = known.clone().max(new.clone())).or_insert(new);
    }

    /// Whether anything is denied.
    pub(super) fn denies(&self) -> bool {
        self.said.values().any(|(consequence, ..)| *consequence == Consequence::Denied)
    }

    /// The controls that deny, each once.
    pub(super) fn denying(&self) -> impl Iterator<Item = &'static str> {
        let denying = self.said.iter().filter(|(_, (consequence, ..))| *consequence == Consequence::Denied);
        let mut controls: Vec<&str> = denying.map(|((control, ..), _)| *control).collect();
        controls.dedup();
        controls.into_iter()
    }

    /// All of it as warnings, the gravest first.
    pub(super) fn warnings(&self) -> Vec<String> {
        bounded(self.lines().iter().map(Line::fitted).collect())
    }

    /// What is not denied as warnings.
    pub(super) fn milder(&self) -> Vec<String> {
        let lines = self.lines();
        let milder = lines.iter().filter(|line| *line.consequence != Consequence::Denied);
        bounded(milder.map(Line::fitted).collect())
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let mut lines: BTreeMap<_, Line<'_>> = BTreeMap::new();
        for ((control, message, container), (consequence, advice, tier)) in &self.said {
            let key = (Reverse(consequence), *control, message, advice, tier);
            let line = lines.entry(key).or_insert_with(|| Line {
                control,
                containers: Vec::new(),
                message,
                advice,
                tier,
                consequence,
            });
            line.containers.extend(container);
        }
        lines.into_values().collect()
    }
}

impl Line<'_> {
    fn fitted(&self) -> String {
        let full = self.text(self.message, self.advice);
        if length(&full) <= LONGEST {
            return full;
        }
        let without = self.text(self.message, "");
        let over = length(&without).saturating_sub(LONGEST);
        if over == 0 {
            return without;
        }
        let room = length(self.message).saturating_sub(over);
        let cut = self.text(&shortened(self.message, room), "");
        // Names of containers and exceptions are at most 63 and 253 characters long.
        if length(&cut) <= LONGEST { cut } else { shortened(&cut, LONGEST) }
    }

    fn text(&self, message: &str, advice: &str) -> String {
        let named: Vec<&str> = self.containers.iter().take(MOST_CONTAINERS).map(|it| it.as_str()).collect();
        let more = match self.containers.len().saturating_sub(MOST_CONTAINERS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let who = if named.is_empty() { String::new() } else { format!("{}{more}: ", named.join(", ")) };
        let advice = if advice.is_empty() { String::new() } else { format!("; {advice}") };
        let said = format!("[{}] {who}{message}{advice}{}", self.control, Told { line: self });
        said.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
    }
}

/// What comes of it, in words.
struct Told<'a> {
    line: &'a Line<'a>,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { tier, consequence, .. } = self.line;
        let day = |moment: &Timestamp| moment.strftime("%Y-%m-%d").to_string();
        match consequence {
            Consequence::Excepted(name, until) => write!(f, "; excepted by {name} until {}", day(until)),
            Consequence::Told | Consequence::Denied => Ok(()),
            Consequence::WillBeTold(from) => write!(f, "; warned about for {tier} from {}", day(from)),
            Consequence::WillBeDenied(Some(from)) => write!(f, "; denied for {tier} from {}", day(from)),
            Consequence::WillBeDenied(None) => write!(f, "; will be denied for {tier}"),
            Consequence::Spared(until) => {
                write!(f, "; it was so before: denied for {tier} from {}", day(until))
            }
        }
    }
}

/// Why an object is denied.
pub(super) struct Message<'a> {
    pub(super) key: &'a SubjectKey,
    pub(super) lines: &'a Lines,
    /// Why the glass could not be broken, if somebody tried.
    pub(super) refusal: Option<&'a str>,
}

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines.lines();
        let denied: Vec<&Line<'_>> =
            lines.iter().filter(|line| *line.consequence == Consequence::Denied).collect();
        let tier = denied.first().map(|line| line.tier.as_str()).unwrap_or_default();
        write!(f, "{} is denied for {tier}:", self.key)?;
        for line in bounded(denied.iter().map(|line| line.fitted()).collect()) {
            write!(f, "\n{line}")?;
        }
        if let Some(refusal) = self.refusal {
            write!(f, "\n{}", shortened(refusal, LONGEST))?;
        }
        let SubjectKey { namespace, kind, name, .. } = self.key;
        let namespace = if namespace.is_empty() { String::new() } else { format!(" -n {namespace}") };
        write!(
            f,
            "\nAsk for an exception: kubectl stanchion request {}/{name}{namespace}",
            kind.as_str().to_lowercase()
        )
    }
}

/// As many as fit together, and how many more there are.
pub(super) fn bounded(lines: Vec<String>) -> Vec<String> {
    // Room for the line that says how many there are.
    const ROOM: usize = LONGEST_TOGETHER - 64;
    let total = lines.len();
    let mut room = ROOM;
    let mut kept: Vec<String> = Vec::new();
    for line in lines {
        match room.checked_sub(length(&line) + 1) {
            Some(left) => room = left,
            None => break,
        }
        kept.push(line);
    }
    if kept.len() < total {
        kept.push(format!("and {} more; `kubectl stanchion why` has all of them", total - kept.len()));
    }
    kept
}

/// Cut between words.
fn shortened(text: &str, room: usize) -> String {
    if length(text) <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    let whole = kept.rfind(' ').and_then(|end| kept.get(..end)).unwrap_or(&kept);
    format!("{}…", whole.trim_end_matches([' ', ',', ';', ':']))
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(container: Option<&str>, message: &str, consequence: Consequence) -> Said {
        Said {
            control: "image.mutable-tag",
            container: container.map(Text::from),
            message: message.to_owned(),
            advice: "use a digest".to_owned(),
            tier: "tier-1".into(),
            consequence,
        }
    }

    fn day(day: &str) -> Timestamp {
        format!("{day}T00:00:00Z").parse().unwrap()
    }

    fn warnings(all: impl IntoIterator<Item = Said>) -> Vec<String> {
        let mut lines = Lines::default();
        all.into_iter().for_each(|said| lines.add(said));
        lines.warnings()
    }

    #[test]
    fn containers_with_the_same_defect_are_one_line() {
        let soon = || Consequence::WillBeDenied(Some(day("2026-12-07")));
        let all =
            ["app", "b", "c", "d", "e"].map(|name| said(Some(name), "`nginx:1.25` has no digest", soon()));
        assert_eq!(
            warnings(all),
            [
                "[image.mutable-tag] app, b, c and 2 more: `nginx:1.25` has no digest; use a digest; denied for tier-1 from 2026-12-07"
            ]
        );
    }

    #[test]
    fn of_several_consequences_the_gravest_is_said() {
        let of = |consequence| said(Some("app"), "it is wrong", consequence);
        let all = [of(Consequence::Told), of(Consequence::WillBeDenied(None))];
        assert_eq!(
            warnings(all),
            ["[image.mutable-tag] app: it is wrong; use a digest; will be denied for tier-1"]
        );
    }

    #[test]
    fn a_line_that_is_too_long_loses_its_advice_first_and_then_whole_words() {
        let long = "word ".repeat(47);
        let [line] = &warnings([said(None, long.trim(), Consequence::Told)])[..] else { panic!() };
        assert!(line.ends_with("word word") && length(line) <= LONGEST, "{line}");
        let longer = "wörd ".repeat(100);
        let [line] = &warnings([said(None, &longer, Consequence::WillBeDenied(None))])[..] else { panic!() };
        assert!(line.ends_with("wörd…; will be denied for tier-1") && length(line) <= LONGEST, "{line}");
    }

    #[test]
    fn no_word_however_long_breaks_a_bound() {
        let word = "x".repeat(5000);
        let all: Vec<Said> = (0..500)
            .map(|number| said(Some(&word), &format!("{number} {word}"), Consequence::Told))
            .collect();
        let lines = warnings(all);
        assert!(lines.iter().all(|line| length(line) <= LONGEST), "{lines:?}");
        assert!(lines.iter().map(|line| length(line)).sum::<usize>() <= LONGEST_TOGETHER);
        assert!(lines.last().unwrap().starts_with("and "), "{lines:?}");
    }

    #[test]
    fn what_a_header_can_t_hold_is_a_space() {
        let [line] = &warnings([said(None, "a\r\nb\u{7}c", Consequence::Told)])[..] else { panic!() };
        assert!(line.contains("a  b c"), "{line}");
    }
}
