//! What the conditions of each kind are called, which reasons they can have, and how they are set.
//!
//! A condition's type and reason are part of the API: programs wait for them, dashboards count them. So every one is a
//! constant here, with what it means; `docs/reference/conditions.md` is made from the same constants. A [`Reason`]
//! brings its type and its status along, so that no two of them can be combined wrongly.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::Kind;

/// The longest message that the API takes.
const MAX_MESSAGE: usize = 32_768;

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It is so.
    True,
    /// It is not so.
    False,
    /// It is not known.
    Unknown,
}

impl Status {
    /// The text that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// Why a condition is as it is. Each reason belongs to one condition of one kind, and always means the same status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind that has the condition.
    pub kind: Kind,
    /// The condition's type, such as `Accepted`.
    pub condition: &'static str,
    /// Whether the condition holds, for this reason.
    pub status: Status,
    /// The reason itself, such as `InvalidSpec`.
    pub name: &'static str,
    /// What it means, in whole sentences.
    pub meaning: &'static str,
}

impl Reason {
    /// The condition, for this reason, with a message for people.
    #[must_use]
    pub fn because(&'static self, message: impl Into<String>) -> Outcome {
        Outcome { reason: self, message: message.into() }
    }
}

/// What a condition is to become: a reason, which brings type and status along, and a message for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Why.
    pub reason: &'static Reason,
    /// Why, for people. Of an error: the path, what is wrong, and what to do.
    pub message: String,
}

