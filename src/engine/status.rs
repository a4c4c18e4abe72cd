//! Status: the posture as the three kinds show it.
//!
//! A status is a pure function of the assessment, of the status that is there, and of the time. With nothing changed it
//! comes out the same, byte for byte, so that nothing needs to be written.

mod exception;
mod finish;
mod standard;
mod tier;
mod unevaluated;

pub(super) use exception::is_denied_without;
pub use exception::{not_counted, obstacle};
pub use finish::{Refusal, Status, finished};
pub use unevaluated::unevaluated;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::error::CompileErrors;
use super::evaluate::Assessment;
use super::policy::Policy;
use super::posture::Posture;
use super::rollout::{Measure, Standing};
use crate::api::condition::{self, Outcome};
use crate::api::{Kind, RiskExceptionStatus, SecurityStandardStatus, ServiceTierStatus};
use crate::facts::Text;

/// What statuses are made from.
#[derive(Debug, Clone, Copy)]
pub struct Findings<'a> {
    /// What people decided.
    pub policy: &'a Policy,
    /// What was judged.
    pub assessment: &'a Assessment,
    /// The same, counted.
    pub posture: &'a Posture,
}

impl Findings<'_> {
    /// The status of a standard, by its place in [`Policy::standards`].
    #[must_use]
    pub fn standard(
        &self,
        index: usize,
        before: Option<&SecurityStandardStatus>,
        generation: i64,
    ) -> Option<SecurityStandardStatus> {
        standard::status(self, index, before, generation)
    }

    /// The status of a tier, by its name.
    #[must_use]
    pub fn tier(
        &self,
        name: &str,
        before: Option<&ServiceTierStatus>,
        generation: i64,
    ) -> Option<ServiceTierStatus> {
        tier::status(self, name, before, generation)
    }

    /// The status of an exception, by its place in [`Policy::exceptions`].
    #[must_use]
    pub fn exception(
        &self,
        index: usize,
        before: Option<&RiskExceptionStatus>,
        generation: i64,
    ) -> Option<RiskExceptionStatus> {
        exception::status(self, index, before, generation)
    }

    /// Where a tier stands in a standard, by the standard's place, on what was measured.
    #[must_use]
    pub fn standing(&self, index: usize, tier: &Text) -> Option<Standing> {
        let standard = self.policy.standards.get(index)?;
        let measured = self.posture.standards.get(index);
        let counts = measured.and_then(|it| it.tiers.get(tier)).copied().unwrap_or_default();
        let measure = Measure { compliance: counts.compliance_without_excepted(), failing: counts.failing };
        let record = self.policy.stages.get(&(standard.name.clone(), tier.clone())).copied();
        Some(standard.rollout.stand(Some(tier), record, measure, self.now()))
    }

    /// The time that it was judged for.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.assessment.at
    }
}

/// The conditions of an object that didn't compile; what else its status says stays as it was. `in_force` is whether
/// an older generation of it goes on; without one, its numbers are those of the last time.
#[must_use]
pub fn refused(
    kind: Kind,
    errors: &CompileErrors,
    in_force: bool,
    before: &[Condition],
    generation: i64,
    now: Timestamp,
) -> Vec<Condition> {
    let mut conditions = before.to_vec();
    let accepted = match kind {
        Kind::SecurityStandard => &condition::standard::INVALID_SPEC,
        Kind::ServiceTier => &condition::tier::INVALID_SPEC,
        Kind::RiskException => &condition::exception::INVALID_SPEC,
    };
    let mut outcomes = vec![accepted.because(errors.to_string())];
    let pending = "No generation of it that could be used is known; `Accepted` says why.";
    match kind {
        Kind::RiskException => outcomes.extend([
            condition::exception::INVALID.because("The spec can't be used; `Accepted` says why."),
            condition::exception::NOT_ACTIVE.because("It is not active; `Active` says why."),
        ]),
        Kind::SecurityStandard if !in_force => outcomes.push(condition::standard::PENDING.because(pending)),
        Kind::ServiceTier if !in_force => outcomes.push(condition::tier::PENDING.because(pending)),
        Kind::SecurityStandard | Kind::ServiceTier => {}
    }
    condition::set(&mut conditions, kind, &outcomes, now, generation);
    conditions
}

fn conditions(
    kind: Kind,
    before: Option<&[Condition]>,
    outcomes: &[Outcome],
    now: Timestamp,
    generation: i64,
) -> Vec<Condition> {
    let mut conditions = before.unwrap_or_default().to_vec();
    condition::set(&mut conditions, kind, outcomes, now, generation);
    conditions
}

/// A count as the API has it.
fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A moment as the API keeps it: to the second.
fn to_the_second(moment: Timestamp) -> Time {
    Time(Timestamp::from_second(moment.as_second()).unwrap_or(moment))
}

/// A moment that is only worth writing once a day.
fn at_most_daily(before: Option<&Time>, now: Timestamp) -> Time {
    const DAY: SignedDuration = SignedDuration::from_hours(24);
    match before {
        Some(known) if now.duration_since(known.0) < DAY && known.0 <= now => known.clone(),
        _ => to_the_second(now),
    }
}

/// At most this many characters, as the schema counts them.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// `1 workload`, `2 workloads`
fn plural(number: impl TryInto<i64>, noun: &str) -> String {
    let number = count(number);
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::error::CompileError;

    #[test]
    fn a_refused_standard_says_whether_an_older_one_goes_on() {
        let Err(errors) = CompileErrors::check((), vec![CompileError::new("spec", "wrong")]) else {
            panic!("an error")
        };
        let evaluated = |in_force| {
            let conditions =
                refused(Kind::SecurityStandard, &errors, in_force, &[], 2, Timestamp::UNIX_EPOCH);
            conditions.into_iter().find(|it| it.type_ == "Evaluated").unwrap().message
        };
        assert!(evaluated(false).starts_with("No generation of it that could be used"));
        assert_eq!(evaluated(true), "Not evaluated yet.");
    }
}
