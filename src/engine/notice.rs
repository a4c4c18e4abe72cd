//! Notices: what somebody must act on, told on the object that it is about.
//!
//! A notice is made from the status before, the status now, and the day. It keeps no memory: what tells it from all
//! others is a hash of the object, the reason and the day, so that whoever makes it again makes the same one. Nothing is
//! told of a single finding or of a single Pod: the status and the reports have those.

mod expiry;
mod reason;
mod stage;

pub use expiry::on_workloads;
pub use reason::{About, REASONS, Reason, Rhythm, Weight};
pub use stage::before_a_stage;

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use sha2::{Digest, Sha256};

use crate::api::condition::exception::{ACTIVE, EXPIRED, REVOKED};
use crate::api::condition::{self, Status};
use crate::api::{Action, BREAK_GLASS, Date, Kind, RiskException, RiskExceptionStatus, TierStage};

/// The longest note that the API takes, in bytes.
pub const LONGEST_NOTE: usize = 1024;

/// How many bytes of the hash are kept.
const LENGTH: usize = 16;

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Why.
    pub reason: &'static Reason,
    /// What tells it from others of the same object, reason and day; mostly nothing.
    detail: String,
    /// What happened and what to do, for people, in one line.
    pub note: String,
}

/// Tells a notice from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id([u8; LENGTH]);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Notice {
    fn new(reason: &'static Reason, detail: String, note: &str) -> Self {
        Self { reason, detail, note: cleaned(note) }
    }

    /// The same for the same object, reason and day. `object` is its uid.
    #[must_use]
    pub fn id(&self, object: &str, day: Date) -> Id {
        // No part can hold the character that separates them.
        let identity =
            format!("{object}\0{}\0{}\0{}\0{day}", self.reason.about, self.reason.name, self.detail);
        let mut kept = [0; LENGTH];
        kept.iter_mut().zip(Sha256::digest(identity)).for_each(|(kept, byte)| *kept = byte);
        Id(kept)
    }
}

/// What conditions tell: those that stand, and those that came about. Of an exception that has ended, only its end.
#[must_use]
pub fn of_conditions(kind: Kind, before: &[Condition], now: &[Condition]) -> Vec<Notice> {
    let has_ended = [&EXPIRED, &REVOKED].into_iter().any(|end| kind == end.kind && find(now, end).is_some());
    let told = |reason: &'static Reason| {
        let said = reason.condition.filter(|said| said.kind == kind)?;
        let found = find(now, said)?;
        let is_due = match reason.rhythm {
            Rhythm::Daily => !has_ended,
            Rhythm::Once => held(before, said.condition),
        };
        is_due.then(|| Notice::new(reason, String::new(), &found.message))
    };
    REASONS.iter().copied().filter_map(told).collect()
}

fn find<'a>(conditions: &'a [Condition], said: &condition::Reason) -> Option<&'a Condition> {
    conditions.iter().find(|it| it.type_ == said.condition && it.reason == said.name)
}

fn held(conditions: &[Condition], type_: &str) -> bool {
    conditions.iter().any(|it| it.type_ == type_ && it.status == Status::True.as_str())
}

/// The tiers that went on to a graver stage.
#[must_use]
pub fn of_stages(before: &[TierStage], now: &[TierStage]) -> Vec<Notice> {
    let promoted = |tier: &TierStage| {
        let known = before.iter().find(|known| known.name == tier.name)?;
        let (from, to) = (known.action?, tier.action?);
        (to > from).then(|| {
            let meaning = match to {
                Action::Audit => "failures are counted",
                Action::Warn => "who applies a workload that fails is warned",
                Action::Deny => "a workload that fails is refused",
            };
            let note = format!("Tier {} went from {from} to {to}: from now on {meaning}.", tier.name);
            Notice::new(&reason::STAGE_PROMOTED, format!("{} {from} {to}", tier.name), &note)
        })
    };
    now.iter().filter_map(promoted).collect()
}

/// The glass that somebody broke, for as long as that excuses anything.
#[must_use]
pub fn of_glass(exception: &RiskException, now: &RiskExceptionStatus) -> Option<Notice> {
    let ticket = exception.metadata.annotations.as_ref()?.get(BREAK_GLASS)?;
    let user = exception.spec.requested_by.as_deref().unwrap_or("somebody");
    let note = format!(
        "{user} broke the glass for {ticket}: {} is let through until {}.",
        exception.spec.target.names.join(", "),
        exception.spec.expires_at.0.strftime("%Y-%m-%d %H:%M UTC"),
    );
    let lives = held(&now.conditions, ACTIVE.condition);
    lives.then(|| Notice::new(&reason::GLASS_BROKEN, String::new(), &note))
}

/// The review of an exception that came due since its status was written; none of one that doesn't live any more.
#[must_use]
pub fn of_review(
    before: Option<&RiskExceptionStatus>,
    now: &RiskExceptionStatus,
    moment: Timestamp,
) -> Option<Notice> {
    let due = before?.next_review.as_ref().filter(|due| due.0 <= moment)?;
    let lives = held(&now.conditions, ACTIVE.condition);
    let next = now.next_review.as_ref().map(|next| format!(" The next one is due {}.", Date::of(next.0)));
    let note = format!(
        "A review is due since {}: see whether it is still needed.{}",
        Date::of(due.0),
        next.unwrap_or_default()
    );
    lives.then(|| Notice::new(&reason::REVIEW_DUE, String::new(), &note))
}

