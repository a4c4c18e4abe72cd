//! The table of reasons. `docs/reference/events.md` is made from it.

use std::fmt;

use crate::api::Kind;
use crate::api::condition::{self, exception, standard};

/// Whether it is news or a worry; the API knows no third.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Something went as it should.
    Normal,
    /// Somebody must act.
    Warning,
}

impl Weight {
    /// The text that the API uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// On what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// An object of ours.
    Ours(Kind),
    /// A workload that nothing owns.
    Workload,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(kind) => kind.fmt(f),
            Self::Workload => f.pad("workload"),
        }
    }
}

/// How often it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// When it happens.
    Once,
    /// On each day on which it stands.
    Daily,
}

/// Why something is told. Programs may rely on its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// Such as `ExpiringSoon`.
    pub name: &'static str,
    /// On what.
    pub about: About,
    /// News or a worry.
    pub weight: Weight,
    /// What was being done, in one word that programs may rely on.
    pub action: &'static str,
    /// How often.
    pub rhythm: Rhythm,
    /// What it means and what to do, in whole sentences.
    pub meaning: &'static str,
    /// The reason of a condition by which it is told; for the others there is a function of their own.
    pub(super) condition: Option<&'static condition::Reason>,
}

macro_rules! reasons {
    ($($constant:ident $name:ident, $about:expr, $weight:ident $rhythm:ident, $action:ident, $condition:expr, $meaning:literal;)+) => {
        $(
            #[doc = $meaning]
            pub(super) static $constant: Reason = Reason {
                name: stringify!($name),
                about: $about,
                weight: Weight::$weight,
                action: stringify!($action),
                rhythm: Rhythm::$rhythm,
                meaning: $meaning,
                condition: $condition,
            };
        )+

        /// Every reason, the most important first: what can't be told at once is told in this order.
        pub static REASONS: &[&Reason] = &[$(&$constant),+];
    };
}

const STANDARD: About = About::Ours(Kind::SecurityStandard);
const EXCEPTION: About = About::Ours(Kind::RiskException);