/// Declares the conditions of one kind: a constant a reason, and the list of all.
macro_rules! conditions {
    (
        $(#[$doc:meta])*
        $module:ident: $kind:ident {
            $($condition:ident { $($status:ident $constant:ident $name:ident: $meaning:literal,)+ })+
        }
    ) => {
        $(#[$doc])*
        pub mod $module {
            use super::{Kind, Reason, Status};

            $($(
                #[doc = concat!("`", stringify!($condition), "` is ", stringify!($status), ". ", $meaning)]
                pub static $constant: Reason = Reason {
                    kind: Kind::$kind,
                    condition: stringify!($condition),
                    status: Status::$status,
                    name: stringify!($name),
                    meaning: $meaning,
                };
            )+)+

            /// The types, in the order in which they are written.
            pub const TYPES: &[&str] = &[$(stringify!($condition)),+];

            /// Every reason, by type.
            pub static REASONS: &[&Reason] = &[$($(&$constant),+),+];
        }
    };
}

conditions! {
    /// Conditions of a [`SecurityStandard`](super::SecurityStandard).
    standard: SecurityStandard {
        Accepted {
            True ACCEPTED Accepted: "The standard is understood, and this generation of it is in force.",
            True OVERLAPPING Overlapping:
                "This generation is in force, and another standard sets one of its controls differently for workloads that both are \
                 about: with other parameters, another severity or another action. Every failure by either counts there, with the \
                 graver severity and action; the message names standard and control, and the other standard says so, too.",
            False INVALID_SPEC InvalidSpec:
                "Something in the spec can't be used: an unknown control, a bad parameter, a clashing plan. The message lists each \
                 error with its path. The last good generation stays in force, and the message says which; without one, nothing is.",
        }
        Evaluated {
            True EVALUATED Evaluated: "Every workload that the standard is about was judged.",
            False PENDING Pending: "Not every workload was judged yet; the numbers are those of the last time.",
            False PERMISSION_DENIED PermissionDenied:
                "The operator may not list or watch a kind that controls look at. What depends on it can't be told, and the numbers \
                 are of the rest; the message names verb and resource, and what to do.",
        }
        Compliant {
            True ALL_COMPLIANT AllCompliant: "Every workload passes every control, without exceptions.",
            False WORKLOADS_FAILING WorkloadsFailing:
                "At least one workload fails a control; the message says how many, and how many of them are excepted.",
            Unknown NOTHING_MATCHED NothingMatched: "The standard is about no workload at all, which is not the same as compliant.",
            Unknown UNKNOWN_RESULTS UnknownResults: "Nothing fails, but of at least one workload something could not be told.",
        }
        Enforcing {
            False AUDITING Auditing: "Every tier is at Audit: failures are counted, nobody is warned or blocked.",
            True WARNING Warning: "Every tier is at Warn: who applies a failing workload is warned, nobody is blocked.",
            True DENYING Denying: "Every tier is at Deny: failing workloads are refused, but for what the ratchet spares.",
            False CIRCUIT_BREAKER_OPEN CircuitBreakerOpen: "More was denied within the window of `rollout.circuitBreaker` than it allows: at least one tier was put back to the stage before Deny. See that the standard is right, then promote the tier.",
            True MIXED_STAGES MixedStages: "The tiers are at different stages; `status.tiers` says which is where.",
        }
    }
}

conditions! {
    /// Conditions of a [`ServiceTier`](super::ServiceTier).
    tier: ServiceTier {
        Accepted {
            True ACCEPTED Accepted: "The tier is understood and in use.",
            False INVALID_SPEC InvalidSpec:
                "Something in the spec can't be used; the message lists each error with its path. The last good generation stays in \
                 use.",
            False DUPLICATE_DEFAULT DuplicateDefault:
                "Another tier is the default one as well. The most critical of them is used, and of equals the first by name.",
        }
        Evaluated {
            True EVALUATED Evaluated: "Every workload of the tier was counted.",
            False PENDING Pending: "Not every workload was counted yet; the numbers are those of the last time.",
        }
        TargetsMet {
            True TARGETS_MET TargetsMet: "Every target that is set is met.",
            False BELOW_TARGET BelowTarget: "At least one target is missed; the message says which, and by how much.",
            Unknown NOT_MEASURED NotMeasured: "No target is set, or one that is set can't be measured yet.",
        }
    }
}

conditions! {
    /// Conditions of a [`RiskException`](super::RiskException).
    exception: RiskException {
        Accepted {
            True ACCEPTED Accepted: "The exception is understood, and within the bounds of every tier that it touches.",
            False INVALID_SPEC InvalidSpec:
                "Something in the spec can't be used; the message lists each error with its path. The exception does not count.",
            False EXCEEDS_TIER_BOUNDS ExceedsTierBounds:
                "It lasts longer, or was renewed more often, than the most critical tier that it touches allows. It does not count.",
        }
        Approved {
            True APPROVED Approved:
                "Enough people approved it; the message says how many, and by which trust, for example `2 of 2 approvals, names as \
                 written (Recorded)`, or `by signature (Signed)`. Approvals that don't count are named with their reasons.",
            False APPROVALS_MISSING ApprovalsMissing:
                "Fewer people approved it than its tier asks for; the message says how many, and why others don't count.",
        }
        Active {
            True ACTIVE Active: "It counts.",
            True EXPIRING_SOON ExpiringSoon: "It counts, and ends within seven days.",
            False NOT_APPROVED NotApproved: "It would count now, but is not approved.",
            False NOT_YET_VALID NotYetValid: "It is approved, and begins at `validFrom`.",
            False EXPIRED Expired: "It ended at `expiresAt`, or when the fix came out that `expiresOnFix` waits for.",
            False REVOKED Revoked: "Somebody revoked it; the message says who and why.",
            False INVALID Invalid: "It is not accepted, and so does not count.",
        }
        Effective {
            True EFFECTIVE Effective: "It covers at least one finding.",
            True COMPENSATING_CONTROL_FAILING CompensatingControlFailing:
                "It covers at least one finding, but a compensating control does not hold. After a day of that the exception is \
                 suspended; the message says which control it is, and when the day is over.",
            False MATCHES_NOTHING MatchesNothing: "No workload of the namespace matches its target.",
            False NO_LONGER_NEEDED NoLongerNeeded: "What it matches passes the controls now: it can be deleted.",
            False OVERBROAD Overbroad: "It matches more workloads than `maxWorkloads`, and so covers none.",
            False UNKNOWN_CONTROL UnknownControl: "It names a control that the catalogue doesn't have.",
            False COMPENSATING_CONTROL_FAILED CompensatingControlFailed:
                "A compensating control has not held for a day, so that the exception is suspended until it does. Where no status \
                 says since when, as in files, it is suspended at once.",
            False NOT_ACTIVE NotActive: "It is not active, and so covers nothing; `Active` says why.",
        }
    }
}

/// The condition types of a kind, in the order in which they are written.
#[must_use]
pub const fn types(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::SecurityStandard => standard::TYPES,
        Kind::ServiceTier => tier::TYPES,
        Kind::RiskException => exception::TYPES,
    }
}

/// The reasons of a kind, by condition type.
#[must_use]
pub fn reasons(kind: Kind) -> &'static [&'static Reason] {
    match kind {
        Kind::SecurityStandard => standard::REASONS,
        Kind::ServiceTier => tier::REASONS,
        Kind::RiskException => exception::REASONS,
    }
}