/// One line without characters that steer a terminal, and no longer than the API takes. Words in it are other people's.
fn cleaned(note: &str) -> String {
    let steers = |character: char| {
        character.is_control()
            || matches!(
                character,
                '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
            )
    };
    let spaced: String = note.chars().map(|it| if steers(it) { ' ' } else { it }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= LONGEST_NOTE {
        return line;
    }
    let most = LONGEST_NOTE - '…'.len_utf8();
    let kept = (0..=most).rev().find_map(|end| line.get(..end)).unwrap_or_default();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::condition::Outcome;

    const DAY: &str = "2026-11-24";

    fn conditions(kind: Kind, outcomes: &[Outcome]) -> Vec<Condition> {
        let mut conditions = Vec::new();
        condition::set(&mut conditions, kind, outcomes, Timestamp::UNIX_EPOCH, 1);
        conditions
    }

    fn names(notices: &[Notice]) -> Vec<&'static str> {
        notices.iter().map(|notice| notice.reason.name).collect()
    }

    fn stage(name: &str, action: Action) -> TierStage {
        let stage = serde_json::json!({"name": name, "action": action});
        serde_json::from_value(stage).unwrap()
    }

    #[test]
    fn every_reason_of_a_condition_is_told_when_the_condition_says_so() {
        for reason in REASONS {
            let Some(said) = reason.condition else { continue };
            let outcome = Outcome { reason: said, message: "because".to_owned() };
            let now = conditions(said.kind, &[outcome]);
            let mut before = now.clone();
            for it in &mut before {
                it.status = "True".to_owned();
            }
            let notices = of_conditions(said.kind, &before, &now);
            assert_eq!(names(&notices), [reason.name]);
            assert_eq!(notices[0].note, "because");
        }
    }

    #[test]
    fn an_end_is_told_once_and_nothing_else_with_it() {
        let active = conditions(Kind::RiskException, &[condition::exception::EXPIRING_SOON.because("soon")]);
        let ended = conditions(
            Kind::RiskException,
            &[
                EXPIRED.because("over"),
                condition::exception::APPROVALS_MISSING.because("0 of 1"),
                condition::exception::UNKNOWN_CONTROL.because("what"),
            ],
        );
        assert_eq!(names(&of_conditions(Kind::RiskException, &active, &ended)), ["Expired"]);
        assert_eq!(of_conditions(Kind::RiskException, &ended, &ended), []);
        assert_eq!(of_conditions(Kind::RiskException, &[], &ended), [], "it never lived here");
    }

    #[test]
    fn a_promotion_is_told_by_tier_and_a_way_back_is_not() {
        let before = [stage("a", Action::Audit), stage("b", Action::Deny), stage("c", Action::Warn)];
        let now = [stage("a", Action::Warn), stage("b", Action::Audit), stage("c", Action::Warn)];
        let told = of_stages(&before, &now);
        assert_eq!(names(&told), ["StagePromoted"]);
        assert_eq!(
            told[0].note,
            "Tier a went from Audit to Warn: from now on who applies a workload that fails is warned."
        );
        assert_eq!(of_stages(&[], &now), [], "a tier that begins was not promoted");
    }

    #[test]
    fn a_review_is_told_when_its_day_has_come() {
        let status = |due: &str, active: &condition::Reason| {
            let reason = condition::reasons(Kind::RiskException).iter().find(|it| it.name == active.name);
            RiskExceptionStatus {
                conditions: conditions(Kind::RiskException, &[reason.unwrap().because("")]),
                next_review: Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(due.parse().unwrap())),
                ..RiskExceptionStatus::default()
            }
        };
        let before = status("2026-11-24T08:00:00Z", &ACTIVE);
        let now = status("2026-12-01T08:00:00Z", &ACTIVE);
        let told = |moment: &str| of_review(Some(&before), &now, moment.parse().unwrap());
        assert_eq!(told("2026-11-24T07:59:59Z"), None);
        assert_eq!(
            told("2026-11-24T08:00:00Z").unwrap().note,
            "A review is due since 2026-11-24: see whether it is still needed. The next one is due 2026-12-01."
        );
        let ended = status("2026-12-01T08:00:00Z", &EXPIRED);
        assert_eq!(of_review(Some(&before), &ended, "2026-11-24T08:00:00Z".parse().unwrap()), None);
        assert_eq!(of_review(None, &now, Timestamp::MAX), None);
    }

    #[test]
    fn the_same_on_the_same_day_is_the_same_notice() {
        let now = conditions(Kind::RiskException, &[condition::exception::OVERBROAD.because("40 of 10")]);
        let changed = conditions(Kind::RiskException, &[condition::exception::OVERBROAD.because("41 of 10")]);
        let [one, other] = [now, changed].map(|it| of_conditions(Kind::RiskException, &[], &it).remove(0));
        let day: Date = DAY.parse().unwrap();
        assert_eq!(one.id("u", day), other.id("u", day), "whatever its words");
        assert_ne!(one.id("u", day), one.id("v", day));
        assert_ne!(one.id("u", day), one.id("u", "2026-11-25".parse().unwrap()));
        assert_eq!(one.id("u", day).to_string().len(), 2 * LENGTH);
    }

    #[test]
    fn a_note_is_one_line_that_fits() {
        assert_eq!(cleaned("a\nb\u{1b}[31mc\u{202e}d"), "a b [31mc d");
        let long = cleaned(&"é".repeat(LONGEST_NOTE));
        assert!(long.len() <= LONGEST_NOTE && long.ends_with("é…"));
    }
}