reasons! {
    INVALID_STANDARD InvalidSpec, STANDARD, Warning Daily, Compile, Some(&standard::INVALID_SPEC),
        "The newest spec can't be used; the note lists each error with its path, and says whether an older generation stays in \
         force. Mend the spec.";
    INVALID_EXCEPTION InvalidSpec, EXCEPTION, Warning Daily, Compile, Some(&exception::INVALID_SPEC),
        "The spec can't be used, and the exception does not count. Mend the spec.";
    CIRCUIT_BREAKER_OPEN CircuitBreakerOpen, STANDARD, Warning Daily, Deny, Some(&standard::CIRCUIT_BREAKER_OPEN),
        "More was denied than `rollout.circuitBreaker` allows, and the tier was put back to the stage before Deny; the note says \
         which. See that the standard is right, then promote the tier.";
    GLASS_BROKEN GlassBroken, EXCEPTION, Warning Daily, Admit, None,
        "Somebody with the right to do so let a workload through that a standard denies; the note says who, what and for which \
         ticket. The exception ends by itself within a day. See that it was right, and mend the workload.";
    COMPENSATING_CONTROL_FAILED CompensatingControlFailed, EXCEPTION, Warning Daily, Judge,
        Some(&exception::COMPENSATING_CONTROL_FAILED),
        "A compensating control has not held for a day, so that the exception is suspended. Have the control hold again.";
    COMPENSATING_CONTROL_FAILING CompensatingControlFailing, EXCEPTION, Warning Daily, Judge,
        Some(&exception::COMPENSATING_CONTROL_FAILING),
        "A compensating control does not hold; the note says which, and when the exception is suspended for it. Have the control \
         hold again.";
    EXPIRED Expired, EXCEPTION, Normal Once, Judge, Some(&exception::EXPIRED),
        "It lived and has ended. What it covered fails from now on.";
    REVOKED Revoked, EXCEPTION, Normal Once, Judge, Some(&exception::REVOKED),
        "It lived, and somebody revoked it; the note says who and why. What it covered fails from now on.";
    STAGE_PROMOTED StagePromoted, STANDARD, Normal Once, Promote, None,
        "A tier went on to its next stage; the note says which tier, from where and to where.";
    EXCEPTION_EXPIRING_SOON ExceptionExpiringSoon, About::Workload, Warning Daily, Judge, None,
        "An exception covers the workload and ends within seven days; the note says which controls fail from when on. Fix the \
         findings, or renew the exception. Told on the first 20 workloads that an exception covers.";
    STAGE_CHANGES_SOON StageChangesSoon, About::Workload, Warning Daily, Promote, None,
        "The workload fails a standard whose next stage denies what fails, and begins within seven days or one; the note says \
         when. Fix the findings, or ask for an exception. Told on the workloads that fail most, at most 20 a standard, a week \
         and a day before.";
    EXPIRING_SOON ExpiringSoon, EXCEPTION, Warning Daily, Judge, Some(&exception::EXPIRING_SOON),
        "It ends within seven days. Fix what it covers, or renew it.";
    REVIEW_DUE ReviewDue, EXCEPTION, Warning Once, Judge, None,
        "It is time for somebody to look at it again, as its tier asks (`exceptions.reviewEvery`). See whether it is still needed; \
         if not, revoke or delete it.";
    EXCEEDS_TIER_BOUNDS ExceedsTierBounds, EXCEPTION, Warning Daily, Judge, Some(&exception::EXCEEDS_TIER_BOUNDS),
        "It goes beyond what the most critical tier that it touches allows, and does not count. The note says how to keep to the \
         bounds.";
    APPROVALS_MISSING ApprovalsMissing, EXCEPTION, Warning Daily, Judge, Some(&exception::APPROVALS_MISSING),
        "Fewer people approved it than its tier asks for, and it does not count. Have it approved.";
    OVERBROAD Overbroad, EXCEPTION, Warning Daily, Judge, Some(&exception::OVERBROAD),
        "It matches more workloads than `maxWorkloads`, and covers none. Narrow the target, or raise the number.";
    UNKNOWN_CONTROL UnknownControl, EXCEPTION, Warning Daily, Judge, Some(&exception::UNKNOWN_CONTROL),
        "None of the controls that it names is in the catalogue. Name one that is.";
    MATCHES_NOTHING MatchesNothing, EXCEPTION, Warning Daily, Judge, Some(&exception::MATCHES_NOTHING),
        "It matches no workload, or no standard asks for its controls there. Mend the target, or delete it.";
    NO_LONGER_NEEDED NoLongerNeeded, EXCEPTION, Warning Daily, Judge, Some(&exception::NO_LONGER_NEEDED),
        "What it matches passes the controls now. Delete it.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_called_as_its_condition_is_and_is_told_on_the_same_kind() {
        for reason in REASONS {
            assert!(reason.meaning.ends_with('.'), "{}", reason.name);
            let Some(said) = reason.condition else { continue };
            assert_eq!((reason.name, reason.about), (said.name, About::Ours(said.kind)));
        }
    }

    #[test]
    fn no_reason_is_told_twice_on_one_kind() {
        for (index, reason) in REASONS.iter().enumerate() {
            let again =
                REASONS.iter().skip(index + 1).any(|it| it.name == reason.name && it.about == reason.about);
            assert!(!again, "{}", reason.name);
        }
    }

    #[test]
    fn what_no_condition_tells_has_a_function_of_its_own() {
        let own: Vec<_> = REASONS.iter().filter(|it| it.condition.is_none()).map(|it| it.name).collect();
        assert_eq!(
            own,
            ["GlassBroken", "StagePromoted", "ExceptionExpiringSoon", "StageChangesSoon", "ReviewDue"]
        );
    }
}