/// The reason of a condition that nobody has set so far; its status is Unknown.
pub const NOT_SET: &str = "Pending";

/// Sets our conditions and leaves those of others alone.
///
/// `lastTransitionTime` moves only where the status does. Afterwards every type of the kind is there, in its order:
/// what is neither given nor there already is Unknown. Those of others follow in the order they had.
pub fn set(
    conditions: &mut Vec<Condition>,
    kind: Kind,
    outcomes: &[Outcome],
    now: Timestamp,
    generation: i64,
) {
    let mut others = std::mem::take(conditions);
    for &type_ in types(kind) {
        let before = others.iter().position(|condition| condition.type_ == type_).map(|at| others.remove(at));
        others.retain(|condition| condition.type_ != type_);
        let outcome =
            outcomes.iter().rfind(|outcome| outcome.reason.kind == kind && outcome.reason.condition == type_);
        conditions.push(match (outcome, before) {
            (Some(outcome), before) => become_so(outcome, before, now, generation),
            (None, Some(before)) => before,
            (None, None) => not_set(type_, now, generation),
        });
    }
    conditions.append(&mut others);
}

fn become_so(outcome: &Outcome, before: Option<Condition>, now: Timestamp, generation: i64) -> Condition {
    let status = outcome.reason.status.as_str();
    let since = before.filter(|before| before.status == status).map(|before| before.last_transition_time);
    Condition {
        type_: outcome.reason.condition.to_owned(),
        status: status.to_owned(),
        reason: outcome.reason.name.to_owned(),
        message: shortened(&outcome.message),
        last_transition_time: since.unwrap_or(Time(to_the_second(now))),
        observed_generation: Some(generation),
    }
}

fn not_set(type_: &str, now: Timestamp, generation: i64) -> Condition {
    Condition {
        type_: type_.to_owned(),
        status: Status::Unknown.as_str().to_owned(),
        reason: NOT_SET.to_owned(),
        message: "Not evaluated yet.".to_owned(),
        last_transition_time: Time(to_the_second(now)),
        observed_generation: Some(generation),
    }
}

/// Kubernetes keeps times of conditions to the second: a finer one would come back different and look like a change.
fn to_the_second(moment: Timestamp) -> Timestamp {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment)
}

fn shortened(message: &str) -> String {
    if message.chars().count() <= MAX_MESSAGE {
        return message.to_owned();
    }
    message.chars().take(MAX_MESSAGE - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MORNING: &str = "2026-11-23T08:00:00.75Z";
    const EVENING: &str = "2026-11-23T20:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn find<'a>(conditions: &'a [Condition], type_: &str) -> &'a Condition {
        conditions.iter().find(|condition| condition.type_ == type_).unwrap()
    }

    fn set_tier(conditions: &mut Vec<Condition>, outcome: Outcome, now: &str, generation: i64) {
        set(conditions, Kind::ServiceTier, &[outcome], at(now), generation);
    }

    #[test]
    fn every_type_is_there_from_the_first_time_on() {
        let mut conditions = Vec::new();
        set_tier(&mut conditions, tier::ACCEPTED.because("Accepted."), MORNING, 1);
        let seen: Vec<_> = conditions.iter().map(|c| (c.type_.as_str(), c.status.as_str())).collect();
        assert_eq!(seen, [("Accepted", "True"), ("Evaluated", "Unknown"), ("TargetsMet", "Unknown")]);
        assert!(conditions.iter().all(|condition| condition.observed_generation == Some(1)));
    }

    #[test]
    fn the_transition_time_moves_only_when_the_status_flips() {
        let mut conditions = Vec::new();
        set_tier(&mut conditions, tier::INVALID_SPEC.because("spec.level: …"), MORNING, 1);
        set_tier(&mut conditions, tier::DUPLICATE_DEFAULT.because("`tier-1` is the default too"), EVENING, 2);
        let accepted = find(&conditions, "Accepted");
        assert_eq!((accepted.reason.as_str(), accepted.observed_generation), ("DuplicateDefault", Some(2)));
        assert_eq!(
            accepted.last_transition_time.0,
            at("2026-11-23T08:00:00Z"),
            "still False, since the morning"
        );

        set_tier(&mut conditions, tier::ACCEPTED.because("Accepted."), EVENING, 3);
        assert_eq!(find(&conditions, "Accepted").last_transition_time.0, at(EVENING));
    }

    #[test]
    fn setting_the_same_again_changes_nothing() {
        let mut conditions = Vec::new();
        set_tier(&mut conditions, tier::ACCEPTED.because("Accepted."), MORNING, 1);
        let before = conditions.clone();
        set_tier(&mut conditions, tier::ACCEPTED.because("Accepted."), EVENING, 1);
        assert_eq!(conditions, before);
    }

    #[test]
    fn conditions_of_others_are_left_alone_and_come_last() {
        let mut conditions = vec![
            Condition { type_: "example.com/Reviewed".into(), ..not_set("", at(MORNING), 1) },
            Condition { type_: "TargetsMet".into(), ..not_set("", at(MORNING), 1) },
        ];
        set_tier(&mut conditions, tier::EVALUATED.because("12 workloads."), EVENING, 4);
        let seen: Vec<_> = conditions.iter().map(|c| c.type_.as_str()).collect();
        assert_eq!(seen, ["Accepted", "Evaluated", "TargetsMet", "example.com/Reviewed"]);
        assert_eq!(
            find(&conditions, "example.com/Reviewed").last_transition_time.0,
            at("2026-11-23T08:00:00Z")
        );
    }

    #[test]
    fn a_type_written_twice_by_somebody_is_there_once_afterwards() {
        let mut conditions = vec![not_set("Accepted", at(MORNING), 1), not_set("Accepted", at(MORNING), 1)];
        set_tier(&mut conditions, tier::ACCEPTED.because("Accepted."), EVENING, 2);
        assert_eq!(conditions.iter().filter(|c| c.type_ == "Accepted").count(), 1);
    }

    #[test]
    fn an_endless_message_is_cut_to_what_the_api_takes() {
        let mut conditions = Vec::new();
        set_tier(&mut conditions, tier::INVALID_SPEC.because("ä".repeat(40_000)), MORNING, 1);
        assert_eq!(find(&conditions, "Accepted").message.chars().count(), MAX_MESSAGE);
    }

    #[test]
    fn no_reason_means_two_things_within_one_condition() {
        for kind in Kind::ALL {
            let mut seen: Vec<_> =
                reasons(kind).iter().map(|reason| (reason.condition, reason.name)).collect();
            let count = seen.len();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), count, "{kind}");
            assert!(reasons(kind).iter().all(|reason| reason.kind == kind && reason.meaning.ends_with('.')));
        }
    }
}
